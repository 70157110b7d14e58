/**
 * A stack with a listener, and packets from four peers: right ones, damaged ones, errors about what it sent; with accept,
 * connect and all the calls of its connections in between.
 */

import { Random } from '../../src/sim/random.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { ACK, FIN, PSH, RST, Segment, SYN, URG } from '../../src/wire/segment.ts'
import { tcpPacketOf } from '../../src/wire/tcp-packet.ts'
import { FuzzedHost, LISTENING } from '../connection/host.ts'
import { peerOctet } from '../connection/stream.ts'
import { operationTarget } from '../make-target.ts'
import { argument, type Kind, type Operation, OperationList } from '../mutate-operations.ts'
import { icmpPacket, repairPacket } from '../packets.ts'
import type { Probe } from '../target.ts'

const peer = argument(0, 3)
const which = argument(0, 5)
const delta = argument(-70_000, 70_000, 0, 0, 0, 0, 1, -1, 100, 1460, 8192)
const KINDS: readonly Kind[] = [
  { name: 'setup', arguments: [argument(1, 4), argument(1, 4), argument(1, 8), argument(0, 1)] },
  {
    name: 'segment',
    weight: 10,
    // The peer, flags, distance from RCV.NXT and SND.NXT, window, octets of text, options, damage.
    arguments: [
      peer,
      argument(0, 0x1ff, SYN, SYN, ACK, ACK, ACK | PSH, SYN | ACK, FIN | ACK, RST, RST | ACK, ACK | URG),
      delta,
      delta,
      argument(0, 65_535, 0, 1460, 8192, 65_535),
      argument(0, 1400, 0, 0, 1, 100, 1400),
      argument(0, 7, 0, 0, 1, 7),
      argument(0, 120, 0, 0, 0, 0),
    ],
  },
  { name: 'again', arguments: [argument(1, 4)] },
  {
    name: 'icmp',
    arguments: [argument(0, 1), argument(0, 129, 1, 2, 3, 4, 8, 11, 12, 128), argument(0, 15), delta],
  },
  { name: 'garbage', arguments: [argument(0, 100), argument(0, 1000)] },
  // The last packet with another octet in an address or a port.
  { name: 'elsewhere', arguments: [argument(0, 255), argument(0, 11)] },
  { name: 'listen', arguments: [] },
  { name: 'close-listener', arguments: [] },
  { name: 'accept', arguments: [], weight: 2 },
  { name: 'connect', arguments: [peer], weight: 2 },
  { name: 'send', arguments: [which, argument(0, 9000, 1, 100, 1460, 9000), argument(0, 1)], weight: 2 },
  { name: 'receive', arguments: [which, argument(0, 9000, 1, 100, 9000)], weight: 2 },
  { name: 'close', arguments: [which] },
  { name: 'release', arguments: [which] },
  { name: 'abort', arguments: [which] },
  { name: 'timeout', arguments: [argument(1, 6)], weight: 2 },
  { name: 'wait', arguments: [argument(0, 100_000, 1, 40, 1000, 60_000)] },
  { name: 'hold', arguments: [argument(1, 8)] },
]
const OPERATIONS = new OperationList(KINDS, 60)
const SYN_ARRIVES = 'segment 0 2 0 0 8192 0 7 0'
const ACK_ARRIVES = 'segment 0 16 0 0 8192 0 0 0'

export const target = operationTarget(
  {
    name: 'stack',
    about: 'a stack with a listener: packets of four peers, damaged ones, ICMP, and all calls',
    seeds: () => [
      OPERATIONS.read(
        'setup 2 2 4 0',
        SYN_ARRIVES,
        ACK_ARRIVES,
        'accept',
        'segment 0 24 0 0 8192 100 0 0',
        'receive 0 9000',
        'send 0 1460 1',
        ACK_ARRIVES,
        'close 0',
        'segment 0 17 0 0 8192 0 0 0',
        'timeout 6',
      ),
      OPERATIONS.read(
        'connect 1',
        'segment 1 18 0 0 8192 0 7 0',
        'send 0 9000 1',
        'icmp 1 2 0 0',
        'timeout 4',
      ),
      OPERATIONS.read(
        'setup 1 1 2 1',
        SYN_ARRIVES,
        'segment 1 2 0 0 0 0 0 0',
        'wait 1000',
        'segment 2 2 0 0 0 0 0 0',
      ),
    ],
    run,
  },
  OPERATIONS,
)

function run(input: readonly Operation[], probe: Probe): void {
  const first = input[0]?.[0] === 0 ? input[0] : [0, 2, 2, 4, 0]
  const host = new FuzzedHost(first[1]!, first[2]!, first[3]!)
  const peers = new Peers(host)
  let held = 0
  for (const operation of input) {
    const [kind, a, b, c] = operation as [number, number, number, number]
    const { name } = KINDS[kind]!
    if (name === 'hold') held = a
    else if (!peers.step(name, operation)) user(host, name, a, b, c)
    if (held > 0) held--
    else host.drain()
    const { occupancy } = host.stack
    probe.feature(((kind * 5 + occupancy.connections) * 5 + occupancy.waiting) * 5 + occupancy.halfOpen)
  }
  host.end(first[4] === 1)
}

function user(host: FuzzedHost, name: string, a: number, b: number, c: number): void {
  const one = host.owned[a % Math.max(1, host.owned.length)]?.connection
  if (name === 'listen') host.listen()
  else if (name === 'close-listener') host.closeListener()
  else if (name === 'accept') host.accept()
  else if (name === 'connect') host.connect(versionOf(a), portOf(a))
  else if (name === 'send') host.send(a, b, c === 1)
  else if (name === 'receive') host.receive(a, b)
  else if (name === 'wait') host.now += 1000 * a
  else if (name === 'timeout') for (let i = 0; i < a; i++) host.timeout()
  else if (name === 'close') host.call(() => one?.close())
  else if (name === 'release') host.call(() => one?.release())
  else if (name === 'abort') host.call(() => one?.abort())
}

function versionOf(one: number): 4 | 6 {
  return (one & 1) === 0 ? 4 : 6
}

function portOf(one: number): number {
  return 4000 + one
}

const ip = new IpHeader()
const seg = new Segment()

/** The other side of the link. */
class Peers {
  readonly #host: FuzzedHost
  readonly #sent: Uint8Array[] = []

  constructor(host: FuzzedHost) {
    this.#host = host
  }

  /** @returns false where the operation is the user's. */
  step(name: string, operation: Operation): boolean {
    const [, a, b, c, d] = operation as [number, number, number, number, number]
    if (name === 'segment') this.#deliver(this.#segment(operation))
    else if (name === 'again') this.#deliver(this.#sent.at(-a) ?? new Uint8Array(0))
    else if (name === 'icmp') this.#deliver(this.#icmp(a, b, c, d))
    else if (name === 'garbage') {
      const octets = new Uint8Array(a)
      new Random(b).fill(octets)
      this.#deliver(octets)
    } else if (name === 'elsewhere') {
      const packet = (this.#sent.at(-1) ?? new Uint8Array(0)).slice()
      if (packet.length > 12 + b) packet[12 + b] = a
      this.#deliver(repairPacket(packet))
    } else return false
    return true
  }

  #deliver(packet: Uint8Array): void {
    this.#sent.push(packet)
    this.#host.arrive(packet)
  }

  #segment(operation: Operation): Uint8Array {
    const [, which, flags, seqDelta, ackDelta, window, length, options, damage] = operation as number[]
    const version = versionOf(which!)
    const tcb = this.#host.find(version, portOf(which!))?.tcb
    addresses(version)
    seg.srcPort = portOf(which!)
    seg.dstPort = tcb?.path.localPort ?? LISTENING
    seg.flags = flags!
    const known = tcb !== undefined && tcb.irs !== 0
    seg.seq = ((known ? tcb.rcv.nxt : 0x7fff_ff00 + which!) + seqDelta!) | 0
    seg.ack = ((tcb?.snd.nxt ?? 5000) + ackDelta!) | 0
    seg.window = window!
    seg.urgentPointer = length!
    seg.hasTimestamps =
      (flags! & SYN) !== 0 ? (options! & 1) !== 0 : (tcb?.timestamps ?? false) !== ((options! & 1) !== 0)
    seg.tsVal =
      (Math.floor(this.#host.now / 1000) - ((options! & 2) !== 0 && (flags! & SYN) === 0 ? 9000 : 0)) | 0
    seg.tsEcr = 0
    seg.mss = (options! & 2) !== 0 ? 1400 : -1
    seg.windowScale = (options! & 4) !== 0 ? 2 : -1
    const textAt = seg.seq + ((flags! & SYN) !== 0 ? 1 : 0)
    const text = Uint8Array.from({ length: length! }, (_, i) => peerOctet((textAt + i) | 0))
    const packet = tcpPacketOf(ip, seg, text)
    if (damage === 0 || damage! >= packet.length) return packet
    // Damage on the way, which the checksum sees; or a sender's own mistake, which must leave the text where it was.
    packet[damage!]! ^= 0x15
    // With another data offset options would be text.
    const isDataOffset = damage === (version === 4 ? 20 : 40) + 12
    return damage! % 2 === 0 && length === 0 && !isDataOffset ? repairPacket(packet) : packet
  }

  #icmp(about: number, type: number, code: number, cut: number): Uint8Array {
    const quoted = about === 0 ? this.#host.lastSent : (this.#sent.at(-1) ?? new Uint8Array(0))
    const version = quoted.length > 0 && quoted[0]! >> 4 === 6 ? 6 : 4
    const packet = icmpPacket(version, type, code, quoted.slice(0, 48 + (Math.abs(cut) % 600)))
    // It goes to our address from the peer's.
    packet.set(version === 4 ? [10, 0, 0, 2, 10, 0, 0, 1] : ADDRESSES_6, version === 4 ? 12 : 8)
    return repairPacket(packet)
  }
}

const ADDRESSES_6 = [0xfd, ...new Array<number>(14).fill(0), 2, 0xfd, ...new Array<number>(14).fill(0), 1]

function addresses(version: 4 | 6): void {
  const isV4 = version === 4
  ip.version = version
  ip.ttl = 64
  ip.src0 = ip.dst0 = isV4 ? 0 : 0xfd000000 | 0
  ip.src1 = ip.dst1 = 0
  ip.src2 = ip.dst2 = isV4 ? 0xffff : 0
  ip.src3 = isV4 ? 0x0a000002 : 2
  ip.dst3 = isV4 ? 0x0a000001 : 1
}
