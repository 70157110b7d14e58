/**
 * What held the sender back, and for how long: tcpi_busy_time, tcpi_rwnd_limited and tcpi_sndbuf_limited. Between two
 * events nothing changes, so it is enough to look after each.
 */

import type { Connection } from '../tcp/connection.ts'
import { flightSize } from '../tcp/tcb.ts'
import { unsentOctets } from './send-memory.ts'

type Limit = 'idle' | 'busy' | 'window' | 'buffer'

export class Chronographs {
  /** Microseconds with something queued; of them those that the other side's window or our buffer cost. */
  busyUs = 0
  windowUs = 0
  bufferUs = 0
  #limit: Limit = 'idle'
  #since = 0

  start(now: number): void {
    this.#since = now
  }

  /** Time has come to `now`, and now it is as the connection shows. */
  look(connection: Connection, now: number, wantsRoom: boolean): void {
    const elapsed = now - this.#since
    this.#since = now
    if (this.#limit !== 'idle') this.busyUs += elapsed
    if (this.#limit === 'window') this.windowUs += elapsed
    if (this.#limit === 'buffer') this.bufferUs += elapsed
    this.#limit = limitOf(connection, wantsRoom)
  }
}

function limitOf(connection: Connection, wantsRoom: boolean): Limit {
  const { tcb } = connection
  if (connection.queued === 0) return 'idle'
  const unsent = unsentOctets(connection)
  const usable = tcb.snd.wnd - flightSize(tcb)
  const allowed = flightSize(tcb) + Math.min(unsent, tcb.mss) <= tcb.congestion.cwnd
  if (unsent > 0 && allowed && usable < Math.min(unsent, tcb.mss)) return 'window'
  if (unsent === 0 && wantsRoom && !tcb.cwndLimited) return 'buffer'
  return 'busy'
}
