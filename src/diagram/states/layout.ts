/**
 * The geometry of a state diagram: which arrows there are, by the table of transitions that it is given, where their words
 * stand, and which steps of a connection went along them.
 */

import { proportionalWidth, wrapped } from '../../svg/text-width.ts'
import { SIZES } from '../../svg/theme.ts'
import type { StatePath } from '../../trace/state-path.ts'
import type { StateName, Transition } from '../../trace/states.ts'
import { printable } from '../canvas.ts'
import { timeScale } from '../time-text.ts'
import { BOX, EXITS, HEIGHT, type Point, type Room, STATES, WAYS, type Way, WIDTH } from './places.ts'

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Words {
  readonly text: string
  readonly role: 'event' | 'action' | 'exit' | 'heading' | 'cell' | 'time'
  readonly anchor: 'start' | 'middle' | 'end'
  readonly x: number
  /** Of the baseline. */
  readonly y: number
  readonly box: Rectangle
}

export interface DrawnArrow {
  readonly from: StateName
  readonly to: StateName
  readonly transitions: readonly Transition[]
  readonly points: readonly Point[]
  readonly isExit: boolean
  readonly words: readonly Words[]
}

/** The steps of one side along one arrow. */
export interface Badge {
  readonly side: 0 | 1
  readonly arrow: DrawnArrow
  /** "3", "3 7"; of many the first: "3 …". */
  readonly text: string
  readonly box: Rectangle
}

export interface TableRow {
  readonly side: 0 | 1
  /** 0: where the path starts. */
  readonly step: number
  /** Its time, the states, and why: one or more lines. */
  readonly words: readonly Words[]
  readonly x: number
  /** Of its middle. */
  readonly y: number
}

export interface StateLayout {
  readonly width: number
  readonly height: number
  readonly title: string
  readonly states: readonly (Rectangle & {
    readonly state: StateName
    readonly visitors: readonly (0 | 1)[]
  })[]
  readonly arrows: readonly DrawnArrow[]
  readonly badges: readonly Badge[]
  readonly headings: readonly Words[]
  readonly table: readonly TableRow[]
  /** The path of each side in a sentence. */
  readonly told: readonly string[]
}

export interface StateDiagramOptions {
  readonly title?: string
  /** The states that each side went through, at most two; none: the diagram alone. */
  readonly paths?: readonly StatePath[]
}

const TOP = 20
const LINE = 15
const EXIT_LINE = 14
const TABLE_LINE = 22

export function layoutStates(
  transitions: readonly Transition[],
  options: StateDiagramOptions = {},
): StateLayout {
  const paths = (options.paths ?? []).slice(0, 2)
  const arrows = [...wayArrows(transitions), ...exitArrows(transitions)]
  const steps = paths.map((path) => stepsOf(path, arrows))
  const table = tableOf(paths, steps, HEIGHT + TOP + 20)
  return {
    width: WIDTH,
    height: paths.length === 0 ? HEIGHT + TOP : table.bottom + 24,
    title: printable(options.title ?? 'The state machine of TCP'),
    states: STATES.map(({ state, x, y }, place) => ({
      state,
      x: x - BOX.width / 2,
      y: y - BOX.height / 2 + TOP,
      ...BOX,
      visitors: ([0, 1] as const).filter((side) => steps[side]?.some((step) => step.places.includes(place))),
    })),
    arrows,
    badges: badgesOf(steps),
    headings: table.headings,
    table: table.rows,
    told: paths.map(
      ({ host, steps: states }) => `${printable(host)}: ${states.map(({ state }) => state).join(', ')}.`,
    ),
  }
}

/** The second CLOSED of STATES. */
const LAST_CLOSED = STATES.length - 1

function wayArrows(transitions: readonly Transition[]): DrawnArrow[] {
  return WAYS.flatMap((way) => {
    const { from, to, points, room } = way
    const along = transitions.filter((row) => goesAlong(row, way))
    if (along.length === 0) return []
    const events = [...new Set(along.map(({ event }) => event))].join(' or ')
    const actions = [...new Set(along.map(({ action }) => (action === '' ? 'no action' : action)))].join(
      ' or ',
    )
    const lines = [
      ...wrapped(events, room.width, widthOf('event')).map((text) => ({ text, role: 'event' as const })),
      ...wrapped(actions, room.width, widthOf('action')).map((text) => ({ text, role: 'action' as const })),
    ]
    const drawn = points.map(([x, y]): Point => [x, y + TOP])
    return [{ from, to, transitions: along, points: drawn, isExit: false, words: wordsIn(room, lines, LINE) }]
  })
}

function goesAlong({ from, to, cause }: Transition, way: Way): boolean {
  if (from !== way.from || to !== way.to) return false
  return way.causes === undefined || way.causes.includes(cause)
}

/** What leads to CLOSED and has no way of its own. */
function exitArrows(transitions: readonly Transition[]): DrawnArrow[] {
  return EXITS.flatMap(({ from, points, room }) => {
    const along = transitions.filter(
      (row) => row.from === from && row.to === 'CLOSED' && !WAYS.some((way) => goesAlong(row, way)),
    )
    if (along.length === 0) return []
    const lines = along.flatMap((row) => {
      const text = `${row.event}: ${exitAction(row)}`
      return wrapped(text, room.width, widthOf('exit')).map((each) => ({ text: each, role: 'exit' as const }))
    })
    const drawn = points.map(([x, y]): Point => [x, y + TOP])
    return [
      {
        from,
        to: 'CLOSED',
        transitions: along,
        points: drawn,
        isExit: true,
        words: wordsIn(room, lines, EXIT_LINE),
      },
    ]
  })
}

/** That the TCB is deleted goes without saying: CLOSED is its absence. */
const exitAction = ({ action }: Transition): string => action.replace(/, delete TCB$/, '')

type Role = Words['role']
const widthOf = (role: Role) => (text: string) =>
  proportionalWidth(text, sizeOf(role), role === 'event' || role === 'heading' ? 'bold' : 'normal')
export const sizeOf = (role: Role): number =>
  role === 'exit' ? SIZES.small : role === 'heading' ? SIZES.heading : SIZES.label

function wordsIn(room: Room, lines: readonly { text: string; role: Role }[], height: number): Words[] {
  const top = (room.up === true ? room.y - lines.length * height : room.y) + TOP
  return lines.map(({ text, role }, k) => wordsAt(text, role, room.anchor, room.x, top + k * height, height))
}

function wordsAt(
  text: string,
  role: Role,
  anchor: Words['anchor'],
  x: number,
  top: number,
  height: number,
): Words {
  const width = widthOf(role)(text)
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2
  return { text, role, anchor, x, y: top + height - 4, box: { x: left, y: top, width, height } }
}

interface Step {
  readonly at: number
  readonly state: StateName
  readonly from: StateName | null
  /** Null: where the path starts, or where the diagram has no such arrow. */
  readonly arrow: DrawnArrow | null
  readonly transition: Transition | null
  /** The boxes, by their place in STATES, that it visits. */
  readonly places: readonly number[]
}

function stepsOf({ steps }: StatePath, arrows: readonly DrawnArrow[]): Step[] {
  return steps.map(({ at, state, cause }, k): Step => {
    const from = k === 0 ? null : steps[k - 1]!.state
    const between = arrows.filter((arrow) => arrow.from === from && arrow.to === state)
    const isCause = (row: Transition): boolean => row.from === from && row.to === state && row.cause === cause
    // What was seen from outside has other words for its causes.
    const arrow = between.find(({ transitions }) => transitions.some(isCause)) ?? between[0] ?? null
    const transition = arrow?.transitions.find(isCause) ?? arrow?.transitions[0] ?? null
    const isLast = from === 'LAST-ACK' || from === 'TIME-WAIT'
    const place =
      state === 'CLOSED' && isLast ? LAST_CLOSED : STATES.findIndex((each) => each.state === state)
    return { at, state, from, arrow, transition, places: arrow?.isExit === true ? [] : [place] }
  })
}

const BADGE = 20

function badgesOf(steps: readonly (readonly Step[])[]): Badge[] {
  const badges: Badge[] = []
  for (const side of [0, 1] as const) {
    const numbers = new Map<DrawnArrow, number[]>()
    steps[side]?.forEach(({ arrow }, k) => {
      if (arrow !== null) numbers.set(arrow, [...(numbers.get(arrow) ?? []), k])
    })
    for (const [arrow, taken] of numbers) {
      const text = taken.length > 3 ? `${taken[0]} …` : taken.join(' ')
      const width = Math.max(BADGE, proportionalWidth(text, SIZES.label, 'bold') + 5)
      const before = badges.filter((badge) => badge.arrow === arrow)
      const { at, grow } = placeOf(arrow)
      const shift =
        before.length === 0 ? 0 : grow === 'right' ? before[0]!.box.width / 2 + width / 2 + 2 : BADGE + 2
      const [x, y] = [at[0] + (grow === 'right' ? shift : 0), at[1] + TOP + (grow === 'down' ? shift : 0)]
      badges.push({ side, arrow, text, box: { x: x - width / 2, y: y - BADGE / 2, width, height: BADGE } })
    }
  }
  return badges
}

function placeOf({ from, to, isExit, transitions }: DrawnArrow): Way['steps'] {
  if (isExit) return EXITS.find((exit) => exit.from === from)!.steps
  return WAYS.find((each) => each.from === from && each.to === to && goesAlong(transitions[0]!, each))!.steps
}

const COLUMN = (WIDTH - 60) / 2
/** From the left of a column. */
const CELLS = { time: 36, step: 130, why: 384 } as const

/** The steps of both sides beside each other, each numbered, with its time and what caused it. */
function tableOf(
  paths: readonly StatePath[],
  steps: readonly (readonly Step[])[],
  top: number,
): { headings: Words[]; rows: TableRow[]; bottom: number } {
  const scale = timeScale(steps.flat().map(({ at }) => at))
  const headings: Words[] = []
  const rows: TableRow[] = []
  let bottom = top
  paths.forEach(({ host, connection }, side) => {
    const left = 24 + side * (COLUMN + 12)
    const name = printable(connection > 1 ? `${host}, connection ${connection}` : host)
    const heading = `${name}: ${countOf(steps[side]!.length - 1)}`
    headings.push(wordsAt(heading, 'heading', 'start', left + CELLS.time, top, TABLE_LINE))
    let y = top + 1.4 * TABLE_LINE
    steps[side]!.forEach((step, k) => {
      const cell = (text: string, role: Role, x: number, line: number, anchor: Words['anchor'] = 'start') =>
        wordsAt(text, role, anchor, left + x, lineTop(y, line), line === 0 ? TABLE_LINE : EXIT_LINE)
      const went = step.from === null ? step.state : `${step.from} → ${step.state}`
      const why = wrapped(whyOf(step), COLUMN - CELLS.why - 10, widthOf('cell'))
      const words = [
        cell(`${scale.text(step.at)} ${scale.unit}`, 'time', CELLS.step - 14, 0, 'end'),
        cell(went, 'event', CELLS.step, 0),
        ...why.map((text, line) => cell(text, 'cell', CELLS.why, line)),
      ]
      rows.push({ side: side as 0 | 1, step: k, words, x: left, y: y + TABLE_LINE / 2 + 3 })
      y = lineTop(y, Math.max(1, why.length))
    })
    bottom = Math.max(bottom, y)
  })
  return { headings, rows, bottom }
}

/** The lines of a row below its first one are nearer to each other. */
const lineTop = (y: number, line: number): number =>
  line === 0 ? y : y + TABLE_LINE + (line - 1) * EXIT_LINE

const countOf = (steps: number): string => (steps === 1 ? '1 step' : `${steps} steps`)

function whyOf({ from, transition }: Step): string {
  if (from === null) return 'here it starts'
  if (transition === null) return 'not in the diagram: some steps were not seen'
  return transition.action === '' ? transition.event : `${transition.event}; ${transition.action}`
}
