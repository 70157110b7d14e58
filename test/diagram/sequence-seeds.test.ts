/** The five diagrams of seeds 000, 001 and 002 as sequence diagrams: all that the documents show stands in them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutSequence } from '../../src/diagram/sequence/layout.ts'
import { sequenceDiagram } from '../../src/diagram/sequence/sequence-diagram.ts'
import type { Mark, SequenceLayout } from '../../src/diagram/sequence/sequence-layout.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { story } from '../../src/sim/scenarios/story.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import { assertGolden } from './golden.ts'
import { wordsOf } from './layout-checks.ts'

interface Figure {
  readonly name: string
  readonly seed: string
  readonly ends: readonly [left: readonly string[], right: readonly string[]]
}

function drawn(name: string): { layout: SequenceLayout; svg: string } {
  const scenario = findScenario(name)!
  const { events, addresses } = runScenario(scenario, {})
  const options = { addresses, title: scenario.title }
  const told = story(events)
  return { layout: layoutSequence(told, options), svg: sequenceDiagram(told, options) }
}

const said = ({ labels }: Mark): string => labels.map(wordsOf).join(' ').replaceAll(' / ', ' ')

/** What stands at one side, from top to bottom: states, calls, and the segments that leave there. */
function sideOf({ marks }: SequenceLayout, side: 0 | 1): string[] {
  return marks
    .filter((mark) => mark.side === side && ['state', 'call', 'message'].includes(mark.kind))
    .map((mark) => mark.state ?? wordsOf(mark.labels[0]!).replaceAll(' / ', ' '))
}

/** Each of `expected` begins a row of `rows`, in this order. */
function assertInOrder(rows: readonly string[], expected: readonly string[]): void {
  let from = 0
  for (const words of expected) {
    const found = rows.findIndex((row, k) => k >= from && row.startsWith(words))
    assert.ok(found >= 0, `"${words}" does not follow in\n${rows.join('\n')}`)
    from = found + 1
  }
}

/** What stands at the left and at the right end of each figure, from top to bottom. */
const FIGURES: readonly Figure[] = [
  {
    name: 'classic',
    seed: 'seeds 000 and 001',
    ends: [
      [
        'socket()',
        'connect()',
        'SYN-SENT',
        'SYN seq 0 win 5000 <mss 512>',
        'ESTABLISHED',
        'ACK seq 1 ack 101 win 5000',
        'write(1024)',
        'ACK seq 1 ack 101 len 512',
        'PSH,ACK seq 513 ack 101 len 512',
        'read() returns 700',
        'ACK seq 1025 ack 801',
        'close()',
        'FIN-WAIT-1',
        'FIN,ACK seq 1025 ack 801',
        'FIN-WAIT-2',
        'TIME-WAIT',
        'ACK seq 1026 ack 802',
        'CLOSED',
      ],
      [
        'socket()',
        'listen()',
        'LISTEN',
        'accept() blocks',
        'SYN-RECEIVED',
        'SYN,ACK seq 100 ack 1 win 65535',
        'ESTABLISHED',
        'accept() returns',
        'ACK seq 101 ack 1025',
        'write(700)',
        'ACK seq 101 ack 1025 len 512',
        'PSH,ACK seq 613 ack 1025 len 188',
        'CLOSE-WAIT',
        'ACK seq 801 ack 1026',
        'close()',
        'LAST-ACK',
        'FIN,ACK seq 801 ack 1026',
        'CLOSED',
      ],
    ],
  },
  {
    name: 'rfc-handshake',
    seed: 'seed 002, figure 1',
    ends: [
      ['SYN-SENT', 'SYN seq 100', 'ESTABLISHED', 'ACK seq 101 ack 301', 'PSH,ACK seq 101 ack 301 len'],
      ['LISTEN', 'SYN-RECEIVED', 'SYN,ACK seq 300 ack 101', 'ESTABLISHED'],
    ],
  },
  {
    name: 'rfc-close',
    seed: 'seed 002, figure 2',
    ends: [
      [
        'close()',
        'FIN-WAIT-1',
        'FIN,ACK seq 100 ack 300',
        'FIN-WAIT-2',
        'TIME-WAIT',
        'ACK seq 101 ack 301',
        'CLOSED',
      ],
      ['CLOSE-WAIT', 'ACK seq 300 ack 101', 'close()', 'LAST-ACK', 'FIN,ACK seq 300 ack 101', 'CLOSED'],
    ],
  },
  {
    name: 'bsd-calls',
    seed: 'seed 002, figure 3',
    ends: [
      [
        'socket()',
        'connect()',
        '(blocks)',
        'SYN-SENT',
        'SYN seq 1000 win 65535 <mss 536>',
        'ESTABLISHED',
        'connect() returns',
        'write(100)',
        'read() blocks',
        'read() returns 300',
        'close()',
        'FIN-WAIT-1',
        'FIN-WAIT-2',
        'TIME-WAIT',
      ],
      [
        'socket()',
        'bind(80)',
        'listen()',
        'LISTEN',
        'accept() blocks',
        'SYN-RECEIVED',
        'SYN,ACK seq 5000 ack 1001 win 65535 <mss 1460>',
        'ESTABLISHED',
        'accept() returns',
        'read() blocks',
        'read() returns 100',
        'write(300)',
        'read() blocks',
        'PSH,ACK seq 5001 ack 1101 len 300',
        'CLOSE-WAIT',
        'read() returns 0',
        'close()',
        'LAST-ACK',
        'CLOSED',
      ],
    ],
  },
]

for (const { name, seed, ends } of FIGURES) {
  test(`${seed}: the picture of ${name} is the one that was looked at, with all that the figure has`, () => {
    const { layout, svg } = drawn(name)
    assertGolden(`sequence-${name}`, svg, 'svg')
    assert.equal(drawn(name).svg, svg)
    for (const side of [0, 1] as const) assertInOrder(sideOf(layout, side), ends[side])
  })
}

test('seeds 000 and 001: sockets, sections, the close timer, remarks', () => {
  const { layout } = drawn('classic')
  const headings = layout.marks.filter(({ kind }) => kind === 'heading').map(said)
  assert.equal(headings.length, 6)
  const timer = layout.timers.find((bar) => bar.timer === 'time-wait')!
  assert.deepEqual([timer.side, timer.end], [0, 'expired'])
  const pauses = layout.marks.filter(({ kind }) => kind === 'gap').map(({ about }) => about)
  assert.deepEqual(pauses, ['59.98 s without events'])
  assert.equal(layout.gaps.length, 1)
  const all = layout.marks.map(said).join('\n')
  for (const remark of [
    'asks for a connection',
    'at least every second',
    'Both sockets are deleted',
    'RFC 9293 3.10.4',
    'A SYN takes a number',
    '1 to 512 and 513 to 1024',
    'asks for 801',
  ]) {
    assert.ok(all.includes(remark), remark)
  }
  // Lifelines begin with the socket and are dashed again when it is deleted.
  for (const side of [0, 1] as const) {
    const spans = layout.lifelines.filter((span) => span.side === side)
    assert.equal(spans[0]!.state, 'CLOSED')
    assert.equal(spans.at(-1)!.state, 'CLOSED')
    assert.ok(spans[0]!.y1 > layout.top)
  }
})

test('seed 002, figure 2: the timer of 2 MSL runs out', () => {
  const { timers } = drawn('rfc-close').layout
  assert.ok(timers.some(({ timer, end }) => timer === 'time-wait' && end === 'expired'))
})

test('seed 002, figure 3: a bar is as long as its call blocks', () => {
  for (const bar of drawn('bsd-calls').layout.activations) assert.ok(!bar.open && bar.y2 > bar.y1, bar.call)
})
