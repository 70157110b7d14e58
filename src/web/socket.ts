/** The Sockets API of WinterTC: a connection as it is to be had from JavaScript runtimes other than browsers. */

import type { Host } from '../link/host.ts'
import { interleave } from '../link/interleave.ts'
import { openingConfig } from '../link/opening-config.ts'
import type { ConnectOptions } from '../stack/stack.ts'
import type { Config } from '../tcp/config.ts'
import { parseAddress } from '../wire/address.ts'
import { Channel, type ChannelOptions } from './channel.ts'
import type { Chunk } from './outflow.ts'
import { askForAddresses, knownAddresses, parseSocketAddress, type SocketAddress } from './socket-address.ts'
import { asSocketError, SocketError } from './socket-error.ts'

/** What opened sockets tell of themselves. */
export interface SocketInfo {
  /** '10.0.0.2:80', '[fd00::2]:80'. */
  readonly remoteAddress: string
  readonly localAddress: string
  /** TLS would have agreed on it. */
  readonly alpn: null
}

export interface SocketOptions {
  /** There is no TLS here: 'on' and 'starttls' are refused. */
  readonly secureTransport?: 'off' | 'on' | 'starttls'
  /**
   * false, the default: once all that the other side sent is read, and all that was written before is sent, this side ends
   * as well. true: it ends when `writable` is closed.
   */
  readonly allowHalfOpen?: boolean
  /** Octets that `writable` lets wait before its `ready` does; default 65536. */
  readonly highWaterMark?: number
  /** Tunables of the connection; default the host's. `connectionAttemptDelayMs`: when the next address of a name is tried. */
  readonly config?: Config
}

export interface OutgoingOptions extends SocketOptions {
  /** Where the connection comes from: an address of the host, and a port; default chosen for the remote address. */
  readonly localAddress?: string
  readonly localPort?: number
}

const HIGH_WATER_MARK_BYTES = 64 * 1024

/** A connection. Made by `connect` and by listeners. */
export class Socket {
  readonly #channel: Channel
  /** Resolves once the connection is established; rejects with a SocketError, or with what `close` was given before. */
  readonly opened: Promise<SocketInfo>
  readonly secureTransport = 'off'
  /** Whether `startTls` was called. */
  readonly upgraded = false

  /** Not for users. */
  constructor(channel: Channel) {
    this.#channel = channel
    this.opened = channel.opened.then(({ tcb: { path } }) => ({
      remoteAddress: path.remoteText,
      localAddress: path.localText,
      alpn: null,
    }))
    this.opened.catch(() => {})
  }

  /** What arrives, a byte stream: reading into a buffer of one's own (BYOB) saves an allocation. Nothing is read ahead. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#channel.readable
  }

  /**
   * What is sent. A write resolves when the connection's send buffer has taken it. Closing it sends FIN, and reading goes
   * on; aborting it resets the connection, lest what was sent of it look complete.
   */
  get writable(): WritableStream<Chunk> {
    return this.#channel.writable
  }

  /**
   * Resolves once both directions have ended and the other side has acknowledged that, or when `close` is called; rejects
   * with a SocketError where the connection could not be opened, was reset (there the draft would resolve) or timed out.
   */
  get closed(): Promise<void> {
    return this.#channel.closed
  }

  /**
   * Ends the connection: reads end, writes fail with `reason`. What was written arrives before FIN; a write under way is
   * cut off by a reset, as are octets of the other side's that nobody has read (RFC 9293 3.6.1).
   */
  close(reason?: unknown): Promise<void> {
    return this.#channel.close(reason)
  }

  /** @throws SocketError always: nothing here knows TLS. */
  startTls(): never {
    throw new SocketError('startTls needs secureTransport "starttls", and there is no TLS here')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Opens a connection. The addresses of a name are tried as RFC 8305 says: in their order, versions of IP in turn, each a while
 * after the one before or once that has failed. Where all fail, `cause` is an AggregateError of each.
 *
 * @throws SocketError for an address or an option that makes no sense, and for TLS. All else rejects `opened`.
 */
export function connect(host: Host, address: string | SocketAddress, options: OutgoingOptions = {}): Socket {
  const { hostname, port } = parseSocketAddress(address)
  const { localAddress, localPort, config } = options
  const local = localAddress === undefined ? undefined : (parseAddress(localAddress) ?? undefined)
  if (localAddress !== undefined && local === undefined) {
    throw new SocketError(`expected an IP address as localAddress, got "${localAddress}"`)
  }
  const channel = new Channel(host, channelOptions(options))
  connectChannel(channel, host, hostname, {
    remotePort: port,
    ...(local === undefined ? {} : { localAddress: local }),
    ...(localPort === undefined ? {} : { localPort }),
    ...(config === undefined ? {} : { config }),
  })
  return new Socket(channel)
}

/** Finds the name's addresses and connects to the first of them that answers. `family` keeps those of one version. */
export function connectChannel(
  channel: Channel,
  host: Host,
  hostname: string,
  options: Omit<ConnectOptions, 'remoteAddress'>,
  family: 4 | 6 | null = null,
): void {
  const { stack } = host
  const open = (addresses: NonNullable<ReturnType<typeof knownAddresses>>): void => {
    const wanted = addresses.filter(({ version }) => family === null || version === family)
    const config = options.config ?? openingConfig(stack.config)
    channel.connect({
      addresses: interleave(wanted, ({ version }) => version),
      open: (remoteAddress) => stack.connect({ ...options, config, remoteAddress }),
      attemptDelayMs: config.connectionAttemptDelayMs,
    })
  }
  const known = knownAddresses(host, hostname)
  if (known !== null) return open(known)
  void askForAddresses(host, hostname).then((found) => {
    if ('code' in found) channel.fail(found)
    else open(found)
  })
}

/** @throws SocketError for an option that makes no sense, and for TLS. */
export function channelOptions(options: SocketOptions): ChannelOptions {
  const { secureTransport = 'off', allowHalfOpen = false, highWaterMark = HIGH_WATER_MARK_BYTES } = options
  if (secureTransport !== 'off') {
    throw new SocketError(`secureTransport "${secureTransport}" needs TLS, which is not here: use "off"`)
  }
  if (!(highWaterMark >= 0)) {
    throw new SocketError(`expected a highWaterMark of 0 or more octets, got ${highWaterMark}`)
  }
  return { allowHalfOpen: Boolean(allowHalfOpen), highWaterMark, asError: asSocketError }
}
