/** read(2), readv(2), recv(2), recvfrom(2), recvmsg(2) from a socket. */

import { joined } from '../bytes/join.ts'
import { ringRead } from '../bytes/ring.ts'
import { CLOSED, SYN_RECEIVED, SYN_SENT } from '../tcp/state.ts'
import { Fails, integer, isStructure, list, structure, Unsupported } from './arguments.ts'
import { answered, type Call, type Result } from './blocking.ts'
import { CONSTANTS } from './constants.ts'
import { isNonBlocking } from './descriptors.ts'
import { until } from './socket-calls.ts'
import type { Task } from './task.ts'
import type { TcpSocket } from './tcp-socket.ts'
import type { Structure, Value } from './value.ts'

const KNOWN_FLAGS =
  CONSTANTS.MSG_OOB |
  CONSTANTS.MSG_PEEK |
  CONSTANTS.MSG_TRUNC |
  CONSTANTS.MSG_DONTWAIT |
  CONSTANTS.MSG_WAITALL |
  CONSTANTS.MSG_ERRQUEUE |
  CONSTANTS.MSG_NOSIGNAL |
  CONSTANTS.MSG_CMSG_CLOEXEC

/** Where received octets go. */
export interface Room {
  readonly length: number
  /** NULL was passed. */
  readonly isNull: boolean
}

/** read(fd, buffer, length), recv(fd, buffer, length, flags), recvfrom(fd, buffer, length, flags, name, length) */
export function* receiveBuffer(task: Task, socket: TcpSocket, args: readonly Value[]): Call {
  const length = integer(args[2], 'the length')
  const flags = args[3] === undefined ? 0 : integer(args[3], 'the flags')
  const room = { length, isNull: isNull(args[1]) }
  const octets = yield* receiveOctets(task, socket, room, flags)
  return { result: octets.length, args: answered(args, { 1: filled(args[1], octets, flags) }) }
}

/** readv(fd, vector, count) */
export function* receiveVector(task: Task, socket: TcpSocket, args: readonly Value[]): Call {
  const vector = list(args[1], 'the vector')
  const octets = yield* receiveOctets(task, socket, roomOf(vector), 0)
  return { result: octets.length, args: answered(args, { 1: scattered(vector, octets) }) }
}

/** recvmsg(fd, message, flags) */
export function* receiveMessage(task: Task, socket: TcpSocket, args: readonly Value[]): Call {
  const message = structure(args[1], 'the message')
  const flags = integer(args[2], 'the flags')
  const vector = list(message.msg_iov ?? [], 'msg_iov')
  const octets = yield* receiveOctets(task, socket, roomOf(vector), flags)
  return {
    result: octets.length,
    args: answered(args, { 1: answeredMessage(socket, message, vector, octets) }),
  }
}

function answeredMessage(
  socket: TcpSocket,
  message: Structure,
  vector: readonly Value[],
  octets: Uint8Array,
): Structure {
  const control: Value[] = []
  if (socket.settings.inq !== 0) {
    control.push({
      cmsg_level: CONSTANTS.SOL_TCP,
      cmsg_type: CONSTANTS.TCP_CM_INQ,
      cmsg_data: inquiry(socket),
    })
  }
  const cut = control.length > 0 && message.msg_control === undefined
  const oob = 0
  return {
    ...message,
    msg_iov: scattered(vector, octets),
    msg_flags: (cut ? CONSTANTS.MSG_CTRUNC : 0) | oob,
    ...(message.msg_control !== undefined && { msg_control: control }),
  }
}

/** TCP_CM_INQ: octets that wait; one where there is nothing but the end of the stream to read. */
function inquiry(socket: TcpSocket): number {
  return socket.readable + (socket.peerClosed ? 1 : 0)
}

function isNull(value: Value | undefined): boolean {
  return value === null || value === 0
}

/** What the caller's buffer holds afterwards. */
function filled(buffer: Value | undefined, octets: Uint8Array, flags: number): Value {
  return isNull(buffer) || (flags & CONSTANTS.MSG_TRUNC) !== 0 ? (buffer ?? null) : octets
}

function roomOf(vector: readonly Value[]): Room {
  let length = 0
  let anyNull = false
  for (const entry of vector) {
    if (!isStructure(entry)) throw new Unsupported('an I/O vector without structures')
    const size = integer(entry.iov_len ?? entry[1], 'iov_len')
    length += size
    if (size > 0 && isNull(entry.iov_base ?? entry[0])) anyNull = true
  }
  return { length, isNull: anyNull }
}

/** The vector with what each of its buffers holds afterwards. */
function scattered(vector: readonly Value[], octets: Uint8Array): Value[] {
  let at = 0
  return vector.map((entry) => {
    const part = entry as Structure
    const size = integer(part.iov_len ?? part[1], 'iov_len')
    const held = octets.subarray(at, at + size)
    at += held.length
    return { ...part, [part.iov_base === undefined ? 0 : 'iov_base']: held }
  })
}

/** Blocks until there is enough, or no more will come. */
export function* receiveOctets(
  task: Task,
  socket: TcpSocket,
  room: Room,
  flags: number,
): Generator<{ ready: () => boolean; untilUs: number }, Uint8Array, void> {
  const unknown = flags & ~KNOWN_FLAGS
  if (unknown !== 0) throw new Unsupported(`receive with flags 0x${(unknown >>> 0).toString(16)}`)
  if ((flags & CONSTANTS.MSG_ERRQUEUE) !== 0) throw new Fails('EAGAIN') // nothing is ever put there
  if (socket.listener !== null) throw new Fails('ENOTCONN')
  if ((flags & CONSTANTS.MSG_OOB) !== 0) return takeUrgent(socket, flags)
  const nonBlocking = isNonBlocking(socket) || (flags & CONSTANTS.MSG_DONTWAIT) !== 0
  const all = (flags & CONSTANTS.MSG_WAITALL) !== 0
  const target = all ? room.length : Math.max(1, Math.min(socket.settings.receiveLowWater, room.length))
  const untilUs = until(task, socket.settings.receiveTimeoutUs)
  const peeking = (flags & CONSTANTS.MSG_PEEK) !== 0
  const parts: Uint8Array[] = []
  let done = 0
  while (done < room.length) {
    if (peeking) done = 0
    const part = takeText(socket, room, done, peeking)
    const atMark = part.length === 0 && socket.readable > 0
    if (peeking) parts.length = 0
    parts.push(part)
    done += part.length
    if (done >= target || atMark) break
    if (part.length > 0 && !peeking) continue
    if (isAtEnd(socket, done > 0)) break
    if (nonBlocking) {
      if (done > 0) break
      throw new Fails('EAGAIN')
    }
    const before = socket.readable
    yield { ready: () => socket.readable > before || isAtEnd(socket, true), untilUs }
    if (socket.readable <= before && !isAtEnd(socket, true)) {
      if (done > 0) break
      throw new Fails('EAGAIN')
    }
  }
  return joined(parts)
}

/**
 * No more will come. Where nothing was received yet this is the place for the error that waits, but not behind the end
 * of the stream.
 */
function isAtEnd(socket: TcpSocket, anything: boolean): boolean {
  if (anything) return socket.error !== null || socket.receiveShut || socket.isClosed
  if (socket.peerClosed) return true
  socket.throwError()
  if (socket.receiveShut) return true
  if (socket.connection === null) throw new Fails('ENOTCONN')
  return false
}

/** Octets on hand, up to the mark of the urgent one, which is passed over unless it stands inline. */
function takeText(socket: TcpSocket, room: Room, done: number, peeking: boolean): Uint8Array {
  const { connection, urgent, settings } = socket
  if (connection === null || (connection.state === CLOSED && connection.closeReason === null)) return EMPTY
  if (connection.state === SYN_SENT || connection.state === SYN_RECEIVED) return EMPTY
  let distance = urgent.distance(connection)
  if (distance === 0 && connection.readable > 0) {
    if (done > 0) return EMPTY
    if (settings.oobInline === 0 && !peeking) {
      connection.receive(new Uint8Array(1))
      urgent.passed(connection)
    }
    distance = Number.POSITIVE_INFINITY
  }
  const octets = Math.min(room.length - done, connection.readable, distance)
  if (octets <= 0) return EMPTY
  if (room.isNull) throw new Fails('EFAULT')
  const text = new Uint8Array(octets)
  const { receiveBuffer } = connection.tcb
  if (peeking) {
    ringRead(receiveBuffer.ring, receiveBuffer.peekOffset, text, 0, octets)
    return text
  }
  let at = 0
  while (at < octets) at += connection.receive(text, at, octets - at)
  urgent.passed(connection)
  return text
}

/** MSG_OOB: the urgent octet, once. */
function takeUrgent(socket: TcpSocket, flags: number): Uint8Array {
  const { connection, urgent, settings } = socket
  if (settings.oobInline !== 0 || connection === null || !urgent.active || urgent.taken)
    throw new Fails('EINVAL')
  const octet = urgent.octet(connection)
  if (octet === null) {
    if (socket.receiveShut) return EMPTY
    throw new Fails('EAGAIN')
  }
  if ((flags & CONSTANTS.MSG_PEEK) === 0) urgent.taken = true
  return Uint8Array.of(octet)
}

const EMPTY = new Uint8Array(0)

/** ioctl FIONREAD: octets until the mark or the end. */
export function readableNow(socket: TcpSocket): Result {
  if (socket.listener !== null) throw new Fails('EINVAL')
  if (socket.connection === null || socket.isConnecting) return { result: 0 }
  const distance =
    socket.settings.oobInline !== 0 ? Number.POSITIVE_INFINITY : socket.urgent.distance(socket.connection)
  return { result: distance > 0 ? Math.min(socket.readable, distance) : socket.readable }
}
