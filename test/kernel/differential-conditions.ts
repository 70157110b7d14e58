/** Cases of the differential test beyond flags and numbers: timestamps, urgent pointers, windows, ICMP. */

import { SITUATIONS } from './differential-cases.ts'
import type { Report, Saying } from './differential-probe.ts'
import type { Case, Situation, Step } from './differential-run.ts'

/** What shows where the case has led: the next text in order. */
const NEXT: Saying = { flags: 'A', text: 100 }

const called = (...names: string[]): Situation[] => SITUATIONS.filter(({ name }) => names.includes(name))

/** RFC 7323: each kind of segment with TSval behind, at and before TS.Recent, and with none. */
export function timestampCases(version: 4 | 6): Case[] {
  const flags = ['S', 'SA', 'A', 'FA', 'R', 'RA', 'F']
  const kinds: Saying[] = [...flags.map((own) => ({ flags: own })), { flags: 'A', text: 100 }]
  const values = [-0x7000_0000, -1000, 1000, 0x7000_0000, 'none'] as const
  return SITUATIONS.flatMap((situation) =>
    kinds.flatMap((kind) =>
      values.flatMap((tsVal) =>
        [-101, -1, 0, 1].map((seq) => {
          const steps = [{ ...kind, tsVal, seq }, NEXT]
          return { version, timestamps: true, situation, steps }
        }),
      ),
    ),
  )
}

/** RFC 9293 3.8.5, RFC 6093. */
export function urgentCases(version: 4 | 6): Case[] {
  const pointers = [0, 1, 50, 100, 101, 1000, 65535]
  const kinds: Saying[] = [
    { flags: 'UA' },
    { flags: 'UA', text: 100 },
    { flags: 'FUA', text: 100 },
    { flags: 'UA', text: 100, seq: 100 },
    { flags: 'UA', text: 100, seq: -50 },
    { flags: 'SU' },
  ]
  return SITUATIONS.flatMap((situation) =>
    kinds.flatMap((kind) =>
      pointers.map((urgent) => {
        return { version, timestamps: false, situation, steps: [{ ...kind, urgent }, NEXT] }
      }),
    ),
  )
}

/** RFC 9293 3.8.6: what is sent as the window closes, opens and shrinks, and what old segments say of it. */
export function windowCases(version: 4 | 6): Case[] {
  const offers = [0, 1, 99, 100, 1400, 60_000]
  const places: Saying[] = [
    { flags: 'A', ack: 0 },
    { flags: 'A', ack: -100 },
    { flags: 'A', ack: -1, seq: -1 },
    { flags: 'A', ack: 0, text: 1 },
  ]
  const situations = called('ESTABLISHED', 'ESTABLISHED with text outstanding', 'CLOSE-WAIT')
  const cases: Case[] = []
  for (const situation of situations) {
    for (const place of places) {
      for (const first of offers) {
        for (const second of offers) {
          const steps: Step[] = [
            { ...place, window: first },
            'send',
            { flags: 'A', window: second },
            'send',
            'shutdown',
          ]
          cases.push({ version, timestamps: false, situation, steps })
        }
      }
    }
  }
  return cases
}

const UNREACHABLE = 16
const REPORTS: Readonly<Record<4 | 6, readonly Omit<Report, 'quoting'>[]>> = {
  4: [
    ...Array.from({ length: UNREACHABLE }, (_, code) => ({
      icmp: [3, code] as const,
      ...(code === 4 ? { mtu: 576 } : {}),
    })),
    { icmp: [3, 4], mtu: 0 },
    { icmp: [3, 4], mtu: 40 },
    { icmp: [3, 4], mtu: 9000 },
    { icmp: [4, 0] },
    { icmp: [5, 1] },
    { icmp: [11, 0] },
    { icmp: [11, 1] },
    { icmp: [12, 0] },
    { icmp: [12, 2] },
  ],
  6: [
    ...[0, 1, 2, 3, 4, 5, 6].map((code) => ({ icmp: [1, code] as const })),
    { icmp: [2, 0], mtu: 1280 },
    { icmp: [2, 0], mtu: 600 },
    { icmp: [3, 0] },
    { icmp: [3, 1] },
    { icmp: [4, 0] },
    { icmp: [4, 1] },
    { icmp: [4, 2] },
  ],
}

/** RFC 9293 3.9.2.2, RFC 5927: each error in each state, about what is in flight, what is not, and what never was. */
export function icmpCases(version: 4 | 6): Case[] {
  return SITUATIONS.flatMap((situation) =>
    REPORTS[version].flatMap((report) =>
      [-1, -100, -101, 0, 1000].map((quoting) => {
        return { version, timestamps: false, situation, steps: [{ ...report, quoting }, NEXT] }
      }),
    ),
  )
}
