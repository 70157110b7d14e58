/**
 * Core's wrapper around streams that are no sockets of the system's (JSStreamSocket): TLS and HTTP/2 put it around Elko's
 * sockets. What it is asked of the connection beneath, it asks the socket.
 */

import { Duplex } from 'node:stream'
import tls from 'node:tls'
import type { Net } from './create-net.ts'
import type { Socket } from './socket.ts'

interface StreamSocket {
  readonly stream?: unknown
}

/** Methods of Node's net.Socket as the wrapper inherits them. */
interface WrapperMethods {
  _getsockname(this: StreamSocket): object
  _getpeername(this: StreamSocket): object
  setNoDelay(this: StreamSocket, enable?: boolean): object
  setKeepAlive(this: StreamSocket, ...options: unknown[]): object
  ref(this: StreamSocket): object
  unref(this: StreamSocket): object
}

export function peerOf({ remoteAddress: address, remotePort: port, remoteFamily: family }: Socket): object {
  return { address, port, family }
}

export function redirectStreams(net: Net): void {
  const prototype = wrapperPrototype()
  const { _getsockname, _getpeername, setNoDelay, setKeepAlive, ref, unref } = prototype
  const inherited = { _getsockname, _getpeername, setNoDelay, setKeepAlive, ref, unref }
  const own = ({ stream }: StreamSocket): Socket | null => (stream instanceof net.Socket ? stream : null)
  const methods: WrapperMethods = {
    _getsockname() {
      return own(this)?.address() ?? inherited._getsockname.call(this)
    },
    _getpeername() {
      const socket = own(this)
      return socket === null ? inherited._getpeername.call(this) : peerOf(socket)
    },
    setNoDelay(enable) {
      own(this)?.setNoDelay(enable)
      return inherited.setNoDelay.call(this, enable)
    },
    setKeepAlive(...options) {
      own(this)?.setKeepAlive(...(options as [boolean?, number?]))
      return inherited.setKeepAlive.call(this, ...options)
    },
    ref() {
      own(this)?.ref()
      return inherited.ref.call(this)
    },
    unref() {
      own(this)?.unref()
      return inherited.unref.call(this)
    },
  }
  Object.assign(prototype, methods)
}

/** The class has no name outside of core: it shows itself around a stream that TLS is asked to run over. */
function wrapperPrototype(): WrapperMethods {
  const stream = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
  const secured = new tls.TLSSocket(stream) as tls.TLSSocket & { _handle: { _parentWrap: object } }
  const prototype: WrapperMethods = Object.getPrototypeOf(secured._handle._parentWrap)
  secured.destroy()
  return prototype
}
