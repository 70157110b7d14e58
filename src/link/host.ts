/**
 * A host as its sockets see it: a stack, whatever drives it, and the owners who are told what happens. The faces
 * (net, web, the command line) are written against `Host` alone, so that the same sockets run on a link in real time and
 * on a simulated network in virtual time.
 */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import { Stack, type StackOptions } from '../stack/stack.ts'
import { CLOSED, TIME_WAIT } from '../tcp/state.ts'
import { isLoopback } from '../wire/address.ts'
import { type Applications, Driver } from './driver.ts'
import type { Link } from './link.ts'
import { OWNERS, ownersIn } from './owners.ts'

/** Addresses of a name, in the order in which they are to be tried; none where the name does not exist. */
export type Resolver = (name: string) => Promise<readonly string[]>

export interface Host {
  readonly name: string
  readonly stack: Stack
  /** The names that this host knows by itself, as /etc/hosts does: lower case, addresses in order of preference. */
  readonly names: ReadonlyMap<string, readonly string[]>
  /** How this host learns of a name that is none of `names`; null: it asks nobody, and the name does not exist. */
  readonly resolve: Resolver | null
  readonly closed: boolean
  /**
   * Sets the stack's clock; to be called before calls of the stack and its connections that do not come from a callback of an owner.
   * What the calls ask for happens by itself, before the event loop turns or virtual time passes.
   */
  sync(): void
  /**
   * Sends at once what is to be sent, which a kernel would have done by the end of each call: to be called, after `sync`, before
   * calls that take back what has not gone, and where the order of packets matters. Owners are told later.
   */
  transmit(): void
  /** One more that keeps the host's process alive; a new host has none. In virtual time nothing does. */
  hold(): void
  /** One less. */
  letGo(): void
  /** Aborts every connection, ends every listener and the link; the owners are told. A second call does nothing. */
  close(): void
}

/** What a host's stack is made of; secret and randomness come from the platform's own if they are left out. */
export type LinkHostOptions = Omit<StackOptions, 'secret' | 'random' | 'mtu' | 'checksumOffload'> &
  Partial<Pick<StackOptions, 'secret' | 'random'>> & {
    readonly names?: Readonly<Record<string, string | readonly string[]>>
    readonly resolve?: Resolver | null
  }

/**
 * A host on a link, in real time. The link belongs to it from here on.
 *
 * A process ends by itself once nothing holds the host any more: sockets hold it until the other side has acknowledged their
 * end. Where the host is to be closed, `settle` waits before that: `await using host = new LinkHost(...)` does both.
 */
export class LinkHost implements Host {
  readonly stack: Stack
  readonly names: ReadonlyMap<string, readonly string[]>
  readonly resolve: Resolver | null
  readonly driver: Driver
  closed = false
  #holders = 0
  /** Who waits in `settle`, asked whenever something happened. */
  readonly #settling = new Set<() => void>()

  constructor(link: Link, options: LinkHostOptions) {
    const { names, resolve, ...stackOptions } = options
    const { mtu, checksumOffload } = link
    const chance = { secret: randomSecret(), random: randomInt32 }
    this.stack = new Stack({ ...chance, ...stackOptions, mtu, checksumOffload })
    this.names = hostNames(names ?? {})
    this.resolve = resolve ?? null
    this.driver = new Driver(this.stack, link, this.#applications())
    this.driver.unref()
    link.onError = (error) => this.#end(error)
  }

  get name(): string {
    return this.stack.name
  }

  sync(): void {
    this.driver.sync()
  }

  transmit(): void {
    this.driver.transmit()
  }

  hold(): void {
    if (++this.#holders === 1) this.driver.ref()
  }

  letGo(): void {
    if (--this.#holders === 0) this.driver.unref()
  }

  close(): void {
    this.#end(null)
  }

  /**
   * Waits for the last FIN: until each connection that was closed here has ended both ways. 'close' of a socket comes before
   * that, and `close` of the host would cut it off with a reset. Connections that are still open are not waited for.
   *
   * @param limitMs how long at most. Default: as long as TCP itself tries, and `finWait2Ms` for a peer that does not end.
   * @returns whether all have; false where the time is over, or the host was closed.
   */
  async settle(limitMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const isSettled = (): boolean => this.stack.connections().every(hasEndedOrGoesOn)
    if (this.closed || isSettled()) return !this.closed
    this.hold()
    let timer: ReturnType<typeof setTimeout> | undefined
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!this.closed && !isSettled()) return
        this.#settling.delete(look)
        resolve()
      }
      this.#settling.add(look)
      if (limitMs === Number.POSITIVE_INFINITY) return
      timer = setTimeout(() => {
        this.#settling.delete(look)
        resolve()
      }, limitMs)
    })
    clearTimeout(timer)
    this.letGo()
    return !this.closed && isSettled()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Settles, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.settle()
    this.close()
  }

  #applications(): Applications {
    return {
      onConnection: (connection, events) => {
        OWNERS.onConnection(connection, events)
        for (const look of this.#settling) look()
      },
      onListener: OWNERS.onListener,
    }
  }

  #end(error: Error | null): void {
    if (this.closed) return
    this.closed = true
    this.sync()
    const owners = ownersIn(this.stack)
    if (error === null) this.stack.close()
    this.driver.close()
    this.stack.recording?.log.flush()
    for (const owner of owners) owner.handleHostEnd(error)
    for (const look of this.#settling) look()
  }
}

/** Whether both sides know of the end, or this side has not ended. */
function hasEndedOrGoesOn({ state, tcb }: HostedConnection): boolean {
  return !tcb.closeRequested || state === CLOSED || state === TIME_WAIT
}

/** Names in lower case, each with one or more addresses. */
export function hostNames(
  names: Readonly<Record<string, string | readonly string[]>>,
): ReadonlyMap<string, readonly string[]> {
  const entries = Object.entries(names)
  return new Map(entries.map(([name, at]) => [name.toLowerCase(), typeof at === 'string' ? [at] : [...at]]))
}

/** What a host knows of a name without asking anybody, in order of preference; null: nothing. */
export function addressesOfName({ names, stack }: Host, name: string): readonly string[] | null {
  const key = name.toLowerCase().replace(/\.$/, '')
  return names.get(key) ?? (key === 'localhost' ? loopbackOf(stack) : null)
}

/** RFC 6761 6.3: localhost is this host; without a loopback address by those it has. */
function loopbackOf({ addresses }: Stack): readonly string[] {
  const own = addresses.prefixes.map(({ address }) => address)
  const loopback = own.filter(isLoopback)
  return (loopback.length > 0 ? loopback : own).map(String)
}

const randomSecret = (): Uint8Array => crypto.getRandomValues(new Uint8Array(16))

/** Numbers drawn ahead, as each connection wants one: on node 20.20 the platform's call costs 3 us, however many it draws. */
const drawn = new Int32Array(256)
let drawnLeft = 0

function randomInt32(): number {
  if (drawnLeft === 0) {
    crypto.getRandomValues(drawn)
    drawnLeft = drawn.length
  }
  return drawn[--drawnLeft]!
}
