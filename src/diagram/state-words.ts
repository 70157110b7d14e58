/**
 * The state machine in words: what each state waits for (RFC 9293 3.3.2), and how two ends walk through it together
 * when they open and close (the tables of seed 004, in RFC 9293's order of things).
 */

import type { StateName } from '../trace/states.ts'

/** What an end in each state waits for, in the order of RFC 9293 3.3.2: CLOSED, the absence of a connection, is last. */
export const STATE_WAITS: Readonly<Record<StateName, string>> = {
  LISTEN: 'a SYN from any host and port: somebody who wants to connect',
  'SYN-SENT': 'the SYN of the other side, after sending our own',
  'SYN-RECEIVED': 'the acknowledgment of our SYN; both SYNs have been sent, theirs has arrived',
  ESTABLISHED: 'nothing: the connection is open and data flows both ways',
  'FIN-WAIT-1': 'the acknowledgment of our FIN, or the FIN of the other side',
  'FIN-WAIT-2': 'the FIN of the other side; ours is acknowledged, and it may still send data',
  'CLOSE-WAIT': 'our own application to close; the other side has no more data to send',
  CLOSING: 'the acknowledgment of our FIN; the FINs crossed and theirs has arrived',
  'LAST-ACK': 'the acknowledgment of our FIN; theirs came first and is acknowledged',
  'TIME-WAIT':
    'twice the maximum segment lifetime, so that our last ACK surely arrived and no old segment meets a new connection',
  CLOSED: 'nothing: there is no connection',
}

/** One end's half of a row: the state that it is in, what it does or waits for, and the state that it enters, if any. */
export interface WalkStep {
  readonly state: StateName
  readonly action: string
  readonly to: StateName | null
}

export interface Walk {
  readonly title: string
  readonly rows: readonly { readonly client: WalkStep; readonly server: WalkStep }[]
}

export const WALKS: readonly Walk[] = [
  {
    title: 'Open: the three-way handshake',
    rows: [
      pair(
        step('CLOSED', 'A SYN sent now would be refused: nobody listens yet.'),
        step('CLOSED', 'Passive OPEN: creates a TCB and waits.', 'LISTEN'),
      ),
      pair(
        step('CLOSED', 'Active OPEN: creates a TCB and sends its SYN (step 1).', 'SYN-SENT'),
        step('LISTEN', 'Waits for a SYN.'),
      ),
      pair(
        step('SYN-SENT', 'Waits for an ACK of its SYN and for the SYN of the server.'),
        step(
          'LISTEN',
          'Receives the SYN; sends its own SYN with an ACK of the first (step 2).',
          'SYN-RECEIVED',
        ),
      ),
      pair(
        step('SYN-SENT', 'Receives SYN,ACK; sends an ACK (step 3).', 'ESTABLISHED'),
        step('SYN-RECEIVED', 'Waits for the ACK of its SYN.'),
      ),
      pair(
        step('ESTABLISHED', 'May send data at once.'),
        step('SYN-RECEIVED', 'Receives the ACK.', 'ESTABLISHED'),
      ),
      pair(step('ESTABLISHED', 'Data both ways.'), step('ESTABLISHED', 'Data both ways.')),
    ],
  },
  {
    title: 'Simultaneous open: the SYNs cross',
    rows: [
      both(step('CLOSED', 'Active OPEN: creates a TCB and sends its SYN.', 'SYN-SENT')),
      both(
        step(
          'SYN-SENT',
          'Receives a SYN without an ACK; sends its SYN again, now with an ACK of theirs.',
          'SYN-RECEIVED',
        ),
      ),
      both(step('SYN-RECEIVED', 'Receives the ACK of its SYN.', 'ESTABLISHED')),
    ],
  },
  {
    title: 'Close: the client first',
    rows: [
      pair(
        step('ESTABLISHED', 'The application closes; sends a FIN (step 1).', 'FIN-WAIT-1'),
        step('ESTABLISHED', 'Data as before.'),
      ),
      pair(
        step('FIN-WAIT-1', 'Waits for the ACK of its FIN. Still receives; sends no new data.'),
        step(
          'ESTABLISHED',
          'Receives the FIN; sends an ACK (step 2); the application reads to the end of the data.',
          'CLOSE-WAIT',
        ),
      ),
      pair(
        step('FIN-WAIT-1', 'Receives the ACK of its FIN.', 'FIN-WAIT-2'),
        step('CLOSE-WAIT', 'Waits for its own application; may still send.'),
      ),
      pair(
        step('FIN-WAIT-2', 'Waits for the FIN of the server.'),
        step('CLOSE-WAIT', 'The application closes; sends a FIN (step 3).', 'LAST-ACK'),
      ),
      pair(
        step('FIN-WAIT-2', 'Receives the FIN; sends an ACK (step 4); starts the 2 MSL timer.', 'TIME-WAIT'),
        step('LAST-ACK', 'Waits for the ACK of its FIN.'),
      ),
      pair(
        step('TIME-WAIT', 'Waits 2 MSL; acknowledges again a FIN that comes again.'),
        step('LAST-ACK', 'Receives the ACK of its FIN; deletes the TCB.', 'CLOSED'),
      ),
      pair(
        step('TIME-WAIT', 'The timer expires; deletes the TCB.', 'CLOSED'),
        step('CLOSED', 'No connection.'),
      ),
    ],
  },
  {
    title: 'Simultaneous close: the FINs cross',
    rows: [
      both(step('ESTABLISHED', 'The application closes; sends a FIN.', 'FIN-WAIT-1')),
      both(step('FIN-WAIT-1', 'Receives a FIN before the ACK of its own; sends an ACK.', 'CLOSING')),
      both(step('CLOSING', 'Receives the ACK of its FIN; starts the 2 MSL timer.', 'TIME-WAIT')),
      both(step('TIME-WAIT', 'The timer expires; deletes the TCB.', 'CLOSED')),
    ],
  },
]

export interface VisitedPath {
  readonly title: string
  readonly states: readonly StateName[]
}

/** The states that each side visits (seed 004). */
export const VISITED_PATHS: readonly VisitedPath[] = [
  { title: 'opens (client)', states: ['CLOSED', 'SYN-SENT', 'ESTABLISHED'] },
  { title: 'is opened (server)', states: ['CLOSED', 'LISTEN', 'SYN-RECEIVED', 'ESTABLISHED'] },
  { title: 'both open at once', states: ['CLOSED', 'SYN-SENT', 'SYN-RECEIVED', 'ESTABLISHED'] },
  {
    title: 'closes first',
    states: ['ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSED'],
  },
  { title: 'closes second', states: ['ESTABLISHED', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSED'] },
  { title: 'both close at once', states: ['ESTABLISHED', 'FIN-WAIT-1', 'CLOSING', 'TIME-WAIT', 'CLOSED'] },
]

function step(state: StateName, action: string, to: StateName | null = null): WalkStep {
  return { state, action, to }
}

function pair(client: WalkStep, server: WalkStep): { client: WalkStep; server: WalkStep } {
  return { client, server }
}

function both(end: WalkStep): { client: WalkStep; server: WalkStep } {
  return { client: end, server: end }
}
