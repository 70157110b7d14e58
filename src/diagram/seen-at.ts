/**
 * Where a capture was made, as its packets and their times tell. A capture of one place has each segment once, in the moment in which it
 * passed there: what the end beyond that place did, and when, is inferred, and pictures have to say so.
 */

import { durationText } from '../svg/scale.ts'
import type { LadderPair } from '../trace/connections.ts'
import type { Vantage } from '../trace/events.ts'
import { ACK, FIN, SYN } from '../wire/segment.ts'
import { seqDiff } from '../wire/seq.ts'
import { printable } from './canvas.ts'
import type { Message } from './ladder-messages.ts'
import type { Ends } from './ladder-rows.ts'

/** At the left end, at the right one, at both as they are one host, or somewhere on the way. */
export type SeenAt = 'left' | 'right' | 'both' | 'between'

/** The place of a capture, and how that is known. */
export interface Sight {
  readonly at: SeenAt
  /** "at" the host itself, or perhaps only "near" it. */
  readonly isNear: boolean
  /** As the half of a sentence; null: nothing tells where it was. */
  readonly because: string | null
}

/** An end is near if it answers so many times faster than the other one, */
const NEAR = 3
/** and as fast as a host does, microseconds; */
const AT_ONCE = 2000
/** and if there is a way to the other one: on one network a busy host takes as long as the packets, microseconds. */
const TELLING = 500

/** @returns null where both ends were recorded: in a run, or in two captures. */
export function sightOf(messages: readonly Message[], pair: LadderPair): Sight | null {
  if (messages.length === 0 || !messages.every(passesOnePlace)) return null
  const told = messages.find(({ vantage }) => vantage !== undefined)?.vantage
  const byPackets = told === undefined ? null : sightTold(told, pair)
  if (byPackets !== null && byPackets.at !== 'between') return byPackets
  return sightByTimes(messages, pair) ?? byPackets ?? { at: 'between', isNear: false, because: null }
}

function sightTold({ at, isNear, because }: Vantage, { left, right }: LadderPair): Sight {
  const [isLeft, isRight] = [at.includes(left.host), at.includes(right.host)]
  const place = isLeft && isRight ? 'both' : isLeft ? 'left' : isRight ? 'right' : 'between'
  return { at: place, isNear, because }
}

function sightByTimes(messages: readonly Message[], { left, right }: LadderPair): Sight | null {
  const us = fastestAnswers(messages)
  if (us[0] === null || us[1] === null) return null
  const at = us[0] < us[1] ? 'left' : 'right'
  const [near, far] = at === 'left' ? [left, right] : [right, left]
  const [soon, late] = at === 'left' ? [us[0], us[1]] : [us[1], us[0]]
  if (late <= soon * NEAR || late < TELLING || soon > AT_ONCE) return null
  const [own, other] = [printable(near.host), printable(far.host)]
  const because = `the ${own} answers within ${durationText(soon)}, the ${other} within ${durationText(late)}`
  return { at, isNear: true, because }
}

/** Whether all that is known of an end follows from what passed elsewhere. */
export function isInferred(place: SeenAt | null, side: 0 | 1): boolean {
  return place !== null && place !== 'both' && place !== (side === 0 ? 'left' : 'right')
}

/** What of an arrow was seen, from its start (0) to its end (1). */
export function seenPart(place: SeenAt, from: 0 | 1): readonly [from: number, to: number] {
  if (place === 'both') return [0, 1]
  if (place === 'between') return [0.25, 0.75]
  return isInferred(place, from) ? [0.5, 1] : [0, 0.5]
}

/**
 * For a legend: "captured near the client: what the server did, and when, is inferred", and how that is known: "the client
 * answers within 20 us, the server within 40 ms".
 */
export function seenLines(sight: Sight, { left, right }: LadderPair): string[] {
  const { at, isNear, because } = sight
  if (at === 'both') return [`captured where both ends are: ${because}`]
  if (because === null)
    return ['captured in one place, nothing tells where: what both ends did, and when, is inferred']
  if (at === 'between') return ['captured on the way: what both ends did, and when, is inferred', because]
  const [near, far] = at === 'left' ? [left, right] : [right, left]
  const place = `${isNear ? 'near' : 'at'} the ${printable(near.host)}`
  return [`captured ${place}: what the ${printable(far.host)} did, and when, is inferred`, because]
}

/** It left and arrived in one moment, and has the frame of a capture. */
function passesOnePlace({ sentItem, arrivedItem, sentUs, arrivedUs, note = '' }: Message): boolean {
  return sentItem >= 0 && arrivedItem >= 0 && sentUs === arrivedUs && note.startsWith('frame ')
}

interface Waiting {
  readonly end: number
  readonly at: number
  readonly isSyn: boolean
}

/**
 * The least time from a segment to its acknowledgment by the left and by the right end, microseconds; null: it tells nothing.
 * Only in a handshake both answer at once for certain: later acknowledgments may all have been delayed.
 */
function fastestAnswers(messages: readonly Message[]): Ends<number | null> {
  const fastest: Ends<number | null> = [null, null]
  const hasOpened: Ends<boolean> = [false, false]
  // What an end has not acknowledged yet; the time of what was sent twice would tell nothing.
  const waiting: Ends<Waiting[]> = [[], []]
  const sent: Ends<number | null> = [null, null]
  for (const { from, segment, sentUs } of messages) {
    const { flags, seq, ack, length } = segment
    if ((flags & ACK) !== 0) {
      const asked = waiting[from]
      while (asked.length > 0 && seqDiff(ack, asked[0]!.end) >= 0) {
        const { end, at, isSyn } = asked.shift()!
        // Frames may stand in another order than that of their times.
        if (end !== ack || sentUs < at) continue
        fastest[from] = Math.min(fastest[from] ?? sentUs - at, sentUs - at)
        hasOpened[from] ||= isSyn
      }
    }
    const room = length + ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0)
    if (room === 0) continue
    const asking = waiting[from === 0 ? 1 : 0]
    const end = (seq + room) | 0
    const last = sent[from]
    const isNew = last === null || seqDiff(end, last) > 0
    if (!isNew) {
      asking.length = 0
      continue
    }
    sent[from] = end
    asking.push({ end, at: sentUs, isSyn: (flags & SYN) !== 0 })
  }
  return [hasOpened[0] ? fastest[0] : null, hasOpened[1] ? fastest[1] : null]
}
