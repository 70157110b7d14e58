/**
 * What waits for connections: an async iterable of sockets. Connections that nobody has asked for wait in the backlog, and
 * their windows close.
 */

import type { Host } from '../link/host.ts'
import type { ListenerOwner } from '../link/owners.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Listener, ListenOptions } from '../stack/listener.ts'
import type { Config } from '../tcp/config.ts'
import { type Address, isUnspecified, socketText } from '../wire/address.ts'
import { Channel, type ChannelOptions } from './channel.ts'
import { type Deferred, deferred } from './deferred.ts'
import { channelOptions, Socket, type SocketOptions } from './socket.ts'
import { askForAddresses, knownAddresses } from './socket-address.ts'
import {
  type AsError,
  asSocketError,
  type Failure,
  failureOfCall,
  failureOfHost,
  SocketError,
} from './socket-error.ts'

/** A listener of a stack, and those who wait for its connections, whatever they are taken for. */
export class Acceptor<T> implements ListenerOwner {
  readonly #host: Host
  readonly #asError: AsError
  readonly #take: (connection: HostedConnection) => T
  readonly #opened: Deferred<Listener> = deferred()
  readonly #closed: Deferred<void> = deferred()
  readonly #waiting: Deferred<T | null>[] = []
  #listener: Listener | null = null
  #failure: Error | null = null
  #isOver = false

  /** @param take owns each connection within the call, as events follow it. */
  constructor(host: Host, asError: AsError, take: (connection: HostedConnection) => T) {
    this.#host = host
    this.#asError = asError
    this.#take = take
    host.hold()
  }

  get opened(): Promise<Listener> {
    return this.#opened.promise
  }

  get closed(): Promise<void> {
    return this.#closed.promise
  }

  listen(options: ListenOptions): void {
    if (this.#isOver) return
    if (this.#host.closed) return this.fail(failureOfHost(null))
    this.#host.sync()
    try {
      this.#listener = this.#host.stack.listen(options)
    } catch (error) {
      return this.fail(failureOfCall(error))
    }
    this.#listener.owner = this
    this.#opened.resolve(this.#listener)
  }

  /** The connection that has waited longest, or the next that comes; null once the listener is closed. */
  next(): Promise<T | null> {
    if (this.#failure !== null) return Promise.reject(this.#failure)
    if (this.#isOver) return Promise.resolve(null)
    const waiter = deferred<T | null>()
    this.#waiting.push(waiter)
    this.handleConnections()
    return waiter.promise
  }

  handleConnections(): void {
    const listener = this.#listener
    if (listener === null || this.#isOver) return
    while (this.#waiting.length > 0) {
      this.#host.sync()
      const connection = this.#host.stack.accept(listener)
      if (connection === null) return
      this.#waiting.shift()!.resolve(this.#take(connection))
    }
  }

  handleHostEnd(error: Error | null): void {
    if (error === null) this.close()
    else this.fail(failureOfHost(error))
  }

  /** Connections that nobody has asked for are reset. */
  close(): void {
    if (this.#isOver) return
    this.#end()
    this.#opened.reject(
      this.#asError({ message: 'ECONNABORTED: the listener was closed', code: 'ECONNABORTED' }),
    )
    this.#closed.resolve()
    for (const waiter of this.#waiting.splice(0)) waiter.resolve(null)
  }

  fail(failure: Failure): void {
    if (this.#isOver) return
    const error = this.#asError(failure)
    this.#failure = error
    this.#end()
    this.#opened.reject(error)
    this.#closed.reject(error)
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error)
  }

  #end(): void {
    this.#isOver = true
    this.#host.sync()
    if (this.#listener !== null) this.#host.stack.closeListener(this.#listener)
    this.#host.letGo()
  }
}

export interface ListenerOptions extends SocketOptions {
  /** 0 to 65535; 0: any free one. */
  readonly port: number
  /** A name or an address of the host's; default all its addresses. '0.0.0.0' and '::' are all of one version. */
  readonly hostname?: string
  /** Connections that may wait until somebody asks for them, at least 1; default 511. */
  readonly backlog?: number
}

export interface ListenerInfo {
  /** '10.0.0.2:80', '[::]:80'. */
  readonly localAddress: string
  readonly port: number
}

/**
 * Sockets as they come: `for await (const socket of listener)`. Leaving that loop closes the listener, not its sockets.
 */
export class SocketListener implements AsyncIterableIterator<Socket> {
  readonly #acceptor: Acceptor<Socket>
  /** Rejects with a SocketError where the port or the address cannot be had. */
  readonly opened: Promise<ListenerInfo>

  /** Not for users. */
  constructor(acceptor: Acceptor<Socket>) {
    this.#acceptor = acceptor
    this.opened = acceptor.opened.then((listener) => ({
      localAddress: localText(listener),
      port: listener.port,
    }))
    this.opened.catch(() => {})
  }

  /** Resolves when the listener was closed; rejects with a SocketError where it could not be opened, or its host's link died. */
  get closed(): Promise<void> {
    return this.#acceptor.closed
  }

  /** The next socket; done once the listener is closed. Rejects as `closed` does. */
  async next(): Promise<IteratorResult<Socket, undefined>> {
    const socket = await this.#acceptor.next()
    return socket === null ? { done: true, value: undefined } : { done: false, value: socket }
  }

  async return(): Promise<IteratorResult<Socket, undefined>> {
    await this.close()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** No more connections; those that nobody has asked for are reset. */
  close(): Promise<void> {
    this.#acceptor.close()
    return this.closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#acceptor.close()
  }
}

/** @throws SocketError for an option that makes no sense. All else rejects `opened`. */
export function listen(host: Host, options: ListenerOptions): SocketListener {
  const { port, hostname, backlog, config } = options
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
    throw new SocketError(`expected a port of 0 to 65535, got ${port}`)
  }
  if (backlog !== undefined && !(Number.isInteger(backlog) && backlog >= 1)) {
    throw new SocketError(`expected a backlog of at least 1, got ${backlog}`)
  }
  const channels: ChannelOptions = channelOptions(options)
  const acceptor = new Acceptor(host, asSocketError, (connection) => {
    const channel = new Channel(host, channels)
    channel.accept(connection)
    return new Socket(channel)
  })
  listenAt(acceptor, host, hostname, {
    port,
    ...(backlog === undefined ? {} : { backlog }),
    ...(config === undefined ? {} : { config }),
  })
  return new SocketListener(acceptor)
}

/** @param hostname undefined: all addresses. */
function listenAt(
  acceptor: Acceptor<Socket>,
  host: Host,
  hostname: string | undefined,
  options: { readonly port: number; readonly backlog?: number; readonly config?: Config },
): void {
  if (hostname === undefined) return acceptor.listen(options)
  const open = (addresses: readonly Address[]): void =>
    acceptor.listen({ ...options, ...localAddress(addresses[0]!) })
  const known = knownAddresses(host, hostname)
  if (known !== null && known.length > 0) return open(known)
  void askForAddresses(host, hostname).then((found) => {
    if ('code' in found) acceptor.fail(found)
    else open(found)
  })
}

/** What a listener is given for an address: all of one version where it is the unspecified one. */
export function localAddress(address: Address): Pick<ListenOptions, 'address' | 'version'> {
  return isUnspecified(address) ? { version: address.version } : { address }
}

/** '10.0.0.2:80'; '[::]:80' for IPv6 and both versions, as Node has it. */
function localText({ address, version, port }: Listener): string {
  if (address !== null) return socketText(address, port)
  return version === 4 ? `0.0.0.0:${port}` : `[::]:${port}`
}
