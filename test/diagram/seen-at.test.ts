/** Where a capture was made, and that every picture of it says what is inferred. */

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ladder } from '../../src/diagram/ladder.ts'
import { ladderItems, type Message, messagesOf } from '../../src/diagram/ladder-messages.ts'
import { mermaid } from '../../src/diagram/script/mermaid.ts'
import { type SeenAt, sightOf } from '../../src/diagram/seen-at.ts'
import { layoutSequence } from '../../src/diagram/sequence/layout.ts'
import { sequenceDiagram } from '../../src/diagram/sequence/sequence-diagram.ts'
import { connectionsIn, type LadderPair, selectEvents } from '../../src/trace/connections.ts'
import type { TraceEvent, Vantage } from '../../src/trace/events.ts'
import { FOLDER } from '../flows/wireshark-columns.ts'
import { capturedFlows } from './captured-flows.ts'
import { type Fields, Story } from './story.ts'

/** A handshake and a request as a capture has them, the segments at these milliseconds. */
function captured(times: readonly number[]): TraceEvent[] {
  const story = new Story({ client: 50000, server: 80 })
  const pass = (k: number, from: string, to: string, flags: string, fields: Fields): void => {
    story.now = times[k]! * 1000
    story.receive(to, story.send(from, to, flags, 'new-data', fields))
  }
  pass(0, 'client', 'server', 'SYN', { seq: 100 })
  pass(1, 'server', 'client', 'SYN,ACK', { seq: 300, ack: 101 })
  pass(2, 'client', 'server', 'ACK', { seq: 101, ack: 301 })
  pass(3, 'client', 'server', 'ACK', { seq: 101, ack: 301, length: 100 })
  pass(4, 'server', 'client', 'ACK', { seq: 301, ack: 201 })
  return withFrames(story.events)
}

const withFrames = (events: readonly TraceEvent[]): TraceEvent[] =>
  events.map((event) => (event.kind === 'sent' ? { ...event, note: `frame ${event.packet}` } : event))

const END = { connection: 1, port: 1, recorded: true }
const PAIR: LadderPair = { left: { ...END, host: 'client' }, right: { ...END, host: 'server' } }
const messagesIn = (events: readonly TraceEvent[]): Message[] => {
  const pair = connectionsIn(events)[0]!
  return messagesOf(ladderItems(selectEvents(events, pair), pair))
}
const EXAMPLES = join(FOLDER, '..', 'diagnosis-examples')
const LIMITS = { connections: 100, packets: 1000, whole: 0 }

const PLACES: readonly (readonly [place: SeenAt, times: readonly number[], words: string])[] = [
  ['left', [0, 40, 41, 42, 82], 'captured near the client: what the server did, and when, is inferred'],
  ['right', [0, 1, 40, 41, 42], 'captured near the server: what the client did, and when, is inferred'],
  [
    'between',
    [0, 20, 40, 41, 61],
    'captured in one place, nothing tells where: what both ends did, and when, is inferred',
  ],
]

test('the end that takes longer to answer is the far one, and what it did is dashed', () => {
  for (const [place, times, words] of PLACES) {
    const events = captured(times)
    const layout = layoutSequence(events)
    assert.equal(layout.seenAt, place)
    for (const { arrow } of layout.marks) {
      if (arrow === undefined) continue
      const nearStart = (arrow.message.from === 0) === (place === 'left')
      assert.deepEqual(arrow.seen, place === 'between' ? [0.25, 0.75] : nearStart ? [0, 0.5] : [0.5, 1])
    }
    const svg = sequenceDiagram(events)
    assert.ok(svg.includes(words))
    assert.equal(svg.split('socket (inferred)').length - 1, place === 'between' ? 2 : 1)
    assert.ok(ladder(events).replace(/\s+/g, ' ').includes(words))
    assert.ok(mermaid(events).includes(words))
  }
  const why = 'the client answers within 1 ms, the server within 40 ms'
  assert.ok(sequenceDiagram(captured(PLACES[0]![1])).includes(why))
})

test('nothing is said of the place by times that do not tell it', () => {
  // On one network; an end that waits before it answers; the other way round than the packets tell.
  for (const times of [
    [0, 0.1, 0.11, 1, 1.1],
    [0, 33, 160, 300, 333],
  ])
    assert.equal(sightOf(messagesIn(captured(times)), PAIR)?.because, null)
  // A handshake was not captured, and acknowledgments may have been delayed.
  const [late, data] = [captured([0, 40, 41, 42, 82]), captured([0, 1, 40, 41, 42])]
  for (const events of [late, data]) {
    const withoutOpening = events.filter(({ at }) => at >= 41_000)
    assert.equal(sightOf(messagesIn(withoutOpening), PAIR)?.because, null)
  }
})

test('what the packets tell of the place counts more than the times, and is said', () => {
  const at = (vantage: Vantage): TraceEvent[] =>
    captured([0, 40, 41, 42, 82]).map((event, k) => (k === 0 ? ({ ...event, vantage } as TraceEvent) : event))
  const because = 'that is how it looks'
  const told = (hosts: string[], isNear: boolean): string =>
    ladder(at({ at: hosts, isNear, because })).replace(/\s+/g, ' ')
  assert.match(
    told(['server'], false),
    /captured at the server: what the client did, and when, is inferred;? that is how/,
  )
  assert.match(told(['server'], true), /captured near the server: what the client did/)
  // Between routers the times may still tell whose.
  assert.match(
    told([], false),
    /captured near the client: what the server did, and when, is inferred;? the client answers/,
  )
  const both = at({ at: ['client', 'server'], isNear: false, because })
  assert.match(ladder(both).replace(/\s+/g, ' '), /captured where both ends are: that is how it looks/)
  assert.ok(!sequenceDiagram(both).includes('inferred)'))
  assert.equal(layoutSequence(both).seenAt, 'both')
  assert.ok(!layoutSequence(both).legend.some(({ kind }) => kind === 'inferred'))
})

test('captures of both ends: none is said to be where it was not', { skip: !existsSync(EXAMPLES) }, () => {
  let told = 0
  for (const file of readdirSync(EXAMPLES).filter((name) => name.endsWith('.pcap'))) {
    const [own, far] = file.includes('.server.') ? ['server', 'client'] : ['client', 'server']
    const flows = capturedFlows(readFileSync(join(EXAMPLES, file)), LIMITS)
    for (const { events } of flows.values()) {
      const text = ladder(events).replace(/\s+/g, ' ')
      assert.ok(!text.includes(`captured near the ${far}`) && !text.includes('captured on the way'), file)
      if (text.includes(`captured near the ${own}`)) told++
    }
  }
  assert.ok(told >= 50, `${told} told`)
})

test('what was sent twice tells no time, and of an end that never answers nothing is known', () => {
  const events = captured([0, 40, 41, 42, 82])
  const again = new Story({ client: 50000, server: 80 })
  again.now = 81_999
  const fields = { seq: 101, ack: 301, length: 100 }
  again.receive('server', again.send('client', 'server', 'ACK', 'retransmission-timeout', fields))
  const sentTwice = withFrames(again.events).map((event) => ({ ...event, packet: 9 }) as TraceEvent)
  // Without the handshake, only the octets that were sent twice are acknowledged by the server.
  const late = [...events.slice(4, 8), ...sentTwice, ...events.slice(8)]
  assert.equal(layoutSequence(late).seenAt, 'between')
  assert.equal(layoutSequence([...events.slice(0, 8), ...sentTwice, ...events.slice(8)]).seenAt, 'left')
  assert.equal(layoutSequence(events.slice(0, 2)).seenAt, 'between')
})

test('a run has both ends: nothing is inferred', () => {
  const story = new Story({ client: 50000, server: 80 })
  const packet = story.send('client', 'server', 'SYN', 'syn', { seq: 100 })
  story.now += 20_000
  story.receive('server', packet)
  assert.equal(layoutSequence(story.events).seenAt, null)
  assert.ok(!sequenceDiagram(story.events).includes('inferred)'))
  assert.ok(!ladder(story.events).includes('inferred'))
})
