/** Two captures of one simulated connection tell what the simulator knows: what was lost, what arrived and when. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BothEnds, bothEnds } from '../../src/analyze/outside/both-ends.ts'
import { matched, type Print } from '../../src/analyze/outside/same-packets.ts'
import { compareCaptures, inBoth, PlaceCapture } from '../../src/analyze/outside/two-captures.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import type { CaptureRecord } from '../../src/capture/record.ts'
import { ladderItems, type Message } from '../../src/diagram/ladder-messages.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { FlowRecorder } from '../../src/flows/flow-recorder.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { runScenario, type ScenarioResult } from '../../src/sim/scenario.ts'
import { findScenario, SCENARIOS } from '../../src/sim/scenarios.ts'
import { connectionsIn, selectEvents } from '../../src/trace/connections.ts'
import type { TraceEvent } from '../../src/trace/events.ts'

/** What the clock of the server's capture is ahead. */
const AHEAD_US = 7_500_000

interface Read {
  readonly place: PlaceCapture
  readonly recorder: FlowRecorder
  readonly captureUs: { first: number; last: number }
}

const withBytes = (record: CaptureRecord, bytes: Uint8Array): CaptureRecord => ({
  ...record,
  bytes,
  view: new DataView(bytes.buffer),
  start: 0,
  length: bytes.length,
  originalLength: bytes.length,
})

type Edit = (records: readonly CaptureRecord[]) => readonly CaptureRecord[]

function readCapture(octets: Uint8Array, aheadUs: number, edit: Edit = (records) => records): Read {
  const place = new PlaceCapture()
  const recorder = new FlowRecorder(100_000)
  const analysis = new SequenceAnalysis()
  const dissector = new Dissector((packet, tcp) => {
    const said = analysis.analyze(packet, tcp)
    if (said.stream === 0 && !packet.isQuoted) recorder.packet(packet, tcp, said)
  })
  const captureUs = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY }
  const records: CaptureRecord[] = []
  new CaptureReader((record) => {
    const { start, length } = record
    records.push(withBytes(record, record.bytes.slice(start, start + length)))
  }).readWhole(octets)
  for (const record of edit(records)) {
    const us = record.seconds * 1e6 + Math.floor(record.nanoseconds / 1000) + aheadUs
    const late: CaptureRecord = {
      ...record,
      seconds: Math.floor(us / 1e6),
      nanoseconds: (us % 1e6) * 1000,
      bytes: record.bytes,
    }
    captureUs.first = Math.min(captureUs.first, us)
    captureUs.last = Math.max(captureUs.last, us)
    place.take(late)
    dissector.dissect(late)
  }
  return { place, recorder, captureUs }
}

function fromBothEnds(result: ScenarioResult, edits: { client?: Edit; server?: Edit } = {}): TraceEvent[] {
  const client = readCapture(result.capture('client').octets, 0, edits.client)
  const server = readCapture(result.capture('server').octets, AHEAD_US, edits.server)
  const { clockOffset } = compareCaptures(client.place, server.place)
  const end = ({ recorder, captureUs }: Read) => ({
    events: recorder.events,
    startUs: recorder.startUs,
    captureUs,
  })
  return bothEnds({
    client: end(client),
    server: end(server),
    ...inBoth(client.place.legs.get(0)!, server.place.legs.get(0)!),
    aheadUs: Math.round(clockOffset * 1e6),
  })
}

function messagesOf(events: readonly TraceEvent[]): Message[] {
  const pair = connectionsIn(events)[0]!
  const messages = new Set<Message>()
  for (const item of ladderItems(selectEvents(events, pair), pair))
    if (item.kind !== 'event') messages.add(item.message)
  return [...messages]
}

const fateOf = ({ from, segment, fate, sentUs, arrivedUs }: Message, startUs: number) => ({
  from,
  seq: segment.seq,
  flags: segment.flags,
  length: segment.length,
  fate,
  sentUs: sentUs - startUs,
  arrivedUs: fate === 'arrived' ? arrivedUs - startUs : undefined,
})

for (const name of [
  'three-way-handshake',
  'data-transfer',
  'retransmission',
  'fast-retransmit',
  'normal-close',
  'reset',
]) {
  test(`${name}: two captures tell every segment's fate as the simulator does`, () => {
    const result = runScenario(findScenario(name)!, { impairments: { delayUs: 20_000 } })
    const told = messagesOf(fromBothEnds(result))
    const known = messagesOf(result.events)
    const startUs = known[0]!.sentUs
    assert.deepEqual(
      told.map((message) => fateOf(message, 0)),
      known.map((message) => fateOf(message, startUs)),
    )
  })
}

test('with losses both ways every segment that arrived arrived in the captures, too', () => {
  const result = runScenario(findScenario('data-transfer')!, {
    seed: 5,
    bytes: 30_000,
    impairments: { loss: 0.1, delayUs: 15_000 },
  })
  const told = messagesOf(fromBothEnds(result))
  const known = messagesOf(result.events)
  const lost = (messages: readonly Message[]) => messages.filter(({ fate }) => fate === 'lost').length
  assert.ok(lost(known) > 2)
  assert.equal(lost(told), lost(known))
  assert.equal(told.length, known.length)
})

test('nothing happens at one host in another order than in its capture, and nothing arrives before it is sent', () => {
  for (const scenario of SCENARIOS.filter(({ onePicture }) => onePicture !== true)) {
    const result = runScenario(scenario)
    if (!result.hosts.includes('client') || !result.hosts.includes('server')) continue
    const client = readCapture(result.capture('client').octets, 0)
    const server = readCapture(result.capture('server').octets, 0)
    if (client.recorder.packets === 0 || server.recorder.packets === 0) continue
    const same = inBoth(client.place.legs.get(0)!, server.place.legs.get(0)!)
    const { frames } = same
    const end = ({ recorder, captureUs }: Read) => ({
      events: recorder.events,
      startUs: recorder.startUs,
      captureUs,
    })
    // Clocks that are said to agree though they are half a second apart.
    const ends: BothEnds = { client: end(client), server: end(server), ...same, aheadUs: 500_000 }
    const sent = new Set<number>()
    let now = Number.NEGATIVE_INFINITY
    const orders = { client: 0, server: 0 }
    for (const event of bothEnds(ends)) {
      assert.ok(event.at >= now, scenario.name)
      now = event.at
      if (event.kind === 'sent') {
        sent.add(event.packet)
        orders[event.host as 'client' | 'server']++
      }
      if (event.kind === 'received') {
        const isSentLater = [...frames.keys()].includes(event.packet) && !sent.has(event.packet)
        assert.ok(!isSentLater, `${scenario.name}: packet ${event.packet} arrives before it is sent`)
      }
    }
    const inCapture = (host: 'client' | 'server', { recorder }: Read) =>
      recorder.events.filter((event) => event.kind === 'sent' && event.host === host).length
    assert.equal(orders.client, inCapture('client', client), scenario.name)
    assert.equal(orders.server, inCapture('server', server), scenario.name)
  }
})

/** Where a packet of raw IPv4 has its text, and the number of the text's first octet. */
function textOf({ bytes }: CaptureRecord): { at: number; seq: number; sender: string } {
  const tcp = (bytes[0]! & 15) * 4
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return {
    at: tcp + (bytes[tcp + 12]! >> 4) * 4,
    seq: view.getUint32(tcp + 4),
    sender: bytes.subarray(12, 16).join(),
  }
}

/** What a capture has where the network card splits what is sent, or joins what arrives: neighbours in one packet. */
const joined: Edit = (records) => {
  const told: CaptureRecord[] = []
  for (const record of records) {
    const last = told.at(-1)
    const [one, other] = [last === undefined ? undefined : textOf(last), textOf(record)]
    const length = last === undefined ? 0 : last.bytes.length - one!.at
    const follows = one?.sender === other.sender && one.seq + length === other.seq
    if (last === undefined || !follows || length === 0 || other.at === record.bytes.length) {
      told.push(record)
      continue
    }
    const bytes = new Uint8Array([...last.bytes, ...record.bytes.subarray(other.at)])
    const flags = (bytes[0]! & 15) * 4 + 13
    bytes[flags] = bytes[flags]! | record.bytes[flags]!
    new DataView(bytes.buffer).setUint16(2, bytes.length)
    told[told.length - 1] = withBytes(last, bytes)
  }
  return told
}

for (const [name, edits] of Object.entries({
  'a card that splits what the client sends': { client: joined },
  'a card that joins what the server receives': { server: joined },
  both: { client: joined, server: joined },
})) {
  test(`${name}: each octet is one segment's, sent and arrived, or lost`, () => {
    for (const [loss, seed] of [
      [0, 1],
      [0.1, 5],
    ] as const) {
      const impairments = { loss, delayUs: 15_000 }
      const result = runScenario(findScenario('data-transfer')!, { seed, bytes: 30_000, impairments })
      const sum = (messages: readonly Message[], wanted: Message['fate']) =>
        messages
          .filter(({ from, fate }) => from === 0 && fate === wanted)
          .reduce((octets, { segment }) => octets + segment.length, 0)
      const [told, known] = [messagesOf(fromBothEnds(result, edits)), messagesOf(result.events)]
      assert.equal(sum(told, 'arrived'), sum(known, 'arrived'))
      assert.equal(sum(told, 'lost'), sum(known, 'lost'))
      assert.ok(told.every(({ sentItem, sentUs, arrivedUs }) => sentItem >= 0 && arrivedUs >= sentUs))
      const halves = told.filter(({ note = '' }) => / at the server, \d+ of its \d+ octets/.test(note))
      assert.equal(halves.length > 0, 'client' in edits)
    }
  })
}

test('what has passed other routers is no piece of what was lost', () => {
  const text = (frame: number, seq: number, length: number, ttl: number): Print => {
    return { ...print(frame, frame), seq, length, ttl, key: `${seq} ${length}` }
  }
  const common = [
    { ...print(1, 0), ttl: 64 },
    { ...print(1, 10), ttl: 63 },
  ] as const
  const whole = text(2, 1000, 200, 64)
  const { pieces, onlyFirst, onlySecond } = matched(
    [common[0], whole],
    [common[1], text(2, 1000, 120, 63), text(3, 1120, 80, 101)],
  )
  assert.deepEqual(
    pieces.map(({ second, seq, length }) => [second.frame, seq, length]),
    [[2, 1000, 120]],
  )
  assert.deepEqual(
    onlyFirst.map(({ frame, seq, length }) => [frame, seq, length]),
    [[2, 1120, 80]],
  )
  assert.deepEqual(
    onlySecond.map(({ frame }) => frame),
    [3],
  )
})

function print(frame: number, at: number, identification = 0): Print {
  return {
    frame,
    at,
    fromClient: true,
    seq: 1,
    ack: 1,
    flags: 16,
    length: 100,
    ttl: 64,
    identification,
    key: 'same',
  }
}
const framesOf = (first: readonly Print[], second: readonly Print[]) =>
  matched(first, second).both.map(([one, other]) => [one.frame, other.frame])

test('of packets that say the same, the one at the usual time is the one that arrived', () => {
  const other = (frame: number, at: number): Print => ({ ...print(frame, at), key: `other ${at}` })
  const first = [{ ...other(1, 0), key: 'other' }, print(2, 1), print(3, 2), print(4, 4)]
  const second = [{ ...other(1, 10.02), key: 'other' }, print(2, 14.02)]
  assert.deepEqual(framesOf(first, second), [
    [1, 1],
    [4, 2],
  ])
})

test('identifications tell packets apart where they have them, and need not agree', () => {
  assert.deepEqual(framesOf([print(1, 0, 7), print(2, 1, 8)], [print(1, 0, 8)]), [[2, 1]])
  assert.deepEqual(framesOf([print(1, 0, 7)], [print(1, 0, 9)]), [[1, 1]])
})
