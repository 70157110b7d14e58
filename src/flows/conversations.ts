/**
 * All conversations of a capture, found by the unordered pair of their ends. A newer conversation of the same ends takes
 * the place of the older one in the index; the older one keeps its words.
 *
 * Where a bound is set, a conversation beyond it takes the words of one that has ended, or else of one that has been silent
 * for long: a packet of that one, should one still come, begins another stream.
 */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import * as w from './conversation-words.ts'

/** Conversations of one page: 2 KB words each, so that pages are half a megabyte. */
const PAGE_BITS = 11
const PAGE_SIZE = 1 << PAGE_BITS
const PAGE_MASK = PAGE_SIZE - 1

/** Slots of an empty index; it is never more than half full. */
const FIRST_SLOTS = 1 << 12

/** So many are looked at before one is chosen to make room: those that ended are found soon, as most have. */
const CANDIDATES = 16
/** Since its last packet; what is late has come by then, seconds. */
const LINGER_S = 1

/** Told of a conversation whose words are about to be another's. */
export type RetireCallback = (words: Int32Array, at: number) => void

export class Conversations {
  /** How many there were. Without a bound they are numbered as `select` takes them. */
  count = 0
  /** Set by `find` and `open`: the words that hold the conversation, and where it starts in them. */
  words: Int32Array = new Int32Array(0)
  at = 0
  /** Whether the packet of the last `find` or `open` came from side A. */
  isFromA = true
  readonly #pages: Int32Array[] = []
  /** A hash and a conversation's number plus 1 in turn; 0: free. */
  #slots = new Int32Array(2 * FIRST_SLOTS)
  #mask = FIRST_SLOTS - 1
  #used = 0
  /** Words are in use for so many, of so many at most. */
  #held = 0
  readonly #most: number
  readonly #onRetire: RetireCallback
  #hand = 0

  /** @param most conversations that are held at once. */
  constructor(most = Number.POSITIVE_INFINITY, onRetire: RetireCallback = () => {}) {
    this.#most = most
    this.#onRetire = onRetire
  }

  /** The newest conversation of the packet's ends; -1: there is none. */
  find(packet: Packet, tcp: TcpFields): number {
    const hash = hashOf(packet, tcp)
    const slots = this.#slots
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = slots[2 * slot + 1]!
      if (entry === 0) return -1
      if (slots[2 * slot] === hash && this.#isOf(entry - 1, packet, tcp)) return entry - 1
    }
  }

  /**
   * A new conversation, whose side A is the packet's sender.
   * @param now seconds on the clock of LAST_TIME.
   */
  open(packet: Packet, tcp: TcpFields, now: number): void {
    const id = this.#held < this.#most ? this.#held++ : this.#retire(now)
    if (id >> PAGE_BITS === this.#pages.length) {
      this.#pages.push(new Int32Array(PAGE_SIZE * w.CONVERSATION_WORDS))
    }
    this.select(id)
    this.isFromA = true
    const { words, at } = this
    words[at + w.ADDRESS_A] = packet.src0
    words[at + w.ADDRESS_A + 1] = packet.src1
    words[at + w.ADDRESS_A + 2] = packet.src2
    words[at + w.ADDRESS_A + 3] = packet.src3
    words[at + w.ADDRESS_B] = packet.dst0
    words[at + w.ADDRESS_B + 1] = packet.dst1
    words[at + w.ADDRESS_B + 2] = packet.dst2
    words[at + w.ADDRESS_B + 3] = packet.dst3
    words[at + w.PORTS] = (tcp.sourcePort << 16) | tcp.destinationPort
    words[at + w.BITS] = packet.version === 6 ? w.IS_IPV6 : 0
    words[at + w.STREAM] = this.count++
    for (const side of [at + w.SIDE_A, at + w.SIDE_B]) {
      words[side + w.WINDOW] = -1
      words[side + w.SCALE] = w.SCALE_UNKNOWN
      words[side + w.OLDEST] = -1
      words[side + w.NEWEST] = -1
    }
    this.#index(hashOf(packet, tcp), id, packet, tcp)
  }

  /** Points `words` and `at` to a conversation. */
  select(id: number): void {
    this.words = this.#pages[id >> PAGE_BITS]!
    this.at = (id & PAGE_MASK) * w.CONVERSATION_WORDS
  }

  /** Makes room: of a few, the first that has ended, else the one that has been silent longest. */
  #retire(now: number): number {
    let chosen = -1
    let oldest = Number.POSITIVE_INFINITY
    for (let k = 0; k < CANDIDATES; k++) {
      const id = this.#hand
      this.#hand = id + 1 === this.#most ? 0 : id + 1
      this.select(id)
      const last = this.words[this.at + w.LAST_TIME]!
      const hasEnded = (this.words[this.at + w.COMPLETENESS]! & (w.COMPLETE_FIN | w.COMPLETE_RST)) !== 0
      if (last < oldest) {
        oldest = last
        chosen = id
      }
      if (hasEnded && now - last > LINGER_S) {
        chosen = id
        break
      }
    }
    this.select(chosen)
    this.#onRetire(this.words, this.at)
    this.#forget(hashOfWords(this.words, this.at), chosen)
    this.words.fill(0, this.at, this.at + w.CONVERSATION_WORDS)
    return chosen
  }

  /** Takes an entry out of the index, and moves those behind it up that would not be found any more. */
  #forget(hash: number, id: number): void {
    const slots = this.#slots
    const mask = this.#mask
    let free = hash & mask
    while (slots[2 * free + 1] !== id + 1) {
      // A newer conversation of the same ends has taken its place.
      if (slots[2 * free + 1] === 0) return
      free = (free + 1) & mask
    }
    for (let slot = (free + 1) & mask; slots[2 * slot + 1] !== 0; slot = (slot + 1) & mask) {
      const home = slots[2 * slot]! & mask
      if (((slot - home) & mask) < ((slot - free) & mask)) continue
      slots[2 * free] = slots[2 * slot]!
      slots[2 * free + 1] = slots[2 * slot + 1]!
      free = slot
    }
    slots[2 * free + 1] = 0
    this.#used--
  }

  #isOf(id: number, packet: Packet, tcp: TcpFields): boolean {
    const words = this.#pages[id >> PAGE_BITS]!
    const at = (id & PAGE_MASK) * w.CONVERSATION_WORDS
    const isVersion6 = (words[at + w.BITS]! & w.IS_IPV6) !== 0
    if (isVersion6 !== (packet.version === 6)) return false
    const ports = (tcp.sourcePort << 16) | tcp.destinationPort
    if (words[at + w.PORTS] === ports && isFrom(words, at, packet)) this.isFromA = true
    else if (words[at + w.PORTS] === swapped(ports) && isTo(words, at, packet)) this.isFromA = false
    else return false
    this.words = words
    this.at = at
    return true
  }

  #index(hash: number, id: number, packet: Packet, tcp: TcpFields): void {
    if (2 * (this.#used + 1) > this.#mask) this.#grow()
    const slots = this.#slots
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = slots[2 * slot + 1]!
      if (entry !== 0 && !(slots[2 * slot] === hash && this.#isOf(entry - 1, packet, tcp))) continue
      if (entry === 0) this.#used++
      slots[2 * slot] = hash
      slots[2 * slot + 1] = id + 1
      break
    }
    this.select(id)
    this.isFromA = true
  }

  #grow(): void {
    const old = this.#slots
    this.#mask = 2 * this.#mask + 1
    this.#slots = new Int32Array(2 * old.length)
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      let slot = old[from]! & this.#mask
      while (this.#slots[2 * slot + 1] !== 0) slot = (slot + 1) & this.#mask
      this.#slots[2 * slot] = old[from]!
      this.#slots[2 * slot + 1] = old[from + 1]!
    }
  }
}

function isFrom(words: Int32Array, at: number, packet: Packet): boolean {
  return (
    words[at + 3] === packet.src3 &&
    words[at + 7] === packet.dst3 &&
    words[at + 2] === packet.src2 &&
    words[at + 6] === packet.dst2 &&
    words[at + 1] === packet.src1 &&
    words[at + 5] === packet.dst1 &&
    words[at] === packet.src0 &&
    words[at + 4] === packet.dst0
  )
}

function isTo(words: Int32Array, at: number, packet: Packet): boolean {
  return (
    words[at + 3] === packet.dst3 &&
    words[at + 7] === packet.src3 &&
    words[at + 2] === packet.dst2 &&
    words[at + 6] === packet.src2 &&
    words[at + 1] === packet.dst1 &&
    words[at + 5] === packet.src1 &&
    words[at] === packet.dst0 &&
    words[at + 4] === packet.src0
  )
}

const swapped = (ports: number): number => (ports << 16) | (ports >>> 16)

/** The same for both directions. No secret: a capture is no server, and its tables are never more than half full. */
export function hashOf(packet: Packet, tcp: TcpFields): number {
  const { src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = packet
  const a = hashOfEnd(src0, src1, src2, src3, tcp.sourcePort)
  return hashOfBoth(a, hashOfEnd(dst0, dst1, dst2, dst3, tcp.destinationPort))
}

/** The same, of a conversation's words. */
function hashOfWords(words: Int32Array, at: number): number {
  const ports = words[at + w.PORTS]!
  const end = (from: number, port: number): number =>
    hashOfEnd(words[from]!, words[from + 1]!, words[from + 2]!, words[from + 3]!, port)
  return hashOfBoth(end(at + w.ADDRESS_A, ports >>> 16), end(at + w.ADDRESS_B, ports & 0xffff))
}

/** @param a the hash of one end, and `b` that of the other one, in either order. */
export function hashOfBoth(a: number, b: number): number {
  let hash = (a + b) | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return hash ^ (hash >>> 15)
}

/** Of an address, as four words, and a port. */
export function hashOfEnd(w0: number, w1: number, w2: number, w3: number, port: number): number {
  const high = w0 ^ Math.imul(w1, 3)
  let hash = Math.imul(w2 ^ w3, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b) ^ Math.imul(port, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
