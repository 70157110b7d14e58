/** TLS over Elko's sockets for programs that know nothing of them: `tls.connect`, and with it https and HTTP/2. */

import http2 from 'node:http2'
import type { TcpNetConnectOpts } from 'node:net'
import tls from 'node:tls'
import type { Net } from './create-net.ts'
import { peerOf, redirectStreams } from './redirect-streams.ts'
import type { Socket } from './socket.ts'

/** Options of `tls.connect` that are the business of TCP. */
const TCP_OPTIONS = [
  'port',
  'host',
  'localAddress',
  'localPort',
  'family',
  'hints',
  'lookup',
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout',
  'allowHalfOpen',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelay',
  'blockList',
] as const

type TlsOptions = tls.ConnectionOptions & Readonly<Record<string, unknown>>
type TlsConnect = (options: TlsOptions, callback?: () => void) => tls.TLSSocket

/** What core asks of a TLS socket's handle and a stream of JavaScript does not answer. */
interface TlsHandle {
  getsockname?(out: object): number
  getpeername?(out: object): number
  setNoDelay?(enable: boolean): number
  setKeepAlive?(enable: boolean, delay: number): number
  ref?(): void
  unref?(): void
  hasRef?(): boolean
}

interface TlsParts {
  /** node:tls asks it for the handle of a socket that wraps another. */
  _wrapHandle(wrap: { stream?: unknown } | null, ...rest: unknown[]): TlsHandle
}

export function redirectTls(net: Net): void {
  derive(tls.Server, net.Server)
  // Some versions have loaded HTTP/2 by now; its class has no name outside of core.
  derive(http2.createServer().constructor, net.Server)
  const connect = tls.connect as TlsConnect
  const redirected = (...args: unknown[]): tls.TLSSocket => {
    const [options, callback] = normalizeTlsArguments(args)
    if (options.socket || options.path) return connect(options, callback)
    return connectOver(net, connect, options, callback)
  }
  tls.connect = redirected as typeof tls.connect
  answerForStreams(net)
  redirectStreams(net)
}

/** Makes a class of core's, which may be loaded and derived already, an heir of `Base`. */
export function derive(Heir: { readonly prototype?: unknown }, Base: { readonly prototype: object }): void {
  Object.setPrototypeOf(Heir.prototype as object, Base.prototype)
  Object.setPrototypeOf(Heir, Base)
}

/** (options), (port, options), (port, host, options), each with a callback: as one object. */
function normalizeTlsArguments(args: readonly unknown[]): [TlsOptions, (() => void) | undefined] {
  const last = args.at(-1)
  const callback = typeof last === 'function' ? (last as () => void) : undefined
  const [first, second] = args
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
  if (isObject(first)) return [{ ...first, ...(isObject(second) && second) }, callback]
  const isPath = typeof first === 'string' && !(Number(first) >= 0)
  const place = isPath ? { path: first } : { port: first as number }
  const host = typeof second === 'string' ? { host: second } : {}
  return [{ ...place, ...host, ...args.slice(1).find(isObject) } as TlsOptions, callback]
}

function connectOver(
  net: Net,
  connect: TlsConnect,
  options: TlsOptions,
  callback: (() => void) | undefined,
): tls.TLSSocket {
  const known = TCP_OPTIONS.filter((name) => options[name] !== undefined)
  const wanted: Readonly<Record<string, unknown>> = Object.fromEntries(
    known.map((name) => [name, options[name]]),
  )
  const socket = net.connect(wanted as unknown as TcpNetConnectOpts)
  const secured = connect({ ...options, socket }, callback)
  const state = secured as { connecting: boolean }
  state.connecting = true
  for (const event of [
    'lookup',
    'connectionAttempt',
    'connectionAttemptFailed',
    'connectionAttemptTimeout',
  ]) {
    socket.on(event, (...details: unknown[]) => secured.emit(event, ...details))
  }
  socket.once('connect', () => {
    state.connecting = false
    secured.emit('connect')
    secured.emit('ready')
  })
  if (typeof options.timeout === 'number') secured.setTimeout(options.timeout)
  return secured
}

/** Addresses, `ref`, `setNoDelay` and the like of a TLS socket over one of Elko's are those of the latter. */
function answerForStreams(net: Net): void {
  const prototype = tls.TLSSocket.prototype as unknown as TlsParts
  const wrapHandle = prototype._wrapHandle
  prototype._wrapHandle = function (this: unknown, wrap, ...rest) {
    const handle: TlsHandle = Reflect.apply(wrapHandle, this, [wrap, ...rest])
    if (wrap?.stream instanceof net.Socket) answerFor(handle, wrap.stream)
    return handle
  }
}

function answerFor(handle: TlsHandle, socket: Socket): void {
  handle.getsockname = (out) => {
    Object.assign(out, socket.address())
    return 0
  }
  handle.getpeername = (out) => {
    Object.assign(out, peerOf(socket))
    return 0
  }
  handle.setNoDelay = (enable) => {
    socket.setNoDelay(enable)
    return 0
  }
  handle.setKeepAlive = (enable, seconds) => {
    socket.setKeepAlive(enable, 1000 * seconds)
    return 0
  }
  handle.ref = () => void socket.ref()
  handle.unref = () => void socket.unref()
}
