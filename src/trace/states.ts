/** The states of a connection by name, and the form of an arrow between two of them (RFC 9293 3.3.2, figure 5). */

/** CLOSED, which is the absence of a TCB, and the states in the order in which a connection can reach them. */
export const STATE_NAMES = [
  'CLOSED',
  'LISTEN',
  'SYN-SENT',
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
  'TIME-WAIT',
] as const

export type StateName = (typeof STATE_NAMES)[number]

/** One arrow of the state diagram: what happens, and what the endpoint does about it. */
export interface Transition {
  readonly from: StateName
  readonly to: StateName
  /** The name under which the trace records it. */
  readonly cause: string
  /** The event in the words of the RFC's diagram: "rcv SYN". */
  readonly event: string
  /** What is sent or done, in those words: "snd SYN,ACK"; "" where nothing is. */
  readonly action: string
}
