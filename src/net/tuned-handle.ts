/** What a handle can be asked for besides its connection: settings, and what it is to Node. */

import { AsyncResource } from 'node:async_hooks'
import type { Host } from '../link/host.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import { keepAliveChanges, tune } from './tuning.ts'

export abstract class TunedHandle extends AsyncResource {
  readonly canReset = true
  protected readonly host: Host

  /** @param type as async_hooks knows it: 'TCPWRAP'. */
  constructor(type: string, host: Host) {
    super(type, { requireManualDestroy: true })
    this.host = host
  }

  abstract get connection(): HostedConnection | null

  get fd(): number {
    return -1 // There is no file behind it.
  }

  getAsyncId(): number {
    return this.asyncId()
  }

  setNoDelay(enable: boolean): void {
    // What Nagle's algorithm held back goes, as on Linux.
    if (tune(this.host, this.connection, { nagle: !enable }) && enable) this.connection?.push()
  }

  /** Whole seconds; an `initialDelay` of 0 leaves the defaults: two hours, then nine probes of 75 s. */
  setKeepAlive(enable: boolean, initialDelay: number, interval = 1, count = 10): void {
    tune(this.host, this.connection, keepAliveChanges(enable, initialDelay, interval, count))
  }

  /** The differentiated services codepoint of segments to come, 0 to 63. */
  setDiffServ(dscp: number): void {
    tune(this.host, this.connection, { dscp })
  }
}
