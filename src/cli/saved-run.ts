/** What `elko sim --json` printed, read back: events with all that pictures rely on. */

import {
  type CallName,
  NETWORK_ACTIONS,
  type RecoveryEvent,
  type SegmentRecord,
  type SignalName,
  type TimerName,
  type TraceEvent,
} from '../trace/events.ts'
import { isPlainText } from '../trace/plain-text.ts'
import { CLOSE_REASONS, DROP_REASONS, SEND_REASONS } from '../trace/reasons.ts'
import { STATE_NAMES } from '../trace/states.ts'
import { InputError } from './arguments.ts'

export interface SavedRun {
  readonly name: string | null
  readonly title: string | null
  readonly lesson: string | null
  readonly events: readonly TraceEvent[]
}

/** It begins with the scenario's name; tshark's JSON does not. */
export function looksLikeRun(head: Uint8Array): boolean {
  return /^\s*\{\s*"name":/.test(new TextDecoder().decode(head))
}

/** @throws InputError naming the event that is none, and what was expected of it. */
export function savedRun(path: string, octets: Uint8Array): SavedRun {
  const text = new TextDecoder().decode(octets)
  let saved: unknown
  try {
    saved = JSON.parse(text)
  } catch (error) {
    throw new InputError(`${path}: expected JSON: ${(error as Error).message}`)
  }
  const { events, ...head } = isFields(saved) ? saved : {}
  if (!Array.isArray(events))
    throw new InputError(`${path}: expected "events", a list, as \`elko sim --json\` prints it`)
  checkFields(head, { name: optional(TEXT), title: optional(TEXT), lesson: optional(TEXT) }, path)
  const word = (name: string): string | null => (head[name] as string | undefined) ?? null
  if (events.length === 0) throw new InputError(`${path}: "events": expected at least one`)
  return {
    name: word('name'),
    title: word('title'),
    lesson: word('lesson'),
    events: events.map((event, index) => checked(event, `${path}: event ${index}`)),
  }
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a field may be. */
interface Kind {
  readonly expected: string
  readonly is: (value: unknown) => boolean
}

/** Times and windows are no larger: sums of them are exact. */
const MOST = Number.MAX_SAFE_INTEGER
const whole = (low: number, high: number): Kind => ({
  expected: `a whole number from ${low} to ${high}`,
  is: (value) => Number.isInteger(value) && (value as number) >= low && (value as number) <= high,
})
const oneOf = (words: readonly string[]): Kind => ({
  expected: `one of ${words.join(', ')}`,
  is: (value) => typeof value === 'string' && words.includes(value),
})
const optional = ({ expected, is }: Kind): Kind => ({
  expected: `${expected}, or absent`,
  is: (value) => value === undefined || is(value),
})
const COUNT = whole(0, MOST)
const PORT = whole(0, 65_535)
/** A sequence number or a time stamp, signed or not. */
const WORD = whole(-(2 ** 31), 2 ** 32 - 1)
const TEXT: Kind = { expected: 'a text without control characters', is: isPlainText }
const TIME: Kind = {
  expected: `a time in microseconds, from ${-MOST} to ${MOST}`,
  is: (value) => typeof value === 'number' && Math.abs(value) <= MOST,
}

const wordsOf = <W extends string>(words: Readonly<Record<W, true>>): readonly string[] => Object.keys(words)
const TIMERS = wordsOf<TimerName>({
  retransmission: true,
  persist: true,
  'delayed-ack': true,
  'keep-alive': true,
  'time-wait': true,
  'fin-wait-2': true,
  override: true,
})
const CALLS = wordsOf<CallName>({
  open: true,
  send: true,
  receive: true,
  close: true,
  abort: true,
  status: true,
})
const SIGNALS = wordsOf<SignalName>({
  connected: true,
  readable: true,
  writable: true,
  drained: true,
  urgent: true,
  closing: true,
  closed: true,
  'soft-error': true,
  'returned-to-listen': true,
})
const PHASES = wordsOf<RecoveryEvent['phase']>({
  'slow-start': true,
  'congestion-avoidance': true,
  'fast-recovery': true,
  'loss-recovery': true,
})

/** What each kind of event has beside time, host, connection and segment. */
const FIELDS: Readonly<Record<TraceEvent['kind'], Readonly<Record<string, Kind>>>> = {
  sent: { packet: COUNT, reason: oneOf(Object.keys(SEND_REASONS)), note: optional(TEXT) },
  received: { packet: COUNT },
  dropped: { packet: COUNT, reason: oneOf(Object.keys(DROP_REASONS)) },
  state: { from: oneOf(STATE_NAMES), to: oneOf(STATE_NAMES), cause: TEXT },
  call: { call: oneOf(CALLS), octets: optional(COUNT), detail: optional(TEXT) },
  signal: { signal: oneOf(SIGNALS), reason: optional(oneOf(Object.keys(CLOSE_REASONS))) },
  timer: {
    timer: oneOf(TIMERS),
    action: oneOf(['started', 'stopped', 'expired']),
    inUs: optional(TIME),
  },
  recovery: { phase: oneOf(PHASES), cwnd: COUNT, ssthresh: COUNT, flight: COUNT, rtoUs: TIME, srttUs: TIME },
  network: { action: oneOf(NETWORK_ACTIONS), packet: COUNT, copy: optional(COUNT) },
  application: { text: TEXT },
  remark: { text: TEXT },
  heading: { text: TEXT },
}
const SHARED = { at: TIME, host: TEXT, connection: COUNT }
const SEGMENT = {
  srcPort: PORT,
  dstPort: PORT,
  seq: WORD,
  ack: WORD,
  flags: whole(0, 0xfff),
  window: PORT,
  scaledWindow: whole(0, 2 ** 30),
  urgentPointer: PORT,
  length: PORT,
  mss: optional(PORT),
  windowScale: optional(whole(0, 255)),
  sackPermitted: optional({ expected: 'true or false', is: (value) => typeof value === 'boolean' }),
}

/** An event as it was before JSON, in which sequence numbers are unsigned. */
function checked(event: unknown, place: string): TraceEvent {
  if (!isFields(event)) throw new InputError(`${place}: expected an object`)
  const { kind, segment } = event
  if (!isKind(kind))
    throw new InputError(`${place}: expected "kind" to be one of ${Object.keys(FIELDS).join(', ')}`)
  checkFields(event, { ...SHARED, ...FIELDS[kind] }, place)
  if (kind !== 'sent' && kind !== 'received') return event as unknown as TraceEvent
  return { ...event, segment: checkedSegment(segment, `${place}: segment`) } as unknown as TraceEvent
}

function checkedSegment(segment: unknown, place: string): SegmentRecord {
  const fields = checkFields(segment, SEGMENT, place)
  const { seq, ack, timestamps, sack } = fields as unknown as SegmentRecord
  const read = { ...fields, seq: seq | 0, ack: ack | 0 } as unknown as SegmentRecord
  if (sack !== undefined && !Array.isArray(sack))
    throw new InputError(`${place}: expected "sack" to be a list, or absent`)
  return {
    ...read,
    ...(timestamps !== undefined && {
      timestamps: numbersOf(timestamps, ['val', 'ecr'], `${place}: timestamps`),
    }),
    ...(sack !== undefined && {
      sack: sack.map((block, k) => numbersOf(block, ['left', 'right'], `${place}: sack block ${k}`)),
    }),
  }
}

/** 32-bit numbers of these names, int32. */
function numbersOf<N extends string>(value: unknown, names: readonly N[], place: string): Record<N, number> {
  const fields = checkFields(value, Object.fromEntries(names.map((name) => [name, WORD])), place)
  return Object.fromEntries(names.map((name) => [name, (fields[name] as number) | 0])) as Record<N, number>
}

const isKind = (kind: unknown): kind is TraceEvent['kind'] =>
  typeof kind === 'string' && Object.hasOwn(FIELDS, kind)

/** @throws InputError naming the first field that is not what it should be. */
function checkFields(value: unknown, kinds: Readonly<Record<string, Kind>>, place: string): Fields {
  if (!isFields(value)) throw new InputError(`${place}: expected an object`)
  for (const [name, { expected, is }] of Object.entries(kinds)) {
    if (!is(value[name])) throw new InputError(`${place}: expected "${name}" to be ${expected}`)
  }
  return value
}
