import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joined } from '../../src/bytes/join.ts'
import { MAX_CAPTURED_LENGTH } from '../../src/capture/capture-file.ts'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import fc from '../property.ts'

const packetList = fc.array(
  fc.record(
    {
      at: fc.integer({ min: 0, max: 0xffffffff * 1e6 }),
      bytes: fc.uint8Array({ maxLength: 100 }),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 20 },
)

for (const nanoseconds of [false, true]) {
  test(`what is written is read back (${nanoseconds ? 'nanoseconds' : 'microseconds'})`, () => {
    fc.assert(
      fc.property(packetList, fc.integer({ min: 0, max: 0xffff }), (list, linkType) => {
        const options = { nanoseconds, linkType }
        const file = joined([
          pcapHeader(options),
          ...list.map((packet) => pcapPacket(packet.at, packet.bytes, 0, packet.bytes.length, options)),
        ])
        const read = readCapture(file)
        assert.equal(read.error, null)
        assert.equal(read.interfaces[0]!.linkType, linkType)
        assert.deepEqual(
          read.packets.map((packet) => ({ at: packet.at, bytes: new Uint8Array(packet.bytes) })),
          list,
        )
      }),
    )
  })
}

test('the offset and the length choose the octets', () => {
  const file = joined([pcapHeader(), pcapPacket(1, Uint8Array.of(9, 1, 2, 3, 9), 1, 3)])
  assert.deepEqual([...readCapture(file).packets[0]!.bytes], [1, 2, 3])
})

test('big-endian files with nanoseconds are read', () => {
  const file = new Uint8Array(24 + 16 + 2)
  const view = new DataView(file.buffer)
  view.setUint32(0, 0xa1b23c4d)
  view.setUint16(4, 2)
  view.setUint16(6, 4)
  view.setUint32(20, 101)
  view.setUint32(24, 7)
  view.setUint32(28, 123_456_789)
  view.setUint32(32, 2)
  view.setUint32(36, 60)
  const packet = readCapture(file).packets[0]!
  assert.equal(packet.at, 7_123_456)
  assert.equal(packet.restNs, 789)
  assert.equal(packet.originalLength, 60)
  assert.equal(packet.linkType, 101)
})

test('an error names the offset, what was expected and what stood there', () => {
  const file = joined([pcapHeader(), pcapPacket(1, new Uint8Array(40), 0, 40)])
  const cut = readCapture(file.subarray(0, file.length - 1)).error!
  assert.equal(cut.offset, 40)
  assert.equal(cut.expected, '40 octets of packet')
  assert.equal(cut.message, 'at octet 40: expected 40 octets of packet, found the end after 39')

  new DataView(file.buffer).setUint32(32, MAX_CAPTURED_LENGTH + 1, true)
  assert.equal(readCapture(file).error!.offset, 32)
  assert.match(readCapture(new Uint8Array(3)).error!.message, /magic number of a pcap, .*, found 3 octets/)
  assert.match(readCapture(file.subarray(0, 23)).error!.message, /file header of 24 octets, found 23 octets/)
  assert.match(readCapture(new Uint8Array(30)).error!.message, /magic number/)
})

test('a file cut anywhere keeps its whole packets and says where it ended', () => {
  const file = joined([
    pcapHeader(),
    pcapPacket(1, new Uint8Array(5), 0, 5),
    pcapPacket(2, new Uint8Array(6), 0, 6),
  ])
  const boundaries = [24, 24 + 21, 24 + 21 + 22]
  for (let length = 0; length <= file.length; length++) {
    const read = readCapture(file.subarray(0, length))
    assert.equal(read.packets.length, boundaries.filter((end) => end > 24 && end <= length).length)
    assert.equal(read.error === null, boundaries.includes(length), `cut at ${length}`)
  }
})
