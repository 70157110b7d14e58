/**
 * Both sides and what is under way between them, as one number; what may happen next; and what must hold of it.
 */

import { LISTEN } from '../tcp/state.ts'
import { Channels, EMPTY } from './channel.ts'
import { type Call, OPEN, TIMEOUT } from './host.ts'
import { BROKEN, type Facts, HostStates, NEVER_MS } from './host-states.ts'
import { Packets } from './packets.ts'
import { Pairs } from './pairs.ts'
import type { Scenario } from './plan.ts'

/** What happens: the kind in bits 0 to 2, the side that it happens to in bit 3, which packet or call above. */
export const DELIVER = 0
export const LOSE = 1
/** A packet arrives and a copy of it stays under way. */
export const COPY = 2
export const CALL = 3
/** The earliest deadline of both sides is reached. */
export const EXPIRE = 4

export function actionOf(kind: number, side: number, which: number): number {
  return kind | (side << 3) | (which << 4)
}

export function kindOf(action: number): number {
  return action & 7
}

export function sideOf(action: number): 0 | 1 {
  return ((action >> 3) & 1) as 0 | 1
}

/** The place of a packet in its channel, or the call. */
export function whichOf(action: number): number {
  return action >> 4
}

export class Worlds {
  readonly first: number
  readonly sides: readonly [HostStates, HostStates]
  readonly packets = new Packets()
  readonly channels = new Channels()
  /** How often each transition was taken, by 'FROM TO cause'. */
  readonly transitions = new Map<string, number>()
  /** What was wrong with the last `apply` that returned BROKEN. */
  problem = ''
  readonly #scenario: Scenario
  readonly #isBag: boolean
  readonly #hosts = new Pairs()
  readonly #networks = new Pairs()
  readonly #worlds = new Pairs()
  /** The channels to side 0 and to side 1, and the hosts, of the world being changed. */
  readonly #to = [EMPTY, EMPTY]
  readonly #at = [0, 0]

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#isBag = scenario.bounds.overtakings === Infinity
    const states = (which: 0 | 1) =>
      new HostStates({
        plan: scenario.sides[which],
        which,
        sendsLater: scenario.sendsLater ?? false,
        packets: this.packets,
        channels: this.channels,
        onTransition: (name) => this.transitions.set(name, (this.transitions.get(name) ?? 0) + 1),
      })
    this.sides = [states(0), states(1)]
    this.#at[0] = this.sides[0].first
    this.#at[1] = this.sides[1].first
    // Both open before anything else happens: a SYN that nobody waits for is refused, which is another story.
    for (const which of openingOrder(scenario)) {
      if (!this.#step(which, this.sides[which].call(this.#at[which]!, OPEN))) throw new Error(this.problem)
    }
    this.first = this.#number()
  }

  /** The packets under way to a side, as a list of `channels`. */
  channelTo(world: number, side: number): number {
    const network = this.#worlds.second(world)
    return side === 0 ? this.#networks.first(network) : this.#networks.second(network)
  }

  facts(world: number, side: 0 | 1): Facts {
    return this.sides[side].facts[this.#stateOf(world, side)]!
  }

  #stateOf(world: number, side: number): number {
    const hosts = this.#worlds.first(world)
    return side === 0 ? this.#hosts.first(hosts) : this.#hosts.second(hosts)
  }

  /** Until the earliest deadline of both sides, in milliseconds; NEVER_MS for none. */
  deadlineMs(world: number): number {
    return Math.min(this.facts(world, 0).deadlineMs, this.facts(world, 1).deadlineMs)
  }

  #number(): number {
    const hosts = this.#hosts.intern(this.#at[0]!, this.#at[1]!)
    return this.#worlds.intern(hosts, this.#networks.intern(this.#to[0]!, this.#to[1]!))
  }

  /** The world after an action, or BROKEN where the shipped code broke a rule: `problem` names it. */
  apply(world: number, action: number): number {
    const kind = kindOf(action)
    const side = sideOf(action)
    for (const which of [0, 1]) {
      this.#to[which] = this.channelTo(world, which)
      this.#at[which] = this.#stateOf(world, which)
    }
    if (kind === EXPIRE) {
      const ms = this.deadlineMs(world)
      const first = this.#step(0, this.sides[0].wait(this.#at[0]!, ms))
      if (!first || !this.#step(1, this.sides[1].wait(this.#at[1]!, ms))) return BROKEN
    } else if (kind === CALL) {
      if (!this.#step(side, this.sides[side].call(this.#at[side]!, whichOf(action) as Call))) return BROKEN
    } else {
      const channel = this.#to[side]!
      if (kind !== COPY) this.#to[side] = this.channels.remove(channel, whichOf(action))
      if (kind !== LOSE) {
        const packet = this.channels.at(channel, whichOf(action))
        if (!this.#step(side, this.sides[side].arrive(this.#at[side]!, packet))) return BROKEN
      }
    }
    return this.#number()
  }

  /** Takes a side's next state in and puts what it sent under way. */
  #step(side: 0 | 1, next: number): boolean {
    const states = this.sides[side]
    if (next === BROKEN) {
      this.problem = `${'ab'[side]}: ${states.problem}`
      return false
    }
    this.#at[side] = next
    const other = 1 - side
    for (let sent = states.sent; sent !== EMPTY; sent = this.channels.rest(sent)) {
      const packet = this.channels.head(sent)
      const channel = this.#to[other]!
      this.#to[other] = this.#isBag
        ? this.channels.insert(channel, packet)
        : this.channels.append(channel, packet)
    }
    return true
  }

  /** All that may happen next, whatever the bounds say. */
  actions(world: number, out: number[]): void {
    out.length = 0
    for (const side of [0, 1] as const) {
      let previous = -1
      let place = 0
      for (let at = this.channelTo(world, side); at !== EMPTY; at = this.channels.rest(at), place++) {
        const packet = this.channels.head(at)
        // Two copies of one packet side by side: the same thing happens with either.
        if (packet !== previous) {
          out.push(actionOf(DELIVER, side, place), actionOf(LOSE, side, place), actionOf(COPY, side, place))
        }
        previous = packet
      }
      const { wants } = this.facts(world, side)
      for (let call = 0; call < TIMEOUT; call++) if ((wants >> call) & 1) out.push(actionOf(CALL, side, call))
    }
    const isPending = this.facts(world, 0).application.pending + this.facts(world, 1).application.pending > 0
    if (!isPending && this.deadlineMs(world) !== NEVER_MS) out.push(actionOf(EXPIRE, 0, 0))
  }

  /** What is wrong with the two sides together, or null. */
  broken(world: number): string | null {
    return this.#brokenTowards(world, 0) ?? this.#brokenTowards(world, 1)
  }

  /** Octets and FIN that side `to` gets from the other. */
  #brokenTowards(world: number, to: 0 | 1): string | null {
    const receiver = this.facts(world, to).application
    const sender = this.facts(world, to === 0 ? 1 : 0).application
    if (receiver.incarnation > 1 || sender.incarnation > 1) return null
    const [there, here] = to === 0 ? 'ba' : 'ab'
    if (receiver.arrived > sender.sent)
      return `${here} received ${receiver.arrived} octets, ${there} sent ${sender.sent}`
    // A probe may lie beyond a window that is closed.
    if (sender.transmitted > receiver.offered + 1 && receiver.offered > 0) {
      return `${there} sent ${sender.transmitted} octets into a window of ${receiver.offered}`
    }
    if (sender.acknowledged > receiver.arrived) {
      return `${sender.acknowledged} octets of ${there} are acknowledged, ${here} received ${receiver.arrived}`
    }
    if (receiver.finArrived === 1 && (sender.closed === 0 || receiver.arrived !== sender.sent)) {
      return `${here} takes the end of the stream for reached at ${receiver.arrived} of ${sender.sent} octets`
    }
    if (sender.finAcknowledged === 1 && receiver.finArrived === 0)
      return `the FIN of ${there} is acknowledged, ${here} has none`
    return null
  }

  /** What is wrong with a world in which nothing will ever happen, or null. */
  brokenEnd(world: number): string | null {
    const facts = [this.facts(world, 0), this.facts(world, 1)] as const
    for (const which of [0, 1] as const) {
      const waitsInVain = facts[which].state === LISTEN && facts[which === 0 ? 1 : 0].ended
      if (!facts[which].ended && !waitsInVain)
        return `${'ab'[which]} never ends: nothing will happen any more`
      if (UNANSWERED.has(facts[which].reason ?? '')) return `${'ab'[which]} gave up: ${facts[which].reason}`
    }
    if (facts.some(({ application, reason, state }) => state === LISTEN || wasCut(application, reason)))
      return null
    return this.#brokenDelivery(facts, 0) ?? this.#brokenDelivery(facts, 1)
  }

  /** Nobody aborted: each side has all that the other sent, and knows that it has. */
  #brokenDelivery(facts: readonly [Facts, Facts], to: 0 | 1): string | null {
    const receiver = facts[to]
    const sender = facts[to === 0 ? 1 : 0]
    const name = 'ab'[to]
    const plan = this.#scenario.sides[to === 0 ? 1 : 0]
    const mayCutShort = plan.closes === 'any-time'
    if (!mayCutShort && sender.application.sends !== plan.sends.length)
      return `the other side of ${name} could not send all`
    if (receiver.application.read !== sender.application.sent) {
      return `${name} read ${receiver.application.read} of ${sender.application.sent} octets`
    }
    if (receiver.application.finArrived === 0) return `${name} was not told of the end`
    if (plan.urgent !== undefined && receiver.application.urgent === 0)
      return `${name} was not told of urgent octets`
    // TIME-WAIT may be over before the other side's last acknowledgment gets through: then its FIN meets a reset.
    const isFine =
      receiver.reason === 'closed-normally' ||
      (receiver.reason === 'reset-by-peer' && sender.reason === 'closed-normally')
    return isFine ? null : `${name} ended by ${receiver.reason}`
  }
}

/** Who waits opens first. */
export function openingOrder({ sides }: Scenario): readonly (0 | 1)[] {
  return sides[1].opens === 'passive' ? [1, 0] : [0, 1]
}

/** Ends that say that nobody answered, where everything was answered. */
const UNANSWERED: ReadonlySet<string> = new Set([
  'retransmission-limit',
  'connect-timeout',
  'user-timeout',
  'keep-alive-timeout',
])
/** Ends by which one side gave up what the other may still have to say. */
const CUTS: ReadonlySet<string> = new Set([
  'aborted-by-user',
  'closed-by-user',
  'unread-data',
  'fin-wait-2-timeout',
])

function wasCut(application: Facts['application'], reason: string | null): boolean {
  return application.aborted === 1 || (reason !== null && CUTS.has(reason))
}
