import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RingPool } from '../../src/bytes/ring-pool.ts'
import { SendBuffer } from '../../src/storage/send-buffer.ts'
import fc from '../property.ts'

describe('records in the send buffer', () => {
  test('for all writes and acknowledgments: the same as a list of where records end', () => {
    const step = fc.oneof(
      fc.record({ write: fc.integer({ min: 1, max: 50 }), ends: fc.boolean() }),
      fc.record({ acknowledge: fc.integer({ min: 0, max: 80 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new SendBuffer(new RingPool(0), 1 << 16)
        let written = 0
        let dropped = 0
        let ends: number[] = []
        for (const one of steps) {
          if ('write' in one) {
            written += buffer.write(new Uint8Array(one.write), 0, one.write)
            if (one.ends) {
              buffer.endRecord()
              ends.push(written)
            }
          } else {
            const n = Math.min(one.acknowledge, buffer.length)
            buffer.acknowledge(n)
            dropped += n
            ends = ends.filter((end) => end > dropped)
          }
          assert.equal(buffer.hasRecords, ends.length > 0)
          for (let from = 0; from < buffer.length; from++) {
            const end = ends.find((candidate) => candidate > dropped + from)
            const expected = end === undefined ? Number.POSITIVE_INFINITY : end - dropped - from
            assert.equal(buffer.untilRecordEnd(from), expected)
          }
        }
      }),
      { numRuns: 200, seed: 11 },
    )
  })

  test('a cleared buffer has no records', () => {
    const buffer = new SendBuffer(new RingPool(0), 100)
    buffer.write(new Uint8Array(10), 0, 10)
    buffer.endRecord()
    buffer.clear()
    assert.equal(buffer.hasRecords, false)
    buffer.write(new Uint8Array(10), 0, 10)
    assert.equal(buffer.untilRecordEnd(0), Number.POSITIVE_INFINITY)
  })
})
