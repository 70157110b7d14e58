/**
 * One direction of a hostile path: takes packets and says when, how often and in what state each arrives.
 *
 * In the order of a real path: too large for the MTU; no room in the queue; its time on the line; lost or damaged on
 * the way; the delay. Every kind of chance draws from a stream of its own, once for each packet that gets that far:
 * one seed gives one run, and a longer delay does not change which packets are lost.
 *
 * Damage is never silent: one to three bits are flipped within one aligned 16-bit word that a checksum covers. A
 * word's share of the Internet checksum is its value modulo 65535, so that only 0x0000 and 0xffff stand for each
 * other, sixteen flips apart (RFC 1071 1). A link that leaves checksums to its other side must not be damaged.
 */

import { readUint16 } from '../bytes/big-endian.ts'
import { PROTOCOL_ICMPV6, PROTOCOL_TCP } from '../wire/ip-header.ts'
import { checkImpairments, type ImpairmentOptions, type PacketFate } from './impairment-options.ts'
import { PacketPool } from './packet-pool.ts'
import type { Random } from './random.ts'
import { tooBigAnswer } from './too-big.ts'

export {
  checkImpairments,
  IMPAIRMENT_SPELLINGS,
  ImpairmentError,
  type ImpairmentName,
  type ImpairmentOptions,
  type PacketFate,
  parseImpairments,
} from './impairment-options.ts'

const DEFAULT_QUEUE_BYTES = 1_500_000
const DEFAULT_REORDER_BY_US = 10_000
const DEFAULT_FLIGHT_BYTES = 64 * 1024 * 1024
/** A packet counts at least this much against the bound of octets on their way, for its bookkeeping. */
const LEAST_COUNTED = 256

export type LossReason = 'lost' | 'queue-full' | 'too-big'

/** A planned arrival. The octets belong to the path until `release`. */
export interface Delivery {
  /** Microseconds. */
  readonly at: number
  readonly bytes: Uint8Array
  /** Octets of packet at the start of `bytes`, which may be longer. */
  readonly length: number
  /** The number on this path of the packet that arrives. */
  readonly packet: number
  /** Whether this is the second arrival of a duplicated packet. */
  readonly isCopy: boolean
  readonly reordered: boolean
  /** It was held back by its fate. */
  readonly delayed: boolean
  readonly corrupted: boolean
}

export interface Offer {
  /** The packet's number on this path, from 1. */
  readonly packet: number
  /** None, one, or two where it was duplicated. */
  readonly deliveries: readonly Delivery[]
  readonly loss: LossReason | null
  /** The ICMP message that the path sends back to the sender of a packet too big, else null. */
  readonly answer: Uint8Array | null
}

export interface PathCounters {
  offered: number
  delivered: number
  lost: number
  queueFull: number
  tooBig: number
  reordered: number
  duplicated: number
  corrupted: number
}

export class Impairments {
  #options: ImpairmentOptions
  readonly counters: PathCounters = {
    offered: 0,
    delivered: 0,
    lost: 0,
    queueFull: 0,
    tooBig: 0,
    reordered: 0,
    duplicated: 0,
    corrupted: 0,
  }
  readonly #pool: PacketPool
  readonly #lossRandom: Random
  readonly #burstRandom: Random
  readonly #corruptRandom: Random
  readonly #jitterRandom: Random
  readonly #reorderRandom: Random
  readonly #duplicateRandom: Random
  #loseSet: ReadonlySet<number>
  /** When the line has sent all that was given to it; a fraction of a microsecond is kept. */
  #lineFreeAt = Number.NEGATIVE_INFINITY
  /** The latest arrival of a packet in order. */
  #lastArrival = Number.NEGATIVE_INFINITY
  #inBurst = false
  #heldBytes = 0

  /**
   * @param random the path's own stream.
   * @param pool where the octets on their way come from; paths of one run may share it.
   * @throws ImpairmentError where an option is out of its range.
   */
  constructor(options: ImpairmentOptions, random: Random, pool: PacketPool = new PacketPool()) {
    checkImpairments(options)
    this.#options = options
    this.#pool = pool
    this.#lossRandom = random.fork('loss')
    this.#burstRandom = random.fork('burst')
    this.#corruptRandom = random.fork('corrupt')
    this.#jitterRandom = random.fork('jitter')
    this.#reorderRandom = random.fork('reorder')
    this.#duplicateRandom = random.fork('duplicate')
    this.#loseSet = new Set(options.loseList ?? [])
  }

  get options(): ImpairmentOptions {
    return this.#options
  }

  /**
   * From now on the path does something else to packets: its line, its numbers and its chance go on as they were.
   * @throws ImpairmentError where an option is out of its range.
   */
  change(options: ImpairmentOptions): void {
    checkImpairments(options)
    this.#options = options
    this.#loseSet = new Set(options.loseList ?? [])
  }

  /** Octets on their way, each packet counting at least 256. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /**
   * Takes one packet, copies it, and plans its arrival.
   * @param now microseconds, not before the offer before this one.
   */
  offer(now: number, bytes: Uint8Array, offset: number, length: number): Offer {
    const packet = ++this.counters.offered
    const options = this.options
    if (length > (options.mtu ?? Number.POSITIVE_INFINITY)) {
      this.counters.tooBig++
      const answer = options.mtuBlackHole ? null : tooBigAnswer(bytes, offset, length, options.mtu!)
      return { packet, deliveries: [], loss: 'too-big', answer }
    }
    const sentAt = this.#lineSends(now, length)
    if (sentAt === null) {
      this.counters.queueFull++
      return { packet, deliveries: [], loss: 'queue-full', answer: null }
    }
    const fate = options.fate?.(packet, bytes, offset, length) ?? null
    if (this.#loses(packet, fate)) {
      this.counters.lost++
      return { packet, deliveries: [], loss: 'lost', answer: null }
    }
    return {
      packet,
      deliveries: this.#deliver(sentAt, packet, fate, bytes, offset, length),
      loss: null,
      answer: null,
    }
  }

  /** Gives the octets of a delivery back, once, when it has arrived. */
  release(delivery: Delivery): void {
    const own = delivery as { bytes: Uint8Array }
    if (own.bytes.length === 0) return
    this.#heldBytes -= counted(delivery.length)
    this.#pool.give(own.bytes)
    own.bytes = NOTHING
  }

  /** When the packet has left the queue and the line, or null where the queue has no room for it. */
  #lineSends(now: number, length: number): number | null {
    if (this.#heldBytes + counted(length) > (this.options.flightBytes ?? DEFAULT_FLIGHT_BYTES)) return null
    const rate = this.options.rateBitsPerSecond
    if (rate === undefined) return now
    const waitUs = this.#lineFreeAt - now
    if (waitUs > 0) {
      const queuedBytes = (waitUs * rate) / 8e6
      if (queuedBytes + length > (this.options.queueBytes ?? DEFAULT_QUEUE_BYTES)) return null
    }
    this.#lineFreeAt = Math.max(now, this.#lineFreeAt) + (length * 8e6) / rate
    return Math.ceil(this.#lineFreeAt)
  }

  #loses(packet: number, fate: PacketFate | null): boolean {
    const { loss = 0, burst } = this.options
    // Both draw for every packet, so that a list or a fate does not shift the chance of those behind it.
    const byChance = this.#lossRandom.chance(loss)
    let byBurst = false
    if (burst !== undefined) {
      if (this.#burstRandom.chance(this.#inBurst ? burst.leave : burst.enter)) this.#inBurst = !this.#inBurst
      byBurst = this.#burstRandom.chance(this.#inBurst ? (burst.loss ?? 1) : 0)
    }
    if (fate !== null) return fate === 'lose'
    return byChance || byBurst || this.#loseSet.has(packet)
  }

  #deliver(
    sentAt: number,
    packet: number,
    fate: PacketFate | null,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): Delivery[] {
    const { corrupt = 0, reorder = 0, duplicate = 0 } = this.options
    const drawn = {
      corrupt: this.#corruptRandom.chance(corrupt),
      reorder: this.#reorderRandom.chance(reorder),
      duplicate: this.#duplicateRandom.chance(duplicate),
    }
    const happens = (what: 'corrupt' | 'reorder' | 'duplicate'): boolean =>
      fate === null ? drawn[what] : fate === what
    const reordered = happens('reorder')
    const heldUs = typeof fate === 'object' && fate !== null ? fate.delayUs : null
    const at = this.#arrival(sentAt, reordered ? this.#reorderByUs : heldUs)
    const first = this.#copy(at, packet, bytes, offset, length, {
      isCopy: false,
      reordered,
      delayed: heldUs !== null,
      corrupted: happens('corrupt'),
    })
    if (reordered) this.counters.reordered++
    if (!happens('duplicate')) return [first]
    this.counters.duplicated++
    const marks = { isCopy: true, reordered: false, delayed: false, corrupted: false }
    return [first, this.#copy(at, packet, bytes, offset, length, marks)]
  }

  get #reorderByUs(): number {
    return this.options.reorderByUs ?? DEFAULT_REORDER_BY_US
  }

  /** @param heldUs by how much it is held back; null: it is not. */
  #arrival(sentAt: number, heldUs: number | null): number {
    const { delayUs = 0, jitterUs = 0, jitterReorders = false } = this.options
    const jitter = jitterUs === 0 ? 0 : this.#jitterRandom.range(-jitterUs, jitterUs)
    const at = sentAt + Math.max(0, delayUs + jitter)
    // A packet held back must not hold back those behind it, or nothing would overtake it.
    if (heldUs !== null) return at + heldUs
    if (jitterReorders) return at
    this.#lastArrival = Math.max(at, this.#lastArrival)
    return this.#lastArrival
  }

  #copy(
    at: number,
    packet: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    marks: { isCopy: boolean; reordered: boolean; delayed: boolean; corrupted: boolean },
  ): Delivery {
    const own = this.#pool.take(length)
    own.set(bytes.subarray(offset, offset + length))
    this.#heldBytes += counted(length)
    this.counters.delivered++
    const corrupted = marks.corrupted && damage(own, length, this.#corruptRandom)
    if (corrupted) this.counters.corrupted++
    return { ...marks, at, bytes: own, length, packet, corrupted }
  }
}

const NOTHING = new Uint8Array(0)

function counted(length: number): number {
  return Math.max(length, LEAST_COUNTED)
}

/**
 * Flips one to three bits within one aligned 16-bit word that a checksum covers; false where there is no such word.
 *
 * Spared are the words that say how far a checksum reaches or that none covers: the first of an IPv4 header, the first
 * four of an IPv6 header, whose addresses are covered by the pseudo-header, and what lies behind the datagram's end.
 */
export function damage(packet: Uint8Array, length: number, random: Random): boolean {
  const version = length === 0 ? 0 : packet[0]! >> 4
  const first = version === 4 ? 2 : 8
  const stated = version === 4 ? readUint16(packet, 2) : 40 + readUint16(packet, 4)
  // Behind IPv6 extension headers, which no checksum covers, only the addresses are sure to be.
  const isPlain = version === 4 || isChecksummed(packet[6]!)
  const end = Math.min(length, isPlain ? stated : 40)
  if ((version !== 4 && version !== 6) || length < (version === 4 ? 20 : 40) || end <= first) return false
  const at = first + 2 * random.range(0, ((end - first + 1) >> 1) - 1)
  const hasSecondOctet = at + 1 < end
  const flips = random.range(1, 3)
  let mask = 0
  for (let flipped = 0; flipped < flips; ) {
    const bit = 1 << random.range(hasSecondOctet ? 0 : 8, 15)
    if ((mask & bit) !== 0) continue
    mask |= bit
    flipped++
  }
  packet[at]! ^= mask >> 8
  if (hasSecondOctet) packet[at + 1]! ^= mask & 255
  return true
}

const PROTOCOL_UDP = 17

/** Those that carry a checksum with a pseudo-header. */
function isChecksummed(nextHeader: number): boolean {
  return nextHeader === PROTOCOL_TCP || nextHeader === PROTOCOL_UDP || nextHeader === PROTOCOL_ICMPV6
}
