/**
 * A host under attack. A peer of good will keeps live connections with it over a perfect path of 1 ms, octets go both
 * ways all the time; an attacker who sees all that the host sends to the attacker's own addresses injects packets.
 *
 * What may lawfully harm a live connection (RFC 9293 and RFC 5961 leave it possible to one who knows exact numbers) is
 * moved out of its window; the attacker's own connections are fair game.
 */

import assert from 'node:assert/strict'
import { HostedConnection } from '../../src/stack/hosted-connection.ts'
import type { Listener } from '../../src/stack/listener.ts'
import { Stack } from '../../src/stack/stack.ts'
import { configure } from '../../src/tcp/config.ts'
import { brokenInvariant } from '../../src/tcp/invariants.ts'
import { CLOSED } from '../../src/tcp/state.ts'
import type { Tcb } from '../../src/tcp/tcb.ts'
import { receiveWindow } from '../../src/tcp/window.ts'
import { decodeIcmp, IcmpMessage } from '../../src/wire/icmp.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP } from '../../src/wire/ip-header.ts'
import { ACK, RST, Segment, SYN } from '../../src/wire/segment.ts'
import { seqGT, seqLE, seqLT } from '../../src/wire/seq.ts'
import { decodeTcp, tcpChecksum } from '../../src/wire/tcp.ts'
import type { Verdict } from '../../src/wire/verdict.ts'
import { address, HOST, PEER, randomOf, SECRET } from './host-harness.ts'
import { Mutator, Target, tcpAt } from './hostile-harness.ts'

export const LIMITS = { connections: 400, synQueue: 32, backlog: 4, replyQueue: 8, repliesPerSecond: 1e6 }
const LIVE = 8
const TARGETS = 48
const DELAY_US = 1000
const CHUNK = 1500

/** One end of a live connection. */
class Live {
  readonly connection: HostedConnection
  readonly seed: number
  sent = 0
  heard = 0

  constructor(connection: HostedConnection, seed: number) {
    this.connection = connection
    this.seed = seed
  }

  /** The next octets, as far as there is room for them. */
  send(octets: number): void {
    const text = Uint8Array.from(
      { length: octets },
      (_, i) => (Math.imul(this.sent + i + this.seed, 0x9e3779b1) >>> 24) & 255,
    )
    this.sent += this.connection.send(text)
  }

  receive(scratch: Uint8Array): void {
    for (let n = this.connection.receive(scratch); n > 0; n = this.connection.receive(scratch)) {
      for (let i = 0; i < n; i++) {
        const expected = (Math.imul(this.heard + i + (this.seed ^ 1), 0x9e3779b1) >>> 24) & 255
        if (scratch[i] !== expected)
          assert.fail(`octet ${this.heard + i} of live connection ${this.seed >> 1}`)
      }
      this.heard += n
    }
  }
}

interface Flying {
  readonly at: number
  readonly to: Stack
  readonly bytes: Uint8Array
}

export class Arena {
  readonly host: Stack
  readonly peer: Stack
  readonly mutator: Mutator
  now = 1_000_000_000
  /** Packets injected, and what the decoders say of them: a second opinion. */
  injected = 0
  readonly verdicts = new Map<Verdict, number>()
  /** Those that were moved out of a live connection's window, and those that still went to its sockets. */
  moved = 0
  toLive = 0
  /** Connections of the attacker that came into being. */
  doomed = 0
  readonly live: [host: Live, peer: Live][] = []
  readonly #listener: Listener
  readonly #targets: Target[] = []
  readonly #byKey = new Map<string, Target>()
  readonly #liveTargets: { readonly target: Target; readonly tcb: Tcb }[] = []
  readonly #flying: Flying[] = []
  readonly #frame = new Uint8Array(1500)
  readonly #scratch = new Uint8Array(8192)
  readonly #ip = new IpHeader()
  readonly #segment = new Segment()
  readonly #icmp = new IcmpMessage()
  readonly #options: { readonly liveTimestamps: boolean }
  #ports = 2000

  constructor(seed: number, options = { liveTimestamps: true }) {
    this.#options = options
    this.mutator = new Mutator(seed)
    // Short times, so that what the attacker leaves behind ends by itself.
    const times = { mslMs: 500, finWait2Ms: 2000, r2Ms: 5000, r2SynMs: 5000 }
    const keepAlive = { keepAlive: true, keepAliveIdleMs: 2000, keepAliveIntervalMs: 500, keepAliveProbes: 3 }
    const buffers = { receiveBufferBytes: 30_000, sendBufferBytes: 30_000, reassemblyRanges: 6 }
    const config = configure({ ...times, ...keepAlive, ...buffers })
    const common = { secret: SECRET, config }
    this.host = new Stack({
      ...common,
      addresses: ['10.0.0.1/8', 'fd00::1/16'],
      random: randomOf(seed),
      limits: LIMITS,
    })
    const own = configure({ timestamps: options.liveTimestamps }, config)
    this.peer = new Stack({
      ...common,
      config: own,
      addresses: ['10.0.0.2/8', 'fd00::2/16'],
      random: randomOf(seed + 1),
    })
    this.#listener = this.host.listen({ port: 80 })
    this.#openLive()
    for (let i = 0; i < TARGETS; i++) this.#renew(i)
  }

  #openLive(): void {
    const { host, peer } = this
    this.#setClocks()
    for (let i = 0; i < LIVE; i++) {
      const to = i % 2 === 0 ? HOST[4] : HOST[6]
      const client = peer.connect({ remoteAddress: address(to), remotePort: 80 })
      for (let n = 0; n < 5; n++) this.run(DELAY_US)
      const server = host.accept(this.#listener)!
      this.live.push([new Live(server, 2 * i), new Live(client, 2 * i + 1)])
      const version = i % 2 === 0 ? 4 : 6
      const target = new Target(version, PEER[version], HOST[version], client.tcb.path.localPort, 80)
      target.timestamps = this.#options.liveTimestamps
      this.#liveTargets.push({ target, tcb: server.tcb })
      this.#byKey.set(target.key, target)
    }
  }

  /** New sockets for the attacker: from where a SYN will come, or to where the host's application connects. */
  #renew(slot: number): Target {
    const { dice } = this.mutator
    const old = this.#targets[slot]
    if (old !== undefined) this.#byKey.delete(old.key)
    const version = dice.chance(50) ? 4 : 6
    const remote = version === 4 ? `10.9.0.${slot}` : `fd00::9:${slot.toString(16)}`
    const remotePort = (this.#ports = this.#ports >= 60_000 ? 2000 : this.#ports + 1)
    let localPort = dice.chance(90) ? 80 : 81
    if (dice.chance(30) && this.host.size < LIMITS.connections) {
      this.host.clock.now = this.now
      const connection = this.host.connect({ remoteAddress: address(remote), remotePort })
      if (dice.chance(50)) connection.send(new Uint8Array(dice.below(5000)))
      localPort = connection.tcb.path.localPort
      this.doomed++
    }
    const target = new Target(version, remote, HOST[version], remotePort, localPort)
    target.seq = dice.int32()
    this.#targets[slot] = target
    this.#byKey.set(target.key, target)
    return target
  }

  /** Injects so many packets of the attacker, all at this instant; then lets the host answer. */
  attack(count: number): void {
    const { mutator, host } = this
    const { dice, bytes } = mutator
    for (let i = 0; i < count; i++) {
      const slot = dice.below(TARGETS)
      const target = dice.chance(15)
        ? dice.pick(this.#liveTargets).target
        : dice.chance(this.#targets[slot]!.dead ? 30 : 1)
          ? this.#renew(slot)
          : this.#targets[slot]!
      const length = mutator.next(target)
      const verdict = this.#judge(length)
      this.verdicts.set(verdict, (this.verdicts.get(verdict) ?? 0) + 1)
      this.injected++
      try {
        host.handlePacket(this.now, bytes, 0, length)
      } catch (error) {
        const hex = Array.from(bytes.subarray(0, length), (octet) =>
          octet.toString(16).padStart(2, '0'),
        ).join('')
        throw new Error(`packet ${this.injected}: ${hex}`, { cause: error })
      }
      if (dice.chance(20)) this.#settle()
    }
    this.#settle()
  }

  /** What the decoders say of the packet; one that could harm a live connection is moved out of its window. */
  #judge(length: number): Verdict {
    const ip = this.#ip
    const { bytes } = this.mutator
    const verdict = decodeIp(bytes, 0, length, ip)
    if (verdict !== 'ok') return verdict
    if (ip.protocol === PROTOCOL_ICMP || ip.protocol === PROTOCOL_ICMPV6) {
      return decodeIcmp(bytes, ip, this.#icmp, true)
    }
    if (ip.protocol !== PROTOCOL_TCP) return 'other-protocol'
    const ofTcp = decodeTcp(bytes, ip, this.#segment, true)
    if (ofTcp !== 'ok') return ofTcp
    const tcb = this.#liveTcb()
    if (tcb === null) return 'ok'
    this.toLive++
    if (isHarmless(this.#segment, tcb)) return 'ok'
    this.moved++
    const at = ip.payloadOffset
    const view = new DataView(bytes.buffer)
    view.setInt32(at + 4, tcb.rcv.nxt + 0x40000000)
    view.setUint16(at + 16, 0)
    view.setUint16(at + 16, tcpChecksum(bytes, ip, at, ip.payloadLength))
    return 'ok'
  }

  /** The live connection of the host that the segment in hand is addressed to, or null. */
  #liveTcb(): Tcb | null {
    const ip = this.#ip
    const { srcPort, dstPort } = this.#segment
    for (const { target, tcb } of this.#liveTargets) {
      const { ip: own } = target
      if (target.remotePort !== srcPort || target.localPort !== dstPort || own.src3 !== ip.src3) continue
      if (own.version === ip.version && own.src0 === ip.src0 && own.dst3 === ip.dst3) return tcb
    }
    return null
  }

  /** Both ends of each live connection send something more. */
  feed(): void {
    this.#setClocks()
    this.#acceptAll()
    for (const ends of this.live) for (const end of ends) end.send(CHUNK)
    this.#settle()
  }

  /** Lets time pass. */
  run(us: number): void {
    const until = this.now + us
    this.#settle()
    for (;;) {
      const at = Math.min(this.#flying[0]?.at ?? Infinity, this.host.pollTimeout(), this.peer.pollTimeout())
      if (at > until) break
      this.now = Math.max(this.now, at)
      while (this.#flying.length > 0 && this.#flying[0]!.at <= this.now) {
        const { to, bytes } = this.#flying.shift()!
        to.handlePacket(this.now, bytes)
      }
      for (const stack of [this.host, this.peer])
        if (stack.pollTimeout() <= this.now) stack.handleTimeout(this.now)
      this.#settle()
    }
    this.now = until
    this.#setClocks()
  }

  #setClocks(): void {
    this.host.clock.now = this.now
    this.peer.clock.now = this.now
  }

  #settle(): void {
    for (let again = true; again; ) {
      again = false
      for (const stack of [this.host, this.peer]) {
        for (let n = stack.pollTransmit(this.now, this.#frame); n > 0; ) {
          this.#sent(stack, n)
          n = stack.pollTransmit(this.now, this.#frame)
        }
        if (this.#tell(stack)) again = true
      }
    }
  }

  #sent(from: Stack, length: number): void {
    const frame = this.#frame
    const isV4 = frame[0]! >>> 4 === 4
    const toPeer = isV4 ? frame[17] === 0 && frame[19] === 2 : frame[37] === 0 && frame[39] === 2
    const at = tcpAt(frame)
    if (from === this.peer)
      this.#flying.push({ at: this.now + DELAY_US, to: this.host, bytes: frame.slice(0, length) })
    else if (toPeer)
      this.#flying.push({ at: this.now + DELAY_US, to: this.peer, bytes: frame.slice(0, length) })
    if (from === this.peer || at < 0) return
    const dst = isV4
      ? `10.${frame[17]}.${frame[18]}.${frame[19]}`
      : `fd00::${frame[37] === 0 ? '' : '9:'}${((frame[38]! << 8) | frame[39]!).toString(16)}`
    const target = this.#byKey.get(
      `${dst} ${(frame[at + 2]! << 8) | frame[at + 3]!} ${(frame[at]! << 8) | frame[at + 1]!}`,
    )
    target?.see(frame, at, length)
  }

  /** The applications: the live ones read; the host's others do anything. */
  #tell(stack: Stack): boolean {
    let told = false
    for (let next = stack.pollEvent(); next !== null; next = stack.pollEvent()) {
      told = true
      if (next instanceof HostedConnection) {
        next.pollEvents()
        this.#serve(next)
      } else if (this.live.length === LIVE && this.mutator.dice.chance(50)) {
        this.#acceptAll()
      }
    }
    return told
  }

  #acceptAll(): void {
    while (this.host.accept(this.#listener) !== null) this.doomed++
  }

  #serve(connection: HostedConnection): void {
    for (const ends of this.live) {
      for (const end of ends) if (end.connection === connection) return end.receive(this.#scratch)
    }
    if (this.live.length < LIVE) return
    const { dice } = this.mutator
    if (dice.chance(70)) connection.receive(this.#scratch)
    if (connection.state === CLOSED) return connection.release()
    const lot = dice.below(100)
    if (lot < 30) trySend(connection, dice.below(3000))
    else if (lot < 34 && !connection.tcb.closeRequested && connection.state < 8) connection.release()
    else if (lot < 36) connection.abort()
  }

  /** Asserts what must hold at any time. */
  check(): void {
    for (const stack of [this.host, this.peer]) {
      for (const connection of stack.connections()) {
        const broken = brokenInvariant(connection.tcb)
        assert.equal(
          broken,
          null,
          `packet ${this.injected}: ${stack.name} ${connection.stateName}: ${broken}`,
        )
      }
    }
    const { connections, timers, halfOpen, waiting, ready, events, replies } = this.host.occupancy
    assert.ok(connections <= LIMITS.connections && halfOpen <= LIMITS.synQueue && waiting <= LIMITS.backlog)
    assert.equal(timers, connections)
    assert.deepEqual([ready, events, replies], [0, 0, 0])
    for (const [own, theirs] of this.live) {
      assert.equal(own.connection.stateName, 'ESTABLISHED')
      assert.equal(theirs.connection.stateName, 'ESTABLISHED')
    }
  }

  /** The live connections finish, the attacker's are aborted; what is left then is a leak. */
  finish(): void {
    for (let round = 0; round < 600 && !this.live.every(isDelivered); round++) this.run(1_000_000)
    for (const [own, theirs] of this.live) {
      assert.deepEqual([own.heard, theirs.heard], [theirs.sent, own.sent])
      own.connection.close()
      theirs.connection.close()
    }
    this.run(10_000_000)
    for (const ends of this.live)
      for (const { connection } of ends) assert.equal(connection.closeReason, 'closed-normally')
    this.host.closeListener(this.#listener)
    for (const connection of this.host.connections()) connection.abort()
    this.#settle()
    this.run(10_000_000)
  }
}

function isDelivered([own, theirs]: readonly [Live, Live]): boolean {
  return own.heard === theirs.sent && theirs.heard === own.sent
}

function trySend(connection: HostedConnection, octets: number): void {
  const { tcb } = connection
  if (
    !tcb.closeRequested &&
    (connection.stateName === 'ESTABLISHED' || connection.stateName === 'CLOSE-WAIT')
  ) {
    connection.send(new Uint8Array(octets))
  }
}

/** Whether RFC 9293 and RFC 5961 have the connection refuse or merely challenge this segment. */
function isHarmless(seg: Segment, tcb: Tcb): boolean {
  const { rcv, snd, timestamps } = tcb
  if (timestamps && (seg.flags & RST) === 0 && (!seg.hasTimestamps || seqLT(seg.tsVal, tcb.tsRecent)))
    return true
  const edge = rcv.nxt + Math.max(1, receiveWindow(tcb))
  if (!seqLT(seg.seq, edge) || seqLE(seg.seq + Math.max(1, seg.length), rcv.nxt)) return true
  if (timestamps && seg.hasTimestamps && seqLE(seg.seq, rcv.acked)) return false // it may become TS.Recent
  if ((seg.flags & RST) !== 0) return seg.seq !== rcv.nxt
  if ((seg.flags & SYN) !== 0) return true
  return (seg.flags & ACK) === 0 || seqGT(seg.ack, snd.nxt)
}
