/**
 * Two connections on a wire of which every packet's fate can be scripted: drop, duplicate, swap, hold. Virtual time.
 *
 * Packets of each side are numbered from 1 in the order in which they are sent. A side in CLOSED has no TCB, so the
 * wire answers for its stack as RFC 9293 3.10.7.1 says.
 */

import assert from 'node:assert/strict'
import { Clock } from '../../src/tcp/clock.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { ACK, FIN, RST, Segment, SYN } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'
import { Endpoint, type EndpointOptions, isClosed } from './endpoint.ts'
import { buildPacket, describe, type Sent } from './segments.ts'

export type Side = 'a' | 'b'

/** What happens to one packet. */
export interface Fate {
  readonly drop?: boolean
  /** How many more copies arrive, right behind the packet. */
  readonly copies?: number
  /** Milliseconds on top of the wire's delay. */
  readonly holdMs?: number
}

export interface PairOptions {
  readonly version?: 4 | 6
  /** One-way delay in milliseconds. */
  readonly delayMs?: number
  readonly a?: EndpointOptions
  readonly b?: EndpointOptions
  /** A packet's fate; called for each after `drop`, `duplicate`, `hold` and `swap` had their say. */
  readonly fate?: (from: Side, n: number, packet: Sent) => Fate | undefined
}

/** More packets than this in one test are a storm. */
const STORM = 50_000

interface Flying {
  readonly at: number
  readonly order: number
  readonly to: Side
  readonly bytes: Uint8Array
}

export class Pair {
  readonly clock = new Clock()
  a: Endpoint
  readonly b: Endpoint
  /** 'a1 S 0(0) win 65535', 'lost', in the order of sending. */
  readonly log: string[] = []
  readonly delayMs: number
  readonly packets = { a: 0, b: 0 }
  readonly #fates = new Map<string, Fate>()
  readonly #fate: PairOptions['fate']
  #flying: Flying[] = []
  #order = 0
  /** Resets that the stack of a CLOSED side sent. */
  stackResets = 0

  constructor(options: PairOptions = {}) {
    const version = options.version ?? 4
    this.delayMs = options.delayMs ?? 10
    this.#fate = options.fate
    const { clock } = this
    const issA = options.a?.iss ?? 0x7fffff00
    const issB = options.b?.iss ?? -300
    this.a = new Endpoint({ host: 'a', version, ...options.a, clock, iss: issA, irs: issB })
    this.b = new Endpoint({ host: 'b', version, ...options.b, clock, iss: issB, irs: issA })
    swapAddresses(this.b)
    this.a.carrier = (bytes) => this.#carry('a', bytes)
    this.b.carrier = (bytes) => this.#carry('b', bytes)
  }

  side(side: Side): Endpoint {
    return side === 'a' ? this.a : this.b
  }

  /** Host a rebooted: what it was is forgotten, and `endpoint` stands in its place. */
  replaceA(endpoint: Endpoint): void {
    endpoint.carrier = this.a.carrier
    this.a = endpoint
  }

  // ---- the script

  drop(from: Side, ...numbers: readonly number[]): this {
    return this.#script(from, numbers, { drop: true })
  }

  duplicate(from: Side, ...numbers: readonly number[]): this {
    return this.#script(from, numbers, { copies: 1 })
  }

  hold(from: Side, number: number, holdMs: number): this {
    return this.#script(from, [number], { holdMs })
  }

  /** The packet arrives behind the next one, if that follows within a millisecond. */
  swap(from: Side, number: number): this {
    return this.hold(from, number, 1)
  }

  #script(from: Side, numbers: readonly number[], fate: Fate): this {
    for (const n of numbers) this.#fates.set(from + n, { ...this.#fates.get(from + n), ...fate })
    return this
  }

  // ---- time

  /** Runs for `ms` milliseconds of virtual time. */
  run(ms: number): this {
    const end = this.clock.now + Math.round(ms * 1000)
    for (let at = this.#next(); at <= end; at = this.#next()) {
      this.clock.now = Math.max(this.clock.now, at)
      this.#happen()
    }
    this.clock.now = end
    return this
  }

  /** Runs until `done`, at most `ms` milliseconds; fails where that does not come. */
  until(done: () => boolean, ms = 600_000): this {
    const end = this.clock.now + ms * 1000
    while (!done()) {
      const at = this.#next()
      assert.ok(at <= end, `stalled: a ${this.a.state}, b ${this.b.state}\n${this.log.slice(-40).join('\n')}`)
      this.clock.now = Math.max(this.clock.now, at)
      this.#happen()
    }
    return this
  }

  /** Opens actively from a to b and waits until both are in ESTABLISHED. */
  open(): this {
    this.b.listen()
    this.a.connect()
    this.until(() => this.a.state === 'ESTABLISHED' && this.b.state === 'ESTABLISHED')
    this.run(this.delayMs * 3)
    this.a.takeSent()
    this.b.takeSent()
    return this
  }

  get states(): string {
    return `${this.a.state} ${this.b.state}`
  }

  get inFlight(): number {
    return this.#flying.length
  }

  #next(): number {
    const first = this.#flying[0]?.at ?? Infinity
    return Math.min(first, this.a.connection.pollTimeout(), this.b.connection.pollTimeout())
  }

  /** One event: a packet that is due, else a deadline. */
  #happen(): void {
    const { now } = this.clock
    const first = this.#flying[0]
    if (first !== undefined && first.at <= now) {
      this.#flying.shift()
      return this.#arrive(first.to, first.bytes)
    }
    for (const side of [this.a, this.b]) if (side.connection.pollTimeout() <= now) return void side.expire()
  }

  #arrive(to: Side, bytes: Uint8Array): void {
    const endpoint = this.side(to)
    if (isClosed(endpoint)) this.#answerForStack(to, bytes)
    else endpoint.deliver(bytes)
  }

  #carry(from: Side, bytes: Uint8Array): void {
    const n = ++this.packets[from]
    assert.ok(this.packets.a + this.packets.b < STORM, `a storm: ${this.log.slice(-20).join('\n')}`)
    const packet = this.side(from).sent.at(-1)!
    const fate = { ...this.#fates.get(from + n), ...this.#fate?.(from, n, packet) }
    const at = `${(this.clock.now / 1000).toFixed(1)} ${from}${n} ${describe(packet)}`
    this.log.push(fate.drop ? `${at} lost` : at)
    if (fate.drop) return
    const arrival = this.clock.now + (this.delayMs + (fate.holdMs ?? 0)) * 1000
    for (let i = 0; i <= (fate.copies ?? 0); i++) {
      this.#flying.push({
        at: arrival,
        order: this.#order++,
        to: from === 'a' ? 'b' : 'a',
        bytes: bytes.slice(),
      })
    }
    this.#flying.sort((x, y) => x.at - y.at || x.order - y.order)
  }

  /** RFC 9293 3.10.7.1. */
  #answerForStack(at: Side, bytes: Uint8Array): void {
    const ip = new IpHeader()
    const seg = new Segment()
    assert.equal(decodeIp(bytes, 0, bytes.length, ip), 'ok')
    assert.equal(decodeTcp(bytes, ip, seg, true), 'ok')
    if ((seg.flags & RST) !== 0) return
    const reset = new Segment()
    reset.srcPort = seg.dstPort
    reset.dstPort = seg.srcPort
    if ((seg.flags & ACK) !== 0) {
      reset.seq = seg.ack
      reset.flags = RST
    } else {
      const controls = (seg.flags & SYN ? 1 : 0) + (seg.flags & FIN ? 1 : 0)
      reset.ack = (seg.seq + seg.textLength + controls) | 0
      reset.flags = RST | ACK
    }
    this.stackResets++
    const packet = buildPacket(this.a.version, reset, new Uint8Array(0), 0, at === 'a')
    const to = at === 'a' ? 'b' : 'a'
    this.log.push(`${(this.clock.now / 1000).toFixed(1)} ${at} stack reset`)
    this.#flying.push({
      at: this.clock.now + this.delayMs * 1000,
      order: this.#order++,
      to,
      bytes: packet,
    })
    this.#flying.sort((x, y) => x.at - y.at || x.order - y.order)
  }
}

export function pair(options: PairOptions = {}): Pair {
  return new Pair(options)
}

/** Octets of `length` that differ from their neighbours, for streams. */
export function stream(length: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 131 + (i >>> 8) * seed + seed) & 255)
}

function swapAddresses(endpoint: Endpoint): void {
  const { path } = endpoint.tcb
  ;[path.local3, path.remote3] = [path.remote3, path.local3]
  ;[path.localPort, path.remotePort] = [80, 49152]
}
