/**
 * The diagram with all that belongs to it: its controls, a search, a filter, and the details of the message that is chosen
 * or pointed at. Mount `element`, `search.element` and `details.element`, then `show` events.
 */

import type { LadderPair } from '../../trace/connections.ts'
import type { SegmentRecord, TraceEvent } from '../../trace/events.ts'
import { DetailsPanel, type OctetsOf } from './details-panel.ts'
import type { DiagramOptions } from './diagram-options.ts'
import { DiagramTools } from './diagram-tools.ts'
import { DiagramView } from './diagram-view.ts'
import { make } from './dom.ts'
import { aboutMessage, type MessageAbout, messageTip, nameOf } from './message-details.ts'
import { type IndexedMessage, indexMessages, type MessageIndex } from './message-index.ts'
import { type Filter, passes } from './message-search.ts'
import type { Moment } from './moment.ts'
import { SearchBox } from './search-box.ts'

export class DiagramPanel {
  readonly diagram = new DiagramView()
  readonly details: DetailsPanel
  readonly search: SearchBox
  readonly tools: DiagramTools
  readonly element: HTMLElement
  /** The reader chose something in the diagram: a moment, and the message if it is one. */
  onSelect: (moment: Moment | null, found: IndexedMessage | null) => void = () => {}
  /** The pointer is over something in the diagram, or has left it. */
  onPoint: (moment: Moment | null) => void = () => {}
  /** What was captured of a message, where anything was. */
  octetsOf: ((message: IndexedMessage) => ReturnType<OctetsOf>) | null = null
  #events: readonly TraceEvent[] = []
  #pair: LadderPair = NOBODY
  #filter: Filter = 'all'
  #index: MessageIndex | null = null
  /** Of the events that the filter leaves: where their messages stand in what is drawn. */
  #drawn: MessageIndex | null = null
  #told: IndexedMessage | null = null
  #isFollowing = false

  constructor() {
    this.details = new DetailsPanel((at) => this.go(this.index.messages[at]!))
    this.search = new SearchBox(() => this.index, {
      onFound: (found) => this.diagram.highlight(new Set(found.map(({ message }) => message.segment))),
      onGo: (message) => this.go(message),
      onLeave: () => this.diagram.focus(),
    })
    this.tools = new DiagramTools(this.diagram, (filter) => this.#setFilter(filter))
    this.element = make('section', { class: 'panel-diagram' }, this.tools.element, this.diagram.element)
    this.diagram.announcer.on('select', (moment) => this.#selected(moment))
    this.diagram.announcer.on('point', (moment) => this.#pointed(moment))
    const { tip } = this.diagram
    const wordsOf = tip.tipOf
    tip.tipOf = (mark) => {
      const found = this.#messageOf({ at: mark.at, segment: mark.arrow?.message.segment ?? null })
      return found === null ? wordsOf(mark) : messageTip(aboutMessage(found, this.index, this.#pair))
    }
    this.diagram.onWords = (words) => {
      if (!this.#isFollowing) this.tellWords(words)
    }
  }

  /** The messages of the connection, made when they are first asked for: of a long one that takes its time. */
  get index(): MessageIndex {
    this.#index ??= indexMessages(this.#events, this.#pair)
    return this.#index
  }

  /** Draws other events. What the reader chose of views, filter and folds stays, where `options` do not say otherwise. */
  show(events: readonly TraceEvent[], pair: LadderPair, options: Partial<DiagramOptions>): void {
    this.#events = events
    this.#pair = pair
    this.#index = null
    this.#told = null
    this.#draw({ ...this.diagram.options, ...options })
    this.tools.read(this.#filter)
    this.search.refresh()
  }

  /** Chooses a message wherever it is, in a fold or hidden by the filter, and tells of it. */
  reveal({ message }: IndexedMessage): void {
    if (!this.#shown.bySegment.has(message.segment)) {
      this.#setFilter('all')
      this.tools.read('all')
    }
    const there = this.#shown.bySegment.get(message.segment)!.message
    this.diagram.reveal(message.segment, there.sentItem >= 0 ? there.sentItem : there.arrivedItem)
    this.diagram.choose({ at: message.sentUs, segment: message.segment })
  }

  go(message: IndexedMessage): void {
    this.reveal(message)
    if (this.diagram.element.closest('[hidden]') === null) this.diagram.focus()
  }

  /** Chooses what stands there, or nearest to it, and tells nobody: whoever calls knows. */
  follow(moment: Moment): void {
    this.#isFollowing = true
    this.diagram.choose(moment)
    this.#isFollowing = false
  }

  /** The details are those of this message. @param isAnnounced screen readers are told too */
  tell(found: IndexedMessage, isAnnounced: boolean): void {
    this.#told = found
    const { title } = this.#detail(found)
    if (isAnnounced) this.details.announce(`${nameOf(found)}: ${title}`)
  }

  /** The details are these words, a title and more lines. */
  tellWords(words: string, isAnnounced = true): void {
    this.#told = null
    const [title, ...lines] = words.split('\n')
    this.details.showWords(title!, lines)
    if (isAnnounced) this.details.announce(words)
  }

  get #shown(): MessageIndex {
    if (this.#filter === 'all') return this.index
    this.#drawn ??= indexMessages(this.#filtered(), this.#pair)
    return this.#drawn
  }

  #setFilter(filter: Filter): void {
    this.#filter = filter
    this.#draw(this.diagram.options)
  }

  #draw(options: DiagramOptions): void {
    this.#drawn = null
    this.diagram.show(this.#filtered(), options)
  }

  #filtered(): readonly TraceEvent[] {
    if (this.#filter === 'all') return this.#events
    const kept = new Set<SegmentRecord>()
    for (const indexed of this.index.messages) {
      if (passes(indexed, this.#filter)) kept.add(indexed.message.segment)
    }
    return this.#events.filter((event) =>
      event.kind === 'sent' || event.kind === 'received'
        ? kept.has(event.segment)
        : event.kind === 'state' || event.kind === 'network' || event.kind === 'dropped',
    )
  }

  #selected(moment: Moment | null): void {
    if (this.#isFollowing) return
    const found = this.#messageOf(moment)
    if (found !== null) this.tell(found, true)
    else if (moment === null) {
      this.#told = null
      this.details.clear()
    }
    this.onSelect(moment, found)
  }

  #detail(found: IndexedMessage): MessageAbout {
    const about = aboutMessage(found, this.index, this.#pair)
    const { octetsOf } = this
    this.details.showMessage(about, octetsOf === null ? undefined : () => octetsOf(found))
    return about
  }

  /** While it is pointed at a message, the details are its. */
  #pointed(moment: Moment | null): void {
    const found = this.#messageOf(moment) ?? this.#told
    if (found !== null) this.#detail(found)
    this.onPoint(moment)
  }

  #messageOf(moment: Moment | null): IndexedMessage | null {
    const segment = moment?.segment ?? null
    return segment === null ? null : (this.index.bySegment.get(segment) ?? null)
  }
}

/** What there is of a connection where there is none. */
const NOBODY_END = { host: 'nobody', connection: 0, port: -1, recorded: false }
export const NOBODY: LadderPair = { left: NOBODY_END, right: NOBODY_END }
