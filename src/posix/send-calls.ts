/** write(2), writev(2), send(2), sendto(2), sendmsg(2) to a socket. */

import { joined } from '../bytes/join.ts'
import { CallError } from '../tcp/call-error.ts'
import { SYN_RECEIVED, SYN_SENT } from '../tcp/state.ts'
import { Fails, integer, isStructure, list, octets, structure, Unsupported } from './arguments.ts'
import { type Call, DONE } from './blocking.ts'
import { CONSTANTS } from './constants.ts'
import { isNonBlocking } from './descriptors.ts'
import { until } from './socket-calls.ts'
import type { Task } from './task.ts'
import type { TcpSocket } from './tcp-socket.ts'
import type { Value } from './value.ts'

/** Flags that change nothing to TCP here. */
const IDLE_FLAGS =
  CONSTANTS.MSG_NOSIGNAL | CONSTANTS.MSG_DONTROUTE | CONSTANTS.MSG_CONFIRM | CONSTANTS.MSG_ZEROCOPY
const KNOWN_FLAGS =
  IDLE_FLAGS |
  CONSTANTS.MSG_OOB |
  CONSTANTS.MSG_MORE |
  CONSTANTS.MSG_DONTWAIT |
  CONSTANTS.MSG_EOR |
  CONSTANTS.MSG_FASTOPEN

/** write(fd, buffer, length), send(fd, buffer, length, flags), sendto(fd, buffer, length, flags, name, length) */
export function* sendBuffer(task: Task, socket: TcpSocket, args: readonly Value[]): Call {
  const length = integer(args[2], 'the length')
  const flags = args[3] === undefined ? 0 : integer(args[3], 'the flags')
  return yield* sendOctets(task, socket, () => octets(args[1], length), flags)
}

/** writev(fd, vector, count) */
export function* sendVector(task: Task, socket: TcpSocket, args: readonly Value[]): Call {
  return yield* sendOctets(task, socket, () => gathered(args[1]), 0)
}

/** sendmsg(fd, message, flags) */
export function* sendMessage(task: Task, socket: TcpSocket, args: readonly Value[]): Call {
  const message = structure(args[1], 'the message')
  const flags = integer(args[2], 'the flags')
  const { msg_control: control } = message
  if (Array.isArray(control) && control.length > 0) throw new Unsupported('control messages of sendmsg')
  return yield* sendOctets(task, socket, () => gathered(message.msg_iov ?? []), flags)
}

/** The octets of an I/O vector. */
function gathered(vector: Value | undefined): Uint8Array {
  const parts = list(vector, 'the vector').map((entry) => {
    if (!isStructure(entry)) throw new Unsupported('an I/O vector without structures')
    const base = entry.iov_base ?? entry[0]
    return octets(base, integer(entry.iov_len ?? entry[1], 'iov_len'))
  })
  return joined(parts)
}

/** @param bytes read only where the socket can take them: a bad pointer is found after a broken pipe. */
export function* sendOctets(task: Task, socket: TcpSocket, bytes: () => Uint8Array, flags: number): Call {
  refuseFlags(flags)
  const nonBlocking = isNonBlocking(socket) || (flags & CONSTANTS.MSG_DONTWAIT) !== 0
  const untilUs = until(task, socket.settings.sendTimeoutUs)
  if (socket.listener !== null || socket.connection === null) throw new Fails(socket.takeError() ?? 'EPIPE')
  const { connection } = socket
  const opening = (): boolean => connection.state === SYN_SENT || connection.state === SYN_RECEIVED
  if (opening()) {
    if (nonBlocking) throw new Fails('EAGAIN')
    yield { ready: () => !opening(), untilUs }
    if (opening()) throw new Fails('EAGAIN')
  }
  refuseSending(socket)
  const text = bytes()
  if (text.length === 0) return DONE
  let done = 0
  for (;;) {
    done += queue(socket, text, done, flags)
    if (done === text.length) break
    socket.memory.wantsRoom = true
    if (nonBlocking) break
    yield { ready: () => !socket.memory.wantsRoom || isBroken(socket), untilUs }
    if (isBroken(socket) || socket.memory.wantsRoom) break
  }
  if (done > 0) return { result: done }
  refuseSending(socket)
  throw new Fails('EAGAIN')
}

/** Flags that a send may have: others are no news to Linux, but may mean something that is not here. */
function refuseFlags(flags: number): void {
  if ((flags & CONSTANTS.MSG_FASTOPEN) !== 0) throw new Unsupported('MSG_FASTOPEN: TCP Fast Open (RFC 7413)')
  const unknown = flags & ~KNOWN_FLAGS
  if (unknown !== 0) throw new Unsupported(`send with flags 0x${(unknown >>> 0).toString(16)}`)
}

function isBroken(socket: TcpSocket): boolean {
  return socket.error !== null || socket.sendShut
}

/** The error that waits, or else a broken pipe. */
function refuseSending(socket: TcpSocket): void {
  if (isBroken(socket)) throw new Fails(socket.takeError() ?? 'EPIPE')
}

/** Queues what there is room for, chunk by chunk. */
function queue(socket: TcpSocket, text: Uint8Array, from: number, flags: number): number {
  const { memory } = socket
  const connection = socket.connection!
  const urgent = (flags & CONSTANTS.MSG_OOB) !== 0
  const pieces = memory.take(connection, text.length - from)
  let at = from
  for (const { length, endsChunk } of pieces) {
    const last = at + length === text.length
    const endOfRecord = (last && (flags & CONSTANTS.MSG_EOR) !== 0) || endsChunk
    const push = (flags & CONSTANTS.MSG_MORE) === 0
    const taken = connection.send(text, at, length, { push, urgent: urgent && last, endOfRecord })
    if (taken !== length) throw new CallError('insufficient-resources', 'the send buffer of a socket')
    at += length
  }
  if (at === text.length && (flags & CONSTANTS.MSG_EOR) !== 0) memory.endChunk()
  return at - from
}
