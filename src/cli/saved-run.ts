/** What `elko sim --json` printed, read back: events with all that pictures rely on. */

import { readFileSync } from 'node:fs'
import type {
  CallName,
  NetworkEvent,
  RecoveryEvent,
  SegmentRecord,
  SignalName,
  TimerName,
  TraceEvent,
} from '../trace/events.ts'
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
export function savedRun(path: string): SavedRun {
  let saved: unknown
  try {
    saved = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}`)
  }
  const { events, ...head } = isFields(saved) ? saved : {}
  if (!Array.isArray(events))
    throw new InputError(`${path}: expected "events", a list, as \`elko sim --json\` prints it`)
  const word = (name: string): string | null => (typeof head[name] === 'string' ? head[name] : null)
  return {
    name: word('name'),
    title: word('title'),
    lesson: word('lesson'),
    events: events.map((event, index) => checked(event, `${path}: event ${index}`)),
  }
}

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** What a field is: of a type, or one of some words; `?`: or nothing at all. */
type Kind = 'number' | 'number?' | 'string' | 'string?' | readonly string[]

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
const ACTIONS = wordsOf<NetworkEvent['action']>({
  lost: true,
  duplicated: true,
  reordered: true,
  corrupted: true,
  delayed: true,
  'too-big': true,
  'queue-full': true,
  forged: true,
})

/** What each kind of event has beside time, host, connection and segment. */
const FIELDS: Readonly<Record<TraceEvent['kind'], Readonly<Record<string, Kind>>>> = {
  sent: { packet: 'number', reason: Object.keys(SEND_REASONS), note: 'string?' },
  received: { packet: 'number' },
  dropped: { packet: 'number', reason: Object.keys(DROP_REASONS) },
  state: { from: STATE_NAMES, to: STATE_NAMES, cause: 'string' },
  call: { call: CALLS, octets: 'number?', detail: 'string?' },
  signal: { signal: SIGNALS, reason: [...Object.keys(CLOSE_REASONS), ''] },
  timer: { timer: TIMERS, action: ['started', 'stopped', 'expired'], inUs: 'number?' },
  recovery: {
    phase: PHASES,
    cwnd: 'number',
    ssthresh: 'number',
    flight: 'number',
    rtoUs: 'number',
    srttUs: 'number',
  },
  network: { action: ACTIONS, packet: 'number', copy: 'number?' },
  application: { text: 'string' },
  remark: { text: 'string' },
  heading: { text: 'string' },
}
const SHARED = { at: 'number', host: 'string', connection: 'number' } as const
const SEGMENT = {
  srcPort: 'number',
  dstPort: 'number',
  seq: 'number',
  ack: 'number',
  flags: 'number',
  window: 'number',
  scaledWindow: 'number',
  urgentPointer: 'number',
  length: 'number',
} as const

/** An event as it was before JSON, in which sequence numbers are unsigned. */
function checked(event: unknown, place: string): TraceEvent {
  if (!isFields(event)) throw new InputError(`${place}: expected an object`)
  const { kind, segment } = event
  if (!isKind(kind))
    throw new InputError(`${place}: expected "kind" to be one of ${Object.keys(FIELDS).join(', ')}`)
  checkFields(event, { ...SHARED, ...FIELDS[kind] }, place)
  if (kind !== 'sent' && kind !== 'received') return event as unknown as TraceEvent
  if (!isFields(segment)) throw new InputError(`${place}: expected "segment" to be an object`)
  checkFields(segment, SEGMENT, `${place}: segment`)
  const { seq, ack, timestamps } = segment as unknown as SegmentRecord
  const numbers = { ...segment, seq: seq | 0, ack: ack | 0 }
  if (timestamps === undefined) return { ...event, segment: numbers } as unknown as TraceEvent
  if (!isFields(timestamps)) throw new InputError(`${place}: segment: expected "timestamps" to be an object`)
  checkFields(timestamps, { val: 'number', ecr: 'number' }, `${place}: segment: timestamps`)
  const signed = { val: timestamps.val | 0, ecr: timestamps.ecr | 0 }
  return { ...event, segment: { ...numbers, timestamps: signed } } as unknown as TraceEvent
}

const isKind = (kind: unknown): kind is TraceEvent['kind'] =>
  typeof kind === 'string' && Object.hasOwn(FIELDS, kind)

function checkFields(fields: Fields, kinds: Readonly<Record<string, Kind>>, place: string): void {
  for (const [name, kind] of Object.entries(kinds)) {
    const value = fields[name]
    if (typeof kind !== 'string') {
      if (kind.includes(String(value ?? ''))) continue
      throw new InputError(
        `${place}: expected "${name}" to be one of ${kind.filter((word) => word !== '').join(', ')}`,
      )
    }
    const type = kind.replace('?', '')
    if (value === undefined && type !== kind) continue
    if (typeof value !== type || (type === 'number' && !Number.isFinite(value)))
      throw new InputError(`${place}: expected "${name}" to be a ${type}`)
  }
}
