/** Counted code does what it did before, and each of its branches has a counter of its own. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'
import { load } from '../../fuzz/build.ts'
import type { TargetModule } from '../../fuzz/corpus.ts'
import { EDGES_GLOBAL, instrument } from '../../fuzz/instrument.ts'
import { entryOf } from '../../fuzz/targets/names.ts'

const SAMPLE = `function f(n) {
  const out = []
  if (n > 1) out.push('a'); else if (n === 1) out.push('b')
  if (n === 2) out.push('two')
  for (let i = 0; i < n; i++) out.push(i)
  for (const k in { x: 1 }) out.push(k)
  while (n > 3) n--
  do n++; while (n < 0)
  switch (n) { case 0: case 1: out.push('few'); break; default: out.push('many') }
  out.push(n > 0 ? n || 1 : n && 2, null ?? 'null')
  try { if (n === 2) throw new Error('no') } catch { out.push('caught') }
  const arrow = (a, b = n > 0 ? 1 : 2) => ({ a, b })
  class C { #p = n && 1; get p() { return this.#p } static s = 1 }
  out.push(arrow(n), new C().p, [1, 2].map((x) => x > 1 && x))
  return JSON.stringify(out)
}`

function run(text: string, n: number, counters: Uint16Array): string {
  const context = vm.createContext({ [EDGES_GLOBAL]: counters, JSON })
  return vm.runInContext(`${text}\nf(${n})`, context) as string
}

test('counted code gives the same results', () => {
  const counted = instrument('sample.js', SAMPLE, 0)
  for (const n of [-2, 0, 1, 2, 3, 7]) {
    const counters = new Uint16Array(counted.lines.length)
    assert.equal(run(counted.text, n, counters), run(SAMPLE, n, counters), `f(${n})`)
    assert.ok(counters[0] === 1, 'the function was entered once')
  }
})

test('all branches of the sample are taken by some number, and other numbers take others', () => {
  const counted = instrument('sample.js', SAMPLE, 0)
  const whole = new Uint16Array(counted.lines.length)
  const ways = new Set<string>()
  for (const n of [-2, 0, 1, 2, 3, 7]) {
    const counters = new Uint16Array(counted.lines.length)
    run(counted.text, n, counters)
    ways.add(counters.join())
    for (const [i, count] of counters.entries()) whole[i]! += count
  }
  assert.equal(ways.size, 6)
  const never = [...whole].flatMap((count, i) => (count === 0 ? [counted.lines[i]] : []))
  assert.deepEqual(
    never,
    [10, 10],
    'only what stands behind n, where it is known to be one or not to be, is out of reach',
  )
})

test('no line moves, and numbers go on from file to file', () => {
  const { text, lines } = instrument('sample.js', SAMPLE, 100)
  assert.equal(text.split('\n').length, SAMPLE.split('\n').length)
  assert.match(text, /\$edges\[100\]\+\+/)
  assert.match(text, new RegExp(`\\$edges\\[${99 + lines.length}\\]\\+\\+`))
  assert.deepEqual([lines[0], Math.max(...lines)], [1, 14])
})

test('a fault must stand exactly once in its file', async () => {
  const none = { file: 'src/wire/tcp.js', find: 'no such text', replace: '' }
  await assert.rejects(load<TargetModule>(entryOf('options'), [none]), /'no such text' 0 times, not once/)
})
