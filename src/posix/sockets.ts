/**
 * System calls over a stack, in virtual time: what a process of Linux would see of Elko. Nothing here waits: a call
 * that blocks is asked again by `poll` after the stack ran.
 *
 * How arguments are passed (value.ts): a symbol as its number (constants.ts); `[...]` as an array; a structure by the
 * names of its fields, without an argument such as the one in `msg_iov(1)=`; one without names as { 0: ..., 1: ... }.
 * `htons(8080)` is 8080, `inet_addr("x")` and `inet_pton(AF_INET6, "x")` are the text. NULL is null. A buffer is
 * DEFAULT_ARGUMENT (zeros going out, room coming in), a string or octets. What a call writes stands in the outcome's
 * `args` at the same place and in the same shape as was passed; octets that came are a Uint8Array.
 */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Stack } from '../stack/stack.ts'
import type { Address } from '../wire/address.ts'
import { Fails, integer, Unsupported } from './arguments.ts'
import { type Call, DONE, outcomeOf, type Result, type Wait } from './blocking.ts'
import { CONSTANTS } from './constants.ts'
import { type Description, Descriptors } from './descriptors.ts'
import { epollControl, epollCreate, epollWait, poll } from './epoll.ts'
import {
  deviceControl,
  fileControl,
  open,
  pipe,
  readFile,
  sendFile,
  splice,
  writeFile,
} from './file-calls.ts'
import { FileSystem } from './files.ts'
import type { Profile } from './profiles.ts'
import { receiveBuffer, receiveMessage, receiveVector } from './receive-calls.ts'
import { sendBuffer, sendMessage, sendVector } from './send-calls.ts'
import { accept, bind, closeSocket, connect, getName, listen, openSocket, shutdown } from './socket-calls.ts'
import { getOption, setOption } from './socket-options.ts'
import type { Task } from './task.ts'
import { type TcpInfo, tcpInfo } from './tcp-info.ts'
import { TcpSocket } from './tcp-socket.ts'
import type { Outcome, Value } from './value.ts'

export interface SocketsOptions {
  readonly stack: Stack
  /** Whose habits: defaults of buffers, and what an option means. Its `config` is the stack's already. */
  readonly profile: Profile
  /**
   * What `socket(..., )` opens: AF_INET, AF_INET6, or AF_INET6 that talks IPv4. The addresses below are of the version
   * on the wire (IPv4 for 'mapped').
   */
  readonly family: 'ipv4' | 'ipv6' | 'mapped'
  /** `bind(fd, ..., ...)`. */
  readonly bindAddress: Address
  readonly bindPort: number
  /** `connect(fd, ..., ...)`. */
  readonly remoteAddress: Address
  readonly remotePort: number
  /** Files that `open` finds, by path. /dev/zero and /dev/null are always there. */
  readonly files?: ReadonlyMap<string, Uint8Array>
}

export type Called =
  | { readonly kind: 'returned'; readonly outcome: Outcome }
  /** `poll` has the outcome, once there is one. */
  | { readonly kind: 'blocked' }
  /** Elko, or this model of a process, does not have it: `what`, in words. The call had no effect. */
  | { readonly kind: 'unsupported'; readonly what: string }

/** The call that blocks. */
interface Pending {
  readonly call: Call
  readonly args: readonly Value[]
  readonly wait: Wait
}

export class Sockets {
  readonly #task: Task
  #pending: Pending | null = null

  constructor(options: SocketsOptions) {
    this.#task = {
      stack: options.stack,
      profile: options.profile,
      descriptors: new Descriptors(),
      files: new FileSystem(options.files ?? new Map()),
      domain: options.family === 'ipv4' ? CONSTANTS.AF_INET : CONSTANTS.AF_INET6,
      bindName: { address: options.bindAddress, port: options.bindPort },
      remoteName: { address: options.remoteAddress, port: options.remotePort },
    }
  }

  /**
   * A system call, at `stack.clock.now`. One call may block at a time; meanwhile others that do not block can be made.
   */
  call(name: string, args: readonly Value[]): Called {
    const begin = CALLS.get(name)
    if (begin === undefined) return { kind: 'unsupported', what: `the system call ${name}()` }
    try {
      const begun = begin(this.#task, args)
      if (!isCall(begun)) return { kind: 'returned', outcome: outcomeOf(begun, args) }
      return this.#goOn(begun, args)
    } catch (error) {
      return failed(error, args)
    }
  }

  /** The call that blocks: 'blocked' still, or how it ended. Ask after `onEvents`, and when `pollTimeout` is reached. */
  poll(): Called {
    const pending = this.#pending
    if (pending === null) return { kind: 'unsupported', what: 'a call that was not made' }
    if (!pending.wait.ready() && this.#task.stack.clock.now < pending.wait.untilUs) return { kind: 'blocked' }
    this.#pending = null
    try {
      return this.#goOn(pending.call, pending.args)
    } catch (error) {
      return failed(error, pending.args)
    }
  }

  /** When `poll` is to be called though the stack did not run: microseconds; Infinity for never. */
  pollTimeout(): number {
    return this.#pending?.wait.untilUs ?? Number.POSITIVE_INFINITY
  }

  /**
   * After each packet, timeout and call, once `pollTransmit` of the stack has returned 0: takes the stack's events and
   * notes what changed since.
   */
  onEvents(): void {
    const { stack, descriptors } = this.#task
    for (let told = stack.pollEvent(); told !== null; told = stack.pollEvent()) {
      if (!('pollEvents' in told)) continue
      const events = told.pollEvents()
      if (told.owner instanceof TcpSocket) told.owner.takeEvents(events)
    }
    for (const description of descriptors.values()) {
      if (description.kind === 'epoll') description.look()
      if (description.kind !== 'socket' || description.connection === null) continue
      description.noticeRoom()
      description.chronographs.look(description.connection, stack.clock.now, description.memory.wantsRoom)
    }
  }

  /** TCP_INFO by the kernel's field names; null where the descriptor is no TCP socket. */
  tcpInfo(fd: number): TcpInfo | null {
    const description = this.#task.descriptors.find(fd)
    if (description === null || description.kind !== 'socket') return null
    const { now } = this.#task.stack.clock
    const { connection, chronographs, memory } = description
    if (connection !== null) chronographs.look(connection, now, memory.wantsRoom)
    return tcpInfo(description, now, this.#task.profile.name === 'freebsd')
  }

  /** The connection behind a descriptor, for pictures; null where there is none. */
  connectionOf(fd: number): HostedConnection | null {
    const description = this.#task.descriptors.find(fd)
    return description !== null && description.kind === 'socket' ? description.connection : null
  }

  /** A file that a command made. */
  putFile(path: string, octets: Uint8Array): void {
    this.#task.files.put(path, octets)
  }

  #goOn(call: Call, args: readonly Value[]): Called {
    let next = call.next()
    while (next.done !== true && next.value.ready()) next = call.next()
    if (next.done === true) return { kind: 'returned', outcome: outcomeOf(next.value, args) }
    if (this.#pending !== null) throw new Unsupported('two calls that block at once')
    this.#pending = { call, args, wait: next.value }
    return { kind: 'blocked' }
  }
}

function failed(error: unknown, args: readonly Value[]): Called {
  if (error instanceof Unsupported) return { kind: 'unsupported', what: error.message }
  if (!(error instanceof Fails)) throw error
  return { kind: 'returned', outcome: { result: -1, errno: error.errno, args } }
}

type Begin = (task: Task, args: readonly Value[]) => Result | Call

function isCall(begun: Result | Call): begun is Call {
  return 'next' in begun
}

/** A call that goes to a socket or to a file, by what its first argument is. */
function either(
  ofSocket: (task: Task, socket: TcpSocket, args: readonly Value[]) => Call,
  ofFile: (file: Exclude<Description, TcpSocket | { kind: 'epoll' }>, args: readonly Value[]) => Call,
): Begin {
  return (task, args) => {
    const description = task.descriptors.get(integer(args[0], 'the descriptor'))
    if (description.kind === 'socket') return ofSocket(task, description, args)
    if (description.kind === 'epoll') throw new Fails('EINVAL')
    return ofFile(description, args)
  }
}

function ofSocket(call: (task: Task, socket: TcpSocket, args: readonly Value[]) => Call): Begin {
  return (task, args) => call(task, task.descriptors.socket(integer(args[0], 'the descriptor')), args)
}

function* close(task: Task, args: readonly Value[]): Call {
  const description = task.descriptors.remove(integer(args[0], 'the descriptor'))
  for (const other of task.descriptors.values()) if (other.kind === 'epoll') other.forget(description)
  if (description.kind === 'pipe') description.close()
  if (description.kind === 'socket') return yield* closeSocket(task, description)
  return DONE
}

const CALLS: ReadonlyMap<string, Begin> = new Map<string, Begin>([
  ['socket', openSocket],
  ['bind', bind],
  ['listen', listen],
  ['accept', accept],
  ['accept4', accept],
  ['connect', connect],
  ['shutdown', shutdown],
  ['close', close],
  ['getsockname', (task, args) => getName(task, args, false)],
  ['getpeername', (task, args) => getName(task, args, true)],
  ['getsockopt', getOption],
  ['setsockopt', setOption],
  ['read', either(receiveBuffer, readFile)],
  ['recv', ofSocket(receiveBuffer)],
  ['recvfrom', ofSocket(receiveBuffer)],
  ['readv', ofSocket(receiveVector)],
  ['recvmsg', ofSocket(receiveMessage)],
  ['write', either(sendBuffer, writeFile)],
  ['send', ofSocket(sendBuffer)],
  ['sendto', ofSocket(sendBuffer)],
  ['writev', ofSocket(sendVector)],
  ['sendmsg', ofSocket(sendMessage)],
  ['fcntl', fileControl],
  ['ioctl', deviceControl],
  ['open', open],
  ['pipe', pipe],
  ['pipe2', pipe],
  ['splice', splice],
  ['sendfile', sendFile],
  ['poll', poll],
  ['epoll_create', (task, args) => epollCreate(task, args, true)],
  ['epoll_create1', (task, args) => epollCreate(task, args, false)],
  ['epoll_ctl', epollControl],
  ['epoll_wait', epollWait],
])
