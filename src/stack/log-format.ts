/**
 * The log of a stack's inputs as octets: what elko/replay reads back. Numbers are varints, texts are ASCII.
 *
 *     elko-log 2 VERSION\n                    which Elko wrote it
 *     record ...
 *
 * A record is an octet of log-records.ts and what belongs to it. An input is written in two parts: the input itself before the stack
 * has it, so that a log tells what a stack that never came back was given last, and behind that what came of it, which is
 * DONE or THREW, and a hash of each event that the stack told. Between the two stand the numbers that the stack drew meanwhile. A
 * log that was ended in order says so with a hash of its own: the octets are those that were written.
 */

import { PROTOCOL_TCP } from '../wire/ip-header.ts'

export const LOG_VERSION = 2
/** Of this Elko, as package.json has it: a log says who wrote it. */
export const ELKO_VERSION = '0.1.0'
export const LOG_MAGIC = 'elko-log '

/** What of a sent packet a log has in full: its headers. The rest is a hash, as SEND has the octets. */
export function headerOctets(packet: Uint8Array, length: number): number {
  const isV4 = packet[0]! >> 4 === 4
  const ip = isV4 ? (packet[0]! & 15) * 4 : 40
  const isTcp = packet[isV4 ? 9 : 6] === PROTOCOL_TCP
  return Math.min(length, ip + (isTcp ? 4 * (packet[ip + 12]! >> 4) : 8))
}

/** FNV-1a's prime and offset basis. */
export const PRIME = 0x01000193
export const BASIS = 0x811c9dc5 | 0

/** A hash of octets, int32: FNV-1a over words of four, so that one costs a quarter of a nanosecond. Tells mistakes, no foes. */
export function hashOctets(octets: Uint8Array, from: number, to: number): number {
  let hash = BASIS ^ (to - from)
  let at = from
  for (; at + 4 <= to; at += 4) {
    const word = octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24)
    hash = Math.imul(hash ^ word, PRIME)
    hash ^= hash >>> 15
  }
  for (; at < to; at++) hash = Math.imul(hash ^ octets[at]!, PRIME)
  return hash
}

/** FNV-1a of octets that come in pieces, whatever these are: any octet that changes makes it another. */
export class RunningHash {
  /** Of all so far, int32. */
  value = BASIS

  add(octets: Uint8Array, from: number, to: number): void {
    let hash = this.value
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ octets[at]!, PRIME)
    this.value = hash
  }
}
