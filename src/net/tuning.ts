/** Options of sockets as tunables of their connections. */

import type { Host } from '../link/host.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import { type Config, configure } from '../tcp/config.ts'
import { CLOSED } from '../tcp/state.ts'

/** What a configuration was made from. */
interface Origin {
  readonly root: Config
  /** What it has other than the root. */
  readonly changes: Readonly<Record<string, unknown>>
}

const origins = new WeakMap<Config, Origin>()
const variants = new WeakMap<Config, Map<string, Config>>()
/** Variants of one root that are kept: sockets that ask for ever new things share none of them. */
const MOST_VARIANTS = 1000

/** Changes tunables of a connection. Returns whether there is one. */
export function tune(host: Host, connection: HostedConnection | null, changes: Partial<Config>): boolean {
  if (connection === null || connection.state === CLOSED) return false
  host.sync()
  connection.reconfigure(variant(connection.tcb.config, changes))
  return true
}

/** `base` with changes. Sockets that ask for the same have the same configuration; one that takes all back, the root. */
function variant(base: Config, changes: Partial<Config>): Config {
  const origin = origins.get(base) ?? { root: base, changes: {} }
  const { root } = origin
  const all = Object.entries({ ...origin.changes, ...changes })
    .filter(([name, value]) => root[name as keyof Config] !== value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  if (all.length === 0) return root
  let known = variants.get(root)
  if (known === undefined) variants.set(root, (known = new Map()))
  const key = all.join()
  const same = known.get(key)
  if (same !== undefined) return same
  const config = configure(Object.fromEntries(all), root)
  if (known.size === MOST_VARIANTS) known.clear()
  known.set(key, config)
  origins.set(config, { root, changes: Object.fromEntries(all) })
  return config
}

/** Limits of Linux: TCP_KEEPIDLE and TCP_KEEPINTVL in seconds, TCP_KEEPCNT. */
const LONGEST = 32_767
const MOST_PROBES = 127

/**
 * SO_KEEPALIVE as libuv sets it, all in seconds.
 *
 * @param idle before the first probe; the system's defaults stand where it is 0 or more than Linux takes, as libuv's call is
 *   refused then.
 */
export function keepAliveChanges(
  enable: boolean,
  idle: number,
  interval: number,
  count: number,
): Partial<Config> {
  if (!enable || idle < 1 || idle > LONGEST) return { keepAlive: enable }
  return {
    keepAlive: true,
    keepAliveIdleMs: idle * 1000,
    keepAliveIntervalMs: Math.min(Math.max(1, interval), LONGEST) * 1000,
    keepAliveProbes: Math.min(Math.max(1, count), MOST_PROBES),
  }
}
