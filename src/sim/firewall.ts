/** A box that keeps packets from passing: silently, with a reset, or with a word by ICMP (RFC 2979, RFC 1812 5.2.7.1). */

import { ICMP4_CODE_ADMINISTRATIVE, ICMP6_CODE_ADMINISTRATIVE } from '../wire/icmp.ts'
import { ACK, type Segment, SYN } from '../wire/segment.ts'
import type { Direction, Middlebox, Transit } from './middlebox.ts'
import { instead, refusal } from './resets.ts'
import { unreachableAnswer } from './unreachable.ts'

/**
 * `drop`: nobody hears of it. `reject`: the sender gets a reset, as from a host where nobody listens. `prohibit`: it gets
 * ICMP 'administratively prohibited'. `reset`: both sides get one, each from the other, and the packet is gone.
 */
export type FirewallAction = 'drop' | 'reject' | 'prohibit' | 'reset'

export interface FirewallRule {
  readonly action: FirewallAction
  /** Default: both. */
  readonly direction?: Direction
  /** A port of either end; without it all packets, those that are not TCP's included. */
  readonly port?: number
  /** 'syn': those that open a connection. Default: all. */
  readonly only?: 'syn' | 'data'
  /** How often it holds, default for ever. */
  readonly times?: number
}

/** A rule as it stands in a firewall. */
export interface StandingRule {
  readonly rule: FirewallRule
  /** How often it will still hold. */
  left: number
}

export class Firewall implements Middlebox {
  readonly name = 'firewall'
  readonly #rules: StandingRule[] = []

  get isEmpty(): boolean {
    return this.#rules.length === 0
  }

  /** The first rule that fits decides. */
  add(rule: FirewallRule): StandingRule {
    const standing = { rule, left: rule.times ?? Number.POSITIVE_INFINITY }
    this.#rules.push(standing)
    return standing
  }

  remove(standing: StandingRule): void {
    const place = this.#rules.indexOf(standing)
    if (place >= 0) this.#rules.splice(place, 1)
  }

  handlePacket(transit: Transit): boolean {
    for (const standing of this.#rules) {
      if (standing.left <= 0 || !fits(standing.rule, transit)) continue
      standing.left--
      enforce(standing.rule.action, transit)
      return false
    }
    return true
  }
}

function fits({ direction, port, only }: FirewallRule, transit: Transit): boolean {
  if (direction !== undefined && direction !== transit.direction) return false
  if (port === undefined && only === undefined) return true
  if (!transit.isTcp) return false
  const { srcPort, dstPort } = transit.segment
  return (port === undefined || port === srcPort || port === dstPort) && isOnly(only, transit.segment)
}

function isOnly(only: FirewallRule['only'], { flags, textLength }: Segment): boolean {
  if (only === 'syn') return (flags & (SYN | ACK)) === SYN
  return only === undefined || textLength > 0
}

function enforce(action: FirewallAction, transit: Transit): void {
  if (action === 'drop') return
  if (action === 'prohibit') {
    const message = unreachableAnswer(transit.bytes.subarray(0, transit.length), PROHIBITED)
    if (message !== null) transit.answers.push(message)
  } else if (transit.isTcp) {
    transit.answers.push(refusal(transit))
    if (action === 'reset') transit.onwards.push(instead(transit))
  }
}

const PROHIBITED = { v4: ICMP4_CODE_ADMINISTRATIVE, v6: ICMP6_CODE_ADMINISTRATIVE } as const
