/** Wire, diagram and graph of the connection that is shown, and the cursor that links them. */

import type { SegmentRecord, TraceEvent } from '../../trace/events.ts'
import { DiagramView } from '../views/diagram-view.ts'
import { GraphView } from '../views/graph-view.ts'
import { type IndexedMessage, indexMessages, type MessageIndex } from '../views/message-index.ts'
import type { Moment } from '../views/moment.ts'
import type { LabState } from './lab-state.ts'
import { packetDialog } from './packet-dialog.ts'
import { WireView } from './wire-view.ts'

/** Below this the diagram shows less beside the arrows, pixels. */
const WIDE = 900

export class Pictures {
  readonly diagram = new DiagramView()
  readonly graph = new GraphView()
  readonly wire: WireView
  /** The reader chose something in a picture. */
  onChoose: () => void = () => {}
  readonly #state: LabState
  #index: MessageIndex | null = null
  /** The pictures are told where the cursor stands: what they tell of it in return is no news. */
  #isFollowing = false
  #chosen: TraceEvent | null = null
  #wasDiagram = false

  constructor(state: LabState) {
    this.#state = state
    this.wire = new WireView(state)
    state.on('shown', () => this.#shown())
    state.on('cursor', () => this.follow())
    for (const view of [this.diagram, this.graph]) {
      view.announcer.on('select', (moment) => this.#selected(moment))
      view.announcer.on('point', (moment) => this.#pointed(moment, view))
    }
    this.diagram.element.addEventListener('dblclick', () => {
      const found = this.atCursor()
      if (found !== null) packetDialog(state, found)
    })
  }

  /** The message at the cursor: the one that its event speaks of. */
  atCursor(): IndexedMessage | null {
    const { event } = this.#state
    if (event === null || this.#index === null) return null
    if (event.kind !== 'sent' && event.kind !== 'received') return null
    return this.#messageOf(event.segment, event) ?? null
  }

  /** Drops the packet at the cursor, or no longer. */
  toggleDrop(): void {
    const found = this.atCursor()
    const sender = found === null ? null : (this.#state.shown?.sender(found.frame) ?? null)
    if (sender === null) return
    const { interventions } = this.#state.config
    const at = interventions.findIndex(
      (one) => one.kind === 'drop' && one.from === sender.from && one.packet === sender.packet,
    )
    if (at >= 0) this.#state.withdraw(at)
    else this.#state.intervene({ kind: 'drop', ...sender })
  }

  /** Puts the cursor of every picture where the cursor is; what nobody sees follows when it is shown. */
  follow(): void {
    const { cursor, event } = this.#state
    const isDiagram = isSeen(this.diagram.element)
    if (isDiagram) this.diagram.pointAt(cursor.us)
    if (isSeen(this.graph.element)) this.graph.pointAt(cursor.us)
    // Choosing draws anew, which not every frame of a film is worth.
    if (event === null || (event === this.#chosen && isDiagram === this.#wasDiagram)) return
    this.#chosen = event
    this.#wasDiagram = isDiagram
    const segment = event.kind === 'sent' || event.kind === 'received' ? event.segment : null
    this.#isFollowing = true
    const found = segment === null ? undefined : this.#messageOf(segment, event)
    if (isDiagram) this.diagram.choose({ at: cursor.us, segment: found?.message.segment ?? null })
    if (!isDiagram) this.graph.choose({ at: cursor.us, segment })
    this.#isFollowing = false
  }

  redraw(): void {
    this.diagram.redraw()
    this.graph.redraw()
    this.wire.draw()
  }

  /** What arrives has a record of its own; the packet's number joins it with what was sent. */
  #messageOf(segment: SegmentRecord, event: TraceEvent): IndexedMessage | undefined {
    const packet = 'packet' in event ? event.packet : 0
    return this.#index?.bySegment.get(segment) ?? this.#index?.byFrame.get(packet)
  }

  #shown(): void {
    const { shown, pair, numbers } = this.#state
    if (shown === null || pair === null) return
    const { events } = shown.timeline
    const { addresses } = shown
    this.#index = indexMessages(events, pair)
    this.#chosen = null
    this.wire.show(this.#index)
    const end = pair.left.connection > 0 ? pair.left : pair.right
    const isWide = this.diagram.element.clientWidth >= WIDE
    this.diagram.show(events, {
      ...{ addresses, numbers, times: 'absolute', zoom: 'fit' },
      connection: { host: end.host, connection: end.connection },
      view: isWide ? 'full' : 'overview',
      remarks: isWide,
    })
    this.graph.show(events, pair, {
      ...{ type: 'time-sequence', addresses },
      segmentOf: (packet): SegmentRecord | null => this.#index?.byFrame.get(packet)?.message.segment ?? null,
    })
  }

  #selected(moment: Moment | null): void {
    if (this.#isFollowing || moment === null) return
    this.onChoose()
    const { shown } = this.#state
    const { segment, at } = moment
    const index =
      segment === null
        ? -1
        : (shown?.timeline.events.findIndex((event) => 'segment' in event && event.segment === segment) ?? -1)
    if (index >= 0) this.#state.goToEvent(index)
    else this.#state.goToTime(at)
  }

  #pointed(moment: Moment | null, from: DiagramView | GraphView): void {
    const at = moment?.at ?? this.#state.cursor.us
    if (from === this.diagram) this.graph.pointAt(at)
    else this.diagram.pointAt(at)
  }
}

/** Whether its tab is chosen. Asked of the tree and not of the layout, which a film would have to wait for. */
export function isSeen(element: HTMLElement): boolean {
  return element.isConnected && element.closest('[hidden]') === null
}
