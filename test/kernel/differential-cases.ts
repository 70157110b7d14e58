/** What is played to both stacks in the differential test. */

import type { Saying } from './differential-probe.ts'
import type { Case, Situation } from './differential-run.ts'

const SYN: Saying = { flags: 'S' }
const ACK: Saying = { flags: 'A' }
const FIN: Saying = { flags: 'FA' }

/** The flag combinations of issue 3. */
export const SEGMENTS: readonly Saying[] = [
  SYN,
  { flags: 'SA' },
  ACK,
  { flags: 'A', text: 100 },
  FIN,
  { flags: 'R' },
  { flags: 'RA' },
]

const OPENED = [SYN, ACK] as const

export const LISTENER: Situation = { name: 'LISTEN', steps: [] }
export const CONNECTED: Situation = { name: 'ESTABLISHED', steps: OPENED }
export const CLOSING: Situation = { name: 'FIN-WAIT-1', steps: [...OPENED, 'shutdown'] }
export const RELEASED: Situation = { name: 'FIN-WAIT-1, released', steps: [...OPENED, 'close'] }

export function sequences(situation: Situation, version: 4 | 6, longest: number): Case[] {
  let last: Saying[][] = [[]]
  const cases: Case[] = []
  for (let length = 1; length <= longest; length++) {
    last = last.flatMap((steps) => SEGMENTS.map((segment) => [...steps, segment]))
    cases.push(...last.map((steps) => ({ version, timestamps: false, situation, steps })))
  }
  return cases
}

// ---- every state, every place ---------------------------------------------------------------------------------------

/** All states of RFC 9293 3.3.2 and the ways to them that could make a difference. */
export const SITUATIONS: readonly Situation[] = [
  { name: 'CLOSED', steps: [], localPort: 81 },
  LISTENER,
  { name: 'SYN-SENT', steps: ['connect'] },
  { name: 'SYN-RECEIVED', steps: [SYN] },
  { name: 'SYN-RECEIVED after SYN-SENT', steps: ['connect', SYN] },
  CONNECTED,
  { name: 'ESTABLISHED after SYN-SENT', steps: ['connect', { flags: 'SA' }] },
  { name: 'ESTABLISHED with text outstanding', steps: [...OPENED, 'send'] },
  CLOSING,
  RELEASED,
  { name: 'FIN-WAIT-2', steps: [...OPENED, 'shutdown', ACK] },
  { name: 'FIN-WAIT-2, released', steps: [...OPENED, 'close', ACK] },
  { name: 'CLOSE-WAIT', steps: [...OPENED, FIN] },
  { name: 'CLOSE-WAIT with text outstanding', steps: [...OPENED, 'send', FIN] },
  { name: 'CLOSING', steps: [...OPENED, 'shutdown', { ...FIN, ack: -1 }] },
  { name: 'LAST-ACK', steps: [...OPENED, FIN, 'close'] },
  { name: 'TIME-WAIT', steps: [...OPENED, 'shutdown', FIN] },
]

const KINDS: readonly Saying[] = [
  ...SEGMENTS,
  { flags: '' },
  { flags: '', text: 100 },
  { flags: 'F' },
  { flags: 'FA', text: 100 },
  { flags: 'SF' },
  { flags: 'S', text: 100 },
  { flags: 'SA', text: 100 },
  { flags: 'R', text: 100 },
  { flags: 'UA', text: 100, urgent: 50 },
]

const FAR = 0x4000_0000
const PLACES: readonly Saying[] = [
  ...[-FAR, -101, -1, 0, 1, 1000, FAR].map((seq) => ({ flags: '', seq })),
  ...[-1, 0, 1].map((fromEdge) => ({ flags: '', fromEdge })),
]
const ACKS = [-FAR, -70_000, -2, -1, 0, 1, FAR]

export function places(version: 4 | 6, timestamps: boolean): Case[] {
  const cases: Case[] = []
  for (const situation of SITUATIONS) {
    for (const kind of KINDS) {
      for (const place of PLACES) {
        for (const ack of kind.flags.includes('A') ? ACKS : [0]) {
          const said = { ...place, ...kind, ack }
          cases.push({ version, timestamps, situation, steps: [said, { flags: 'A', text: 100 }] })
        }
      }
    }
  }
  return cases
}
