/** The packets and events of a run, as many of the newest as there is room for; written out when somebody asks. */

import { pcapngHeader, pcapngPacket } from '../capture/pcapng.ts'
import { type PacketSeen, packetComment } from '../sim/network-record.ts'
import type { TraceEvent } from '../trace/events.ts'
import type { SendReason } from '../trace/reasons.ts'
import { Recorder } from '../trace/recorder.ts'

/** Octets of packets that are kept, in slabs. */
const SLAB_BYTES = 1024 * 1024
const MAX_SLABS = 64
/** Events that are kept. */
const MAX_EVENTS = 100_000

/** Packets one behind the other, and what is known of each: objects that live long keep the garbage collector busy. */
interface Slab {
  readonly octets: Uint8Array
  /** Where each packet ends, and the fields of PacketSeen. */
  readonly ends: number[]
  readonly at: number[]
  readonly host: number[]
  readonly number: number[]
  readonly isInbound: boolean[]
  readonly reason: (SendReason | null)[]
  readonly mark: string[]
}

export class Tape {
  /** Hosts write to it; the oldest events go where there are too many (`trim`). null: nothing is kept. */
  readonly recorder: Recorder | null
  /** Packets so far, each where it leaves and where it arrives. */
  size = 0
  readonly #slabs: Slab[] = [newSlab()]
  #used = 0
  #hashA = 0x811c9dc5
  #hashB = 0x9e3779b9

  /** @param isRecording false: packets are counted and make the fingerprint, and that is all. */
  constructor(isRecording: boolean) {
    this.recorder = isRecording ? new Recorder(Number.POSITIVE_INFINITY) : null
  }

  get events(): readonly TraceEvent[] {
    return this.recorder?.events ?? []
  }

  /** A number made of every packet so far: its octets, time and place. Equal runs have equal ones. */
  get fingerprint(): string {
    return [this.#hashA, this.#hashB].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  packet(seen: PacketSeen, bytes: Uint8Array, length: number): void {
    this.size++
    this.#hash(seen, bytes, length)
    if (this.recorder === null) return
    if (this.#used + length > SLAB_BYTES) this.#turnOver()
    const slab = this.#slabs.at(-1)!
    copy(bytes, length, slab.octets, this.#used)
    this.#used += length
    slab.ends.push(this.#used)
    slab.at.push(seen.at)
    slab.host.push(seen.host)
    slab.number.push(seen.number)
    slab.isInbound.push(seen.direction === 'inbound')
    slab.reason.push(seen.sent === null ? null : seen.sent.reason)
    slab.mark.push(seen.mark)
  }

  /** To be called between events: whoever reads the newest event of this moment must not lose it. */
  trim(): void {
    const events = this.recorder?.events ?? []
    if (events.length > 2 * MAX_EVENTS) events.splice(0, events.length - MAX_EVENTS)
  }

  /** All kept packets as a pcapng file, an interface for each host. */
  pcapng(hosts: readonly string[]): Uint8Array[] {
    const chunks = [pcapngHeader(hosts.map((name) => ({ name })))]
    for (const { octets, ends, at, host, number, isInbound, reason, mark } of this.#slabs) {
      for (const [i, end] of ends.entries()) {
        const start = ends[i - 1] ?? 0
        const direction = isInbound[i] ? 'inbound' : 'outbound'
        const comment = packetComment(number[i]!, reason[i]!, mark[i]!)
        chunks.push(pcapngPacket(host[i]!, at[i]!, octets, start, end - start, { comment, direction }))
      }
    }
    return chunks
  }

  #turnOver(): void {
    this.#used = 0
    this.#slabs.push(newSlab())
    if (this.#slabs.length > MAX_SLABS) this.#slabs.shift()
  }

  /** FNV-1a, two of them. A packet's checksum stands for its text, and lies within the first octets. */
  #hash({ at, host, direction }: PacketSeen, bytes: Uint8Array, length: number): void {
    let a = Math.imul(this.#hashA ^ (at | 0) ^ (host << 1) ^ (direction === 'inbound' ? 1 : 0), 0x01000193)
    let b = Math.imul(this.#hashB ^ Math.floor(at / 0x100000000) ^ length, 0x85ebca6b)
    const end = Math.min(length, HASHED)
    for (let i = 0; i < end; i++) {
      a = Math.imul(a ^ bytes[i]!, 0x01000193)
      b = Math.imul(b ^ bytes[i]! ^ (b >>> 15), 0x85ebca6b)
    }
    this.#hashA = a
    this.#hashB = b
  }
}

/** IPv6's header and TCP's as far as its checksum. */
const HASHED = 60

/** Packets shorter than this are copied faster octet by octet than by a view of them. */
const SHORT = 100

function copy(bytes: Uint8Array, length: number, to: Uint8Array, at: number): void {
  if (length > SHORT) to.set(bytes.subarray(0, length), at)
  else for (let i = 0; i < length; i++) to[at + i] = bytes[i]!
}

function newSlab(): Slab {
  return {
    octets: new Uint8Array(SLAB_BYTES),
    ends: [],
    at: [],
    host: [],
    number: [],
    isInbound: [],
    reason: [],
    mark: [],
  }
}
