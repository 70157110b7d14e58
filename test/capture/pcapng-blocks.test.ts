/** What pcapng says beside its packets: names, counters, secrets, comments, blocks and options of other makers. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { joined } from '../../src/bytes/join.ts'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { block, option, u16, u32, u64 } from './blocks.ts'

const SECTION = [u32(0x1a2b3c4d), u16(1), u16(0), u32(-1), u32(-1)]
const PACKET = [u32(0), u32(0), u32(1), u32(4), u32(9), u32(0x45000000)]
const text = (value: string): number[] => [...new TextEncoder().encode(value)]
const NONE = { received: null, dropped: null, filterAccepted: null, delivered: null }

const section = (...options: Uint8Array[]): Uint8Array => block(0x0a0d0d0a, [...SECTION, ...options])
const network = (...options: Uint8Array[]): Uint8Array => block(1, [u16(1), u16(0), u32(96), ...options])
const statistics = (index: number, ...options: Uint8Array[]): Uint8Array =>
  block(5, [u32(index), u32(0), u32(0), ...options])

describe('pcapng beside its packets', () => {
  test('sections and interfaces are described: machine, program, filter, comments', () => {
    const read = readCapture(
      joined([
        section(
          option(2, text('x86')),
          option(3, text('Linux')),
          option(4, text('Elko')),
          option(1, text('one')),
          option(1, text('two')),
        ),
        network(
          ...[
            option(2, text('eth0')),
            option(3, text('to the lab')),
            option(11, [0, ...text('tcp port 80')]),
          ],
          ...[option(1, text('mirror port')), option(9, [9]), option(14, [0, 0, 0, 0, 0, 0, 0, 7])],
        ),
        network(option(11, [1, 2, 3])),
      ]),
    )
    assert.equal(read.error, null)
    assert.deepEqual(read.notes.sections, [
      { hardware: 'x86', os: 'Linux', application: 'Elko', comments: ['one', 'two'] },
    ])
    const [first, second] = read.interfaces
    const { name, description, filter, comments, resolution, offsetSeconds, snapLength } = first!
    assert.deepEqual(
      [name, description, filter, comments, resolution, offsetSeconds, snapLength],
      ['eth0', 'to the lab', 'tcp port 80', ['mirror port'], 9, 7, 96],
    )
    assert.equal(second!.filter, '')
  })

  test('names of addresses are kept, several for one address, IPv4 and IPv6; other records are passed over', () => {
    const v6 = [0x20, 1, 0xd, 0xb8, ...new Array<number>(11).fill(0), 1]
    const read = readCapture(
      joined([
        section(),
        block(4, [
          option(1, [10, 0, 0, 1, ...text('a.example'), 0, ...text('www'), 0]),
          option(7, [1, 2, 3]),
          option(2, [...v6, ...text('six'), 0]),
          option(0, []),
        ]),
        block(4, [option(1, [10, 0, 0, 1, ...text('later'), 0, ...text('www'), 0])]),
      ]),
    )
    assert.equal(read.error, null)
    assert.deepEqual(
      [...read.notes.names],
      [
        ['10.0.0.1', ['a.example', 'www', 'later']],
        ['2001:db8::1', ['six']],
      ],
    )
  })

  test('drops are what statistics or the packets say, whichever is more; null where nothing says anything', () => {
    const dropped = (count: number): Uint8Array => block(6, [...PACKET, option(4, [...u64(count)])])
    const packet = block(6, PACKET)
    assert.equal(readCapture(joined([section(), network(), packet])).drops, null)
    const counted = readCapture(joined([section(), network(), packet, dropped(3), dropped(0), dropped(4)]))
    assert.deepEqual(
      counted.packets.map(({ dropsBefore }) => dropsBefore),
      [null, 3, 0, 4],
    )
    assert.deepEqual(counted.interfaces[0]!.statistics, { ...NONE, dropped: 7 })
    const both = readCapture(
      joined([
        ...[section(), network(), network(), network(), dropped(3)],
        statistics(0, option(4, [...u64(100)]), option(5, [...u64(4)]), option(7, [...u64(6)])),
        statistics(1, option(6, [...u64(50)]), option(8, [...u64(49)])),
      ]),
    )
    assert.deepEqual(
      both.interfaces.map((one) => one.statistics),
      [{ ...NONE, received: 100, dropped: 10 }, { ...NONE, filterAccepted: 50, delivered: 49 }, NONE],
    )
    assert.equal(both.drops, 10)
  })

  test('statistics belong to the interface of their own section', () => {
    const read = readCapture(
      joined([section(), network(), section(), network(), statistics(0, option(5, [...u64(2)]))]),
    )
    assert.deepEqual(
      read.interfaces.map(({ statistics: { dropped } }) => dropped),
      [null, 2],
    )
  })

  test('the obsolete packet block counts drops in its fixed part; 65535 is none known', () => {
    const old = (drops: number): Uint8Array => block(2, [u16(0), u16(drops), ...PACKET.slice(1)])
    const read = readCapture(joined([section(), network(), old(5), old(0xffff)]))
    assert.deepEqual(
      read.packets.map(({ dropsBefore }) => dropsBefore),
      [5, null],
    )
  })

  test('secrets are noted with their octets', () => {
    const before = joined([section(), network()])
    const read = readCapture(
      joined([before, block(10, [u32(0x544c534b), u32(5), Uint8Array.of(1, 2, 3, 4, 5, 0, 0, 0)])]),
    )
    assert.deepEqual(read.notes.secrets, [
      { type: 0x544c534b, offset: before.length, octets: Uint8Array.of(1, 2, 3, 4, 5) },
    ])
  })

  test('blocks and options of other makers, and unknown blocks, are passed over and counted', () => {
    const read = readCapture(
      joined([
        section(),
        network(option(2988, [0, 0, 0, 1, 65]), option(19373, [0, 0, 0, 1])),
        ...[block(0xbad, [u32(1)]), block(0x40000bad, [u32(1), u32(2)]), block(0x77, [])],
        block(6, [...PACKET, option(2989, [0, 0, 0, 1]), option(1, text('seen'))]),
      ]),
    )
    const { customBlocks, unknownBlocks, customOptions } = read.notes
    assert.deepEqual([customBlocks, unknownBlocks, customOptions], [2, 1, 3])
    assert.deepEqual(read.packets[0]!.comments, ['seen'])
  })

  test('what is malformed in them is an error with its offset', () => {
    const head = joined([section(), network()])
    const cases: [bad: Uint8Array, offset: number, message: RegExp][] = [
      [block(4, [option(1, [10, 0])]), 10, /a record of at least 4 octets, found 2/],
      [block(4, [u16(2), u16(99)]), 10, /a record of at most 0 octets, found 99/],
      [block(5, [u32(1), u32(0), u32(0)]), 8, /an interface below 1, found interface 1/],
      [block(5, [u32(0), u32(0)]), 4, /a block length of at least 24, found 20/],
      [statistics(0, u16(5), u16(8)), 22, /an option of at most 0 octets, found 8/],
      [block(10, [u32(1), u32(5), u32(0)]), 12, /at most 4 octets of secrets, found 5/],
      [block(0xbad, []), 4, /a block length of at least 16, found 12/],
    ]
    for (const [bad, offset, message] of cases) {
      const { error } = readCapture(joined([head, bad]))
      assert.match(error?.message ?? '', message)
      assert.equal(error!.offset, head.length + offset)
    }
  })

  test('lists have bounds; what goes beyond them is counted', () => {
    const records = Array.from({ length: 20 }, (_, i) => option(1, [10, 0, 0, 1, ...text(`n${i}`), 0]))
    const { notes } = readCapture(joined([section(), block(4, records)]))
    assert.equal(notes.names.get('10.0.0.1')!.length, 16)
    assert.equal(notes.beyondBounds, 4)
  })
})

test('snoop counts drops since its start with each packet', () => {
  const record = (drops: number): Uint8Array =>
    joined([u32(4), u32(4), u32(28), u32(drops), u32(1), u32(0), u32(0x45000000)])
  const head = joined([u32(0x736e6f6f), u32(0x70000000), u32(2), u32(4)])
  const read = readCapture(joined([head, record(0), record(2), record(2), record(7)]))
  assert.deepEqual(
    read.packets.map(({ dropsBefore }) => dropsBefore),
    [0, 2, 0, 5],
  )
  assert.equal(read.drops, 7)
})
