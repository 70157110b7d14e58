/** Follows one direction of a connection: what its sender sends, and what comes back to it. */

import { ACK, ECE, FIN, RST, SYN } from '../wire/segment.ts'
import { seqDiff } from '../wire/seq.ts'
import { OctetsSeen } from './octets-seen.ts'
import { RoundTripRecorder } from './round-trip-recorder.ts'
import type {
  GraphAcknowledgment,
  GraphDirection,
  GraphSegment,
  Incarnation,
  SeenSegment,
  SegmentKind,
} from './series.ts'

/**
 * An acknowledgment so far from all that was seen belongs to another connection, or to nobody: a host that still has an old
 * one answers a SYN with its number (RFC 5961 4.2). Where the capture has a gap, the next ones go on from there.
 */
const FAR = 2 ** 24

type Recorded = Pick<
  GraphDirection,
  'incarnations' | 'segments' | 'acknowledgments' | 'roundTrips' | 'flight' | 'resets'
>

export class DirectionRecorder {
  readonly #losses: ReadonlyMap<number, string>
  readonly #segments: GraphSegment[] = []
  readonly #acknowledgments: GraphAcknowledgment[] = []
  readonly #flight: { at: number; octets: number }[] = []
  readonly #resets: { at: number; number: number; way: 'out' | 'in' }[] = []
  readonly #incarnations: Incarnation[] = []
  #roundTrips = new RoundTripRecorder()
  #seen = new OctetsSeen()
  #base: number | undefined
  /** The highest number seen, in a segment or acknowledged. */
  #top = 0
  /** Behind the last number that was sent. */
  #sentEnd = 0
  #acknowledged: number | undefined
  #window: number | undefined
  #duplicates = 0
  /** An acknowledgment that was too far away, if it was the last one. */
  #doubtful = Number.NaN

  /** @param losses how the network lost a packet, by its number. */
  constructor(losses: ReadonlyMap<number, string>) {
    this.#losses = losses
  }

  series(): Recorded {
    return {
      incarnations: this.#incarnations,
      segments: this.#segments,
      acknowledgments: this.#acknowledgments,
      roundTrips: this.#roundTrips.samples,
      flight: this.#flight,
      resets: this.#resets,
    }
  }

  sent({ at, segment, packet, reason, note }: SeenSegment): void {
    const { seq, flags, length } = segment
    const isSyn = (flags & SYN) !== 0
    if (isSyn && seq !== this.#base) this.#begin(seq)
    else if (this.#base === undefined) this.#begin((seq - 1) | 0)
    const first = this.#relative(seq)
    const controls = isSyn || (flags & FIN) !== 0 ? 1 : 0
    const end = first + length + controls
    const kind = this.#kindOf(segment, first, reason)
    const lost = this.#losses.get(packet)
    let again = 0
    let isLate = false
    if (kind === 'rst') this.#resets.push({ at, number: first, way: 'out' })
    // Its number is the next one to be sent (RFC 9293 3.10.7.4): what lies below it was sent, though the capture missed it.
    else if (kind === 'empty') this.#sentUpTo(at, first)
    else {
      // A probe may carry an octet that is sent again when the window opens: that is no retransmission.
      if (kind !== 'probe') {
        isLate = this.#seen.reachesBeyond(first, end)
        const fresh = this.#seen.add(first, end)
        again = fresh.reduce((sum, range) => sum - (range.end - range.first), end - first)
        this.#roundTrips.sent(at, first, end, fresh, segment.timestamps?.val)
        this.#acknowledged ??= first
      }
      this.#sentUpTo(at, end)
    }
    isLate &&= again === 0
    // Not spread into a literal: there are many, and they are looked at often.
    this.#segments.push({ at, first, end, length, flags, kind, again, isLate, packet, reason, note, lost })
  }

  answered({ at, segment, packet }: SeenSegment): void {
    const { flags } = segment
    if ((flags & ACK) === 0) {
      if ((flags & RST) !== 0) this.#resets.push({ at, number: this.#acknowledged ?? 0, way: 'in' })
      return
    }
    if (this.#base === undefined) this.#begin((segment.ack - 1) | 0)
    const ack = this.#relative(segment.ack)
    if (!this.#isNear(ack)) return
    if ((flags & RST) !== 0) {
      this.#resets.push({ at, number: ack, way: 'in' })
      // A SYN that is refused is answered, too.
      if (ack > (this.#acknowledged ?? ack)) this.#roundTrips.acknowledged(at, ack, segment.timestamps?.ecr)
      return
    }
    const before = this.#acknowledged ?? ack
    const fresh = Math.max(0, ack - before)
    this.#countDuplicates(segment, ack, before)
    this.#acknowledgments.push({
      at,
      ack,
      window: segment.scaledWindow,
      fresh,
      duplicate: this.#duplicates,
      blocks: (segment.sack ?? []).map(({ left, right }) => ({
        first: this.#relative(left),
        end: this.#relative(right),
      })),
      isEcho: (flags & (ECE | SYN)) === ECE,
      packet,
    })
    if (fresh > 0) this.#roundTrips.acknowledged(at, ack, segment.timestamps?.ecr)
    this.#acknowledged = Math.max(before, ack)
    this.#window = segment.scaledWindow
    this.#top = Math.max(this.#top, ack)
    if (fresh > 0) this.#flightIs(at)
  }

  /**
   * RFC 5681 2: nothing but the same number again, with the same window, while data are outstanding. With a closed window
   * it answers a probe, and tells of no loss.
   */
  #countDuplicates(segment: SeenSegment['segment'], ack: number, before: number): void {
    if (ack < before) return
    const isDuplicate =
      ack === before &&
      this.#acknowledgments.length > 0 &&
      segment.length === 0 &&
      (segment.flags & (SYN | FIN)) === 0 &&
      segment.scaledWindow === this.#window &&
      this.#window > 0 &&
      this.#sentEnd > before
    this.#duplicates = isDuplicate ? this.#duplicates + 1 : 0
  }

  #isNear(ack: number): boolean {
    const beyond = ack - this.#doubtful
    this.#doubtful = Number.NaN
    if (ack >= 0 && (Math.abs(ack - this.#top) <= FAR || (beyond > 0 && beyond <= FAR))) return true
    this.#doubtful = ack
    return false
  }

  /** A SYN with another number begins another connection between the same ports: everything is counted anew. */
  #begin(base: number): void {
    this.#base = base
    this.#incarnations.push({
      base,
      segments: this.#segments.length,
      acknowledgments: this.#acknowledgments.length,
      resets: this.#resets.length,
    })
    this.#top = 0
    this.#sentEnd = 0
    this.#acknowledged = undefined
    this.#window = undefined
    this.#duplicates = 0
    this.#seen = new OctetsSeen()
    this.#roundTrips = new RoundTripRecorder(this.#roundTrips.samples)
  }

  #relative(number: number): number {
    return this.#top + seqDiff(number, (this.#base! + this.#top) | 0)
  }

  #kindOf(
    { flags, length }: SeenSegment['segment'],
    first: number,
    reason: SeenSegment['reason'],
  ): SegmentKind {
    if ((flags & RST) !== 0) return 'rst'
    if ((flags & SYN) !== 0) return 'syn'
    const hasFin = (flags & FIN) !== 0
    const isBare = length <= 1 && !hasFin
    const asksAnew = first === this.#sentEnd - 1 && this.#acknowledged === this.#sentEnd
    if (isBare && (reason === 'keep-alive' || (asksAnew && this.#segments.length > 0))) return 'keep-alive'
    if (length === 0 && !hasFin) return 'empty'
    if (this.#window === 0) return 'probe'
    return hasFin ? 'fin' : 'data'
  }

  #sentUpTo(at: number, end: number): void {
    if (end <= this.#sentEnd) return
    this.#sentEnd = end
    this.#top = Math.max(this.#top, end)
    this.#flightIs(at)
  }

  #flightIs(at: number): void {
    const octets = Math.max(0, this.#sentEnd - (this.#acknowledged ?? this.#sentEnd))
    if (this.#flight.at(-1)?.octets !== octets) this.#flight.push({ at, octets })
  }
}
