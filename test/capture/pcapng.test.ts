import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { joined } from '../../src/bytes/join.ts'
import type { Direction } from '../../src/capture/capture-file.ts'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { pcapngHeader, pcapngInterface, pcapngPacket } from '../../src/capture/pcapng.ts'
import fc from '../property.ts'
import { block, option, u16, u32 } from './blocks.ts'

const packetList = fc.array(
  fc.record(
    {
      interfaceIndex: fc.integer({ min: 0, max: 2 }),
      at: fc.maxSafeNat(),
      bytes: fc.uint8Array({ maxLength: 70 }),
      comment: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })),
      direction: fc.option(fc.constantFrom<Direction>('inbound', 'outbound')),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 20 },
)

function fileOf(list: readonly Uint8Array[]): Uint8Array {
  return joined([
    pcapngHeader([{ name: 'a' }, { name: 'bé', linkType: 1 }]),
    pcapngInterface({ name: '' }),
    ...list,
  ])
}

test('what is written is read back: time, octets, interface, comment, direction', () => {
  fc.assert(
    fc.property(packetList, (list) => {
      const blocks = list.map((packet) =>
        pcapngPacket(packet.interfaceIndex, packet.at, packet.bytes, 0, packet.bytes.length, {
          ...(packet.comment === null ? {} : { comment: packet.comment }),
          ...(packet.direction === null ? {} : { direction: packet.direction }),
        }),
      )
      const read = readCapture(fileOf(blocks))
      assert.equal(read.error, null)
      assert.deepEqual(
        read.interfaces.map((one) => [one.name, one.linkType]),
        [
          ['a', 101],
          ['bé', 1],
          ['', 101],
        ],
      )
      assert.deepEqual(
        read.packets.map((packet) => ({
          interfaceIndex: packet.interfaceIndex,
          at: packet.at,
          bytes: new Uint8Array(packet.bytes),
          comment: packet.comments[0] ?? null,
          direction: packet.direction,
        })),
        list,
      )
    }),
  )
})

test('a file cut anywhere but between blocks says where, and keeps the packets before', () => {
  const blocks = [
    pcapngPacket(0, 1, new Uint8Array(5), 0, 5, { comment: 'x' }),
    pcapngPacket(1, 2, new Uint8Array(6), 0, 6),
  ]
  const file = fileOf(blocks)
  const head = fileOf([]).length
  const ends = [head, head + blocks[0]!.length, file.length]
  for (let length = head; length <= file.length; length++) {
    const read = readCapture(file.subarray(0, length))
    assert.equal(read.error === null, ends.includes(length), `cut at ${length}`)
    assert.equal(read.packets.length, ends.filter((end) => end > head && end <= length).length)
    if (read.error !== null) assert.equal(read.error.offset, ends.filter((end) => end <= length).at(-1))
  }
})

test('an error names the offset, what was expected and what stood there', () => {
  const head = fileOf([]).length
  const broken = (change: (view: DataView) => void): string => {
    const file = fileOf([pcapngPacket(0, 1, new Uint8Array(8), 0, 8, { comment: 'abc' })])
    change(new DataView(file.buffer))
    return readCapture(file).error!.message
  }
  assert.equal(
    broken((view) => view.setUint32(head + 8, 3, true)),
    `at octet ${head + 8}: expected an interface below 3, found interface 3`,
  )
  assert.match(
    broken((view) => view.setUint32(head + 20, 1000, true)),
    /captured length of at most/,
  )
  assert.match(
    broken((view) => view.setUint32(head + 4, 8, true)),
    /block length of at least 32, found 8/,
  )
  assert.match(
    broken((view) => view.setUint32(head + 4, 0xfffffffc, true)),
    /block length of at most 67108864, found 4294967292/,
  )
  assert.match(
    broken((view) => view.setUint32(head + 4, 0xfffffc, true)),
    /a block of 16777212 octets/,
  )
  assert.match(
    broken((view) => view.setUint16(head + 28 + 8 + 2, 500, true)),
    /an option of at most/,
  )
  assert.match(
    broken((view) => view.setUint32(8, 1, true)),
    /byte-order magic/,
  )
  assert.match(
    readCapture(Uint8Array.of(1, 2, 3, 4)).error!.message,
    /magic number of a pcap, pcapng or snoop/,
  )
  assert.match(readCapture(new Uint8Array(0)).error!.message, /found 0 octets/)
})

test('mutated and random files end in a packet list and at most one error, never in an exception', () => {
  const file = fileOf([
    pcapngPacket(0, 1, new Uint8Array(50), 0, 50, { comment: 'why', direction: 'inbound' }),
    pcapngPacket(1, 2, new Uint8Array(60), 0, 60, { comment: 'what' }),
  ])
  const mutation = fc.record({ at: fc.nat(file.length - 1), value: fc.nat(255) })
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), fc.nat(file.length), (list, length) => {
      const bytes = file.slice(0, length)
      for (const { at, value } of list) if (at < length) bytes[at] = value
      const read = readCapture(bytes)
      assert.ok(read.packets.length <= bytes.length / 16)
      for (const packet of read.packets) assert.ok(Number.isFinite(packet.at))
      if (read.error !== null) assert.ok(read.error.offset <= bytes.length)
    }),
    { numRuns: 5000 },
  )
})

test('big-endian sections, time resolutions and offsets, simple packets and unknown blocks are read', () => {
  const file = joined([
    block(0x0a0d0d0a, [u32(0x1a2b3c4d), u16(1), u16(0), u32(-1), u32(-1)]),
    block(1, [u16(1), u16(0), u32(4), option(9, [9]), option(14, [0, 0, 0, 0, 0, 0, 0, 5])]),
    block(1, [u16(101), u16(0), u32(0), option(9, [0x80 | 10])]),
    block(0xbad, [u32(1), u32(2)]),
    block(6, [u32(0), u32(0), u32(1_999), u32(1), u32(9), Uint8Array.of(7, 0, 0, 0)]),
    block(6, [u32(1), u32(0), u32(512), u32(0), u32(9)]),
    block(3, [u32(60), Uint8Array.of(1, 2, 3, 4)]),
    block(2, [u16(1), u16(0), u32(0), u32(1024), u32(1), u32(1), Uint8Array.of(8, 0, 0, 0)]),
  ])
  const read = readCapture(file)
  assert.equal(read.error, null)
  assert.deepEqual(
    read.packets.map((packet) => [packet.at, packet.restNs, packet.linkType, [...packet.bytes]]),
    [
      [5_000_001, 999, 1, [7]],
      [500_000, 0, 101, []],
      [0, 0, 1, [1, 2, 3, 4]],
      [1_000_000, 0, 101, [8]],
    ],
  )
})

test('a second section starts its interfaces anew', () => {
  const one = joined([
    pcapngHeader([{ name: 'first', linkType: 1 }]),
    pcapngPacket(0, 1, new Uint8Array(4), 0, 4),
  ])
  const two = joined([pcapngHeader([{ name: 'second' }]), pcapngPacket(0, 2, new Uint8Array(4), 0, 4)])
  const read = readCapture(joined([one, two]))
  assert.deepEqual(
    read.packets.map((packet) => packet.linkType),
    [1, 101],
  )
})

const hasTshark = spawnSync('tshark', ['--version']).status === 0

test('tshark reads the file and shows times, directions and comments', {
  skip: !hasTshark && 'no tshark',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'elko-pcapng-'))
  try {
    const path = join(folder, 'x.pcapng')
    const packet = tcpPacket()
    const comment = 'new-data: data that was never sent before – né'
    writeFileSync(
      path,
      joined([
        pcapngHeader([{ name: 'A' }, { name: 'B' }]),
        pcapngPacket(0, 1_234_567, packet, 0, packet.length, { comment, direction: 'outbound' }),
        pcapngPacket(1, 2_000_001, packet, 0, packet.length, { direction: 'inbound' }),
      ]),
    )
    const fields = [
      'frame.time_epoch',
      'frame.interface_name',
      'frame.packet_flags_direction',
      'tcp.srcport',
      'frame.comment',
    ]
    const shown = execFileSync(
      'tshark',
      ['-n', '-r', path, '-T', 'fields', ...fields.flatMap((name) => ['-e', name])],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, LC_ALL: 'C.UTF-8' },
      },
    )
    assert.deepEqual(
      shown
        .slice(0, -1)
        .split('\n')
        .map((line) => line.split('\t')),
      [
        ['1.234567000', 'A', '0x00000002', '1000', comment],
        ['2.000001000', 'B', '0x00000001', '1000', ''],
      ],
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** A bare SYN from 10.0.0.1:1000 to 10.0.0.2:80; checksums are of no interest here. */
function tcpPacket(): Uint8Array {
  const packet = new Uint8Array(40)
  packet.set([0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2])
  packet.set([1000 >> 8, 1000 & 255, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff], 20)
  return packet
}
