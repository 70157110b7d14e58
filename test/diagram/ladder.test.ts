import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LadderOptions, ladder } from '../../src/diagram/ladder.ts'
import { connectionsIn } from '../../src/trace/connections.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { assertGolden, longestLine } from './golden.ts'
import { CLASSIC_LABELS, STORIES } from './stories.ts'
import { Story } from './story.ts'

const ADDRESSES = { client: '192.0.2.1', server: '192.0.2.2' }

const GOLDEN: readonly (readonly [string, keyof typeof STORIES, LadderOptions])[] = [
  ['classic', 'classic', { addresses: ADDRESSES, title: 'The classic connection' }],
  ['classic-80-ascii', 'classic', { width: 80, ascii: true, reasons: 'words', timers: 'none' }],
  ['classic-120-from-server', 'classic', { width: 120, left: 'server', reasons: 'none', timers: 'all' }],
  ['simultaneous-open', 'simultaneousOpen', {}],
  ['hostile-network', 'hostileNetwork', {}],
  ['hostile-network-80-relative', 'hostileNetwork', { width: 80, ascii: true, numbers: 'relative' }],
  ['refused', 'refused', {}],
  ['one-end', 'oneEnd', {}],
  ['reset', 'reset', { numbers: 'relative' }],
  ['timed-out', 'timedOut', { timers: 'all' }],
]

for (const [name, story, options] of GOLDEN) {
  test(`the ladder ${name} is the one that was looked at`, () => {
    const text = ladder(STORIES[story]().events, options)
    assertGolden(`ladder-${name}`, text)
    assert.ok(longestLine(text) <= (options.width ?? 100))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what ASCII means.
    if (options.ascii === true) assert.match(text, /^[\x00-\x7f]*$/)
  })
}

test('seeds 000 and 001: every number of the classic connection stands in the picture', () => {
  const text = ladder(STORIES.classic().events)
  for (const part of CLASSIC_LABELS) {
    assert.ok(text.includes(part), part)
  }
})

test('every state that an end enters stands in a box', () => {
  const { events } = STORIES.classic()
  const text = ladder(events)
  for (const event of events) {
    if (event.kind === 'state') assert.ok(text.includes(`[${event.to}]`), event.to)
  }
})

test('without headings in the events the three phases are inferred', () => {
  const text = ladder(STORIES.classic(false).events)
  const titles = [...text.matchAll(/^═+ (.*?) ═+$/gm)].map((match) => match[1])
  assert.deepEqual(titles, ['1. Connection establishment', '2. Data transfer', '3. Connection release'])
})

test('colour adds escape sequences and changes nothing else', () => {
  for (const story of Object.values(STORIES)) {
    const { events } = story()
    const plain = ladder(events)
    const colored = ladder(events, { color: true })
    assert.notEqual(colored, plain)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence starts with ESC.
    assert.equal(colored.replace(/\x1b\[[0-9;]*m/g, ''), plain)
    assert.ok(!plain.includes('\x1b'))
  }
})

test('the same events give the same text', () => {
  for (const story of Object.values(STORIES)) assert.equal(ladder(story().events), ladder(story().events))
})

test('the records of two hosts may come one after the other', () => {
  const { events } = STORIES.classic(false)
  const apart = ['server', 'client'].flatMap((host) => events.filter((event) => event.host === host))
  const arrows = (text: string) => text.split('\n').filter((line) => /seq \d/.test(line)).length
  const text = ladder(apart)
  assert.equal(arrows(text), arrows(ladder(events)))
  assert.doesNotMatch(text, /not recorded|no trace/)
})

test('a width below 80 counts as 80', () => {
  const { events } = STORIES.classic()
  assert.equal(ladder(events, { width: 10 }), ladder(events, { width: 80 }))
})

test('a pause is labelled, a run without pauses has no label', () => {
  assert.match(ladder(STORIES.classic().events), /… 59\.98 s …/)
  assert.doesNotMatch(ladder(STORIES.simultaneousOpen().events), /…/)
  assert.match(ladder(STORIES.simultaneousOpen().events, { gapUs: 7000 }), /… 7\.5 ms …/)
})

test('what is asked for and not there is said, with what there is', () => {
  const { events } = STORIES.classic()
  assert.equal(ladder([]), 'Nothing to draw: no connection in an empty record.\n')
  assert.equal(ladder([], { left: 'x' }), 'Nothing to draw: no host x in an empty record.\n')
  const expected =
    'in the record. It has:\n  client connection 1 port 49152 - server connection 1 port 6000\n'
  assert.equal(
    ladder(events, { connection: { host: 'client', connection: 7 } }),
    `Nothing to draw: no connection 7 of client ${expected}`,
  )
  assert.equal(ladder(events, { left: 'nobody' }), `Nothing to draw: no host nobody ${expected}`)
})

test('of many connections and hosts one is drawn, and the picture says so', () => {
  const both = twoConnections()
  assert.deepEqual(
    connectionsIn(both).map(({ left, right }) => [left.host, left.connection, right.host, right.connection]),
    [
      ['one', 1, 'server', 2],
      ['two', 1, 'server', 3],
    ],
  )
  const first = ladder(both)
  assert.match(first, /one of 2 connections/)
  assert.match(first, /seq 111 /)
  assert.doesNotMatch(first, /seq 222 /)
  const second = ladder(both, { connection: { host: 'server', connection: 3 } })
  assert.match(second, /seq 222 /)
  assert.doesNotMatch(second, /seq 111 /)
  // The listener that brought it forth belongs to the picture.
  assert.match(second, /listen\(\)/)
  assert.match(second, /\[LISTEN\]/)
  assert.match(second, /\[SYN-RECEIVED\]/)
})

test('text of others cannot break a line or reach the terminal', () => {
  const story = new Story({ 'a\u001b[31m\nb': 1, c: 2 })
  const packet = story.send('a\u001b[31m\nb', 'c', 'SYN', 'syn')
  story.receive('c', packet)
  story.say('remark', 'one\ntwo\u001b[2J\u0007')
  const text = ladder(story.events)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
  assert.match(text, /one two/)
  assert.ok(longestLine(text) <= 100)
})

test('packets without numbers find their arrival by what they are', () => {
  const { events } = STORIES.classic()
  const unnumbered = events.map((event): TraceEvent => ('packet' in event ? { ...event, packet: 0 } : event))
  assert.equal(ladder(unnumbered), ladder(events))
})

function twoConnections(): TraceEvent[] {
  const story = new Story({ one: 1001, two: 1002, server: 80 })
  story.call('server', 'open', { detail: 'passive' })
  story.state('server', 'CLOSED', 'LISTEN')
  const first = story.send('one', 'server', 'SYN', 'syn', { seq: 111 })
  const second = story.send('two', 'server', 'SYN', 'syn', { seq: 222 })
  story.now += 1000
  for (const [packet, connection] of [
    [first, 2],
    [second, 3],
  ] as const) {
    story.connections = { server: connection }
    story.receive('server', packet)
    story.state('server', 'LISTEN', 'SYN-RECEIVED')
  }
  return story.events
}
