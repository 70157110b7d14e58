/** The kernel's ring of packets, as memory put together by hand. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureRecord } from '../../src/capture/record.ts'
import { BLOCK_LENGTH, BLOCKS, PacketRing, type RingView } from '../../src/link/packet-ring.ts'

const ETHERNET: RingView = { isEthernet: true, isCooked: false, passOverOutgoing: false }
const OUTGOING = 4
const HOST = 0

interface InRing {
  readonly octets: readonly number[]
  readonly onWire?: number
  /** TCI and TPID; the type is absent where the kernel is old. */
  readonly vlan?: readonly [tag: number, type: number | null]
  readonly kind?: number
}

/** Fills a block as the kernel does, and hands it over. */
function fill(memory: ArrayBuffer, block: number, packets: readonly InRing[]): void {
  const view = new DataView(memory, block * BLOCK_LENGTH, BLOCK_LENGTH)
  const first = 48
  view.setUint32(8, 1, true)
  view.setUint32(12, packets.length, true)
  view.setUint32(16, first, true)
  let at = first
  for (const [k, { octets, onWire = octets.length, vlan, kind = HOST }] of packets.entries()) {
    const next = 128 + ((octets.length + 7) & ~7)
    const words = [next, 1000 + k, 5, octets.length, onWire]
    for (const [i, value] of words.entries()) view.setUint32(at + 4 * i, value, true)
    if (vlan !== undefined) {
      view.setUint32(at + 20, 0x11 | (vlan[1] === null ? 0 : 0x40), true)
      view.setUint32(at + 32, vlan[0], true)
      view.setUint16(at + 36, vlan[1] ?? 0, true)
    }
    view.setUint16(at + 24, 96, true)
    view.setUint16(at + 26, 96, true)
    // sockaddr_ll: IPv4, interface 7, Ethernet, an address of six octets.
    view.setUint16(at + 50, 0x0800)
    view.setInt32(at + 52, 7, true)
    view.setUint16(at + 56, 1, true)
    view.setUint8(at + 58, kind)
    view.setUint8(at + 59, 6)
    for (let i = 0; i < 6; i++) view.setUint8(at + 60 + i, 0xa0 + i)
    for (const [i, octet] of octets.entries()) view.setUint8(at + 96 + i, octet)
    at += next
  }
}

function told(ring: PacketRing, most = Number.POSITIVE_INFINITY): unknown[] {
  const seen: unknown[] = []
  ring.read(
    new CaptureRecord(),
    ({ seconds, nanoseconds, bytes, start, length, originalLength, direction }) => {
      const octets = Buffer.from(bytes.subarray(start, start + length)).toString('hex')
      seen.push([seconds, nanoseconds, octets, originalLength, direction])
      return seen.length < most
    },
  )
  return seen
}

const status = (memory: ArrayBuffer, block: number): number =>
  new DataView(memory).getUint32(block * BLOCK_LENGTH + 8, true)
const memoryOf = (): ArrayBuffer => new ArrayBuffer(BLOCK_LENGTH * BLOCKS)

test('blocks are read in their order and given back; the rest waits', () => {
  const memory = memoryOf()
  const ring = new PacketRing(memory, ETHERNET)
  fill(memory, 0, [
    { octets: [1, 2], onWire: 9 },
    { octets: [3], kind: OUTGOING },
  ])
  fill(memory, 1, [{ octets: [4] }])
  fill(memory, 3, [{ octets: [6] }])
  assert.deepEqual(told(ring), [
    [1000, 5, '0102', 9, 'inbound'],
    [1001, 5, '03', 1, 'outbound'],
    [1000, 5, '04', 1, 'inbound'],
  ])
  assert.deepEqual(
    [0, 1, 3].map((block) => status(memory, block)),
    [0, 0, 1],
  )
  assert.deepEqual(told(ring), [])
  fill(memory, 2, [{ octets: [5] }])
  assert.equal(told(ring).length, 2)
})

test('the ring comes round', () => {
  const memory = memoryOf()
  const ring = new PacketRing(memory, ETHERNET)
  for (let block = 0; block < BLOCKS; block++) fill(memory, block, [{ octets: [block] }])
  assert.equal(told(ring).length, BLOCKS)
  fill(memory, 0, [{ octets: [0xff] }])
  assert.deepEqual(told(ring), [[1000, 5, 'ff', 1, 'inbound']])
})

test('a VLAN tag that the kernel took off stands behind the addresses again', () => {
  const memory = memoryOf()
  const addresses = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
  fill(memory, 0, [
    { octets: [...addresses, 8, 0, 0x45], vlan: [0x2005, 0x88a8] },
    { octets: [...addresses, 8, 0], vlan: [5, null], onWire: 80 },
    { octets: [1, 2], vlan: [5, null] },
  ])
  const hex = '0102030405060708090a0b0c'
  assert.deepEqual(told(new PacketRing(memory, ETHERNET)), [
    [1000, 5, `${hex}88a82005080045`, 19, 'inbound'],
    [1001, 5, `${hex}810000050800`, 84, 'inbound'],
    [1002, 5, '0102', 2, 'inbound'],
  ])
})

test('what has no link layer gets a cooked header', () => {
  const memory = memoryOf()
  fill(memory, 0, [{ octets: [0x45, 1], onWire: 60, kind: OUTGOING }])
  const ring = new PacketRing(memory, { isEthernet: false, isCooked: true, passOverOutgoing: false })
  assert.deepEqual(told(ring), [
    [1000, 5, '08000000000000070001' + '0406' + 'a0a1a2a3a4a50000' + '4501', 80, 'outbound'],
  ])
})

test('the loopback device shows what it sends as received: the first of the two is passed over', () => {
  const memory = memoryOf()
  fill(memory, 0, [{ octets: [1], kind: OUTGOING }, { octets: [1] }])
  const ring = new PacketRing(memory, { ...ETHERNET, passOverOutgoing: true })
  assert.deepEqual(told(ring), [[1001, 5, '01', 1, 'inbound']])
})

test('who has enough gets no more; the block is given back', () => {
  const memory = memoryOf()
  fill(memory, 0, [{ octets: [1] }, { octets: [2] }])
  const ring = new PacketRing(memory, ETHERNET)
  assert.equal(told(ring, 1).length, 1)
  assert.equal(status(memory, 0), 0)
})
