/** `setTimeout` of HTTP/2's sessions and streams on the virtual clock: core's wait on timers that nobody else can reach. */

import http2 from 'node:http2'
import { Duplex } from 'node:stream'

interface Timed {
  readonly destroyed: boolean
  _onTimeout(): void
  /** Core's timer stands under a symbol: it is refreshed there whenever something happens. */
  [timer: symbol]: unknown
}

type SetTimeout = (this: Timed, ms: number, onTimeout?: () => void) => Timed

const realClearTimeout = globalThis.clearTimeout
const timerOf = new WeakMap<Timed, NodeJS.Timeout>()

const isCoresTimer = (value: unknown): value is NodeJS.Timeout =>
  typeof value === 'object' && value !== null && (value as { _idleTimeout?: number })._idleTimeout! > 0

/** As core's, but a virtual timer takes the place of the real one. */
function virtual(real: SetTimeout): SetTimeout {
  return function (ms, onTimeout) {
    const known = timerOf.get(this)
    if (known !== undefined) clearTimeout(known)
    real.call(this, ms, onTimeout)
    const place = Object.getOwnPropertySymbols(this).find((symbol) => isCoresTimer(this[symbol]))
    if (place === undefined) return this
    realClearTimeout(this[place] as NodeJS.Timeout)
    const timer = setTimeout(() => {
      if (!this.destroyed) this._onTimeout()
    }, ms)
    this[place] = timer
    timerOf.set(this, timer)
    return this
  }
}

interface Place {
  readonly target: object
  readonly methods: { readonly setTimeout: SetTimeout }
}

/** The methods to override, where they are: classes without a name outside of core, which show themselves on a session. */
export function http2Timeouts(): readonly Place[] {
  const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
  const session = http2.connect('http://localhost', { createConnection: () => socket })
  const stream = session.request()
  stream.on('error', () => {})
  const places = [session, stream].map((object) => {
    let target: object = object
    while (!Object.hasOwn(target, 'setTimeout')) target = Object.getPrototypeOf(target)
    return { target, methods: { setTimeout: virtual((target as { setTimeout: SetTimeout }).setTimeout) } }
  })
  session.destroy()
  return places
}
