/**
 * A run of the lab: the hosts, the path and the programs of a LabConfig in virtual time. The same configuration gives the
 * same run, event for event and octet for octet, so that whoever wants to go back may as well start again.
 */

import { endRecord, isIntact, Lab, type Scenario, type ScenarioCapture } from '../sim/scenario.ts'
import { story } from '../sim/scenarios/story.ts'
import { findScenario } from '../sim/scenarios.ts'
import { InputLog } from '../stack/input-log.ts'
import type { TraceEvent } from '../trace/events.ts'
import { checkConfig, impairmentsOf } from './check-config.ts'
import { EventSteps } from './event-steps.ts'
import { intervene } from './interventions.ts'
import { DEFAULT_PATH, type LabConfig, type Side } from './lab-config.ts'
import { playProgram } from './play-program.ts'
import { parseProgram } from './program.ts'
import { Timeline } from './timeline.ts'
import { Tracks } from './tracks.ts'

/** Steps after which a run is stopped: a memory has an end, and so has an attention. */
const MAX_RUN_STEPS = 300_000

/** Why a run is over: nothing is left to happen, its time is up, or it took too many steps; a defect of ours. */
export type LabEnd = 'idle' | 'until' | 'steps' | 'defect'

/** A packet by whom it was sent, and which of that host's packets it is, from 1: how interventions name it. */
export interface SentPacket {
  readonly from: Side
  readonly packet: number
}

export class LabRun {
  readonly config: LabConfig
  readonly scenario: Scenario
  readonly tracks = new Tracks()
  /** Events of the network so far. */
  steps = 0
  end: LabEnd | null = null
  /** What broke where `end` is 'defect'. */
  defect = ''
  readonly #lab: Lab
  /** By the packet's number in the run. */
  readonly #sent = new Map<number, SentPacket>()
  readonly #untilUs: number
  readonly #steps = new EventSteps()

  readonly #record: InputLog | null

  /**
   * @param record takes what the stacks of both hosts are given, and ends with the run: for `elko replay`.
   * @throws LabError where the configuration cannot be meant.
   */
  constructor(given: LabConfig, record: InputLog | null = null) {
    const config = checkConfig(given)
    this.#record = record
    const counts = [0, 0]
    this.config = config
    this.scenario = config.lesson === null ? ownScenario(config) : findScenario(config.lesson)!
    this.tracks.isOnePicture = this.scenario.onePicture === true
    this.#untilUs = (config.untilMs ?? this.scenario.untilMs ?? Number.POSITIVE_INFINITY) * 1000
    this.#lab = new Lab({
      seed: config.seed,
      ipv6: config.ipv6,
      record,
      tuning: config.hosts.map(({ tuning }) => tuning),
      ...(config.bytes !== null && { bytes: config.bytes }),
      observe: ({ direction, host, number, mark }) => {
        if (direction !== 'outbound' || host > 1 || mark === 'no route') return
        this.#sent.set(number, { from: host as Side, packet: ++counts[host]! })
      },
    })
    this.scenario.play(this.#lab)
    intervene(this.#lab, config)
  }

  /** Microseconds of virtual time. */
  get now(): number {
    return this.#lab.network.now
  }

  get hosts(): readonly string[] {
    return this.#lab.hosts.map(({ name }) => name)
  }

  get addresses(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#lab.hosts.map(({ name, address }) => [name, address]))
  }

  /** Everything that was recorded. */
  get trace(): readonly TraceEvent[] {
    return this.#lab.recorder.events
  }

  /** The same as pictures want it, each call once. */
  timeline(): Timeline {
    const told = story(this.trace, { oneConnection: this.scenario.onePicture === true })
    return new Timeline(told, (event) => this.#steps.of(event))
  }

  /** Every octet that was read is the one that was written, where the applications send the pattern. */
  get intact(): boolean {
    return isIntact(this.scenario, this.#lab)
  }

  /** Who sent the packet of this number; null for what no host sent. */
  sender(packet: number): SentPacket | null {
    return this.#sent.get(packet) ?? null
  }

  /** A pcapng file of what one host sent and received, or of all; each comment says why its segment was sent. */
  capture(host?: string): ScenarioCapture {
    return this.#lab.capture(host)
  }

  /**
   * Goes on by at most `steps` events of the network, or up to and including `untilUs`.
   * @returns whether the run is over.
   */
  advance(steps = Number.POSITIVE_INFINITY, untilUs = Number.POSITIVE_INFINITY): boolean {
    const last = Math.min(this.#untilUs, untilUs)
    try {
      if (this.steps === 0) this.#lab.network.settle()
      for (let left = steps; left > 0 && this.end === null; left--) {
        if (this.steps >= MAX_RUN_STEPS) this.end = 'steps'
        else if (this.#step(last)) break
      }
    } catch (error) {
      this.end = 'defect'
      this.defect = error instanceof Error ? error.message : String(error)
    }
    if (this.end !== null && this.#record !== null) endRecord(this.#record, this.scenario, this.#lab)
    return this.end !== null
  }

  /** @returns whether nothing more happens up to `last`. */
  #step(last: number): boolean {
    const { network, hosts, recorder } = this.#lab
    // Not asked of `step`, which would set the clock to `last`.
    const isIdle = network.nextAt === Number.POSITIVE_INFINITY
    if (isIdle || network.nextAt > last) {
      if (isIdle) this.end = 'idle'
      else if (last === this.#untilUs) this.end = 'until'
      return true
    }
    network.step()
    this.steps++
    this.tracks.take(this.steps, hosts)
    this.#steps.take(this.steps, network.now, recorder.events)
    return false
  }
}

/** The run of a configuration as a log, which `elko replay` and the lab itself run once more. */
export function recordedRun(config: LabConfig): Uint8Array {
  const record = new InputLog()
  new LabRun(config, record).advance()
  return record.octets()
}

/** The programs of the configuration, as a scenario. */
function ownScenario({ hosts, interventions }: LabConfig): Scenario {
  const programs = hosts.map(({ program }, side) => parseProgram(program, `hosts[${side}].program`))
  return {
    name: 'lab',
    title: `${hosts[0].name} and ${hosts[1].name}`,
    lesson: '',
    accepts: [],
    paths: {},
    untilMs: USUAL_UNTIL_MS,
    // A forged segment may bring octets that nobody wrote.
    ownText: interventions.some(({ kind }) => kind === 'inject'),
    play(lab) {
      const [left, right] = hosts.map(({ name, iss }) => lab.host(name, iss === null ? null : iss | 0))
      lab.pair(left!, right!, impairmentsOf(DEFAULT_PATH))
      const both = [left!, right!] as const
      for (const side of [1, 0] as const) {
        const peer = both[side === 0 ? 1 : 0]
        // Who connects comes a little later, so that somebody listens.
        const atMs = programs[side]!.some(({ kind }) => kind === 'listen') ? 0 : CONNECT_MS
        both[side].program((host) => playProgram(host, peer, programs[side]!), atMs)
      }
    },
  }
}

const CONNECT_MS = 10
const USUAL_UNTIL_MS = 600_000
