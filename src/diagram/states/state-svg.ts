/**
 * The state diagram of RFC 9293 (figure 5) as a picture, drawn from the table of transitions that it is given, so that it
 * cannot say anything else than the machine does; with the ways that both sides of a connection took through it.
 */

import { arrowHead } from '../../svg/marks.ts'
import { decimal, element, escaped, picture, textAt } from '../../svg/markup.ts'
import { BASE_STYLE, type Scheme, SIZES, themeStyle, WORDS_FONT } from '../../svg/theme.ts'
import type { Transition } from '../../trace/states.ts'
import {
  type Badge,
  type DrawnArrow,
  layoutStates,
  type StateDiagramOptions,
  type StateLayout,
  type TableRow,
  type Words,
} from './layout.ts'
import type { Point } from './places.ts'

export interface StatePictureOptions extends StateDiagramOptions {
  /** Colours: as the reader's system has them (default), or one kind whatever it says. */
  readonly scheme?: Scheme
}

/** @returns a whole SVG file. */
export function stateDiagram(transitions: readonly Transition[], options: StatePictureOptions = {}): string {
  return drawStates(layoutStates(transitions, options), options.scheme ?? 'auto')
}

export function drawStates(layout: StateLayout, scheme: Scheme): string {
  const { width, height, title, arrows, badges, headings, table, told } = layout
  const taken = (arrow: DrawnArrow, side: 0 | 1): boolean =>
    badges.some((badge) => badge.arrow === arrow && badge.side === side)
  const body = [
    textAt(24, 34, title, { class: 'title' }),
    told.length === 0 ? '' : keyMarkup(layout),
    ...arrows.map((arrow) =>
      arrowMarkup(
        arrow,
        ([0, 1] as const).filter((side) => taken(arrow, side)),
      ),
    ),
    ...layout.states.map(boxMarkup),
    ...badges.map(badgeMarkup),
    ...headings.map(wordsMarkup),
    ...table.map((row) => rowMarkup(row)),
  ].join('')
  const about =
    'Eleven states and the transitions between them, each with its event and what is done about it.'
  return picture({
    width,
    height,
    title,
    description: [about, ...told].join(' '),
    style: styleOf(scheme),
    body,
  })
}

function styleOf(scheme: Scheme): string {
  return (
    themeStyle('svg', scheme) +
    BASE_STYLE +
    `text{font-family:${WORDS_FONT}}.event,.state-name{font-weight:bold}.action,.exit{fill:var(--dim)}.exit,.pill-name{font-size:${SIZES.small}px}` +
    `.state-name{font-size:${SIZES.words}px}.cell,.time{fill:var(--dim)}` +
    '.state-box{fill:var(--panel);stroke:var(--dim);stroke-width:1.4}.visited .state-box{stroke:var(--ink);stroke-width:2.6}' +
    '.way{fill:none;stroke:var(--dim);stroke-width:1.3}.tip{fill:var(--dim)}.out .way{stroke-dasharray:3 3}' +
    '.pill{fill:var(--paper);stroke:var(--dim);stroke-dasharray:3 3}.pill-name{fill:var(--dim)}' +
    '.taken .pill{stroke:var(--ink);stroke-width:2;stroke-dasharray:none}.taken .pill-name{fill:var(--ink);font-weight:bold}' +
    '.path{fill:none;stroke-width:5;stroke-linejoin:round;opacity:.85}.path.one{stroke:var(--rightward)}' +
    '.path.other{stroke:var(--leftward);stroke-dasharray:9 5}' +
    '.badge{stroke:var(--paper);stroke-width:1.5}.one .badge{fill:var(--rightward)}.other .badge{fill:var(--leftward)}' +
    '.number{fill:var(--paper);font-weight:bold}'
  )
}

const SIDES = ['one', 'other'] as const

/** Which line is whose. */
function keyMarkup({ told, width }: StateLayout): string {
  const keys = told.map((words, side) => {
    const x = width - 420 + side * 200
    const line = element('path', { class: `path ${SIDES[side]}`, d: `M${x} 29h46` })
    return element('g', {}, line, textAt(x + 56, 33, words.slice(0, words.indexOf(':')), { class: 'words' }))
  })
  return keys.join('')
}

function arrowMarkup(
  { from, to, transitions, points, isExit, words }: DrawnArrow,
  sides: readonly (0 | 1)[],
): string {
  const about = transitions.map(
    ({ event, action }) => `${from} to ${to}: ${event}${action === '' ? '' : ` / ${action}`}`,
  )
  const [end, before] = [points.at(-1)!, points.at(-2)!]
  const parts = [element('title', {}, escaped(about.join('\n')))]
  // Both sides' ways lie beside each other on the arrow.
  for (const side of sides) {
    const shift = sides.length === 1 ? 0 : side === 0 ? -3 : 3
    parts.push(element('path', { class: `path ${SIDES[side]}`, d: route(shifted(points, shift)) }))
  }
  parts.push(element('path', { class: 'way', d: route(points) }))
  parts.push(element('path', { class: 'tip', d: arrowHead(before[0], before[1], end[0], end[1], 10) }))
  if (isExit) parts.push(pillMarkup(before, end))
  parts.push(...words.map(wordsMarkup))
  return element('g', { class: `${isExit ? 'out' : 'arrow'}${sides.length > 0 ? ' taken' : ''}` }, ...parts)
}

const PILL = { width: 66, height: 20 } as const

/** Where a pill of CLOSED stands, which an arrow points at. */
export function pillAt(
  [fromX]: Point,
  [x, y]: Point,
): { x: number; y: number; width: number; height: number } {
  const { width, height } = PILL
  if (fromX === x) return { x: x - width / 2, y, width, height }
  return { x: x > fromX ? x : x - width, y: y - height / 2, width, height }
}

function pillMarkup(before: Point, end: Point): string {
  const { x, y, width, height } = pillAt(before, end)
  const box = element('rect', { class: 'pill', x, y, width, height, rx: height / 2 })
  return (
    box + textAt(x + width / 2, y + height / 2 + 4, 'CLOSED', { class: 'pill-name', 'text-anchor': 'middle' })
  )
}

/** A way beside another one: each stretch moved to its right by so many pixels. */
function shifted(points: readonly Point[], by: number): Point[] {
  const moved = (k: number, axis: 0 | 1): number => {
    const [a, b] = [points[Math.max(0, k - 1)]!, points[k]!]
    const [c, d] = [points[k]!, points[Math.min(points.length - 1, k + 1)]!]
    // A level stretch moves up or down, an upright one to the side.
    const stretches = [
      [a, b],
      [c, d],
    ] as const
    for (const [from, to] of stretches) {
      const isLevel = from[1] === to[1] && from[0] !== to[0]
      const isUpright = from[0] === to[0] && from[1] !== to[1]
      if (axis === 1 && isLevel) return points[k]![1] + Math.sign(to[0] - from[0]) * by
      if (axis === 0 && isUpright) return points[k]![0] - Math.sign(to[1] - from[1]) * by
    }
    return points[k]![axis]
  }
  return points.map((_, k): Point => [moved(k, 0), moved(k, 1)])
}

const CORNER = 10

/** Through all points, with round corners. */
function route(points: readonly Point[]): string {
  let d = `M${decimal(points[0]![0])} ${decimal(points[0]![1])}`
  for (let k = 1; k < points.length; k++) {
    const [x, y] = points[k]!
    const next = points[k + 1]
    const [beforeX, beforeY] = points[k - 1]!
    if (next === undefined) return `${d}L${decimal(x)} ${decimal(y)}`
    const [inX, inY] = [x - Math.sign(x - beforeX) * CORNER, y - Math.sign(y - beforeY) * CORNER]
    const [outX, outY] = [x + Math.sign(next[0] - x) * CORNER, y + Math.sign(next[1] - y) * CORNER]
    d += `L${decimal(inX)} ${decimal(inY)}Q${decimal(x)} ${decimal(y)} ${decimal(outX)} ${decimal(outY)}`
  }
  return d
}

function boxMarkup({ state, x, y, width, height, visitors }: StateLayout['states'][number]): string {
  const box = element('rect', { class: 'state-box', x, y, width, height, rx: 9 })
  const name = textAt(x + width / 2, y + height / 2 + 5, state, {
    class: 'state-name',
    'text-anchor': 'middle',
  })
  return element('g', { class: visitors.length > 0 ? 'state visited' : 'state' }, box, name)
}

function badgeMarkup({ side, text, box }: Badge): string {
  const { x, y, width, height } = box
  // Round for one side, square for the other: not by colour alone.
  const shape = element('rect', { class: 'badge', x, y, width, height, rx: side === 0 ? height / 2 : 3 })
  const number = textAt(x + width / 2, y + height / 2 + 4.5, text, {
    class: 'number',
    'text-anchor': 'middle',
  })
  return element('g', { class: `step ${SIDES[side]}` }, shape, number)
}

function rowMarkup({ side, step, words, x, y }: TableRow): string {
  const box = { x, y: y - 9, width: 24, height: 18 }
  const shape = element('rect', { class: 'badge', ...box, rx: side === 0 ? 9 : 3 })
  const number = textAt(x + 12, y + 4.5, String(step), { class: 'number', 'text-anchor': 'middle' })
  return element('g', { class: `step ${SIDES[side]}` }, shape, number, ...words.map(wordsMarkup))
}

function wordsMarkup({ text, role, anchor, x, y }: Words): string {
  return textAt(x, y, text, { class: role, ...(anchor !== 'start' && { 'text-anchor': anchor }) })
}
