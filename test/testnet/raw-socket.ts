/** A socket of a few lines straight on a host's stack, so that the network is tested without the sockets of elko/net. */

import type { ConnectionOwner, ListenerOwner } from '../../src/link/owners.ts'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import type { Listener } from '../../src/stack/listener.ts'
import { CONNECTED, GONE, READABLE, WRITABLE } from '../../src/tcp/signals.ts'
import type { TestHost } from '../../src/testnet/test-host.ts'
import type { CloseReason } from '../../src/trace/reasons.ts'
import { parseAddress } from '../../src/wire/address.ts'

export class RawSocket implements ConnectionOwner {
  readonly host: TestHost
  readonly connection: HostedConnection
  /** Octets read, as text. */
  text = ''
  /** Why it is gone, 'host-ended' where the host went first. */
  end: CloseReason | 'host-ended' | null = null
  readonly #waiting: { readonly ready: () => boolean; readonly resolve: () => void }[] = []

  constructor(host: TestHost, connection: HostedConnection) {
    this.host = host
    this.connection = connection
    connection.owner = this
  }

  static connect(host: TestHost, address: string, port: number): RawSocket {
    host.sync()
    const remoteAddress = parseAddress(address)!
    return new RawSocket(host, host.stack.connect({ remoteAddress, remotePort: port }))
  }

  /** Resolves when it is connected, or rejects with why not. */
  async connected(): Promise<this> {
    await this.until(() => (this.events & CONNECTED) !== 0)
    if ((this.events & CONNECTED) === 0) throw new Error(this.end ?? 'not connected')
    return this
  }

  /** Every event so far. */
  events = 0

  handleEvents(events: number): void {
    this.events |= events
    if ((events & (READABLE | GONE)) !== 0) this.#read()
    if ((events & GONE) !== 0) this.end = this.connection.closeReason
    this.#look()
  }

  handleHostEnd(): void {
    this.end = 'host-ended'
    this.#look()
  }

  write(text: string): void {
    this.host.sync()
    this.connection.send(new TextEncoder().encode(text))
  }

  /** Writes as fast as there is room. */
  async writeAll(octets: Uint8Array): Promise<void> {
    for (let at = 0; at < octets.length && this.end === null; ) {
      this.host.sync()
      const taken = this.connection.send(octets, at)
      at += taken
      if (taken === 0) {
        this.events &= ~WRITABLE
        await this.until(() => (this.events & WRITABLE) !== 0)
      }
    }
  }

  close(): void {
    this.host.sync()
    this.connection.close()
  }

  /** Resolves when it is so, or the connection is gone. */
  until(ready: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ ready, resolve })
      this.#look()
    })
  }

  /** Resolves when so many octets were read. */
  async read(octets: number): Promise<string> {
    await this.until(() => this.text.length >= octets)
    return this.text
  }

  #read(): void {
    const target = new Uint8Array(65_536)
    for (;;) {
      const octets = this.connection.receive(target)
      if (octets === 0) return
      this.text += new TextDecoder().decode(target.subarray(0, octets))
    }
  }

  #look(): void {
    for (const waiter of this.#waiting.splice(0)) {
      if (this.end !== null || waiter.ready()) waiter.resolve()
      else this.#waiting.push(waiter)
    }
  }
}

/** Listens, and gives each connection to `serve`. */
export class RawServer implements ListenerOwner {
  readonly host: TestHost
  readonly listener: Listener
  readonly sockets: RawSocket[] = []
  readonly #serve: (socket: RawSocket) => void

  constructor(host: TestHost, port: number, serve: (socket: RawSocket) => void) {
    this.host = host
    this.#serve = serve
    host.sync()
    this.listener = host.stack.listen({ port })
    this.listener.owner = this
  }

  handleConnections(): void {
    for (let next = this.host.stack.accept(this.listener); next !== null; ) {
      const socket = new RawSocket(this.host, next)
      this.sockets.push(socket)
      this.#serve(socket)
      next = this.host.stack.accept(this.listener)
    }
  }

  handleHostEnd(): void {}
}

/** Sends back what it reads. */
export async function echo(socket: RawSocket): Promise<void> {
  for (let sent = 0; socket.end === null; ) {
    await socket.read(sent + 1)
    if (socket.text.length > sent) socket.write(socket.text.slice(sent))
    sent = socket.text.length
  }
}
