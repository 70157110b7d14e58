/**
 * One connection and all that can happen to it, as a list of operations: segments relative to where it stands, time, the
 * user's calls, ICMP errors. What must hold stands in connection/world.ts and connection/wire.ts.
 */

import { CLOSED } from '../../src/tcp/state.ts'
import type { Tcb } from '../../src/tcp/tcb.ts'
import type { IcmpMeaning } from '../../src/wire/icmp.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { ACK, FIN, PSH, RST, Segment, SYN, URG } from '../../src/wire/segment.ts'
import { peerOctet } from '../connection/stream.ts'
import { LOCAL_PORT, REMOTE_PORT } from '../connection/wire.ts'
import { MOST_TUNING, World } from '../connection/world.ts'
import { operationTarget } from '../make-target.ts'
import { argument, type Kind, type Operation, OperationList } from '../mutate-operations.ts'
import { expect, type Probe } from '../target.ts'

const delta = argument(-70_000, 70_000, 0, 0, 0, 1, -1, 2, -2, 100, -100, 500, 1460, 8192, -8192, 65_535)
const flagBits = argument(
  0,
  0x1ff,
  ACK,
  ACK,
  ACK,
  ACK | PSH,
  SYN,
  SYN | ACK,
  FIN | ACK,
  FIN | ACK,
  RST,
  RST | ACK,
  URG | ACK,
  FIN,
)
const bufferLog2 = argument(0, 16, 0, 1, 4, 8, 12, 13, 14, 16)

/** Bits of TUNINGS in connection/world.ts. */
const tuning = argument(0, MOST_TUNING, 0, 0, 4, 8, 1 << 7, 1 << 9, 0x102, 0x800, 0x1000)

const KINDS: readonly Kind[] = [
  {
    name: 'setup',
    arguments: [
      argument(0, 255, 0, 1, 2, 4, 8, 16, 32, 64, 128),
      bufferLog2,
      bufferLog2,
      tuning,
      argument(0, 3),
      argument(100, 65_535, 1500, 1500, 576, 1280, 9000),
      argument(0, 1),
    ],
  },
  {
    name: 'segment',
    weight: 12,
    // Flags, where its number counts from, and how far from there; the same of the acknowledgment; window, octets of
    // text, options, urgent pointer.
    arguments: [
      flagBits,
      argument(0, 5, 0, 0, 0, 1, 4),
      delta,
      argument(0, 3, 0, 0, 0, 1),
      delta,
      argument(0, 65_535, 0, 1, 100, 1460, 8192, 65_535),
      argument(0, 2000, 0, 0, 1, 2, 100, 536, 1460),
      argument(0, 63, 0, 0, 0, 1, 2, 12, 44),
      argument(0, 65_535, 0, 1, 100, 65_535),
    ],
  },
  { name: 'listen', arguments: [] },
  { name: 'connect', arguments: [] },
  {
    name: 'send',
    arguments: [argument(0, 20_000, 0, 1, 2, 100, 1460, 3000, 20_000), argument(0, 7)],
    weight: 3,
  },
  { name: 'receive', arguments: [argument(0, 70_000, 0, 1, 100, 4096, 70_000)], weight: 2 },
  { name: 'close', arguments: [] },
  { name: 'release', arguments: [] },
  { name: 'abort', arguments: [] },
  { name: 'status', arguments: [] },
  { name: 'push', arguments: [] },
  { name: 'quick', arguments: [argument(0, 1)] },
  { name: 'reconfigure', arguments: [argument(0, 255, 0, 8, 16, 32, 64), bufferLog2, bufferLog2, tuning] },
  { name: 'timeout', arguments: [argument(1, 12, 1, 1, 2, 5)], weight: 3 },
  {
    name: 'wait',
    arguments: [argument(0, 100_000_000, 1, 10, 40, 200, 1000, 60_000, 7_200_000), argument(0, 1)],
  },
  { name: 'early', arguments: [] },
  {
    name: 'icmp',
    arguments: [
      argument(0, 8),
      argument(0, 1),
      delta,
      argument(0, 65_535, 0, 68, 552, 576, 1280, 1499),
      delta,
    ],
  },
  // The next operations happen before the connection is polled.
  { name: 'hold', arguments: [argument(1, 20, 2, 3, 5)] },
]
const HOLD = KINDS.findIndex(({ name }) => name === 'hold')
const OPERATIONS = new OperationList(KINDS, 60)

const HANDSHAKE = 'segment 2 4 0 0 0 65535 0 12 0'
const ACK_OF_SYN = 'segment 16 0 0 0 0 8192 0 0 0'
const TEXT = 'segment 24 0 0 0 0 8192 536 0 0'
const FIN_ACK = 'segment 17 0 0 0 0 8192 0 0 0'
const SETUP = 'setup 0 13 14 0 0 1500 0'

export const target = operationTarget(
  {
    name: 'connection',
    about: 'one connection: segments, time, calls and ICMP in any order, with a peer that reads along',
    seeds: () => [
      OPERATIONS.read(
        SETUP,
        'listen',
        HANDSHAKE,
        ACK_OF_SYN,
        TEXT,
        'receive 4096',
        FIN_ACK,
        'close',
        ACK_OF_SYN,
      ),
      OPERATIONS.read(
        SETUP,
        'connect',
        'segment 18 4 0 0 0 8192 0 44 0',
        'send 3000 1',
        ACK_OF_SYN,
        'close',
        FIN_ACK,
      ),
      OPERATIONS.read(
        SETUP,
        'connect',
        HANDSHAKE,
        'segment 18 2 0 0 0 8192 0 44 0',
        'close',
        FIN_ACK,
        'timeout 5',
      ),
      OPERATIONS.read(
        'setup 1 8 14 4 1 1280 1',
        'listen',
        HANDSHAKE,
        ACK_OF_SYN,
        'send 3000 1',
        'timeout 12',
        'abort',
      ),
      OPERATIONS.read(
        SETUP,
        'listen',
        HANDSHAKE,
        'segment 4 0 0 0 0 0 0 0 0',
        HANDSHAKE,
        ACK_OF_SYN,
        'release',
      ),
    ],
    run,
  },
  OPERATIONS,
)

const MEANINGS: readonly IcmpMeaning[] = [
  'network-unreachable',
  'host-unreachable',
  'protocol-unreachable',
  'port-unreachable',
  'fragmentation-needed',
  'administratively-prohibited',
  'source-quench',
  'time-exceeded',
  'parameter-problem',
]

function run(input: readonly Operation[], probe: Probe): void {
  const first = input[0]?.[0] === 0 ? input[0] : [0, 0, 13, 14, 0, 0, 1500, 0]
  const world = new World(first.slice(1))
  let held = 0
  for (const operation of input) {
    const before = world.tcb.state
    if (operation[0] === HOLD) held = operation[1]!
    else step(world, operation, probe)
    world.notice()
    if (held > 0) held--
    else world.drain()
    probe.feature((before * 11 + world.tcb.state) * 18 + operation[0]!)
  }
  world.end(first[7] === 0)
}

function step(world: World, operation: Operation, probe: Probe): void {
  const [kind, a, b, c, d, e] = operation as [number, number, number, number, number, number]
  const { clock, tcb } = world
  switch (KINDS[kind]!.name) {
    case 'segment':
      return arrive(world, operation, probe)
    case 'listen':
      return world.call((one) => one.listen())
    case 'connect':
      return world.call((one) => one.connect())
    case 'send':
      return world.send(a, { push: (b & 1) !== 0, urgent: (b & 2) !== 0, endOfRecord: (b & 4) !== 0 })
    case 'receive':
      return world.receive(a)
    case 'close':
      return world.call((one) => one.close())
    case 'release':
      return world.call((one) => one.release())
    case 'abort':
      return world.call((one) => one.abort())
    case 'push':
      return world.call((one) => one.push())
    case 'quick':
      return world.call((one) => one.acknowledgeQuickly(a === 1))
    case 'status':
      return world.call((one) => checkStatus(one.status()))
    case 'reconfigure':
      return world.reconfigure(a, b, c, d)
    case 'timeout':
      for (let i = 0; i < a; i++) world.timeout()
      return
    case 'wait':
      clock.now += 1000 * a
      if (b === 1) {
        world.causes++
        world.connection.handleTimeout()
      }
      return
    case 'early':
      return world.early()
    case 'icmp': {
      if (tcb.state === CLOSED) return // nobody would find it
      world.causes++
      const seq = ((b === 0 ? tcb.snd.una : tcb.snd.nxt) + c) | 0
      return world.connection.handleIcmp(MEANINGS[a]!, seq, d, Math.max(0, 1500 + e))
    }
  }
}

function checkStatus(status: object): void {
  for (const [name, value] of Object.entries(status)) {
    expect(typeof value === 'string' || value >= 0, () => `STATUS: ${name} is ${value}`)
  }
}

const ip = new IpHeader()
const seg = new Segment()
const bytes = new Uint8Array(2100)
const MSS_VALUES = [1460, 0, 1, 536, 65_535]
const SCALE_VALUES = [7, 0, 14, 15, 255]
/** The peer's first number where nothing else is said. */
const PEER_ISS = 0x7fff_ff00

/** Bits of a segment's options. */
const OTHER_TIMESTAMPS = 1
const OLD_TIMESTAMP = 2
const WITH_MSS = 4
const WITH_SCALE = 8
const WRONG_ECHO = 16
const WITH_TIMESTAMPS = 32

/** Makes a segment from where the connection stands now, and hands it over. */
function arrive(world: World, operation: Operation, probe: Probe): void {
  const [, flags, seqBase, seqDelta, ackBase, ackDelta, window, length, options, up] = operation as number[]
  const { tcb } = world
  const { rcv, snd } = tcb
  seg.srcPort = REMOTE_PORT
  seg.dstPort = LOCAL_PORT
  seg.flags = flags!
  const bases = [rcv.nxt, rcv.adv, tcb.irs, seg.seq, PEER_ISS, rcv.finSeen ? rcv.fin : rcv.acked]
  seg.seq = (bases[seqBase!]! + seqDelta!) | 0
  seg.ack = ([snd.nxt, snd.una, tcb.iss, snd.end][ackBase!]! + ackDelta!) | 0
  seg.window = window!
  seg.urgentPointer = up!
  seg.textLength = length!
  putOptions(tcb, options!, length! % 5, up! % 5, Math.floor(world.clock.now / 1000))
  const textAt = (seg.seq + ((flags! & SYN) !== 0 ? 1 : 0)) | 0
  seg.bytes = bytes
  seg.textOffset = 7
  for (let i = 0; i < length!; i++) bytes[7 + i] = peerOctet((textAt + i) | 0)
  if ((flags! & FIN) !== 0) world.finsSent.add((textAt + length!) | 0)
  probe.feature(2200 + kindOf(tcb))
  putAddresses(tcb)
  world.causes += 1
  world.wire.heard(seg.flags, seg.ack, seg.window, 14)
  const { seq } = seg
  world.connection.handleSegment(ip, seg)
  // Whoever kept a borrowed view will be found out.
  bytes.fill(0xaa)
  seg.seq = seq
  seg.ack = 0x55555555
  seg.flags = 0x1ff
}

function putOptions(tcb: Tcb, options: number, mss: number, scale: number, ms: number): void {
  const isSyn = (seg.flags & SYN) !== 0
  const usual = isSyn ? (options & WITH_TIMESTAMPS) !== 0 : tcb.timestamps
  seg.hasTimestamps = (options & OTHER_TIMESTAMPS) !== 0 ? !usual : usual
  seg.tsVal = (ms + 0x7ff0_0000 - ((options & OLD_TIMESTAMP) !== 0 ? 10_000 : 0)) | 0
  const echo = Math.floor(ms + tcb.tsOffset) | 0
  seg.tsEcr = (options & WRONG_ECHO) !== 0 ? 0x12345678 : echo
  seg.mss = (options & WITH_MSS) !== 0 ? MSS_VALUES[mss]! : -1
  seg.windowScale = (options & WITH_SCALE) !== 0 ? SCALE_VALUES[scale]! : -1
}

function putAddresses({ path }: Tcb): void {
  ip.version = path.version
  ip.tos = 0
  ip.src0 = path.remote0
  ip.src1 = path.remote1
  ip.src2 = path.remote2
  ip.src3 = path.remote3
  ip.dst0 = path.local0
  ip.dst1 = path.local1
  ip.dst2 = path.local2
  ip.dst3 = path.local3
}

/** Which of its kinds a segment is: flags, where it lies and what it acknowledges, in this state. */
function kindOf(tcb: Tcb): number {
  const { rcv, snd } = tcb
  const offset = (seg.seq - rcv.nxt) | 0
  const window = (rcv.adv - rcv.nxt) | 0
  const place = offset < 0 ? 0 : offset === 0 ? 1 : offset < window ? 2 : offset === window ? 3 : 4
  const acked = (seg.ack - snd.una) | 0
  const flight = (snd.nxt - snd.una) | 0
  const news = (seg.flags & ACK) === 0 ? 0 : acked < 0 ? 1 : acked === 0 ? 2 : acked <= flight ? 3 : 4
  const control = seg.flags & (SYN | FIN | RST | URG)
  const text = seg.textLength > 0 ? 1 : 0
  return (((tcb.state * 5 + place) * 5 + news) * 8 + (control & 7) + text * 3) % 1800
}
