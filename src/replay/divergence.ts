/** Where a replay stops being what was recorded, in words. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { eventHash } from '../stack/told-events.ts'
import { signalNames } from '../tcp/signals.ts'
import { counted } from '../trace/counted.ts'
import type { SegmentRecord, TraceEvent } from '../trace/events.ts'
import { tcpdumpHeaderText } from '../trace/segment-text.ts'
import { PROTOCOL_TCP } from '../wire/ip-header.ts'
import type { Draw, Entry, Input, Outcome } from './log-entries.ts'

/** The first event whose outcome is another one. */
export interface Divergence {
  /** The event's number, from 1, and its place in the log, octets. */
  readonly index: number
  readonly offset: number
  /** Microseconds on its stack's clock. */
  readonly at: number
  readonly host: string
  /** What the stack was given, or asked. */
  readonly event: string
  readonly recorded: string
  readonly came: string
}

/** What of an outcome is another; null: both are the same. */
export function difference(
  entry: Entry,
  came: Outcome,
  misdrawn: string | null,
): Pick<Divergence, 'recorded' | 'came'> | null {
  const { outcome } = entry
  if (!sameOutcome(outcome, came)) {
    const [recorded, now] = [outcomeText(entry.input, outcome), outcomeText(entry.input, came)]
    if (recorded !== now) return { recorded, came: now }
    return { recorded, came: `${now}, with other octets` }
  }
  if (misdrawn === null) return null
  return { recorded: drawsText(entry.draws), came: misdrawn }
}

/** The first event of the trace that is another; null: all are the same. */
export function toldDifference(
  { told: recorded }: Entry,
  told: readonly TraceEvent[],
): Pick<Divergence, 'recorded' | 'came'> | null {
  if (recorded === null) return null
  let same = 0
  while (same < told.length && same < recorded.length && eventHash(told[same]!) === recorded[same]) same++
  if (same === told.length && same === recorded.length) return null
  const which = `event ${same + 1} of the trace`
  return {
    recorded: same < recorded.length ? `${which}, of ${recorded.length}, is another` : `there is no ${which}`,
    came: same < told.length ? `${which}: ${eventText(told[same]!)}` : `there is no ${which}`,
  }
}

/** An event with all that it says, but where and when. */
function eventText({ at: _, host: __, connection: ___, kind, ...said }: TraceEvent): string {
  const parts = Object.entries(said).map(([name, value]) => `${name} ${valueText(value)}`)
  return `${kind}, ${parts.join(', ')}`
}

function valueText(value: unknown): string {
  return typeof value === 'object' ? tcpdumpHeaderText(value as SegmentRecord) : `${value}`
}

/** Whether both are the same, octet for octet. */
export function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.threw !== b.threw || a.numbers.length !== b.numbers.length) return false
  for (let i = 0; i < a.numbers.length; i++) if (!Object.is(a.numbers[i], b.numbers[i])) return false
  if (a.headers === null || b.headers === null) return a.headers === b.headers
  if (a.headers.length !== b.headers.length) return false
  for (let i = 0; i < a.headers.length; i++) if (a.headers[i] !== b.headers[i]) return false
  return true
}

/** An input in a few words: 'a packet: Flags [S], seq 100, win 65535', 'SEND of connection 1: 300 octets'. */
export function inputText(input: Input): string {
  switch (input.kind) {
    case 'stack':
      return `the stack ${input.made.name} is made`
    case 'packet':
      return `a packet arrives: ${packetText(input.octets, input.octets.length)}`
    case 'send':
      return `SEND of connection ${input.connection}, ${counted(input.octets.length, 'octet')}`
    case 'receive':
      return `RECEIVE of connection ${input.connection}, at most ${counted(input.length, 'octet')}`
    case 'listen':
      return `LISTEN on port ${input.options.port}`
    case 'connect':
      return `OPEN to ${input.options.remoteAddress} port ${input.options.remotePort}`
    default:
      return plainText(input)
  }
}

const WORDS: Readonly<Partial<Record<Input['kind'], string>>> = {
  timeout: 'a timeout',
  transmit: 'the poll for a packet',
  deadline: 'the poll for a deadline',
  told: 'the poll for an event',
  'free-port': 'a free port is asked for',
  'close-stack': 'the stack is closed',
  'close-listener': 'the end of',
  'listener-config': 'another configuration of',
  backlog: 'another backlog of',
  accept: 'ACCEPT at',
  open: 'OPEN',
  push: 'PUSH',
  close: 'CLOSE',
  release: 'the release',
  abort: 'ABORT',
  'acknowledge-quickly': 'the wish for quick acknowledgments',
  reconfigure: 'another configuration',
  events: 'the poll for the events',
}

function plainText(input: Input): string {
  const words = WORDS[input.kind]!
  if ('listener' in input) return `${words} listener ${input.listener}`
  return 'connection' in input ? `${words} of connection ${input.connection}` : words
}

/** What came of an input, in a few words; '' where nothing comes of it but what follows. */
export function outcomeText({ kind }: Input, { threw, numbers, headers }: Outcome): string {
  if (threw !== null) return `it throws ${threw}`
  const [first, second] = numbers as [number, number]
  switch (kind) {
    case 'transmit':
      return headers === null ? 'nothing to send' : packetText(headers, first)
    case 'deadline':
      return first === Number.POSITIVE_INFINITY ? 'none' : `${first} us`
    case 'told':
      return first % 2 === 0
        ? `connection ${first / 2} has events`
        : `listener ${(first - 1) / 2} has connections`
    case 'events':
      return signalNames(first).join(', ')
    case 'listen':
      return `listener ${first} on port ${second}`
    case 'free-port':
      return `port ${first}`
    case 'accept':
    case 'connect':
      return first === 0 ? 'no connection' : `connection ${first}`
    case 'send':
      return `${counted(first, 'octet')} taken`
    case 'receive':
      return counted(first, 'octet')
    default:
      return ''
  }
}

function drawsText(draws: readonly Draw[]): string {
  const numbers = draws.filter(({ what }) => what === 'random').length
  return `it draws ${counted(numbers, 'random number')} and ${counted(draws.length - numbers, 'sequence number')}`
}

/** @param packet at least its headers; @param length its octets. */
function packetText(packet: Uint8Array, length: number): string {
  const isV4 = packet[0]! >> 4 === 4
  const tcp = isV4 ? (packet[0]! & 15) * 4 : 40
  if (packet[isV4 ? 9 : 6] !== PROTOCOL_TCP || packet.length < tcp + 20)
    return `${counted(length, 'octet')}, not TCP`
  const words = readUint16(packet, tcp + 12)
  const segment = {
    seq: readInt32(packet, tcp + 4),
    ack: readInt32(packet, tcp + 8),
    flags: words & 0x1ff,
    window: readUint16(packet, tcp + 14),
    urgentPointer: readUint16(packet, tcp + 18),
    length: Math.max(0, length - tcp - 4 * (words >> 12)),
  }
  const ports = `port ${readUint16(packet, tcp)} > ${readUint16(packet, tcp + 2)}`
  return `${ports}: ${tcpdumpHeaderText(segment)}, length ${segment.length}`
}
