/**
 * `net.BoundSocket` (Node 24.19, 26.4): bind(2) by itself. It holds a local socket until a server listens on it, a socket
 * connects from it, or it is closed.
 */

import net, { type AddressInfo } from 'node:net'
import type { ListenerOwner } from '../link/owners.ts'
import type { Binding } from './binding.ts'
import { addressError, badPort, invalidType, invalidValue, stateError } from './errors.ts'
import { type BoundListener, bindListener, type ListenPlace } from './listen.ts'

export interface BoundSocketOptions {
  /** An address; default 0.0.0.0, with `ipv6Only` `::`. */
  readonly host?: string | undefined
  /** 0 to 65535; default 0: any free one. */
  readonly port?: number | undefined
  readonly ipv6Only?: boolean | undefined
  readonly reusePort?: boolean | undefined
}

/** A local socket that changes hands. */
export interface AdoptedSocket extends ListenPlace {
  /** Gives the port back; a second call does nothing. */
  release(): void
}

export interface BoundSocketConstructor {
  new (options?: BoundSocketOptions): BoundSocket
  readonly prototype: BoundSocket
}

/** Nobody connects to what is only bound; the end of the host is all that it would hear of. */
const NO_OWNER: ListenerOwner = { handleConnections: () => {}, handleHostEnd: () => {} }

export class BoundSocket {
  readonly #binding: Binding
  readonly #place: ListenPlace
  readonly #bound: BoundListener
  #isAdopted = false

  /** @throws the error of bind(2): EADDRINUSE, EADDRNOTAVAIL, EACCES; ERR_* for options that cannot be meant. */
  constructor(binding: Binding, options: BoundSocketOptions = {}) {
    if (typeof options !== 'object' || options === null) throw invalidType('options', 'Object', options)
    const { port = 0, ipv6Only = false, reusePort = false } = options
    const host = options.host ?? (ipv6Only ? '::' : '0.0.0.0')
    if (typeof host !== 'string') throw invalidType('options.host', 'string', host)
    if (net.isIP(host) === 0) throw invalidValue('options.host', host, 'must be a numeric IP address')
    if (typeof port !== 'number' || port !== port >>> 0 || port > 0xffff) throw badPort('options.port', port)
    this.#binding = binding
    this.#place = { address: host, port, ipv6Only, reusePort, backlog: 1 }
    const bound = bindListener(binding.host, this.#place, true)
    if (typeof bound === 'string') throw addressError(bound, 'bind', host, port)
    bound.listener.owner = NO_OWNER
    this.#bound = bound
  }

  /** @throws ERR_SOCKET_HANDLE_ADOPTED */
  address(): AddressInfo {
    this.#assertOwn()
    return { ...this.#bound.name }
  }

  /** There is no descriptor behind it: -1. @throws ERR_SOCKET_HANDLE_ADOPTED */
  fd(): number {
    this.#assertOwn()
    return -1
  }

  /** Gives the local socket back. @throws ERR_SOCKET_HANDLE_ADOPTED */
  close(): void {
    this.#assertOwn()
    this.#release()
  }

  [Symbol.dispose](): void {
    if (!this.#isAdopted) this.#release()
  }

  /** Hands the local socket over: it is the caller's to give back. @throws ERR_SOCKET_HANDLE_ADOPTED */
  adopt(): AdoptedSocket {
    this.#assertOwn()
    this.#isAdopted = true
    return { ...this.#place, port: this.#bound.name.port, release: () => this.#release() }
  }

  #assertOwn(): void {
    if (this.#isAdopted) throw stateError('ERR_SOCKET_HANDLE_ADOPTED')
  }

  #release(): void {
    this.#binding.host.stack.closeListener(this.#bound.listener)
  }
}

/** `BoundSocket` of one host. */
export function boundSocketConstructor(binding: Binding): BoundSocketConstructor {
  return class extends BoundSocket {
    constructor(options?: BoundSocketOptions) {
      super(binding, options)
    }
  }
}
