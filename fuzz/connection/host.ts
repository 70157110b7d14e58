/** A whole stack on a link, the users of its connections, and what must hold of every packet that it sends. */

import { Random } from '../../src/sim/random.ts'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import type { Listener } from '../../src/stack/listener.ts'
import { Stack } from '../../src/stack/stack.ts'
import { CallError } from '../../src/tcp/call-error.ts'
import { configure } from '../../src/tcp/config.ts'
import { brokenInvariant } from '../../src/tcp/invariants.ts'
import { parseAddress } from '../../src/wire/address.ts'
import { decodeIcmp, IcmpMessage } from '../../src/wire/icmp.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../../src/wire/ip-header.ts'
import { Segment, SYN } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'
import { expect } from '../target.ts'
import { peerOctet, userOctet } from './stream.ts'

export const LISTENING = 80
const MTU = 1500
/** 10.0.0.1, and the first word of fd00::1. */
const OUR_V4 = 0x0a000001
const OUR_V6 = 0xfd000000 | 0
const MOST_PACKETS = 4000
const SILENT_TIMEOUTS = 2000

const ip = new IpHeader()
const seg = new Segment()
const message = new IcmpMessage()

/** A connection with an owner, and how far that has come. */
interface Owned {
  readonly connection: HostedConnection
  given: number
  read: number
}

export class FuzzedHost {
  readonly stack: Stack
  readonly owned: Owned[] = []
  /** The packet sent last, for errors about it; empty before the first. */
  lastSent: Uint8Array = new Uint8Array(0)
  now = 1_000_000_000
  #listener: Listener
  readonly #frame = new Uint8Array(MTU)
  readonly #limits: { readonly connections: number; readonly synQueue: number }
  readonly #backlog: number
  /** Packets that came, and answers to nobody's that went. */
  #arrived = 0
  #answers = 0

  constructor(backlog: number, synQueue: number, connections: number) {
    const random = new Random('host')
    this.#limits = { connections, synQueue }
    this.#backlog = backlog
    this.stack = new Stack({
      addresses: ['10.0.0.1/24', 'fd00::1/64'],
      secret: Uint8Array.from({ length: 16 }, (_, i) => i),
      random: () => random.int32(),
      mtu: MTU,
      limits: { connections, synQueue, replyQueue: 16, repliesPerSecond: 100, replyBurst: 100, selfQueue: 8 },
      config: configure({ receiveBufferBytes: 8192, sendBufferBytes: 8192, reassemblyRanges: 4 }),
    })
    this.#listener = this.stack.listen({ port: LISTENING, backlog })
  }

  /** A connection with this remote port, if there is one. */
  find(version: number, remotePort: number): HostedConnection | undefined {
    return this.stack.connections().find(({ tcb: { path } }) => {
      return path.version === version && path.remotePort === remotePort
    })
  }

  /** The connection that sent the packet in `ip` and `seg`, if it was one. */
  #sender(): HostedConnection | undefined {
    return this.stack.connections().find(({ tcb: { path } }) => {
      const isNet = path.version === ip.version && path.remote0 === ip.dst0 && path.remote1 === ip.dst1
      const isHost = isNet && path.remote2 === ip.dst2 && path.remote3 === ip.dst3
      return isHost && path.remotePort === seg.dstPort && path.localPort === seg.srcPort
    })
  }

  arrive(packet: Uint8Array): void {
    this.#arrived++
    const octets = new Uint8Array(packet.length + 9).fill(0x33)
    octets.set(packet, 4)
    this.stack.handlePacket(this.now, octets, 4, packet.length)
    octets.fill(0x77)
  }

  drain(): void {
    const { stack } = this
    for (let n = 0, length = 0; (length = stack.pollTransmit(this.now, this.#frame)) > 0; n++) {
      expect(n < MOST_PACKETS, 'a storm of packets')
      this.#checkSent(this.#frame.slice(0, length))
    }
    for (let n = 0; stack.pollEvent() !== null; n++) expect(n < 100, 'events without end')
    this.#checkBounds()
  }

  #checkSent(packet: Uint8Array): void {
    this.lastSent = packet
    const read = decodeIp(packet, 0, packet.length, ip)
    expect(read === 'ok' && ip.totalLength === packet.length, () => `a packet with ${read} is sent`)
    const isOurs = ip.version === 4 ? ip.src3 === OUR_V4 : ip.src0 === OUR_V6 && ip.src3 === 1
    expect(isOurs, 'a packet carries another source than ours')
    if (ip.protocol !== PROTOCOL_TCP) {
      expect(decodeIcmp(packet, ip, message, true) === 'ok', 'a message is sent that nobody can read')
      this.#answers++
    } else {
      expect(decodeTcp(packet, ip, seg, true) === 'ok', 'a segment is sent that nobody can read')
      this.#checkSegment(packet)
    }
    expect(this.#answers <= this.#arrived, 'more answers than packets')
  }

  #checkSegment(packet: Uint8Array): void {
    const connection = this.#sender()
    if (connection === undefined) {
      if (seg.textLength === 0 && (seg.flags & SYN) === 0) this.#answers++
      else expect(false, 'text or SYN of no connection is sent')
      return
    }
    const place = (seg.seq - connection.tcb.iss - 1) | 0
    for (let i = 0; i < seg.textLength; i++) {
      expect(packet[seg.textOffset + i] === userOctet(place + i), 'an octet sent is another')
    }
  }

  #checkBounds(): void {
    const { stack } = this
    const { occupancy } = stack
    expect(stack.size <= this.#limits.connections, 'more connections than allowed')
    expect(occupancy.halfOpen <= this.#limits.synQueue, 'more half-open connections than allowed')
    // Those that were half-open when the queue filled may still join it.
    expect(occupancy.waiting <= this.#backlog + this.#limits.synQueue, 'more connections wait than allowed')
    expect(occupancy.replies <= 16 && occupancy.toSelf <= 8, 'a queue is over its bound')
    expect(occupancy.ready === 0, 'a connection still wants to send')
    for (const { tcb } of stack.connections()) {
      const broken = brokenInvariant(tcb)
      expect(broken === null, () => `invariant: ${broken}`)
    }
  }

  call(what: (stack: Stack) => void): void {
    try {
      what(this.stack)
    } catch (error) {
      if (!(error instanceof CallError)) throw error
    }
  }

  listen(): void {
    this.call((stack) => {
      this.#listener = stack.listen({ port: LISTENING, backlog: this.#backlog })
    })
  }

  closeListener(): void {
    this.stack.closeListener(this.#listener)
  }

  accept(): void {
    const connection = this.stack.accept(this.#listener)
    if (connection !== null) this.own(connection)
  }

  connect(version: number, remotePort: number): void {
    const remoteAddress = parseAddress(version === 4 ? '10.0.0.2' : 'fd00::2')!
    this.call((stack) => this.own(stack.connect({ remoteAddress, remotePort })))
  }

  own(connection: HostedConnection): void {
    this.owned.push({ connection, given: 0, read: 0 })
  }

  send(which: number, length: number, push: boolean): void {
    const one = this.owned[which % Math.max(1, this.owned.length)]
    if (one === undefined) return
    const octets = Uint8Array.from({ length }, (_, i) => userOctet(one.given + i))
    this.call(() => {
      one.given += one.connection.send(octets, 0, length, { push })
    })
  }

  receive(which: number, length: number): void {
    const one = this.owned[which % Math.max(1, this.owned.length)]
    if (one === undefined) return
    const octets = new Uint8Array(length)
    this.call(() => {
      const n = one.connection.receive(octets)
      const from = one.connection.tcb.irs + 1 + one.read
      for (let i = 0; i < n; i++) {
        expect(octets[i] === peerOctet((from + i) | 0), 'an octet that was received is another')
      }
      one.read += n
    })
  }

  timeout(): boolean {
    const deadline = this.stack.pollTimeout()
    if (deadline === Number.POSITIVE_INFINITY) return false
    this.now = Math.max(this.now, deadline)
    this.stack.handleTimeout(this.now)
    this.drain()
    return true
  }

  /** All are left alone, or aborted; in the end nothing is held. */
  end(aborts: boolean): void {
    const { stack } = this
    this.drain()
    if (aborts) this.call(() => stack.close())
    this.closeListener()
    for (const { connection } of this.owned) this.call(() => connection.release())
    this.drain()
    for (let i = 0; this.timeout(); i++) expect(i < SILENT_TIMEOUTS, 'it never ends')
    this.drain()
    for (const [what, held] of Object.entries(stack.occupancy)) {
      expect(held === 0, () => `${what}: ${held} at the end`)
    }
  }
}
