/** Many marks in few pixels: no extreme and no mark is lost, and what is drawn was there. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BarPath, SignPath, StepPath } from '../../src/graph/columns.ts'
import { Letters } from '../../src/graph/letters.ts'
import fc from '../property.ts'

const COLUMN = 0.5
const pixel = fc.double({ min: 0, max: 12, noNaN: true })
const points = fc
  .array(fc.tuple(pixel, pixel), { minLength: 1, maxLength: 200 })
  .map((list) => [...list].sort((a, b) => a[0] - b[0]))

/** The levels that a path of steps has in each column of pixels, and where it stands when it leaves it. */
function levelsOf(d: string): { x: number; from: number; to: number }[] {
  const moves = [...d.matchAll(/([MHV])([\d.-]+)(?: ([\d.-]+))?/g)]
  let [x, y] = [0, 0]
  const strokes: { x: number; from: number; to: number }[] = []
  for (const [, letter, first, second] of moves) {
    if (letter === 'M') [x, y] = [Number(first), Number(second)]
    else if (letter === 'H') x = Number(first)
    const to = letter === 'V' ? Number(first) : y
    strokes.push({ x, from: y, to })
    y = to
  }
  return strokes
}

function grouped(list: readonly [number, number][]): Map<number, [number, number][]> {
  const columns = new Map<number, [number, number][]>()
  for (const point of list) {
    const column = Math.floor(point[0] / COLUMN)
    columns.set(column, [...(columns.get(column) ?? []), point])
  }
  return columns
}

test('steps keep the least and the greatest value of each column, and the last one', () => {
  fc.assert(
    fc.property(points, (list) => {
      const steps = new StepPath()
      for (const [x, y] of list) steps.add(x, y)
      const strokes = levelsOf(steps.data())
      const byColumn = grouped(list)
      for (const [column, inside] of byColumn) {
        const values = inside.map(([, y]) => y)
        const own = strokes.filter(({ x }) => Math.abs(x - inside[0]![0]) < 0.006)
        const before = strokes.filter(({ x }) => x < inside[0]![0] - 0.006).at(-1)?.to
        const seen = [...own.flatMap(({ from, to }) => [from, to]), ...(before === undefined ? [] : [before])]
        for (const extreme of [Math.min(...values), Math.max(...values)]) {
          assert.ok(
            seen.some((y) => Math.abs(y - extreme) < 0.006),
            `${extreme} in column ${column}`,
          )
        }
        const left = own.at(-1)?.to ?? before!
        assert.ok(Math.abs(left - values.at(-1)!) < 0.006, 'the last value holds')
      }
      assert.ok(strokes.length <= byColumn.size * 8)
    }),
  )
})

test('bars cover all that was there, and nothing farther off than a column', () => {
  const bars = fc
    .array(fc.tuple(pixel, pixel, pixel), { minLength: 1, maxLength: 200 })
    .map((list) => [...list].sort((a, b) => a[0] - b[0]))
  fc.assert(
    fc.property(bars, (list) => {
      const path = new BarPath()
      for (const [x, y1, y2] of list) path.add(x, y1, y2)
      const drawn = [...path.data().matchAll(/M([\d.-]+) ([\d.-]+)V([\d.-]+)/g)].map((match) =>
        match.slice(1).map(Number),
      ) as [number, number, number][]
      for (const [x, y1, y2] of list) {
        const [low, high] = [Math.min(y1, y2), Math.max(y1, y2)]
        const covers = ([atX, top, bottom]: [number, number, number]): boolean =>
          Math.abs(atX - x) <= COLUMN + 0.01 && top <= low + 0.01 && bottom >= high - 0.01
        assert.ok(drawn.some(covers), `${x}: ${low} to ${high}`)
      }
      for (const [x, top, bottom] of drawn) {
        const near = list.filter((bar) => Math.abs(bar[0] - x) <= COLUMN + 0.01)
        for (const end of [top, bottom]) {
          const isOfABar = near.some(([, y1, y2]) => Math.min(Math.abs(y1 - end), Math.abs(y2 - end)) <= 0.51)
          assert.ok(isOfABar, `${x}: an end at ${end}`)
        }
      }
    }),
  )
})

test('each sign has one in its cell', () => {
  fc.assert(
    fc.property(points, fc.integer({ min: 1, max: 4 }), (list, cell) => {
      const drawn: [number, number][] = []
      const signs = new SignPath((x, y) => {
        drawn.push([x, y])
        return ''
      }, cell)
      for (const [x, y] of list) signs.add(x, y)
      for (const [x, y] of list) {
        assert.ok(drawn.some(([atX, atY]) => Math.abs(atX - x) <= cell && Math.abs(atY - y) <= cell))
      }
      assert.ok(drawn.length <= (12 / cell + 1) ** 2)
    }),
  )
})

test('letters stand apart from each other, inside, and near what they name', () => {
  const room = { left: 0, top: 0, right: 120, bottom: 100 }
  const place = fc.tuple(
    fc.integer({ min: 0, max: 120 }),
    fc.integer({ min: 0, max: 100 }),
    fc.constantFrom('R', 'R SYN', '3'),
    fc.boolean(),
  )
  fc.assert(
    fc.property(fc.array(place, { maxLength: 60 }), (places) => {
      const letters = new Letters(room)
      const put = places.filter(([x, y, words, isBelow]) => letters.put(x, y, words, 'letter', isBelow))
      const boxes = [...letters.markup().matchAll(/x="([\d.-]+)" y="([\d.-]+)"[^>]*>([^<]*)</g)].map(
        ([, x, y, words]) => {
          const half = (words!.length * 0.603 * 11) / 2
          return { x: Number(x), y: Number(y), half }
        },
      )
      assert.equal(boxes.length, put.length)
      for (const [k, a] of boxes.entries()) {
        assert.ok(a.x - a.half >= 0 && a.x + a.half <= 120 && a.y - 11 >= 0 && a.y <= 100)
        assert.ok(Math.abs(a.y - put[k]![1]) <= 30)
        for (const b of boxes.slice(k + 1)) {
          assert.ok(Math.abs(a.x - b.x) >= a.half + b.half - 0.02 || Math.abs(a.y - b.y) >= 11)
        }
      }
    }),
  )
})
