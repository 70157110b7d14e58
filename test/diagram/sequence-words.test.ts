/** What stands in a sequence diagram beside its arrows: times, pauses, crosses, the words of what comes out of a fold. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layoutSequence } from '../../src/diagram/sequence/layout.ts'
import { sequenceDiagram } from '../../src/diagram/sequence/sequence-diagram.ts'
import { labelsOf } from '../../src/diagram/sequence/sequence-layout.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { story } from '../../src/sim/scenarios/story.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import type { SendReason } from '../../src/trace/reasons.ts'
import { RST } from '../../src/wire/segment.ts'
import { wordsOf } from './layout-checks.ts'
import { Story } from './story.ts'

const eventsOf = (name: string): TraceEvent[] => story(runScenario(findScenario(name)!, {}).events)

/** Segments of the client, at these microseconds, as a capture of one place has them. */
function passing(times: readonly number[]): Story {
  const told = new Story({ client: 50000, server: 80 })
  for (const [k, at] of times.entries()) {
    told.now = at
    told.receive('server', told.send('client', 'server', 'ACK', 'new-data', { seq: k, length: 1 }))
  }
  return told
}

test('a pause of seconds is one where only half of the steps are short', () => {
  const { gaps, marks } = layoutSequence(passing([0, 50, 100, 200, 9_000_200, 18_000_200, 18_000_250]).events)
  const pauses = marks.filter(({ kind }) => kind === 'gap').map(({ about }) => about)
  assert.deepEqual(pauses, ['9 s without events', '9 s without events'])
  assert.equal(gaps.length, 2)
  // Where most steps take seconds, seconds are the pace.
  const slow = layoutSequence(passing([0, 2e6, 4.1e6, 6e6, 8.2e6, 8.21e6]).events)
  assert.deepEqual(slow.gaps, [])
})

test('the first time stands beside its instant although a remark comes before it', () => {
  const told = new Story({ client: 50000, server: 80 })
  told.say('remark', 'One router lies between the two.', 'client')
  const packet = told.send('client', 'server', 'SYN', 'syn', { seq: 100 })
  told.now = 20_000
  told.receive('server', packet)
  const times = labelsOf(layoutSequence(told.events)).filter(({ role }) => role === 'time')
  assert.deepEqual(times.map(wordsOf), ['0 ms', '20 ms'])
})

test('what comes out of a fold says at its end what it is', () => {
  const { marks } = layoutSequence(eventsOf('slow-start'))
  const out = marks.filter(({ kind, arrow }) => kind === 'arrival' && arrow !== undefined)
  assert.ok(out.length > 5)
  for (const { labels, arrow } of out) {
    const { seq, ack, length } = arrow!.message.segment
    const words = length > 0 ? `ACK seq ${seq >>> 0} len ${length}` : `ACK ack ${ack >>> 0}`
    assert.ok(labels.map(wordsOf).includes(words), words)
  }
})

test('crosses lie above all words', () => {
  const svg = sequenceDiagram(eventsOf('slow-start'), { legend: false })
  assert.ok(svg.indexOf('class="cross"') > svg.lastIndexOf('<text'))
})

test('a number stays with its unit, and what the verdict says twice stands there once', () => {
  const told = passing([0, 10])
  for (let k = 0; k < 60; k++) {
    const name = `${'x'.repeat(1 + k)} after 425.757 ms`
    const events = told.events.map((event) => (event.kind === 'sent' ? { ...event, note: name } : event))
    const lines = layoutSequence(events).marks.flatMap(({ labels }) => labels.flatMap((label) => label.lines))
    for (const { runs } of lines) assert.doesNotMatch(runs[0]!.text, /^ms/)
  }
  const banner = { verdict: 'ill', healthy: false, sentence: 'so', lines: ['a reset', 'a loss', 'a reset'] }
  const said = labelsOf(layoutSequence(told.events, { banner })).filter(({ role }) => role === 'banner')
  assert.deepEqual(said.map(wordsOf).slice(-3), ['so', 'a reset (2 times)', 'a loss'])
})

test('a long picture repeats the names of hosts and columns, unless a page keeps them in sight', () => {
  const events = eventsOf('time-wait')
  const { height, heads, frame, gaps } = layoutSequence(events, { unfolded: 'all' })
  assert.ok(heads.length >= 1 && heads.length <= height / 900)
  for (const { y1, y2 } of heads) {
    const names = frame.filter(({ box }) => box.y >= y1 && box.y + box.height <= y2).map(wordsOf)
    assert.deepEqual(names, ['client', 'server', 'application', 'socket', 'network', 'socket', 'application'])
    for (const gap of gaps) assert.ok(gap.y2 <= y1 || gap.y1 >= y2, 'a pause in the names')
  }
  assert.deepEqual(layoutSequence(events, { repeatHeads: false }).heads, [])
  assert.deepEqual(layoutSequence(eventsOf('rfc-close')).heads, [])
})

test('a reset of no connection that the network loses is told as lost, and the one that arrives as arrived', () => {
  const scenario = findScenario('connection-refused')!
  const { events } = runScenario(scenario, { seed: 3, impairments: { loss: 0.4 } })
  const resets = layoutSequence(events).marks.flatMap(({ kind, arrow }) => {
    return kind === 'message' && arrow !== undefined && (arrow.message.segment.flags & RST) !== 0
      ? [arrow.message.fate]
      : []
  })
  assert.deepEqual(resets, ['lost', 'arrived'])
})

test('a fold has the time at which it begins beside it, however wide the times are', () => {
  for (const step of [1000, 1003, 100_003]) {
    const times = [0, 1, 2].flatMap((run) =>
      Array.from({ length: 40 }, (_, k) => run * 20_000_000 + k * step),
    )
    const folds = layoutSequence(passing(times).events).marks.filter(({ fold }) => fold !== undefined)
    assert.equal(folds.length, 3)
    for (const { labels } of folds) assert.ok(labels.some(({ role }) => role === 'time'))
  }
})

test('a reset that answers a SYN has no number of its own: 0, whatever the others are counted from', () => {
  const told = new Story({ client: 50000, server: 80 })
  const heard = (
    from: string,
    to: string,
    ...rest: [string, SendReason, { seq: number; ack?: number }]
  ): void => {
    told.now += 1000
    told.receive(to, told.send(from, to, ...rest))
  }
  heard('client', 'server', 'SYN', 'syn', { seq: 5000 })
  heard('server', 'client', 'RST,ACK', 'reset-no-connection', { seq: 0, ack: 5001 })
  const seqs = (): string[] =>
    labelsOf(layoutSequence(told.events, { numbers: 'relative' }))
      .map(wordsOf)
      .flatMap((words) => /seq \d+( ack \d+)?/.exec(words)?.[0] ?? [])
  assert.deepEqual(seqs(), ['seq 0', 'seq 0 ack 1'])
  heard('client', 'server', 'SYN', 'retransmission-timeout', { seq: 5000 })
  heard('server', 'client', 'SYN,ACK', 'syn-ack', { seq: 9000, ack: 5001 })
  assert.deepEqual(seqs(), ['seq 0', 'seq 0 ack 1', 'seq 0', 'seq 0 ack 1'])
})

test('the verdict has a mark and a colour: fine, slower than it could be, or broken', () => {
  const markOf = (healthy: boolean, slow: boolean): (string | undefined)[] => {
    const banner = { verdict: 'v', healthy, slow, sentence: 's', lines: [] }
    const { frame, bannerBox } = layoutSequence(eventsOf('normal-close'), { banner })
    return [bannerBox?.tone, frame.filter(({ role }) => role === 'banner').map(wordsOf)[0]]
  }
  assert.deepEqual(markOf(true, false), ['healthy', '✓'])
  assert.deepEqual(markOf(true, true), ['slow', '~'])
  assert.deepEqual(markOf(false, false), ['ill', '!'])
})
