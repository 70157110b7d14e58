/**
 * A passive OPEN that many connections come from: the SYN queue, the backlog, and which SYN belongs to whom.
 *
 * Each SYN gets a connection of its own, which is in LISTEN until the SYN is processed and which is thrown away where the
 * RFC returns it to LISTEN: the listener is what goes on listening.
 */

import type { Config } from '../tcp/config.ts'
import { type Address, addressEquals, hasDestination, hasSource } from '../wire/address.ts'
import type { IpHeader } from '../wire/ip-header.ts'
import { Fifo } from './fifo.ts'
import type { HostedConnection } from './hosted-connection.ts'

/**
 * Who else may listen on a port.
 *
 * - 'beside': whoever's sockets are not the very same; the closest match has the SYN (MUST-42, as in 4.4BSD).
 * - 'alone': nobody who could have one of its SYNs as well, as in Linux: a wildcard and an address exclude each other.
 * - 'together': 'alone', but for others that say the same; the SYNs are spread over them (SO_REUSEPORT).
 */
export type Sharing = 'beside' | 'alone' | 'together'

export interface ListenOptions {
  /** Local port, 0 to 65535; 0: any free one of the dynamic range. */
  readonly port: number
  /** Local address; absent: every address of the version, and with `dualStack` of both. */
  readonly address?: Address
  /** For listeners without an address: IPv4 alone (4), IPv6 alone (6), or both (absent: dual-stack). */
  readonly version?: 4 | 6
  /** Who else may listen on the port; default 'beside'. */
  readonly sharing?: Sharing
  /** Has the port and takes no SYN: bind(2) without listen(2). Default false. */
  readonly onlyBinds?: boolean
  /** Only SYNs from this remote socket (a fully specified passive OPEN). */
  readonly remote?: { readonly address: Address; readonly port: number }
  /** Connections that may wait for `accept`, 1 to limits.backlog; default 511. */
  readonly backlog?: number
  /** Tunables of its connections; default the stack's. */
  readonly config?: Config
}

/** How closely a listener names a SYN's sockets; the closest is chosen. */
const MATCH_REMOTE = 4
const MATCH_ADDRESS = 2
const MATCH_VERSION = 1

export class Listener {
  readonly port: number
  readonly address: Address | null
  readonly version: 4 | 6 | null
  readonly remote: { readonly address: Address; readonly port: number } | null
  readonly sharing: Sharing
  readonly onlyBinds: boolean
  /** Connections that may wait for `accept`; listen(2) may be called again. */
  backlog: number
  #config: Config | null
  /** The owner's own: the server, the application. */
  owner: unknown = null
  closed = false
  /** An acceptable connection waits and the owner was not yet told. */
  eventPending = false
  /** Half-open connections, oldest first. */
  readonly #synQueue = new Set<HostedConnection>()
  /** Connections that wait for `accept`, oldest first. */
  readonly #acceptQueue = new Fifo<HostedConnection>()

  constructor(options: ListenOptions, port: number, backlog: number) {
    this.port = port
    this.address = options.address ?? null
    this.version = options.address?.version ?? options.version ?? null
    this.remote = options.remote ?? null
    this.sharing = options.sharing ?? 'beside'
    this.onlyBinds = options.onlyBinds ?? false
    this.backlog = backlog
    this.#config = options.config ?? null
  }

  /** Tunables of its connections; null: the stack's. */
  get config(): Config | null {
    return this.#config
  }

  /** Connections from now on have other tunables. */
  reconfigure(config: Config): void {
    this.#config = config
  }

  /** Half-open connections. */
  get halfOpen(): number {
    return this.#synQueue.size
  }

  /** Connections that wait for `accept`. */
  get waiting(): number {
    return this.#acceptQueue.length
  }

  /** How well this listener fits the packet: longest match wins, -1 is no match. */
  match(ip: IpHeader, srcPort: number): number {
    if (this.onlyBinds) return -1
    let score = 0
    if (this.remote !== null) {
      const { address, port } = this.remote
      if (port !== srcPort || !hasSource(ip, address)) return -1
      score += MATCH_REMOTE
    }
    if (this.address !== null) return hasDestination(ip, this.address) ? score + MATCH_ADDRESS : -1
    if (this.version === null) return score
    return this.version === ip.version ? score + MATCH_VERSION : -1
  }

  /** Whether both cannot listen at once (MUST-41: a passive OPEN never disturbs another). */
  conflictsWith(other: Listener): boolean {
    if (this.port !== other.port || !sameRemote(this, other)) return false
    if (this.sharing === 'together' && other.sharing === 'together') return false
    if (this.sharing === 'alone' || other.sharing === 'alone') return overlap(this, other)
    return this.version === other.version && sameAddress(this.address, other.address)
  }

  /** A connection that answers a SYN. */
  addHalfOpen(connection: HostedConnection): void {
    this.#synQueue.add(connection)
  }

  /** The handshake is done: it waits for `accept`. */
  established(connection: HostedConnection): void {
    this.#synQueue.delete(connection)
    this.#acceptQueue.push(connection)
  }

  /** It failed before. */
  forget(connection: HostedConnection): void {
    this.#synQueue.delete(connection)
  }

  /**
   * The oldest half-open connection, if our answer to it went unanswered at least once: it yields its place in a full
   * queue. All of a listener's wait equally long for that, so where the oldest has not, none has.
   */
  stalest(): HostedConnection | null {
    for (const oldest of this.#synQueue) return oldest.tcb.synLost ? oldest : null
    return null
  }

  /** The connection that waits longest, or null. */
  next(): HostedConnection | null {
    return this.#acceptQueue.shift() ?? null
  }

  /** Ends it. Returns the connections that nobody will own now. */
  close(): HostedConnection[] {
    const orphans = [...this.#synQueue, ...this.#acceptQueue.values()]
    this.closed = true
    this.#synQueue.clear()
    this.#acceptQueue.clear()
    return orphans
  }
}

function sameRemote({ remote: a }: Listener, { remote: b }: Listener): boolean {
  return a?.port === b?.port && sameAddress(a?.address ?? null, b?.address ?? null)
}

/** Whether there is a SYN that both would take. */
function overlap(a: Listener, b: Listener): boolean {
  if (a.version !== null && b.version !== null && a.version !== b.version) return false
  return a.address === null || b.address === null || addressEquals(a.address, b.address)
}

/** Null is every address. */
function sameAddress(a: Address | null, b: Address | null): boolean {
  if (a === null || b === null) return a === b
  return addressEquals(a, b)
}
