/** A listening server's hold on its host: what bind(2) and listen(2) give, and the connections that come of it. */

import { AsyncResource } from 'node:async_hooks'
import type { Host } from '../link/host.ts'
import type { ListenerOwner } from '../link/owners.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Listener } from '../stack/listener.ts'
import { errnoOfCall } from '../tcp/errno.ts'
import { Address, isMapped, isUnspecified, parseAddress } from '../wire/address.ts'
import type { Binding } from './binding.ts'
import { nameOf, type SocketName } from './names.ts'
import type { TurnTaker } from './turns.ts'

/** Where to listen. */
export interface ListenPlace {
  /** An address; null: `::`, and with it IPv4, or 0.0.0.0 on a host that has no IPv6. */
  readonly address: string | null
  /** 0: any free one. */
  readonly port: number
  readonly backlog: number
  readonly ipv6Only: boolean
  /** Others that say the same may listen on the same port (SO_REUSEPORT). */
  readonly reusePort: boolean
}

/** Hears of what happens to a handle. */
export interface HandleOwner {
  handleConnection(connection: HostedConnection, handle: ListenHandle): void
  /** The host is gone, and the handle with it. */
  handleHostEnd(error: Error | null): void
}

/** The address that `listen` without a host means. */
export function wildcardOf({ stack }: Host): string {
  return stack.addresses.prefixes.some(({ address }) => address.version === 6) ? '::' : '0.0.0.0'
}

/**
 * Listens, from this call on.
 *
 * @returns a handle, or why there is none: 'EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES', 'EINVAL'.
 */
export function openListener(
  binding: Binding,
  place: ListenPlace,
  owner: HandleOwner,
): ListenHandle | string {
  const opened = bindListener(binding.host, place, false)
  return typeof opened === 'string' ? opened : new ListenHandle(binding, opened, owner)
}

/** A listener of the stack, and what it is to be called. */
export interface BoundListener {
  readonly listener: Listener
  readonly name: SocketName
  /** Connections of IPv4 are shown with addresses like ::ffff:10.0.0.1. */
  readonly dualStack: boolean
}

/** @param onlyBinds bind(2) without listen(2): the port is taken, and nobody can connect to it. */
export function bindListener(host: Host, place: ListenPlace, onlyBinds: boolean): BoundListener | string {
  const asked = parseAddress(place.address ?? wildcardOf(host))
  if (asked === null) return 'EINVAL'
  const { isAny, address, dualStack } = readAddress(asked, place.ipv6Only)
  host.sync()
  try {
    const listener = host.stack.listen({
      port: place.port,
      backlog: place.backlog,
      sharing: place.reusePort ? 'together' : 'alone',
      onlyBinds,
      ...(!isAny && { address }),
      ...(isAny && !dualStack && { version: address.version }),
    })
    return { listener, name: nameOf(asked, listener.port), dualStack }
  } catch (error) {
    return errnoOfCall(error)
  }
}

/** `::` takes IPv4 too, as a socket of IPv6 does on Linux; an address like ::ffff:10.0.0.1 is of IPv4 alone. */
function readAddress(asked: Address, ipv6Only: boolean) {
  if (asked.version === 6 && isMapped(asked)) {
    const address = new Address(4, asked.w0, asked.w1, asked.w2, asked.w3)
    return { isAny: isUnspecified(address), address, dualStack: true }
  }
  const isAny = isUnspecified(asked)
  return { isAny, address: asked, dualStack: isAny && asked.version === 6 && !ipv6Only }
}

/** `server._handle`: Node's name for it, and some of its methods. */
export class ListenHandle implements ListenerOwner, TurnTaker {
  /** Connections of IPv4 are shown with addresses like ::ffff:10.0.0.1. */
  readonly dualStack: boolean
  readonly #binding: Binding
  readonly #listener: Listener
  readonly #name: SocketName
  readonly #owner: HandleOwner
  /** 'connection' is emitted in the context that `listen` was called in. */
  readonly #context = new AsyncResource('TCPSERVERWRAP')
  #holds = false
  #planned = false
  #isPaused = false
  #closed = false

  constructor(binding: Binding, { listener, name, dualStack }: BoundListener, owner: HandleOwner) {
    this.#binding = binding
    this.#listener = listener
    this.#name = name
    this.dualStack = dualStack
    this.#owner = owner
    listener.owner = this
    this.ref()
  }

  /** Elko's listeners have no descriptor. */
  get fd(): number {
    return -1
  }

  address(): SocketName {
    return { ...this.#name }
  }

  /** Fills in the address, as Node's handle does. */
  getsockname(out: object): number {
    Object.assign(out, this.#name)
    return 0
  }

  getAsyncId(): number {
    return this.#context.asyncId()
  }

  /** Keeps the process alive (the state of a new one). */
  ref(): void {
    if (this.#holds || this.#closed) return
    this.#holds = true
    this.#binding.host.hold()
  }

  unref(): void {
    if (!this.#holds) return
    this.#holds = false
    this.#binding.host.letGo()
  }

  hasRef(): boolean {
    return this.#holds
  }

  /** Lets connections wait in the backlog: a server takes each one at once, and has nothing like it. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    if (this.#listener.waiting > 0) this.handleConnections()
  }

  /** Connections that were not taken yet are reset, as a kernel's are. A second call does nothing. */
  close(): void {
    if (this.#closed) return
    this.unref()
    this.#closed = true
    this.#binding.host.sync()
    this.#binding.host.stack.closeListener(this.#listener)
  }

  handleConnections(): void {
    if (this.#planned) return
    this.#planned = true
    this.#binding.turns.plan(this)
  }

  /** One connection a turn: what its listeners left to do is done before the next one comes. */
  takeTurn(): void {
    this.#planned = false
    if (this.#closed || this.#isPaused) return
    const connection = this.#binding.host.stack.accept(this.#listener)
    if (this.#listener.waiting > 0) this.handleConnections()
    if (connection === null) return
    this.#context.runInAsyncScope(() => this.#owner.handleConnection(connection, this))
  }

  handleHostEnd(error: Error | null): void {
    if (this.#closed) return
    this.unref()
    this.#closed = true
    this.#context.runInAsyncScope(() => this.#owner.handleHostEnd(error))
  }
}
