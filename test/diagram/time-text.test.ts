import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columns, printable, wrap } from '../../src/diagram/canvas.ts'
import { timeScale } from '../../src/diagram/time-text.ts'
import { durationText } from '../../src/svg/scale.ts'
import fc from '../property.ts'

test('the unit adapts to the run', () => {
  const scale = (times: number[]) => {
    const { unit, text } = timeScale(times)
    return `${unit}: ${times.map(text).join(' ')}`
  }
  assert.equal(scale([100, 253, 402]), 'µs: 0 153 302')
  assert.equal(scale([0, 20_000, 60_000]), 'ms: 0 20 60')
  assert.equal(scale([0, 2_500, 60_000]), 'ms: 0.0 2.5 60.0')
  assert.equal(scale([0, 20_000, 60_200_000]), 's: 0.000 0.020 60.200')
  assert.equal(scale([7]), 'ms: 0')
  assert.equal(scale([]), 'ms: ')
})

test('no digit is lost: a text times its unit is the time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2_000_000_000), { minLength: 1 }), (times) => {
      const { unit, text } = timeScale(times)
      const factor = unit === 's' ? 1e6 : unit === 'ms' ? 1000 : 1
      const origin = Math.min(...times)
      for (const at of times) assert.equal(Math.round(Number(text(at)) * factor), at - origin)
    }),
  )
})

test('durations take the nearest unit', () => {
  const texts = [0, 350, 20_000, 1_500_000, 60_000_000, 7_200_000_000].map(durationText)
  assert.deepEqual(texts, ['0 µs', '350 µs', '20 ms', '1.5 s', '60 s', '120 min'])
})

test('wrapping keeps every character but spaces, and the width', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
      const lines = wrap(text, width)
      assert.equal(lines.join('').replace(/\s+/g, ''), text.replace(/\s+/g, ''))
      for (const line of lines) assert.ok(columns(line) <= width)
      assert.ok(lines.length > 0)
    }),
  )
  assert.equal(printable('a\u0000\n\u001bb\u202ec '), 'a b c')
})

test('columns of text are its characters, halves of pairs that stand alone as well', () => {
  const halves = fc.array(fc.constantFrom('a', 'é', '漢', '\ud83d', '\ude00', '\ud83d\ude00'))
  fc.assert(
    fc.property(halves, (characters) => {
      const text = characters.join('')
      assert.equal(columns(text), [...text].length)
    }),
  )
})
