/** Damage to packets: always such that a checksum tells, and safe whatever the octets are. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { damage, Impairments } from '../../src/sim/impairments.ts'
import { Random } from '../../src/sim/random.ts'
import fc from '../property.ts'
import { bitsThatDiffer, tcpPacket, verdictOf } from './packets.ts'

const A = '10.0.0.1'
const B = '10.0.0.2'

test('damage to any packet of ours is found by a checksum, IPv6 and odd lengths included', () => {
  const random = new Random(12)
  for (const [src, dst] of [
    [A, B],
    ['2001:db8::1', '2001:db8::2'],
  ] as const) {
    for (const text of [0, 1, 2, 33]) {
      const original = tcpPacket(src, dst, 7, text)
      assert.equal(verdictOf(original, original.length), 'ok')
      for (let round = 0; round < 3000; round++) {
        // Octets behind the datagram are padding that no checksum covers.
        const packet = new Uint8Array(original.length + 3)
        packet.set(original)
        assert.equal(damage(packet, packet.length, random), true)
        assert.deepEqual([...packet.subarray(original.length)], [0, 0, 0])
        assert.notEqual(verdictOf(packet, packet.length), 'ok')
      }
    }
  }
})

test('damage leaves alone what it cannot damage detectably, and any octets are safe to offer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer(), (bytes, seed) => {
      const before = bytes.slice()
      const changed = damage(bytes, bytes.length, new Random(seed))
      assert.equal(bitsThatDiffer(before, bytes).length > 0, changed)
      const path = new Impairments({ corrupt: 1, mtu: 68, duplicate: 1 }, new Random(seed))
      for (const delivery of path.offer(0, bytes, 0, bytes.length).deliveries) path.release(delivery)
      assert.equal(path.heldBytes, 0)
    }),
  )
})
