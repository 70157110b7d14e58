/**
 * Random runs: from one seed two hosts, a hostile path and applications, in virtual time, and everything that must hold
 * of them. The same seed gives the same run, bit for bit.
 *
 * After every event each connection's invariants are checked, and a witness reads every packet that is sent
 * (random-run-wire.ts). At the end nothing may be left: no octet, no connection, no timer, no memory lent.
 */

import type { InputLog } from '../stack/input-log.ts'
import type { Listener } from '../stack/listener.ts'
import type { Stack } from '../stack/stack.ts'
import { type Config, DEFAULT_CONFIG } from '../tcp/config.ts'
import { brokenInvariant } from '../tcp/invariants.ts'
import { CLOSED } from '../tcp/state.ts'
import type { Recorder } from '../trace/recorder.ts'
import type { ImpairmentOptions } from './impairments.ts'
import { Network } from './network.ts'
import { End } from './random-run-end.ts'
import { addressText, RunHost } from './random-run-host.ts'
import {
  boundUs,
  GRACE_US,
  pairProblem,
  stormProblem,
  wasCut,
  wasteProblem,
  where,
} from './random-run-judge.ts'
import { Payload } from './random-run-payload.ts'
import { planRun, type RunPlan } from './random-run-plan.ts'
import { FIRST_PORT, LISTENING_PORT, Wire } from './random-run-wire.ts'

export interface RunResult {
  readonly seed: number
  /** What did not hold, when and where, or null. */
  readonly failure: string | null
  /** Octets that applications read. */
  readonly octets: number
  readonly packets: number
  readonly events: number
  /** Microseconds of virtual time until the last event. */
  readonly virtualUs: number
  readonly connections: number
  /** A hash of all segments sent and their times. */
  readonly digest: number
}

export interface RunOptions {
  readonly trace?: Recorder | null
  /** Takes the octets of a pcapng file. */
  readonly capture?: ((octets: Uint8Array) => void) | null
  /** Takes what both stacks are given: `elko replay`. */
  readonly record?: InputLog | null
}

/** Runs what the seed says. Never throws: whatever goes wrong is the result's `failure`. */
export function randomRun(seed: number, options: RunOptions = {}): RunResult {
  return runPlan(planRun(seed), options)
}

/** The same for a plan, which may be one that no seed gives. */
export function runPlan(plan: RunPlan, options: RunOptions = {}): RunResult {
  const run = new Run(plan, options)
  const failure = run.failure()
  return {
    seed: plan.seed,
    failure,
    octets: run.octets,
    packets: run.wire.packets[0] + run.wire.packets[1],
    events: run.network.events,
    virtualUs: run.lastEventUs,
    connections: plan.connections.length,
    digest: run.wire.digest,
  }
}

/** More events than this are a livelock: the longest honest runs have a tenth. */
const MOST_EVENTS = 1_000_000
const MOST_EVENTS_AT_ONCE = 20_000
/** Lines of an error's stack that a failure quotes. */
const STACK_LINES = 6

class Run {
  readonly plan: RunPlan
  readonly network: Network
  readonly wire: Wire
  readonly ends: [End, End][] = []
  lastEventUs = 0
  #eventsSeen = 0
  readonly #hosts: readonly [RunHost, RunHost]
  readonly #listener: Listener

  constructor(plan: RunPlan, options: RunOptions) {
    this.plan = plan
    const { trace = null, record = null } = options
    this.network = new Network({
      seed: plan.seed,
      trace,
      capture: options.capture ?? null,
      maxEvents: MOST_EVENTS,
      maxEventsAtOnce: MOST_EVENTS_AT_ONCE,
    })
    this.wire = new Wire(plan.connections.length, wireLimits(plan))
    this.#hosts = [
      new RunHost(plan, 0, this.network, this.wire, trace, record),
      new RunHost(plan, 1, this.network, this.wire, trace, record),
    ]
    for (const host of this.#hosts)
      this.network.host(host.name, host, [addressText(plan.version, host.which)])
    this.#listener = this.#hosts[1].stack.listen({ port: LISTENING_PORT })
    this.#planPaths()
    this.network.application(() => this.#tellApplications())
    this.network.afterEvent(() => this.#checkConnections())
  }

  get octets(): number {
    let octets = 0
    for (const [a, b] of this.ends) octets += a.read + b.read
    return octets
  }

  /** Runs it. */
  failure(): string | null {
    try {
      for (let index = 0; index < this.plan.connections.length; index++) this.#prepare(index)
      let limitUs = boundUs(this.plan)
      this.#runUntilIdle(limitUs)
      while (this.#endHalfOpen()) this.#runUntilIdle((limitUs += GRACE_US))
      this.#checkEnd()
      return null
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      return `at ${this.network.now} us: ${text.split('\n').slice(0, STACK_LINES).join('\n')}`
    }
  }

  #runUntilIdle(limitUs: number): void {
    if (this.network.run(limitUs) !== 'idle') {
      throw new Error(`still busy after ${limitUs / 1e6} s of virtual time: ${this.#whereAll()}`)
    }
  }

  #planPaths(): void {
    const { paths, quietAtUs, silence } = this.plan
    const now = this.network.now
    const use = (atUs: number, change: (options: ImpairmentOptions) => ImpairmentOptions): void => {
      this.network.at(atUs, () => {
        this.network.path('host0', 'host1', change(paths[0]))
        this.network.path('host1', 'host0', change(paths[1]))
      })
    }
    this.network.join('host0', 'host1', paths[0], paths[1])
    if (silence !== null) {
      use(now + silence.atUs, (options) => ({ ...options, loss: 1 }))
      use(now + silence.atUs + silence.forUs, (options) => options)
    }
    use(quietAtUs, quiet)
  }

  #prepare(index: number): void {
    const plan = this.plan.connections[index]!
    const payloads = [new Payload(index, 0), new Payload(index, 1)] as const
    const first = new End(plan.ends[0], this.#hosts[0], payloads[0], payloads[1])
    const second = new End(plan.ends[1], this.#hosts[1], payloads[1], payloads[0])
    this.ends.push([first, second])
    if (this.plan.reusesPort && index > 0) {
      this.ends[index - 1]![0].onGone = () => this.#hosts[0].after(plan.startUs, () => this.#open(index, 0))
      return
    }
    this.#hosts[0].after(plan.startUs, () => this.#open(index, 0))
    if (plan.opening === 'simultaneous') this.#hosts[1].after(plan.startUs, () => this.#open(index, 1))
  }

  #open(index: number, which: 0 | 1): void {
    const { opening } = this.plan.connections[index]!
    const port = this.plan.reusesPort ? FIRST_PORT : FIRST_PORT + index
    this.wire.opens(port, index)
    const connection = this.#hosts[which].stack.connect({
      remoteAddress: this.#hosts[which === 0 ? 1 : 0].address,
      remotePort: opening === 'refused' ? LISTENING_PORT + 1 : opening === 'passive' ? LISTENING_PORT : port,
      localPort: port,
    })
    this.ends[index]![which].take(connection)
  }

  #tellApplications(): void {
    for (const { stack } of this.#hosts) {
      for (let next = stack.pollEvent(); next !== null; next = stack.pollEvent()) {
        if ('pollEvents' in next) (next.owner as End).told(next.pollEvents())
        else this.#accept(stack, next)
      }
    }
  }

  #accept(stack: Stack, listener: Listener): void {
    for (let next = stack.accept(listener); next !== null; next = stack.accept(listener)) {
      const index = this.wire.connectionAt(next.tcb.path.remotePort)
      const end = this.ends[index]![1]
      if (end.connection !== null) throw new Error(`connection ${index} is accepted twice`)
      end.take(next)
    }
  }

  #checkConnections(): void {
    if (this.network.events !== this.#eventsSeen) this.lastEventUs = this.network.now
    this.#eventsSeen = this.network.events
    for (const { stack } of this.#hosts) {
      if (stack.size === 0) continue
      for (const connection of stack.connections()) {
        const broken = brokenInvariant(connection.tcb)
        if (broken !== null) throw new Error(`invariant: ${broken}: ${where(connection)}`)
      }
    }
  }

  /**
   * Nothing is planned any more. Whoever is still there waits for a peer that is not: its reset was lost, or it never
   * knew. So must every application end that does not ask whether its peer is alive (RFC 9293 3.5.1).
   *
   * @returns whether there was one.
   */
  #endHalfOpen(): boolean {
    let found = false
    this.ends.forEach((pair, index) => {
      for (const host of this.#hosts) {
        const end = pair[host.which]
        const { connection } = end
        if (connection === null || connection.state === CLOSED) continue
        if (!wasCut(pair)) throw new Error(`connection ${index} stalls: ${this.#whereAll()}`)
        host.setClock()
        end.abort()
        found = true
      }
    })
    return found
  }

  #checkEnd(): void {
    this.ends.forEach((pair, index) => {
      const problem = pairProblem(pair, this.plan.connections[index]!, this.plan)
      if (problem !== null) throw new Error(`connection ${index}: ${problem}: ${this.#whereAll()}`)
    })
    for (const host of this.#hosts) {
      const { stack, name } = host
      if (stack.size !== 0) throw new Error(`${name} has ${stack.size} connections left: ${this.#whereAll()}`)
      const { bufferBytes } = stack.occupancy
      if (bufferBytes !== 0) throw new Error(`${name} still lends ${bufferBytes} octets`)
      if (stack.pollTimeout() !== Number.POSITIVE_INFINITY) throw new Error(`${name} still has a timer`)
      const storm = stormProblem(this.wire, host, this.ends, this.lastEventUs)
      if (storm !== null) throw new Error(storm)
    }
    const waste = wasteProblem(this.wire, this.plan, this.ends)
    if (waste !== null) throw new Error(`${waste}: ${this.#whereAll()}`)
    if (this.#listener.halfOpen + this.#listener.waiting > 0) {
      throw new Error('the listener still holds connections')
    }
  }

  #whereAll(): string {
    const states = this.ends.flat().map(({ connection }) => where(connection))
    const all = this.#hosts.flatMap(({ stack }) => stack.connections())
    const strays = all.filter(({ owner }) => owner === null)
    return [...states, ...strays.map((one) => `nobody's ${where(one)}`)].join('; ')
  }
}

function wireLimits(plan: RunPlan) {
  const [a, b] = plan.hosts
  const hasGarbage = (config: Partial<Config>): boolean =>
    (config.keepAlive ?? false) && (config.keepAliveGarbage ?? false)
  return {
    mtu: [a.mtu, b.mtu],
    mssMinimum: DEFAULT_CONFIG.mssMinimum,
    mssDefault: plan.version === 4 ? DEFAULT_CONFIG.mssDefaultIpv4 : DEFAULT_CONFIG.mssDefaultIpv6,
    garbage: [hasGarbage(a.config), hasGarbage(b.config)],
  } as const
}

/** The same path without its losses and damages. */
function quiet(options: ImpairmentOptions): ImpairmentOptions {
  const { delayUs, rateBitsPerSecond, queueBytes, mtu, mtuBlackHole } = options
  return {
    ...(delayUs !== undefined && { delayUs }),
    ...(rateBitsPerSecond !== undefined && { rateBitsPerSecond }),
    ...(queueBytes !== undefined && { queueBytes }),
    ...(mtu !== undefined && { mtu }),
    ...(mtuBlackHole !== undefined && { mtuBlackHole }),
  }
}
