/** open(2), pipe(2), fcntl(2), ioctl(2), splice(2), sendfile(2), and read(2) and write(2) of what is no socket. */

import { CLOSED, LISTEN } from '../tcp/state.ts'
import { Fails, integer, list, octets, Unsupported } from './arguments.ts'
import { answered, type Call, DONE, type Result } from './blocking.ts'
import { CONSTANTS } from './constants.ts'
import { type Description, isNonBlocking } from './descriptors.ts'
import { makePipe, type OpenFile, type PipeEnd } from './files.ts'
import { readableNow, receiveOctets } from './receive-calls.ts'
import { sendOctets } from './send-calls.ts'
import { unsentOctets } from './send-memory.ts'
import type { Task } from './task.ts'
import type { TcpSocket } from './tcp-socket.ts'
import type { Value } from './value.ts'

const FOREVER = Number.POSITIVE_INFINITY
/** Flags of an open file that F_SETFL changes. */
const SETTABLE = CONSTANTS.O_NONBLOCK | CONSTANTS.O_APPEND

/** open(path, flags, mode) */
export function open(task: Task, args: readonly Value[]): Result {
  if (typeof args[0] !== 'string') throw new Fails('EFAULT')
  return { result: task.descriptors.add(task.files.open(args[0], integer(args[1], 'the flags'))) }
}

/** pipe([reading, writing]), pipe2(..., flags) */
export function pipe(task: Task, args: readonly Value[]): Result {
  if (args[0] === null) throw new Fails('EFAULT')
  const flags = args[1] === undefined ? 0 : integer(args[1], 'the flags') & CONSTANTS.O_NONBLOCK
  const [reading, writing] = makePipe(flags)
  const pair = [task.descriptors.add(reading), task.descriptors.add(writing)]
  return { result: 0, args: answered(args, { 0: pair }) }
}

/** fcntl(fd, command, argument) */
export function fileControl(task: Task, args: readonly Value[]): Result {
  const description = task.descriptors.get(integer(args[0], 'the descriptor'))
  switch (integer(args[1], 'the command')) {
    case CONSTANTS.F_GETFL:
      return { result: description.flags }
    case CONSTANTS.F_SETFL:
      description.flags = (description.flags & ~SETTABLE) | (integer(args[2], 'the flags') & SETTABLE)
      return DONE
    case CONSTANTS.F_GETFD:
    case CONSTANTS.F_SETFD:
      return DONE
    default:
      throw new Unsupported(`fcntl with command ${String(args[1])}`)
  }
}

/** ioctl(fd, request, argument) */
export function deviceControl(task: Task, args: readonly Value[]): Result {
  const description = task.descriptors.get(integer(args[0], 'the descriptor'))
  const request = integer(args[1], 'the request')
  if (request === CONSTANTS.FIONBIO) {
    const on =
      integer(Array.isArray(args[2]) ? (args[2] as readonly Value[])[0] : args[2], 'the argument') !== 0
    description.flags = (description.flags & ~CONSTANTS.O_NONBLOCK) | (on ? CONSTANTS.O_NONBLOCK : 0)
    return DONE
  }
  if (args[2] === null) throw new Fails('EFAULT')
  const answer = inquired(description, request)
  return { result: 0, args: answered(args, { 2: Array.isArray(args[2]) ? [answer] : answer }) }
}

function inquired(description: Description, request: number): number {
  if (description.kind === 'pipe' && request === CONSTANTS.FIONREAD) return description.length
  if (description.kind !== 'socket') throw new Fails('ENOTTY')
  switch (request) {
    case CONSTANTS.SIOCINQ:
      return readableNow(description).result
    case CONSTANTS.SIOCATMARK: {
      const { connection, urgent } = description
      return connection !== null && urgent.distance(connection) === 0 ? 1 : 0
    }
    case CONSTANTS.SIOCOUTQ:
      return queuedOctets(description, false)
    case CONSTANTS.SIOCOUTQNSD:
      return queuedOctets(description, true)
    default:
      throw new Unsupported(`ioctl 0x${request.toString(16)}`)
  }
}

/** Octets not acknowledged, or not even sent; FIN counts as one. */
function queuedOctets(socket: TcpSocket, unsentOnly: boolean): number {
  const { connection } = socket
  if (socket.listener !== null) throw new Fails('EINVAL')
  if (
    connection === null ||
    socket.isConnecting ||
    connection.state === CLOSED ||
    connection.state === LISTEN
  )
    return 0
  const { tcb } = connection
  const end = tcb.closeRequested ? (tcb.snd.end + 1) | 0 : tcb.snd.end
  if (unsentOnly) return tcb.closeRequested ? Math.max(0, (end - tcb.snd.nxt) | 0) : unsentOctets(connection)
  return Math.max(0, (end - tcb.snd.una) | 0)
}

/** read(fd, buffer, length) of a pipe or a file. */
export function* readFile(source: PipeEnd | OpenFile, args: readonly Value[]): Call {
  const length = integer(args[2], 'the length')
  if (args[1] === null && length > 0) throw new Fails('EFAULT')
  const got = yield* taken(source, length, isNonBlocking(source))
  return { result: got.length, args: answered(args, { 1: got }) }
}

/** write(fd, buffer, length) to a pipe or a file. */
export function* writeFile(target: PipeEnd | OpenFile, args: readonly Value[]): Call {
  const bytes = octets(args[1], integer(args[2], 'the length'))
  return { result: yield* given(target, bytes, isNonBlocking(target)) }
}

type Waiting<T> = Generator<{ ready: () => boolean; untilUs: number }, T, void>

function* taken(source: PipeEnd | OpenFile, length: number, nonBlocking: boolean): Waiting<Uint8Array> {
  if (source.kind === 'file') {
    const got = source.readAt(source.offset, length)
    source.offset += got.length
    return got
  }
  if (source.writes) throw new Fails('EBADF')
  if (source.length === 0 && !source.isBroken && length > 0) {
    if (nonBlocking) throw new Fails('EAGAIN')
    yield { ready: () => source.length > 0 || source.isBroken, untilUs: FOREVER }
  }
  return source.read(length)
}

function* given(target: PipeEnd | OpenFile, bytes: Uint8Array, nonBlocking: boolean): Waiting<number> {
  if (target.kind === 'file') return target.write(bytes)
  if (!target.writes) throw new Fails('EBADF')
  let done = 0
  while (done < bytes.length) {
    if (target.isBroken) throw new Fails('EPIPE')
    done += target.write(bytes.subarray(done))
    if (done === bytes.length) break
    if (nonBlocking) {
      if (done > 0) break
      throw new Fails('EAGAIN')
    }
    yield { ready: () => target.free > 0 || target.isBroken, untilUs: FOREVER }
  }
  return done
}

/** splice(in, offset, out, offset, length, flags): one end is a pipe. */
export function* splice(task: Task, args: readonly Value[]): Call {
  const source = task.descriptors.get(integer(args[0], 'the source'))
  const target = task.descriptors.get(integer(args[2], 'the target'))
  const length = integer(args[4], 'the length')
  const flags = integer(args[5], 'the flags')
  const nonBlocking = (flags & CONSTANTS.SPLICE_F_NONBLOCK) !== 0
  if (source.kind === 'epoll' || target.kind === 'epoll') throw new Fails('EINVAL')
  if (source.kind !== 'pipe' && target.kind !== 'pipe') throw new Fails('EINVAL')
  if (args[1] !== null || args[3] !== null) throw new Fails('ESPIPE')
  if (length === 0) return DONE
  if (target.kind === 'pipe') return yield* spliceIn(task, source, target, length, nonBlocking)
  const pipeEnd = source as PipeEnd
  const bytes = yield* taken(pipeEnd, length, nonBlocking || isNonBlocking(pipeEnd))
  if (target.kind === 'file') return { result: target.write(bytes) }
  const more = (flags & CONSTANTS.SPLICE_F_MORE) !== 0 ? CONSTANTS.MSG_MORE : 0
  return yield* sendOctets(task, target, () => bytes, more)
}

function* spliceIn(
  task: Task,
  source: Exclude<Description, { kind: 'epoll' }>,
  target: PipeEnd,
  length: number,
  nonBlocking: boolean,
): Call {
  if (!target.writes) throw new Fails('EBADF')
  if (target.isBroken) throw new Fails('EPIPE')
  if (target.free === 0) {
    if (nonBlocking) throw new Fails('EAGAIN')
    yield { ready: () => target.free > 0 || target.isBroken, untilUs: FOREVER }
  }
  const most = Math.min(length, target.free)
  if (source.kind !== 'socket') return { result: target.write(yield* taken(source, most, nonBlocking)) }
  // Spliced octets are never taken from behind the urgent mark: there is nothing then.
  const { connection, urgent, settings } = source
  if (
    connection !== null &&
    settings.oobInline === 0 &&
    connection.readable > 0 &&
    urgent.distance(connection) === 0
  ) {
    return DONE
  }
  const flags = nonBlocking ? CONSTANTS.MSG_DONTWAIT : 0
  const bytes = yield* receiveOctets(task, source, { length: most, isNull: false }, flags)
  return { result: target.write(bytes) }
}

/** sendfile(out, in, offset, count) */
export function* sendFile(task: Task, args: readonly Value[]): Call {
  const target = task.descriptors.get(integer(args[0], 'the target'))
  const source = task.descriptors.get(integer(args[1], 'the source'))
  if (source.kind !== 'file' || target.kind === 'epoll') throw new Fails('EINVAL')
  const count = integer(args[3], 'the count')
  const given0 = args[2] === null ? null : integer(list(args[2], 'the offset')[0], 'the offset')
  const from = given0 ?? source.offset
  const bytes = source.readAt(from, count)
  const result =
    target.kind === 'socket'
      ? (yield* sendOctets(task, target, () => bytes, 0)).result
      : yield* given(target, bytes, isNonBlocking(target))
  if (given0 === null) {
    source.offset += result
    return { result }
  }
  return { result, args: answered(args, { 2: [from + result] }) }
}
