/** What the parts of one `createNet(host)` share. */

import type { LookupFunction } from 'node:net'
import type { Host } from '../link/host.ts'
import type { SocketConstructor } from './socket.ts'
import type { Turns } from './turns.ts'

export interface Binding {
  readonly host: Host
  /** The Socket of this host: `createNet` sets it before anything can ask for it. */
  Socket: SocketConstructor
  /** In which its sockets and servers call back. */
  readonly turns: Turns
  /** The names of this host, in the shape of `dns.lookup`. */
  readonly lookup: LookupFunction
  /** Defaults of `connect`, as Node's command line and its setters have them; milliseconds. */
  autoSelectFamily: boolean
  autoSelectFamilyAttemptTimeout: number
}
