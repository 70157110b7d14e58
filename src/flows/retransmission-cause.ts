/**
 * Elko's own judgement of segments that come again or late, apart from Wireshark's: which of timestamps (RFC 7323), IP's
 * identification, SACK (RFC 2018), time and order of numbers tells a retransmission from reordering and duplication, what
 * made the sender send it (RFC 6298, 5681, 8985), and on which side of the capture point the first one was lost. What was
 * not lost at all comes out later: by D-SACK (RFC 2883), or by the timestamp that the receiver echoes (RFC 3522).
 */

import type { TcpFields } from '../dissect/packet.ts'
import { ACK, FIN, SYN } from '../wire/segment.ts'
import type { FlowOptions } from './flow-options.ts'
import { type Sending, type SentSegment, SentSegments } from './sent-segments.ts'

/** Why a segment with old numbers came by. */
export const CAUSES = {
  reordering: 'sent in order, and overtaken on the way',
  duplicate: 'the same packet twice: copied on the way, or captured twice',
  'keep-alive': 'an octet that is acknowledged already, to hear whether the other end is there',
  'zero-window-probe': 'an octet beyond a closed window, to hear whether it has opened',
  'fast-retransmit': 'duplicate acknowledgments or SACK told of the loss',
  timeout: 'the retransmission timer expired',
  'tail-loss-probe': 'the last segment again before the timer, to hear of a loss at the end',
  recovery: 'more that was lost, after the first retransmission had shown it',
} as const

export type CauseKind = keyof typeof CAUSES

export interface Cause {
  readonly kind: CauseKind
  /** Where the first one was lost, from the sender's side: before it came to the capture point, or behind it; null: it was not. */
  readonly lost: 'before' | 'after' | null
  /** What tells. */
  readonly evidence: string
  /** The first sending in the capture, or 0, and nanoseconds since the last one, or since it was missed. */
  readonly originalFrame: number
  readonly waited: number
}

/** What the judgement asks of the ends. */
export interface CauseEnd {
  readonly hasNext: boolean
  readonly next: number
  readonly hasAck: boolean
  readonly ack: number
  readonly windowField: number
  readonly handshake: number
  readonly roundTrips: { readonly byAck: { readonly count: number; readonly least: number } }
}

/** RFC 5681 3.2. */
const DUPLICATES = 3
/** Where no round trip is known: what overtakes takes no longer, nanoseconds. */
const OVERTAKEN_NS = 3_000_000
/** Copies come sooner. What comes later was sent again, and may have kept its identification (RFC 1122 3.2.1.5). */
const LATEST_COPY_NS = 1e9
const OVERTAKEN_BY_ITSELF = 'its timestamp is older than that of the one with its numbers that came first'
/** Acknowledgments whose duplicates are remembered. */
const MAX_BEFORE = 16
const NO_DUPLICATED: Duplicated[] = []
/** The longest tick of a timestamp clock that is met, nanoseconds; RFC 7323 5.4 allows up to a second. */
const TICK_NS = 10_000_000
/** Identifications further apart than this say nothing. */
const NEAR_IDENTIFICATIONS = 1024

/** An acknowledgment that came again and again: which one of all that it was. */
interface Duplicated {
  readonly advance: number
  readonly ack: number
  readonly duplicates: number
}

const NO_COUNTS: Partial<Record<CauseKind, number>> = Object.freeze({})

export class RetransmissionCauses {
  /** How often each, and how many retransmissions turned out to be needless. */
  counts = NO_COUNTS
  spurious = 0
  lostBefore = 0
  lostAfter = 0
  /** Set by `acknowledged`: the frame of a retransmission that this acknowledgment proves needless; 0: none. */
  spuriousFrame = 0
  readonly #sent = new SentSegments()
  /** Acknowledgments that went on; the duplicates of the last one, and of those shortly before, where there were any. */
  #advances = 0
  #duplicates = 0
  #lastAck = 0
  #before = NO_DUPLICATED
  #hasSacked = false
  #sacked = 0
  /** Losses before this number belong to one recovery. */
  #isRecovering = false
  #recover = 0

  /** As of an end that has sent nothing. */
  renew(): void {
    this.counts = NO_COUNTS
    this.spurious = this.lostBefore = this.lostAfter = this.spuriousFrame = 0
    this.#sent.renew()
    this.#advances = this.#duplicates = this.#lastAck = 0
    this.#before = NO_DUPLICATED
    this.#hasSacked = this.#isRecovering = false
  }

  /** Judges a segment with text, SYN or FIN of the end `my`, which has not counted it yet; null: it is new. */
  judge(segment: Sending, tcp: TcpFields, options: FlowOptions, my: CauseEnd, their: CauseEnd): Cause | null {
    const isNew = !my.hasNext || ((segment.seq - my.next) | 0) >= 0
    const stamp = options.hasTimestamps ? options.tsVal : null
    const cause = isNew ? null : this.#judgeOld(segment, tcp, stamp, my, their)
    if (isNew && my.hasNext) this.#sent.miss(my.next, segment, stamp)
    const isAgain = cause !== null && cause.kind !== 'reordering' && cause.kind !== 'duplicate'
    this.#sent.add(segment, stamp, isAgain)
    if (cause === null) return null
    if (this.counts === NO_COUNTS) this.counts = {}
    this.counts[cause.kind] = (this.counts[cause.kind] ?? 0) + 1
    if (cause.lost === 'before') this.lostBefore++
    if (cause.lost === 'after') this.lostAfter++
    return cause
  }

  /** The other end acknowledges, with its options. */
  acknowledged(tcp: TcpFields, options: FlowOptions): void {
    const { ack } = tcp
    this.spuriousFrame = 0
    const isPlain = tcp.textLength === 0 && (tcp.flags & (SYN | FIN)) === 0 && (tcp.flags & ACK) !== 0
    if (((ack - this.#lastAck) | 0) > 0 || this.#lastAck === 0) {
      if (options.hasTimestamps && this.#lastAck !== 0) this.#eifel(ack, options.tsEcr)
      if (this.#duplicates > 0) this.#noteDuplicated()
      this.#advances++
      this.#lastAck = ack
      this.#duplicates = 0
      this.#hasSacked = false
      if (this.#isRecovering && ((ack - this.#recover) | 0) >= 0) this.#isRecovering = false
    } else if (isPlain && ack === this.#lastAck) this.#duplicates++
    this.#takeSack(ack, options)
  }

  #noteDuplicated(): void {
    if (this.#before === NO_DUPLICATED) this.#before = []
    if (this.#before.length === MAX_BEFORE) this.#before.shift()
    this.#before.push({ advance: this.#advances, ack: this.#lastAck, duplicates: this.#duplicates })
  }

  #takeSack(ack: number, { blocks, edges }: FlowOptions): void {
    for (let block = 0; block < blocks; block++) {
      const left = edges[2 * block]!
      const right = edges[2 * block + 1]!
      const isAcknowledged = ((right - ack) | 0) <= 0
      const isInNext =
        block === 0 && blocks > 1 && ((left - edges[2]!) | 0) >= 0 && ((right - edges[3]!) | 0) <= 0
      // The first block may tell what came twice (RFC 2883 4).
      if (block === 0 && (isAcknowledged || isInNext)) this.#foundSpurious(this.#sent.again(left, right))
      else if (!this.#hasSacked || ((right - this.#sacked) | 0) > 0) {
        this.#hasSacked = true
        this.#sacked = right
      }
    }
  }

  /** RFC 3522: what is acknowledged first after a retransmission echoes a timestamp from before it: the first one arrived. */
  #eifel(ack: number, echo: number): void {
    const { frame, stamp } = this.#sent.firstAgain(this.#lastAck, ack)
    if (frame > 0 && stamp !== null && ((echo - stamp) | 0) < 0) this.#foundSpurious(frame)
  }

  #foundSpurious(frame: number): void {
    if (frame === 0) return
    this.#sent.forgive(frame)
    this.spurious++
    this.spuriousFrame = frame
  }

  #judgeOld(
    segment: Sending,
    tcp: TcpFields,
    stamp: number | null,
    my: CauseEnd,
    their: CauseEnd,
  ): Cause | null {
    const hole = this.#sent.hole(segment.seq, segment.end)
    const original = this.#sent.find(segment.seq)
    const waited = segment.at - (hole?.at ?? original?.at ?? segment.at)
    const common = { originalFrame: hole === null ? (original?.frame ?? 0) : 0, waited }
    const isAcknowledged = their.hasAck && ((their.ack - segment.end) | 0) >= 0
    if (isAcknowledged && tcp.textLength === 1 && segment.end === my.next) {
      return { ...common, kind: 'keep-alive', lost: null, evidence: 'its octet had been acknowledged' }
    }
    if (their.hasAck && their.windowField === 0 && tcp.textLength === 1) {
      return { ...common, kind: 'zero-window-probe', lost: null, evidence: 'the window was closed' }
    }
    const least = leastRoundTrip(my, their)
    if (hole !== null) {
      const late = overtaken(segment, stamp, hole, waited, least)
      if (late !== null) return { ...common, kind: 'reordering', lost: null, evidence: late }
    } else if (original !== null) {
      if (stamp !== null && original.stamp !== null && ((stamp - original.stamp) | 0) < 0) {
        return { ...common, kind: 'reordering', lost: null, evidence: OVERTAKEN_BY_ITSELF }
      }
      const copy = copied(segment, stamp, original, waited, least, this.#duplicatesOf(segment.seq))
      if (copy !== null) return { ...common, kind: 'duplicate', lost: null, evidence: copy }
    }
    const { kind, evidence } = this.#trigger(segment, my, their, original?.isAgain === true)
    const lost = hole === null ? (isAcknowledged ? null : 'after') : 'before'
    const why = isAcknowledged ? `${evidence}; its acknowledgment had passed here already` : evidence
    return { ...common, kind, lost, evidence: why }
  }

  /** Duplicate acknowledgments that asked for a number. */
  #duplicatesOf(seq: number): number {
    if (seq === this.#lastAck) return this.#duplicates
    const known = this.#before.find(
      ({ ack, advance }) => ack === seq && this.#advances - advance <= MAX_BEFORE,
    )
    return known?.duplicates ?? 0
  }

  #trigger(
    { seq, end }: Sending,
    my: CauseEnd,
    their: CauseEnd,
    isAgain: boolean,
  ): { kind: CauseKind; evidence: string } {
    if (this.#isRecovering && ((seq - this.#recover) | 0) < 0 && !isAgain) {
      return { kind: 'recovery', evidence: 'another one of the same flight had been sent again before' }
    }
    const start = (): void => {
      this.#isRecovering = true
      this.#recover = my.next
    }
    if (!isAgain && this.#hasSacked && ((this.#sacked - end) | 0) >= 0) {
      start()
      return { kind: 'fast-retransmit', evidence: 'SACK blocks above it' }
    }
    const duplicates = this.#duplicatesOf(seq)
    if (!isAgain && duplicates >= DUPLICATES) {
      start()
      return { kind: 'fast-retransmit', evidence: `${duplicates} duplicate acknowledgments` }
    }
    const isFirst = !their.hasAck || ((seq - their.ack) | 0) <= 0
    if (!isFirst && end === my.next)
      return { kind: 'tail-loss-probe', evidence: 'the last of several, first' }
    start()
    return { kind: 'timeout', evidence: 'the first one outstanding, and nothing told of a loss' }
  }
}

/** From end to end and back, at least: both ways from the capture point. No sender hears of a loss sooner. 0: not known. */
function leastRoundTrip(my: CauseEnd, their: CauseEnd): number {
  return Math.max(0, legOf(my)) + Math.max(0, legOf(their))
}

function legOf({ roundTrips, handshake }: CauseEnd): number {
  if (roundTrips.byAck.count === 0) return handshake
  return handshake < 0 ? roundTrips.byAck.least : Math.min(handshake, roundTrips.byAck.least)
}

/** What tells that a segment that fills a hole was sent before those beyond it. */
function overtaken(
  { identification }: Sending,
  stamp: number | null,
  hole: { readonly stamp: number | null; readonly identification: number },
  waited: number,
  least: number,
): string | null {
  if (stamp !== null && hole.stamp !== null && stamp !== hole.stamp) {
    return ((stamp - hole.stamp) | 0) < 0 ? 'its timestamp is older than that of the one before' : null
  }
  if (stamp !== null && stamp === hole.stamp && least > TICK_NS)
    return 'it has the timestamp of the one before'
  if (identification !== 0 && hole.identification !== 0) {
    const step = ((identification - hole.identification) << 16) >> 16
    if (step < 0 && step > -NEAR_IDENTIFICATIONS)
      return 'its IP identification is lower than that of the one before'
    if (step > 0 && step < NEAR_IDENTIFICATIONS) return null
  }
  return waited < (least > 0 ? least : OVERTAKEN_NS) ? 'it came sooner than a loss can be heard of' : null
}

/** What tells that a packet is one that was seen before. */
function copied(
  { identification, ack, form }: Sending,
  stamp: number | null,
  original: SentSegment,
  waited: number,
  least: number,
  duplicates: number,
): string | null {
  if (stamp !== original.stamp || ack !== original.ack || form !== original.form) return null
  if (waited >= LATEST_COPY_NS) return null
  if (identification !== 0 || original.identification !== 0) {
    return identification === original.identification ? 'the same IP identification' : null
  }
  const isSoon = waited < (least > 0 ? least : OVERTAKEN_NS)
  return isSoon && duplicates === 0 ? 'sooner than a loss can be heard of' : null
}
