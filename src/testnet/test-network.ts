/**
 * The test network of `elko/sim`: hosts with sockets like node:net's, joined by paths that lose, delay and reorder, in
 * virtual time. The same seed gives the same run.
 */

import { writeFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { type LadderOptions, ladder } from '../diagram/index.ts'
import { type ImpairmentOptions, parseImpairments } from '../sim/impairments.ts'
import { Network } from '../sim/network.ts'
import type { Random } from '../sim/random.ts'
import type { TraceEvent } from '../trace/events.ts'
import { parseAddress } from '../wire/address.ts'
import { type Duration, durationWords, microseconds } from './durations.ts'
import { addWords, explained, type FailedRun } from './failure.ts'
import {
  type CrashOptions,
  type Fault,
  Faults,
  type FirewallOptions,
  type Hosts,
  type NatOptions,
  type ResetOptions,
  type SlowReaderOptions,
  type TestNat,
  type When,
} from './faults.ts'
import { Deadlock, Play, TimeLimit } from './play.ts'
import { RealWork } from './real-work.ts'
import { Tape } from './tape.ts'
import { TestHost, type TestHostOptions } from './test-host.ts'
import { VirtualClock } from './virtual-clock.ts'
import { waitLines } from './waits.ts'

export interface TestNetworkOptions {
  /** Everything that chance decides follows from it: a whole number or a text. Default 1; ELKO_SEED overrides it. */
  readonly seed?: number | string
  /** What Date says when virtual time begins. Default 2026-01-01T00:00:00Z. */
  readonly start?: Date | string | number
  /** Virtual time that one run may take. Default '24h'. */
  readonly limit?: Duration
  /** Events that all runs together may take: packets, timers. Default 50 million. */
  readonly maxEvents?: number
  /** Folder for what a failed run leaves; null: nothing is written. Default 'out/failures'. */
  readonly failures?: string | null
  /**
   * Whether events and packets are kept. Default true; false makes long runs faster by a fifth, and what a failed one
   * leaves is its seed: with ELKO_SEED, which a replay is given, everything is kept.
   */
  readonly record?: boolean
  /** What the run is called there. Default: the program's name. */
  readonly name?: string
  /**
   * Real time that a run in which nothing happens any more waits for kernel sockets, workers and child processes that it
   * opened. Default '10s'.
   */
  readonly realWait?: Duration
}

/** What a path does to packets: ImpairmentOptions, or the spellings of the command line: `{ loss: '2%', delay: '30ms' }`. */
export type PathOptions = ImpairmentOptions | SpelledPath

/** See IMPAIRMENT_SPELLINGS (src/sim/impairment-options.ts) for what each takes. */
export interface SpelledPath {
  readonly rate?: string
  readonly queue?: string
  readonly delay?: string
  readonly jitter?: string
  readonly 'jitter-reorders'?: string
  readonly loss?: string
  readonly burst?: string
  readonly lose?: string
  readonly reorder?: string
  readonly duplicate?: string
  readonly corrupt?: string
  readonly mtu?: string
  readonly 'mtu-black-hole'?: string
}

export class TestNetwork {
  readonly seed: number | string
  /** Chance for the code under test, from the seed; Math.random is not touched. */
  readonly random: Random
  readonly #network: Network
  readonly #options: TestNetworkOptions
  readonly #tape: Tape
  readonly #names = new Map<string, readonly string[]>([['localhost', ['127.0.0.1', '::1']]])
  readonly #hosts: TestHost[] = []
  readonly #clock: VirtualClock
  readonly #work = new RealWork()
  readonly #play: Play
  readonly #faults: Faults
  #state: 'ready' | 'running' | 'closed' = 'ready'
  /** What went wrong beside the function that runs. */
  #mishap: { readonly error: unknown } | null = null

  constructor(options: TestNetworkOptions = {}) {
    this.#options = options
    this.seed = seedOf(process.env.ELKO_SEED) ?? options.seed ?? 1
    this.#tape = new Tape(options.record !== false || seedOf(process.env.ELKO_SEED) !== undefined)
    this.#network = new Network({
      seed: this.seed,
      trace: this.#tape.recorder,
      tellsNoRoute: true,
      observe: (seen, bytes, length) => this.#tape.packet(seen, bytes, length),
      ...(options.maxEvents !== undefined && { maxEvents: options.maxEvents }),
    })
    this.random = this.#network.random.fork('code under test')
    const epochMs = new Date(options.start ?? '2026-01-01T00:00:00Z').getTime()
    if (!Number.isInteger(epochMs)) throw new TypeError(`start: expected a date, not '${options.start}'`)
    this.#clock = new VirtualClock(epochMs, () => this.#network.now)
    this.#play = new Play({
      network: this.#network,
      clock: this.#clock,
      work: this.#work,
      between: () => this.#tape.trim(),
      realWaitMs: microseconds(options.realWait ?? '10s', 'realWait') / 1000,
    })
    this.#faults = new Faults({
      network: this.#network,
      hosts: this.#hosts,
      wake: () => this.#play.wake(),
      call: (run) => this.#call(run),
    })
    this.#network.application(() => {
      for (const host of this.#hosts) host.tell()
    })
  }

  // ---- hosts and paths

  /**
   * Adds a host: `net.host('10.0.0.2', 'fd00::2', { name: 'db' })`.
   * @throws TypeError for what is no address, Error where another host has the name.
   */
  host(...given: readonly (string | TestHostOptions)[]): TestHost {
    const addresses = given.filter((one) => typeof one === 'string')
    const options = Object.assign({}, ...given.filter((one) => typeof one !== 'string')) as TestHostOptions
    if (addresses.length === 0) throw new TypeError('host: expected an address')
    for (const address of addresses) {
      if (parseAddress(address) === null) throw new TypeError(`host: '${address}' is no address`)
    }
    const network = this.#network
    const site = {
      get now(): number {
        return network.now
      },
      names: this.#names,
      trace: this.#tape.recorder,
      wake: () => this.#play.wake(),
    }
    const name = options.name ?? addresses[0]!
    const host = new TestHost(addresses, options, site, network.random.fork(`host ${name}`))
    network.host(name, host, addresses)
    this.#hosts.push(host)
    if (options.name !== undefined) this.name(options.name, host)
    return host
  }

  /**
   * Joins two hosts both ways (hosts without a path are unreachable to each other: ENETUNREACH), or changes the path between them; packets on their way still arrive.
   * @param back from `b` to `a`, where that differs.
   * @throws ImpairmentError for an option that cannot be meant.
   */
  path(a: TestHost, b: TestHost, options: PathOptions = {}, back: PathOptions = options): void {
    const isNew = this.#network.impairments(a.name, b.name) === null
    this.#network.join(a.name, b.name, impairmentsOf(options), impairmentsOf(back))
    if (isNew) this.#faults.pathMade(a, b)
  }

  /** A name leads to a host, or to addresses in order of preference; null: to nothing any more. All hosts know it. */
  name(name: string, to: TestHost | string | readonly string[] | null): void {
    const key = name.toLowerCase()
    if (to === null) this.#names.delete(key)
    else this.#names.set(key, to instanceof TestHost ? to.addresses : typeof to === 'string' ? [to] : to)
  }

  // ---- time

  /** Milliseconds of virtual time so far. */
  get now(): number {
    return this.#network.now / 1000
  }

  /** Calls at a moment of virtual time, counted from the network's beginning; at once where that is over. */
  at(time: Duration, call: () => unknown): void {
    this.#network.at(microseconds(time, 'at'), () => this.#call(call))
  }

  /**
   * Runs a function in virtual time: while it waits, the network and the timers go on, and nothing else passes the time.
   * The process has one clock, so one network at a time can run, and other code of the process lives in its time.
   *
   * @returns what it returns, or rejects with what it throws.
   * @throws Deadlock where nothing can happen any more, TimeLimit, and what a timer or an event's listener throws.
   */
  async run<T>(main: () => T): Promise<Awaited<T>> {
    if (this.#state !== 'ready') throw new Error(`network: it is ${this.#state}`)
    this.#clock.install()
    this.#state = 'running'
    this.#mishap = null
    await this.#work.settled()
    this.#work.start()
    // Where nobody catches it, the process ends behind this call: what there is to say is said and saved now.
    const uncaught = (error: unknown): void => {
      this.#mishap ??= { error: this.#failed(error) }
    }
    process.on('uncaughtExceptionMonitor', uncaught)
    try {
      return await this.#played(main)
    } catch (error) {
      throw this.#failed(error)
    } finally {
      process.off('uncaughtExceptionMonitor', uncaught)
      this.#work.stop()
      this.#clock.uninstall()
      this.#state = 'ready'
    }
  }

  /** Virtual time stands until the promise settles: for work that the network cannot see, as of a native module. */
  real<T>(promise: Promise<T>): Promise<T> {
    return this.#work.waitFor(promise)
  }

  // ---- faults

  /** Nothing passes between the one side and the other, and nobody is told. */
  partition(a: Hosts, b: Hosts, when: When = {}): Fault {
    return this.#faults.partition(a, b, when)
  }

  /** Ends partitions between the two, or of one, or all of them. */
  heal(a?: Hosts, b?: Hosts, when: { readonly at?: Duration } = {}): void {
    this.#faults.heal(a, b, when.at)
  }

  /** Keeps packets from passing: dropped, rejected with a reset, prohibited by ICMP, or reset on both sides. */
  firewall(a: Hosts, b: Hosts, options: FirewallOptions = {}): Fault {
    return this.#faults.firewall(a, b, options)
  }

  /** The next SYNs from `a` to `b` are lost. */
  loseSyns(a: Hosts, b: Hosts, times = 1, when: When = {}): Fault {
    return this.#faults.firewall(a, b, { ...when, only: 'syn', times })
  }

  /** A middlebox resets the connections between the two: each side believes that the other did it. */
  reset(a: Hosts, b: Hosts, options: ResetOptions = {}): void {
    this.#faults.reset(a, b, options)
  }

  /** A middlebox replaces TCP options by No-Operation: those named ('sack-permitted', see TCP_OPTION_NAMES), or all. */
  stripOptions(a: Hosts, b: Hosts, names: readonly string[] | 'all' = 'all', when: When = {}): Fault {
    return this.#faults.stripOptions(a, b, names, when)
  }

  /** Packets of more octets than `mtu` vanish, and the ICMP message that would say so does, too (RFC 2923 2.1). */
  mtuBlackHole(a: Hosts, b: Hosts, mtu: number, when: When = {}): Fault {
    return this.#faults.mtu(a, b, mtu, true, when)
  }

  /** Puts hosts behind a translator of addresses and ports, on all their paths to hosts outside. */
  nat(options: NatOptions): TestNat {
    return this.#faults.nat(options)
  }

  /** The applications of a host read slowly, or not at all. */
  slowReader(hosts: Hosts, options: SlowReaderOptions = {}): Fault {
    return this.#faults.slowReader(hosts, options)
  }

  /** The power of a host fails, and comes back after `for`: its peers are left with half-open connections. */
  crash(host: TestHost, options: CrashOptions = {}): Fault {
    return this.#faults.crash(host, options)
  }

  // ---- what happened

  /** The newest events of all hosts; at least 100,000 are kept. */
  get trace(): readonly TraceEvent[] {
    return this.#tape.events
  }

  /** Made from every packet at every host: equal in runs that are equal. */
  get fingerprint(): string {
    return this.#tape.fingerprint
  }

  /** Packets so far, each counted where it leaves a host and where it arrives. */
  get packets(): number {
    return this.#tape.size
  }

  /** A picture of a connection, by default the first one (src/diagram/ladder.ts). */
  ladder(options: LadderOptions = {}): string {
    return ladder(this.trace, { addresses: this.#addresses(), ...options })
  }

  /** The packets at all hosts as a pcapng file; the newest 64 MiB are kept. Each comment says why it was sent. */
  pcapng(): Uint8Array {
    return Buffer.concat(this.#tape.pcapng(this.#hosts.map(({ name }) => name)))
  }

  write(path: string): void {
    writeFileSync(path, this.pcapng())
  }

  // ---- the end

  /** Closes all hosts. Their sockets close at once, without an error. */
  close(): void {
    if (this.#state === 'closed') return
    if (this.#state === 'running') throw new Error('network: it is running')
    for (const host of this.#hosts) host.close()
    this.#state = 'closed'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  // ---- how it runs

  async #played<T>(main: () => T): Promise<Awaited<T>> {
    let outcome: { readonly value: Awaited<T> } | null = null
    const failed = (error: unknown): void => {
      this.#mishap ??= { error }
    }
    // An async function, so that what `main` throws at once is a rejection like any other.
    const call = async (): Promise<Awaited<T>> => await main()
    call().then((value) => {
      outcome = { value }
    }, failed)
    const limitUs = microseconds(this.#options.limit ?? '24h', 'limit')
    const tooLong = (): Error => new TimeLimit(durationWords(limitUs))
    const ended = (): boolean => outcome !== null || this.#mishap !== null
    await this.#play.until(ended, this.#network.now + limitUs, tooLong)
    const mishap = this.#mishap as { readonly error: unknown } | null
    if (mishap !== null) throw mishap.error
    return (outcome as unknown as { readonly value: Awaited<T> }).value
  }

  /** What a call on a timetable throws, or its promise, ends the run. */
  #call(call: () => unknown): void {
    this.#play.wake()
    const failed = (error: unknown): void => {
      this.#mishap ??= { error }
    }
    try {
      const result = call()
      Promise.resolve(result).catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #failed(error: unknown): Error {
    if (error instanceof Deadlock || error instanceof TimeLimit) this.#sayWhoWaits(error)
    const run: FailedRun = {
      name: this.#options.name ?? basename(process.argv[1] ?? 'network', extname(process.argv[1] ?? '')),
      seed: this.seed,
      now: this.#network.now,
      events: this.trace,
      pcapng: () => this.#tape.pcapng(this.#hosts.map(({ name }) => name)),
      addresses: this.#addresses(),
      names: this.#names,
    }
    const { failures = 'out/failures' } = this.#options
    return explained(error, run, failures)
  }

  #sayWhoWaits(error: Error): void {
    const lines = waitLines(this.#hosts.filter(({ closed }) => !closed).map(({ stack }) => stack))
    if (error instanceof Deadlock && error.handles.length > 0) {
      lines.push(`and beside the network, nothing came in real time from: ${error.handles.join(', ')}`)
    }
    addWords(error, `\n${lines.map((line) => `  ${line}`).join('\n')}`)
  }

  #addresses(): Record<string, string> {
    return Object.fromEntries(this.#hosts.map(({ name, address }) => [name, address]))
  }
}

/** The spelled options have names of their own; the others are numbers with units in their names. */
function impairmentsOf(options: PathOptions): ImpairmentOptions {
  const texts = Object.values(options).every((value) => value === undefined || typeof value === 'string')
  return texts
    ? parseImpairments(options as Record<string, string | undefined>)
    : (options as ImpairmentOptions)
}

function seedOf(text: string | undefined): number | string | undefined {
  if (text === undefined || text === '') return undefined
  return /^\d{1,15}$/.test(text) ? Number(text) : text
}
