/** What keeps a host's process alive. */

import type { Host } from '../link/host.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import { CLOSED, FIN_WAIT_2, TIME_WAIT } from '../tcp/state.ts'

/** One holder of a host: `hold` and `letGo` come in pairs. */
export class Hold {
  readonly #host: Host
  #holds = false

  constructor(host: Host) {
    this.#host = host
  }

  set(wanted: boolean): void {
    if (wanted === this.#holds) return
    this.#holds = wanted
    if (wanted) this.#host.hold()
    else this.#host.letGo()
  }
}

/** Whether the other side has all that a connection that was closed had to say. */
export function isSettled({ state }: HostedConnection): boolean {
  return state === CLOSED || state === TIME_WAIT || state === FIN_WAIT_2
}
