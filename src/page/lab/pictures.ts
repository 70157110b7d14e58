/** Wire, diagram, graph and states of the connection that is shown, and the cursor that links them. */

import { eventWords } from '../../lab/index.ts'
import { connectionOf } from '../../trace/connections.ts'
import type { SegmentRecord, TraceEvent } from '../../trace/events.ts'
import { DiagramPanel } from '../views/diagram-panel.ts'
import { GraphView } from '../views/graph-view.ts'
import type { IndexedMessage } from '../views/message-index.ts'
import type { Moment } from '../views/moment.ts'
import { StatesView } from '../views/states-view.ts'
import type { LabState } from './lab-state.ts'
import { packetDialog } from './packet-dialog.ts'
import { octetsOfPacket } from './packet-octets.ts'
import { WireView } from './wire-view.ts'

/** Below this the diagram shows less beside the arrows, pixels. */
const WIDE = 900

export class Pictures {
  /** The diagram with its controls, its search and the details of what is chosen. */
  readonly panel = new DiagramPanel()
  readonly graph = new GraphView()
  readonly states = new StatesView()
  readonly wire: WireView
  /** The reader chose something in a picture. */
  onChoose: () => void = () => {}
  readonly #state: LabState
  /** What a picture told of itself it need not be told. */
  #isTold = false
  #chosen: TraceEvent | null = null
  /** Which pictures showed it: others have yet to. */
  #chosenIn = ''
  #isStatesDrawn = false

  constructor(state: LabState) {
    this.#state = state
    this.wire = new WireView(state)
    state.on('shown', () => this.#shown())
    state.on('cursor', () => this.follow())
    state.on('reading', () => this.#read())
    const { panel, graph, states } = this
    panel.onSelect = (moment) => this.#selected(moment, true)
    panel.onPoint = (moment) => this.graph.pointAt(moment?.at ?? state.cursor.us)
    panel.octetsOf = (found) => (state.shown === null ? null : octetsOfPacket(state.shown, found))
    panel.tools.onNumbers = (numbers) => state.setNumbers(numbers)
    graph.announcer.on('select', (moment) => this.#selected(moment, false))
    graph.announcer.on('point', (moment) => panel.diagram.pointAt(moment?.at ?? state.cursor.us))
    states.announcer.on('select', (moment) => this.#selected(moment, false))
    panel.diagram.element.addEventListener('dblclick', () => {
      const found = this.atCursor()
      if (found !== null) packetDialog(state, found)
    })
  }

  /** The message at the cursor: the one that its event speaks of. */
  atCursor(): IndexedMessage | null {
    const { event, shown, pair } = this.#state
    if (event === null || shown === null || pair === null) return null
    if (event.kind !== 'sent' && event.kind !== 'received') return null
    return this.#messageOf(event.segment, event) ?? null
  }

  /** Drops the packet at the cursor, or no longer. */
  toggleDrop(): void {
    const sender = this.#state.sender(this.atCursor())
    if (sender === null) return
    const at = this.#state.dropOf(sender)
    if (at >= 0) this.#state.withdraw(at)
    else this.#state.intervene({ kind: 'drop', ...sender })
  }

  /** Puts the cursor of every picture where the cursor is; what nobody sees follows when it is shown. */
  follow(): void {
    const { cursor, event } = this.#state
    const { diagram } = this.panel
    const [isDiagram, isGraph] = [isSeen(diagram.element), isSeen(this.graph.element)]
    if (isDiagram) diagram.pointAt(cursor.us)
    if (isGraph) this.graph.pointAt(cursor.us)
    const seen = `${isDiagram} ${isGraph}`
    if (event === null || (event === this.#chosen && seen === this.#chosenIn)) return
    this.#chosen = event
    this.#chosenIn = seen
    const segment = event.kind === 'sent' || event.kind === 'received' ? event.segment : null
    const found = segment === null ? undefined : this.#messageOf(segment, event)
    if (isDiagram && !this.#isTold)
      this.panel.follow({ at: cursor.us, segment: found?.message.segment ?? null })
    if (isGraph) this.graph.choose({ at: cursor.us, segment })
  }

  redraw(): void {
    this.panel.diagram.redraw()
    this.graph.redraw()
    this.wire.draw()
    this.#drawStates()
  }

  /** What is there to be read, not watched. */
  #read(): void {
    const { cursor, event, isFilm } = this.#state
    if (isSeen(this.states.element)) this.states.choose({ at: cursor.us, segment: null })
    if (this.#isTold || event === null) return
    const found = this.atCursor()
    if (found !== null) return this.panel.tell(found, !isFilm)
    const { kind, text, why } = eventWords(event)
    this.panel.tellWords(
      [`${event.host}: ${kind}`, text, why].filter((line) => line !== '').join('\n'),
      !isFilm,
    )
  }

  /** What arrives has a record of its own; the packet's number joins it with what was sent. */
  #messageOf(segment: SegmentRecord, event: TraceEvent): IndexedMessage | undefined {
    const packet = 'packet' in event ? event.packet : 0
    const { bySegment, byFrame } = this.panel.index
    return bySegment.get(segment) ?? byFrame.get(packet)
  }

  #shown(): void {
    const { shown, pair, numbers } = this.#state
    if (shown === null || pair === null) return
    const { events } = shown.timeline
    const { addresses } = shown
    const isFirst = this.#chosen === null
    const isWide = this.panel.diagram.element.clientWidth >= WIDE
    this.#chosen = null
    this.panel.show(events, pair, {
      ...{ addresses, numbers, connection: connectionOf(pair) },
      // What the reader chose later stays from run to run.
      ...(isFirst && { view: isWide ? 'full' : 'overview', remarks: isWide }),
    })
    this.wire.show(this.panel.index)
    this.graph.show(events, pair, {
      ...{ type: this.graph.type, addresses },
      segmentOf: (packet): SegmentRecord | null =>
        this.panel.index.byFrame.get(packet)?.message.segment ?? null,
    })
    this.#isStatesDrawn = false
    this.#drawStates()
  }

  /** The diagram of the states is drawn when it is seen first. */
  #drawStates(): void {
    const { shown, pair } = this.#state
    if (shown === null || pair === null || !isSeen(this.states.element)) return
    if (!this.#isStatesDrawn) this.states.show(shown.timeline.events, pair, shown.title)
    this.#isStatesDrawn = true
    this.states.choose({ at: this.#state.cursor.us, segment: null })
  }

  /** @param isTold whether the details have it already */
  #selected(moment: Moment | null, isTold: boolean): void {
    if (moment === null) return
    this.onChoose()
    const { segment, at } = moment
    const events = this.#state.shown?.timeline.events ?? []
    const index =
      segment === null ? -1 : events.findIndex((event) => 'segment' in event && event.segment === segment)
    this.#isTold = isTold
    if (index >= 0) this.#state.goToEvent(index)
    else this.#state.goToTime(at)
    this.#isTold = false
  }
}

/** Whether its tab is chosen. Asked of the tree and not of the layout, which a film would have to wait for. */
export function isSeen(element: HTMLElement): boolean {
  return element.isConnected && element.closest('[hidden]') === null
}
