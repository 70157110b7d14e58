/** The floor under all pictures: what is escaped, how numbers are written, where ticks stand, how wide words are. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { arrowHead, cross, diamond, tick } from '../../src/svg/marks.ts'
import { decimal, element, escaped, picture, textAt } from '../../src/svg/markup.ts'
import { countText, durationText, linearScale, ticks } from '../../src/svg/scale.ts'
import { fixedWidth, proportionalWidth, wrapped } from '../../src/svg/text-width.ts'
import { BASE_STYLE, themeStyle } from '../../src/svg/theme.ts'
import fc from '../property.ts'

function property<T>(title: string, values: fc.Arbitrary<T>, holds: (value: T) => void): void {
  test(title, () => fc.assert(fc.property(values, holds)))
}

describe('markup', () => {
  test('elements, attributes that are left out, numbers with two decimals at most', () => {
    assert.equal(element('g'), '<g/>')
    assert.equal(element('g', { x: 1.23456, y: undefined, class: 'a"b' }), '<g x="1.23" class="a&quot;b"/>')
    assert.equal(textAt(1, -0.001, 'a < b & c'), '<text x="1" y="0">a &lt; b &amp; c</text>')
    assert.throws(() => decimal(Number.NaN), /NaN cannot be drawn/)
  })

  property(
    'escaped words hold nothing that markup means something by, and XML allows each character',
    fc.string({ unit: 'binary' }),
    (words) => {
      const safe = escaped(words)
      assert.doesNotMatch(safe, /[<>"']/)
      assert.doesNotMatch(safe, /&(?!(amp|lt|gt|quot|#39);)/)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 forbids
      assert.doesNotMatch(safe, /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/)
      assert.doesNotMatch(safe, /\p{Surrogate}/u)
    },
  )

  test('a whole picture names itself', () => {
    const svg = picture({
      width: 10,
      height: 5,
      title: 'A & B',
      description: 'two',
      style: BASE_STYLE,
      body: '<g/>',
    })
    assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 10 5" .*role="img"/)
    assert.match(svg, /<title id="title">A &amp; B<\/title><desc id="description">two<\/desc>/)
  })
})

describe('scales', () => {
  const end = fc.double({ min: -1e12, max: 1e12, noNaN: true })
  property(
    'ticks are round, inside, in order, and no more than asked for',
    fc.tuple(end, end, fc.integer({ min: 2, max: 20 })),
    ([a, b, most]) => {
      const [from, to] = a < b ? [a, b] : [b, a]
      fc.pre(to - from > Math.max(1e-3, Math.abs(from) * 1e-9))
      const found = ticks(from, to, most)
      const slack = (to - from) * 1e-9
      assert.ok(found.length <= most, `${found.length} ticks`)
      for (const [k, value] of found.entries()) {
        assert.ok(value >= from - slack && value <= to + slack)
        if (k > 0) assert.ok(value > found[k - 1]!)
      }
    },
  )

  test('ticks of known ranges', () => {
    assert.deepEqual(ticks(0, 100, 6), [0, 20, 40, 60, 80, 100])
    assert.deepEqual(ticks(0, 1, 6), [0, 0.2, 0.4, 0.6, 0.8, 1])
    assert.deepEqual(ticks(3, 3, 6), [3])
  })

  test('a scale goes on beyond its ends, and has a middle where they are one', () => {
    const scale = linearScale(0, 200, 10, 110)
    assert.equal(scale.at(50), 35)
    assert.equal(scale.at(300), 160)
    assert.equal(linearScale(5, 5, 0, 100).at(5), 50)
  })

  test('values in words', () => {
    assert.deepEqual([1448, 64_000, 1_500_000, 2e9].map(countText), ['1448', '64 k', '1.5 M', '2 G'])
    assert.deepEqual([0, 350, 20_000, 1_500_000, 120e6].map(durationText), [
      '0 µs',
      '350 µs',
      '20 ms',
      '1.5 s',
      '2 min',
    ])
    const hour = 3600e6
    const broken = [
      999.9999,
      299.5 * 60e6,
      300 * 60e6,
      72 * hour,
      40 * 365.25 * 24 * hour,
      -5e6,
      -0.0001,
      NaN,
    ]
    assert.deepEqual([...broken, Infinity].map(durationText), [
      '1 ms',
      '299.5 min',
      '5 h',
      '3 d',
      '40 years',
      '-5 s',
      '0 µs',
      '?',
      '?',
    ])
  })
})

describe('words', () => {
  test('fixed-width words count columns, others the width of each character', () => {
    assert.equal(fixedWidth('abc', 10), fixedWidth('iWi', 10))
    assert.equal(fixedWidth('漢', 10), fixedWidth('ab', 10))
    assert.ok(proportionalWidth('iii', 10) < proportionalWidth('WWW', 10))
    assert.ok(proportionalWidth('abc', 10, 'bold') > proportionalWidth('abc', 10))
  })

  property(
    'wrapped lines fit, and hold every word in order',
    fc.tuple(fc.string(), fc.integer({ min: 20, max: 300 })),
    ([words, room]) => {
      const widthOf = (line: string): number => fixedWidth(line, 10)
      const lines = wrapped(words, room, widthOf)
      for (const line of lines) assert.ok(widthOf(line) <= room || [...line].length === 1, line)
      assert.equal(lines.join('').replace(/\s/g, ''), words.replace(/\s/g, ''))
    },
  )
})

describe('marks', () => {
  test('lines through points, and steps', () => {})

  test('signs at a place', () => {
    assert.equal(arrowHead(0, 0, 10, 0, 10), 'M10 0L0 4.2L0 -4.2Z')
    assert.equal(cross(5, 5, 1), 'M4 4L6 6M6 4L4 6')
    assert.equal(diamond(0, 0, 1), 'M0 -1l1 1l-1 1l-1 -1Z')
    assert.equal(tick(1, 1, 'up', 2), 'M1 1v-2')
  })
})

describe('colours', () => {
  /** WCAG 2.1 relative luminance. */
  const luminance = (hex: string): number => {
    const [r, g, b] = [1, 3, 5].map((at) => {
      const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
    }) as [number, number, number]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  for (const scheme of ['light', 'dark'] as const) {
    test(`${scheme}: words of every role can be read on paper and on panels (contrast of 4.5, WCAG 1.4.3)`, () => {
      const roles = Object.fromEntries(
        [...themeStyle('svg', scheme).matchAll(/--(\w+):(#\w+)/g)].map(([, role, hex]) => [role, hex!]),
      )
      for (const role of ['ink', 'dim', 'rightward', 'leftward', 'good', 'bad', 'warn', 'accent', 'state']) {
        for (const ground of ['paper', 'panel']) {
          const [low, high] = [luminance(roles[role]!), luminance(roles[ground]!)].sort((a, b) => a - b) as [
            number,
            number,
          ]
          assert.ok((high + 0.05) / (low + 0.05) >= 4.5, `${role} on ${ground}`)
        }
      }
    })
  }
})
