/** What can be taken away: packets, pictures, the page of what is shown, a link. */

import { sequenceDiagram } from '../../diagram/sequence/sequence-diagram.ts'
import { stateDiagram } from '../../diagram/states/state-svg.ts'
import { graphSvg } from '../../graph/graph-svg.ts'
import { graphXpl } from '../../graph/xpl.ts'
import { recordedRun, shareText } from '../../lab/index.ts'
import { LAB_PLACE } from '../../lab/page-file.ts'
import { PAGE_STYLE_ID } from '../../svg/html-file.ts'
import { TRANSITIONS } from '../../tcp/state.ts'
import { connectionOf } from '../../trace/connections.ts'
import { make } from '../views/dom.ts'
import type { GraphView } from '../views/graph-view.ts'
import { pathsThrough } from '../views/states-view.ts'
import type { CompareView } from './compare-view.ts'
import type { LabState } from './lab-state.ts'
import { forgetSaved, savedElement } from './shown-saved.ts'

/** What can be saved, with what the list of it calls it. */
export const EXPORTS = {
  pcapng: 'Packets (pcapng)',
  svg: 'Diagram (SVG)',
  png: 'Diagram (PNG)',
  graph: 'Graph (SVG)',
  xpl: 'Graph for xplot (.xpl)',
  states: 'States (SVG)',
  compare: 'Comparison of two runs (HTML)',
  html: 'All of it as a page (HTML)',
  log: 'Recording, for elko replay',
  print: 'Paper, or PDF: what is seen',
} as const
export type ExportKind = keyof typeof EXPORTS

/** The views whose pictures are saved as the reader has them. */
export interface Sources {
  readonly state: LabState
  readonly graph: GraphView
  readonly compare: CompareView
}

/** Pixels of the PNG for one of the picture, and most pixels in all: more is refused by some browsers. */
const SHARPNESS = 2
const MOST_PIXELS = 100e6

/** @throws Error where there is nothing of this kind, with what to do about it. */
export async function exportAs(kind: ExportKind, { state, graph, compare }: Sources): Promise<void> {
  const { shown } = state
  if (shown === null) return
  const name = fileName(shown.title)
  const SVG = 'image/svg+xml'
  switch (kind) {
    case 'pcapng': {
      if (shown.capture === null)
        throw new Error('This page was saved with what happened, not with the packets themselves.')
      const { name: captureName, octets } = shown.capture()
      return save(captureName, octets as BlobPart, 'application/octet-stream')
    }
    case 'svg':
      return save(`${name}.svg`, diagramOf(state), SVG)
    case 'png':
      return save(`${name}.png`, await pngOf(diagramOf(state)), 'image/png')
    case 'graph':
      return save(`${name}-${graph.type}.svg`, graphOf(state, graph), SVG)
    case 'xpl':
      return save(`${name}-${graph.type}.xpl`, xplOf(state, graph), 'text/plain')
    case 'states':
      return save(`${name}-states.svg`, statesOf(state), SVG)
    case 'compare':
      return save(`${name}-compared.html`, compare.page(), 'text/html')
    case 'html':
      return save(`${name}.html`, pageOf(state), 'text/html')
    case 'print':
      return print()
    case 'log':
      return save(`${name}.elko-log`, recordedRun(state.config) as BlobPart, 'application/octet-stream')
  }
}

/** The address of this page with all that the run follows from. */
export function linkOf(state: LabState): string {
  const address = new URL(location.href)
  address.hash = shareText(state.config)
  return address.href
}

/** The diagram as a whole file. */
export function diagramOf({ shown, pair, numbers }: LabState): string {
  if (shown === null) return ''
  return sequenceDiagram(shown.timeline.events, {
    ...{ title: shown.title, addresses: shown.addresses, numbers },
    ...(pair !== null && { connection: connectionOf(pair) }),
  })
}

/** The graph as it is seen, in the size of a page. */
function graphOf({ shown }: LabState, graph: GraphView): string {
  const { series, options } = graph.seen()
  return graphSvg(series, { ...options, title: shown!.title })
}

function xplOf({ shown }: LabState, graph: GraphView): string {
  const { series, options } = graph.seen()
  const { type, side } = options
  return graphXpl(series, { type, side, addresses: shown!.addresses })
}

function statesOf({ shown, pair }: LabState): string {
  if (pair === null) throw new Error('There is no connection, and no way through the states.')
  const paths = pathsThrough(shown!.timeline.events, pair)
  return stateDiagram(TRANSITIONS, { paths, title: shown!.title })
}

/** This very page, with what is shown in it: it opens where no lab is installed. */
function pageOf(state: LabState): string {
  const page = document.documentElement.cloneNode(true) as HTMLElement
  for (const { name } of [...page.attributes]) if (name !== 'lang') page.removeAttribute(name)
  for (const made of page.querySelectorAll(`head style:not(#${PAGE_STYLE_ID}), dialog`)) made.remove()
  const place = page.querySelector(`#${LAB_PLACE}`)!
  place.replaceChildren()
  forgetSaved(page)
  const { shown } = state
  if (shown === null || state.showsRun) place.setAttribute('data-config', shareText(state.config))
  else {
    place.removeAttribute('data-config')
    place.before(savedElement(shown))
  }
  return `<!doctype html>\n${page.outerHTML}\n`
}

async function pngOf(svg: string): Promise<Blob> {
  const address = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = address
    await image.decode()
    const [width, height] = [image.naturalWidth, image.naturalHeight]
    const scale = Math.min(SHARPNESS, Math.sqrt(MOST_PIXELS / (width * height)), 16_000 / height)
    const canvas = make('canvas', { width: Math.round(width * scale), height: Math.round(height * scale) })
    const context = canvas.getContext('2d')!
    context.scale(scale, scale)
    context.drawImage(image, 0, 0)
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'))
    if (blob === null) throw new Error('The browser cannot make a PNG of this size; SVG has no such limit.')
    return blob
  } finally {
    URL.revokeObjectURL(address)
  }
}

function save(name: string, content: BlobPart, type: string): void {
  const href = URL.createObjectURL(new Blob([content], { type }))
  const link = make('a', { href, download: name })
  document.body.append(link)
  link.click()
  link.remove()
  // The download has begun, or asks the reader first: the octets are needed until then.
  setTimeout(() => URL.revokeObjectURL(href), 60_000)
}

function fileName(title: string): string {
  const words = title.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return words.replace(/^-+|-+$/g, '').slice(0, 60) || 'elko-lab'
}
