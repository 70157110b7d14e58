/** What there is to say of the capture itself, before anybody believes what it shows. */

import type { CaptureRecord } from '../../capture/record.ts'
import type { Packet, TcpFields } from '../../dissect/packet.ts'
import {
  type CutHeaders,
  cutHeadersText,
  isHeaderCut,
  NO_CUT_HEADERS,
  OPTIONS_CUT,
  UNREAD,
  withCutHeader,
} from '../../flows/cut-headers.ts'

export interface CaptureNote {
  readonly kind:
    | 'ports-used-up'
    | 'capture-drops'
    | 'one-sided'
    | 'clock-step'
    | 'truncated'
    | 'cut-headers'
    | 'cut-options'
    | 'duplicate-capture'
    | 'offload'
  readonly text: string
  /** The first ones; none where the matter belongs to no frame. */
  readonly frames: readonly number[]
}

/** A clock that goes back by more than packets overtake each other on their way into a file, seconds. */
const STEP_BACK = 0.05
/** The first ones stand for all. */
export const MAX_FRAMES = 5

/** How many there are, and the first of them. */
export interface FirstFrames {
  readonly count: number
  readonly first: readonly number[]
}

/** What the notes are written of. */
export interface Noted {
  /** Packets that the capture lost, as far as the file says. */
  readonly dropped: number
  readonly afterDrops: FirstFrames
  readonly steps: FirstFrames
  readonly cut: FirstFrames
  /** TCP headers of which too little was captured to tell a connection by, and those without all options. */
  readonly unread: CutHeaders
  readonly optionsCut: CutHeaders
  readonly copies: FirstFrames
  readonly oversized: FirstFrames
  /** SYNs of clients that had hardly a port left. */
  readonly portless: FirstFrames
  /** The first frames of connections of which one direction is missing. */
  readonly oneSided: FirstFrames
}

/** Gathers what each packet says of the capture. */
export class NoteTaker {
  #last = 0
  readonly #steps = new Frames()
  readonly #cut = new Frames()
  #unread = NO_CUT_HEADERS
  #optionsCut = NO_CUT_HEADERS
  readonly #copies = new Frames()
  readonly #oversized = new Frames()
  readonly #afterDrops = new Frames()
  #dropped = 0
  #droppedInAll = 0

  /** Packets that the capture lost, as far as the file says. */
  get dropped(): number {
    return Math.max(this.#dropped, this.#droppedInAll)
  }

  /** What the file says of its losses as a whole. */
  set droppedInAll(packets: number) {
    this.#droppedInAll = packets
  }

  take({ number, length, originalLength, dropsBefore }: CaptureRecord, at: number): void {
    if (at < this.#last - STEP_BACK) this.#steps.add(number)
    this.#last = at
    if (length < originalLength) this.#cut.add(number)
    if (dropsBefore > 0) {
      this.#dropped += dropsBefore
      this.#afterDrops.add(number)
    }
  }

  unreadHeader(packet: Packet): void {
    this.#unread = withCutHeader(this.#unread, packet)
  }

  header(packet: Packet, tcp: TcpFields): void {
    if (isHeaderCut(packet, tcp)) this.#optionsCut = withCutHeader(this.#optionsCut, packet)
  }

  copy(frame: number): void {
    this.#copies.add(frame)
  }

  oversized(frame: number): void {
    this.#oversized.add(frame)
  }

  /** What it took; `oneSided` and `portless` are known to who has seen all connections. */
  noted(): Omit<Noted, 'oneSided' | 'portless'> {
    return {
      dropped: this.dropped,
      afterDrops: this.#afterDrops.found,
      steps: this.#steps.found,
      cut: this.#cut.found,
      unread: this.#unread,
      optionsCut: this.#optionsCut,
      copies: this.#copies.found,
      oversized: this.#oversized.found,
    }
  }
}

export function notesOf(noted: Noted): CaptureNote[] {
  const notes: CaptureNote[] = []
  const { dropped } = noted
  if (dropped > 0) {
    notes.push({
      kind: 'capture-drops',
      text: `${dropped} ${dropped === 1 ? 'packet was' : 'packets were'} lost by the capture itself, which was too slow: what is missing in it may have been on the wire, and what rests on silence is no more than possible`,
      frames: noted.afterDrops.first,
    })
  }
  const say = (kind: CaptureNote['kind'], frames: FirstFrames, noun: string, text: string): void => {
    if (frames.count > 0)
      notes.push({
        kind,
        text: `${frames.count} ${noun}${frames.count === 1 ? '' : 's'} ${text}`,
        frames: frames.first,
      })
  }
  say(
    'ports-used-up',
    noted.portless,
    'time',
    'a client opened so many connections to one port within 60 s that it has hardly a port of its own left: who closes first keeps each in TIME-WAIT for that time, and connect fails with EADDRNOTAVAIL, of which a capture shows nothing; keep connections open and use them again',
  )
  say(
    'one-sided',
    noted.oneSided,
    'connection',
    'of one direction only: the other went another way, or past the filter; nothing is said of answers that may have been there',
  )
  say('clock-step', noted.steps, 'time', 'the clock went back: times across these frames mean nothing')
  say('truncated', noted.cut, 'packet', 'not captured whole')
  const cutHeaders = (kind: CaptureNote['kind'], cut: CutHeaders, lacks: string, so: string): void => {
    if (cut.count > 0) notes.push({ kind, text: cutHeadersText(cut, lacks, so), frames: cut.first })
  }
  cutHeaders('cut-headers', noted.unread, UNREAD, 'they are in no connection')
  cutHeaders(
    'cut-options',
    noted.optionsCut,
    OPTIONS_CUT,
    'what was cut off (MSS, window scale, SACK, timestamps) is unknown, and windows may be larger than they seem',
  )
  say(
    'duplicate-capture',
    noted.copies,
    'packet',
    'twice in the capture: an interface and its bridge, or both directions of a mirror port; the copies are left out',
  )
  say(
    'offload',
    noted.oversized,
    'connection',
    'with segments larger than the MSS: the network card cuts or joins them (TSO, GRO); the wire had smaller ones',
  )
  return notes
}

/** Counts frames that come in their order. */
export class Frames {
  #count = 0
  readonly #first: number[] = []

  add(frame: number): void {
    if (this.#count++ < MAX_FRAMES) this.#first.push(frame)
  }

  get found(): FirstFrames {
    return { count: this.#count, first: this.#first }
  }
}

/** Those of several shards together. */
export function joinedFrames(parts: readonly FirstFrames[]): FirstFrames {
  const first = parts.flatMap((part) => part.first).sort((one, other) => one - other)
  return { count: parts.reduce((sum, { count }) => sum + count, 0), first: first.slice(0, MAX_FRAMES) }
}
