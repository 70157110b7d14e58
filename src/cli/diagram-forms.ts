/** A source as a sequence diagram, in each of its forms. */

import { wrap } from '../diagram/canvas.ts'
import { ladder } from '../diagram/ladder.ts'
import { mermaid } from '../diagram/script/mermaid.ts'
import { plantuml } from '../diagram/script/plantuml.ts'
import { sequenceDiagram } from '../diagram/sequence/sequence-diagram.ts'
import type { Banner } from '../trace/banner.ts'
import { sourcePage } from './html-page.ts'
import type { Drawing } from './output.ts'
import type { SCHEMES } from './picture-format.ts'
import { leftText, type Source } from './source.ts'

export const DIAGRAM_FORMATS = ['svg', 'html', 'txt', 'mmd', 'puml'] as const
export type DiagramFormat = (typeof DIAGRAM_FORMATS)[number]

export const REASONS = ['none', 'words', 'sentences'] as const
export const VIEWS = ['full', 'overview', 'client', 'server'] as const
export const TIMERS = ['none', 'main', 'all'] as const

/** What was asked for; of the rest each form has its own default. */
export interface Look extends Drawing {
  readonly view?: (typeof VIEWS)[number] | undefined
  readonly reasons?: (typeof REASONS)[number] | undefined
  readonly timers?: (typeof TIMERS)[number] | undefined
  readonly unfold?: boolean
  readonly scheme?: (typeof SCHEMES)[number] | undefined
}

export function diagramOf(source: Source, format: DiagramFormat, look: Look): string {
  return FORMS[format](source, look)
}

const FORMS: Readonly<Record<DiagramFormat, (source: Source, look: Look) => string>> = {
  svg: svgOf,
  html: htmlOf,
  txt: textOf,
  mmd: (source, look) => mermaid(source.events, scripted(source, look)),
  puml: (source, look) => plantuml(source.events, scripted(source, look)),
}

/** What all forms are told. */
function shared({ title, addresses, connection, isCapture }: Source, { relative, reasons, timers }: Look) {
  return {
    title,
    addresses,
    numbers: relative ? 'relative' : 'absolute',
    reasons: reasons ?? (isCapture ? 'words' : 'sentences'),
    ...(timers !== undefined && { timers }),
    ...(connection !== null && { connection }),
  } as const
}

function svgOf(source: Source, look: Look): string {
  const { view, unfold, scheme } = look
  return sequenceDiagram(source.events, {
    ...shared(source, look),
    // The remarks have room for sentences.
    reasons: look.reasons ?? 'sentences',
    ...(source.banner !== null && { banner: source.banner }),
    ...(view !== undefined && { view }),
    ...(unfold === true && { unfolded: 'all' }),
    ...(scheme !== undefined && { scheme }),
  })
}

function htmlOf(source: Source, look: Look): string {
  const { numbers, reasons } = shared(source, look)
  const { timers, view } = look
  const first = {
    numbers,
    reasons,
    ...(view !== undefined && { view }),
    ...(timers !== undefined && { timers }),
  }
  return sourcePage(source, { tab: 'diagram', look: first }, svgOf(source, look))
}

function scripted(source: Source, look: Look) {
  const { banner } = source
  const told = {
    ...(banner !== null && { banner }),
    ...(look.unfold === true && { unfolded: 'all' as const }),
  }
  return { ...shared(source, look), ...told }
}

/** The ladder, what was left out, and the verdict. */
function textOf(source: Source, look: Look): string {
  const { width, ascii, color } = look
  const picture = ladder(source.events, { ...shared(source, look), width, ascii, color })
  const left = leftText(source)
  const { banner } = source
  return `${picture}${left === '' ? '' : `... ${left}\n`}${banner === null ? '' : bannerText(banner, width)}`
}

function bannerText({ verdict, sentence, lines }: Banner, width: number): string {
  const told = [`${verdict}: ${sentence}`, ...lines.map((line) => `  ${line}`)]
  const wrapped = told.flatMap((line, index) => {
    const indent = index === 0 ? '' : '  '
    return wrap(line.trim(), width - 4).map(
      (words, k) => `${indent}${k === 0 ? '' : '    '.slice(indent.length)}${words}`,
    )
  })
  return `\n${wrapped.join('\n')}\n`
}
