/** `elko graph`: a connection over time, in each of its forms. */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { GRAPH_NAMES, GRAPH_TYPES } from '../../src/graph/graph-svg.ts'
import { parsePlot } from '../graph/xpl-grammar.ts'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const capture = join(folder, 'slow-start.pcapng')
assert.equal(elko(['sim', 'slow-start', '--write', capture]).code, 0)

test('without -o it prints a sketch, and what it says in words', () => {
  const { code, stdout, stderr } = elko(['graph', 'slow-start'])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.match(
    stdout,
    /^Time sequence: Slow start and congestion avoidance\nclient 192\.0\.2\.1 port \d+ → server/,
  )
  assert.match(stdout, /40 k ┤/)
  assert.match(stdout, /up to sequence number 40002, 1 retransmission, 1 lost/)
  for (const line of stdout.split('\n')) assert.ok([...line].length <= 100, line)
})

describe('every type in every form', () => {
  for (const type of GRAPH_TYPES) {
    test(type, () => {
      const file = (form: string) => join(folder, `${type}.${form}`)
      for (const form of ['svg', 'json', 'txt']) {
        const { code, stdout, stderr } = elko(['graph', 'slow-start', '--type', type, '-o', file(form)])
        assert.equal(stderr, `Saved ${file(form)}: client to server (a2b).\n`)
        assert.deepEqual([code, stdout], [0, ''])
      }
      assert.match(
        readFileSync(file('svg'), 'utf8'),
        new RegExp(`^<svg [^]*>${GRAPH_NAMES[type]}: Slow start`),
      )
      assert.equal(JSON.parse(readFileSync(file('json'), 'utf8')).type, type)
      assert.equal(readFileSync(file('txt'), 'utf8'), elko(['graph', 'slow-start', '--type', type]).stdout)
    })
  }
})

test('.xpl: one direction a file, and both unless --direction says which', () => {
  const both = elko(['graph', capture, '-o', join(folder, 'both.xpl')])
  const names = ['a2b', 'b2a'].map((way) => join(folder, `both_${way}.xpl`))
  assert.equal(
    both.stderr,
    `Saved ${names[0]}: client to server (a2b).\nSaved ${names[1]}: server to client (b2a).\n`,
  )
  const [out, back] = names.map((name) => parsePlot(readFileSync(name, 'utf8')))
  assert.match(out!.title, /^192\.0\.2\.1:\d+_==>_192\.0\.2\.2:80 \(time sequence graph\)$/)
  assert.match(back!.title, /^192\.0\.2\.2:80_==>_192\.0\.2\.1:\d+ \(time sequence graph\)$/)
  const one = join(folder, 'one.xpl')
  assert.equal(elko(['graph', capture, '-o', one, '--direction', 'b2a']).code, 0)
  assert.equal(readFileSync(one, 'utf8'), readFileSync(names[1]!, 'utf8'))
  assert.ok(!readdirSync(folder).includes('one_b2a.xpl'))
})

test('a capture is drawn as seen at the capture; a scenario as seen at the sender', () => {
  assert.match(elko(['graph', capture]).stdout, /, as seen at the capture\n/)
  assert.match(elko(['graph', 'slow-start']).stdout, /, as seen at client\n/)
})

test('--direction, --from and --to choose; --width and --height are columns and rows of text', () => {
  const { stdout } = elko(
    'graph slow-start --direction b2a --from 50ms --to 0.1s --width 70 --height 8'.split(' '),
  )
  assert.match(stdout, /server 192\.0\.2\.2 port 80 → client/)
  assert.match(stdout, / 60 ms +.*100 ms\n/)
  assert.ok(stdout.split('\n').every((line) => [...line].length <= 100))
  const plotted = stdout.split('\n').filter((line) => /^ .{7} [│┤]/.test(line))
  assert.equal(plotted.length, 8)
})

test('what is asked for wrongly is named, with what was expected', () => {
  const refusals: [string, number, RegExp][] = [
    [
      'slow-start --type rate',
      2,
      /--type: expected one of time-sequence, throughput, rtt, window, congestion/,
    ],
    ['slow-start -o a.png', 2, /-o a\.png: expected a name that ends in \.svg, \.xpl, \.json or \.txt/],
    ['slow-start --from soon', 2, /--from: expected a time such as 200ms/],
    ['slow-start --from 2s --to 1s', 2, /--to: expected a time behind --from/],
    ['slow-start --direction up', 2, /--direction: expected one of a2b, b2a/],
    ['slow-start --width 3', 2, /--width: expected a whole number from 60 to 400/],
    ['slow-start --width 3 -o a.svg', 2, /--width: expected a whole number from 320 to 8000/],
    [
      'slow-strat',
      3,
      /slow-strat: there is no such file, and no scenario of that name; did you mean slow-start/,
    ],
    [`${capture} --stream 3`, 1, /there is no stream 3/],
  ]
  for (const [words, code, message] of refusals) {
    const refused = elko(['graph', ...words.split(' ')])
    assert.match(refused.stderr, message)
    assert.equal(refused.code, code, words)
  }
})
