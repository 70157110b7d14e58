/**
 * Each of the eleven states meets each kind of segment (RFC 9293 3.10.7), as one table derived from the RFC.
 *
 * A cell is the reply and, after '>', the next state where it changes:
 *   -     nothing            A     <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> at once
 *   R     <SEQ=SEG.ACK><CTL=RST>     SA    our SYN with the acknowledgment of theirs
 *   A+n, D+n   RCV.NXT advances by n and is acknowledged at once, or with a delay below 500 ms
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StateName } from '../../src/trace/states.ts'
import type { Arriving } from './endpoint.ts'
import { ALL_STATES, EDGE, reach, type Standing } from './states.ts'

/** The segments of the rows. `same` acknowledges our SYN and nothing more. */
const SEGMENTS: Record<string, (at: Standing, same: number) => Arriving> = {
  'SYN again': () => ({ flags: 'S', seq: 0 }),
  'SYN in window': ({ next }) => ({ flags: 'S', seq: next + 10 }),
  'SYN beyond': ({ next }) => ({ flags: 'S', seq: next + 5000 }),
  'SYN before': () => ({ flags: 'S', seq: -500 }),
  'SYN-ACK again': ({ nxt }) => ({ flags: 'SA', seq: 0, ack: nxt }),
  'SYN-ACK in window': ({ next, nxt }) => ({ flags: 'SA', seq: next + 10, ack: nxt }),
  'SYN-FIN in window': ({ next }) => ({ flags: 'SF', seq: next + 10 }),
  'ACK old': ({ next }) => ({ seq: next, ack: 0 }),
  'ACK ancient': ({ next, una }) => ({ seq: next, ack: una - 70_000 }),
  'ACK of all': ({ next, nxt }) => ({ seq: next, ack: nxt }),
  'ACK of the future': ({ next, nxt }) => ({ seq: next, ack: nxt + 100 }),
  'ACK beyond window': ({ nxt }) => ({ seq: EDGE + 100, ack: nxt }),
  'no ACK bit': ({ next }) => ({ flags: 'P', seq: next, text: 5 }),
  'text left': ({ next }, same) => ({ seq: next - 20, ack: same, text: 20 }),
  'text overlapping': ({ next }, same) => ({ seq: next - 10, ack: same, text: 20 }),
  'text at RCV.NXT': ({ next }, same) => ({ seq: next, ack: same, text: 20 }),
  'text behind a gap': ({ next }, same) => ({ seq: next + 100, ack: same, text: 20 }),
  'text over the edge': (_at, same) => ({ seq: EDGE - 10, ack: same, text: 20 }),
  'text right': (_at, same) => ({ seq: EDGE, ack: same, text: 20 }),
  FIN: ({ next }, same) => ({ flags: 'FA', seq: next, ack: same }),
  'FIN and ACK of all': ({ next, nxt }) => ({ flags: 'FA', seq: next, ack: nxt }),
  'FIN left': ({ next }, same) => ({ flags: 'FA', seq: next - 1, ack: same }),
  'FIN behind a gap': ({ next }, same) => ({ flags: 'FA', seq: next + 100, ack: same }),
  'FIN right': (_at, same) => ({ flags: 'FA', seq: EDGE, ack: same }),
  'RST at RCV.NXT': ({ next }) => ({ flags: 'R', seq: next }),
  'RST-ACK at RCV.NXT': ({ next, nxt }) => ({ flags: 'RA', seq: next, ack: nxt }),
  'RST-ACK of the future': ({ next, nxt }) => ({ flags: 'RA', seq: next, ack: nxt + 100 }),
  'RST in window': ({ next }) => ({ flags: 'R', seq: next + 10 }),
  'RST left': ({ next }) => ({ flags: 'R', seq: next - 1 }),
  'RST right': () => ({ flags: 'R', seq: EDGE }),
  URG: ({ next }, same) => ({ flags: 'UA', seq: next, ack: same, text: 10, urg: 5 }),
}

/**
 * Where the cell differs from the letter of RFC 9293 on purpose, docs/deviations.md says why: what repeats the SYN in
 * SYN-RECEIVED, which is passive here, is answered by the SYN-ACK again; resets do nothing in TIME-WAIT (RFC 1337).
 */
const TABLE = `
                      | CLOSED | LISTEN          | SYN-SENT        | SYN-RECEIVED     | ESTABLISHED     | FIN-WAIT-1      | FIN-WAIT-2     | CLOSE-WAIT | CLOSING      | LAST-ACK  | TIME-WAIT
SYN again             | -      | SA>SYN-RECEIVED | SA>SYN-RECEIVED | SA               | A               | A               | A              | A          | A            | A         | A
SYN in window         | -      | SA>SYN-RECEIVED | SA>SYN-RECEIVED | ->LISTEN         | A               | A               | A              | A          | A            | A         | A
SYN beyond            | -      | SA>SYN-RECEIVED | SA>SYN-RECEIVED | A                | A               | A               | A              | A          | A            | A         | A
SYN before            | -      | SA>SYN-RECEIVED | SA>SYN-RECEIVED | A                | A               | A               | A              | A          | A            | A         | A
SYN-ACK again         | -      | R               | A>ESTABLISHED   | SA               | A               | A               | A              | A          | A            | A         | A
SYN-ACK in window     | -      | R               | A>ESTABLISHED   | ->LISTEN         | A               | A               | A              | A          | A            | A         | A
SYN-FIN in window     | -      | SA>SYN-RECEIVED | SA>SYN-RECEIVED | ->LISTEN         | A               | A               | A              | A          | A            | A         | A
ACK old               | -      | R               | R               | R                | -               | -               | -              | -          | -            | -         | -
ACK ancient           | -      | R               | R               | R                | A               | A               | A              | A          | A            | A         | A
ACK of all            | -      | R               | -               | ->ESTABLISHED    | -               | ->FIN-WAIT-2    | -              | -          | ->TIME-WAIT  | ->CLOSED  | -
ACK of the future     | -      | R               | R               | R                | A               | A               | A              | A          | A            | A         | A
ACK beyond window     | -      | R               | -               | A                | A               | A               | A              | A          | A            | A         | A
no ACK bit            | -      | -               | -               | -                | -               | -               | -              | -          | -            | -         | -
text left             | -      | R               | -               | A                | A               | A               | A              | A          | A            | A         | A
text overlapping      | -      | R               | -               | D+10>ESTABLISHED | D+10            | D+10            | D+10           | -          | -            | -         | -
text at RCV.NXT       | -      | R               | -               | D+20>ESTABLISHED | D+20            | D+20            | D+20           | -          | -            | -         | -
text behind a gap     | -      | R               | -               | A>ESTABLISHED    | A               | A               | A              | -          | -            | -         | -
text over the edge    | -      | R               | -               | A>ESTABLISHED    | A               | A               | A              | -          | -            | -         | -
text right            | -      | R               | -               | A                | A               | A               | A              | A          | A            | A         | A
FIN                   | -      | R               | -               | A+1>CLOSE-WAIT   | A+1>CLOSE-WAIT  | A+1>CLOSING     | A+1>TIME-WAIT  | -          | -            | -         | -
FIN and ACK of all    | -      | R               | -               | A+1>CLOSE-WAIT   | A+1>CLOSE-WAIT  | A+1>TIME-WAIT   | A+1>TIME-WAIT  | -          | ->TIME-WAIT  | ->CLOSED  | -
FIN left              | -      | R               | -               | A                | A               | A               | A              | A          | A            | A         | A
FIN behind a gap      | -      | R               | -               | A>ESTABLISHED    | A               | A               | A              | -          | -            | -         | -
FIN right             | -      | R               | -               | A                | A               | A               | A              | A          | A            | A         | A
RST at RCV.NXT        | -      | -               | -               | ->LISTEN         | ->CLOSED        | ->CLOSED        | ->CLOSED       | ->CLOSED   | ->CLOSED     | ->CLOSED  | -
RST-ACK at RCV.NXT    | -      | -               | ->CLOSED        | ->LISTEN         | ->CLOSED        | ->CLOSED        | ->CLOSED       | ->CLOSED   | ->CLOSED     | ->CLOSED  | -
RST-ACK of the future | -      | -               | -               | ->LISTEN         | ->CLOSED        | ->CLOSED        | ->CLOSED       | ->CLOSED   | ->CLOSED     | ->CLOSED  | -
RST in window         | -      | -               | -               | A                | A               | A               | A              | A          | A            | A         | -
RST left              | -      | -               | -               | -                | -               | -               | -              | -          | -            | -         | -
RST right             | -      | -               | -               | -                | -               | -               | -              | -          | -            | -         | -
URG                   | -      | R               | -               | D+10>ESTABLISHED | D+10            | D+10            | D+10           | -          | -            | -         | -
`

const [header, ...rows] = TABLE.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))

/** The states in which URG means something (step six). */
const URGENT: readonly StateName[] = ['SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1', 'FIN-WAIT-2']

function check(name: string, state: StateName, cell: string, version: 4 | 6): void {
  const where = `${name} in ${state}, IPv${version}`
  const at = reach(state, { version, rtoMinMs: 1000 })
  const { ep, una, nxt } = at
  const same = state === 'SYN-RECEIVED' || state === 'SYN-SENT' ? nxt : una
  const segment = SEGMENTS[name]!(at, same)
  const [reply, to] = cell.startsWith('->') ? ['-', cell.slice(2)] : cell.split('>')
  const { next } = at
  ep.inject(segment)
  assert.equal(ep.state, to ?? state, where)
  const [kind, advance] = reply!.split('+')
  const wanted = next + Number(advance ?? 0)
  if (kind === 'D') {
    assert.equal(ep.sent.length, 0, `${where}: the acknowledgment waits`)
    ep.advance(499)
  }
  if (kind === '-') ep.expectNothing()
  else if (kind === 'R') ep.expect({ flags: 'R', seq: segment.ack!, length: 0 })
  else if (kind === 'SA') ep.expect({ flags: 'SA', seq: 0, ack: segment.seq! + 1, length: 0 })
  else if (state === 'SYN-SENT') ep.expect({ flags: 'A', seq: 1, ack: segment.seq! + 1, length: 0 })
  else ep.expect({ flags: 'A', seq: nxt, ack: wanted, length: 0 })
  assert.equal(ep.sent.length, 0, `${where}: one reply and no more`)
  assert.equal(ep.takeEvents().includes('urgent'), name === 'URG' && URGENT.includes(state), where)
}

for (const [name, ...cells] of rows) {
  for (const version of [4, 6] as const) {
    test(`RFC 9293 3.10.7: ${name} in each of the eleven states, IPv${version}`, () => {
      for (const [i, state] of ALL_STATES.entries()) check(name!, state, cells[i]!, version)
    })
  }
}

test('the table has every segment and every state', () => {
  assert.deepEqual(header!.slice(1), ALL_STATES)
  assert.deepEqual(
    rows.map(([name]) => name),
    Object.keys(SEGMENTS),
  )
})
