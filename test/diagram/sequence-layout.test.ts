/** Sequence diagrams of every scenario: their geometry, and that they tell what the ladder tells. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ladderItems, type Message } from '../../src/diagram/ladder-messages.ts'
import { ladderRows } from '../../src/diagram/ladder-rows.ts'
import type { View } from '../../src/diagram/sequence/columns.ts'
import { labelAt } from '../../src/diagram/sequence/labels.ts'
import { layoutSequence } from '../../src/diagram/sequence/layout.ts'
import type { SequenceOptions } from '../../src/diagram/sequence/options.ts'
import { sequenceDiagram } from '../../src/diagram/sequence/sequence-diagram.ts'
import { labelsOf, type SequenceLayout } from '../../src/diagram/sequence/sequence-layout.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { story } from '../../src/sim/scenarios/story.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { connectionsIn, type LadderPair, selectEvents } from '../../src/trace/connections.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { checkLayout, overlapping, wordsOf } from './layout-checks.ts'
import { CLASSIC_LABELS, STORIES } from './stories.ts'

const VIEWS: readonly View[] = ['full', 'overview', 'client', 'server']

/** The events of every scenario and of every story by hand, with the connections in them. */
const RUNS: readonly (readonly [name: string, events: readonly TraceEvent[]])[] = [
  ...SCENARIOS.map((scenario) => {
    const events = story(runScenario(scenario, {}).events, { oneConnection: scenario.onePicture === true })
    return [scenario.name, events] as const
  }),
  ...Object.entries(STORIES).map(([name, tell]) => [name, tell().events] as const),
]

const connectionOf = ({ left }: LadderPair) => ({ host: left.host, connection: left.connection })

test('no labels overlap, nothing leaves the picture, time runs down: every scenario, every view', () => {
  for (const [name, events] of RUNS) {
    for (const pair of connectionsIn(events).slice(0, 3)) {
      for (const view of VIEWS) {
        for (const how of HOW) {
          const layout = layoutSequence(events, { connection: connectionOf(pair), view, ...how })
          checkLayout(layout, `${name}, ${view}`)
        }
      }
    }
  }
})

const HOW: readonly SequenceOptions[] = [
  {
    title: 'A title',
    banner: { verdict: 'fine', healthy: true, sentence: 'All is well.', lines: ['a', 'b'] },
  },
  { remarks: false, timers: 'all', recovery: 'all', numbers: 'relative', mostRows: 20 },
  { unfolded: 'all', reasons: 'none', timers: 'none', legend: false },
]

test('the SVG and the ladder are twins: each row of the one stands in the other, at its side and in its order', () => {
  for (const [name, events] of RUNS) {
    for (const pair of connectionsIn(events).slice(0, 3)) {
      const options: SequenceOptions = { connection: connectionOf(pair), unfolded: 'all' }
      const layout = layoutSequence(events, options)
      assertTwins(name, events, pair, layout)
    }
  }
})

function assertTwins(
  name: string,
  events: readonly TraceEvent[],
  pair: LadderPair,
  layout: SequenceLayout,
): void {
  const items = ladderItems(selectEvents(events, pair), pair)
  const { rows } = ladderRows(items, { timers: 'main', recovery: 'phases' })
  const texts = new Map<number, string[]>()
  for (const mark of layout.marks) {
    const said = texts.get(mark.item) ?? []
    said.push(...mark.labels.map(wordsOf).map((words) => words.replaceAll(' / ', ' ')))
    texts.set(mark.item, said)
  }
  const stands = (item: number, words: string, what: string): void => {
    const found = texts.get(item)?.some((text) => squeezed(text).includes(squeezed(words)))
    assert.ok(found, `${name}: ${what} "${words}" does not stand at item ${item}: ${texts.get(item)}`)
  }
  const drawn = new Map<Message, number>()
  for (const { arrow } of layout.marks) {
    if (arrow !== undefined) drawn.set(arrow.message, (drawn.get(arrow.message) ?? 0) + 1)
  }
  const expected = new Set<number>()
  for (const row of rows) {
    if (row.kind === 'message') {
      const { message, half } = row
      if (half !== 'arrives' || message.sentItem < 0)
        expected.add(message.sentItem < 0 ? message.arrivedItem : message.sentItem)
      for (const side of [0, 1] as const) {
        if (!row.changed[side]) continue
        const state = row.states[side]!
        assert.ok(
          layout.marks.some((mark) => mark.state === state && mark.side === side && mark.at === row.at),
          `${name}: ${state}`,
        )
      }
    } else if (row.kind === 'state') {
      assert.ok(
        layout.marks.some((mark) => mark.item === row.item && mark.state === row.states[row.side]),
        name,
      )
    } else {
      stands(row.item, row.text, row.kind)
      if ('note' in row && row.note !== '') stands(row.item, row.note, 'the note')
    }
  }
  const arrows = [...drawn.keys()].map((message) =>
    message.sentItem < 0 ? message.arrivedItem : message.sentItem,
  )
  assert.deepEqual(new Set(arrows), expected, `${name}: the arrows`)
  for (const count of drawn.values()) assert.equal(count, 1, `${name}: drawn once`)
  const states = (side: 0 | 1) =>
    items.flatMap((item) =>
      item.kind === 'event' && item.side === side && item.event.kind === 'state' ? [item.event.to] : [],
    )
  for (const side of [0, 1] as const) {
    assert.deepEqual(
      layout.marks.filter((mark) => mark.side === side).flatMap(({ state }) => state ?? []),
      states(side),
      name,
    )
  }
}

/** Without spaces: lines are broken where there is no room. */
const squeezed = (text: string): string => text.replace(/\s+/g, '')

test('the label of each arrow has its flags, numbers, length, window and options', () => {
  const words = (events: readonly TraceEvent[]) => labelsOf(layoutSequence(events)).map(wordsOf).map(squeezed)
  const said = words(STORIES.classic().events)
  for (const part of CLASSIC_LABELS) {
    assert.ok(
      said.some((text) => text.includes(squeezed(part))),
      part,
    )
  }
})

test('what was lost ends at a cross in the network, what arrived at a head, what nobody saw is dashed', () => {
  const layout = layoutSequence(STORIES.hostileNetwork().events)
  const arrows = layout.marks.flatMap(({ arrow }) => arrow ?? [])
  const [left, right] = layout.columns.socket
  for (const { message, end, x2, seen } of arrows) {
    const isInside = x2 > left + 20 && x2 < right - 20
    assert.equal(
      end,
      { arrived: 'head', rejected: 'cross', lost: 'cross', unknown: 'unknown', unseen: 'head' }[message.fate],
    )
    assert.equal(isInside, message.fate === 'lost' || message.fate === 'unknown')
    assert.deepEqual(seen, message.sentItem < 0 ? [0, 0] : [0, 1])
  }
  assert.ok(arrows.some(({ message }) => message.fate === 'lost'))
})

test('where one end is not recorded arrows are dashed and level, and none crosses another', () => {
  const { marks } = layoutSequence(STORIES.oneEnd().events)
  const arrows = marks.flatMap(({ arrow }) => arrow ?? [])
  assert.deepEqual(new Set(arrows.map(({ message }) => message.from)), new Set([0, 1]))
  for (const { seen, y1, y2 } of arrows) {
    assert.deepEqual(seen, [0, 0])
    assert.equal(y1, y2)
  }
  const heights = arrows.map(({ y1 }) => y1)
  assert.ok(heights.every((y, k) => k === 0 || y > heights[k - 1]!))
})

test('a message that overtakes another one crosses it', () => {
  const layout = layoutSequence(STORIES.hostileNetwork().events)
  const arrows = layout.marks.flatMap(({ arrow }) => arrow ?? []).filter(({ message }) => message.from === 0)
  const slow = arrows.find(({ message }) => message.marks.some((mark) => mark.startsWith('held back')))!
  const fast = arrows.find(({ message }) => message.marks.some((mark) => mark.startsWith('duplicated')))!
  assert.ok(slow.y1 < fast.y1 && slow.y2 > fast.y2)
})

test('twice as long is at least twice as far where no label needs more room', () => {
  const layout = layoutSequence(STORIES.simultaneousOpen().events, { remarks: false })
  const { ticks } = layout.axis
  assert.ok(ticks.length > 3)
  const scale = Math.min(
    ...ticks.slice(1).map((tick, k) => (tick.y - ticks[k]!.y) / (tick.at - ticks[k]!.at)),
  )
  for (const { arrow } of layout.marks) {
    if (arrow === undefined) continue
    const { message, y1, y2 } = arrow
    assert.ok(y2 - y1 >= (message.arrivedUs - message.sentUs) * scale - 1e-6)
  }
  assert.ok(scale > 0)
})

test('calls that block are bars from the call to its return; timers run from start to end', () => {
  const events = story(runScenario(SCENARIOS.find(({ name }) => name === 'bsd-calls')!, {}).events)
  const { activations, timers } = layoutSequence(events)
  const calls = (side: 0 | 1) => activations.filter((bar) => bar.side === side).map(({ call }) => call)
  assert.deepEqual(calls(0).sort(), ['connect', 'read'])
  assert.deepEqual(calls(1).sort(), ['accept', 'read', 'read'])
  assert.ok(activations.every(({ open, y1, y2 }) => !open && y2 > y1))
  assert.deepEqual(timers.map(({ side, timer, end }) => `${side} ${timer} ${end}`).sort(), [
    '0 delayed-ack expired',
    '0 time-wait expired',
  ])
})

test('the same events give the same layout, and nothing to draw is said', () => {
  const { events } = STORIES.classic()
  assert.deepEqual(layoutSequence(events), layoutSequence(STORIES.classic().events))
  const empty = layoutSequence([], { title: 'Nothing' })
  assert.equal(empty.pair, null)
  checkLayout(empty, 'nothing')
  assert.ok(empty.frame.map(wordsOf).some((words) => words.includes('no connection in an empty record')))
})

test('the check of labels finds two that overlap, and none where they only touch', () => {
  const label = (x: number, y: number) => labelAt('message', x, y, ['ACK seq 1'])
  const first = label(10, 10)
  const { width, height } = first.box
  assert.notEqual(overlapping([first, label(10 + width - 1, 10 + height - 1)]), null)
  assert.equal(overlapping([first, label(10 + width, 10), label(10, 10 + height)]), null)
})

test('each group tells the viewer what it is: item, packet, frame, time, side, fold', () => {
  const { events } = STORIES.classic()
  const svg = sequenceDiagram(events)
  assert.match(
    svg,
    /<g class="row message-row right" role="listitem" aria-label="client to server: SYN, packet 1;/,
  )
  assert.match(svg, /data-item="\d+" data-packet="1" data-at="0" data-side="0"/)
  assert.match(sequenceDiagram(events, { mostRows: 10 }), /data-fold="s\d+-\d+-\d+"/)
  const captured = events.map((event) => (event.kind === 'sent' ? { ...event, note: 'frame 7' } : event))
  assert.match(sequenceDiagram(captured), /data-frame="7"/)
})

test('one view shows one host: the other one is only the network', () => {
  const { events } = STORIES.classic()
  for (const [view, hidden] of [
    ['client', 1],
    ['server', 0],
  ] as const) {
    const layout = layoutSequence(events, { view })
    const marks = layout.marks.filter(
      ({ side, kind }) => side === hidden && (kind === 'state' || kind === 'call'),
    )
    assert.equal(marks.length, 0)
    assert.ok(layout.lifelines.every(({ side }) => side !== hidden))
    assert.equal(layout.marks.filter(({ arrow }) => arrow !== undefined).length, 13)
  }
  const overview = layoutSequence(events, { view: 'overview' })
  assert.ok(overview.marks.every(({ kind }) => kind !== 'call'))
  assert.equal(overview.columns.remarks, null)
})
