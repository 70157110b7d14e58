/**
 * The names of Direct Sockets (WICG): TCPSocket and TCPServerSocket, as Chrome has them for isolated web apps. Thin faces
 * of the same channels; failures are DOMExceptions. Permissions and the ports that they keep from pages do not apply.
 */

import type { Host } from '../link/host.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import { type Config, configure } from '../tcp/config.ts'
import { isUnspecified, parseAddress } from '../wire/address.ts'
import { Channel, type ChannelOptions } from './channel.ts'
import { Acceptor, localAddress as listenAddress } from './listener.ts'
import type { Chunk } from './outflow.ts'
import { connectChannel } from './socket.ts'
import type { AsError } from './socket-error.ts'

export interface TCPSocketOptions {
  /** Octets, 1 to 2^30; default the host's. */
  readonly sendBufferSize?: number
  readonly receiveBufferSize?: number
  /** Default false: Nagle's algorithm. */
  readonly noDelay?: boolean
  /** Milliseconds of idleness before the first keep-alive probe, and between probes; at least 1000. Absent: no probes. */
  readonly keepAliveDelay?: number
  /** Which addresses of a name are tried; absent: all, in their order. */
  readonly dnsQueryType?: 'ipv4' | 'ipv6'
}

export interface TCPSocketOpenInfo {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly writable: WritableStream<Chunk>
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
}

export interface TCPSocket {
  /** Rejects with a NetworkError. */
  readonly opened: Promise<TCPSocketOpenInfo>
  /** Settles when both streams have ended; rejects with a NetworkError where the connection failed. */
  readonly closed: Promise<void>
  /** Rejects with an InvalidStateError before `opened` has resolved, and while a stream is locked. */
  close(): Promise<void>
}

export interface TCPServerSocketOptions {
  /** 1 to 65535; absent: any free one. */
  readonly localPort?: number
  /** Connections that may wait, at least 1; default 511. */
  readonly backlog?: number
  /** With '::' alone: no IPv4. Default false. */
  readonly ipv6Only?: boolean
}

export interface TCPServerSocketOpenInfo {
  /** Sockets that are open already. */
  readonly readable: ReadableStream<TCPSocket>
  readonly localAddress: string
  readonly localPort: number
}

export interface TCPServerSocket {
  /** Rejects with a NetworkError. */
  readonly opened: Promise<TCPServerSocketOpenInfo>
  readonly closed: Promise<void>
  /** Rejects with an InvalidStateError before `opened` has resolved, and while `readable` is locked. */
  close(): Promise<void>
}

export interface DirectSockets {
  /** @throws TypeError for an option out of its range. */
  readonly TCPSocket: new (
    remoteAddress: string,
    remotePort: number,
    options?: TCPSocketOptions,
  ) => TCPSocket
  /** @throws TypeError for an address that is none, or an option out of its range. */
  readonly TCPServerSocket: new (
    localAddress: string,
    options?: TCPServerSocketOptions,
  ) => TCPServerSocket
}

/** The two classes, bound to a host. */
export function createDirectSockets(host: Host): DirectSockets {
  class TCPSocket extends ChannelSocket {
    constructor(remoteAddress: string, remotePort: number, options: TCPSocketOptions = {}) {
      super(connectedChannel(host, remoteAddress, remotePort, options))
    }
  }
  // Accepted sockets are TCPSockets that connect to nobody.
  const accepted = (channel: Channel): TCPSocket => Reflect.construct(ChannelSocket, [channel], TCPSocket)
  class TCPServerSocket extends AcceptorSocket {
    constructor(localAddress: string, options: TCPServerSocketOptions = {}) {
      super(listeningAcceptor(host, localAddress, options, accepted), localAddress)
    }
  }
  return { TCPSocket, TCPServerSocket }
}

const CHANNEL: Omit<ChannelOptions, 'asError'> = { allowHalfOpen: true, highWaterMark: 64 * 1024 }

/** `cause` is an ElkoDiagnosis where a connection failed. */
const asNetworkError: AsError = ({ message, cause }) =>
  Object.assign(new DOMException(message, 'NetworkError'), cause === undefined ? {} : { cause })

function refusal(why: string): Promise<never> {
  return Promise.reject(new DOMException(why, 'InvalidStateError'))
}

class ChannelSocket implements TCPSocket {
  readonly #channel: Channel
  readonly opened: Promise<TCPSocketOpenInfo>
  #isOpen = false

  constructor(channel: Channel) {
    this.#channel = channel
    this.opened = channel.opened.then((connection) => this.#opens(connection))
    this.opened.catch(() => {})
  }

  get closed(): Promise<void> {
    return this.#channel.closed
  }

  close(): Promise<void> {
    if (!this.#isOpen) return refusal('the socket is not open')
    const { readable, writable } = this.#channel
    if (readable.locked || writable.locked) return refusal('a stream of the socket is locked')
    return this.#channel.close()
  }

  #opens({ tcb: { path } }: HostedConnection): TCPSocketOpenInfo {
    const { readable, writable } = this.#channel
    this.#isOpen = true
    return {
      readable,
      writable,
      remoteAddress: path.remoteAddress.toString(),
      remotePort: path.remotePort,
      localAddress: path.localAddress.toString(),
      localPort: path.localPort,
    }
  }
}

class AcceptorSocket implements TCPServerSocket {
  readonly #acceptor: Acceptor<TCPSocket>
  readonly opened: Promise<TCPServerSocketOpenInfo>
  #readable: ReadableStream<TCPSocket> | null = null

  constructor(acceptor: Acceptor<TCPSocket>, localAddress: string) {
    this.#acceptor = acceptor
    this.opened = acceptor.opened.then(({ port }) => {
      this.#readable = socketsOf(acceptor)
      return { readable: this.#readable, localAddress, localPort: port }
    })
    this.opened.catch(() => {})
  }

  get closed(): Promise<void> {
    return this.#acceptor.closed
  }

  close(): Promise<void> {
    if (this.#readable === null) return refusal('the socket is not open')
    if (this.#readable.locked) return refusal('the stream of the socket is locked')
    this.#readable.cancel().catch(() => {})
    return this.closed
  }
}

/** Nothing is accepted ahead of the reader. */
function socketsOf(acceptor: Acceptor<TCPSocket>): ReadableStream<TCPSocket> {
  return new ReadableStream<TCPSocket>(
    {
      pull: async (controller) => {
        const socket = await acceptor.next()
        if (socket === null) controller.close()
        else controller.enqueue(socket)
      },
      cancel: () => acceptor.close(),
    },
    { highWaterMark: 0 },
  )
}

function connectedChannel(host: Host, remote: string, port: number, options: TCPSocketOptions): Channel {
  const { dnsQueryType } = options
  inRange('remotePort', port, 1, 0xffff)
  const config = configOf(host, options)
  const channel = new Channel(host, { ...CHANNEL, asError: asNetworkError })
  const family = dnsQueryType === undefined ? null : dnsQueryType === 'ipv4' ? 4 : 6
  connectChannel(channel, host, String(remote), { remotePort: port, config }, family)
  return channel
}

/** The host's tunables with what a socket asks for. */
function configOf(host: Host, options: TCPSocketOptions): Config {
  const { sendBufferSize, receiveBufferSize, noDelay = false, keepAliveDelay } = options
  inRange('sendBufferSize', sendBufferSize, 1, 2 ** 30)
  inRange('receiveBufferSize', receiveBufferSize, 1, 2 ** 30)
  inRange('keepAliveDelay', keepAliveDelay, 1000, 2 ** 32 - 1)
  const buffers = {
    ...(sendBufferSize === undefined ? {} : { sendBufferBytes: sendBufferSize }),
    ...(receiveBufferSize === undefined ? {} : { receiveBufferBytes: receiveBufferSize }),
  }
  const probes =
    keepAliveDelay === undefined
      ? {}
      : { keepAlive: true, keepAliveIdleMs: keepAliveDelay, keepAliveIntervalMs: keepAliveDelay }
  return configure({ ...buffers, ...probes, nagle: !noDelay }, host.stack.config)
}

function listeningAcceptor(
  host: Host,
  localAddress: string,
  options: TCPServerSocketOptions,
  accepted: (channel: Channel) => TCPSocket,
): Acceptor<TCPSocket> {
  const { localPort, backlog, ipv6Only } = options
  const address = parseAddress(localAddress)
  if (address === null) throw new TypeError(`expected an IP address as localAddress, got "${localAddress}"`)
  inRange('localPort', localPort, 1, 0xffff)
  inRange('backlog', backlog, 1, 2 ** 32 - 1)
  const isAnyV6 = address.version === 6 && isUnspecified(address)
  if (ipv6Only === true && !isAnyV6) throw new TypeError('ipv6Only needs "::" as localAddress')
  const acceptor = new Acceptor(host, asNetworkError, (connection) => {
    const channel = new Channel(host, { ...CHANNEL, asError: asNetworkError })
    channel.accept(connection)
    return accepted(channel)
  })
  acceptor.listen({
    port: localPort ?? 0,
    ...(isAnyV6 && ipv6Only !== true ? {} : listenAddress(address)),
    ...(backlog === undefined ? {} : { backlog }),
  })
  return acceptor
}

/** @throws TypeError, as Web IDL's EnforceRange. */
function inRange(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return
  throw new TypeError(`${name}: expected ${least} to ${most}, got ${value}`)
}
