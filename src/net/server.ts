/**
 * `net.Server` on a host of Elko's: the surface, the order of events and the errors of node:net.
 *
 * The fields that start with an underscore are Node's: http, https, tls and many others read them.
 */

import EventEmitter, { on } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { getDefaultHighWaterMark } from 'node:stream'
import { promisify } from 'node:util'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import { hide } from './attach-diagnosis.ts'
import type { Binding } from './binding.ts'
import { BoundSocket } from './bound-socket.ts'
import { announceListen, announceListenFailure, announceListening, announceServerSocket } from './channels.ts'
import { checkSignal } from './checks.ts'
import { debug } from './debug.ts'
import { invalidType, listenError, stateError } from './errors.ts'
import { explainRefusal } from './explain-refusal.ts'
import { ListenHandle, openListener, wildcardOf } from './listen.ts'
import {
  DEFAULT_BACKLOG,
  type ListenOptions,
  type ListenTarget,
  normalizeListenArguments,
  readListenTarget,
} from './listen-options.ts'
import { localName, remoteName } from './names.ts'
import { acceptedSocket, rejectConnection, type Socket } from './socket.ts'
import { systemNet } from './system-net.ts'
import { listenOnSystem } from './system-server.ts'

/** Options of `createServer`: those of all versions of Node from 20 on. */
export interface ServerOptions {
  allowHalfOpen?: boolean | undefined
  pauseOnConnect?: boolean | undefined
  noDelay?: boolean | undefined
  keepAlive?: boolean | undefined
  /** Milliseconds; whole seconds count. */
  keepAliveInitialDelay?: number | undefined
  /** Of the sockets' both sides, octets. */
  highWaterMark?: number | undefined
  /** Who is turned away without a word. */
  blockList?: net.BlockList | undefined
}

export type ConnectionListener = (socket: Socket) => void

/** A server of Elko's: all of node:net's. */
export interface Server extends net.Server, AsyncIterable<Socket> {}

export interface ServerConstructor extends Omit<typeof net.Server, 'prototype'> {
  new (options?: ServerOptions | ConnectionListener, listener?: ConnectionListener): Server
  (options?: ServerOptions | ConnectionListener, listener?: ConnectionListener): Server
  readonly prototype: Server
}

/** What listens for a server. */
export interface Handle {
  /** Not of the system's. */
  address?(): AddressInfo
  ref(): void
  unref(): void
  close(): void
}

interface SystemServer extends net.Server {
  _setupWorker(connections: unknown): void
}

type Callback = (error?: Error | null) => void

const BINDING = Symbol('elko binding')

/** The methods; the constructor is a function, since it must be callable without `new` and on instances of heirs. */
class ServerMethods extends EventEmitter {
  declare readonly [BINDING]: Binding
  declare _handle: Handle | null
  /** What it listens with on a path or a descriptor. */
  declare _system: net.Server | null
  declare _connections: number
  declare _unref: boolean
  declare _listeningId: number
  declare _connectionKey: string | undefined
  declare allowHalfOpen: boolean
  declare pauseOnConnect: boolean
  declare noDelay: boolean
  declare keepAlive: boolean
  declare keepAliveInitialDelay: number
  declare highWaterMark: number
  declare blockList: net.BlockList | undefined
  declare maxConnections: number | undefined

  listen(...args: unknown[]): this {
    const [given, callback] = normalizeListenArguments(args)
    if (this._handle !== null) throw stateError('ERR_SERVER_ALREADY_LISTEN')
    announceListen(this, given)
    if (callback !== null) this.once('listening', callback)
    this._listeningId++
    const bound = given instanceof BoundSocket ? given : given.handle
    if (bound instanceof BoundSocket) {
      listenOn(this, bound)
      return this
    }
    const options = ((given._handle ?? given.handle) as ListenOptions | undefined) ?? given
    closeOnAbort(this, options.signal)
    const system = systemNet()
    if (system !== null && isSystemHandle(options)) {
      listenOnSystem(system, this, args)
      return this
    }
    const target = readListenTarget(args, options)
    if (target.kind !== 'tcp' && system !== null) listenOnSystem(system, this, args)
    else if (system?.isClusterWorker === true && !options.exclusive) refuseSharing(this, options)
    else if (target.kind === 'fd') refuse(this, 'EINVAL', null, undefined)
    else if (target.kind === 'path') refuse(this, 'ENOTSUP', target.path, undefined)
    else if (target.host === undefined) openHandle(this, null, target)
    else lookUpAndListen(this, target.host, target)
    return this
  }

  get listening(): boolean {
    return this._handle !== null
  }

  address(): AddressInfo | string | null {
    return this._system?.address() ?? this._handle?.address?.() ?? null
  }

  getConnections(callback: (error: Error | null, count: number) => void): this {
    if (this._system !== null) this._system.getConnections(callback)
    else process.nextTick(callback, null, this._connections)
    return this
  }

  close(callback?: Callback): this {
    this._listeningId++
    if (typeof callback === 'function') {
      if (this._handle !== null) this.once('close', callback)
      else this.once('close', () => callback(stateError('ERR_SERVER_NOT_RUNNING')))
    }
    if (this._system !== null)
      this._system.close() // and then this one
    else this._handle?.close()
    this._handle = null
    this._emitCloseIfDrained()
    return this
  }

  /** Waits for all connections, as `close` does. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this._handle === null) return
    await promisify<void>((done) => this.close(done))()
  }

  /** The sockets of 'connection', until the server closes; an 'error' is thrown. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Socket, void, undefined> {
    // Node's `on` knows an event that ends it from version 20 on; @types/node says so only from 22 on.
    const options = { close: ['close'] } as Parameters<typeof on>[2]
    for await (const [socket] of on(this, 'connection', options)) yield socket
  }

  /** Called by the sockets that this server accepted, too. */
  _emitCloseIfDrained(): void {
    if (this._handle !== null || this._system !== null || this._connections > 0) return
    process.nextTick(() => this.emit('close'))
  }

  override [EventEmitter.captureRejectionSymbol](error: Error, event: string, socket: Socket): void {
    if (event === 'connection') socket.destroy(error)
    else this.emit('error', error)
  }

  /** Called by core, when a socket of a path is sent to a child: its number of connections counts on. */
  _setupWorker(connections: unknown): void {
    ;(this._system as SystemServer | null)?._setupWorker(connections)
  }

  ref(): this {
    this._unref = false
    const listening = this._system ?? this._handle
    listening?.ref()
    return this
  }

  unref(): this {
    this._unref = true
    const listening = this._system ?? this._handle
    listening?.unref()
    return this
  }
}

/** `Server` of one host. */
export function serverConstructor(binding: Binding): ServerConstructor {
  function Server(
    this: unknown,
    options?: ServerOptions | ConnectionListener,
    listener?: ConnectionListener,
  ) {
    if (!(this instanceof Server)) return new (Server as unknown as ServerConstructor)(options, listener)
    Reflect.apply(EventEmitter as unknown as () => void, this, [])
    initialize(this as unknown as ServerMethods, options, listener)
    return undefined
  }
  Server.prototype = Object.create(ServerMethods.prototype, {
    constructor: { value: Server, writable: true, configurable: true },
    [BINDING]: { value: binding },
  })
  Object.setPrototypeOf(Server, EventEmitter)
  return Server as unknown as ServerConstructor
}

/** @throws ERR_INVALID_ARG_TYPE */
function initialize(
  server: ServerMethods,
  given: ServerOptions | ConnectionListener | null | undefined,
  second: ConnectionListener | undefined,
): void {
  const isListener = typeof given === 'function'
  if (!isListener && typeof given !== 'object' && given !== undefined) {
    throw invalidType('options', 'Object', given)
  }
  const options = isListener ? {} : { ...given }
  const listener = isListener ? given : second
  if (typeof listener === 'function') server.on('connection', listener)
  const delay = countOption('keepAliveInitialDelay', options.keepAliveInitialDelay) ?? 0
  const highWaterMark = countOption('highWaterMark', options.highWaterMark)
  if (options.blockList !== undefined && !(options.blockList instanceof net.BlockList)) {
    throw invalidType('options.blockList', 'net.BlockList', options.blockList)
  }
  server._handle = null
  server._system = null
  server._connections = 0
  server._unref = false
  server._listeningId = 1
  server._connectionKey = undefined
  server.allowHalfOpen = options.allowHalfOpen ?? false
  server.pauseOnConnect = options.pauseOnConnect === true
  server.noDelay = Boolean(options.noDelay)
  server.keepAlive = Boolean(options.keepAlive)
  server.keepAliveInitialDelay = Math.trunc(Math.max(0, delay) / 1000)
  server.highWaterMark =
    highWaterMark === undefined || highWaterMark < 0 ? getDefaultHighWaterMark(false) : highWaterMark
  server.blockList = options.blockList
}

/** @throws ERR_INVALID_ARG_TYPE */
function countOption(name: string, value: number | undefined): number | undefined {
  if (value !== undefined && typeof value !== 'number') throw invalidType(`options.${name}`, 'number', value)
  return value
}

/** A handle of core's own, of TCP or a pipe, which only node:net can listen on. */
function isSystemHandle(options: object): boolean {
  return 'getAsyncId' in options && !(options instanceof ListenHandle)
}

/** @throws ERR_INVALID_ARG_TYPE */
function closeOnAbort(server: ServerMethods, signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  checkSignal(signal, 'options.signal')
  const close = (): void => void server.close()
  if (signal.aborted) process.nextTick(close)
  else {
    signal.addEventListener('abort', close)
    server.once('close', () => signal.removeEventListener('abort', close))
  }
}

function lookUpAndListen(server: ServerMethods, host: string, target: ListenTarget & { kind: 'tcp' }): void {
  const id = server._listeningId
  server[BINDING].lookup(host, {}, (error, address) => {
    if (id !== server._listeningId) return
    if (error !== null) server.emit('error', error)
    else openHandle(server, address as string, target)
  })
}

function listenOn(server: ServerMethods, bound: BoundSocket): void {
  const { address, release, ...rest } = bound.adopt()
  release()
  openHandle(server, address, { ...rest, kind: 'tcp', host: undefined, backlog: DEFAULT_BACKLOG })
}

function openHandle(
  server: ServerMethods,
  address: string | null,
  target: ListenTarget & { kind: 'tcp' },
): void {
  const binding = server[BINDING]
  const opened = openListener(
    binding,
    { ...target, address },
    {
      handleConnection: (connection, handle) => accept(server, connection, handle),
      handleHostEnd: (error) => hostEnds(server, error),
    },
  )
  const shown = address ?? wildcardOf(binding.host)
  if (typeof opened === 'string') return refuse(server, opened, shown, target.port)
  server._handle = opened
  server._connectionKey = `${net.isIP(shown)}:${shown}:${target.port}`
  if (server._unref) opened.unref()
  announceListening(server)
  debug('listening: %o', server.address())
  process.nextTick(() => {
    if (server._handle !== null) server.emit('listening')
  })
}

/** As in Node, an error of listen comes in the next tick, and no 'close' follows. */
function refuse(server: ServerMethods, code: string, address: string | null, port: number | undefined): void {
  const error = explainRefusal(listenError(code, address, port), server[BINDING].host)
  announceListenFailure(server, error)
  debug('%s', error.message)
  process.nextTick(() => server.emit('error', error))
}

/** A port that all workers of a cluster share is the primary's, and Elko's cannot be sent to another process. */
function refuseSharing(server: ServerMethods, { host, port }: ListenOptions): void {
  const shown = host || wildcardOf(server[BINDING].host)
  const error = listenError('ENOTSUP', shown, Number(port))
  hide(
    error,
    'cause',
    new Error(
      'workers of a cluster share no port under elko/register: each process has a TCP of its own. ' +
        'Listen with { exclusive: true }, on a path, or in one process.',
    ),
  )
  announceListenFailure(server, error)
  process.nextTick(() => server.emit('error', error))
}

/** A connection came to a server. */
function accept(server: ServerMethods, connection: HostedConnection, { dualStack }: ListenHandle): void {
  const { [BINDING]: binding, blockList, maxConnections } = server
  const remote = remoteName(connection, dualStack)
  if (blockList?.check(remote.address, remote.family === 'IPv4' ? 'ipv4' : 'ipv6') === true) {
    rejectConnection(binding, connection)
    return
  }
  // 0 turns everybody away, as it does since Node 21.
  if (typeof maxConnections === 'number' && server._connections >= maxConnections) {
    const local = localName(connection, dualStack)
    rejectConnection(binding, connection)
    server.emit('drop', {
      localAddress: local.address,
      localPort: local.port,
      localFamily: local.family,
      remoteAddress: remote.address,
      remotePort: remote.port,
      remoteFamily: remote.family,
    })
    return
  }
  const { allowHalfOpen, pauseOnConnect, highWaterMark, noDelay, keepAlive, keepAliveInitialDelay } = server
  const socket = acceptedSocket(binding, connection, {
    allowHalfOpen,
    pauseOnConnect,
    highWaterMark,
    noDelay,
    keepAlive,
    keepAliveInitialDelay,
    dualStack,
  })
  server._connections++
  socket.server = server
  socket._server = server
  debug('accepted %s:%d', remote.address, remote.port)
  server.emit('connection', socket)
  announceServerSocket(socket)
}

function hostEnds(server: ServerMethods, error: Error | null): void {
  server._handle = null
  if (error !== null) server.emit('error', error)
  server._emitCloseIfDrained()
}
