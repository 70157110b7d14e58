/**
 * Two whole stacks, "a" and "b", on a simulated path, with everything written down: for the failures that other stacks
 * are known for. b listens at port 7, a connects to it from port 40000.
 */

import assert from 'node:assert/strict'
import type { ImpairmentOptions, PacketFate } from '../../src/sim/impairments.ts'
import { Network, type PacketEndpoint } from '../../src/sim/network.ts'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { InitialNumbers } from '../../src/stack/isn.ts'
import { Stack } from '../../src/stack/stack.ts'
import { type Config, configure } from '../../src/tcp/config.ts'
import { brokenInvariant } from '../../src/tcp/invariants.ts'
import { Path } from '../../src/tcp/path.ts'
import { CONNECTED, GONE, PEER_CLOSED } from '../../src/tcp/signals.ts'
import type { SegmentSent } from '../../src/trace/events.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { type Address, parseAddress, setAddresses } from '../../src/wire/address.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { Segment } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'
import { tcpPacketOf } from '../../src/wire/tcp-packet.ts'

export interface WorldOptions {
  readonly version?: 4 | 6
  readonly a?: Partial<Config>
  readonly b?: Partial<Config>
  /** The path both ways; or, with `back`, from a to b. */
  readonly path?: ImpairmentOptions
  readonly back?: ImpairmentOptions
  /** Initial sequence numbers; default what the secret and the clock give. */
  readonly issA?: number
  readonly issB?: number
  /** What the hosts' clocks show at the start of the run, microseconds; not together with the ISS of that host. */
  readonly clockA?: number
  readonly clockB?: number
  readonly mtu?: number
  /** false: nobody listens. */
  readonly listens?: boolean
  readonly seed?: number
}

const PORTS = { a: 40_000, b: 7 } as const
const MTU = 1500

export class World {
  readonly network: Network
  readonly trace = new Recorder()
  readonly a: Side
  readonly b: Side
  readonly version: 4 | 6

  constructor(options: WorldOptions = {}) {
    this.version = options.version ?? 4
    this.network = new Network({ seed: options.seed ?? 1, trace: this.trace, maxEvents: 3_000_000 })
    this.a = new Side(this, 'a', options)
    this.b = new Side(this, 'b', options)
    for (const side of [this.a, this.b]) this.network.host(side.name, side, [side.address])
    const path = options.path ?? { delayUs: 10_000 }
    this.network.join('a', 'b', path, options.back ?? path)
    if (options.listens !== false) this.b.stack.listen({ port: PORTS.b })
    this.network.application(() => {
      this.a.react()
      this.b.react()
    })
    this.network.afterEvent(() => {
      for (const { stack } of [this.a, this.b]) {
        for (const { tcb } of stack.connections()) assert.equal(brokenInvariant(tcb), null)
      }
    })
  }

  /** a opens; runs until both sides were told. */
  connect(): this {
    this.a.open()
    return this.until(() => this.a.connected && this.b.connected)
  }

  /** Both sides open at once. */
  connectBothWays(): this {
    this.a.open(PORTS.b)
    this.b.open(PORTS.a)
    return this.until(() => this.a.connected && this.b.connected)
  }

  run(ms: number): this {
    this.network.run(this.network.now + ms * 1000)
    return this
  }

  until(done: () => boolean, ms = 3_600_000): this {
    const end = this.network.now + ms * 1000
    for (let step = 1000; !done(); step = Math.min(step * 2, 1_000_000)) {
      assert.ok(this.network.now < end, `not within ${ms / 1000} s: a ${this.a.state}, b ${this.b.state}`)
      this.network.run(this.network.now + step)
    }
    return this
  }

  /** Both sides close, and everything ends as it should. */
  finish(): this {
    for (const side of [this.a, this.b]) side.close()
    this.until(() => this.a.stack.size === 0 && this.b.stack.size === 0)
    for (const side of [this.a, this.b])
      assert.equal(side.connection.closeReason, 'closed-normally', side.name)
    return this
  }

  /** What a side sent, in order. */
  sent(side: 'a' | 'b'): SegmentSent[] {
    return this.trace.events.filter(
      (event): event is SegmentSent => event.kind === 'sent' && event.host === side && event.connection !== 0,
    )
  }

  /** Replaces the path from one side to the other. */
  path(from: 'a' | 'b', options: ImpairmentOptions): void {
    this.network.path(from, from === 'a' ? 'b' : 'a', options)
  }

  /** Decides over each packet from one side: the n-th of them, decoded. */
  fate(from: 'a' | 'b', delayUs: number, decide: (seg: Segment, n: number) => PacketFate | null): void {
    const ip = new IpHeader()
    const seg = new Segment()
    this.path(from, {
      delayUs,
      fate: (n, bytes, offset, length) => {
        const isTcp =
          decodeIp(bytes, offset, length, ip) === 'ok' && decodeTcp(bytes, ip, seg, false) === 'ok'
        return isTcp ? decide(seg, n) : null
      },
    })
  }

  /** The SYN of a side, or its answer to one, arrives again, now. */
  repeatSyn(of: 'a' | 'b'): this {
    const packet = this[of].firstPacket
    if (packet !== null) this.network.inject(packet, of === 'a' ? 'b' : 'a')
    return this.run(0)
  }

  /** A segment that nobody sent arrives at `to`, now. Its numbers are absolute. */
  forge(to: 'a' | 'b', fields: Partial<Segment>, text: Uint8Array = new Uint8Array(0)): this {
    const from = to === 'a' ? 'b' : 'a'
    const seg = Object.assign(
      new Segment(),
      { srcPort: PORTS[from], dstPort: PORTS[to], window: 65_535 },
      fields,
    )
    this.network.inject(packetOf(this[from].address, this[to].address, seg, text), to)
    return this.run(0)
  }
}

export class Side implements PacketEndpoint {
  readonly name: 'a' | 'b'
  readonly stack: Stack
  readonly address: Address
  /** Octets that the application read, while `reads`. */
  readonly got: number[] = []
  reads = true
  connected = false
  peerClosed = false
  gone = false
  /** Its SYN, as it was sent first. */
  firstPacket: Uint8Array | null = null
  #connection: HostedConnection | null = null
  #queue: Uint8Array = new Uint8Array(0)
  #closes = false
  #closed = false
  readonly #world: World
  readonly #offsetUs: number

  constructor(world: World, name: 'a' | 'b', options: WorldOptions) {
    this.#world = world
    this.name = name
    const texts = world.version === 4 ? ['10.0.0.1', '10.0.0.2'] : ['fd00::1', 'fd00::2']
    const [own, other] = name === 'a' ? texts : [...texts].reverse()
    this.address = parseAddress(own!)!
    const secret = new Uint8Array(16).fill(name === 'a' ? 1 : 2)
    let random = 1
    this.stack = new Stack({
      name,
      addresses: [`${own}/${world.version === 4 ? 24 : 64}`],
      secret,
      random: () => (random = Math.imul(random, 0x5851f42d) + 12_345),
      config: configure(options[name] ?? {}),
      trace: world.trace,
      mtu: options.mtu ?? MTU,
    })
    const iss = name === 'a' ? options.issA : options.issB
    const clock = (name === 'a' ? options.clockA : options.clockB) ?? 0
    this.#offsetUs =
      iss === undefined ? clock : clockForIss(iss, name, this.address, parseAddress(other!)!, secret)
  }

  get connection(): HostedConnection {
    assert.ok(this.#connection, `${this.name} has no connection`)
    return this.#connection
  }

  get state(): string {
    return this.#connection === null ? 'nothing' : this.#connection.stateName
  }

  open(remotePort: number = PORTS.b): void {
    this.#setClock()
    const peer = this.name === 'a' ? this.#world.b : this.#world.a
    const localPort = PORTS[this.name]
    this.#connection = this.stack.connect({ remoteAddress: peer.address, remotePort, localPort })
  }

  /** Sends all of it, as fast as there is room. */
  send(octets: Uint8Array): void {
    const queue = new Uint8Array(this.#queue.length + octets.length)
    queue.set(this.#queue)
    queue.set(octets, this.#queue.length)
    this.#queue = queue
    this.#setClock()
    this.#write()
  }

  /** Closes once all is written. */
  close(): void {
    this.#closes = !this.#closed
    this.#setClock()
    this.#write()
  }

  abort(): void {
    this.#setClock()
    this.connection.abort()
  }

  /** Reads on after `reads` was false. */
  readOn(): void {
    this.reads = true
    this.#setClock()
    this.#read()
  }

  react(): void {
    for (let next = this.stack.pollEvent(); next !== null; next = this.stack.pollEvent()) {
      if (!('pollEvents' in next)) {
        this.#connection = this.stack.accept(next) ?? this.#connection
        continue
      }
      const bits = next.pollEvents()
      if ((bits & CONNECTED) !== 0) this.connected = true
      if ((bits & PEER_CLOSED) !== 0) this.peerClosed = true
      if ((bits & GONE) !== 0) this.gone = true
      this.#write()
      this.#read()
    }
  }

  handlePacket(now: number, packet: Uint8Array, offset: number, length: number): void {
    this.stack.handlePacket(now + this.#offsetUs, packet, offset, length)
  }

  pollTransmit(now: number, frame: Uint8Array): number {
    const length = this.stack.pollTransmit(now + this.#offsetUs, frame)
    if (length > 0 && this.firstPacket === null) this.firstPacket = frame.slice(0, length)
    return length
  }

  pollTimeout(): number {
    return this.stack.pollTimeout() - this.#offsetUs
  }

  handleTimeout(now: number): void {
    this.stack.handleTimeout(now + this.#offsetUs)
  }

  #setClock(): void {
    this.stack.clock.now = this.#world.network.now + this.#offsetUs
  }

  #write(): void {
    const connection = this.#connection
    if (connection === null || connection.closeReason !== null || !this.connected) return
    if (this.#queue.length > 0) this.#queue = this.#queue.slice(connection.send(this.#queue))
    if (this.#closes && this.#queue.length === 0) {
      this.#closes = false
      this.#closed = true
      connection.close()
    }
  }

  #read(): void {
    const target = new Uint8Array(65_536)
    while (this.reads && this.#connection !== null && this.#connection.readable > 0) {
      const taken = this.#connection.receive(target)
      for (let i = 0; i < taken; i++) this.got.push(target[i]!)
    }
  }
}

/** The clock with which a host's initial sequence number is this one (RFC 6528: a clock of 4 us, plus a secret). */
function clockForIss(
  iss: number,
  name: 'a' | 'b',
  local: Address,
  remote: Address,
  secret: Uint8Array,
): number {
  const [localPort, remotePort] = name === 'a' ? [PORTS.a, PORTS.b] : [PORTS.b, PORTS.a]
  const path = new Path()
  path.setSockets(local, localPort, remote, remotePort)
  const zero = new InitialNumbers(secret).sequenceNumber(path, 0)
  return ((iss - zero) >>> 0) * 4
}

function packetOf(source: Address, destination: Address, seg: Segment, text: Uint8Array): Uint8Array {
  const ip = new IpHeader()
  ip.version = source.version
  ip.ttl = 64
  setAddresses(ip, source, destination)
  return tcpPacketOf(ip, seg, text)
}

/** Octets of which no two stretches look alike. */
export function octets(length: number, salt = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.imul(i + salt + 1, 0x9e3779b1) >>> 24)
}
