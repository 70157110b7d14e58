/**
 * Named scenarios: a small network, scripted applications, and what happens to them, in virtual time. The same seed
 * and options give the same events and the same capture, octet for octet.
 */

import { BLOCK_ENHANCED_PACKET } from '../capture/pcapng.ts'
import type { InputLog } from '../stack/input-log.ts'
import type { Config } from '../tcp/config.ts'
import type { TraceEvent } from '../trace/events.ts'
import { type StatePath, statePaths } from '../trace/state-path.ts'
import { storyEdits } from '../trace/story-edits.ts'
import { SimHost, type SimHostOptions } from './host.ts'
import type { ImpairmentOptions } from './impairments.ts'
import { Network } from './network.ts'
import type { PacketObserver } from './network-record.ts'
import { ScenarioRecorder } from './scenario-recorder.ts'
import { type Hit, PathRules } from './scenario-rules.ts'

/** What a scenario can be told besides seed and network: `elko sim NAME --mss 512`. */
export type Tunable = 'mss' | 'window' | 'bytes'

export interface ScenarioOptions {
  /** Everything that chance decides follows from it. Default 1. */
  readonly seed?: number | string
  /** Laid over the scenario's own network, both ways. */
  readonly impairments?: ImpairmentOptions
  /** Upper limit of the MSS of both hosts, 1 to 65535 octets. */
  readonly mss?: number
  /** Receive buffer of both hosts, 1 to 2^30 octets; beyond 65535 windows are scaled. */
  readonly window?: number
  /** Octets that the application sends, 1 to MAX_BYTES. */
  readonly bytes?: number
  readonly ipv6?: boolean
  /** Laid over the configuration of each host, in the order in which the scenario adds them. */
  readonly tuning?: readonly Partial<Config>[]
  /** Sees each packet that a host sends or receives. */
  readonly observe?: PacketObserver
  /** Takes what the stacks of all hosts are given, and ends with the run: `elko replay`. */
  readonly record?: InputLog | null
}

export const MAX_BYTES = 10_000_000

export interface Scenario {
  readonly name: string
  readonly title: string
  /** What there is to learn, in one or two sentences. */
  readonly lesson: string
  readonly accepts: readonly Tunable[]
  /** The states of each connection of each host, in order, on the scenario's own network. */
  readonly paths: Readonly<Record<string, readonly string[]>>
  /** One host speaks with several connections of the other: they belong into one picture. */
  readonly onePicture?: boolean
  /** Where the run ends, in milliseconds, if it would go on for ever. */
  readonly untilMs?: number
  /** The applications exchange something else than the pattern, so octets cannot be checked. */
  readonly ownText?: boolean
  readonly play: (lab: Lab) => void
}

export interface ScenarioResult {
  readonly scenario: Scenario
  readonly seed: number | string
  readonly events: readonly TraceEvent[]
  /** Host names; the first one opens, where one does. */
  readonly hosts: readonly string[]
  /** A pcapng file of what one host sent and received, or of all; each comment says why its segment was sent. */
  readonly capture: (host?: string) => ScenarioCapture
  readonly paths: readonly StatePath[]
  /** Addresses by host, for pictures. */
  readonly addresses: Readonly<Record<string, string>>
  /** Microseconds of virtual time. */
  readonly endUs: number
  /** Every octet that was read is the octet that was written. */
  readonly intact: boolean
}

export interface ScenarioCapture {
  readonly octets: Uint8Array
  /** Packets in it; in a capture of all hosts one that arrives counts twice. */
  readonly packets: number
}

const DELAY_US = 20_000
/** Far more than any scenario takes: a run without end is a defect. */
const MAX_EVENTS = 20_000_000
const PREFIXES = { 4: '192.0.2.', 6: '2001:db8::' } as const

/** What a scenario plays with. */
export class Lab {
  readonly network: Network
  readonly recorder: ScenarioRecorder
  readonly options: ScenarioOptions
  readonly hosts: SimHost[] = []
  readonly #rules = new Map<string, PathRules>()
  readonly #chunks: Uint8Array[] = []

  constructor(options: ScenarioOptions) {
    this.options = options
    this.recorder = new ScenarioRecorder(options.record != null)
    const capture = (octets: Uint8Array): void => {
      this.#chunks.push(octets)
    }
    const seed = options.seed ?? 1
    const { observe = null } = options
    this.network = new Network({ seed, trace: this.recorder, capture, observe, maxEvents: MAX_EVENTS })
  }

  /** How much the application sends: the scenario's own number unless the user gave one. */
  bytes(usual: number): number {
    return this.options.bytes ?? usual
  }

  /**
   * Adds a host. Its connections start at `iss`, with plain SYNs: neither timestamps nor window scaling, which pictures
   * of other things need not show.
   */
  host(name: string, iss: number | null, options: Partial<SimHostOptions> = {}): SimHost {
    const { mss, window, ipv6, tuning, record = null } = this.options
    const number = this.hosts.length + 1
    const address = ipv6 === true ? `${PREFIXES[6]}${number}/64` : `${PREFIXES[4]}${number}/24`
    const { config, ...others } = options
    const host = new SimHost(this.network, this.recorder, {
      name,
      iss,
      addresses: [address],
      record,
      ...others,
      ...(ipv6 === true && { addresses: [address] }),
      config: { ...PLAIN, ...config, ...userConfig(mss, window), ...tuning?.[number - 1] },
    })
    this.hosts.push(host)
    return host
  }

  /** Two hosts and the paths between them. */
  pair(
    left: SimHost,
    right: SimHost,
    leftToRight: ImpairmentOptions = {},
    rightToLeft: ImpairmentOptions = leftToRight,
  ): void {
    this.#join(left, right, leftToRight)
    this.#join(right, left, rightToLeft)
  }

  /** A client and a server with the numbers of seed 002: sequence numbers from 100 and 300. */
  clientAndServer(
    client: Partial<Config> = {},
    server: Partial<Config> = client,
    path: ImpairmentOptions = {},
  ): [client: SimHost, server: SimHost] {
    const hosts: [SimHost, SimHost] = [
      this.host('client', 100, { config: client }),
      this.host('server', 300, { config: server }),
    ]
    this.pair(...hosts, path)
    return hosts
  }

  /** What the network does to the packets that this host sends. */
  from(host: SimHost): PathRules {
    return this.#rules.get(host.name)!
  }

  /** The packets that pass a host, or those of all hosts. */
  capture(host?: string): ScenarioCapture {
    const index = this.hosts.findIndex(({ name }) => name === host)
    const chosen = this.#chunks.filter((chunk) => host === undefined || passes(chunk, index))
    const octets = new Uint8Array(chosen.reduce((sum, chunk) => sum + chunk.length, 0))
    let at = 0
    for (const chunk of chosen) {
      octets.set(chunk, at)
      at += chunk.length
    }
    return { octets, packets: chosen.length - 1 - this.hosts.length }
  }

  #join(from: SimHost, to: SimHost, own: ImpairmentOptions): void {
    const rules = this.#rules.get(from.name) ?? new PathRules()
    this.#rules.set(from.name, rules)
    const fate = (_packet: number, bytes: Uint8Array, offset: number, length: number): Hit =>
      rules.decide(bytes, offset, length)
    this.network.path(from.name, to.name, {
      delayUs: DELAY_US,
      reorderByUs: 50_000,
      ...own,
      ...this.options.impairments,
      fate,
    })
  }
}

/** Headers of the file and of interfaces belong to every capture, a packet to the host of its interface. */
function passes(block: Uint8Array, index: number): boolean {
  const view = new DataView(block.buffer, block.byteOffset, block.length)
  return view.getUint32(0, true) !== BLOCK_ENHANCED_PACKET || view.getUint32(8, true) === index
}

/** What hosts of scenarios have unless the scenario says otherwise. */
export const PLAIN: Partial<Config> = {
  timestamps: false,
  windowScaling: false,
  receiveBufferBytes: 65_535,
  sendBufferBytes: 65_536,
}

function userConfig(mss: number | undefined, window: number | undefined): Partial<Config> {
  return {
    ...(mss !== undefined && { mssLimit: mss }),
    ...(window !== undefined && { receiveBufferBytes: window, windowScaling: window > 65_535 }),
  }
}

/**
 * Plays a scenario to its end, checking the invariants of every connection after every event.
 *
 * @throws Error where an invariant is broken, or the run does not end: a defect of ours. It names the time.
 */
export function runScenario(scenario: Scenario, options: ScenarioOptions = {}): ScenarioResult {
  const lab = new Lab(options)
  scenario.play(lab)
  try {
    lab.network.run(scenario.untilMs === undefined ? undefined : scenario.untilMs * 1000)
  } catch (error) {
    const seed = options.seed ?? 1
    const what = error instanceof Error ? error.message : String(error)
    throw new Error(`${scenario.name}, seed ${seed}, at ${lab.network.now} us: ${what}`, { cause: error })
  }
  const { events } = lab.recorder
  if (options.record) endRecord(options.record, scenario, lab)
  const names = lab.hosts.map(({ name }) => name)
  return {
    scenario,
    seed: options.seed ?? 1,
    events,
    hosts: names,
    capture: (host) => lab.capture(host),
    paths: statePaths(events).sort((a, b) => names.indexOf(a.host) - names.indexOf(b.host)),
    addresses: Object.fromEntries(lab.hosts.map(({ name, address }) => [name, address])),
    endUs: lab.network.now,
    intact: isIntact(scenario, lab),
  }
}

/** Every octet that was read is the one that was written, where the applications send the pattern. */
export function isIntact({ ownText }: Scenario, { hosts }: Lab): boolean {
  return ownText === true || hosts.every(({ sockets }) => sockets.every(({ intact }) => intact))
}

/** A replay is told as the run was: under its title, with what the network did and what was remarked. */
export function endRecord(
  record: InputLog,
  { name, title, lesson, onePicture }: Scenario,
  { recorder }: Lab,
): void {
  const edits = storyEdits(recorder.stackEvents ?? [], recorder.events)
  record.story({ name, title, lesson, onePicture: onePicture === true, edits })
  record.end()
}
