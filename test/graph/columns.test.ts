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

/** What a path of steps covers in each column of pixels that it enters: the least and the greatest level. */
function coverage(pieces: readonly string[]): Map<number, [low: number, high: number]> {
  const columns = new Map<number, [low: number, high: number]>()
  const cover = (column: number, ...levels: number[]): void => {
    const [low, high] = columns.get(column) ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    columns.set(column, [Math.min(low, ...levels), Math.max(high, ...levels)])
  }
  for (const piece of pieces) {
    let [x, y] = [Number.NaN, Number.NaN]
    for (const [, letter, first, second] of piece.matchAll(/([MHV])([\d.-]+)(?: ([\d.-]+))?/g)) {
      if (letter === 'M') [x, y] = [Number(first), Number(second)]
      else if (letter === 'V') {
        cover(Math.floor(x / COLUMN), y, Number(first))
        y = Number(first)
      } else {
        for (let k = Math.floor(x / COLUMN); k <= Math.floor(Number(first) / COLUMN); k++) cover(k, y)
        x = Number(first)
      }
    }
  }
  return columns
}

test('steps cover of each column what all of them would cover, in pieces that join', () => {
  // Hundredths, as they are drawn; none at the edge of a column, on whose other side it might fall.
  const hundredths = fc.integer({ min: 0, max: 20_000 }).map((value) => value / 100)
  const steep = fc
    .array(fc.tuple(hundredths, hundredths), { minLength: 1, maxLength: 400 })
    .map((list) => list.filter(([x]) => (x * 100) % 50 !== 0).sort((a, b) => a[0] - b[0]))
    .filter((list) => list.length > 0)
  fc.assert(
    fc.property(steep, (list) => {
      const steps = new StepPath(COLUMN)
      for (const [x, y] of list) steps.add(x, y)
      const pieces = steps.data(210)
      const all = list.map(([x, y]) => `H${x}V${y}`).join('')
      const full = coverage([`M${list[0]!.join(' ')}${all}H210`])
      const thinned = coverage(pieces)
      for (const [column, [low, high]] of full) {
        const [drawnLow, drawnHigh] = thinned.get(column) ?? [Number.NaN, Number.NaN]
        assert.ok(Math.abs(drawnLow - low) < 0.006, `from ${low} in column ${column}, not ${drawnLow}`)
        assert.ok(Math.abs(drawnHigh - high) < 0.006, `to ${high} in column ${column}, not ${drawnHigh}`)
      }
      assert.equal(thinned.size, full.size)
      for (const [k, piece] of pieces.entries()) {
        // Each begins at a whole pixel, on the level and at the place where the one before ended.
        if (k > 0) assert.equal(/^M(\d+) /.exec(piece)![1], /H(\d+)$/.exec(pieces[k - 1]!)![1])
      }
      assert.ok(
        pieces.join('').split('V').length - 1 <= new Set(list.map(([x]) => Math.floor(x / COLUMN))).size * 3,
      )
    }),
  )
})

test('bars cover all that was there, and nothing farther off than a column', () => {
  const bars = fc
    .array(fc.tuple(pixel, pixel, pixel), { minLength: 1, maxLength: 200 })
    .map((list) => [...list].sort((a, b) => a[0] - b[0]))
  fc.assert(
    fc.property(bars, (list) => {
      const path = new BarPath(COLUMN)
      for (const [x, y1, y2] of list) path.add(x, y1, y2)
      const drawn = [
        ...path
          .data()
          .join('')
          .matchAll(/M([\d.-]+) ([\d.-]+)V([\d.-]+)/g),
      ].map((match) => match.slice(1).map(Number)) as [number, number, number][]
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
