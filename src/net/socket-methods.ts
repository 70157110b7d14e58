/**
 * The methods of `net.Socket`, over a SocketHandle: the surface, the order of events and the errors of node:net.
 *
 * The fields that start with an underscore are Node's: http, tls and many others read them. A constructor of each host
 * (socket.ts) puts its prototype on top of this one; it must be callable without `new`, which a class is not.
 */

import { Duplex } from 'node:stream'
import { checkDuration, checkFunction, checkInteger } from './checks.ts'
import { closeHandle } from './close-handle.ts'
import { connectSocket } from './connect.ts'
import { debugEnds } from './debug.ts'
import { endedByPeerError, invalidHandleType, invalidType, stateError } from './errors.ts'
import { INNER, type Inner } from './inner.ts'
import type { SocketName } from './names.ts'
import { lengthOf, send } from './sending.ts'
import type { SocketHandle } from './socket-handle.ts'
import { type TcpInfo, tcpInfoOf } from './tcp-info.ts'

export type Done = (error?: Error | null) => void
/** What `_writev` gets. */
export type Written = { readonly chunk: Buffer | string; readonly encoding: BufferEncoding }

/** A server as far as its sockets know it. */
interface AcceptingServer {
  _connections: number
  _emitCloseIfDrained?(): void
}

export class TcpSocket extends Duplex {
  declare readonly [INNER]: Inner
  declare connecting: boolean
  declare _hadError: boolean
  declare _parent: TcpSocket | null
  declare _host: string | null
  declare _closeAfterHandlingError: boolean
  declare _pendingData: Buffer | string | readonly Written[] | null
  declare _pendingEncoding: string
  declare _sockname: SocketName | null
  declare _peername: SocketName | null | undefined
  declare server: unknown
  declare _server: AcceptingServer | null
  declare resetAndClosing: boolean | undefined
  declare timeout: number | undefined
  declare autoSelectFamilyAttemptedAddresses: string[] | undefined
  /** Of Duplex: what was destroyed can connect again. */
  declare _undestroy: () => void

  /** Null on the prototype too, which has no inner part: getters of it are asked by whoever lists its properties. */
  get _handle(): SocketHandle | null {
    return this[INNER]?.handle ?? null
  }

  set _handle(handle: SocketHandle | null) {
    this[INNER].handle = handle
  }

  // ---- state

  get _connecting(): boolean {
    return this.connecting
  }

  get pending(): boolean {
    return this._handle === null || this.connecting
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening'
    if (this.readable) return this.writable ? 'open' : 'readOnly'
    return this.writable ? 'writeOnly' : 'closed'
  }

  get bufferSize(): number | undefined {
    return this._handle === null ? undefined : this.writableLength
  }

  get bytesRead(): number {
    return this._handle === null ? this[INNER]?.bytesRead : this._handle.bytesRead
  }

  get _bytesDispatched(): number {
    return this._handle === null ? this[INNER]?.bytesWritten : this._handle.bytesWritten
  }

  /** What the connection was given, and what waits to be given to it. */
  get bytesWritten(): number | undefined {
    const waiting = (this as unknown as { writableBuffer?: readonly Written[] }).writableBuffer
    if (waiting === undefined) return undefined
    let bytes = this._bytesDispatched
    for (const { chunk, encoding } of waiting) bytes += lengthOf(chunk, encoding)
    const pending = this._pendingData
    if (pending === null) return bytes
    if (!Array.isArray(pending)) {
      return bytes + lengthOf(pending as Buffer | string, this._pendingEncoding as BufferEncoding)
    }
    for (const each of pending as (Written | Buffer)[]) {
      bytes += Buffer.isBuffer(each) ? each.length : lengthOf(each.chunk, each.encoding)
    }
    return bytes
  }

  // ---- names

  _getsockname(): Partial<SocketName> {
    if (this._handle === null) return {}
    this._sockname ??= this._handle.sockname
    return this._sockname ?? {}
  }

  _getpeername(): Partial<SocketName> {
    if (this._handle === null || this.connecting) return this._peername ?? {}
    this._peername ??= this._handle.peername
    return this._peername ?? {}
  }

  address(): Partial<SocketName> {
    return this._getsockname()
  }

  tcpInfo(): TcpInfo | null {
    return tcpInfoOf(this[INNER])
  }

  get localAddress(): string | undefined {
    return this._getsockname().address
  }

  get localPort(): number | undefined {
    return this._getsockname().port
  }

  get localFamily(): string | undefined {
    return this._getsockname().family
  }

  get remoteAddress(): string | undefined {
    return this._getpeername().address
  }

  get remotePort(): number | undefined {
    return this._getpeername().port
  }

  get remoteFamily(): string | undefined {
    return this._getpeername().family
  }

  // ---- options

  setTimeout(msecs: number, callback?: () => void): this {
    if (this.destroyed) return this
    const inner = this[INNER]
    this.timeout = msecs
    const duration = checkDuration(msecs, 'msecs')
    if (inner.timer !== null) clearTimeout(inner.timer)
    inner.timer = null
    if (duration > 0) {
      inner.timer = setTimeout(timeOut, duration, this)
      inner.timer.unref()
    }
    if (callback !== undefined) {
      checkFunction(callback, 'callback')
      if (duration > 0) this.once('timeout', callback)
      else this.removeListener('timeout', callback)
    }
    return this
  }

  /** Something happened: the time of `setTimeout` begins anew, here and in what this socket is part of. */
  _unrefTimer(): void {
    for (let socket: TcpSocket | null = this; socket !== null; socket = socket._parent) {
      socket[INNER]?.timer?.refresh()
    }
  }

  _onTimeout(): void {
    const inner = this[INNER]
    const queued = inner.handle?.writeQueueSize ?? 0
    if (inner.lastWriteQueueSize > 0 && inner.handle !== null && inner.lastWriteQueueSize !== queued) {
      inner.lastWriteQueueSize = queued
      this._unrefTimer()
      return
    }
    this.emit('timeout')
  }

  setNoDelay(enable?: boolean): this {
    const inner = this[INNER]
    const wanted = enable === undefined || Boolean(enable)
    // A handle of the user's own (`options.handle`) may know less than ours.
    if (wanted !== inner.noDelay) inner.handle?.setNoDelay?.(wanted)
    inner.noDelay = wanted
    return this
  }

  setKeepAlive(enable?: boolean | KeepAlive, delayMs?: number, intervalMs?: number, count?: number): this {
    const asked = typeof enable === 'object' && enable !== null ? enable : null
    const on = asked === null ? Boolean(enable) : asked.enable !== false
    const delay = seconds(asked === null ? delayMs : asked.initialDelay)
    const interval = seconds(asked === null ? intervalMs : asked.interval) || 1
    const probes = (asked === null ? count : asked.count) || 10
    const inner = this[INNER]
    const same =
      delay === inner.keepAliveDelay &&
      interval === inner.keepAliveInterval &&
      probes === inner.keepAliveCount
    if (on !== inner.keepAlive || (on && !same)) inner.handle?.setKeepAlive(on, delay, interval, probes)
    inner.keepAlive = on
    inner.keepAliveDelay = delay
    inner.keepAliveInterval = interval
    inner.keepAliveCount = probes
    return this
  }

  setTypeOfService(tos: number): this {
    if (Number.isNaN(tos)) throw invalidType('tos', 'number', tos)
    checkInteger(tos, 'tos', 0, 255)
    this[INNER].typeOfService = tos
    this._handle?.setDiffServ(tos >> 2)
    return this
  }

  /** TCP has the lower two bits for itself (ECN). */
  getTypeOfService(): number {
    const { handle, typeOfService } = this[INNER]
    return handle === null ? typeOfService : typeOfService & 0xfc
  }

  ref(): this {
    if (this._handle === null) this.once('connect', this.ref)
    else this._handle.ref()
    return this
  }

  unref(): this {
    if (this._handle === null) this.once('connect', this.unref)
    else this._handle.unref()
    return this
  }

  // ---- opening

  connect(...args: unknown[]): this {
    if (Object.hasOwn(this, 'write') && this.write === writeAfterEnd) Reflect.deleteProperty(this, 'write')
    connectSocket(this, args)
    return this
  }

  // ---- reading

  override _read(size: number): void {
    const { handle } = this[INNER]
    if (this.connecting || handle === null) this.once('connect', () => this._read(size))
    else if (!handle.reading) startReading(handle)
  }

  override read(size?: number): unknown {
    resumeUsers(this)
    return super.read(size)
  }

  override resume(): this {
    resumeUsers(this)
    return super.resume()
  }

  override pause(): this {
    const { inbound, handle } = this[INNER]
    if (inbound.isUsers && !this.connecting && handle?.reading === true) {
      handle.reading = false
      handle.readStop()
    }
    return super.pause()
  }

  // ---- writing

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: Done): void {
    send(this, chunk, encoding, done)
  }

  override _writev(chunks: Written[], done: Done): void {
    send(this, chunks, '', done)
  }

  override _final(done: Done): void {
    if (this.pending) this.once('connect', () => this._final(done))
    else if (this._handle?.shutdown(done) !== true) done()
  }

  // ---- the end

  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', this.destroy)
  }

  resetAndDestroy(): this {
    if (this._handle === null) this.destroy(stateError('ERR_SOCKET_CLOSED'))
    else if (!this._handle.canReset) throw invalidHandleType()
    else if (this.connecting) this.once('connect', () => this._reset())
    else this._reset()
    return this
  }

  _reset(): this {
    this.resetAndClosing = true
    return this.destroy()
  }

  override _destroy(error: Error | null, done: Done): void {
    debugEnds('destroy', this._handle)
    this.connecting = false
    for (let socket: TcpSocket | null = this; socket !== null; socket = socket._parent) {
      const timer = socket[INNER]?.timer
      if (timer) clearTimeout(timer)
    }
    const inner = this[INNER]
    const { handle } = inner
    if (handle === null) {
      done(error)
      process.nextTick(() => this.emit('close', false))
    } else {
      inner.bytesRead = handle.bytesRead
      inner.bytesWritten = handle.bytesWritten
      closeHandle(this, handle, error !== null && error !== undefined)
      done(error)
    }
    const server = this._server
    if (server === null || server === undefined) return
    server._connections--
    server._emitCloseIfDrained?.()
  }
}

/** Options of `setKeepAlive` as one object: Node 24 and later. Milliseconds, in whole seconds. */
export interface KeepAlive {
  enable?: boolean | undefined
  initialDelay?: number | undefined
  interval?: number | undefined
  count?: number | undefined
}

const seconds = (ms: number | undefined): number => Math.max(0, ~~((ms ?? 0) / 1000))

export function startReading(handle: SocketHandle): void {
  handle.reading = true
  handle.readStart()
}

/** A socket with `onread` reads while it is not paused, whatever the stream holds. */
function resumeUsers(socket: TcpSocket): void {
  const { inbound, handle } = socket[INNER]
  if (inbound.isUsers && !socket.connecting && handle !== null && !handle.reading) startReading(handle)
}

function timeOut(socket: TcpSocket): void {
  socket._onTimeout()
}

/** What `write` is once the other side has ended, where nobody asked for half-open connections. */
export function writeAfterEnd(this: TcpSocket, ...args: unknown[]): boolean {
  if (!this.writableEnded) return Reflect.apply(Duplex.prototype.write, this, args)
  const error = endedByPeerError()
  const done = args.find((each) => typeof each === 'function')
  if (done !== undefined) process.nextTick(done as Done, error)
  this.destroy(error)
  return false
}
