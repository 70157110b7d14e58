/**
 * Frames and octets of each conversation, as `tshark -z conv,tcp` counts them: whole frames, by the direction of the first
 * one. Quotations in ICMP errors are no packets of a conversation.
 */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { type Address, addressOf } from '../wire/address.ts'
import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import type { TcpAnalysis } from './tcp-analysis.ts'

/** Frames of one direction, and their octets as they were on the wire, from the link layer's header on. */
export interface ConversationSide {
  readonly address: Address
  readonly port: number
  frames: number
  octets: number
}

export interface ConversationTotals {
  /** tcp.stream. */
  readonly stream: number
  /** Who sent the first frame, and who answers; `frames` and `octets` are what each sent. */
  readonly a: ConversationSide
  readonly b: ConversationSide
  /** Seconds from the first packet of the capture to the first of the conversation, which need not come first. */
  readonly start: number
  /** Seconds from its earliest packet to its latest. */
  readonly duration: number
}

/** What is kept of one conversation: these words, and the doubles below. */
const ADDRESSES = 0
const PORTS = 8
const STREAM = 9
const BITS = 10
const FRAMES_A = 11
const FRAMES_B = 12
const ROW_WORDS = 13

/** Octets of each side; seconds from the first packet of the capture, rounded as tshark rounds them. */
const OCTETS_A = 0
const OCTETS_B = 1
const START = 2
const STOP = 3
const ROW_DOUBLES = 4

const IS_IPV6 = 1
/** The first frame that counts came from the analysis' side B: a quotation had opened the conversation. */
const IS_SWAPPED = 2

const FIRST_ROWS = 1024

export class ConversationTable {
  /** Conversations so far. */
  count = 0
  #words = new Int32Array(FIRST_ROWS * ROW_WORDS)
  #doubles = new Float64Array(FIRST_ROWS * ROW_DOUBLES)
  /** Row plus 1 of each stream; 0: none. */
  #rows = new Int32Array(FIRST_ROWS)
  #epoch = Number.NaN
  #epochNanoseconds = 0

  /** Told of every record of the capture, TCP or not: times count from the first one. */
  begin(seconds: number, nanoseconds: number): void {
    if (!Number.isNaN(this.#epoch)) return
    this.#epoch = seconds
    this.#epochNanoseconds = nanoseconds
  }

  /** Takes the next packet, with what the analysis of sequence numbers says of it. */
  packet(packet: Packet, tcp: TcpFields, { stream, isFromA }: TcpAnalysis): void {
    if (packet.isQuoted || isHeaderBad(packet, tcp)) return
    const at = this.#secondsOf(packet)
    const row = this.#rowOf(stream, isFromA, packet, tcp, at)
    const word = row * ROW_WORDS
    const double = row * ROW_DOUBLES
    const isFirstSide = isFromA === ((this.#words[word + BITS]! & IS_SWAPPED) === 0)
    this.#words[word + (isFirstSide ? FRAMES_A : FRAMES_B)]!++
    this.#doubles[double + (isFirstSide ? OCTETS_A : OCTETS_B)]! += packet.frameLength
    if (at > this.#doubles[double + STOP]!) this.#doubles[double + STOP] = at
    else if (at < this.#doubles[double + START]!) this.#doubles[double + START] = at
  }

  /** All of them, in the order of their first packets. */
  *totals(): Generator<ConversationTotals> {
    for (let row = 0; row < this.count; row++) yield this.#totalsOf(row)
  }

  /** All of them, those with the most frames first; of as many, in the order of their first packets. */
  *byFrames(): Generator<ConversationTotals> {
    const rows = Int32Array.from({ length: this.count }, (_, row) => row)
    const frames = (row: number): number =>
      this.#words[row * ROW_WORDS + FRAMES_A]! + this.#words[row * ROW_WORDS + FRAMES_B]!
    for (const row of rows.sort((a, b) => frames(b) - frames(a) || a - b)) yield this.#totalsOf(row)
  }

  #totalsOf(row: number): ConversationTotals {
    const words = this.#words.subarray(row * ROW_WORDS, (row + 1) * ROW_WORDS)
    const doubles = this.#doubles.subarray(row * ROW_DOUBLES, (row + 1) * ROW_DOUBLES)
    const version = (words[BITS]! & IS_IPV6) === 0 ? 4 : 6
    const address = (at: number): Address =>
      addressOf(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, version)
    const ports = words[PORTS]!
    return {
      stream: words[STREAM]!,
      a: {
        address: address(ADDRESSES),
        port: ports >>> 16,
        frames: words[FRAMES_A]!,
        octets: doubles[OCTETS_A]!,
      },
      b: {
        address: address(ADDRESSES + 4),
        port: ports & 0xffff,
        frames: words[FRAMES_B]!,
        octets: doubles[OCTETS_B]!,
      },
      start: doubles[START]!,
      duration: doubles[STOP]! - doubles[START]!,
    }
  }

  #secondsOf({ seconds, nanoseconds }: Packet): number {
    let whole = seconds - this.#epoch
    let rest = nanoseconds - this.#epochNanoseconds
    if (rest < 0) {
      whole--
      rest += 1e9
    }
    return whole + rest / 1e9
  }

  #rowOf(stream: number, isFromA: boolean, packet: Packet, tcp: TcpFields, at: number): number {
    const known = stream < this.#rows.length ? this.#rows[stream]! : 0
    if (known > 0) return known - 1
    const row = this.count++
    this.#grow(stream)
    this.#rows[stream] = row + 1
    const words = this.#words
    const word = row * ROW_WORDS
    words[word] = packet.src0
    words[word + 1] = packet.src1
    words[word + 2] = packet.src2
    words[word + 3] = packet.src3
    words[word + 4] = packet.dst0
    words[word + 5] = packet.dst1
    words[word + 6] = packet.dst2
    words[word + 7] = packet.dst3
    words[word + PORTS] = (tcp.sourcePort << 16) | tcp.destinationPort
    words[word + STREAM] = stream
    words[word + BITS] = (packet.version === 6 ? IS_IPV6 : 0) | (isFromA ? 0 : IS_SWAPPED)
    this.#doubles[row * ROW_DOUBLES + START] = at
    this.#doubles[row * ROW_DOUBLES + STOP] = at
    return row
  }

  #grow(stream: number): void {
    if (stream >= this.#rows.length) this.#rows = larger(this.#rows, new Int32Array(2 * (stream + 1)))
    if (this.count * ROW_WORDS <= this.#words.length) return
    this.#words = larger(this.#words, new Int32Array(2 * this.#words.length))
    this.#doubles = larger(this.#doubles, new Float64Array(2 * this.#doubles.length))
  }
}

/** tshark's taps do not see what it fails to take apart: headers that cannot be, and those that are cut. */
function isHeaderBad(packet: Packet, { at, headerLength, textLength }: TcpFields): boolean {
  return headerLength < TCP_HEADER_LENGTH || textLength < 0 || at + headerLength > packet.end
}

function larger<T extends Int32Array | Float64Array>(old: T, more: T): T {
  more.set(old)
  return more
}
