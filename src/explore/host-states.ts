/**
 * One side's states, numbered, and what each input makes of each: computed once, by the shipped code itself.
 *
 * A connection follows from its inputs (tcp/connection.ts), so the same state and the same input need not be played
 * twice. That is what makes an exploration fast: the two sides and the network meet in many more ways than each side
 * alone has states.
 */

import { Clock } from '../tcp/clock.ts'
import type { State } from '../tcp/state.ts'
import type { TraceEvent } from '../trace/events.ts'
import type { Trace } from '../trace/recorder.ts'
import { type Channels, EMPTY } from './channel.ts'
import { forget } from './forget.ts'
import { Application, type Call, Host, TIMEOUT } from './host.ts'
import type { Packets } from './packets.ts'
import { longer, Pairs } from './pairs.ts'
import type { SidePlan } from './plan.ts'
import { NOW, Snapshot, Values } from './snapshot.ts'

/** Inputs as numbers: calls are 0 to 15, packets follow, time is below zero. */
const FIRST_PACKET = 16
const FIRST_STATES = 1 << 10
/** No deadline. */
export const NEVER_MS = 0x7fffffff

/** What is known of a state, for checks and for choosing the next input. */
export interface Facts {
  readonly application: Application
  /** Calls that the application would make, as bits. */
  readonly wants: number
  /** Until the next deadline, in whole milliseconds. */
  readonly deadlineMs: number
  /** CLOSED after it was open. */
  readonly ended: boolean
  readonly state: State
  readonly reason: string | null
}

export interface HostStatesOptions {
  readonly plan: SidePlan
  readonly which: 0 | 1
  readonly sendsLater: boolean
  readonly packets: Packets
  readonly channels: Channels
  /** Told of each transition taken: 'FROM TO cause'. */
  readonly onTransition: (transition: string) => void
}

/** Where a state comes from when an input breaks a rule. */
export const BROKEN = -1

export class HostStates {
  readonly facts: Facts[] = []
  /** The state before anything happened. */
  readonly first: number
  readonly #host: Host
  readonly #snapshot: Snapshot
  readonly #clock = new Clock()
  readonly #packets: Packets
  readonly #saved = new Values()
  /** State i is #arena[#starts[i]] up to #arena[#starts[i + 1]]. */
  #arena = new Float64Array(1 << 16)
  #starts = new Int32Array(FIRST_STATES)
  #slots = new Int32Array(FIRST_STATES * 2).fill(BROKEN)
  readonly #steps = new Pairs()
  #next = new Int32Array(FIRST_STATES)
  #out = new Int32Array(FIRST_STATES)
  readonly #problems = new Map<number, string>()
  #sent = EMPTY
  /** The packets that the last `step` sent, oldest first; and what was wrong with it, or null. */
  sent = EMPTY
  problem: string | null = null

  constructor(options: HostStatesOptions) {
    const { plan, which, sendsLater, packets, channels } = options
    this.#packets = packets
    this.#clock.now = NOW
    this.#host = new Host({
      plan,
      which,
      sendsLater,
      clock: this.#clock,
      trace: new TransitionTrace(options.onTransition),
      carry: (packet) => {
        this.#sent = channels.append(this.#sent, packets.numberOf(packet))
      },
    })
    this.#snapshot = new Snapshot(this.#host.connection.tcb)
    this.first = this.#save()
  }

  get size(): number {
    return this.facts.length
  }

  /** Inputs played by the connection itself. */
  get played(): number {
    return this.#steps.size
  }

  /** The state after a call. */
  call(state: number, call: Call): number {
    return this.#step(state, call)
  }

  /** The state after a packet arrived. */
  arrive(state: number, packet: number): number {
    return this.#step(state, FIRST_PACKET + packet)
  }

  /** The state `ms` milliseconds later, with what expired by then. */
  wait(state: number, ms: number): number {
    return this.#step(state, -1 - ms)
  }

  #step(state: number, input: number): number {
    const before = this.#steps.size
    const step = this.#steps.intern(state, input)
    if (step === before) {
      if (step === this.#next.length) {
        this.#next = longer(this.#next)
        this.#out = longer(this.#out)
      }
      this.#play(step, state, input)
    }
    const next = this.#next[step]!
    this.sent = this.#out[step]!
    this.problem = next === BROKEN ? this.#problems.get(step)! : null
    return next
  }

  #play(step: number, state: number, input: number): void {
    this.#sent = EMPTY
    this.#restore(state)
    const problem = this.#happens(input)
    if (problem !== null) this.#problems.set(step, problem)
    this.#next[step] = problem === null ? this.#save() : BROKEN
    this.#out[step] = this.#sent
  }

  #happens(input: number): string | null {
    const host = this.#host
    if (input >= FIRST_PACKET) return host.happens(this.#packets.octets(input - FIRST_PACKET))
    if (input >= 0) return host.happens(input as Call)
    const ms = -1 - input
    this.#snapshot.age(ms * 1000)
    if (host.connection.tcb.config.timestamps) host.agedMs += ms
    return host.connection.pollTimeout() <= NOW ? host.happens(TIMEOUT) : null
  }

  #restore(state: number): void {
    const saved = this.#saved
    const start = this.#starts[state]!
    saved.length = this.#starts[state + 1]! - start
    for (let i = 0; i < saved.length; i++) saved.numbers[i] = this.#arena[start + i]!
    saved.rewind()
    this.#snapshot.restore(saved)
    const { application } = this.#host
    for (const name of APPLICATION) application[name] = saved.next()
    this.#host.agedMs = saved.next()
  }

  /** The number of the state that the host is in now. */
  #save(): number {
    forget(this.#host.connection.tcb)
    const saved = this.#saved
    saved.length = 0
    this.#snapshot.save(saved)
    for (const name of APPLICATION) saved.push(this.#host.application[name])
    saved.push(this.#host.agedMs)
    return this.#intern()
  }

  #intern(): number {
    const { numbers, length } = this.#saved
    const mask = this.#slots.length - 1
    let slot = hashOf(this.#saved) & mask
    for (let id = this.#slots[slot]!; id !== BROKEN; id = this.#slots[slot]!) {
      if (this.#isSaved(id)) return id
      slot = (slot + 1) & mask
    }
    const id = this.facts.length
    const start = this.#starts[id]!
    while (start + length > this.#arena.length) {
      const twice = new Float64Array(this.#arena.length * 2)
      twice.set(this.#arena)
      this.#arena = twice
    }
    for (let i = 0; i < length; i++) this.#arena[start + i] = numbers[i]!
    if (id + 1 === this.#starts.length) this.#starts = longer(this.#starts)
    this.#starts[id + 1] = start + length
    this.#slots[slot] = id
    this.facts.push(this.#factsNow())
    if (2 * this.facts.length >= this.#slots.length) this.#rehash()
    return id
  }

  #isSaved(id: number): boolean {
    const { numbers, length } = this.#saved
    const start = this.#starts[id]!
    if (this.#starts[id + 1]! - start !== length) return false
    for (let i = 0; i < length; i++) if (this.#arena[start + i] !== numbers[i]) return false
    return true
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(BROKEN)
    const saved = this.#saved
    for (let id = 0; id < this.facts.length; id++) {
      const start = this.#starts[id]!
      saved.length = this.#starts[id + 1]! - start
      for (let i = 0; i < saved.length; i++) saved.numbers[i] = this.#arena[start + i]!
      let slot = hashOf(saved) & (slots.length - 1)
      while (slots[slot] !== BROKEN) slot = (slot + 1) & (slots.length - 1)
      slots[slot] = id
    }
    this.#slots = slots
  }

  #factsNow(): Facts {
    const host = this.#host
    const { connection } = host
    let wants = 0
    for (let call = 0; call < TIMEOUT; call++) if (host.wants(call as Call)) wants |= 1 << call
    const deadline = connection.pollTimeout()
    return {
      application: Object.assign(new Application(), host.application),
      wants,
      // Late by less than a millisecond, as every host's timers are.
      deadlineMs: deadline === Infinity ? NEVER_MS : Math.max(0, Math.ceil((deadline - NOW) / 1000)),
      ended: host.ended,
      state: connection.state,
      reason: connection.closeReason,
    }
  }
}

const APPLICATION = Object.keys(new Application()) as (keyof Application)[]

const word = new Float64Array(1)
const halves = new Int32Array(word.buffer)

function hashOf({ numbers, length }: Values): number {
  let h = length
  for (let i = 0; i < length; i++) {
    word[0] = numbers[i]! + 0
    h = Math.imul(h ^ halves[0]!, 0x9e3779b1)
    h = Math.imul(h ^ (h >>> 15) ^ halves[1]!, 0x85ebca6b)
  }
  return h ^ (h >>> 13)
}

/** Listens for state changes and keeps nothing. */
class TransitionTrace implements Trace {
  packet = 0
  readonly #onTransition: (transition: string) => void

  constructor(onTransition: (transition: string) => void) {
    this.#onTransition = onTransition
  }

  add(event: TraceEvent): void {
    if (event.kind === 'state') this.#onTransition(`${event.from} ${event.to} ${event.cause}`)
  }
}
