/** The octets of a log: what is written is read back; how a run was told, as edits of what its stacks told. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CutOff, LogCursor, LogError } from '../../src/replay/log-cursor.ts'
import { replayRun } from '../../src/replay/replayed-run.ts'
import { Replayer } from '../../src/replay/replayer.ts'
import { InputLog } from '../../src/stack/input-log.ts'
import { ELKO_VERSION, hashOctets, headerOctets } from '../../src/stack/log-format.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { type StoryEdit, storyEdits, toldStory } from '../../src/trace/story-edits.ts'
import fc from '../property.ts'
import { recordedScenario, withText } from './recorded.ts'

const ROOT = new URL('../../../', import.meta.url)

/** A cursor behind the head of a log. */
function cursorOf(log: InputLog): LogCursor {
  const cursor = new LogCursor(log.octets())
  cursor.at = new InputLog().length
  return cursor
}

test('a log names the Elko that wrote it, which is that of package.json', () => {
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))
  assert.equal(ELKO_VERSION, version)
  assert.equal(Buffer.from(new InputLog().octets()).toString(), `elko-log 2 ${version}\n`)
})

test('numbers of any kind come back as they were, whatever their base', () => {
  const number = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.constantFrom(0, 2 ** 31, -(2 ** 31), 2 ** 50, Number.NaN, Infinity, -Infinity, 0.5),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(number, fc.oneof(fc.constant(0), fc.maxSafeInteger()))), (pairs) => {
      const log = new InputLog()
      for (const [value, base] of pairs) log.number(value, base)
      const cursor = cursorOf(log)
      for (const [value, base] of pairs) {
        // Minus nothing is nothing.
        assert.equal(cursor.number(base) + 0, value + 0)
      }
      assert.ok(cursor.isAtEnd)
    }),
  )
})

test('whole numbers, octets and texts come back, across pieces of any length, from memory and from a sink', () => {
  const part = fc.oneof(
    fc.nat().map((value) => ({ kind: 'whole', value }) as const),
    fc.maxSafeNat().map((value) => ({ kind: 'whole', value }) as const),
    fc.uint8Array({ maxLength: 200 }).map((value) => ({ kind: 'block', value }) as const),
    fc
      .integer({ min: 0, max: 150_000 })
      .map((n) => ({ kind: 'block', value: new Uint8Array(n).fill(n) }) as const),
    fc.string().map((value) => ({ kind: 'text', value }) as const),
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const pieces: Uint8Array[] = []
      const logs = [new InputLog(), new InputLog({ sink: (octets) => pieces.push(octets) })]
      for (const log of logs) {
        for (const { kind, value } of parts) {
          if (kind === 'whole') log.whole(value)
          else if (kind === 'block') log.block(value, 0, value.length)
          else log.text(JSON.stringify(value))
        }
      }
      logs[1]!.flush()
      assert.ok(Buffer.concat(pieces).equals(logs[0]!.octets()))
      assert.equal(logs[0]!.length, logs[0]!.octets().length)
      const cursor = cursorOf(logs[0]!)
      for (const { kind, value } of parts) {
        if (kind === 'whole') assert.equal(cursor.whole(), value)
        else if (kind === 'block') assert.ok(Buffer.from(cursor.block()).equals(value))
        else assert.equal(JSON.parse(cursor.text()), value)
      }
    }),
    { numRuns: 60 },
  )
})

test('a number that is cut off, or of more than 53 bits, is no number', () => {
  assert.throws(() => new LogCursor(Uint8Array.of(0x80, 0x80)).whole(), CutOff)
  const long = new LogCursor(new Uint8Array(12).fill(0xff))
  assert.throws(() => long.whole(), LogError)
  assert.throws(() => new LogCursor(Uint8Array.of(1, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0)).time(0), {
    message: 'octet 0: expected a time in microseconds, not Infinity',
  })
  assert.throws(() => new LogCursor(Uint8Array.of(9, 1, 2)).block(), CutOff)
  assert.throws(() => new LogCursor(Uint8Array.of(2, 0x7b, 0x7b)).object(), LogError)
})

test('a hash tells every change of an octet', () => {
  const octets = Uint8Array.from({ length: 43 }, (_, i) => i * 7)
  const hash = hashOctets(octets, 0, octets.length)
  for (let at = 0; at < octets.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = octets.slice()
      changed[at]! ^= 1 << bit
      assert.notEqual(hashOctets(changed, 0, changed.length), hash)
    }
  }
  assert.notEqual(hashOctets(octets, 0, 42), hash)
})

test('of a sent packet the headers are kept: IP with its options, TCP with its own, a little of anything else', () => {
  const packet = new Uint8Array(100)
  packet[0] = 0x46
  packet[9] = 6
  packet[24 + 12] = 0x80
  assert.equal(headerOctets(packet, 100), 24 + 32)
  assert.equal(headerOctets(packet, 30), 30)
  packet[9] = 1
  assert.equal(headerOctets(packet, 100), 24 + 8)
  packet[0] = 0x60
  packet[6] = 6
  packet[40 + 12] = 0x50
  assert.equal(headerOctets(packet, 100), 60)
})

test('how a run was told is made again from its edits, and as far as the run goes', () => {
  const fields = {
    at: fc.nat(),
    host: fc.constant('h'),
    connection: fc.nat(3),
    kind: fc.constant('remark' as const),
    text: fc.string(),
  }
  const event = fc.record(fields, { noNullPrototype: true })
  fc.assert(
    fc.property(fc.array(event), fc.array(event), fc.infiniteStream(fc.nat(2)), (events, others, choices) => {
      const told: TraceEvent[] = []
      const rest = [...others]
      for (const one of events) {
        const choice = choices.next().value
        if (choice === 1 && rest.length > 0) told.push(rest.pop()!)
        if (choice !== 2) told.push(one)
      }
      told.push(...rest)
      const edits = JSON.parse(JSON.stringify(storyEdits(events, told))) as StoryEdit[]
      assert.deepEqual(toldStory(events, edits), told)
      for (let length = 0; length <= events.length; length++) {
        const some = toldStory(events.slice(0, length), edits)
        assert.deepEqual(some, told.slice(0, some.length))
      }
    }),
  )
})

test('an edit that is none is refused', () => {
  const at = { at: 1, host: 'h', connection: 0 }
  const edits: unknown[] = [
    null,
    [1],
    [1, -1],
    [0.5, 1],
    { ...at, kind: 'sent' },
    { ...at, kind: 'network', action: 'eaten', packet: 1 },
    { ...at, kind: 'state', from: 'CLOSED', to: 'OPEN', cause: '' },
    { ...at, kind: 'remark' },
    { ...at, at: null, kind: 'remark', text: '' },
  ]
  for (const edit of edits) assert.throws(() => toldStory([], [edit]), RangeError, JSON.stringify(edit))
})

test('names and texts that would speak to a terminal are refused, or left out', () => {
  const log = recordedScenario('reset')
  const named = new Replayer(withText(log, '"name":"client"', '"name":"\\u001b"'))
  named.run()
  assert.match(named.problem!.message, /^octet \d+: name: expected a text without control characters$/)
  const { title } = replayRun(log)
  assert.notEqual(title, '')
  const begun = `"title":"${title.slice(0, 6)}`
  assert.equal(replayRun(withText(log, begun, '"title":"\\u009b')).title, '')
  const told = replayRun(withText(recordedScenario('classic'), '"text":"socket', '"text":"\\u001b'))
  assert.match(told.problem!.message, /a story: expected /)
})
