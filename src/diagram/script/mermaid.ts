/**
 * A connection as Mermaid's `sequenceDiagram`, which GitHub, GitLab and many editors draw. It has no slopes and no states:
 * states are notes, and a message that others cross is two arrows with one number. Sockets cannot be created inside the
 * boxes of their hosts; where they go is shown.
 */

import type { TraceEvent } from '../../trace/events.ts'
import { wrap } from '../canvas.ts'
import {
  type Arrow,
  type Lifeline,
  lastIndex,
  type Script,
  type ScriptOptions,
  type Step,
  scriptOf,
} from './steps.ts'

/** Mermaid draws nothing of a text that is longer than this, unless its `maxTextSize` says otherwise. */
const MOST_CHARACTERS = 50_000
const MOST_ROWS = 200
/** Characters of a line on an arrow: longer ones run over the lifelines. */
const WORDS = 60
const LEAST_ROWS = 12

/** @returns the whole text of a .mmd file, as much folded as Mermaid needs. */
export function mermaid(events: readonly TraceEvent[], options: ScriptOptions = {}): string {
  for (let mostRows = options.mostRows ?? MOST_ROWS; ; mostRows >>= 1) {
    const text = textOf(scriptOf(events, { ...options, mostRows }))
    const isFit = text.length <= MOST_CHARACTERS || options.unfolded === 'all'
    if (isFit || mostRows <= LEAST_ROWS) return text
  }
}

function textOf(script: Script): string {
  const [title = '', ...about] = script.title
  const lines = [
    ...(title === '' ? [] : ['---', `title: ${JSON.stringify(title)}`, '---']),
    'sequenceDiagram',
  ]
  if (title !== '') lines.push(`  accTitle: ${plain(title)}`)
  if (about.length > 0) lines.push(`  accDescr: ${plain(about.join(' '))}`)
  const ids = script.hosts.flatMap(({ lifelines }) => lifelines.map(({ id }) => id))
  for (const { name, lifelines } of script.hosts) {
    lines.push(`  box ${BOX} ${escaped(name)}`)
    for (const each of lifelines) lines.push(`    participant ${each.id} as ${each.name}`)
    lines.push('  end')
  }
  if (ids.length === 0)
    lines.push('  participant nothing', `  Note over nothing: ${escapedLines(script.title)}`)
  else if (about.length > 0) lines.push(`  Note over ${ends(ids)}: ${escapedLines(about)}`)
  for (const step of withDestroyed(script.steps)) lines.push(`  ${lineOf(step, ids)}`)
  return `${lines.join('\n')}\n`
}

/** A grey that both light and dark pages bear. */
const BOX = 'rgba(128,128,128,0.1)'

/** Mermaid names what goes before the message with which it goes; of what it cannot say nothing is left. */
function withDestroyed(steps: readonly Step[]): Step[] {
  const told: Step[] = []
  for (const step of steps) {
    if (step.kind === 'create') continue
    if (step.kind !== 'destroy') {
      told.push(step)
      continue
    }
    const last = lastIndex(
      told,
      (each) => each.kind === 'arrow' && (each.from === step.who || each.to === step.who),
    )
    const isLast = told.slice(last + 1).every((each) => each.kind !== 'state' || each.at !== step.who)
    if (last >= 0 && isLast) told.splice(last, 0, step)
  }
  return told
}

function lineOf(step: Step, ids: readonly Lifeline[]): string {
  switch (step.kind) {
    case 'arrow':
      return `${step.from}${ARROWS[step.end][step.dashed ? 1 : 0]}${step.to}: ${escapedLines(step.label.flatMap((line) => wrap(line, WORDS)))}`
    case 'state':
      return `Note over ${step.at}: ${step.state}`
    case 'note':
      return `Note over ${step.over.join(',')}: ${escapedLines(step.lines)}`
    case 'heading':
      return `Note over ${ends(ids)}: ${escaped(step.text)}`
    case 'gap':
      return `Note over tcp1,tcp2: … ${escaped(step.text)} …`
    default:
      return `destroy ${step.who}`
  }
}

const ARROWS: Readonly<Record<Arrow['end'], readonly [solid: string, dashed: string]>> = {
  arrives: ['->>', '-->>'],
  leaves: ['-)', '--)'],
  lost: ['-x', '--x'],
  rejected: ['-x', '--x'],
}

/** From the first lifeline to the last one. */
const ends = (ids: readonly Lifeline[]): string => (ids.length === 1 ? ids[0]! : `${ids[0]},${ids.at(-1)}`)

const escapedLines = (lines: readonly string[]): string => lines.map(escaped).join('<br/>')

/**
 * What a line of Mermaid could take for its own becomes an entity: '#' and ';' end it, '<' begins markup, '%' a remark.
 * Words such as "end" need nothing behind a colon.
 */
function escaped(words: string): string {
  return words.replace(UNSAFE, (character) => `#${character.codePointAt(0)};`)
}
const UNSAFE = /[^\p{L}\p{N} .,:()/=+*'…·–→←µ×_-]/gu

/** Where entities are not understood. */
const plain = (words: string): string => words.replace(UNSAFE, ' ').replaceAll(':', ' ')
