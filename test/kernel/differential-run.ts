/** Plays the same cases to both stacks, step by step and many at once, and finds where they differ. */

import type { Packet } from '../stack/packets-harness.ts'
import { knownAs } from './differential-known.ts'
import { type LinuxWorld, LOCAL, PREFIXES, REMOTE } from './differential-linux.ts'
import { describeReport, Probe, type Report, type Saying, type Sockets } from './differential-probe.ts'
import { type Call, ElkoWorld, keyOf, PORT, type World } from './differential-worlds.ts'

/** One event: the other side says something, a router does, or the owner calls. */
export type Step = Saying | Report | Call

/** How a connection gets to where a case begins. Its steps must go alike on both sides. */
export interface Situation {
  readonly name: string
  readonly steps: readonly Step[]
  /** Default: the listener's. */
  readonly localPort?: number
}

export interface Case {
  readonly version: 4 | 6
  readonly timestamps: boolean
  readonly situation: Situation
  readonly steps: readonly Step[]
}

/** A step of a case where the two gave different answers, or came to different states. */
export interface Difference {
  readonly one: Case
  /** Of the case's own steps, from 0; below 0: of its situation. */
  readonly step: number
  /** The case's own steps before this one, in words. */
  readonly before: string
  /** The state before. */
  readonly state: string
  readonly event: string
  readonly elko: Observation
  readonly linux: Observation
}

export interface Observation {
  readonly answer: string
  readonly state: string
}

export interface Outcome {
  readonly cases: number
  readonly steps: number
  readonly answers: number
  readonly differences: readonly Difference[]
}

interface Track extends Observation {
  readonly event: string
  /** What the probe knows after it. */
  readonly position: string
  readonly answers: number
  /** What the owner heard by then. */
  readonly told: string
}

/** So many cases run side by side: all of their steps take well under a second, when the kernel's SYN-ACKs go again. */
const BATCH = 1500
const PATIENCE_MS = 900
const LEAST_BATCH = 20
/** Of what came out otherwise than it should. */
const MOST_TRIES = 10
const MOST_LATE = 3
/** Linux sends its SYN again two ticks after it refused an acknowledgment of it. */
const SYN_AGAIN_MS = 25
const FIRST_PORT = 1024
const PROBE_ISS = 0x1000_0000

export class Differential {
  readonly #linux: LinuxWorld
  /** So many cases are played to Linux side by side. */
  #size = BATCH
  #serial = 0

  constructor(linux: LinuxWorld) {
    this.#linux = linux
  }

  async run(cases: readonly Case[]): Promise<Outcome> {
    const sum = { cases: cases.length, steps: 0, answers: 0, differences: [] as Difference[] }
    for (const alike of groupsOf(cases)) {
      const { timestamps } = alike[0]!
      this.#linux.set({ tcp_timestamps: timestamps ? '1' : '0' })
      this.#linux.settleMs = isActive(alike[0]!) ? SYN_AGAIN_MS : 0
      const elko = await this.#playToElko(alike, timestamps)
      const linux = await this.#playToLinuxUntilKnown(alike, elko)
      for (const [i, one] of alike.entries()) {
        const { compared, answers, differences } = compare(one, elko[i]!, linux[i]!)
        sum.steps += compared
        sum.answers += answers
        sum.differences.push(...differences)
      }
    }
    return sum
  }

  #playToElko(cases: readonly Case[], timestamps: boolean): Promise<Track[][]> {
    return inBatches(cases, BATCH, (batch) =>
      play(new ElkoWorld(PREFIXES, timestamps), batch, this.#probes(batch)),
    )
  }

  /** A machine that stood still for a moment makes differences that do not come again. */
  async #playToLinuxUntilKnown(cases: readonly Case[], elko: readonly Track[][]): Promise<Track[][]> {
    const linux = await this.#playToLinux(cases)
    const isOdd = (i: number): boolean =>
      compare(cases[i]!, elko[i]!, linux[i]!).differences.some((one) => knownAs(one) === undefined)
    for (let tries = 1; tries < MOST_TRIES; tries++) {
      const odd = [...cases.keys()].filter(isOdd)
      if (odd.length === 0) break
      const again = await this.#playToLinux(odd.map((i) => cases[i]!))
      for (const [k, i] of odd.entries()) linux[i] = again[k]!
    }
    return linux
  }

  /**
   * On a busy machine a batch may take so long that timers ran; then it is played again, in halves. Where the smallest takes
   * too long again and again, its differences must show what came of it: they are played again, too.
   */
  async #playToLinux(cases: readonly Case[]): Promise<Track[][]> {
    const played: Track[][] = []
    for (let late = 0; played.length < cases.length; ) {
      const batch = cases.slice(played.length, played.length + this.#size)
      const probes = this.#probes(batch)
      const began = performance.now()
      const tracks = await play(this.#linux, batch, probes)
      const isLate = performance.now() - began >= PATIENCE_MS
      for (const probe of probes) this.#linux.deliver(probe.end())
      this.#linux.clear()
      await this.#linux.settle()
      if (isLate && batch.length > LEAST_BATCH) this.#size = Math.ceil(batch.length / 2)
      else if (!isLate || ++late === MOST_LATE) {
        late = 0
        played.push(...tracks)
        this.#size = Math.min(BATCH, Math.ceil(this.#size * 1.25))
      }
    }
    return played
  }

  #probes(batch: readonly Case[]): Probe[] {
    return batch.map(({ version, situation, timestamps }) => {
      const remotePort = FIRST_PORT + (this.#serial++ % (65536 - FIRST_PORT))
      const localPort = situation.steps[0] === 'connect' ? remotePort : (situation.localPort ?? PORT)
      const sockets: Sockets = {
        version,
        local: LOCAL[version],
        localPort,
        remote: REMOTE[version],
        remotePort,
      }
      return new Probe(sockets, PROBE_ISS, timestamps)
    })
  }
}

const isActive = ({ situation }: Case): boolean => situation.steps[0] === 'connect'

/** Cases that need the same settings of the kernel. */
function groupsOf(cases: readonly Case[]): Case[][] {
  const groups = [0, 1, 2, 3].map((i) =>
    cases.filter((one) => Number(one.timestamps) + 2 * Number(isActive(one)) === i),
  )
  return groups.filter((group) => group.length > 0)
}

async function inBatches<T>(
  cases: readonly Case[],
  size: number,
  playOne: (batch: readonly Case[]) => Promise<T[]>,
): Promise<T[]> {
  const played: T[] = []
  for (let from = 0; from < cases.length; from += size) {
    played.push(...(await playOne(cases.slice(from, from + size))))
  }
  return played
}

async function play(world: World, batch: readonly Case[], probes: readonly Probe[]): Promise<Track[][]> {
  const tracks: Track[][] = batch.map(() => [])
  const indexOf = new Map(probes.map(({ sockets }, i) => [keyOf(sockets), i]))
  const steps = batch.map((one) => [...one.situation.steps, ...one.steps])
  const longest = Math.max(...steps.map(({ length }) => length))
  for (let k = 0; k < longest; k++) {
    const events = steps.map((own, i) => (own[k] === undefined ? null : cause(world, probes[i]!, own[k])))
    const heard = new Map<number, Packet[]>()
    for (const packet of await world.settle()) {
      const i = indexOf.get(keyOf({ version: packet.version as 4 | 6, remotePort: packet.dstPort }))
      if (i !== undefined) heard.set(i, [...(heard.get(i) ?? []), packet])
    }
    const states = world.states()
    for (const [i, event] of events.entries()) {
      const probe = probes[i]!
      const packets = heard.get(i) ?? []
      const answer = probe.hear(packets)
      if (event === null) continue
      const state = states.get(keyOf(probe.sockets)) ?? 'none'
      const told = world.told(probe.sockets)
      tracks[i]!.push({ event, answer, state, position: probe.position, answers: packets.length, told })
    }
  }
  return tracks
}

/** Lets a step happen; returns it in words. */
function cause(world: World, probe: Probe, step: Step): string {
  if (typeof step === 'string') {
    world.call(probe.sockets, step)
    return step
  }
  if ('icmp' in step) {
    world.deliver(probe.report(step))
    return describeReport(step)
  }
  const event = probe.describe(step)
  world.deliver(probe.say(step))
  return event
}

/** Up to the first step after which the two are not in the same place: what follows would compare unlike things. */
function compare(one: Case, elko: readonly Track[], linux: readonly Track[]) {
  const differences: Difference[] = []
  const begin = one.situation.steps.length
  let compared = 0
  let answers = 0
  let state = one.situation.localPort === undefined ? 'LISTEN' : 'none'
  for (const [k, ours] of elko.entries()) {
    const theirs = linux[k]!
    compared++
    answers += theirs.answers
    const isAlike = ours.answer === theirs.answer && ours.state === theirs.state
    if (!isAlike || ours.told !== theirs.told) {
      const before = elko
        .slice(begin, k)
        .map(({ event }) => event)
        .join('; ')
      const observed = isAlike ? [ours, theirs].map(withTold) : [ours, theirs]
      const [elkoDid, linuxDid] = observed as [Observation, Observation]
      const found = { one, step: k - begin, before, state, event: ours.event, elko: elkoDid, linux: linuxDid }
      differences.push(found)
      if (knownAs(found)?.goesOn !== true) break
    }
    if (ours.state !== theirs.state || ours.position !== theirs.position) break
    state = ours.state
  }
  return { compared, answers, differences }
}

/** Where only that differs. */
const withTold = ({ answer, state, told }: Track): Observation => ({
  answer,
  state: `${state}, ${told === '' ? 'nothing told' : told}`,
})
