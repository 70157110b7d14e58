/**
 * The geometry of a sequence diagram as data: where every label stands, from where to where every arrow goes. The
 * picture is drawn from this and from nothing else, so that it can be tested and so that a viewer knows what it shows.
 * All places are in pixels from the top left corner.
 */

import type { Tone } from '../../trace/banner.ts'
import type { LadderPair } from '../../trace/connections.ts'
import type { TimerName } from '../../trace/events.ts'
import type { StateName } from '../../trace/states.ts'
import type { Message } from '../ladder-messages.ts'
import type { SeenAt } from '../seen-at.ts'
import type { Columns } from './columns.ts'

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export type LabelRole =
  | 'title'
  | 'words'
  | 'banner'
  | 'host'
  | 'head'
  | 'legend'
  | 'time'
  | 'heading'
  | 'message'
  | 'mark'
  | 'state'
  | 'call'
  | 'note'
  | 'bad'
  | 'remark'
  | 'gap'
  | 'fold'

/** Words of one style; undefined: that of the label. */
export interface TextRun {
  readonly text: string
  readonly style?: 'strong' | 'reason' | 'bad'
}

export interface TextLine {
  /** Of the baseline. */
  readonly y: number
  readonly runs: readonly TextRun[]
}

export interface Label {
  readonly role: LabelRole
  /** What the words may take; no other label's words stand in it. */
  readonly box: Box
  readonly anchor: 'start' | 'middle' | 'end'
  /** Where the lines start, have their middle, or end. */
  readonly x: number
  readonly lines: readonly TextLine[]
}

/** A segment on its way. */
export interface Arrow {
  readonly message: Message
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
  /** 'head': it arrived; 'cross': it was lost or rejected there; 'unknown': nothing tells. */
  readonly end: 'head' | 'cross' | 'unknown'
  /** What of it was seen, from its start (0) to its end (1); the rest is inferred. */
  readonly seen: Part
}

/** From one part of a way to another; 0 is its start, 1 its end. */
export type Part = readonly [from: number, to: number]

/** Between an application and its socket, level. */
export interface CallArrow {
  readonly x1: number
  readonly x2: number
  readonly y: number
  /** A call that returns, or a signal. */
  readonly dashed: boolean
}

/** From a remark to what it speaks of. */
export interface Leader {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
}

export type MarkKind = 'message' | 'arrival' | 'state' | 'call' | 'note' | 'heading' | 'gap' | 'fold'

/** What belongs together, in the order in which it is to be read. */
export interface Mark {
  readonly kind: MarkKind
  /** Index of the item (of `ladderItems`) that it shows; -1: none. */
  readonly item: number
  readonly at: number
  readonly side: -1 | 0 | 1
  /** Its height on the axis. */
  readonly y: number
  readonly labels: readonly Label[]
  readonly arrow?: Arrow
  readonly call?: CallArrow
  readonly leader?: Leader
  readonly state?: StateName
  readonly fold?: FoldBlock
  /** The id of the open fold that it stands in: folding that hides it again. */
  readonly inside?: string
  /** All there is to say of it, a line each. */
  readonly about: string
}

/** A fold in the picture. */
export interface FoldBlock {
  readonly id: string
  readonly kind: 'run' | 'stretch' | 'outside'
  readonly box: Box
  /** Items that it hides: from this one to the one before `to`. */
  readonly from: number
  readonly to: number
  readonly messages: number
  readonly canUnfold: boolean
  /** Octets sent each way in each of some equal parts of its time, the most being 1. */
  readonly density: readonly [readonly number[], readonly number[]]
}

/** A part of a socket's lifeline. */
export interface LifelineSpan {
  readonly side: 0 | 1
  /** undefined: nothing tells. */
  readonly state: StateName | undefined
  readonly y1: number
  readonly y2: number
}

/** A call that blocks, on the lifeline of its application. */
export interface Activation {
  readonly side: 0 | 1
  readonly call: string
  readonly y1: number
  readonly y2: number
  /** It did not return. */
  readonly open: boolean
}

export interface TimerBar {
  readonly side: 0 | 1
  readonly timer: TimerName
  readonly x: number
  readonly y1: number
  readonly y2: number
  readonly end: 'expired' | 'stopped' | 'open'
  readonly about: string
}

/** The band of a pause. */
export interface Gap {
  readonly y1: number
  readonly y2: number
}

/** The time axis: pieces in which time runs, and instants that are spread because much happened in them. */
export interface TimeAxis {
  readonly x: number
  readonly ticks: readonly { readonly y: number; readonly at: number }[]
  readonly instants: readonly { readonly y1: number; readonly y2: number; readonly at: number }[]
}

/** A sign of the legend; its words are a label of the frame. */
export interface LegendSign {
  readonly kind:
    | 'arrow'
    | 'again'
    | 'lost'
    | 'unseen'
    | 'inferred'
    | 'open'
    | 'opening'
    | 'closing'
    | 'closed'
    | 'instant'
    | 'blocks'
    | 'returns'
    | 'timer'
    | 'gap'
    | 'fold'
  readonly x: number
  /** Its middle. */
  readonly y: number
}

export interface SequenceLayout {
  readonly width: number
  readonly height: number
  /** null: there was nothing to draw, and the labels say so. */
  readonly pair: LadderPair | null
  readonly title: string
  readonly description: string
  readonly columns: Columns
  /** Where a capture of one place was made; null: both ends were recorded. */
  readonly seenAt: SeenAt | null
  /** Where the lifelines begin and end. */
  readonly top: number
  readonly bottom: number
  /** Title, banner, names, legend. */
  readonly frame: readonly Label[]
  readonly legend: readonly LegendSign[]
  readonly bannerBox: (Box & { readonly tone: Tone }) | null
  readonly marks: readonly Mark[]
  readonly lifelines: readonly LifelineSpan[]
  readonly activations: readonly Activation[]
  readonly timers: readonly TimerBar[]
  readonly gaps: readonly Gap[]
  /** Where the names of hosts and columns stand again: below the labels of the frame. */
  readonly heads: readonly { readonly y1: number; readonly y2: number }[]
  readonly axis: TimeAxis
}

/** Every label of a layout. */
export function labelsOf(layout: SequenceLayout): Label[] {
  return [...layout.frame, ...layout.marks.flatMap(({ labels }) => labels)]
}
