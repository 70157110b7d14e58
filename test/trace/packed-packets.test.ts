import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runScenario } from '../../src/sim/scenario.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import {
  headerLength,
  type PackedPackets,
  type PacketOctets,
  packedOctets,
  packPackets,
  unpackPackets,
} from '../../src/trace/packed-packets.ts'
import fc from '../property.ts'

const { events } = runScenario(SCENARIOS[0]!, {})
const same = (octets: Uint8Array): Uint8Array => octets
const unpacked = (packed: PackedPackets, from: readonly TraceEvent[] = events) =>
  unpackPackets(packed, from, packedOctets(packed))

const packet: fc.Arbitrary<PacketOctets> = fc
  .record({
    octets: fc.uint8Array({ maxLength: 700 }),
    more: fc.nat(2000),
    ipAt: fc.integer({ min: -1, max: 600 }),
    tcpAt: fc.integer({ min: -1, max: 600 }),
    textAt: fc.integer({ min: -1, max: 700 }),
  })
  .map(({ octets, more, ...places }) => {
    const captured = octets.length + more
    // Headers are kept whole.
    const isWhole = octets.length >= headerLength({ captured, textAt: places.textAt })
    const held = isWhole ? captured : octets.length
    return { octets, captured: held, onWire: held + more, ...places }
  })

test('any packets of a connection come back as they were, by the segments that the events tell of', () => {
  const sent = events.filter((event) => event.kind === 'sent')
  const some = fc.array(fc.option(packet, { nil: undefined }), {
    minLength: sent.length,
    maxLength: sent.length,
  })
  fc.assert(
    fc.property(some, (packets) => {
      const known = new Map(sent.map(({ segment }, k) => [segment, packets[k]]))
      const packed = packPackets(events, ({ segment }) => known.get(segment), same)
      const found = unpacked(JSON.parse(JSON.stringify(packed)))
      for (const { segment } of sent) assert.deepEqual(found.get(segment), known.get(segment))
    }),
  )
})

test('the headers of a direction, which follow each other, become next to nothing', () => {
  const header = (k: number): Uint8Array => {
    const octets = new Uint8Array(54).fill(7)
    octets[30] = k & 0xff
    return octets
  }
  const long: TraceEvent[] = Array.from({ length: 1000 }, (_, k) => {
    const first = events.find((event) => event.kind === 'sent')!
    return { ...first, packet: k + 1, segment: { ...first.segment } }
  })
  const at = { captured: 1514, onWire: 1514, ipAt: 14, tcpAt: 34, textAt: 54 }
  const packed = packPackets(long, ({ packet }) => ({ octets: header(packet), ...at }), same)
  const { headers, rest } = packedOctets(packed)
  assert.equal(rest.length, 0)
  assert.equal(
    headers.filter((octet) => octet !== 0).length,
    54 + 999,
    'the first header, and one octet of each',
  )
})

test('what is damaged is refused, and gives no octets of another packet', () => {
  const at = { captured: 100, onWire: 100, ipAt: 0, tcpAt: 20, textAt: 40 }
  const packed = packPackets(events, () => ({ octets: new Uint8Array(100), ...at }), same)
  const { headers, rest } = packedOctets(packed)
  for (const damaged of [
    { headers: headers.subarray(1), rest },
    { headers, rest: rest.subarray(1) },
  ])
    assert.throws(() => unpackPackets(packed, events, damaged), RangeError)
  assert.throws(() => unpacked({ ...packed, places: '' }), RangeError)
  assert.throws(() => unpacked(packed, []), RangeError)
})
