/** The list of `tshark -q -z conv,tcp` (4.0), to the letter. */

import type { ConversationSide, ConversationTable, ConversationTotals } from '../flows/conversation-table.ts'

const RULE = '='.repeat(80)
const HEAD = [
  RULE,
  'TCP Conversations',
  'Filter:<No Filter>',
  `${' '.repeat(59)}|       <-      | |       ->      | |     Total     |    Relative    |   Duration   |`,
  `${' '.repeat(59)}| Frames  Bytes | | Frames  Bytes | | Frames  Bytes |      Start     |              |`,
]

/** Prefixes of thousands, the largest first. */
const PREFIXES = [
  [1e12, ' TB'],
  [1e9, ' GB'],
  [1e6, ' MB'],
  [1e3, ' kB'],
] as const

export function* tsharkConversations(table: ConversationTable): Generator<string> {
  yield* HEAD
  for (const each of table.byFrames()) yield lineOf(each)
  yield RULE
}

function lineOf({ a, b, start, duration }: ConversationTotals): string {
  const ends = `${endOf(a).padEnd(26)} <-> ${endOf(b).padEnd(26)}  `
  const counts = [
    countOf(b.frames, b.octets),
    countOf(a.frames, a.octets),
    countOf(a.frames + b.frames, a.octets + b.octets),
  ]
  return `${ends}${counts.join('  ')}  ${fixed(start, 9).padStart(14)}   ${fixed(duration, 4).padStart(12)}`
}

const endOf = ({ address, port }: ConversationSide): string => `${address}:${port}`

const countOf = (frames: number, octets: number): string =>
  `${String(frames).padStart(6)} ${sizeText(octets).padEnd(9)}`

/** In the largest unit of which there are ten. */
function sizeText(octets: number): string {
  for (const [size, name] of PREFIXES) if (octets >= 10 * size) return `${Math.floor(octets / size)}${name}`
  return `${octets} bytes`
}

/** As C's printf does it: `toFixed`, but what lies exactly between two goes to the even one. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals)
  const isTie = (Math.abs(value) * 2 ** (decimals + 1)) % 2 === 1
  // In a tie `toFixed` goes up, away from zero: the last digit is odd where the even one is below it.
  if (!isTie || Number(text.at(-1)) % 2 === 0) return text
  return `${text.slice(0, -1)}${Number(text.at(-1)) - 1}`
}
