/** The two stacks that the differential test compares, behind one interface. */

import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { Stack } from '../../src/stack/stack.ts'
import { configure, DEFAULT_LIMITS } from '../../src/tcp/config.ts'
import { ERRNO_OF_END, errnoOfEnd } from '../../src/tcp/errno.ts'
import { address, randomOf, SECRET } from '../stack/host-harness.ts'
import { type Packet, readPacket } from '../stack/packets-harness.ts'
import type { Sockets } from './differential-probe.ts'

/** What the owner of a connection does. `close`: goes away; `shutdown`: has no more to send. */
export type Call = 'connect' | 'close' | 'shutdown' | 'abort' | 'send'

/** Octets of each SEND. */
export const SEND_OCTETS = 100

export interface World {
  readonly name: string
  deliver(packet: Uint8Array): void
  /** A call on the connection with these sockets. Calls where there is none, or not any more, are left out. */
  call(sockets: Sockets, call: Call): void
  /** Lets all that was delivered take effect; connections that wait are accepted. Returns what was sent. */
  settle(): Promise<Packet[]>
  /** The state of each connection by `keyOf` its sockets; absent: none. */
  states(): ReadonlyMap<string, string>
  /** What the owner hears: octets that could be read, and an error that was not told before. '' where there is none. */
  told(sockets: Sockets): string
}

/** The remote ports of a version are different in each case. */
export const keyOf = ({ version, remotePort }: Pick<Sockets, 'version' | 'remotePort'>): string =>
  `${version} ${remotePort}`

/** What an owner hears, in words. */
export function inWords(readable: number, error: string | null): string {
  return [readable === 0 ? '' : `${readable} to read`, error ?? ''].filter((part) => part !== '').join(', ')
}

/** The listener's port. */
export const PORT = 80
/** How long a step lasts: longer than acknowledgments are delayed, shorter than any retransmission. */
const STEP_US = 60_000

export class ElkoWorld implements World {
  readonly name = 'Elko'
  readonly #stack: Stack
  readonly #connections = new Map<string, HostedConnection>()
  /** What each owner was told last: an error is told once. */
  readonly #lastHeard = new Map<HostedConnection, string | null>()
  readonly #frame = new Uint8Array(1500)
  #now = 1_000_000_000

  constructor(locals: readonly string[], timestamps: boolean) {
    this.#stack = new Stack({
      addresses: locals,
      secret: SECRET,
      random: randomOf(1),
      config: configure({ timestamps, rtoMinMs: 60_000, overrideTimeoutMs: 1000 }),
      limits: {
        synQueue: 100_000,
        backlog: DEFAULT_LIMITS.backlog,
        replyBurst: 1e6,
        repliesPerSecond: 1e6,
        replyQueue: 1e6,
      },
    })
    this.#stack.clock.now = this.#now
    this.#stack.listen({ port: PORT, backlog: DEFAULT_LIMITS.backlog })
  }

  deliver(packet: Uint8Array): void {
    this.#stack.handlePacket(this.#now, packet)
  }

  call(sockets: Sockets, call: Call): void {
    if (call === 'connect') {
      const { remote, remotePort, localPort } = sockets
      const connection = this.#stack.connect({ remoteAddress: address(remote), remotePort, localPort })
      this.#connections.set(keyOf(sockets), connection)
      return
    }
    const connection = this.#connections.get(keyOf(sockets))
    if (connection === undefined || connection.stateName === 'CLOSED') return
    if (call === 'close') {
      connection.release()
      this.#connections.delete(keyOf(sockets))
    } else if (call === 'shutdown') connection.close()
    else if (call === 'abort') connection.abort()
    else connection.send(new Uint8Array(SEND_OCTETS))
  }

  async settle(): Promise<Packet[]> {
    const until = this.#now + STEP_US
    const sent = this.#poll()
    for (let at = this.#stack.pollTimeout(); at <= until; at = this.#stack.pollTimeout()) {
      this.#now = Math.max(this.#now, at)
      this.#stack.handleTimeout(this.#now)
      sent.push(...this.#poll())
    }
    this.#now = until
    this.#stack.clock.now = until
    return sent
  }

  states(): ReadonlyMap<string, string> {
    const states = new Map<string, string>()
    for (const connection of this.#stack.connections()) {
      states.set(keyOf(connection.tcb.path), connection.stateName)
    }
    return states
  }

  told(sockets: Sockets): string {
    const connection = this.#connections.get(keyOf(sockets))
    if (connection === undefined) return ''
    const { softError } = connection
    const error = errnoOfEnd(connection) ?? (softError === null ? null : ERRNO_OF_END[softError])
    const isNews = this.#lastHeard.get(connection) !== error
    this.#lastHeard.set(connection, error)
    return inWords(connection.readable, isNews ? error : null)
  }

  #poll(): Packet[] {
    const sent: Packet[] = []
    for (;;) {
      const length = this.#stack.pollTransmit(this.#now, this.#frame)
      if (length === 0) break
      sent.push(readPacket(this.#frame.slice(0, length)))
    }
    this.#accept()
    return sent
  }

  #accept(): void {
    for (let next = this.#stack.pollEvent(); next !== null; next = this.#stack.pollEvent()) {
      if (!('backlog' in next)) next.pollEvents()
      else
        for (let one = this.#stack.accept(next); one !== null; one = this.#stack.accept(next)) this.#own(one)
    }
  }

  #own(connection: HostedConnection): void {
    this.#connections.set(keyOf(connection.tcb.path), connection)
  }
}
