/** `net.Socket` of a host: the constructor, and the sockets that a server accepts. */

import { AsyncResource } from 'node:async_hooks'
import net from 'node:net'
import { Duplex, type DuplexOptions } from 'node:stream'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Binding } from './binding.ts'
import { BoundSocket } from './bound-socket.ts'
import { checkInteger, checkNumber, checkSignal } from './checks.ts'
import { attachHandle, useBound } from './connect.ts'
import { invalidType, invalidValue, unsupportedHandle } from './errors.ts'
import { Inbound } from './inbound.ts'
import { INNER, type Inner, newInner } from './inner.ts'
import type { SocketHandle } from './socket-handle.ts'
import { TcpSocket, writeAfterEnd } from './socket-methods.ts'
import { type SystemNet, systemNet } from './system-net.ts'
import { SystemStream } from './system-stream.ts'
import { TcpHandle } from './tcp-handle.ts'
import type { TcpInfo } from './tcp-info.ts'
import { readTlsToItsEnd } from './tls-end.ts'

/** As in Node, what an accepted socket calls is in nobody's asynchronous context: not in that of `listen`, either. */
const NOWHERE = new AsyncResource('elko', { requireManualDestroy: true })

/** A socket of Elko's: all of node:net's. */
export interface Socket extends net.Socket {
  /**
   * The state of the connection by the names and in the units of Linux's `struct tcp_info`: microseconds for `rtt`, `rttvar`, `rto`,
   * `min_rtt`; milliseconds for `last_*`; segments for `snd_cwnd`, `unacked`, `retrans`; octets for `bytes_*`, `*_wnd`. Null
   * before `connect` and after the socket is destroyed.
   */
  tcpInfo(): TcpInfo | null
  /** Of Node 24: the octet of the IP header, 0 to 255, of which TCP sets the upper six bits. */
  setTypeOfService(tos: number): this
  getTypeOfService(): number
  /** The server that accepted it; both names are Node's. */
  server: unknown
  _server: unknown
}

/** Options of all versions of Node from 20 on. */
export interface SocketOptions extends net.SocketConstructorOpts, Omit<DuplexOptions, 'signal'> {
  onread?: net.OnReadOpts | undefined
  noDelay?: boolean | undefined
  keepAlive?: boolean | undefined
  /** Milliseconds, of which whole seconds count. */
  keepAliveInitialDelay?: number | undefined
  /** Addresses that are not connected to. */
  blockList?: net.BlockList | undefined
  /** The octet of the IP header, 0 to 255. */
  typeOfService?: number | undefined
}

/** Callable with and without `new`, as node:net's. */
export interface SocketConstructor extends Omit<typeof net.Socket, 'prototype'> {
  new (options?: SocketOptions): Socket
  (options?: SocketOptions): Socket
  readonly prototype: Socket
}

/** What a server gives the sockets that it accepts. */
export interface AcceptOptions {
  readonly allowHalfOpen: boolean
  readonly pauseOnConnect: boolean
  /** Of both sides, octets. */
  readonly highWaterMark: number
  readonly noDelay: boolean
  readonly keepAlive: boolean
  /** Whole seconds, as `server.keepAliveInitialDelay`; 0: the default. */
  readonly keepAliveInitialDelay: number
  /** The server took both versions on '::': an IPv4 peer is shown as ::ffff:10.0.0.1. */
  readonly dualStack: boolean
}

/**
 * The socket of a connection that `stack.accept` gave, at once: its events go to the socket from here on, and come in later
 * turns (`binding.turns`). The server sets `server` and `_server`, counts it in `_connections` and emits 'connection'; the socket
 * counts down when it is destroyed, and calls `_server._emitCloseIfDrained()`.
 */
export function acceptedSocket(
  binding: Binding,
  connection: HostedConnection,
  options: AcceptOptions,
): Socket {
  const { allowHalfOpen, highWaterMark, dualStack } = options
  const mapped = dualStack && connection.tcb.path.version === 4
  const handle = NOWHERE.runInAsyncScope(() => new TcpHandle(binding, connection, mapped))
  const own: InternalOptions = {
    handle,
    allowHalfOpen,
    pauseOnCreate: options.pauseOnConnect,
    readableHighWaterMark: highWaterMark,
    writableHighWaterMark: highWaterMark,
  }
  const socket = new binding.Socket(own)
  if (options.noDelay) socket.setNoDelay(true)
  if (options.keepAlive) socket.setKeepAlive(true, options.keepAliveInitialDelay * 1000)
  return socket
}

/** Gives back a connection that nobody wants (`maxConnections`, `blockList`): close(2). */
export function rejectConnection(binding: Binding, connection: HostedConnection): void {
  binding.host.sync()
  connection.release()
}

/** The Socket of a host. */
export function socketConstructor(binding: Binding): SocketConstructor {
  function Socket(this: unknown, options?: SocketOptions): unknown {
    if (!(this instanceof Socket)) return new Constructor(options)
    if (Object.getPrototypeOf(this) === Socket.prototype && isOfSystem(options)) {
      const system = systemNet()
      if (system !== null) return new system.Socket(options)
    }
    readTlsToItsEnd()
    construct(this as unknown as TcpSocket, binding, options)
    return undefined
  }
  const Constructor = Socket as unknown as SocketConstructor
  Object.setPrototypeOf(Socket, Duplex)
  Object.setPrototypeOf(Socket.prototype, TcpSocket.prototype)
  return Constructor
}

/** Whether a socket is to be one of a descriptor, or of a handle that is not Elko's. */
function isOfSystem(options: SocketOptions | number | undefined): boolean {
  if (typeof options !== 'object') return typeof options === 'number'
  const { fd, handle } = options as { fd?: number; handle?: unknown }
  return fd !== undefined || (handle != null && !isOwnHandle(handle))
}

const isOwnHandle = (handle: unknown): boolean => handle instanceof TcpHandle || handle instanceof BoundSocket

/** What a server's sockets are made with. */
interface InternalOptions extends SocketOptions {
  handle?: TcpHandle | BoundSocket
  pauseOnCreate?: boolean
  manualStart?: boolean
}

function construct(socket: TcpSocket, binding: Binding, given: SocketOptions | number | undefined): void {
  const options: InternalOptions = typeof given === 'number' ? { fd: given } : (given ?? {})
  checkOptions(options)
  const inner = newInner(binding, new Inbound(socket, options.onread), options.blockList ?? null)
  inner.noDelay = Boolean(options.noDelay)
  inner.keepAlive = Boolean(options.keepAlive)
  inner.keepAliveDelay = Math.max(0, ~~((options.keepAliveInitialDelay ?? 0) / 1000))
  inner.typeOfService = options.typeOfService ?? 0
  initialize(socket, inner) // Duplex destroys the socket where its signal is aborted already.
  Reflect.apply(Duplex as unknown as () => void, socket, [
    {
      ...options,
      allowHalfOpen: Boolean(options.allowHalfOpen),
      emitClose: false, // It comes when the connection is closed.
      autoDestroy: true,
      decodeStrings: false,
    },
  ])
  socket.on('end', ended)
  const { handle } = options
  const system = isOfSystem(options) ? systemNet() : null
  if (system !== null) begin(socket, streamOf(system, options), options)
  else if (handle instanceof BoundSocket) useBound(socket, handle)
  else if (handle !== undefined) begin(socket, handle, options)
}

/** The fields of Node's sockets, in its order. */
function initialize(socket: TcpSocket, inner: Inner): void {
  Object.defineProperty(socket, INNER, { value: inner })
  socket.connecting = false
  socket._hadError = false
  socket._parent = null
  socket._host = null
  socket._closeAfterHandlingError = false
  socket._pendingData = null
  socket._pendingEncoding = ''
  socket._sockname = null
  socket.server = null
  socket._server = null
}

function checkOptions(options: InternalOptions): void {
  for (const name of ['objectMode', 'readableObjectMode', 'writableObjectMode'] as const) {
    if (options[name]) throw invalidValue(`options.${name}`, options[name], 'is not supported')
  }
  const { keepAliveInitialDelay, typeOfService, blockList, fd, signal } = options
  if (keepAliveInitialDelay !== undefined) {
    checkNumber(keepAliveInitialDelay, 'options.keepAliveInitialDelay')
  }
  if (typeOfService !== undefined) checkInteger(typeOfService, 'options.typeOfService', 0, 255)
  if (blockList !== undefined && !(blockList instanceof net.BlockList)) {
    throw invalidType('options.blockList', 'net.BlockList', blockList)
  }
  if (signal !== undefined) checkSignal(signal, 'options.signal')
  if (fd !== undefined) {
    checkInteger(fd, 'fd', 0)
    if (systemNet() === null) throw unsupportedHandle('UNKNOWN')
  }
}

/** What an heir of Elko's Socket has beneath it that was made of a descriptor, or of a handle of the system's. */
function streamOf(system: SystemNet, { fd, handle, readable, writable }: InternalOptions): SystemStream {
  const place = fd === undefined ? { handle } : { fd }
  const options = { ...place, readable, writable, manualStart: true, allowHalfOpen: true }
  return new SystemStream(new system.Socket(options as net.SocketConstructorOpts))
}

/** A socket with a connection reads at once, unless it is to be paused. */
function begin(socket: TcpSocket, handle: SocketHandle, options: InternalOptions): void {
  attachHandle(socket, handle)
  if (options.readable === false) return
  // As if nobody had asked for octets yet: `resume` begins.
  if (options.pauseOnCreate === true) Object.assign(socket, { readableFlowing: false })
  else if (options.manualStart !== true) socket.read(0)
}

function ended(this: TcpSocket): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd as TcpSocket['write']
}
