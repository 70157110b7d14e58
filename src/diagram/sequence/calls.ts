/** What goes on between an application and its socket: calls, what blocks, what returns. */

import { wrapped } from '../../svg/text-width.ts'
import type { Row } from '../ladder-rows.ts'
import type { Columns } from './columns.ts'
import { labelAt, lineHeight, widthOf } from './labels.ts'
import type { Activation, Box, CallArrow, Label } from './sequence-layout.ts'

export type CallRow = Extract<Row, { note: string }>

export type CallWay = 'down' | 'up' | 'none'

/** The name of a call that an application makes: 'read' of 'read() blocks'. */
const CALL = /^([a-z]\w*)\(/
const ENDS = / (returns|times out|fails)\b/

/** Whether it goes from the application to the socket ('down'), back, or neither. */
export function wayOf(row: CallRow): CallWay {
  if (row.kind === 'call') return 'down'
  if (row.kind === 'signal') return 'up'
  if (!CALL.test(row.text)) return 'none'
  return ENDS.test(row.text) ? 'up' : 'down'
}

/** Between an application and its socket: the words stand on the arrow. */
export function callLabel(row: CallRow, columns: Columns): Label {
  const application = columns.application[row.side]!
  const socket = columns.socket[row.side]
  const room = Math.abs(socket - application) - 24
  const lines = wrapped(row.text, room, (text) => widthOf('call', text))
  const height = lines.length * lineHeight('call')
  const top = wayOf(row) === 'none' ? -height / 2 : -height - 2
  return labelAt('call', (application + socket) / 2, top, lines, 'middle')
}

/** Room for the arrow of a call with its words: nothing else stands beside them. */
export function callRoom(label: Label, side: 0 | 1, columns: Columns): Box {
  const application = columns.application[side]!
  const socket = columns.socket[side]
  const { y, height } = label.box
  return {
    x: Math.min(application, socket) + 4,
    y,
    width: Math.abs(socket - application) - 8,
    height: height + 5,
  }
}

export function callArrow(row: CallRow, columns: Columns, y: number): CallArrow | null {
  const way = wayOf(row)
  if (way === 'none') return null
  const inwards = row.side === 0 ? 1 : -1
  const application = columns.application[row.side]! + 5 * inwards
  const socket = columns.socket[row.side] - 5 * inwards
  const [x1, x2] = way === 'down' ? [application, socket] : [socket, application]
  return { x1, x2, y, dashed: way === 'up' }
}

/** The bars on the applications' lifelines: from a call that blocks to its return. */
export class Blocking {
  readonly bars: Activation[] = []
  readonly #open: [Map<string, number>, Map<string, number>] = [new Map(), new Map()]
  /** The call that was made last at each side: '(blocks)' speaks of it. */
  readonly #last: [string, string] = ['', '']

  take(row: CallRow, y: number): void {
    const { side, text } = row
    const name = CALL.exec(text)?.[1] ?? ''
    const open = this.#open[side]
    if (row.kind === 'signal') {
      if (text === 'connected' || text === 'closed') this.#close(side, 'connect', y)
      return
    }
    if (name !== '' && ENDS.test(text)) this.#close(side, name, y)
    else if (text === '(blocks)') open.set(this.#last[side], y)
    else if (name !== '' && (text.endsWith(' blocks') || text === 'connect()')) open.set(name, y)
    if (name !== '') this.#last[side] = name
  }

  /** What is still open at the end did not return. */
  finish(y: number): void {
    for (const side of [0, 1] as const) {
      for (const [call, y1] of this.#open[side]) this.bars.push({ side, call, y1, y2: y, open: true })
    }
  }

  #close(side: 0 | 1, call: string, y2: number): void {
    const y1 = this.#open[side].get(call)
    if (y1 === undefined) return
    this.#open[side].delete(call)
    this.bars.push({ side, call, y1, y2, open: false })
  }
}
