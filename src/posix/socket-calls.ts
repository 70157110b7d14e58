/** socket(2), bind(2), listen(2), accept(2), connect(2), shutdown(2), close(2): as inet sockets of Linux do them. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import { errnoOfCall } from '../tcp/errno.ts'
import { CLOSED, ESTABLISHED, FIN_WAIT_2, LISTEN, SYN_SENT, TIME_WAIT } from '../tcp/state.ts'
import { ANY_V4, ANY_V6, addressEquals, isUnspecified } from '../wire/address.ts'
import {
  Fails,
  familyOf,
  integer,
  isStructure,
  nameStructure,
  type SocketName,
  socketName,
  Unsupported,
} from './arguments.ts'
import { answered, type Call, DONE, type Result } from './blocking.ts'
import { CONSTANTS } from './constants.ts'
import { isNonBlocking } from './descriptors.ts'
import type { Task } from './task.ts'
import { localName, remoteName, TcpSocket } from './tcp-socket.ts'
import { DEFAULT_ARGUMENT, type Value } from './value.ts'

const TYPE_MASK = 0xf
const MOST_BACKLOG = 4096

/** socket(domain, type, protocol) */
export function openSocket(task: Task, args: readonly Value[]): Result {
  const domain = integer(args[0], 'the domain', task.domain)
  const type = integer(args[1], 'the type')
  const protocol = integer(args[2], 'the protocol', CONSTANTS.IPPROTO_TCP)
  if (domain !== CONSTANTS.AF_INET && domain !== CONSTANTS.AF_INET6)
    throw new Unsupported(`sockets of family ${domain}`)
  if ((type & TYPE_MASK) !== CONSTANTS.SOCK_STREAM)
    throw new Unsupported(`sockets of type ${type & TYPE_MASK}: there is TCP only`)
  if (protocol !== CONSTANTS.IPPROTO_IP && protocol !== CONSTANTS.IPPROTO_TCP)
    throw new Unsupported(`protocol ${protocol}: there is TCP only`)
  const socket = new TcpSocket(domain, task.stack, task.profile)
  socket.flags |= type & CONSTANTS.SOCK_NONBLOCK
  return { result: task.descriptors.add(socket) }
}

/** bind(fd, name, length) */
export function bind(task: Task, args: readonly Value[]): Result {
  const socket = task.descriptors.socket(integer(args[0], 'the descriptor'))
  const name = args[1] === DEFAULT_ARGUMENT ? task.bindName : socketName(args[1], socket.domain)
  if (socket.name !== null || socket.listener !== null || socket.connection !== null)
    throw new Fails('EINVAL')
  if (!isUnspecified(name.address) && !task.stack.addresses.has(name.address)) {
    throw new Fails('EADDRNOTAVAIL')
  }
  const port = name.port || task.stack.freePort()
  if (port < 0) throw new Fails('EADDRINUSE')
  const wanted = { address: name.address, port }
  if (name.port !== 0) refuseTaken(task, socket, wanted)
  socket.name = wanted
  return DONE
}

/** EADDRINUSE where a socket or a connection has the name, unless both allow sharing it. */
function refuseTaken(task: Task, socket: TcpSocket, name: SocketName): void {
  for (const other of task.descriptors.values()) {
    if (other.kind !== 'socket' || other === socket || other.name?.port !== name.port) continue
    if (!overlap(name, other.name)) continue
    const reused =
      socket.settings.reuseAddress !== 0 && other.settings.reuseAddress !== 0 && other.listener === null
    if (!reused && !(socket.settings.reusePort !== 0 && other.settings.reusePort !== 0))
      throw new Fails('EADDRINUSE')
  }
  if (socket.settings.reuseAddress !== 0) return
  const owned = task.stack.connections().some(({ tcb }) => tcb.path.localPort === name.port)
  if (owned) throw new Fails('EADDRINUSE')
}

function overlap(a: SocketName, b: SocketName): boolean {
  return isUnspecified(a.address) || isUnspecified(b.address) || addressEquals(a.address, b.address)
}

/** listen(fd, backlog). Linux lets one more connection wait than the backlog says. */
export function listen(task: Task, args: readonly Value[]): Result {
  const socket = task.descriptors.socket(integer(args[0], 'the descriptor'))
  const asked = integer(args[1], 'the backlog')
  const backlog = Math.min(asked < 0 ? MOST_BACKLOG : asked, MOST_BACKLOG) + 1
  if (socket.listener !== null) {
    socket.listener.backlog = backlog
    return DONE
  }
  if (socket.connection !== null) throw new Fails('EINVAL')
  const { name, domain, settings } = socket
  const any = name === null || isUnspecified(name.address)
  const version = domain === CONSTANTS.AF_INET ? 4 : settings.v6Only !== 0 ? 6 : undefined
  try {
    socket.listener = task.stack.listen({
      port: name?.port ?? 0,
      ...(!any && { address: name.address }),
      ...(any && version !== undefined && { version }),
      backlog,
      config: socket.config,
    })
  } catch (error) {
    throw new Fails(errnoOfCall(error))
  }
  const address = domain === CONSTANTS.AF_INET ? ANY_V4 : ANY_V6
  socket.name ??= { address, port: socket.listener.port }
  return DONE
}

/** accept(fd, name, length) and accept4(fd, name, length, flags) */
export function* accept(task: Task, args: readonly Value[]): Call {
  const socket = task.descriptors.socket(integer(args[0], 'the descriptor'))
  const { listener } = socket
  if (listener === null) throw new Fails('EINVAL')
  if (listener.waiting === 0) {
    if (isNonBlocking(socket)) throw new Fails('EAGAIN')
    yield {
      ready: () => listener.waiting > 0 || listener.closed,
      untilUs: until(task, socket.settings.receiveTimeoutUs),
    }
  }
  const connection = task.stack.accept(listener)
  if (connection === null) throw new Fails(listener.closed ? 'EINVAL' : 'EAGAIN')
  const child = socket.accepted(connection)
  const flags = args[3] === undefined ? 0 : integer(args[3], 'the flags')
  const inherited = task.profile.name === 'freebsd' ? socket.flags : 0
  child.flags |= (flags | inherited) & CONSTANTS.O_NONBLOCK
  const result = task.descriptors.add(child)
  return { result, args: withName(args, 1, remoteName(connection), socket.domain) }
}

/** getsockname(fd, name, length), getpeername(fd, name, length) */
export function getName(task: Task, args: readonly Value[], peer: boolean): Result {
  const socket = task.descriptors.socket(integer(args[0], 'the descriptor'))
  const { connection, domain } = socket
  if (peer) {
    if (connection === null || socket.isClosed || connection.state === SYN_SENT) throw new Fails('ENOTCONN')
    return { result: 0, args: withName(args, 1, remoteName(connection), domain) }
  }
  const none = { address: domain === CONSTANTS.AF_INET ? ANY_V4 : ANY_V6, port: 0 }
  const name = connection === null ? (socket.name ?? none) : localName(connection)
  return { result: 0, args: withName(args, 1, name, domain) }
}

/** The arguments with a name and its length where a place for them was passed. */
function withName(args: readonly Value[], at: number, name: SocketName, domain: number): readonly Value[] {
  if (args[at] === null || args[at] === undefined) return args
  return answered(args, { [at]: nameStructure(name, domain) })
}

/** connect(fd, name, length) */
export function* connect(task: Task, args: readonly Value[]): Call {
  const socket = task.descriptors.socket(integer(args[0], 'the descriptor'))
  if (isStructure(args[1]) && familyOf(args[1]) === CONSTANTS.AF_UNSPEC) return disconnect(socket)
  const remote = args[1] === DEFAULT_ARGUMENT ? task.remoteName : socketName(args[1], socket.domain)
  if (socket.listener !== null) throw new Fails('EISCONN')
  if (socket.connection !== null && !socket.connecting) throw new Fails('EISCONN')
  const again = socket.connecting
  if (!again) start(task, socket, remote)
  const connection = socket.connection!
  const settled = (): boolean => connection.state !== SYN_SENT && !socket.isConnecting
  if (!settled()) {
    if (isNonBlocking(socket)) throw new Fails(again ? 'EALREADY' : 'EINPROGRESS')
    yield { ready: settled, untilUs: until(task, socket.settings.sendTimeoutUs) }
    if (!settled()) throw new Fails(again ? 'EALREADY' : 'EINPROGRESS')
  }
  socket.connecting = false
  if (connection.state >= ESTABLISHED && connection.state !== TIME_WAIT) return DONE
  const errno = socket.takeError() ?? 'ECONNABORTED'
  socket.detach()
  throw new Fails(errno)
}

function start(task: Task, socket: TcpSocket, remote: SocketName): void {
  const { stack } = task
  const { name } = socket
  try {
    const connection = stack.connect({
      remoteAddress: remote.address,
      remotePort: remote.port,
      ...(name !== null && !isUnspecified(name.address) && { localAddress: name.address }),
      localPort: name?.port ?? 0,
      config: socket.config,
    })
    socket.attach(connection)
  } catch (error) {
    throw new Fails(errnoOfCall(error))
  }
  socket.connecting = true
}

/** connect() to no family at all: the connection is given up, the socket stays. The next call is told of it as a reset. */
function disconnect(socket: TcpSocket): Result {
  const { connection, isClosed } = socket
  if (connection !== null && connection.state !== CLOSED) connection.abort()
  socket.detach()
  socket.error = connection === null || isClosed ? null : 'ECONNRESET'
  return DONE
}

/** shutdown(fd, how) */
export function shutdown(task: Task, args: readonly Value[]): Result {
  const socket = task.descriptors.socket(integer(args[0], 'the descriptor'))
  const how = integer(args[1], 'how')
  if (how < CONSTANTS.SHUT_RD || how > CONSTANTS.SHUT_RDWR) throw new Fails('EINVAL')
  const reading = how !== CONSTANTS.SHUT_WR
  const writing = how !== CONSTANTS.SHUT_RD
  if (socket.listener !== null) {
    // Linux: a listener that nobody will read from is none any more.
    if (reading) closeListener(task, socket)
    return DONE
  }
  const { connection } = socket
  if (connection === null || socket.isClosed) throw new Fails('ENOTCONN')
  if (connection.state === SYN_SENT) return disconnect(socket)
  socket.stateWakes++
  if (reading) socket.readShut = true
  if (writing && !socket.writeShut) {
    socket.writeShut = true
    if (!connection.tcb.closeRequested) connection.close()
  }
  return DONE
}

function closeListener(task: Task, socket: TcpSocket): void {
  if (socket.listener !== null) task.stack.closeListener(socket.listener)
  socket.listener = null
}

/** close() of a socket. With SO_LINGER it blocks until all is acknowledged; with a time of 0 it aborts. */
export function* closeSocket(task: Task, socket: TcpSocket): Call {
  closeListener(task, socket)
  const { connection, settings } = socket
  if (connection === null) return DONE
  connection.owner = null
  if (connection.state === CLOSED) {
    connection.release()
    return DONE
  }
  if (settings.lingerOn !== 0 && settings.lingerSeconds === 0) {
    connection.abort()
    return DONE
  }
  connection.release()
  if (settings.linger2Seconds < 0 && connection.state === FIN_WAIT_2) connection.abort()
  if (settings.lingerOn === 0) return DONE
  const acknowledged = (): boolean =>
    connection.state === CLOSED || connection.state >= FIN_WAIT_2 || connection.state === LISTEN
  if (!acknowledged()) yield { ready: acknowledged, untilUs: until(task, settings.lingerSeconds * 1e6) }
  return DONE
}

/** When a time-out from now is over; 0 is none. */
export function until(task: Task, timeoutUs: number): number {
  return timeoutUs === 0 ? Number.POSITIVE_INFINITY : task.stack.clock.now + timeoutUs
}

/** What its stack says of a socket's connection, for whoever draws it. */
export function connectionOf(socket: TcpSocket): HostedConnection | null {
  return socket.connection
}
