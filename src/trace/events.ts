/**
 * What happened to a connection and why, as data.
 *
 * Every event carries its time, its host and its connection; a picture, a verdict or a test is made from a list of
 * these and from nothing else. Sequence numbers are int32 here as everywhere; whoever prints them shows `>>> 0`.
 */

import type { CloseReason, DropReason, SendReason } from './reasons.ts'
import type { StateName } from './states.ts'

export type TimerName =
  | 'retransmission'
  | 'persist'
  | 'delayed-ack'
  | 'keep-alive'
  | 'time-wait'
  | 'fin-wait-2'
  | 'override'

export type CallName = 'open' | 'send' | 'receive' | 'close' | 'abort' | 'status'

/** What the user is told (RFC 9293 3.9.1.8 and the "signal" words of 3.10). */
export type SignalName =
  | 'connected'
  | 'readable'
  | 'writable'
  | 'drained'
  | 'urgent'
  | 'closing'
  | 'closed'
  | 'soft-error'
  | 'returned-to-listen'

/** A segment as a record that may be kept. The window is the field as sent; `scaledWindow` is what it means. */
export interface SegmentRecord {
  readonly srcPort: number
  readonly dstPort: number
  readonly seq: number
  readonly ack: number
  /** FIN | SYN | ... as in wire/segment.ts. */
  readonly flags: number
  readonly window: number
  readonly scaledWindow: number
  readonly urgentPointer: number
  /** Octets of text. */
  readonly length: number
  readonly mss?: number
  readonly windowScale?: number
  readonly sackPermitted?: boolean
  readonly timestamps?: { readonly val: number; readonly ecr: number }
  /** Blocks of a SACK option (RFC 2018 3), each from its left edge to before its right one, int32. */
  readonly sack?: readonly { readonly left: number; readonly right: number }[]
}

interface EventBase {
  /** Microseconds on the clock of the run. */
  readonly at: number
  /** Name of the host (the stack) where it happened. */
  readonly host: string
  /** The connection's number in its stack, from 1; 0 where the event belongs to none. */
  readonly connection: number
}

export interface SegmentSent extends EventBase {
  readonly kind: 'sent'
  readonly segment: SegmentRecord
  readonly reason: SendReason
  /** The packet's number in the run, which its arrival or loss carries too; 0 where nobody numbers packets. */
  readonly packet: number
  /** What an observer has to say of it: its frame in a capture, what the analysis makes of it. */
  readonly note?: string
  /** At the first packet of a capture, where its packets tell: where it was made. */
  readonly vantage?: Vantage
}

/** Where a capture of one place was made. */
export interface Vantage {
  /** At this host, or at both as they are one machine; none: on the way between them. */
  readonly at: readonly string[]
  /** Perhaps not at the host itself, but on its network. */
  readonly isNear: boolean
  /** How its packets tell, as the half of a sentence. */
  readonly because: string
}

export interface SegmentReceived extends EventBase {
  readonly kind: 'received'
  readonly segment: SegmentRecord
  readonly packet: number
}

/** A packet, or the part of it that `text` counts, was not used. */
export interface SegmentDropped extends EventBase {
  readonly kind: 'dropped'
  readonly reason: DropReason
  readonly packet: number
}

export interface StateChanged extends EventBase {
  readonly kind: 'state'
  readonly from: StateName
  readonly to: StateName
  /** The cause by the name that the table of transitions gives it. */
  readonly cause: string
}

export interface Called extends EventBase {
  readonly kind: 'call'
  readonly call: CallName
  /** Octets given to SEND or returned by RECEIVE. */
  readonly octets?: number
  /** 'active' | 'passive' for OPEN, 'push' | 'urgent' for SEND, or the error that the call returned. */
  readonly detail?: string
}

export interface Signalled extends EventBase {
  readonly kind: 'signal'
  readonly signal: SignalName
  readonly reason?: CloseReason
}

export interface TimerEvent extends EventBase {
  readonly kind: 'timer'
  readonly timer: TimerName
  readonly action: 'started' | 'stopped' | 'expired'
  /** Microseconds from `at` until it expires, where it was started. */
  readonly inUs?: number
}

/**
 * The state of loss recovery and congestion control: where it begins, after each acknowledgment of something new, and
 * wherever else it changes.
 */
export interface RecoveryEvent extends EventBase {
  readonly kind: 'recovery'
  readonly phase: 'slow-start' | 'congestion-avoidance' | 'fast-recovery' | 'loss-recovery'
  readonly cwnd: number
  readonly ssthresh: number
  /** Octets sent and not acknowledged. */
  readonly flight: number
  readonly rtoUs: number
  readonly srttUs: number
}

export const NETWORK_ACTIONS = [
  'lost',
  'duplicated',
  'reordered',
  'corrupted',
  'delayed',
  'too-big',
  'queue-full',
  'forged',
] as const

/** The actions after which a packet does not arrive. */
export const LOSSES: ReadonlySet<NetworkEvent['action']> = new Set(['lost', 'too-big', 'queue-full'])

/** What the network did with a packet. Recorded by the simulator or an impairing link, never by a stack. */
export interface NetworkEvent extends EventBase {
  readonly kind: 'network'
  readonly action: (typeof NETWORK_ACTIONS)[number]
  readonly packet: number
  /** For 'duplicated': the number under which the copy arrives. */
  readonly copy?: number
}

/** What an application did or how a scenario explains itself; `heading` starts a section. */
export interface Remark extends EventBase {
  readonly kind: 'application' | 'remark' | 'heading'
  readonly text: string
}

export type TraceEvent =
  | SegmentSent
  | SegmentReceived
  | SegmentDropped
  | StateChanged
  | Called
  | Signalled
  | TimerEvent
  | RecoveryEvent
  | NetworkEvent
  | Remark
