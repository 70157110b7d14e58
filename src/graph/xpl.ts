/** Graphs for xplot, one direction a file, as tcptrace makes them with -S, -T, -R and -N. */

import { ACK, CWR, FIN, PSH, SYN, URG } from '../wire/segment.ts'
import type { GraphType } from './graph-svg.ts'
import { type RecoverySpan, recoverySpans } from './recovery-spans.ts'
import {
  type GraphAcknowledgment,
  type GraphDirection,
  type GraphSegment,
  type GraphSeries,
  hasThreshold,
  type RoundTrip,
} from './series.ts'
import { XplFile } from './xpl-file.ts'

export interface XplOptions {
  readonly type: GraphType
  /** Whose data: 0 left, 1 right. */
  readonly side: 0 | 1
  /** By the names of hosts. */
  readonly addresses?: Readonly<Record<string, string>>
  /** The time that is 0 on the clock of the run, in microseconds since 1970. Default 0. */
  readonly epochUs?: number
}

const KINDS: Readonly<Record<GraphType, { readonly name: string; readonly label: string }>> = {
  'time-sequence': { name: 'time sequence graph', label: 'sequence number' },
  throughput: { name: 'throughput', label: 'thruput (bytes/sec)' },
  rtt: { name: 'rtt samples', label: 'rtt (ms)' },
  window: { name: 'outstanding data', label: 'Outstanding Data (bytes)' },
  congestion: { name: 'congestion window and outstanding data', label: 'Outstanding Data (bytes)' },
}

/** One direction as a file for xplot. Sequence numbers are those of the wire; behind 2^32 they go on. */
export function graphXpl(series: GraphSeries, { type, side, addresses, epochUs = 0 }: XplOptions): string {
  const direction = series.directions[side]
  const { sender, receiver, ports } = direction
  const name = (host: string, port: number): string => `${addresses?.[host] ?? host}:${Math.max(0, port)}`
  const { name: kind, label } = KINDS[type]
  const title = `${name(sender, ports.sender)}_==>_${name(receiver, ports.receiver)} (${kind})`
  const file = new XplFile(title, label, epochUs)
  if (type === 'time-sequence') sequence(file, direction, series.startUs)
  else if (type === 'throughput') throughput(file, direction, series.startUs)
  else if (type === 'rtt') roundTrips(file, direction)
  else windows(file, direction, type === 'congestion')
  return file.end()
}

function sequence(file: XplFile, direction: GraphDirection, startUs: number): void {
  file.colour('white')
  const { segments, acknowledgments, resets } = direction
  const [segmentBase, acknowledgmentBase, resetBase] = (
    ['segments', 'acknowledgments', 'resets'] as const
  ).map((list) => basesOf(direction, list)) as [BaseOf, BaseOf, BaseOf]
  let sent = 0
  const sendOne = (): void => {
    sentSegment(file, segments[sent]!, segmentBase(sent), startUs)
    sent++
  }
  let before: Levels | undefined
  for (const [k, answer] of acknowledgments.entries()) {
    while (sent < segments.length && segments[sent]!.at <= answer.at) sendOne()
    before = acknowledgment(file, before, answer, acknowledgmentBase(k))
  }
  while (sent < segments.length) sendOne()
  for (const [k, { at, number, way }] of resets.entries()) {
    file.text('atext', at, resetBase(k) + number, way === 'in' ? 'RST_IN' : 'RST_OUT', 'magenta')
  }
}

/** The number on the wire that counts as 0 for the element of an index; indices come in order. */
type BaseOf = (index: number) => number

function basesOf({ incarnations }: GraphDirection, list: 'segments' | 'acknowledgments' | 'resets'): BaseOf {
  let current = 0
  return (index) => {
    while (current + 1 < incarnations.length && incarnations[current + 1]![list] <= index) current++
    return (incarnations[current]?.base ?? 0) >>> 0
  }
}

function sentSegment(file: XplFile, segment: GraphSegment, base: number, startUs: number): void {
  const { at, length, flags, kind, again, isLate } = segment
  const first = base + segment.first
  const textEnd = first + length
  const isSyn = (flags & SYN) !== 0
  const hasFin = (flags & FIN) !== 0 && !isSyn
  if (isLate) {
    file.colour('pink')
    file.text('atext', at, textEnd, 'O')
  }
  if (again > 0 && !isSyn && !hasFin) {
    file.colour('red')
    file.text('atext', at, textEnd, 'R')
  }
  if (kind === 'probe') {
    file.colour('orange')
    file.text('btext', at, textEnd, 'P')
  }
  file.colour('white')
  if (isSyn) synSegment(file, segment, base, startUs)
  else if (hasFin) finSegment(file, segment, first)
  else {
    if (again > 0) file.colour('red')
    file.sign('darrow', at, first)
    if ((flags & PSH) !== 0 && length > 0) {
      file.sign('diamond', at, textEnd, 'white')
      file.sign('dot', at, textEnd, 'white')
    } else file.sign('uarrow', at, textEnd)
    if (length > 0) file.line(at, first, at, textEnd)
  }
  if ((flags & CWR) !== 0) {
    file.colour('yellow')
    file.sign('diamond', at, first)
    file.text('atext', at, first, 'CWR')
  }
  if ((flags & URG) !== 0 && length > 0) {
    file.colour('red')
    file.text('atext', at, textEnd, 'U')
  }
}

function synSegment(
  file: XplFile,
  { at, again, first, flags }: GraphSegment,
  base: number,
  startUs: number,
): void {
  const number = base + first
  // Both directions begin at the same time, so that two plots beside each other agree.
  if ((flags & ACK) !== 0) file.sign('dot', startUs, number, 'green')
  file.colour(again > 0 ? 'red' : 'orange')
  file.sign('diamond', at, number)
  file.text('atext', at, number + 1, again > 0 ? 'R SYN' : 'SYN')
  file.sign('uarrow', at, number + 1)
  file.line(at, number, at, number + 1)
}

function finSegment(file: XplFile, { at, length, again }: GraphSegment, first: number): void {
  const textEnd = first + length
  if (length > 0) {
    file.sign('darrow', at, first)
    file.line(at, first, at, textEnd)
  }
  file.colour(again > 0 ? 'red' : 'orange')
  if (length === 0) file.sign('darrow', at, textEnd)
  file.line(at, textEnd, at, textEnd + 1)
  file.sign('box', at, textEnd + 1)
  file.text('atext', at, textEnd + 1, again > 0 ? 'R FIN' : 'FIN')
}

/** What was acknowledged and allowed, in numbers of the wire. */
interface Levels {
  readonly at: number
  readonly number: number
  readonly edge: number
}

function acknowledgment(
  file: XplFile,
  before: Levels | undefined,
  { at, ack, window, duplicate, blocks, isEcho }: GraphAcknowledgment,
  base: number,
): Levels {
  const number = base + ack
  const edge = number + window
  if (window === 0) file.text('atext', at, edge, 'Z', 'magenta')
  if (before !== undefined) {
    file.colour('green')
    file.line(before.at, before.number, at, before.number)
    if (before.number !== number) file.line(at, before.number, at, number)
    else {
      file.sign('dtick', at, number)
      if (duplicate === 3) file.text('atext', at, number, '3')
    }
    if (isEcho) file.sign('diamond', at, number, 'yellow')
    file.colour('yellow')
    file.line(before.at, before.edge, at, before.edge)
    if (before.edge !== edge) file.line(at, before.edge, at, edge)
    else file.sign('utick', at, edge)
  }
  if (blocks.length > 0) sackBlocks(file, at, blocks, base)
  return { at, number, edge }
}

function sackBlocks(file: XplFile, at: number, blocks: GraphAcknowledgment['blocks'], base: number): void {
  file.colour('purple')
  for (const [k, { first, end }] of blocks.entries()) {
    file.line(at, base + first, at, base + end)
    file.sign('htick', at, base + first)
    file.sign('htick', at, base + end)
    if (blocks.length > 1) file.text('rtext', at, base + end, String(k + 1))
  }
  file.text('atext', at, base + Math.max(...blocks.map(({ end }) => end)), 'S')
}

/** Segments of an average: tcptrace's usual -A. */
const AVERAGED = 10

/** Yellow: each segment over the time since the one before. Red: over ten segments. Blue: since the connection began. */
function throughput(file: XplFile, { segments }: GraphDirection, startUs: number): void {
  if (segments.length === 0) return
  const rate = (octets: number, us: number): number => Math.trunc(octets / ((us === 0 ? 1000 : us) / 1e6))
  let intervalAt = segments[0]!.at
  let lastAt = segments[0]!.at
  let inInterval = segments[0]!.length
  let total = inInterval
  let count = 1
  let averages: { at: number; mean: number; long: number } | undefined
  for (const { at, length } of segments.slice(1)) {
    total += length
    if (length === 0) continue
    if (count + 1 >= AVERAGED) {
      const now = { at, mean: rate(inInterval, at - intervalAt), long: rate(total, at - startUs) }
      file.colour('red')
      file.sign('dot', at, now.mean)
      if (averages !== undefined) file.line(at, now.mean, averages.at, averages.mean)
      file.colour('blue')
      file.sign('dot', at, now.long)
      if (averages !== undefined) file.line(at, now.long, averages.at, averages.long)
      averages = now
      intervalAt = at
      count = 0
      inInterval = 0
    }
    file.sign('dot', at, rate(length, at - lastAt), 'yellow')
    lastAt = at
    count++
    inInterval += length
  }
}

function roundTrips(file: XplFile, direction: GraphDirection): void {
  let before: RoundTrip | undefined
  for (const sample of direction.roundTrips) {
    const { at, us, by } = sample
    if (by !== 'acknowledgment' || us <= 1) continue
    file.colour('red')
    file.sign('dot', at, us / 1000)
    if (before !== undefined) file.line(at, us / 1000, before.at, before.us / 1000)
    before = sample
  }
  steps(file, 'srtt', 'blue', direction.recovery, ({ srttUs }) => srttUs / 1000)
}

/** Octets in flight, what the receiver offers, and for `congestion` what congestion control allows. */
function windows(file: XplFile, direction: GraphDirection, hasControl: boolean): void {
  steps(file, 'owin', 'red', direction.flight, ({ octets }) => octets)
  steps(file, 'rwin', 'yellow', direction.acknowledgments, ({ window }) => window)
  if (!hasControl) return
  steps(file, 'cwnd', 'green', direction.recovery, ({ cwnd }) => cwnd)
  const limited = direction.recovery.filter(hasThreshold)
  steps(file, 'ssthresh', 'purple', limited, ({ ssthresh }) => ssthresh)
  const lastUs = Math.max(direction.segments.at(-1)?.at ?? 0, direction.acknowledgments.at(-1)?.at ?? 0)
  for (const span of recoverySpans(direction)) phase(file, span, lastUs)
}

/** Along the ground; with a question mark where it is inferred. */
function phase(file: XplFile, { fromUs, toUs, phase: name, isInferred }: RecoverySpan, lastUs: number): void {
  const isFast = name === 'fast-recovery'
  const letters = isFast ? 'FR' : 'LR'
  file.colour(isFast ? 'orange' : 'red')
  file.text('atext', fromUs, 0, isInferred ? `${letters}?` : letters)
  file.line(fromUs, 0, toUs ?? Math.max(fromUs, lastUs), 0)
}

/** A value that holds until the next one, with its name at its first point. */
function steps<T extends { readonly at: number }>(
  file: XplFile,
  name: string,
  colour: 'red' | 'yellow' | 'green' | 'purple' | 'blue',
  list: readonly T[],
  value: (one: T) => number,
): void {
  const first = list[0]
  if (first === undefined) return
  file.text('ltext', first.at, value(first), name, colour)
  file.colour(colour)
  let before = first
  for (const one of list) {
    if (one !== first) {
      file.line(before.at, value(before), one.at, value(before))
      if (value(one) !== value(before)) file.line(one.at, value(before), one.at, value(one))
    }
    before = one
  }
}
