/**
 * Every record of a log, removed, doubled or with another bit: nobody takes it for what was written. What the replay itself does not
 * find leaves the stacks as they were, so that there was nothing to find.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joined } from '../../src/bytes/join.ts'
import { type Entry, LogReader } from '../../src/replay/log-entries.ts'
import { Replayer } from '../../src/replay/replayer.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import { InputLog } from '../../src/stack/input-log.ts'
import { RunningHash } from '../../src/stack/log-format.ts'
import { eventHash } from '../../src/stack/told-events.ts'
import { counted } from '../../src/trace/counted.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import fc from '../property.ts'
import { recordedScenario } from './recorded.ts'

const SCENARIOS = ['half-close', 'urgent', 'retransmission', 'icmp-unreachable', 'simultaneous-open']

/** The entries of a log, each with the place behind it. */
function placed(log: Uint8Array): { readonly entry: Entry; readonly end: number }[] {
  const reader = new LogReader(log)
  const found = []
  for (let entry = reader.next(); entry !== null; entry = reader.next())
    found.push({ entry, end: reader.offset })
  return found
}

function replayed(log: Uint8Array): Replayer {
  const replayer = new Replayer(log)
  replayer.run()
  replayer.readOn()
  return replayer
}

/** Whether the replay itself found it, with no regard to how the log ends. */
function isFound({ divergence, retelling, problem }: Replayer): boolean {
  return divergence !== null || retelling !== null || problem !== null
}

/** All that each connection is, but what nobody asked it so far. */
function stateOf({ stacks }: Replayer): unknown {
  return stacks
    .filter(({ stack }) => stack.size + stack.listeners().length > 0)
    .map(({ stack }) => stack.connections().map(({ tcb }) => JSON.stringify(tcb, ownOnly)))
}

const OUTER = ['clock', 'trace', 'counters', 'isn', 'pool', 'events']

function ownOnly(name: string, value: unknown): unknown {
  return OUTER.includes(name) ? undefined : value
}

for (const name of SCENARIOS) {
  test(`${name}: each record that is removed or doubled is found, or makes no difference`, () => {
    const log = recordedScenario(name)
    const state = stateOf(replayed(log))
    let harmless = 0
    for (const { entry, end } of placed(log)) {
      const record = log.subarray(entry.offset, end)
      for (const parts of [[], [record, record]]) {
        const other = replayed(joined([log.subarray(0, entry.offset), ...parts, log.subarray(end)]))
        const what = `event ${entry.index}, ${entry.input.kind}, ${parts.length === 0 ? 'removed' : 'doubled'}`
        assert.ok(isFound(other) || other.end === 'changed', what)
        if (isFound(other)) continue
        harmless++
        assert.deepEqual(stateOf(other), state, what)
      }
    }
    // Polls that find nothing, and the like.
    assert.ok(harmless > 0)
  })

  test(`${name}: no bit of a log can be another`, () => {
    const log = recordedScenario(name)
    const begin = log.indexOf(0x0a) + 1
    for (let at = begin; at < log.length; at += 7) {
      const changed = log.slice()
      changed[at]! ^= 1 << (at % 8)
      const other = replayed(changed)
      assert.ok(isFound(other) || ['changed', 'cut-off'].includes(other.end), `octet ${at}: ${other.end}`)
    }
  })
}

test('a log is as it was written whatever pieces it was written in', () => {
  const octets = fc.uint8Array({ maxLength: 60 })
  fc.assert(
    fc.property(fc.array(octets), octets, (pieces, other) => {
      const [inPieces, whole] = [new RunningHash(), new RunningHash()]
      for (const piece of pieces) inPieces.add(piece, 0, piece.length)
      const all = joined(pieces)
      whole.add(all, 0, all.length)
      assert.equal(inPieces.value, whole.value)
      const changed = joined([all, other])
      if (other.length > 0) changed[other.length - 1]! ^= 1
      const differs = new RunningHash()
      differs.add(changed, 0, changed.length)
      assert.equal(differs.value === whole.value, Buffer.from(changed).equals(all))
    }),
  )
})

test('each field of an event makes it another one', () => {
  const events = ['urgent', 'retransmission', 'keep-alive'].flatMap(
    (name) => runScenario(findScenario(name)!).events,
  )
  const note: TraceEvent = { kind: 'remark', at: 0.5, host: 'h', connection: 0, text: 'a' }
  const kinds = new Set<string>()
  for (const event of [...events.slice(0, 2000), note]) {
    kinds.add(event.kind)
    for (const other of changes(event as object as Fields)) {
      assert.notEqual(
        eventHash(other as object as TraceEvent),
        eventHash(event),
        JSON.stringify([event, other]),
      )
    }
    const turned = Object.fromEntries(Object.entries(event).reverse())
    assert.equal(eventHash(turned as object as TraceEvent), eventHash(event))
  }
  for (const kind of ['sent', 'received', 'state', 'call', 'signal', 'timer', 'recovery'])
    assert.ok(kinds.has(kind), kind)
})

type Fields = Readonly<Record<string, unknown>>

/** The same but for one field, one by one; not of another kind. */
function* changes(fields: Fields): Iterable<Fields> {
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'kind') continue
    if (typeof value === 'number') for (const by of [1, -1]) yield { ...fields, [name]: value + by }
    else if (typeof value === 'string') yield { ...fields, [name]: `${value}.` }
    else if (typeof value === 'boolean') yield { ...fields, [name]: undefined }
    else for (const inner of changes(value as Fields)) yield { ...fields, [name]: inner }
  }
}

test('a congestion window that differs is told of with its event, and the replay goes on', () => {
  const octets = recordedScenario('three-way-handshake')
  const whole = new Recorder()
  new Replayer(octets, { trace: whole }).run()
  const place = placed(octets).find(({ entry }) => (entry.told?.length ?? 0) > 1)!
  // The last octet of the record is of the last event's hash.
  const changed = octets.slice()
  changed[place.end - 1]! ^= 1
  const told = new Recorder()
  const replayer = new Replayer(changed, { trace: told })
  replayer.run()
  assert.equal(replayer.divergence, null)
  const { index, recorded, came } = replayer.retelling!
  const count = place.entry.told!.length
  assert.equal(index, place.entry.index)
  assert.equal(recorded, `event ${count} of the trace, of ${count}, is another`)
  assert.match(came, new RegExp(`^event ${count} of the trace: [a-z]+, `))
  assert.deepEqual(told.events, whole.events)
})

test('a stack that draws more or less while it is made is found there', () => {
  const log = recordedScenario('three-way-handshake')
  const [{ entry, end }] = placed(log) as [{ entry: Entry; end: number }]
  assert.equal(entry.input.kind, 'stack')
  const draw = new InputLog()
  const head = draw.length
  draw.byte(4)
  draw.number(7)
  const more = joined([log.subarray(0, end - 1), draw.octets().subarray(head), log.subarray(end - 1)])
  const { divergence } = replayed(more)
  assert.equal(divergence?.event, 'the stack client is made')
  assert.match(divergence.recorded, new RegExp(`^it draws ${entry.draws.length + 1} random numbers`))
  assert.equal(divergence.came, `it draws ${counted(entry.draws.length, 'number')}`)
})
