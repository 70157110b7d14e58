/** The page of one connection: diagram, graphs and states, the details of what is chosen, all linked by time. */

import type { ViewerData } from '../../diagram/viewer-page.ts'
import { GRAPH_TYPES, type GraphType } from '../../graph/graph-svg.ts'
import { connectionsIn, type LadderPair } from '../../trace/connections.ts'
import type { SegmentRecord, TraceEvent } from '../../trace/events.ts'
import { DetailsPanel } from '../views/details-panel.ts'
import { DiagramView } from '../views/diagram-view.ts'
import { button, make } from '../views/dom.ts'
import { GraphView } from '../views/graph-view.ts'
import { aboutMessage, nameOf } from '../views/message-details.ts'
import { type IndexedMessage, indexMessages, type MessageIndex } from '../views/message-index.ts'
import { type Filter, passes } from '../views/message-search.ts'
import type { Moment } from '../views/moment.ts'
import { addPictureStyle } from '../views/picture-style.ts'
import { schemeChoice } from '../views/scheme.ts'
import { StatesView } from '../views/states-view.ts'
import { Tabs } from '../views/tabs.ts'
import { DiagramTools } from './diagram-tools.ts'
import { SearchBox } from './search-box.ts'

export class Viewer {
  readonly #events: readonly TraceEvent[]
  readonly #data: ViewerData
  readonly #pair: LadderPair
  readonly #index: MessageIndex
  /** Of the events that the filter leaves: where their messages stand in what is drawn. */
  #drawn: MessageIndex
  readonly #diagram = new DiagramView()
  readonly #graph = new GraphView()
  readonly #states = new StatesView()
  readonly #details: DetailsPanel
  readonly #tools: DiagramTools
  readonly #search: SearchBox
  readonly #tabs: Tabs
  #chosen: IndexedMessage | null = null

  constructor(place: HTMLElement, data: ViewerData, events: readonly TraceEvent[]) {
    addPictureStyle()
    this.#events = events
    this.#data = data
    this.#pair = pairOf(events, data.connection)
    this.#index = indexMessages(events, this.#pair)
    this.#drawn = this.#index
    this.#details = new DetailsPanel((at) => this.#go(this.#index.messages[at]!))
    this.#search = new SearchBox(this.#index, {
      onFound: (found) => this.#diagram.highlight(new Set(found.map(({ message }) => message.segment))),
      onGo: (message) => this.#go(message),
      onLeave: () => this.#diagram.focus(),
    })
    this.#tools = new DiagramTools(this.#diagram, (filter) => this.#filter(filter))
    const diagram = make('section', { class: 'panel-diagram' }, this.#tools.element, this.#diagram.element)
    const graphs = make('section', {}, this.#graph.element)
    const states = make('section', {}, this.#states.element)
    const tabs = [
      { id: 'diagram', title: 'Diagram', panel: diagram },
      { id: 'graphs', title: 'Graphs', panel: graphs },
      { id: 'states', title: 'States', panel: states },
    ]
    this.#tabs = new Tabs(tabs, () => this.#link())
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
      this.#search.element,
      make(
        'div',
        { class: 'bar-end' },
        schemeChoice(() => this.#recolour()),
        button('Print', () => print()),
      ),
    )
    const stage = make('div', { class: 'stage' }, ...panels)
    place.replaceChildren(bar, make('div', { class: 'panes' }, stage, this.#details.element))
  }

  #listen(): void {
    for (const view of [this.#diagram, this.#graph, this.#states]) {
      view.announcer.on('select', (moment) => this.#selected(moment, view))
    }
    for (const view of [this.#diagram, this.#graph]) {
      view.announcer.on('point', (moment) => this.#pointed(moment, view))
    }
    this.#diagram.onWords = (words) => this.#words(words)
    addEventListener('hashchange', () => this.#fromHash())
    addEventListener('beforeprint', () => this.#diagram.drawAll(true))
    addEventListener('afterprint', () => this.#diagram.drawAll(false))
    addEventListener('keydown', (event) => this.#key(event))
  }

  #start(): void {
    const { addresses, connection, look, graph, tab } = this.#data
    const type = GRAPH_TYPES.find((name) => name === graph) ?? 'time-sequence'
    this.#diagram.show(this.#events, {
      ...{ addresses, times: 'absolute', zoom: 'fit', ...look },
      ...(connection !== null && { connection }),
      view: innerWidth < NARROW ? 'overview' : (look.view ?? 'full'),
      remarks: innerWidth >= WIDE,
    })
    this.#tools.read()
    this.#showGraph(type)
    this.#states.show(this.#events, this.#pair, this.#data.title)
    this.#tabs.show(tab)
    this.#fromHash()
    if (this.#chosen === null) this.#details.clear()
  }

  #showGraph(type: GraphType): void {
    const segmentOf = (packet: number, at: number, side: 0 | 1): SegmentRecord | null => {
      const known = packet === 0 ? undefined : this.#index.byFrame.get(packet)
      const found =
        known ?? this.#index.messages.find(({ message }) => message.sentUs === at && message.from === side)
      return found?.message.segment ?? null
    }
    this.#graph.show(this.#events, this.#pair, { type, addresses: this.#data.addresses, segmentOf })
  }

  #selected(moment: Moment | null, from: DiagramView | GraphView | StatesView): void {
    const segment = moment?.segment ?? null
    const found = segment === null ? undefined : this.#index.bySegment.get(segment)
    this.#chosen = found ?? null
    if (from !== this.#diagram) {
      // The diagram tells of it in its turn.
      if (found !== undefined) this.#reveal(found)
      else this.#diagram.choose(moment)
      return
    }
    this.#graph.choose(moment)
    this.#states.choose(moment)
    if (found !== undefined) {
      const about = aboutMessage(found, this.#index, this.#pair)
      this.#details.showMessage(about)
      this.#details.announce(`${nameOf(found)}: ${about.title}`)
      setHash(`frame-${found.frame > 0 ? found.frame : `0-${found.place}`}`)
    } else if (moment === null) this.#details.clear()
  }

  #words(words: string): void {
    const [title, ...lines] = words.split('\n')
    this.#details.showWords(title!, lines)
    this.#details.announce(words)
  }

  #pointed(moment: Moment | null, from: DiagramView | GraphView): void {
    if (from === this.#diagram) this.#graph.pointAt(moment?.at ?? null)
    else this.#diagram.pointAt(moment?.at ?? null)
    if (from !== this.#diagram) return
    const shown = moment?.segment ?? this.#chosen?.message.segment
    const found = shown === undefined ? undefined : this.#index.bySegment.get(shown)
    if (found !== undefined) this.#details.showMessage(aboutMessage(found, this.#index, this.#pair))
  }

  /** Chooses a message wherever it is: in a fold, or hidden by the filter. */
  #go(message: IndexedMessage): void {
    this.#reveal(message)
    if (this.#tabs.shown === 'diagram') this.#diagram.focus()
  }

  #reveal({ message }: IndexedMessage): void {
    if (!this.#drawn.bySegment.has(message.segment)) {
      this.#tools.showEverything()
      this.#filter('all')
    }
    const there = this.#drawn.bySegment.get(message.segment)!.message
    this.#diagram.reveal(message.segment, there.sentItem >= 0 ? there.sentItem : there.arrivedItem)
    this.#diagram.choose({ at: message.sentUs, segment: message.segment })
  }

  #filter(filter: Filter): void {
    const kept = new Set<SegmentRecord>()
    for (const indexed of this.#index.messages) if (passes(indexed, filter)) kept.add(indexed.message.segment)
    const isKept = (event: TraceEvent): boolean =>
      event.kind === 'sent' || event.kind === 'received'
        ? kept.has(event.segment)
        : event.kind === 'state' || event.kind === 'network' || event.kind === 'dropped'
    const events = filter === 'all' ? this.#events : this.#events.filter(isKept)
    this.#drawn = filter === 'all' ? this.#index : indexMessages(events, this.#pair)
    this.#diagram.show(events, this.#diagram.options)
  }

  #fromHash(): void {
    const [, frame, place] = /^#frame-(\d+)(?:-(\d+))?$/.exec(location.hash) ?? []
    if (frame === undefined) return
    const message =
      place === undefined ? this.#index.byFrame.get(Number(frame)) : this.#index.messages[Number(place)]
    if (message !== undefined && message !== this.#chosen) this.#go(message)
  }

  #recolour(): void {
    this.#diagram.redraw()
    this.#graph.redraw()
  }

  /** A view that was hidden has no size until it is seen. */
  #link(): void {
    this.#diagram.redraw()
    this.#graph.redraw()
  }

  #key(event: KeyboardEvent): void {
    const isTyping =
      event.target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.key !== '/') return
    this.#search.focus()
    event.preventDefault()
  }
}

/** Windows so narrow show less of the story at first, pixels. */
const NARROW = 700
const WIDE = 1500

function pairOf(events: readonly TraceEvent[], asked: ViewerData['connection']): LadderPair {
  const pairs = connectionsIn(events)
  const isAsked = ({ left, right }: LadderPair): boolean =>
    [left, right].some((end) => end.host === asked?.host && end.connection === asked.connection)
  const nobody = { host: 'nobody', connection: 0, port: -1, recorded: false }
  return pairs.find(isAsked) ?? pairs[0] ?? { left: nobody, right: nobody }
}

/** In a page from a disk some browsers refuse to change the address: then no link points at the arrow. */
function setHash(hash: string): void {
  try {
    history.replaceState(null, '', `#${hash}`)
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
  }
}
