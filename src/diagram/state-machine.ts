/**
 * `elko states`: the state machine as pictures and tables, printed from the table of transitions that the protocol
 * itself runs by, so that the picture cannot say anything else than the code.
 */

import { type StatePath, statePathText } from '../trace/state-path.ts'
import type { StateName, Transition } from '../trace/states.ts'
import { columns, TextLine, type TextStyle, wrap } from './canvas.ts'
import { stateArt } from './state-art.ts'
import {
  STATE_WAITS,
  VISITED_PATHS,
  type VisitedPath,
  WALKS,
  type Walk,
  type WalkStep,
} from './state-words.ts'

export interface StateMachineOptions {
  /** Columns, from 80. Default 100. */
  readonly width?: number
  readonly ascii?: boolean
  readonly color?: boolean
}

/** Everything that `stateMachine` prints, as data. */
export interface StateMachineData {
  readonly states: readonly { readonly state: StateName; readonly waitsFor: string }[]
  readonly transitions: readonly Transition[]
  readonly walks: readonly Walk[]
  /** `possible`: whether the table has every step of it. */
  readonly paths: readonly (VisitedPath & { readonly possible: boolean })[]
}

/** The diagram, all transitions, what each state waits for, how two ends open and close, and the paths of each. */
export function stateMachine(transitions: readonly Transition[], options: StateMachineOptions = {}): string {
  const style: TextStyle = { ascii: options.ascii ?? false, color: options.color ?? false }
  const width = Math.max(80, Math.floor(options.width ?? 100))
  const page = new Page(width, style)
  const art = stateArt(transitions, style)
  page.title('The state machine of TCP (RFC 9293 3.3.2): event above action')
  page.raw(art.text)
  page.title('Transitions (* also in the picture)')
  page.table(
    ['', '', 'state', 'event', 'action', 'moves to', 'cause'],
    transitions.map((row, i) => [
      `(${i + 1})`,
      art.drawn.has(row) ? '*' : ' ',
      row.from,
      row.event,
      row.action === '' ? '-' : row.action,
      row.to,
      row.cause,
    ]),
    [5, 1, 12, 0, 0, 12, 0],
  )
  page.title('What each state waits for')
  page.table(['state', 'waits for'], Object.entries(STATE_WAITS), [12, 0])
  for (const walk of WALKS) page.walk(walk)
  page.title('States visited by each side')
  for (const path of stateMachineData(transitions).paths) {
    page.pair(path.title, `${path.states.join(' -> ')}${path.possible ? '' : ' (not in the table)'}`, 20)
  }
  return page.text()
}

/** The same as data, for JSON. */
export function stateMachineData(transitions: readonly Transition[]): StateMachineData {
  const steps = new Set(transitions.map(({ from, to }) => `${from} ${to}`))
  return {
    states: Object.entries(STATE_WAITS).map(([state, waitsFor]) => ({ state: state as StateName, waitsFor })),
    transitions,
    walks: WALKS,
    paths: VISITED_PATHS.map((path) => ({
      ...path,
      possible: path.states.every((state, i) => i === 0 || steps.has(`${path.states[i - 1]} ${state}`)),
    })),
  }
}

/** The paths of a run, one line each: "client  CLOSED -> SYN-SENT -> ...", cut between states at the width. */
export function statePathLines(paths: readonly StatePath[], width = 100): string[] {
  const name = ({ host, connection }: StatePath) => (connection > 1 ? `${host} ${connection}` : host)
  const longest = Math.min(
    30,
    paths.reduce((most, path) => Math.max(most, columns(name(path))), 0),
  )
  return paths.flatMap((path) =>
    wrap(statePathText(path), Math.max(30, width - longest - 2)).map(
      (words, i) => `${(i === 0 ? name(path) : '').padEnd(longest)}  ${words}`,
    ),
  )
}

const STEP_HEADS = ['action', 'moves to']

class Page {
  readonly #width: number
  readonly #style: TextStyle
  readonly #lines: string[] = []

  constructor(width: number, style: TextStyle) {
    this.#width = width
    this.#style = style
  }

  title(text: string): void {
    if (this.#lines.length > 0) this.#lines.push('')
    const line = new TextLine(this.#width)
    line.fill(0, this.#width, '═', 'strong')
    line.put(3, ` ${text} `, 'strong')
    this.#lines.push(line.text(this.#style), '')
  }

  raw(text: string): void {
    this.#lines.push(text)
  }

  /** Client and server side by side, or below each other where the width is too small for both. */
  walk({ title, rows }: Walk): void {
    this.title(title)
    const cells = ({ state, action, to }: WalkStep) => [state, action, to ?? '-']
    if (this.#width >= 96) {
      this.table(
        ['client', ...STEP_HEADS, 'server', ...STEP_HEADS],
        rows.map(({ client, server }) => [...cells(client), ...cells(server)]),
        [12, 0, 12, 12, 0, 12],
      )
      return
    }
    for (const side of ['client', 'server'] as const) {
      this.table(
        [side, ...STEP_HEADS],
        rows.map((row) => cells(row[side])),
        [12, 0, 12],
      )
      if (side === 'client') this.#lines.push('')
    }
  }

  /** A column of width 0 shares what the others leave. */
  table(heads: readonly string[], rows: readonly (readonly string[])[], widths: readonly number[]): void {
    const fixed = widths.reduce((a, b) => a + b, 0) + 2 * (widths.length - 1)
    const shared = widths.filter((width) => width === 0).length
    const each = Math.floor((this.#width - fixed) / Math.max(1, shared))
    const sizes = widths.map((width) => width || each)
    this.#tableRow(heads, sizes, 'strong')
    const rule = new TextLine(this.#width)
    let column = 0
    for (const size of sizes) {
      rule.fill(column, column + size, '─', 'dim')
      column += size + 2
    }
    this.#lines.push(rule.text(this.#style))
    for (const row of rows) this.#tableRow(row, sizes, 'plain')
  }

  pair(name: string, text: string, indent: number): void {
    wrap(text, this.#width - indent).forEach((words, i) => {
      const line = new TextLine(this.#width)
      if (i === 0) line.put(0, name, 'strong')
      line.put(indent, words)
      this.#lines.push(line.text(this.#style))
    })
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`
  }

  #tableRow(cells: readonly string[], sizes: readonly number[], style: 'plain' | 'strong'): void {
    const wrapped = cells.map((cell, i) => wrap(cell, sizes[i]!))
    const height = Math.max(...wrapped.map((words) => words.length))
    for (let row = 0; row < height; row++) {
      const line = new TextLine(this.#width)
      let column = 0
      wrapped.forEach((words, i) => {
        line.put(column, words[row] ?? '', style)
        column += sizes[i]! + 2
      })
      this.#lines.push(line.text(this.#style))
    }
  }
}
