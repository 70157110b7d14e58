/**
 * TLS over Elko's sockets is read to its end.
 *
 * node:tls takes such a socket for a stream of JavaScript, and destroys the TLS socket as soon as that stream closes: with all
 * that a slow reader has not read yet, without an error. Over a socket of the kernel it does not. So where ours has closed
 * because both sides had ended, the TLS socket lives until it has been read.
 */

import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import type tls from 'node:tls'
import { INNER } from './inner.ts'

/** What node:tls makes of a stream of JavaScript. */
interface StreamWrap extends Duplex {
  readonly stream?: Duplex & { readonly [INNER]?: unknown }
}

interface TlsParts {
  /** Where node:tls lays a TLS socket over another one. */
  _wrapHandle(this: Duplex, wrap: StreamWrap | null, ...rest: unknown[]): unknown
}

let isDone = false

/** Takes effect once, for the sockets of all hosts; nothing changes for others. */
export function readTlsToItsEnd(): void {
  if (isDone || process.versions.openssl === undefined) return
  isDone = true
  const { TLSSocket }: typeof tls = createRequire(import.meta.url)('node:tls')
  const prototype = TLSSocket.prototype as unknown as TlsParts
  const wrapHandle = prototype._wrapHandle
  prototype._wrapHandle = function (wrap, ...rest) {
    const known = wrap?.listeners('close') ?? []
    const handle = Reflect.apply(wrapHandle, this, [wrap, ...rest])
    if (wrap?.stream?.[INNER] !== undefined) outlive(this, wrap, wrap.stream, known)
    return handle
  }
}

/** Has `secured` destroyed when it has been read, where `wrap` closes after its end. */
function outlive(secured: Duplex, wrap: StreamWrap, socket: Duplex, known: readonly unknown[]): void {
  for (const listener of wrap.listeners('close')) {
    if (!known.includes(listener)) wrap.off('close', listener as () => void)
  }
  wrap.on('close', () => {
    if (socket.readableEnded && !secured.readableEnded) secured.once('end', () => secured.destroy())
    else secured.destroy()
  })
}
