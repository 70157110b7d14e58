/** The arguments of `server.listen`, in all their forms, as node:net takes them. */

import { checkPort } from './checks.ts'
import { invalidValue } from './errors.ts'

/** What node:net lets `listen` be called with, as one object. */
export interface ListenOptions {
  readonly port?: unknown
  readonly host?: string
  readonly path?: unknown
  readonly fd?: unknown
  readonly backlog?: number
  readonly ipv6Only?: boolean
  readonly reusePort?: boolean
  /** In a worker of a cluster: its own, and not one that it shares. */
  readonly exclusive?: boolean
  readonly signal?: AbortSignal
  readonly handle?: unknown
  readonly _handle?: unknown
}

/** Where a server is to listen: on TCP, or on something that is none of it. */
export type ListenTarget =
  | {
      readonly kind: 'tcp'
      readonly port: number
      readonly host: string | undefined
      readonly backlog: number
      readonly ipv6Only: boolean
      readonly reusePort: boolean
    }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'fd' }

/** Of listen(2), where nothing is asked for. */
export const DEFAULT_BACKLOG = 511

/** Number, text of a number; false: neither. */
function toNumber(value: unknown): number | false {
  const number = Number(value)
  return number >= 0 ? number : false
}

/** A text that is no number names a pipe or a UNIX domain socket. */
const isPipeName = (value: unknown): value is string => typeof value === 'string' && toNumber(value) === false

/** The first argument as an object, and the callback that may stand last. */
export function normalizeListenArguments(args: readonly unknown[]): [ListenOptions, (() => void) | null] {
  if (args.length === 0) return [{}, null]
  const [first, second] = args
  const last = args.at(-1)
  const callback = typeof last === 'function' ? (last as () => void) : null
  if (typeof first === 'object' && first !== null) return [first, callback]
  if (isPipeName(first)) return [{ path: first }, callback]
  return [{ port: first, ...(typeof second === 'string' && { host: second }) }, callback]
}

/** @throws ERR_SOCKET_BAD_PORT, ERR_INVALID_ARG_VALUE */
export function readListenTarget(args: readonly unknown[], options: ListenOptions): ListenTarget {
  // (path, backlog), (port, backlog) or (port, host, backlog)
  const backlog =
    (args.length > 1 && toNumber(args[1])) || (args.length > 2 && toNumber(args[2])) || DEFAULT_BACKLOG
  if (typeof options.fd === 'number' && options.fd >= 0) return { kind: 'fd' }
  const anyPort =
    args.length === 0 ||
    typeof args[0] === 'function' ||
    (options.port === undefined && 'port' in options) ||
    options.port === null
  const port = anyPort ? 0 : options.port
  if (typeof port === 'number' || typeof port === 'string') {
    return {
      kind: 'tcp',
      port: checkPort(port, 'options.port'),
      host: options.host || undefined,
      backlog: options.backlog || backlog,
      ipv6Only: options.ipv6Only === true,
      reusePort: options.reusePort === true,
    }
  }
  if (options.path && isPipeName(options.path)) return { kind: 'path', path: options.path }
  if (!('port' in options) && !('path' in options)) {
    throw invalidValue('options', options, 'must have the property "port" or "path"')
  }
  throw invalidValue('options', options)
}
