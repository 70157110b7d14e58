/**
 * A connection as one HTML file: its events, packed, the script that draws them, and a picture for who has no script. It
 * asks the network for nothing, and its policy forbids it to.
 */

import { htmlFile, inlineJson } from '../svg/html-file.ts'
import { escaped } from '../svg/markup.ts'
import { type Banner, MARKS, toneOf } from '../trace/banner.ts'
import { counted } from '../trace/counted.ts'
import type { TraceEvent } from '../trace/events.ts'
import { type PackedEvents, packEvents } from '../trace/packed-events.ts'
import type { PackedPackets } from '../trace/packed-packets.ts'
import type { SequenceOptions } from './sequence/options.ts'

/** What a page may begin with. */
export type ViewerTab = 'diagram' | 'graphs' | 'states'

export interface ViewerConnection {
  readonly title: string
  readonly events: readonly TraceEvent[]
  /** By host. */
  readonly addresses: Readonly<Record<string, string>>
  readonly banner: Banner | null
  /** Which connection, by its number at one of its hosts; null: the first one. */
  readonly connection: { readonly host: string; readonly connection: number } | null
  /** The octets of the packets, deflated as zlib does (RFC 1950); absent where nobody has them. */
  readonly packets?: PackedPackets
  /** Packets that are not among the events, as there were too many. */
  readonly left: number
  /** What is seen first. */
  readonly tab: ViewerTab
  /** The graph that is seen first, by the name of its type. */
  readonly graph?: string
  /** How the diagram is drawn at first. */
  readonly look: Pick<SequenceOptions, 'view' | 'numbers' | 'reasons' | 'timers'>
}

/** The same as the page carries it. */
export interface ViewerData extends Omit<ViewerConnection, 'events'> {
  readonly packed: PackedEvents
}

export interface ViewerParts {
  /** What was built of src/page/viewer: dist/page/viewer.js and viewer.css. */
  readonly script: string
  readonly style: string
  /** A picture, as SVG, that is seen where no script runs. */
  readonly still: string
}

/** Where the page keeps its data, and where its script draws. */
export const DATA_ID = 'connection'
export const PLACE_ID = 'viewer'

export function viewerPage({ events, ...rest }: ViewerConnection, parts: ViewerParts): string {
  const data: ViewerData = { ...rest, packed: packEvents(events) }
  const { title, addresses, banner, left } = rest
  const body = [
    '<header class="page-head">',
    `<h1>${escaped(title)}</h1>`,
    addressLine(addresses, left),
    banner === null ? '' : bannerSection(banner),
    '</header>',
    `<main id="${PLACE_ID}"><div class="still">${withoutProlog(parts.still)}</div></main>`,
    `<script type="application/json" id="${DATA_ID}">${inlineJson(data)}</script>`,
  ]
  return htmlFile({ title, style: parts.style, body, script: parts.script })
}

function addressLine(addresses: Readonly<Record<string, string>>, left: number): string {
  const hosts = Object.entries(addresses).map(
    ([host, address]) => `<b>${escaped(host)}</b> <code>${escaped(address)}</code>`,
  )
  const more = left > 0 ? `<span class="left-out">${counted(left, 'more packet')} left out</span>` : ''
  const words = [hosts.join(' <span aria-hidden="true">↔</span> '), more].filter((part) => part !== '')
  return words.length === 0 ? '' : `<p class="ends">${words.join(' · ')}</p>`
}

function bannerSection(banner: Banner): string {
  const { verdict, sentence, lines } = banner
  const kind = toneOf(banner)
  const mark = MARKS[kind]
  const head =
    `<span class="verdict"><span aria-hidden="true">${mark} </span>${escaped(verdict)}</span> ` +
    `<span>${escaped(sentence)}</span>`
  if (lines.length === 0)
    return `<section class="judgement ${kind}" aria-label="Verdict"><p>${head}</p></section>`
  const items = lines.map((line) => `<li>${escaped(line)}</li>`).join('')
  return (
    `<section class="judgement ${kind}" aria-label="Verdict"><details>` +
    `<summary>${head}</summary><ul>${items}</ul></details></section>`
  )
}

/** As part of a page a picture has no declaration of its own. */
function withoutProlog(svg: string): string {
  return svg.replace(/^<\?xml[^>]*\?>\s*/, '')
}
