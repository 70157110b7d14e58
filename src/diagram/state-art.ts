/**
 * The state diagram as text, drawn from the table of transitions that it is given.
 *
 * The places of the boxes and the ways of the arrows are fixed here; an arrow is drawn where the table has such a
 * transition, and its label is the table's event and action. CLOSED stands twice, so that time runs downwards.
 */

import type { StateName, Transition } from '../trace/states.ts'
import { columns, TextLine, type TextStyle, wrap } from './canvas.ts'

export interface StateArt {
  readonly text: string
  /** The transitions that the picture shows; of two between the same states it shows the first. */
  readonly drawn: ReadonlySet<Transition>
}

/** At most 78 columns. */
export function stateArt(transitions: readonly Transition[], how: TextStyle): StateArt {
  const lines: TextLine[] = Array.from({ length: HEIGHT }, () => new TextLine(WIDTH))
  const drawn = new Set<Transition>()
  for (const [name, x, y, height] of BOXES) drawBox(lines, name, x, y, height)
  for (const arrow of ARROWS) {
    const index = transitions.findIndex(({ from, to }) => from === arrow.from && to === arrow.to)
    if (index < 0) continue
    drawn.add(transitions[index]!)
    drawRoute(lines, arrow.route)
    drawLabel(lines, arrow, transitions[index]!, index + 1)
  }
  return { text: lines.map((line) => line.text(how)).join('\n'), drawn }
}

const WIDTH = 78
const HEIGHT = 53
const BOX_WIDTH = 14

/** Name, left column, top row, height. */
const BOXES: readonly (readonly [StateName, number, number, number])[] = [
  ['CLOSED', 32, 1, 5],
  ['LISTEN', 32, 10, 5],
  ['SYN-RECEIVED', 0, 17, 5],
  ['SYN-SENT', 64, 17, 5],
  ['ESTABLISHED', 32, 25, 3],
  ['FIN-WAIT-1', 0, 31, 5],
  ['CLOSE-WAIT', 64, 31, 3],
  ['FIN-WAIT-2', 0, 41, 3],
  ['CLOSING', 32, 41, 3],
  ['LAST-ACK', 64, 41, 3],
  ['TIME-WAIT', 32, 48, 5],
  ['CLOSED', 64, 48, 5],
]

interface Arrow {
  readonly from: StateName
  readonly to: StateName
  /** Corners as column, row; the head stands at the last one. */
  readonly route: readonly (readonly [number, number])[]
  /** Where the label stands: first row, rows, and the column that it starts or ends at; `low`: on the last rows. */
  readonly label: { row: number; rows: number; column: number; width: number; end?: true; low?: true }
}

const ARROWS: readonly Arrow[] = [
  arrow(
    'CLOSED',
    'LISTEN',
    [
      [36, 6],
      [36, 9],
    ],
    { row: 7, rows: 2, column: 34, width: 18, end: true },
  ),
  arrow(
    'LISTEN',
    'CLOSED',
    [
      [42, 9],
      [42, 6],
    ],
    { row: 7, rows: 2, column: 44, width: 10 },
  ),
  arrow(
    'CLOSED',
    'SYN-SENT',
    [
      [46, 2],
      [74, 2],
      [74, 16],
    ],
    { row: 0, rows: 2, column: 72, width: 25, end: true },
  ),
  arrow(
    'SYN-SENT',
    'CLOSED',
    [
      [70, 16],
      [70, 4],
      [46, 4],
    ],
    { row: 5, rows: 2, column: 68, width: 14, end: true },
  ),
  arrow(
    'SYN-RECEIVED',
    'LISTEN',
    [
      [3, 16],
      [3, 11],
      [31, 11],
    ],
    { row: 8, rows: 3, column: 5, width: 19, low: true },
  ),
  arrow(
    'LISTEN',
    'SYN-RECEIVED',
    [
      [31, 13],
      [10, 13],
      [10, 16],
    ],
    { row: 14, rows: 2, column: 12, width: 18 },
  ),
  arrow(
    'LISTEN',
    'SYN-SENT',
    [
      [46, 13],
      [66, 13],
      [66, 16],
    ],
    { row: 14, rows: 2, column: 64, width: 18, end: true },
  ),
  arrow(
    'SYN-SENT',
    'SYN-RECEIVED',
    [
      [63, 18],
      [14, 18],
    ],
    { row: 16, rows: 2, column: 28, width: 34 },
  ),
  arrow(
    'SYN-RECEIVED',
    'ESTABLISHED',
    [
      [14, 20],
      [36, 20],
      [36, 24],
    ],
    { row: 21, rows: 2, column: 34, width: 19, end: true },
  ),
  arrow(
    'SYN-SENT',
    'ESTABLISHED',
    [
      [63, 20],
      [42, 20],
      [42, 24],
    ],
    { row: 21, rows: 2, column: 44, width: 19 },
  ),
  arrow(
    'SYN-RECEIVED',
    'FIN-WAIT-1',
    [
      [4, 22],
      [4, 30],
    ],
    { row: 23, rows: 2, column: 6, width: 24 },
  ),
  arrow(
    'ESTABLISHED',
    'FIN-WAIT-1',
    [
      [31, 26],
      [10, 26],
      [10, 30],
    ],
    { row: 27, rows: 2, column: 12, width: 18 },
  ),
  arrow(
    'ESTABLISHED',
    'CLOSE-WAIT',
    [
      [46, 26],
      [70, 26],
      [70, 30],
    ],
    { row: 27, rows: 2, column: 68, width: 20, end: true },
  ),
  arrow(
    'FIN-WAIT-1',
    'CLOSING',
    [
      [14, 32],
      [39, 32],
      [39, 40],
    ],
    { row: 33, rows: 2, column: 41, width: 20 },
  ),
  arrow(
    'FIN-WAIT-1',
    'TIME-WAIT',
    [
      [14, 34],
      [23, 34],
      [23, 49],
      [31, 49],
    ],
    { row: 36, rows: 4, column: 25, width: 13 },
  ),
  arrow(
    'FIN-WAIT-1',
    'FIN-WAIT-2',
    [
      [4, 36],
      [4, 40],
    ],
    { row: 37, rows: 2, column: 6, width: 16 },
  ),
  arrow(
    'CLOSE-WAIT',
    'LAST-ACK',
    [
      [74, 34],
      [74, 40],
    ],
    { row: 36, rows: 2, column: 72, width: 20, end: true },
  ),
  arrow(
    'FIN-WAIT-2',
    'TIME-WAIT',
    [
      [4, 44],
      [4, 51],
      [31, 51],
    ],
    { row: 45, rows: 2, column: 6, width: 16 },
  ),
  arrow(
    'CLOSING',
    'TIME-WAIT',
    [
      [39, 44],
      [39, 47],
    ],
    { row: 45, rows: 2, column: 41, width: 15 },
  ),
  arrow(
    'LAST-ACK',
    'CLOSED',
    [
      [74, 44],
      [74, 47],
    ],
    { row: 45, rows: 2, column: 72, width: 15, end: true },
  ),
  arrow(
    'TIME-WAIT',
    'CLOSED',
    [
      [46, 50],
      [63, 50],
    ],
    { row: 48, rows: 2, column: 47, width: 16 },
  ),
]

function arrow(from: StateName, to: StateName, route: Arrow['route'], label: Arrow['label']): Arrow {
  return { from, to, route, label }
}

function drawBox(lines: readonly TextLine[], name: string, x: number, y: number, height: number): void {
  const inside = BOX_WIDTH - 2
  lines[y]!.put(x, `┌${'─'.repeat(inside)}┐`)
  for (let row = 1; row < height - 1; row++) lines[y + row]!.put(x, `│${' '.repeat(inside)}│`)
  lines[y + height - 1]!.put(x, `└${'─'.repeat(inside)}┘`)
  lines[y + (height >> 1)]!.put(x + 1 + ((inside - name.length) >> 1), name, 'state')
}

function drawRoute(lines: readonly TextLine[], route: Arrow['route']): void {
  for (let i = 1; i < route.length; i++) {
    const [x0, y0] = route[i - 1]!
    const [x1, y1] = route[i]!
    for (let x = Math.min(x0, x1); x <= Math.max(x0, x1); x++) if (y0 === y1) lines[y0]!.put(x, '─')
    for (let y = Math.min(y0, y1); y <= Math.max(y0, y1); y++) if (x0 === x1) lines[y]!.put(x0, '│')
  }
  for (let i = 1; i + 1 < route.length; i++) {
    const [x, y] = route[i]!
    lines[y]!.put(x, corner(route[i - 1]!, route[i]!, route[i + 1]!))
  }
  const [beforeX, beforeY] = route.at(-2)!
  const [x, y] = route.at(-1)!
  lines[y]!.put(x, x > beforeX ? '▶' : x < beforeX ? '◀' : y > beforeY ? '▼' : '▲')
}

function corner(
  a: readonly [number, number],
  b: readonly [number, number],
  c: readonly [number, number],
): string {
  const left = a[0] < b[0] || c[0] < b[0]
  const up = a[1] < b[1] || c[1] < b[1]
  if (up) return left ? '┘' : '└'
  return left ? '┐' : '┌'
}

/** Event above action; where they do not fit, the number of the transition in the list below the picture. */
function drawLabel(
  lines: readonly TextLine[],
  { label }: Arrow,
  transition: Transition,
  number: number,
): void {
  const { event, action } = transition
  const texts = [event, action === '' ? 'no action' : action]
  let words = texts
  if (texts.some((text) => columns(text) > label.width))
    words = texts.flatMap((text) => wrap(text, label.width))
  if (words.length > label.rows || words.some((text) => columns(text) > label.width)) words = [`(${number})`]
  const first = label.low === true ? label.row + label.rows - words.length : label.row
  words.forEach((text, index) => {
    const line = lines[first + index]!
    if (label.end === true) line.putEnd(label.column, text)
    else line.put(label.column, text)
  })
}
