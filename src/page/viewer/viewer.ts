/** The page of one connection: diagram, graphs and states, the details of what is chosen, all linked by time. */

import { choosePair } from '../../diagram/ladder.ts'
import type { ViewerData } from '../../diagram/viewer-page.ts'
import { GRAPH_TYPES, type GraphType } from '../../graph/graph-svg.ts'
import { connectionsIn, type LadderPair } from '../../trace/connections.ts'
import type { SegmentRecord, TraceEvent } from '../../trace/events.ts'
import { DiagramPanel, NOBODY } from '../views/diagram-panel.ts'
import { button, make } from '../views/dom.ts'
import { GraphView } from '../views/graph-view.ts'
import type { IndexedMessage } from '../views/message-index.ts'
import type { Moment } from '../views/moment.ts'
import { addPictureStyle } from '../views/picture-style.ts'
import { schemeChoice } from '../views/scheme.ts'
import { StatesView } from '../views/states-view.ts'
import { Tabs } from '../views/tabs.ts'
import { FilePackets } from './file-packets.ts'

export class Viewer {
  readonly #events: readonly TraceEvent[]
  readonly #data: ViewerData
  readonly #pair: LadderPair
  readonly #panel = new DiagramPanel()
  readonly #graph = new GraphView()
  readonly #states = new StatesView()
  readonly #tabs: Tabs
  #chosen: IndexedMessage | null = null

  constructor(place: HTMLElement, data: ViewerData, events: readonly TraceEvent[]) {
    addPictureStyle()
    this.#events = events
    this.#data = data
    const { connection } = data
    this.#pair = choosePair(connectionsIn(events), { ...(connection !== null && { connection }) }) ?? NOBODY
    const diagram = this.#panel.element
    const graphs = make('section', {}, this.#graph.element)
    const states = make('section', {}, this.#states.element)
    const tabs = [
      { id: 'diagram', title: 'Diagram', panels: [diagram] },
      { id: 'graphs', title: 'Graphs', panels: [graphs] },
      { id: 'states', title: 'States', panels: [states] },
      { id: 'both', title: 'Both', panels: [diagram, graphs] },
    ]
    this.#tabs = new Tabs(tabs, () => this.#redraw())
    this.#mount(place, [diagram, graphs, states])
    this.#listen()
    this.#start()
  }

  #mount(place: HTMLElement, panels: readonly HTMLElement[]): void {
    document.documentElement.classList.add('app')
    const bar = make(
      'div',
      { class: 'bar' },
      this.#tabs.list,
      this.#panel.search.element,
      make(
        'div',
        { class: 'bar-end' },
        schemeChoice(() => this.#redraw()),
        button('Print', () => print()),
      ),
    )
    const stage = make('div', { class: 'stage' }, ...panels)
    place.replaceChildren(bar, make('div', { class: 'panes' }, stage, this.#panel.details.element))
  }

  #listen(): void {
    const { diagram } = this.#panel
    this.#panel.onSelect = (moment, found) => this.#selected(moment, found)
    this.#panel.onPoint = (moment) => this.#graph.pointAt(moment?.at ?? null)
    for (const view of [this.#graph, this.#states]) {
      view.announcer.on('select', (moment) => this.#selectedBeside(moment))
    }
    this.#graph.announcer.on('point', (moment) => diagram.pointAt(moment?.at ?? null))
    addEventListener('hashchange', () => this.#fromHash())
    addEventListener('keydown', (event) => this.#key(event))
  }

  #start(): void {
    const { addresses, connection, look, graph, tab } = this.#data
    const { packets } = this.#data
    if (packets !== undefined) {
      const unpacked = new FilePackets(packets, this.#events)
      this.#panel.octetsOf = ({ message }) => unpacked.of(message.segment)
    }
    const type = GRAPH_TYPES.find((name) => name === graph) ?? 'time-sequence'
    this.#panel.show(this.#events, this.#pair, {
      ...{ addresses, times: 'absolute', zoom: 'fit', ...look },
      ...(connection !== null && { connection }),
      view: innerWidth < NARROW ? 'overview' : (look.view ?? 'full'),
      remarks: innerWidth >= WIDE,
    })
    this.#showGraph(type)
    this.#states.show(this.#events, this.#pair, this.#data.title)
    this.#tabs.show(tab)
    this.#fromHash()
  }

  #showGraph(type: GraphType): void {
    const segmentOf = (packet: number, at: number, side: 0 | 1): SegmentRecord | null => {
      const { byFrame, messages } = this.#panel.index
      const known = packet === 0 ? undefined : byFrame.get(packet)
      const found = known ?? messages.find(({ message }) => message.sentUs === at && message.from === side)
      return found?.message.segment ?? null
    }
    this.#graph.show(this.#events, this.#pair, { type, addresses: this.#data.addresses, segmentOf })
  }

  #selected(moment: Moment | null, found: IndexedMessage | null): void {
    this.#chosen = found
    this.#graph.choose(moment)
    this.#states.choose(moment)
    if (found !== null) setHash(`frame-${found.frame > 0 ? found.frame : `0-${found.place}`}`)
  }

  /** In another view: the diagram tells of it in its turn. */
  #selectedBeside(moment: Moment | null): void {
    const segment = moment?.segment ?? null
    const found = segment === null ? undefined : this.#panel.index.bySegment.get(segment)
    if (found !== undefined) this.#panel.reveal(found)
    else this.#panel.diagram.choose(moment)
  }

  #fromHash(): void {
    const [, frame, place] = /^#frame-(\d+)(?:-(\d+))?$/.exec(location.hash) ?? []
    if (frame === undefined) return
    const { byFrame, messages } = this.#panel.index
    const message = place === undefined ? byFrame.get(Number(frame)) : messages[Number(place)]
    if (message !== undefined && message !== this.#chosen) this.#panel.go(message)
  }

  /** Colours are others, or a view is seen that had no size while it was hidden. */
  #redraw(): void {
    this.#panel.diagram.redraw()
    this.#graph.redraw()
  }

  #key(event: KeyboardEvent): void {
    const isTyping =
      event.target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.key !== '/') return
    this.#panel.search.focus()
    event.preventDefault()
  }
}

/** Windows so narrow show less of the story at first, pixels. */
const NARROW = 700
const WIDE = 1500

/** In a page from a disk some browsers refuse to change the address: then no link points at the arrow. */
function setHash(hash: string): void {
  try {
    history.replaceState(null, '', `#${hash}`)
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
  }
}
