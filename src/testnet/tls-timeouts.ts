/** `setTimeout` of TLS sockets on the virtual clock: those of node:tls wait on timers that nobody else can reach. */

import tls from 'node:tls'

interface TimedSocket {
  readonly destroyed: boolean
  timeout?: number
  once(event: string, listener: () => void): unknown
  removeListener(event: string, listener: () => void): unknown
  _onTimeout(): void
}

/** The timers of sockets; a TLS socket's handshake has the same one. */
const timerOf = new WeakMap<TimedSocket, NodeJS.Timeout>()

/** node:net's `socket.setTimeout`: the checks of its arguments are left to the real one, which is asked to stop. */
function setVirtualTimeout(this: TimedSocket, ms: number, onTimeout?: () => void): TimedSocket {
  if (this.destroyed) return this
  const known = timerOf.get(this)
  if (known !== undefined) clearTimeout(known)
  timerOf.delete(this)
  if (ms === 0) {
    this.timeout = 0
    if (onTimeout !== undefined) this.removeListener('timeout', onTimeout)
    return this
  }
  realSetTimeout.call(this, ms)
  realSetTimeout.call(this, 0)
  this.timeout = ms
  const timer = setTimeout(() => {
    if (!this.destroyed) this._onTimeout()
  }, ms)
  timerOf.set(this, timer)
  if (onTimeout !== undefined) this.once('timeout', onTimeout)
  return this
}

/** Something happened on the socket: its time begins anew. */
function refresh(this: TimedSocket): void {
  timerOf.get(this)?.refresh()
}

type SetTimeout = (this: TimedSocket, ms: number) => unknown

const prototype = tls.TLSSocket.prototype as unknown as { setTimeout: SetTimeout }
const realSetTimeout = prototype.setTimeout

/** The methods to override, where they are. */
export const TLS_TIMEOUTS = {
  target: prototype as object,
  methods: { setTimeout: setVirtualTimeout, _unrefTimer: refresh },
} as const
