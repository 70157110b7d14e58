/** Each system call: its arguments from values to C, and what it left from C to values. */

import { CONSTANTS } from '../posix/constants.ts'
import { DEFAULT_ARGUMENT, type Value } from '../posix/value.ts'
import type { Argument, CallName, Libc } from './libc.ts'
import {
  alone,
  EPOLL_EVENT_OCTETS,
  epollIn,
  epollOut,
  int,
  intFrom,
  isList,
  isStructure,
  memory,
  NAME_OCTETS,
  type Name,
  NoForm,
  nameIn,
  nameOfStructure,
  nameOut,
  numberFrom,
  octetsOut,
  pollIn,
  pollOut,
  viewOf,
} from './memory.ts'
import { messageIn, messageOut, vectorOut } from './messages.ts'

/** What `...` stands for. */
export interface Defaults {
  /** AF_INET or AF_INET6. */
  readonly family: number
  readonly local: Name
  readonly remote: Name
}

/** A call in C's terms. */
export interface Prepared {
  readonly args: readonly Argument[]
  /** Memory that only C points to. */
  readonly keep?: readonly Uint8Array[]
  /** The arguments as they stand after it. */
  readonly after?: (result: number) => readonly Value[]
}

type Prepare = (values: readonly Value[], context: { libc: Libc; defaults: Defaults }) => Prepared

/** @throws NoForm where an argument cannot be had in C's form. */
export function prepare(name: CallName, values: readonly Value[], libc: Libc, defaults: Defaults): Prepared {
  return (CALLS[name] ?? plain)(values, { libc, defaults })
}

/** Calls that may wait for something. */
export const MAY_WAIT: ReadonlySet<string> = new Set([
  'accept',
  'accept4',
  'connect',
  'read',
  'readv',
  'recv',
  'recvfrom',
  'recvmsg',
  'write',
  'writev',
  'send',
  'sendto',
  'sendmsg',
  'close',
  'poll',
  'epoll_wait',
  'splice',
  'sendfile',
])

/** Only numbers. */
const plain: Prepare = (values) => ({
  args: values.map((value, i) => numberFrom(alone(value), `argument ${i + 1}`)),
})

const socket: Prepare = (values, { defaults }) => {
  const [family, type, protocol] = values
  return {
    args: [
      family === DEFAULT_ARGUMENT ? defaults.family : numberFrom(family, 'domain'),
      numberFrom(type, 'type'),
      numberFrom(protocol, 'protocol'),
    ],
  }
}

function named(which: 'local' | 'remote'): Prepare {
  return (values, { defaults }) => {
    const [fd, given] = values
    const name = nameFrom(given, defaults, which)
    return { args: [numberFrom(fd, 'fd'), name, name === null ? 0 : name.length] }
  }
}

function nameFrom(
  value: Value | undefined,
  defaults: Defaults,
  which: 'local' | 'remote',
): Uint8Array | null {
  if (value === null) return null
  if (isStructure(value)) return nameOfStructure(value)
  return nameOut(defaults.family, defaults[which])
}

/** accept and accept4: `...` gives the address that came. */
const accept: Prepare = (values) => {
  const [fd, name, , flags] = values
  const wanted = name !== null
  const address = memory(NAME_OCTETS)
  const length = int(NAME_OCTETS)
  const args: Argument[] = [numberFrom(fd, 'fd'), wanted ? address : null, wanted ? length : null]
  if (flags !== undefined) args.push(numberFrom(flags, 'flags'))
  return {
    args,
    after: (result) =>
      result < 0 || !wanted
        ? values
        : values.map((value, i) => (i === 1 ? nameIn(address) : i === 2 ? intFrom(length) : value)),
  }
}

/** read and recv: the octets that came stand where `...` stood. */
const receive: Prepare = (values) => {
  const [fd, buffer, count, ...rest] = values
  const length = numberFrom(count, 'count')
  const into = buffer === null ? null : memory(length)
  const flags = rest.slice(0, 1).map((value) => numberFrom(value, 'flags'))
  const isFrom = rest.length > 1
  return {
    args: [numberFrom(fd, 'fd'), into, length, ...flags, ...(isFrom ? [null, null] : [])],
    after: (result) =>
      values.map((value, i) => (i === 1 && into !== null ? into.slice(0, Math.max(0, result)) : value)),
  }
}

const transmit: Prepare = (values, { defaults }) => {
  const [fd, buffer, count, flags, name] = values
  const length = numberFrom(count, 'count')
  const args: Argument[] = [numberFrom(fd, 'fd'), octetsOut(buffer, length), length]
  if (flags !== undefined) args.push(numberFrom(flags, 'flags'))
  if (values.length > 4) {
    const to = nameFrom(name, defaults, 'remote')
    args.push(to, to === null ? 0 : to.length)
  }
  return { args }
}

const vector: Prepare = (values, { libc }) => {
  const [fd, given, count] = values
  const { array, parts } = vectorOut(libc, given)
  return { args: [numberFrom(fd, 'fd'), array, numberFrom(count, 'iovcnt')], keep: parts }
}

function message(receives: boolean): Prepare {
  return (values, { libc }) => {
    const [fd, given, flags] = values
    const built = messageOut(libc, given, receives)
    return {
      args: [numberFrom(fd, 'fd'), built.header, numberFrom(flags, 'flags')],
      keep: [...built.parts, built.control],
      after: () =>
        receives ? values.map((value, i) => (i === 1 ? messageIn(given, built) : value)) : values,
    }
  }
}

const fcntl: Prepare = ([fd, command, argument]) => ({
  args: [
    numberFrom(fd, 'fd'),
    numberFrom(command, 'command'),
    argument === undefined ? 0 : numberFrom(argument, 'argument'),
  ],
})

const ioctl: Prepare = (values) => {
  const [fd, request, argument] = values
  const given = alone(argument)
  const place = int(typeof given === 'number' ? given : 0)
  return {
    args: [numberFrom(fd, 'fd'), numberFrom(request, 'request'), place],
    after: () => values.map((value, i) => (i === 2 && value !== undefined ? [intFrom(place)] : value)),
  }
}

// ---- socket options

/** struct linger and struct timeval. */
function optionOut(value: Value | undefined): Uint8Array | null {
  const given = alone(value)
  if (given === null) return null
  if (typeof given === 'number') return int(given)
  if (typeof given === 'string') return octetsOut(given, given.length + 1)
  if (isStructure(given)) return structureOut(given)
  throw new NoForm('optval: expected a number, a text or a structure')
}

function structureOut(value: Readonly<Record<string, Value>>): Uint8Array {
  if (value.onoff !== undefined) {
    const bytes = memory(8)
    viewOf(bytes).setInt32(0, numberFrom(value.onoff, 'onoff'), true)
    viewOf(bytes).setInt32(4, numberFrom(value.linger, 'linger'), true)
    return bytes
  }
  if (value.tv_sec !== undefined) {
    const bytes = memory(16)
    viewOf(bytes).setBigInt64(0, BigInt(numberFrom(value.tv_sec, 'tv_sec')), true)
    viewOf(bytes).setBigInt64(8, BigInt(numberFrom(value.tv_usec, 'tv_usec')), true)
    return bytes
  }
  throw new NoForm(`a structure with ${Object.keys(value).join(', ')}`)
}

const setsockopt: Prepare = (values) => {
  const [fd, level, option, value, length] = values
  return {
    args: [
      numberFrom(fd, 'fd'),
      numberFrom(level, 'level'),
      numberFrom(option, 'optname'),
      optionOut(value),
      numberFrom(alone(length), 'optlen'),
    ],
  }
}

const OPTION_ROOM = 256

const getsockopt: Prepare = (values) => {
  const [fd, level, option, value, length] = values
  const into = memory(OPTION_ROOM)
  const size = int(Math.min(OPTION_ROOM, numberFrom(alone(length), 'optlen')))
  return {
    args: [numberFrom(fd, 'fd'), numberFrom(level, 'level'), numberFrom(option, 'optname'), into, size],
    after: () =>
      values.map((one, i) =>
        i === 3 ? optionIn(value, into, intFrom(size)) : i === 4 ? [intFrom(size)] : one,
      ),
  }
}

function optionIn(like: Value | undefined, bytes: Uint8Array, length: number): Value {
  const view = viewOf(bytes)
  const shape = alone(like)
  if (typeof shape === 'string') {
    const end = bytes.indexOf(0)
    return String.fromCharCode(...bytes.subarray(0, end < 0 ? length : Math.min(end, length)))
  }
  if (isStructure(shape) && shape.onoff !== undefined) {
    return { onoff: view.getInt32(0, true), linger: view.getInt32(4, true) }
  }
  if (isStructure(shape) && shape.tv_sec !== undefined) {
    return { tv_sec: Number(view.getBigInt64(0, true)), tv_usec: Number(view.getBigInt64(8, true)) }
  }
  // Scripts write what does not fit an int as an unsigned number.
  return [typeof shape === 'number' && shape > 0x7fffffff ? view.getUint32(0, true) : view.getInt32(0, true)]
}

// ---- poll, epoll, pipes, files

const poll: Prepare = (values) => {
  const [entries, count, timeout] = values
  if (!isList(entries)) throw new NoForm('fds: expected a list')
  const array = pollOut(entries)
  return {
    args: [array, numberFrom(count, 'nfds'), numberFrom(timeout, 'timeout')],
    after: () => [pollIn(entries, array), ...values.slice(1)],
  }
}

const epollControl: Prepare = ([epfd, operation, fd, event]) => ({
  args: [
    numberFrom(epfd, 'epfd'),
    numberFrom(operation, 'op'),
    numberFrom(fd, 'fd'),
    isStructure(event) ? epollOut(event) : null,
  ],
})

const epollWait: Prepare = (values) => {
  const [epfd, events, most, timeout] = values
  const count = numberFrom(most, 'maxevents')
  const array = memory(Math.max(1, count) * EPOLL_EVENT_OCTETS)
  return {
    args: [numberFrom(epfd, 'epfd'), array, count, numberFrom(timeout, 'timeout')],
    after: (result) =>
      values.map((value, i) => (i === 1 ? epollIn(events, array, Math.max(0, result)) : value)),
  }
}

const pipe: Prepare = (values) => {
  const fds = memory(8)
  return {
    args: [fds],
    after: () => [[viewOf(fds).getInt32(0, true), viewOf(fds).getInt32(4, true)], ...values.slice(1)],
  }
}

const open: Prepare = ([path, flags]) => {
  if (typeof path !== 'string') throw new NoForm('pathname: expected a text')
  return { args: [octetsOut(path, path.length + 1), numberFrom(flags, 'flags')] }
}

/** An offset in a list is a pointer to one, NULL is none. */
function offsetOut(value: Value | undefined): Uint8Array | null {
  const given = alone(value)
  if (given === null || given === undefined) return null
  const bytes = memory(8)
  viewOf(bytes).setBigInt64(0, BigInt(numberFrom(given, 'offset')), true)
  return bytes
}

const sendfile: Prepare = ([out, input, offset, count]) => ({
  args: [
    numberFrom(out, 'out_fd'),
    numberFrom(input, 'in_fd'),
    offsetOut(offset),
    numberFrom(count, 'count'),
  ],
})

const splice: Prepare = ([input, inputOffset, out, outOffset, count, flags]) => ({
  args: [
    numberFrom(input, 'fd_in'),
    offsetOut(inputOffset),
    numberFrom(out, 'fd_out'),
    offsetOut(outOffset),
    numberFrom(count, 'len'),
    numberFrom(flags, 'flags'),
  ],
})

const CALLS: Partial<Record<CallName, Prepare>> = {
  socket,
  bind: named('local'),
  connect: named('remote'),
  accept,
  accept4: accept,
  read: receive,
  recv: receive,
  recvfrom: receive,
  write: transmit,
  send: transmit,
  sendto: transmit,
  readv: vector,
  writev: vector,
  recvmsg: message(true),
  sendmsg: message(false),
  fcntl,
  ioctl,
  setsockopt,
  getsockopt,
  poll,
  epoll_ctl: epollControl,
  epoll_wait: epollWait,
  pipe,
  open,
  sendfile,
  splice,
}

/** TCP_INFO of a socket: the octets that the kernel filled in, or null. */
export function tcpInfoOctets(libc: Libc, fd: number): Uint8Array | null {
  const into = memory(OPTION_ROOM)
  const size = int(OPTION_ROOM)
  const { result } = libc.call('getsockopt', [fd, CONSTANTS.SOL_TCP, CONSTANTS.TCP_INFO, into, size])
  return result < 0 ? null : into.slice(0, intFrom(size))
}
