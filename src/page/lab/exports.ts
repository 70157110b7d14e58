/** What can be taken away: packets, pictures, the page of this run, a link. */

import { sequenceDiagram } from '../../diagram/sequence/sequence-diagram.ts'
import { shareText } from '../../lab/index.ts'
import { PAGE_STYLE_ID } from '../../svg/html-file.ts'
import { make } from '../views/dom.ts'
import type { LabState } from './lab-state.ts'

export type ExportKind = 'pcapng' | 'svg' | 'png' | 'html'

/** Pixels of the PNG for one of the picture, and most pixels in all: more is refused by some browsers. */
const SHARPNESS = 2
const MOST_PIXELS = 100e6

export async function exportAs(kind: ExportKind, state: LabState): Promise<void> {
  const { shown } = state
  if (shown === null) return
  const name = fileName(shown.title)
  if (kind === 'pcapng') {
    const { name: captureName, octets } = shown.capture()
    save(captureName, new Blob([octets as BlobPart], { type: 'application/octet-stream' }))
  } else if (kind === 'svg') save(`${name}.svg`, new Blob([diagramOf(state)], { type: 'image/svg+xml' }))
  else if (kind === 'png') save(`${name}.png`, await pngOf(diagramOf(state)))
  else save(`${name}.html`, new Blob([pageOf(state)], { type: 'text/html' }))
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
  const end = pair === null ? null : pair.left.connection > 0 ? pair.left : pair.right
  return sequenceDiagram(shown.timeline.events, {
    ...{ title: shown.title, addresses: shown.addresses, numbers },
    ...(end !== null && { connection: { host: end.host, connection: end.connection } }),
  })
}

/** This very page, with the run in it: it opens where no lab is installed. */
function pageOf(state: LabState): string {
  const page = document.documentElement.cloneNode(true) as HTMLElement
  for (const { name } of [...page.attributes]) if (name !== 'lang') page.removeAttribute(name)
  for (const made of page.querySelectorAll(`head style:not(#${PAGE_STYLE_ID}), dialog`)) made.remove()
  const place = page.querySelector('#lab')!
  place.replaceChildren()
  place.setAttribute('data-config', shareText(state.config))
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

function save(name: string, blob: Blob): void {
  const href = URL.createObjectURL(blob)
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
