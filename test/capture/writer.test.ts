/** What was read is written and read again: the same packets, interfaces and notes. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { joined } from '../../src/bytes/join.ts'
import { type CaptureInterface, type Direction, NO_STATISTICS } from '../../src/capture/capture-file.ts'
import { CaptureNotes } from '../../src/capture/capture-notes.ts'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { CaptureWriteError, captureWriter, type WrittenFormat } from '../../src/capture/capture-writer.ts'
import { CaptureRecord } from '../../src/capture/record.ts'
import { ticksOf } from '../../src/capture/ticks.ts'
import fc from '../property.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((one) => !one.includes('\0'))
const count = fc.option(fc.integer({ min: 0, max: 2 ** 40 }))

const network = fc.record(
  {
    linkType: fc.constantFrom(1, 101, 276),
    snapLength: fc.integer({ min: 1, max: 262_144 }),
    name: text,
    description: text,
    filter: text,
    comments: fc.array(
      text.filter((one) => one !== ''),
      { maxLength: 2 },
    ),
    resolution: fc.constantFrom(6, 9),
    offsetSeconds: fc.constantFrom(0, 0, -7, 1000),
    statistics: fc.record(
      { received: count, dropped: count, filterAccepted: count, delivered: count },
      { noNullPrototype: true },
    ),
  },
  { noNullPrototype: true },
)

const packet = fc.record(
  {
    seconds: fc.integer({ min: 1000, max: 2 ** 33 }),
    nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
    interfaceIndex: fc.nat(2),
    bytes: fc.uint8Array({ maxLength: 40 }),
    more: fc.nat(3),
    direction: fc.option(fc.constantFrom<Direction>('inbound', 'outbound')),
    comments: fc.array(
      text.filter((one) => one !== ''),
      { maxLength: 3 },
    ),
  },
  { noNullPrototype: true },
)
type Written = Pick<CaptureRecord, 'seconds' | 'nanoseconds' | 'interfaceIndex' | 'bytes' | 'direction'> & {
  more: number
  comments: string[]
}

function recordOf(from: Written, number: number, interfaces: readonly CaptureInterface[]): CaptureRecord {
  const record = new CaptureRecord()
  Object.assign(record, from, { number, linkType: interfaces[from.interfaceIndex]!.linkType })
  // Octets of others stand around those of the packet.
  record.bytes = joined([Uint8Array.of(1, 2, 3), from.bytes, Uint8Array.of(4)])
  record.start = 3
  record.length = from.bytes.length
  record.originalLength = from.bytes.length + from.more
  return record
}

function written(
  format: WrittenFormat,
  interfaces: readonly CaptureInterface[],
  packets: readonly Written[],
  notes = new CaptureNotes(),
): Uint8Array {
  const parts: Uint8Array[] = []
  const writer = captureWriter(format, (octets) => parts.push(octets))
  for (const [i, from] of packets.entries())
    writer.write(recordOf(from, i + 1, interfaces), { interfaces, notes })
  writer.end({ interfaces, notes })
  const file = joined(parts)
  assert.equal(writer.octets, file.length)
  assert.equal(writer.packets, packets.length)
  return file
}

describe('pcapng', () => {
  test('keeps everything but what is finer than nanoseconds', () => {
    fc.assert(
      fc.property(
        fc.tuple(network, network, network),
        fc.array(packet, { maxLength: 8 }),
        (interfaces, packets) => {
          const read = readCapture(written('pcapng', interfaces, packets))
          assert.equal(read.error, null)
          const plain = (one: CaptureInterface): unknown => {
            const {
              linkType,
              snapLength,
              name,
              description,
              filter,
              comments,
              resolution,
              offsetSeconds,
              statistics,
            } = one
            return {
              linkType,
              snapLength,
              name,
              description,
              filter,
              comments,
              resolution,
              offsetSeconds,
              statistics,
            }
          }
          assert.deepEqual(read.interfaces.map(plain), interfaces.map(plain))
          assert.deepEqual(
            read.packets.map(({ at, restNs, interfaceIndex, bytes, originalLength, direction, comments }) => {
              return [at, restNs, interfaceIndex, [...bytes], originalLength, direction, comments]
            }),
            packets.map(({ seconds, nanoseconds, interfaceIndex, bytes, more, direction, comments }) => {
              const restNs = interfaces[interfaceIndex]!.resolution === 6 ? 0 : nanoseconds % 1000
              const at = seconds * 1e6 + Math.floor(nanoseconds / 1000)
              return [at, restNs, interfaceIndex, [...bytes], bytes.length + more, direction, comments]
            }),
          )
        },
      ),
    )
  })

  test('keeps names, secrets, sections and counts of lost packets', () => {
    const notes = new CaptureNotes()
    notes.addName('10.0.0.1', 'a')
    notes.addName('10.0.0.1', 'b.example')
    notes.addName('2001:db8::5', 'six')
    notes.addSecrets(0x544c534b, 0, Uint8Array.of(1, 2, 3))
    notes.addSection({ hardware: 'h', os: 'o', application: 'app', comments: ['c', 'd'] })
    const one: CaptureInterface = {
      ...{ linkType: 1, snapLength: 96, name: 'eth0', description: '', filter: '', comments: [] },
      ...{ resolution: 9, offsetSeconds: 0, statistics: NO_STATISTICS },
    }
    const lost = {
      ...{ seconds: 5, nanoseconds: 1, interfaceIndex: 0, bytes: Uint8Array.of(1) },
      more: 0,
      direction: null,
      comments: [],
      dropsBefore: 3,
    }
    const read = readCapture(written('pcapng', [one], [lost, { ...lost, dropsBefore: -1 } as Written], notes))
    assert.deepEqual([...read.notes.names], [...notes.names])
    assert.deepEqual(read.notes.secrets[0]!.octets, Uint8Array.of(1, 2, 3))
    assert.deepEqual(read.notes.sections, notes.sections)
    assert.deepEqual(
      read.packets.map(({ dropsBefore }) => dropsBefore),
      [3, null],
    )
    assert.equal(read.drops, 3)
  })

  test('a file without packets is whole', () => {
    for (const format of ['pcap', 'pcapng'] as const) {
      const read = readCapture(written(format, [], []))
      assert.equal(read.error, null)
      assert.equal(read.format, format)
    }
  })
})

const bare: CaptureInterface = {
  ...{ linkType: 1, snapLength: 0, name: '', description: '', filter: '', comments: [] },
  ...{ resolution: 9, offsetSeconds: 0, statistics: NO_STATISTICS },
}
const plainPacket: Written = {
  ...{ seconds: 7, nanoseconds: 123_456_789, interfaceIndex: 0, bytes: Uint8Array.of(9, 8) },
  ...{ more: 5, direction: null, comments: [] },
}

test('pcap keeps octets, lengths and times, in microseconds or nanoseconds', () => {
  for (const [format, restNs] of [
    ['pcap', 0],
    ['pcap-ns', 789],
  ] as const) {
    const read = readCapture(written(format, [{ ...bare, snapLength: 77 }], [plainPacket]))
    assert.equal(read.error, null)
    assert.deepEqual([read.interfaces[0]!.linkType, read.interfaces[0]!.snapLength], [1, 77])
    const [one] = read.packets
    assert.deepEqual([one!.at, one!.restNs, one!.originalLength, ...one!.bytes], [7_123_456, restNs, 7, 9, 8])
  }
})

test('what a format has no room for is an error that names the packet', () => {
  const two = [bare, { ...bare, linkType: 101 }]
  const cases: [
    format: WrittenFormat,
    interfaces: CaptureInterface[],
    change: Partial<Written>,
    message: RegExp,
  ][] = [
    ['pcap', two, { interfaceIndex: 1 }, /one link type, 1 here; packet 2 has 101: write pcapng/],
    ['pcap', two, { seconds: -1 }, /times from 1970 to 2106; packet 2 has -1 s/],
    ['pcap', two, { seconds: 2 ** 32 }, /times from 1970 to 2106; packet 2 has 4294967296 s/],
    ['pcapng', two, { seconds: -1 }, /times from 1970 on, in nanoseconds to 2514; packet 2 has -1 s/],
    ['pcapng', two, { seconds: 2 ** 35 }, /in nanoseconds to 2514/],
  ]
  for (const [format, interfaces, change, message] of cases) {
    const packets = [plainPacket, { ...plainPacket, ...change }]
    assert.throws(
      () => written(format, interfaces, packets),
      (error) => error instanceof CaptureWriteError && message.test(error.message),
    )
  }
})

test('ticks are exact', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 18_446_744_073_708 }),
      fc.integer({ min: 0, max: 999_999_999 }),
      fc.boolean(),
      (s, nanoseconds, fine) => {
        const seconds = fine ? s % 2 ** 34 : s
        const [high, low] = ticksOf(seconds, nanoseconds, fine)
        const exact =
          BigInt(seconds) * (fine ? 1_000_000_000n : 1_000_000n) +
          BigInt(fine ? nanoseconds : Math.floor(nanoseconds / 1000))
        assert.equal((BigInt(high) << 32n) + BigInt(low), exact)
      },
    ),
  )
})
