/** `socket.connect`: its arguments, the name, and one attempt. */

import { ADDRCONFIG, type LookupOptions } from 'node:dns'
import net, { isIP, type LookupFunction } from 'node:net'
import type { Host } from '../link/host.ts'
import type { BoundSocket } from './bound-socket.ts'
import { checkBoolean, checkFunction, checkInteger, checkNumber, checkPort, checkString } from './checks.ts'
import { debug, debugEnds } from './debug.ts'
import {
  addressError,
  blockedAddress,
  invalidAddressFamily,
  invalidIpAddress,
  invalidType,
  invalidValue,
  missingArgument,
} from './errors.ts'
import { explainRefusal } from './explain-refusal.ts'
import { type FailureCode, failureOf, type Place } from './failure.ts'
import { connectToAny } from './happy-eyeballs.ts'
import { INNER } from './inner.ts'
import type { SocketHandle } from './socket-handle.ts'
import type { TcpSocket } from './socket-methods.ts'
import { systemNet } from './system-net.ts'
import { SystemStream } from './system-stream.ts'
import { TcpHandle } from './tcp-handle.ts'
import { noteSocket } from './trace-channels.ts'

/** What `connect` is given, unchecked. */
export interface ConnectArguments {
  port?: unknown
  host?: string
  path?: unknown
  localAddress?: string
  localPort?: number
  family?: number | 'IPv4' | 'IPv6'
  hints?: number
  lookup?: LookupFunction
  autoSelectFamily?: boolean
  autoSelectFamilyAttemptTimeout?: number
  timeout?: number
}

/** Node's own mark, where it shows it: what its `_normalizeArgs` made is normal here, too. */
const NORMALIZED = nodesMark()

export type NormalizedArguments = [options: ConnectArguments, callback: (() => void) | null]

function nodesMark(): symbol {
  const normalize = (net as { _normalizeArgs?: (args: readonly unknown[]) => unknown[] })._normalizeArgs
  const marks = normalize === undefined ? [] : Object.getOwnPropertySymbols(normalize([]))
  return marks[0] ?? Symbol('normalizedArgs')
}

/** (options, cb), (path, cb) or (port, host, cb), as options and a callback; what is normal stays as it is. */
export function normalizeArguments(args: readonly unknown[]): NormalizedArguments {
  const [first, second] = args
  if (Array.isArray(first) && NORMALIZED in first) return first as unknown as NormalizedArguments
  const last = args.at(-1)
  const callback = typeof last === 'function' ? (last as () => void) : null
  const normal: NormalizedArguments = [optionsOf(first, second, args.length), callback]
  return Object.assign(normal, { [NORMALIZED]: true })
}

function optionsOf(first: unknown, second: unknown, count: number): ConnectArguments {
  if (count === 0) return {}
  if (typeof first === 'object' && first !== null) return first as ConnectArguments
  if (typeof first === 'string' && !(Number(first) >= 0)) return { path: first }
  return typeof second === 'string' ? { port: first, host: second } : { port: first }
}

/** A socket that connects: what it connects from, and to. */
export interface Attempt {
  readonly address: string
  readonly port: number
  readonly family: 4 | 6
  readonly localAddress: string | undefined
  readonly localPort: number | undefined
}

/** All of `socket.connect` but its surface. */
export function connectSocket(socket: TcpSocket, args: readonly unknown[]): void {
  const [options, callback] = normalizeArguments(args)
  if (callback !== null) socket.once('connect', callback)
  if (socket._parent?.connecting) return
  if (options.port === undefined && options.path == null) throw missingArgument('options', 'port', 'path')
  if (socket.destroyed) {
    socket._handle = null
    socket._peername = undefined
    socket._sockname = null
  }
  if (socket[INNER].bound !== null) checkUnbound(options)
  socket._unrefTimer()
  if (options.path) return connectToPath(socket, options.path)
  if (!(socket._handle instanceof TcpHandle)) useHandle(socket)
  socket.connecting = true
  lookupAndConnect(socket, options)
}

/** Gives the socket a new handle; the one before it is closed. */
export function useHandle(socket: TcpSocket): TcpHandle {
  const inner = socket[INNER]
  inner.handle?.close()
  const handle = new TcpHandle(inner.binding, null)
  attachHandle(socket, handle)
  return handle
}

/** What was bound before is where the socket connects from; when it closes, the port is free. */
export function useBound(socket: TcpSocket, bound: BoundSocket): void {
  const adopted = bound.adopt()
  const { address, port, release } = adopted
  useHandle(socket).bindLocal(address!, port, isIP(address!) === 6 ? 6 : 4)
  socket[INNER].bound = adopted
  socket.once('close', release)
}

/** @throws ERR_INVALID_ARG_VALUE */
function checkUnbound(options: ConnectArguments): void {
  for (const name of ['localAddress', 'localPort'] as const) {
    if (options[name] === undefined) continue
    throw invalidValue(`options.${name}`, options[name], 'cannot be used with a bound socket')
  }
}

export function attachHandle(socket: TcpSocket, handle: SocketHandle): void {
  const inner = socket[INNER]
  socket._undestroy()
  socket._sockname = null
  inner.handle = handle
  handle.owner = inner.inbound
  if (handle.connection !== null) noteSocket(inner.binding.host.stack, handle.connection, socket)
  inner.inbound.begin()
}

/** There are no files here, so there are no Unix sockets but the system's, where `elko/register` has kept it. */
function connectToPath(socket: TcpSocket, path: unknown): void {
  checkString(path, 'options.path')
  const system = systemNet()
  socket.connecting = true
  if (system === null) {
    useHandle(socket)
    process.nextTick(destroyWith, socket, addressError('ENOTSUP', 'connect', path, undefined))
    return
  }
  socket._handle?.close()
  const systems = new system.Socket({ allowHalfOpen: true })
  for (const event of ['connectionAttempt', 'connectionAttemptFailed']) {
    systems.on(event, (...details: unknown[]) => socket.emit(event, ...details))
  }
  const stream = new SystemStream(systems)
  attachHandle(socket, stream)
  stream.connect(path, () => connected(socket))
}

function lookupAndConnect(socket: TcpSocket, options: ConnectArguments): void {
  const { localAddress, localPort } = options
  const host = options.host || 'localhost'
  if (localAddress && isIP(localAddress) === 0) throw invalidIpAddress(localAddress)
  if (localPort) checkNumber(localPort, 'options.localPort')
  const port = portOf(options.port)
  const { autoSelectFamily, attemptTimeoutMs } = selectionOf(socket, options)
  const family = isIP(host)
  if (family === 4 || family === 6) {
    const attempt = { address: host, port, family, localAddress, localPort } as const
    process.nextTick(() => {
      if (socket.connecting) attemptOnce(socket, attempt)
    })
    return
  }
  if (options.lookup != null) checkFunction(options.lookup, 'options.lookup')
  const asked = lookupOptions(options)
  socket._host = host
  const lookup = options.lookup ?? socket[INNER].binding.lookup
  // A bound socket is of one family, and there is no second one.
  const selects = autoSelectFamily && socket[INNER].bound === null
  if (asked.family !== 4 && asked.family !== 6 && !localAddress && selects) {
    connectToAny(socket, { lookup, host, asked, options, port, localPort, attemptTimeoutMs })
  } else connectToFirst(socket, lookup, host, asked, { ...options, port })
}

function portOf(port: unknown): number {
  if (port === undefined) return 0
  if (typeof port !== 'number' && typeof port !== 'string') {
    throw invalidType('options.port', ['number', 'string'], port)
  }
  return checkPort(port) | 0
}

/** Whether several addresses are tried, and how long each is waited for, milliseconds. */
function selectionOf(
  socket: TcpSocket,
  options: ConnectArguments,
): { autoSelectFamily: boolean; attemptTimeoutMs: number } {
  const { binding } = socket[INNER]
  const { autoSelectFamily, autoSelectFamilyAttemptTimeout: timeout } = options
  if (autoSelectFamily != null) checkBoolean(autoSelectFamily, 'options.autoSelectFamily')
  if (timeout != null) checkInteger(timeout, 'options.autoSelectFamilyAttemptTimeout', 1)
  return {
    autoSelectFamily: autoSelectFamily ?? binding.autoSelectFamily,
    attemptTimeoutMs: timeout == null ? binding.autoSelectFamilyAttemptTimeout : Math.max(10, timeout),
  }
}

function lookupOptions({ family, hints }: ConnectArguments): LookupOptions {
  const version = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family
  const either = version !== 4 && version !== 6
  const asked = hints || (either && process.platform !== 'win32' ? ADDRCONFIG : 0)
  return { family: version, hints: asked } as LookupOptions
}

function connectToFirst(
  socket: TcpSocket,
  lookup: LookupFunction,
  host: string,
  asked: LookupOptions,
  options: ConnectArguments & { port: number },
): void {
  lookup(host, asked, (error, address, family) => {
    socket.emit('lookup', error, address, family, host)
    if (!socket.connecting) return
    const failure = error ?? badAnswer(address, family, options)
    if (failure !== null) {
      process.nextTick(destroyWith, socket, failure)
      return
    }
    socket._unrefTimer()
    const { port, localAddress, localPort } = options
    attemptOnce(socket, {
      address: address as string,
      port,
      family: family as 4 | 6,
      localAddress,
      localPort,
    })
  })
}

/** What is wrong with an address that a lookup gave; null: nothing. */
export function badAnswer(
  address: unknown,
  family: unknown,
  { host, port }: ConnectArguments,
): NodeJS.ErrnoException | null {
  if (typeof address !== 'string' || isIP(address) === 0) return invalidIpAddress(address)
  return family === 4 || family === 6 ? null : invalidAddressFamily(family, host, port)
}

export function destroyWith(socket: TcpSocket, error: Error): void {
  socket.destroy(error)
}

/** One address, and no other. */
export function attemptOnce(socket: TcpSocket, attempt: Attempt): void {
  const handle = socket._handle as TcpHandle
  const { address, port, family } = attempt
  if (isBlocked(socket, attempt)) return destroyWith(socket, blockedAddress(address))
  const unbound = bindLocally(socket, handle, attempt)
  if (unbound !== null) return destroyWith(socket, unbound)
  debug('attempting to connect to %s:%d', address, port)
  socket.emit('connectionAttempt', address, port, family)
  if (socket._handle !== handle) return // A listener gave up.
  const refused = handle.connect(address, port, family, (failure) => {
    if (socket.destroyed) return
    if (failure === null) return connected(socket)
    const error = attemptError(handle, attempt, failure)
    socket.connecting = false
    socket._sockname = null
    socket.emit('connectionAttemptFailed', address, port, family, error)
    socket.destroy(error)
  })
  if (refused !== null) socket.destroy(refusedError(socket, handle, attempt, refused))
}

export function isBlocked(socket: TcpSocket, { address, family }: Attempt): boolean {
  return socket[INNER].blockList?.check(address, family === 4 ? 'ipv4' : 'ipv6') === true
}

/** Binds where that was asked for. Returns the error, or null. */
export function bindLocally(socket: TcpSocket, handle: TcpHandle, attempt: Attempt): Error | null {
  const { family, localAddress, localPort } = attempt
  if (!localAddress && !localPort) return null
  const address = localAddress || (family === 4 ? '0.0.0.0' : '::')
  const failure = handle.bindLocal(address, localPort ?? 0, family)
  if (failure === null) return null
  return explainRefusal(failureOf(null, 'bind', failure, { address, port: localPort }), hostOf(socket))
}

/** The error of an attempt that was refused at once: it says where the socket was. */
export function refusedError(
  socket: TcpSocket,
  handle: TcpHandle,
  { address, port }: Attempt,
  code: FailureCode,
): Error {
  const { sockname } = handle
  const local = `${sockname?.address}:${sockname?.port}`
  return explainRefusal(failureOf(null, 'connect', code, { address, port, local }), hostOf(socket))
}

const hostOf = (socket: TcpSocket): Host => socket[INNER].binding.host

/** The error of an attempt that failed. */
export function attemptError(handle: TcpHandle, attempt: Attempt, code: FailureCode): Error {
  const { address, port, localAddress, localPort } = attempt
  const place: Place = { address, port }
  if (!localAddress || !localPort) return failureOf(handle.connection, 'connect', code, place)
  const local = `${localAddress}:${localPort}`
  const error = failureOf(handle.connection, 'connect', code, { ...place, local })
  return Object.assign(error, { localAddress, localPort })
}

/** The connection is there. */
export function connected(socket: TcpSocket): void {
  const inner = socket[INNER]
  const handle = socket._handle!
  socket.connecting = false
  socket._sockname = null
  socket._unrefTimer()
  if (inner.noDelay) handle.setNoDelay(true)
  if (inner.keepAlive) {
    handle.setKeepAlive(true, inner.keepAliveDelay, inner.keepAliveInterval, inner.keepAliveCount)
  }
  if (inner.typeOfService !== 0) handle.setDiffServ(inner.typeOfService >> 2)
  debugEnds('connected', handle)
  socket.emit('connect')
  socket.emit('ready')
  if (!socket.isPaused()) socket.read(0)
}
