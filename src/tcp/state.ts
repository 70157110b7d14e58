/**
 * The eleven states and every arrow between them, as data (RFC 9293 3.3.2, figure 5).
 *
 * `enterState` is the only writer of `tcb.state`. It refuses an arrow that the table does not have, so the table, the
 * diagrams drawn from it and the running machine cannot differ.
 */

import { STATE_NAMES, type StateName, type Transition } from '../trace/states.ts'
import type { Tcb } from './tcb.ts'

/** A state's number is its place in STATE_NAMES. */
export const CLOSED = 0
export const LISTEN = 1
export const SYN_SENT = 2
export const SYN_RECEIVED = 3
export const ESTABLISHED = 4
export const FIN_WAIT_1 = 5
export const FIN_WAIT_2 = 6
export const CLOSE_WAIT = 7
export const CLOSING = 8
export const LAST_ACK = 9
export const TIME_WAIT = 10

export type State = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10

function row(from: StateName, to: StateName, cause: string, event: string, action: string): Transition {
  return { from, to, cause, event, action }
}

/** SYN-RECEIVED to CLOSE-WAIT: the states in which the peer is told of an ABORT (RFC 9293 3.10.5). */
export function abortsWithReset(state: State): boolean {
  return state >= SYN_RECEIVED && state <= CLOSE_WAIT
}

const ABORTED_WITH_RESET = STATE_NAMES.filter((_, state) => abortsWithReset(state as State))
const RESET_FROM: readonly StateName[] = [
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
]
const GIVEN_UP_FROM: readonly StateName[] = ['SYN-SENT', 'SYN-RECEIVED', ...RESET_FROM]

export const TRANSITIONS: readonly Transition[] = [
  row('CLOSED', 'LISTEN', 'passive-open', 'passive OPEN', 'create TCB'),
  row('CLOSED', 'SYN-SENT', 'active-open', 'active OPEN', 'create TCB, snd SYN'),
  row('LISTEN', 'SYN-SENT', 'send', 'SEND', 'snd SYN'),
  row('LISTEN', 'SYN-SENT', 'active-open', 'active OPEN', 'snd SYN'),
  row('LISTEN', 'SYN-RECEIVED', 'syn', 'rcv SYN', 'snd SYN,ACK'),
  row('LISTEN', 'CLOSED', 'close', 'CLOSE', 'delete TCB'),
  row('LISTEN', 'CLOSED', 'abort', 'ABORT', 'delete TCB'),
  row('SYN-SENT', 'ESTABLISHED', 'syn-ack', 'rcv SYN,ACK', 'snd ACK'),
  row('SYN-SENT', 'SYN-RECEIVED', 'syn', 'rcv SYN', 'snd SYN,ACK'),
  row('SYN-SENT', 'CLOSED', 'close', 'CLOSE', 'delete TCB'),
  row('SYN-SENT', 'CLOSED', 'abort', 'ABORT', 'delete TCB'),
  row('SYN-SENT', 'CLOSED', 'refused', 'rcv RST', 'signal "connection refused", delete TCB'),
  row('SYN-SENT', 'CLOSED', 'icmp', 'ICMP hard error', 'signal the error, delete TCB'),
  row('SYN-RECEIVED', 'ESTABLISHED', 'ack-of-syn', 'rcv ACK of SYN', ''),
  row('SYN-RECEIVED', 'FIN-WAIT-1', 'close', 'CLOSE', 'snd FIN'),
  row('SYN-RECEIVED', 'LISTEN', 'rst', 'rcv RST (after passive OPEN)', 'flush'),
  row('SYN-RECEIVED', 'LISTEN', 'syn-in-window', 'rcv SYN in the window (after passive OPEN)', 'flush'),
  row('SYN-RECEIVED', 'CLOSED', 'refused', 'rcv RST (after active OPEN)', 'signal "connection refused"'),
  row('SYN-RECEIVED', 'CLOSED', 'icmp', 'ICMP hard error', 'signal the error, delete TCB'),
  row('ESTABLISHED', 'FIN-WAIT-1', 'close', 'CLOSE', 'snd FIN'),
  row('ESTABLISHED', 'CLOSE-WAIT', 'fin', 'rcv FIN', 'snd ACK'),
  row('FIN-WAIT-1', 'FIN-WAIT-2', 'ack-of-fin', 'rcv ACK of FIN', ''),
  row('FIN-WAIT-1', 'CLOSING', 'fin', 'rcv FIN', 'snd ACK'),
  row('FIN-WAIT-2', 'TIME-WAIT', 'fin', 'rcv FIN', 'snd ACK'),
  row('FIN-WAIT-2', 'CLOSED', 'fin-wait-2-timeout', 'orphan timeout', 'snd RST, delete TCB'),
  row('CLOSE-WAIT', 'LAST-ACK', 'close', 'CLOSE', 'snd FIN'),
  row('CLOSING', 'TIME-WAIT', 'ack-of-fin', 'rcv ACK of FIN', ''),
  row('LAST-ACK', 'CLOSED', 'ack-of-fin', 'rcv ACK of FIN', 'delete TCB'),
  row('TIME-WAIT', 'CLOSED', 'time-wait-timeout', 'timeout = 2MSL', 'delete TCB'),
  row('TIME-WAIT', 'CLOSED', 'reuse', 'rcv SYN of a new incarnation', 'delete TCB, SYN goes to the listener'),
  ...RESET_FROM.map((from) => row(from, 'CLOSED', 'rst', 'rcv RST', 'signal "connection reset", delete TCB')),
  ...GIVEN_UP_FROM.map((from) =>
    row(from, 'CLOSED', 'give-up', 'R2, user or keep-alive timeout', 'signal the timeout, delete TCB'),
  ),
  ...ABORTED_WITH_RESET.map((from) => row(from, 'CLOSED', 'abort', 'ABORT', 'snd RST, delete TCB')),
  row('CLOSING', 'CLOSED', 'abort', 'ABORT', 'delete TCB'),
  row('LAST-ACK', 'CLOSED', 'abort', 'ABORT', 'delete TCB'),
  row('TIME-WAIT', 'CLOSED', 'abort', 'ABORT', 'delete TCB'),
]

/** The causes that lead from one state to another, at from * 11 + to. */
const CAUSES: readonly (readonly string[])[] = STATE_NAMES.flatMap((from) =>
  STATE_NAMES.map((to) => TRANSITIONS.filter((t) => t.from === from && t.to === to).map((t) => t.cause)),
)

/**
 * Moves to another state, by an arrow of TRANSITIONS.
 *
 * @throws Error when the table has no such arrow: a defect of ours, never of the network.
 */
export function enterState(tcb: Tcb, to: State, cause: string): void {
  const fromName = STATE_NAMES[tcb.state]
  const toName = STATE_NAMES[to]!
  if (!CAUSES[tcb.state * STATE_NAMES.length + to]!.includes(cause)) {
    throw new Error(`no transition from ${fromName} to ${toName} by "${cause}"`)
  }
  tcb.state = to
  if (tcb.trace !== null) {
    tcb.trace.add({
      kind: 'state',
      at: tcb.clock.now,
      host: tcb.host,
      connection: tcb.id,
      from: fromName,
      to: toName,
      cause,
    })
  }
}

/** ESTABLISHED and all states after it: both sides know both sequence numbers (RFC 9293 3.5.2). */
export function isSynchronized(state: State): boolean {
  return state >= ESTABLISHED
}
