/**
 * All conversations of a capture, found by the unordered pair of their ends. A newer conversation of the same ends takes
 * the place of the older one in the index; the older one keeps its words.
 */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import * as w from './conversation-words.ts'

/** Conversations of one page: 2 KB words each, so that pages are half a megabyte. */
const PAGE_BITS = 11
const PAGE_SIZE = 1 << PAGE_BITS
const PAGE_MASK = PAGE_SIZE - 1

/** Slots of an empty index; it is never more than half full. */
const FIRST_SLOTS = 1 << 12

export class Conversations {
  /** How many there are. */
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

  /** A new conversation, whose side A is the packet's sender. */
  open(packet: Packet, tcp: TcpFields): number {
    const id = this.count++
    if ((id & PAGE_MASK) === 0) this.#pages.push(new Int32Array(PAGE_SIZE * w.CONVERSATION_WORDS))
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
    words[at + w.STREAM] = id
    for (const side of [at + w.SIDE_A, at + w.SIDE_B]) {
      words[side + w.WINDOW] = -1
      words[side + w.SCALE] = w.SCALE_UNKNOWN
      words[side + w.OLDEST] = -1
      words[side + w.NEWEST] = -1
    }
    this.#index(hashOf(packet, tcp), id, packet, tcp)
    return id
  }

  /** Points `words` and `at` to a conversation. */
  select(id: number): void {
    this.words = this.#pages[id >> PAGE_BITS]!
    this.at = (id & PAGE_MASK) * w.CONVERSATION_WORDS
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
function hashOf(packet: Packet, tcp: TcpFields): number {
  const a = mix(packet.src0 ^ Math.imul(packet.src1, 3), packet.src2 ^ packet.src3, tcp.sourcePort)
  const b = mix(packet.dst0 ^ Math.imul(packet.dst1, 3), packet.dst2 ^ packet.dst3, tcp.destinationPort)
  let hash = (a + b) | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return hash ^ (hash >>> 15)
}

function mix(high: number, low: number, port: number): number {
  let hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b) ^ Math.imul(port, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}
