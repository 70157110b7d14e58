/** Folding: nothing is lost in it, nothing counted twice, and what is unfolded stays small. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fold, foldRows, type Unit, unfold } from '../../src/diagram/fold.ts'
import { countFold, foldDensity, foldTitle } from '../../src/diagram/fold-words.ts'
import { ladderItems } from '../../src/diagram/ladder-messages.ts'
import { ladderRows, type Row } from '../../src/diagram/ladder-rows.ts'
import { layoutSequence, sheetOf } from '../../src/diagram/sequence/layout.ts'
import type { FoldBlock } from '../../src/diagram/sequence/sequence-layout.ts'
import { connectionsIn, selectEvents } from '../../src/trace/connections.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import type { SendReason } from '../../src/trace/reasons.ts'
import fc from '../property.ts'
import { checkLayout } from './layout-checks.ts'
import { Story } from './story.ts'

interface Transfer {
  readonly segments: number
  readonly ackEvery: number
  /** One of so many is lost and sent again; 0: none. */
  readonly lossEvery: number
  /** A remark after so many. */
  readonly remarkEvery: number
}

const transfer: fc.Arbitrary<Transfer> = fc.record({
  segments: fc.integer({ min: 1, max: 900 }),
  ackEvery: fc.integer({ min: 1, max: 5 }),
  lossEvery: fc.constantFrom(0, 0, 7, 40, 150),
  remarkEvery: fc.constantFrom(1000, 1000, 90),
})

/** The packet that was sent last arrives. */
function arrives(story: Story, host: string): void {
  const sent = story.events.at(-1)!
  assert.equal(sent.kind, 'sent')
  if (sent.kind !== 'sent') return
  const { segment, packet } = sent
  story.events.push({ at: story.now, host, connection: 1, kind: 'received', segment, packet })
}

function eventsOf({ segments, ackEvery, lossEvery, remarkEvery }: Transfer): TraceEvent[] {
  const story = new Story({ left: 1000, right: 80 })
  story.send('left', 'right', 'SYN', 'syn')
  arrives(story, 'right')
  for (let n = 1; n <= segments; n++) {
    story.now += 1000
    const text = { seq: n * 100, length: 100 }
    const packet = story.send('left', 'right', 'ACK', 'new-data', text)
    if (lossEvery > 0 && n % lossEvery === 0) {
      story.network('lost', packet)
      story.send('left', 'right', 'ACK', 'fast-retransmit', text)
    }
    arrives(story, 'right')
    if (n % ackEvery === 0) {
      story.now += 500
      story.send('right', 'left', 'ACK', 'second-segment-ack', { ack: n * 100 + 100 })
      arrives(story, 'left')
    }
    if (n % remarkEvery === 0) story.say('remark', `${n} segments`)
  }
  return story.events
}

function rowsOf(events: readonly TraceEvent[]): readonly Row[] {
  const pair = connectionsIn(events)[0]!
  const items = ladderItems(selectEvents(events, pair), pair)
  return ladderRows(items, { timers: 'main', recovery: 'phases', apart: true }).rows
}

const foldsIn = (units: readonly Unit[]): Fold[] =>
  units.flatMap((unit) => (typeof unit === 'number' ? [] : [unit, ...foldsIn(unit.children)]))

const options = fc.record({
  mostRows: fc.integer({ min: 10, max: 500 }),
  pauseUs: fc.constantFrom(1_000_000, 1200),
})

test('unfolding everything gives every row, once and in order', () => {
  fc.assert(
    fc.property(transfer, options, (how, given) => {
      const rows = rowsOf(eventsOf(how))
      const all = unfold(foldRows(rows, given), 'all').map(({ unit }) => unit)
      assert.deepEqual(
        all,
        rows.map((_, index) => index),
      )
    }),
  )
})

test('whatever is unfolded, each row is shown or in one fold', () => {
  fc.assert(
    fc.property(transfer, options, fc.array(fc.nat(), { maxLength: 6 }), (how, given, picks) => {
      const rows = rowsOf(eventsOf(how))
      const units = foldRows(rows, given)
      const folds = foldsIn(units)
      const open = new Set(
        picks.flatMap((pick) => (folds.length === 0 ? [] : [folds[pick % folds.length]!.id])),
      )
      let next = 0
      for (const { unit } of unfold(units, open)) {
        assert.equal(typeof unit === 'number' ? unit : unit.from, next)
        next = typeof unit === 'number' ? unit + 1 : unit.to
      }
      assert.equal(next, rows.length)
    }),
  )
})

test('ids are unique, and the counts of a fold are those of what it unfolds to', () => {
  fc.assert(
    fc.property(transfer, options, (how, given) => {
      const rows = rowsOf(eventsOf(how))
      const folds = foldsIn(foldRows(rows, given))
      assert.equal(new Set(folds.map(({ id }) => id)).size, folds.length)
      for (const fold of folds) {
        const counts = countFold(rows, fold)
        let messages = 0
        let lost = 0
        for (const unit of fold.children) {
          const part = typeof unit === 'number' ? { ...fold, from: unit, to: unit + 1 } : unit
          const own = countFold(rows, part)
          messages += own.messages
          lost += own.lost
        }
        assert.deepEqual([messages, lost], [counts.messages, counts.lost])
        assert.ok(
          fold.children.length >= 1 && fold.children.length <= 100,
          `${fold.children.length} children`,
        )
        for (const way of foldDensity(rows, fold, 8))
          assert.ok(way.every((value) => value >= 0 && value <= 1))
      }
    }),
  )
})

test('runs are steady: no loss, no repetition, nothing but segments and reads and writes', () => {
  fc.assert(
    fc.property(transfer, options, (how, given) => {
      const rows = rowsOf(eventsOf(how))
      for (const fold of foldsIn(foldRows(rows, given))) {
        const { lost, again, dropped } = countFold(rows, fold)
        if (fold.kind === 'run') assert.deepEqual([lost, again, dropped], [0, 0, 0])
      }
    }),
  )
})

test('ids do not depend on what else is unfolded, so that folds stay open in the next layout', () => {
  const events = eventsOf({ segments: 900, ackEvery: 2, lossEvery: 7, remarkEvery: 1000 })
  const blocksOf = (unfolded: ReadonlySet<string>): FoldBlock[] => {
    const layout = layoutSequence(events, { mostRows: 100, unfolded })
    checkLayout(layout, `${unfolded.size} open`)
    return layout.marks.flatMap(({ fold }) => fold ?? [])
  }
  const open = new Set<string>()
  for (let depth = 0; depth < 4; depth++) {
    const blocks = blocksOf(open)
    assert.ok(blocks.every(({ id }) => !open.has(id)))
    const next = blocks.find(({ canUnfold }) => canUnfold)
    if (next === undefined) break
    open.add(next.id)
    const after = blocksOf(open)
    assert.ok(
      blocks.filter(({ id }) => id !== next.id).every(({ id }) => after.some((block) => block.id === id)),
    )
  }
  assert.ok(open.size >= 2)
})

test('a sheet whose folds open and close is each time as one that is laid out anew', () => {
  const events = eventsOf({ segments: 900, ackEvery: 2, lossEvery: 40, remarkEvery: 300 })
  const sheet = sheetOf(events, { mostRows: 100 })
  const folded = layoutSequence(events, { mostRows: 100 })
  const [first] = folded.marks.flatMap(({ fold }) => fold ?? [])
  for (const unfolded of [
    new Set<string>(),
    'all',
    new Set([first!.id]),
    'all',
    new Set<string>(),
  ] as const) {
    assert.deepEqual(sheet(unfolded), layoutSequence(events, { mostRows: 100, unfolded }))
  }
})

test('a steady run says how many, how large and how often acknowledged', () => {
  const events = eventsOf({ segments: 120, ackEvery: 2, lossEvery: 0, remarkEvery: 1000 })
  const rows = rowsOf(events)
  const [run] = foldsIn(foldRows(rows, { mostRows: 400, pauseUs: 1_000_000 }))
  assert.equal(foldTitle(run!, countFold(rows, run!)), '120 segments of 100 →, acknowledged every 2')
})

test('acknowledgments that repeat themselves make one run with what is sent meanwhile', () => {
  const story = new Story({ left: 1000, right: 80 })
  story.send('left', 'right', 'SYN', 'syn')
  arrives(story, 'right')
  for (let n = 1; n <= 20; n++) {
    story.now += 1000
    story.send('left', 'right', 'ACK', 'new-data', { seq: n * 100, length: 100 })
    arrives(story, 'right')
    story.send('right', 'left', 'ACK', 'out-of-order-ack', { ack: 100 })
    arrives(story, 'left')
  }
  story.send('right', 'left', 'ACK', 'second-segment-ack', { ack: 2100 })
  arrives(story, 'left')
  const rows = rowsOf(story.events)
  const folds = foldsIn(foldRows(rows, { mostRows: 400, pauseUs: 1_000_000 }))
  assert.deepEqual(
    folds.map((fold) => foldTitle(fold, countFold(rows, fold))),
    ['20 duplicate acknowledgments, 19 segments of 100 →'],
  )
})

test('a stretch says what was lost and what was sent again', () => {
  const events = eventsOf({ segments: 200, ackEvery: 2, lossEvery: 10, remarkEvery: 1000 })
  const rows = rowsOf(events)
  const folds = foldRows(rows, { mostRows: 50, pauseUs: 1_000_000 }).filter(
    (unit) => typeof unit !== 'number',
  )
  const sum = (of: (counts: ReturnType<typeof countFold>) => number): number =>
    folds.reduce((total, fold) => total + of(countFold(rows, fold)), 0)
  assert.equal(
    sum(({ lost }) => lost),
    20,
  )
  assert.equal(
    sum(({ again }) => again),
    20,
  )
  assert.equal(
    sum(({ acknowledgments }) => acknowledgments[1]),
    100,
  )
  assert.match(
    foldTitle(folds[0]!, countFold(rows, folds[0]!)),
    /^\d+ segments, \d+ acknowledgments, \d+ lost, \d+ sent again$/,
  )
})

test('what lies outside the time that is asked for is counted and cannot be unfolded', () => {
  const events = eventsOf({ segments: 100, ackEvery: 2, lossEvery: 0, remarkEvery: 1000 })
  const layout = layoutSequence(events, { from: 50_000, to: 60_000, unfolded: 'all' })
  checkLayout(layout, 'a part')
  const blocks = layout.marks.flatMap(({ fold }) => fold ?? [])
  assert.deepEqual(
    blocks.map(({ kind, canUnfold }) => [kind, canUnfold]),
    [
      ['outside', false],
      ['outside', false],
    ],
  )
  const shown = layout.marks.filter(({ kind }) => kind === 'message')
  assert.ok(shown.length > 5 && shown.every(({ at }) => at >= 50_000 && at <= 60_000))
  assert.equal(blocks.reduce((sum, { messages }) => sum + messages, 0) + shown.length, 151)
})

test('100,000 packets with losses make a small picture, and so does each unfolding', () => {
  const events = eventsOf({ segments: 66_000, ackEvery: 2, lossEvery: 50, remarkEvery: 100_000 })
  const layout = layoutSequence(events)
  assert.ok(layout.marks.length < 100, `${layout.marks.length} marks`)
  assert.ok(layout.height < 4000)
  const blocks = layout.marks.flatMap(({ fold }) => fold ?? [])
  assert.equal(
    blocks.reduce((sum, { messages }) => sum + messages, 0) +
      layout.marks.filter(({ kind }) => kind === 'message').length,
    1 + 66_000 + 66_000 / 50 + 33_000,
  )
  const opened = layoutSequence(events, { unfolded: new Set([blocks[2]!.id]) })
  assert.ok(opened.marks.length <= layout.marks.length + 100)
})

test('one octet is no octets', () => {
  const story = new Story({ left: 1000, right: 80 })
  for (let n = 1; n <= 20; n++) {
    story.now += 1000
    const length = n === 1 ? 1 : 0
    story.send('left', 'right', 'ACK', 'new-data', { seq: n === 1 ? 1 : 2, length })
    arrives(story, 'right')
  }
  const { marks } = layoutSequence(story.events)
  const [fold] = marks.filter((mark) => mark.fold !== undefined)
  assert.match(fold!.about, /^1 segment of 1 →\n19 ms · 1 octet →\n/)
})

test('a fold calls nothing an acknowledgment that is none', () => {
  const story = new Story({ left: 1000, right: 80 })
  const tell = (flags: string, reason: SendReason): void => {
    story.now += 1000
    story.send('left', 'right', flags, reason)
    arrives(story, 'right')
  }
  for (let n = 0; n < 30; n++) {
    tell('SYN', 'syn')
    tell('ACK', 'delayed-ack')
    tell('FIN,ACK', 'fin')
    tell('RST', 'reset-no-connection')
    tell('URG', 'without-ack')
  }
  const rows = rowsOf(story.events)
  const all: Fold = { id: '', kind: 'stretch', from: 0, to: rows.length, children: [] }
  assert.equal(
    foldTitle(all, countFold(rows, all)),
    '30 segments, 30 acknowledgments, 30 SYNs, 30 FINs, 30 resets',
  )
})
