/** What a fold hides, counted and in words: "120 segments of 1460, acknowledged every 2". */

import { durationText } from '../svg/scale.ts'
import { counted } from '../trace/counted.ts'
import type { SendReason } from '../trace/reasons.ts'
import { ACK, FIN, RST, SYN } from '../wire/segment.ts'
import type { Fold } from './fold.ts'
import { isDuplicate, startsMessage } from './fold-quiet.ts'
import type { Message } from './ladder-messages.ts'
import type { Row } from './ladder-rows.ts'

export interface FoldCounts {
  readonly rows: number
  readonly messages: number
  /** By direction, 0 rightward: segments with text, their octets, the largest of them, and acknowledgments without text. */
  readonly segments: readonly [number, number]
  readonly octets: readonly [number, number]
  readonly largest: readonly [number, number]
  readonly acknowledgments: readonly [number, number]
  /** What opens, closes and breaks connections, without text. */
  readonly syns: number
  readonly fins: number
  readonly resets: number
  /** Acknowledgments that repeat the one before, because a segment is missing. */
  readonly duplicates: number
  readonly lost: number
  /** Sent again, for whatever reason. */
  readonly again: number
  readonly dropped: number
  readonly writes: number
  readonly reads: number
  /** Microseconds on the clock of the run. */
  readonly fromUs: number
  readonly toUs: number
}

const AGAIN: ReadonlySet<SendReason> = new Set<SendReason>([
  'retransmission-timeout',
  'loss-recovery',
  'fast-retransmit',
  'partial-ack',
  'fast-open-refused',
  'recovery',
  'tail-loss-probe',
  'sent-again',
])

/** Whether this message was sent before. */
export function isAgain({ reason }: Message): boolean {
  return reason !== undefined && AGAIN.has(reason)
}

export function countFold(rows: readonly Row[], { from, to }: Fold): FoldCounts {
  const counts = {
    rows: to - from,
    messages: 0,
    segments: [0, 0] as [number, number],
    octets: [0, 0] as [number, number],
    largest: [0, 0] as [number, number],
    acknowledgments: [0, 0] as [number, number],
    syns: 0,
    fins: 0,
    resets: 0,
    duplicates: 0,
    lost: 0,
    again: 0,
    dropped: 0,
    writes: 0,
    reads: 0,
    fromUs: rows[from]!.at,
    toUs: rows[to - 1]!.at,
  }
  for (let k = from; k < to; k++) {
    const row = rows[k]!
    if (row.kind === 'message' && startsMessage(row)) {
      const { message } = row
      const { length, flags } = message.segment
      counts.messages++
      counts.octets[message.from] += length
      counts.largest[message.from] = Math.max(counts.largest[message.from], length)
      if (length > 0) counts.segments[message.from]++
      else if ((flags & RST) !== 0) counts.resets++
      else if ((flags & SYN) !== 0) counts.syns++
      else if ((flags & FIN) !== 0) counts.fins++
      else if ((flags & ACK) !== 0) counts.acknowledgments[message.from]++
      if (message.fate === 'lost') counts.lost++
      if (message.drops.length > 0) counts.dropped++
      if (isAgain(message)) counts.again++
      if (isDuplicate(message)) counts.duplicates++
    } else if (row.kind === 'call' || row.kind === 'application') {
      if (/^write\([^)]*\)$/.test(row.text)) counts.writes++
      else if (/^read\((\d+\)$|.* returns\b)/.test(row.text)) counts.reads++
    }
  }
  return counts
}

/** The title of a fold: what there is most to say of it. */
export function foldTitle(fold: Fold, counts: FoldCounts): string {
  const { segments, acknowledgments, messages } = counts
  if (fold.kind === 'outside') return `${counted(messages, 'segment')} beyond the time that is shown`
  if (fold.kind === 'stretch') {
    const { syns, fins, resets } = counts
    const bare = acknowledgments[0] + acknowledgments[1]
    // What has neither text nor a flag that says what it is for is a segment, too.
    const all = messages - bare - syns - fins - resets
    const said: string[] = []
    if (all > 0) said.push(counted(all, 'segment'))
    if (bare > 0) said.push(counted(bare, 'acknowledgment'))
    if (syns > 0) said.push(counted(syns, 'SYN'))
    if (fins > 0) said.push(counted(fins, 'FIN'))
    if (resets > 0) said.push(counted(resets, 'reset'))
    if (messages === 0) said.push(counted(counts.rows, 'event'))
    if (counts.lost > 0) said.push(`${counts.lost} lost`)
    if (counts.again > 0) said.push(`${counts.again} sent again`)
    if (counts.dropped > 0) said.push(`${counts.dropped} dropped`)
    return said.join(', ')
  }
  const ways = ([0, 1] as const).filter((from) => segments[from] > 0)
  if (counts.duplicates > 0) {
    const repeated = counted(counts.duplicates, 'duplicate acknowledgment')
    return [repeated, ...ways.map((way) => segmentsText(counts, way))].join(', ')
  }
  const [from] = ways
  if (from === undefined) return counted(messages, 'acknowledgment')
  if (ways.length === 2) {
    const bare = acknowledgments[0] + acknowledgments[1]
    const said = ways.map((way) => segmentsText(counts, way))
    return [...said, ...(bare > 0 ? [counted(bare, 'acknowledgment')] : [])].join(', ')
  }
  const acks = acknowledgments[from === 0 ? 1 : 0]
  const every = acks === 0 ? 0 : Math.round(segments[from] / acks)
  const told = every === 0 ? '' : every === 1 ? ', each acknowledged' : `, acknowledged every ${every}`
  return segmentsText(counts, from) + told
}

/** The other line: how long, how much, what the applications did. */
export function foldLine(counts: FoldCounts): string {
  const { octets, fromUs, toUs, writes, reads } = counts
  const said = [durationText(toUs - fromUs)]
  for (const from of [0, 1] as const) {
    if (octets[from] > 0) said.push(`${counted(octets[from], 'octet')} ${from === 0 ? '→' : '←'}`)
  }
  if (writes > 0) said.push(counted(writes, 'write'))
  if (reads > 0) said.push(counted(reads, 'read'))
  return said.join(' · ')
}

/** How much went each way in each of `bins` equal parts of its time, the most being 1. */
export function foldDensity(rows: readonly Row[], fold: Fold, bins: number): [number[], number[]] {
  const density: [number[], number[]] = [new Array(bins).fill(0), new Array(bins).fill(0)]
  const first = rows[fold.from]!.at
  const span = Math.max(1, rows[fold.to - 1]!.at - first)
  let most = 1
  for (let k = fold.from; k < fold.to; k++) {
    const row = rows[k]!
    if (row.kind !== 'message' || !startsMessage(row)) continue
    const bin = Math.min(bins - 1, Math.floor(((row.at - first) / span) * bins))
    // An acknowledgment without text is something, too.
    const sum = (density[row.message.from][bin]! += Math.max(40, row.message.segment.length))
    most = Math.max(most, sum)
  }
  return [density[0].map((value) => value / most), density[1].map((value) => value / most)]
}

function segmentsText({ segments, largest, octets }: FoldCounts, from: 0 | 1): string {
  const same = octets[from] === segments[from] * largest[from]
  const size = segments[from] === 0 ? '' : ` of ${same ? '' : 'up to '}${largest[from]}`
  return `${counted(segments[from], 'segment')}${size} ${from === 0 ? '→' : '←'}`
}
