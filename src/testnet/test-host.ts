/**
 * A host of the test network: a stack in virtual time, and the sockets bound to it: `net` as node:net has them, `web` as
 * web streams. To the sockets it is what a LinkHost is (link/host.ts); to the simulated network it is an endpoint.
 */

import type { Host } from '../link/host.ts'
import { OWNERS, ownersIn } from '../link/owners.ts'
import { createNet, type Net } from '../net/create-net.ts'
import { LOOPBACK_ADDRESSES } from '../net/default-host.ts'
import type { PacketEndpoint } from '../sim/network.ts'
import type { Random } from '../sim/random.ts'
import { HostedConnection } from '../stack/hosted-connection.ts'
import type { InputLog } from '../stack/input-log.ts'
import { SECRET_LENGTH } from '../stack/siphash.ts'
import { Stack } from '../stack/stack.ts'
import { type Config, configure, DEFAULT_CONFIG, type Limits } from '../tcp/config.ts'
import { CLOSED } from '../tcp/state.ts'
import type { Trace } from '../trace/recorder.ts'
import { STATE_NAMES } from '../trace/states.ts'
import { createWeb, type Web } from '../web/create-web.ts'
import type { SlowReader } from './slow-reader.ts'

export interface TestHostOptions {
  /** Default: its first address. The host's name resolves to its addresses. */
  readonly name?: string
  /** Tunables of its connections (src/tcp/config.ts); what is left out has its default. */
  readonly config?: Partial<Config>
  readonly limits?: Partial<Limits>
  /** Octets, default 1500. */
  readonly mtu?: number
  /** false: ports below 1024 are refused. Default true. */
  readonly privileged?: boolean
  /**
   * Writes down what its stack is given, for `elko replay`: true: `host.stack.recording.log.octets()` has it; or a log of one's
   * own, which takes what follows a reboot, too, and may serve several hosts. Default false.
   */
  readonly record?: boolean | InputLog
}

/** What a host asks of its network. */
export interface HostSite {
  /** Microseconds of virtual time. */
  readonly now: number
  readonly names: ReadonlyMap<string, readonly string[]>
  readonly trace: Trace | null
  /** Code under test is about to be told something. */
  wake(): void
}

export class TestHost implements Host, PacketEndpoint {
  readonly name: string
  /** Without prefix length; the first one is where its name leads. */
  readonly addresses: readonly string[]
  readonly resolve = null
  stack: Stack
  /** Down: crashed and not rebooted, or closed for good. */
  closed = false
  /** Holds its applications back from reading; null: nothing does. */
  slowReader: SlowReader | null = null
  readonly #site: HostSite
  readonly #options: TestHostOptions
  readonly #random: Random
  readonly #secret = new Uint8Array(SECRET_LENGTH)
  /** Without power: it sends nothing more, while one that was closed says good-bye. */
  #isDown = false
  /** Something happened since it last had nobody to tell. */
  #tells = false
  #stirNetwork: () => void = () => {}
  #transmitNow: () => void = () => {}
  #net: Net | null = null
  #web: Web | null = null

  /** @param random a stream of its own. */
  constructor(addresses: readonly string[], options: TestHostOptions, site: HostSite, random: Random) {
    this.addresses = addresses
    this.name = options.name ?? addresses[0]!
    this.#site = site
    this.#options = options
    this.#random = random
    random.fill(this.#secret)
    this.stack = this.#boot()
  }

  // ---- for the code under test

  /** node:net, bound to this host. */
  get net(): Net {
    this.#net ??= createNet(this)
    return this.#net
  }

  /** `connect` and `listen` of elko/web, and Direct Sockets, bound to this host. */
  get web(): Web {
    this.#web ??= createWeb(this)
    return this.#web
  }

  /** Its first address. */
  get address(): string {
    return this.addresses[0]!
  }

  /**
   * The power fails: connections and listeners are gone, packets for it are lost, and nobody is told: neither its peers
   * nor the code that ran on it, whose sockets will never call back again, as those of a killed process.
   */
  crash(): void {
    if (this.closed) return
    this.closed = true
    this.#isDown = true
    this.#traceCrash()
    this.stack.onWork = null
    this.#stir()
  }

  /** Starts again, knowing nothing: whoever shall listen has to be told so again. */
  reboot(): void {
    if (!this.closed) this.crash()
    this.stack = this.#boot()
    this.closed = false
    this.#isDown = false
    this.#stir()
  }

  // ---- Host

  get names(): ReadonlyMap<string, readonly string[]> {
    return this.#site.names
  }

  sync(): void {
    this.stack.clock.now = this.#site.now
    this.#stir()
  }

  transmit(): void {
    if (!this.closed) this.#transmitNow() // Then the network takes what is left, if it goes on.
  }

  hold(): void {}

  letGo(): void {}

  close(): void {
    if (this.closed) return
    this.sync()
    const owners = ownersIn(this.stack)
    this.stack.close()
    this.closed = true
    this.#site.wake()
    for (const owner of owners) owner.handleHostEnd(null)
  }

  // ---- PacketEndpoint

  whenStirred(stir: () => void): void {
    this.#stirNetwork = stir
  }

  whenTransmits(transmit: () => void): void {
    this.#transmitNow = transmit
  }

  handlePacket(now: number, packet: Uint8Array, offset: number, length: number): void {
    if (this.closed) return
    this.#tells = true
    this.stack.handlePacket(now, packet, offset, length)
  }

  pollTransmit(now: number, frame: Uint8Array): number {
    return this.#isDown ? 0 : this.stack.pollTransmit(now, frame)
  }

  pollTimeout(): number {
    return this.closed ? Number.POSITIVE_INFINITY : this.stack.pollTimeout()
  }

  handleTimeout(now: number): void {
    this.#tells = true
    this.stack.handleTimeout(now)
  }

  // ---- for the network

  /** Tells the owners of connections and listeners what they have to hear. */
  tell(): void {
    if (!this.#tells || this.#isDown) return
    this.#tells = false
    for (let next = this.stack.pollEvent(); next !== null; next = this.stack.pollEvent()) {
      this.#site.wake()
      this.stack.clock.now = this.#site.now
      if (!(next instanceof HostedConnection)) OWNERS.onListener(next)
      else {
        this.slowReader?.slow(next)
        const events = next.pollEvents()
        if (events !== 0) OWNERS.onConnection(next, events)
      }
    }
  }

  #stir(): void {
    this.#tells = true
    this.#stirNetwork()
  }

  #boot(): Stack {
    const { config, limits, mtu, privileged, record } = this.#options
    const stack = new Stack({
      name: this.name,
      addresses: [...this.addresses.map(withPrefix), ...LOOPBACK_ADDRESSES],
      secret: this.#secret,
      random: () => this.#random.int32(),
      trace: this.#site.trace,
      config: configure(config ?? {}, DEFAULT_CONFIG),
      ...(privileged !== undefined && { privileged }),
      ...(limits !== undefined && { limits }),
      ...(mtu !== undefined && { mtu }),
      ...(record !== undefined && { record }),
    })
    stack.clock.now = this.#site.now
    stack.onWork = () => this.#stir()
    return stack
  }

  #traceCrash(): void {
    const { trace, now: at } = this.#site
    if (trace === null) return
    const { name: host } = this
    for (const { tcb } of this.stack.connections()) {
      if (tcb.state === CLOSED) continue
      const connection = tcb.id
      trace.add({ at, host, connection, kind: 'application', text: 'CRASH' })
      trace.add({
        kind: 'state',
        at,
        host,
        connection,
        from: STATE_NAMES[tcb.state],
        to: 'CLOSED',
        cause: 'crash',
      })
    }
  }
}

function withPrefix(address: string): string {
  return `${address}/${address.includes(':') ? 64 : 24}`
}
