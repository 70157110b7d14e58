/** Which packets of one direction the network loses, holds back or doubles: by what they are, not by chance. */

import { decodeIp } from '../wire/ip.ts'
import { IpHeader } from '../wire/ip-header.ts'
import { ACK, FIN, RST, Segment, SYN } from '../wire/segment.ts'
import { decodeTcp } from '../wire/tcp.ts'
import type { PacketFate } from './impairments.ts'

export type Hit = PacketFate | null

/** A segment as a rule sees it; borrowed for the call. */
export type Matcher = (segment: Segment) => boolean

export const hasText: Matcher = (segment) => segment.textLength > 0
export const isSyn: Matcher = (segment) => (segment.flags & SYN) !== 0
export const isFin: Matcher = (segment) => (segment.flags & FIN) !== 0
export const isAny: Matcher = () => true
/** Nothing but an acknowledgment. */
export const isPureAck: Matcher = (segment) =>
  segment.textLength === 0 && (segment.flags & (SYN | FIN | RST | ACK)) === ACK

interface Rule {
  readonly fate: PacketFate
  readonly matches: Matcher
  readonly told: ((packet: Uint8Array) => void) | undefined
  left: number
}

export class PathRules {
  readonly #rules: Rule[] = []
  readonly #ip = new IpHeader()
  readonly #segment = new Segment()

  /** From now on, the next `times` segments that match meet this fate; `told` gets a copy of each packet. */
  next(fate: PacketFate, matches: Matcher, times = 1, told?: (packet: Uint8Array) => void): void {
    this.#rules.push({ fate, matches, told, left: times })
  }

  /** Nothing gets through any more. */
  cut(): void {
    this.next('lose', isAny, Number.POSITIVE_INFINITY)
  }

  /** No rule holds any more. */
  mend(): void {
    this.#rules.length = 0
  }

  decide(bytes: Uint8Array, offset: number, length: number): Hit {
    if (this.#rules.length === 0) return null
    if (decodeIp(bytes, offset, length, this.#ip, false) !== 'ok') return null
    if (decodeTcp(bytes, this.#ip, this.#segment, false) !== 'ok') return null
    for (const rule of this.#rules) {
      if (rule.left <= 0 || !rule.matches(this.#segment)) continue
      rule.left--
      rule.told?.(bytes.slice(offset, offset + length))
      return rule.fate
    }
    return null
  }
}
