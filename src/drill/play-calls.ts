/** System calls of a script: their arguments, what they must give, and what they say of the connection under test. */

import { CONSTANTS } from '../posix/constants.ts'
import { DEFAULT_ARGUMENT, type Outcome, type Value } from '../posix/value.ts'
import { holdsText, isStructure, numberOf, sameErrno, valueDifferences, valueFrom } from './call-values.ts'
import { Flow } from './flow.ts'
import { failed } from './play-packets.ts'
import type { Pending, Play, Run } from './run.ts'
import { type Due, dueText, inTime, seconds, toleranceOf } from './schedule.ts'
import type { CallAction, ScriptEvent } from './script.ts'
import type { Called } from './stage.ts'
import { type Difference, Stop } from './verdict.ts'

/** How long after its time a call that blocks is still waited for. */
const PATIENCE_US = 2_000_000

/** Places of descriptors among the arguments, where it is not the first one alone. */
const DESCRIPTORS: Readonly<Record<string, readonly number[]>> = {
  socket: [],
  pipe: [],
  open: [],
  epoll_create: [],
  epoll_create1: [],
  poll: [],
  epoll_ctl: [0, 2],
  sendfile: [0, 1],
  splice: [0, 2],
  dup2: [0],
}
/** Calls whose result is a descriptor, so that any will do where the script has one. */
const GIVES_DESCRIPTOR: ReadonlySet<string> = new Set([
  'socket',
  'accept',
  'accept4',
  'open',
  'epoll_create',
  'epoll_create1',
  'dup',
])

/** Makes a call. One that blocks stays `pending` until the next one, or the end. */
export function* call(run: Run, event: ScriptEvent, action: CallAction, due: Due): Play<void> {
  yield* collect(run)
  const passed = liveArguments(run, action, action.args.map(valueFrom))
  const { name } = action
  const flow = flowBefore(run, action)
  if (SENDS.has(name) && passed.some(holdsText)) run.sentText = true
  const mayBlock = action.blocksUntil !== null
  const answer = yield* run.ask({ kind: 'call', name, args: passed, mayBlock }, 'called')
  if (answer.unsupported !== null) throw Stop.unsupported(answer.unsupported)
  const end = endOf(event, action, due)
  if (answer.outcome !== null)
    return returned(run, { event, due: end }, action, answer.outcome, answer.at, flow)
  if (!mayBlock) {
    const expected = `${name}() returns at once`
    throw failed(run, `${name}() blocks`, [{ field: 'call', expected, actual: 'it blocks' }])
  }
  run.pending = { event, due: end }
}

/** When a call returns: as the event's own time it counts from the start or from when the event was taken up. */
function endOf(event: ScriptEvent, { blocksUntil }: CallAction, due: Due): number {
  if (blocksUntil === null) return due.from
  return event.time.kind === 'relative' ? due.base + blocksUntil : blocksUntil
}

/** Waits for the call that blocks, if there is one. */
export function* collect(run: Run): Play<void> {
  const { pending } = run
  if (pending === null || pending.event.action.kind !== 'call') return
  const answer = yield* run.ask(
    { kind: 'collect', until: Math.max(pending.due, run.now) + PATIENCE_US },
    'called',
  )
  if (answer.outcome === null && answer.unsupported === null) {
    run.event = pending.event
    const { name } = pending.event.action
    const expected = `${seconds(pending.due)} s`
    throw failed(run, `${name}() still blocks`, [{ field: 'return', expected, actual: 'none' }])
  }
  takeUp(run, pending, pending.event.action, answer)
}

/** The call that blocks, if it has returned by now: what follows may ask for the descriptor that it gave. */
export function* collectReturned(run: Run): Play<void> {
  const { pending } = run
  if (pending === null || pending.event.action.kind !== 'call') return
  const answer = yield* run.ask({ kind: 'collect', until: run.now }, 'called')
  if (answer.outcome === null && answer.unsupported === null) return
  const { event } = run
  takeUp(run, pending, pending.event.action, answer)
  run.event = event
}

function takeUp(run: Run, pending: Pending, action: CallAction, answer: Called): void {
  run.event = pending.event
  if (answer.unsupported !== null) throw Stop.unsupported(answer.unsupported)
  run.pending = null
  returned(run, pending, action, answer.outcome!, answer.at, run.under)
}

const SENDS: ReadonlySet<string> = new Set(['write', 'writev', 'send', 'sendto', 'sendmsg'])

// ---- arguments

/** Added to a descriptor that the script never had, so that it is none of the stage's own either. */
const NOBODYS_DESCRIPTOR = 1_000_000

/** The script's descriptors as the stage's. What a call gives back in the same place is compared by the live ones. */
function liveArguments(run: Run, { name }: CallAction, args: readonly Value[]): Value[] {
  const places = DESCRIPTORS[name] ?? [0]
  const live = (fd: Value): Value =>
    typeof fd !== 'number' || fd < 0 ? fd : (run.fds.get(fd) ?? fd + NOBODYS_DESCRIPTOR)
  const passed = args.map((value, i) => (places.includes(i) ? live(value) : value))
  if (name === 'poll' && Array.isArray(passed[0])) {
    passed[0] = (passed[0] as readonly Value[]).map((entry) =>
      isStructure(entry) ? { ...entry, fd: live(entry.fd ?? -1) } : entry,
    )
  }
  return passed
}

// ---- results

function returned(
  run: Run,
  made: Pending,
  action: CallAction,
  outcome: Outcome,
  at: number,
  flow: Flow | null,
): void {
  const differences = [
    ...resultDifferences(action, outcome),
    ...argumentDifferences(run, action, outcome),
    ...timeDifferences(run, made, action, at),
  ]
  if (differences.length > 0) {
    throw failed(run, `${action.name}() gave something else`, differences)
  }
  flowAfter(run, action, outcome, flow)
}

function resultDifferences(action: CallAction, { result, errno }: Outcome): Difference[] {
  if (action.result === null) return []
  const expected = numberOf(action.result)
  const actual = `${result}${errno === null ? '' : ` ${errno}`}`
  const given = GIVES_DESCRIPTOR.has(action.name) && expected >= 0 ? result >= 0 : result === expected
  const sameError = action.errno === null || (errno !== null && sameErrno(action.errno, errno))
  if (given && sameError) return []
  const wanted = `${expected}${action.errno === null ? '' : ` ${action.errno}`}`
  return [{ field: 'result', expected: wanted, actual }]
}

/** Sizes of buffers that a host of its own kind rounds and doubles: what getsockopt tells of them says nothing of TCP. */
const OWN_SIZES: ReadonlySet<number> = new Set([CONSTANTS.SO_RCVBUF, CONSTANTS.SO_SNDBUF])

/** Arguments that a script gives to say where to begin; where the call ended is not in question. */
const ONLY_IN: Readonly<Record<string, readonly number[]>> = { sendfile: [2], splice: [1, 3] }

function argumentDifferences(run: Run, action: CallAction, outcome: Outcome): Difference[] {
  if (action.name === 'pipe') return []
  const passed = liveArguments(run, action, action.args.map(valueFrom))
  const differences = passed.flatMap((value, i) =>
    ONLY_IN[action.name]?.includes(i) === true
      ? []
      : valueDifferences(value, outcome.args[i], `argument ${i + 1}`),
  )
  const isSize =
    action.name === 'getsockopt' &&
    passed[1] === CONSTANTS.SOL_SOCKET &&
    OWN_SIZES.has(passed[2] as number) &&
    run.settings.platform !== 'linux'
  if (!isSize || differences.length === 0) return differences
  run.note(
    'SO_RCVBUF and SO_SNDBUF are not compared: each system rounds the sizes of its buffers in its own way',
  )
  return []
}

function timeDifferences(run: Run, { due: end }: Pending, action: CallAction, at: number): Difference[] {
  if (action.blocksUntil === null) return []
  const due: Due = { kind: 'absolute', from: end, to: end, base: end }
  const tolerance = toleranceOf(run.settings, end, run.previousDue)
  if (inTime(due, at, tolerance)) return []
  return [{ field: 'return', expected: dueText(due, tolerance), actual: `${seconds(at)} s` }]
}

// ---- what calls say of the connections

/** Before the call: connect makes the socket's connection the one whose SYN is expected. */
function flowBefore(run: Run, action: CallAction): Flow | null {
  const fd = descriptorOf(action)
  const flow = fd === null ? null : run.latest((one) => one.fd === fd)
  if (flow === null) return null
  if (action.name === 'connect') connecting(run, flow, valueFrom(action.args[1]!))
  if (action.name === 'sendto' && action.args.length >= 6 && flow.state === 'new') {
    connecting(run, flow, valueFrom(action.args[4]!))
  }
  if (action.name === 'sendmsg' && flow.state === 'new') connecting(run, flow, DEFAULT_ARGUMENT)
  return flow
}

function descriptorOf({ name, args }: CallAction): number | null {
  const [first] = args
  if (first === undefined || DESCRIPTORS[name]?.length === 0) return null
  const value = valueFrom(first)
  return typeof value === 'number' ? value : null
}

function connecting(run: Run, flow: Flow, name: Value): void {
  const { settings } = run
  const port = isStructure(name) ? (name.sin_port ?? name.sin6_port) : settings.connectPort
  if (name === CONSTANTS.AF_UNSPEC || (isStructure(name) && familyOf(name) === CONSTANTS.AF_UNSPEC)) {
    flow.state = 'new'
    flow.remote.port = 0
  } else if (flow.state === 'new') {
    flow.state = flow.protocol === 'tcp' ? 'connecting' : 'open'
    flow.remote.port = typeof port === 'number' ? port : settings.connectPort
  }
}

function familyOf(name: Value): Value | undefined {
  return isStructure(name) ? (name.sa_family ?? name.sin_family ?? name.sin6_family) : undefined
}

/** After it: sockets, listeners, descriptors. */
function flowAfter(run: Run, action: CallAction, outcome: Outcome, flow: Flow | null): void {
  const { name } = action
  const { result } = outcome
  if (result < 0) return
  const fd = action.result === null ? result : numberOf(action.result)
  if (GIVES_DESCRIPTOR.has(name)) run.fds.set(fd, result)
  if (name === 'pipe') learnPipe(run, action, outcome)
  if (name === 'socket') newSocket(run, action, fd)
  if (name === 'accept' || name === 'accept4') {
    const waiting =
      run.flows.find((one) => one.fd < 0 && one.state !== 'called') ?? run.flows.find((one) => one.fd < 0)
    if (waiting !== undefined) waiting.fd = fd
  }
  if (flow === null) return
  if (name === 'listen') flow.state = 'listening'
  if (name === 'bind') {
    const given = valueFrom(action.args[1]!)
    const port = isStructure(given) ? (given.sin_port ?? given.sin6_port) : run.settings.bindPort
    if (typeof port === 'number') flow.local.port = port
  }
}

function newSocket(run: Run, action: CallAction, fd: number): void {
  const { settings } = run
  const type = action.args[1] === undefined ? 0 : valueFrom(action.args[1])
  const isDatagram = typeof type === 'number' && (type & 15) === CONSTANTS.SOCK_DGRAM
  const local = { address: settings.local, port: 0 }
  const remote = { address: settings.remote, port: 0 }
  run.flows.push(new Flow(isDatagram ? 'udp' : 'tcp', 'new', fd, local, remote))
}

function learnPipe(run: Run, action: CallAction, outcome: Outcome): void {
  const names = action.args[0] === undefined ? [] : valueFrom(action.args[0])
  const given = outcome.args[0]
  if (!Array.isArray(names) || !Array.isArray(given)) return
  for (const [i, name] of (names as readonly Value[]).entries()) {
    const live = (given as readonly Value[])[i]
    if (typeof name === 'number' && typeof live === 'number') run.fds.set(name, live)
  }
}
