/** Packets of a script: those that it injects, and those that it expects. */

import { ACK, RST, SYN } from '../wire/segment.ts'
import { comparePackets, continues, joined } from './compare.ts'
import { Flow } from './flow.ts'
import { packetIn } from './packet-in.ts'
import { belongsTo, isIcmp, type LivePacket, packetOut, readLive } from './packet-out.ts'
import type { Play, Run } from './run.ts'
import { type Due, dueText, inTime, seconds } from './schedule.ts'
import type { OptionSpec, PacketAction, TcpSpec } from './script.ts'
import { type Difference, type Failure, Stop } from './verdict.ts'

/** How long after its time a packet is still waited for. */
const PATIENCE_US = 2_000_000
/** The first port that the other side of a connection to a listener has. */
const FIRST_REMOTE_PORT = 40_000

// ---- in

/** Injects a packet now. */
export function* inject(run: Run, action: PacketAction): Play<void> {
  const flow = flowOf(run, action)
  if (action.body.kind === 'tcp') advanceIn(flow, action.body)
  const octets = packetIn(action, flow, run.settings)
  run.passed.push({ at: run.now, direction: 'in', octets, packet: action })
  yield* run.ask({ kind: 'inject', packet: octets }, 'done')
}

/** Where a packet of the script belongs: to the newest connection, or to a new one of the listener's. */
function flowOf(run: Run, action: PacketAction): Flow {
  const { body, direction } = action
  const { under } = run
  if (direction === 'in' && body.kind === 'tcp' && (under === null || under.state === 'listening')) {
    return openedBy(run, body)
  }
  const byPorts = body.kind === 'icmp' ? null : flowWithPorts(run, body.ports, direction)
  if (byPorts !== null) return byPorts
  if (under === null) {
    throw failed(run, 'no socket is under test that this packet could belong to', [])
  }
  complete(run, under)
  return under
}

/** The connection of several that has these ports. */
function flowWithPorts(run: Run, ports: TcpSpec['ports'], direction: 'in' | 'out'): Flow | null {
  if (ports === null) return null
  const [local, remote] =
    direction === 'in' ? [ports.destination, ports.source] : [ports.source, ports.destination]
  return run.latest((flow) => flow.local.port === local && flow.remote.port === remote)
}

/** A new connection from outside. */
function openedBy(run: Run, tcp: TcpSpec): Flow {
  const { settings, under } = run
  const localPort = tcp.ports?.destination || under?.local.port || settings.bindPort
  const remotePort = tcp.ports?.source || FIRST_REMOTE_PORT + run.flows.length
  const flow = new Flow(
    'tcp',
    'called',
    -1,
    { address: settings.local, port: localPort },
    { address: settings.remote, port: remotePort },
  )
  flow.remoteIsn.script = tcp.sequence.start | 0
  flow.remoteIsn.live = tcp.sequence.start | 0
  flow.remoteIsnKnown = true
  run.flows.push(flow)
  return flow
}

/** What a socket that nobody connected was not told: a packet for it needs all four numbers. */
function complete(run: Run, flow: Flow): void {
  if (flow.local.port === 0 && flow.state === 'new') flow.local.port = run.settings.bindPort
  if (flow.remote.port === 0) flow.remote.port = FIRST_REMOTE_PORT + run.flows.length
}

/** What a segment of the other side says of the connection's progress. */
function advanceIn(flow: Flow, tcp: TcpSpec): void {
  const { bits } = tcp.flags
  if (flow.state === 'answered' && (bits & ACK) !== 0) flow.state = 'open'
  if ((bits & SYN) === 0 || flow.remoteIsnKnown || flow.state !== 'syn-sent') return
  flow.remoteIsn.script = tcp.sequence.start | 0
  flow.remoteIsn.live = tcp.sequence.start | 0
  flow.remoteIsnKnown = true
  if ((bits & ACK) !== 0) flow.state = 'open'
}

// ---- out

/** Waits for a packet and compares it with the one that is expected. */
export function* expectPacket(run: Run, action: PacketAction, due: Due, tolerance: number): Play<void> {
  if (action.encapsulation.length > 0) throw Stop.unsupported('packets in tunnels')
  if (action.body.kind === 'tcp' && action.body.udp !== null) throw Stop.unsupported('TCP in UDP')
  const flow = flowOf(run, action)
  expectSyn(flow, action)
  const parts: LivePacket[] = []
  const read: PacketAction[] = []
  const wanted = action.body.kind === 'tcp' ? action.body.sequence.length : 0
  for (let length = 0; parts.length === 0 || (length < wanted && !run.settings.strictSegments); ) {
    const live = yield* sniff(run, flow, action, due, tolerance, read)
    learn(flow, live, action)
    const part = packetOut(live, flow)
    run.passed.push({ at: live.at, direction: 'out', octets: live.octets, packet: part })
    mustContinue(run, action, read, part)
    parts.push(live)
    read.push(part)
    length += part.body.kind === 'tcp' ? part.body.sequence.length : 0
    // Nothing joins a segment without text.
    if (part.body.kind !== 'tcp' || part.body.sequence.length === 0) break
  }
  judge(run, flow, action, parts, withScriptTime(flow, joined(read)), due, tolerance)
}

/** A SYN in the script tells what its number there is. */
function expectSyn(flow: Flow, { body }: PacketAction): void {
  if (body.kind !== 'tcp' || (body.flags.bits & SYN) === 0) return
  const hasAck = (body.flags.bits & ACK) !== 0
  if (flow.state === 'connecting' && !hasAck) {
    flow.state = 'syn-sent'
    flow.localIsn.script = body.sequence.start | 0
  } else if (flow.state === 'called' && hasAck) flow.localIsn.script = body.sequence.start | 0
}

/** The next packet of this connection. */
function* sniff(
  run: Run,
  flow: Flow,
  action: PacketAction,
  due: Due,
  tolerance: number,
  before: readonly PacketAction[],
): Play<LivePacket> {
  const waiting = run.waiting.findIndex((live) => isOurs(live, flow, action))
  if (waiting >= 0) return run.waiting.splice(waiting, 1)[0]!
  const until = due.kind === 'any' ? Number.POSITIVE_INFINITY : Math.max(due.to, run.now) + PATIENCE_US
  for (;;) {
    const { packet, at } = yield* run.ask({ kind: 'sniff', until }, 'sniffed')
    if (packet === null)
      throw failed(run, nothingCame(due, tolerance, before), [], action, before.at(-1) ?? null)
    const live = readLive(packet, at)
    if (live.fault !== null) {
      throw failed(run, `the packet is malformed: ${live.fault}`, [], action, null)
    }
    if (isOurs(live, flow, action)) return live
    // It stays for those who ask for the other connection.
    run.waiting.push(live)
  }
}

/**
 * A port that is not known yet is learned from a SYN, and from nothing else. ICMP messages are looked at where the script
 * has one: what the host answers besides TCP is its own affair.
 */
function isOurs(live: LivePacket, flow: Flow, { body }: PacketAction): boolean {
  if (!belongsTo(live, flow)) return false
  if (isIcmp(live) !== (body.kind === 'icmp')) return !isIcmp(live)
  return flow.local.port !== 0 || live.tcp === null || (live.tcp.flags & (SYN | ACK)) === SYN
}

/** Keeps of a packet what later ones are understood by. */
function learn(flow: Flow, live: LivePacket, { body }: PacketAction): void {
  if (flow.local.port === 0) flow.local.port = live.sourcePort
  const { tcp } = live
  if (tcp === null) return
  const { flags } = tcp
  const isSyn = (flags & SYN) !== 0
  const hasAck = (flags & ACK) !== 0
  if (flow.state === 'syn-sent' && isSyn && !hasAck && flow.lastOut === null) flow.localIsn.live = tcp.seq
  const answers = isSyn && hasAck && body.kind === 'tcp' && (body.flags.bits & (SYN | ACK)) === (SYN | ACK)
  if (flow.state === 'called' && answers) {
    flow.state = 'answered'
    flow.localIsn.live = tcp.seq
  }
  if ((flags & RST) === 0 || flow.lastOut === null) flow.lastOut = { seq: tcp.seq, ack: tcp.ack, hasAck }
  if (body.kind !== 'tcp' || !tcp.hasTimestamps) return
  const stamp = body.options?.find((option) => option.kind === 'TS')
  if (stamp?.kind === 'TS' && !stamp.anyVal) flow.learnTs(stamp.val, tcp.tsVal)
}

function mustContinue(
  run: Run,
  action: PacketAction,
  before: readonly PacketAction[],
  next: PacketAction,
): void {
  const last = before.at(-1)
  if (last === undefined) return
  const why =
    last.body.kind === 'tcp' && next.body.kind === 'tcp'
      ? continues(last.body, next.body)
      : `a packet of ${next.body.kind} came in between`
  if (why === null) return
  throw failed(
    run,
    `several packets do not make up this segment: ${why}`,
    [],
    action,
    joined([...before, next]),
  )
}

/** Time stamp values counted as the script counts them. */
function withScriptTime(flow: Flow, packet: PacketAction): PacketAction {
  if (packet.body.kind !== 'tcp' || packet.body.options === null) return packet
  const options = packet.body.options.map(
    (option): OptionSpec =>
      option.kind === 'TS' ? { ...option, val: flow.scriptTsVal(option.val) } : option,
  )
  return { ...packet, body: { ...packet.body, options } }
}

function judge(
  run: Run,
  flow: Flow,
  expected: PacketAction,
  parts: readonly LivePacket[],
  actual: PacketAction,
  due: Due,
  tolerance: number,
): void {
  const { settings } = run
  const last = parts.at(-1)!
  const { differences, notes } = comparePackets(expected, actual, settings, flow.local.address.version)
  differences.push(...timeStampDifference(run, expected, actual, due))
  differences.push(...flowLabelDifference(flow, expected, actual))
  if (last.ip.version === 4 && last.ip.headerLength !== 20) {
    differences.push({ field: 'IP header', expected: '20 octets', actual: `${last.ip.headerLength} octets` })
  }
  if (!run.sentText && parts.some(hasText)) {
    differences.push({ field: 'text', expected: 'zeros, as they were written', actual: 'other octets' })
  }
  if (!inTime(due, last.at, tolerance)) {
    differences.push({ field: 'time', expected: dueText(due, tolerance), actual: `${seconds(last.at)} s` })
  }
  if (differences.length > 0) {
    throw failed(
      run,
      `${differences.map(({ field }) => field).join(', ')} of the packet`,
      differences,
      expected,
      actual,
    )
  }
  for (const note of notes) run.note(note)
}

function hasText({ octets, tcp }: LivePacket): boolean {
  if (tcp === null) return false
  return octets.subarray(tcp.textOffset, tcp.textOffset + tcp.textLength).some((octet) => octet !== 0)
}

/** Where the script says how long a tick is, the clock of time stamps is a matter of the whole run's tolerance. */
function timeStampDifference(run: Run, expected: PacketAction, actual: PacketAction, due: Due): Difference[] {
  const { tsTickUs, toleranceUs, tolerancePercent } = run.settings
  const stamp = stampOf(expected)
  const other = stampOf(actual)
  if (tsTickUs === 0 || stamp === undefined || other === undefined || stamp.anyVal) return []
  const tolerance = Math.max(toleranceUs, (tolerancePercent / 100) * due.from)
  if (Math.abs((other.val - stamp.val) | 0) * tsTickUs <= tolerance) return []
  return [{ field: 'TS val', expected: `${stamp.val}`, actual: `${other.val}` }]
}

function stampOf({ body }: PacketAction): Extract<OptionSpec, { kind: 'TS' }> | undefined {
  if (body.kind !== 'tcp') return undefined
  return body.options?.find((option) => option.kind === 'TS')
}

/** Labels are names for flows: what counts is whether it is the same one as before (RFC 6437 2). */
function flowLabelDifference(flow: Flow, expected: PacketAction, actual: PacketAction): Difference[] {
  const script = expected.ip.flowLabel ?? 0
  const live = actual.ip.flowLabel ?? 0
  if (script === 0) return []
  const known = flow.flowLabel
  const same = script === known.script
  const field = 'flowlabel'
  if (live === 0) return [{ field, expected: 'one', actual: 'none' }]
  if (known.script !== 0 && same !== (live === known.live)) {
    return [
      {
        field,
        expected: same ? 'the same as before' : 'another one than before',
        actual: `0x${live.toString(16)}`,
      },
    ]
  }
  flow.flowLabel = { script, live }
  return []
}

function nothingCame(due: Due, tolerance: number, before: readonly PacketAction[]): string {
  if (before.length > 0) return 'the rest of the segment was not sent'
  return `no packet was sent; expected at ${dueText(due, tolerance)}`
}

/** A failure at the moment of the run. */
export function failed(
  run: Run,
  what: string,
  differences: readonly Difference[],
  expected: PacketAction | null = null,
  actual: PacketAction | null = null,
): Stop {
  const failure: Failure = { what, differences, expected, actual, at: run.now }
  return Stop.failed(failure)
}
