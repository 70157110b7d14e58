import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Segment } from '../../src/wire/segment.ts'
import * as o from '../../src/wire/tcp-options.ts'
import fc from '../property.ts'
import { be16, be32 } from './packets.ts'

/** Decodes options that start at an odd offset, with more octets behind their end. */
function decode(...octets: number[]): Segment | null {
  const bytes = Uint8Array.of(0xee, ...octets, 4, 2, 4, 2)
  const segment = new Segment()
  return o.decodeTcpOptions(bytes, 1, 1 + octets.length, segment) ? segment : null
}

test('MUST-64: options are read at every alignment', () => {
  for (const nops of [[], [1], [1, 1], [1, 1, 1]]) {
    const segment = decode(
      ...nops,
      8,
      10,
      ...be32(0x89abcdef),
      ...be32(5),
      2,
      4,
      ...be16(1460),
      3,
      3,
      14,
      4,
      2,
    )
    assert.ok(segment !== null)
    assert.equal(segment.tsVal, 0x89abcdef | 0)
    assert.equal(segment.tsEcr, 5)
    assert.equal(segment.mss, 1460)
    assert.equal(segment.windowScale, 14)
    assert.equal(segment.sackPermitted, true)
  }
})

test('RFC 2018 3: one to four SACK blocks are read, no other number', () => {
  for (const blocks of [1, 2, 3, 4]) {
    const edges = Array.from({ length: 2 * blocks }, (_, i) => -i - 1)
    const segment = decode(5, 2 + 8 * blocks, ...edges.flatMap(be32))
    assert.equal(segment?.sackBlocks, blocks)
    assert.deepEqual([...segment!.sackEdges.subarray(0, 2 * blocks)], edges)
  }
  for (const length of [2, 6, 9, 11, 33]) {
    assert.equal(decode(5, length, ...new Array<number>(length - 2).fill(0)), null)
  }
  assert.equal(decode(5, 42, ...new Array<number>(40).fill(0)), null)
})

test('MUST-4: End of Option List ends the options wherever it stands, No-Operation is passed over, MSS is read', () => {
  const segment = decode(1, 2, 4, 5, 180, 1, 1, 0, 3, 3, 7, 99, 0)
  assert.equal(segment?.mss, 1460)
  assert.equal(segment?.windowScale, -1)
  assert.equal(segment?.otherOptions, 0)
  assert.notEqual(decode(0), null)
  assert.notEqual(decode(), null)
})

test('MUST-6, MUST-68: an unknown option is passed over by its length', () => {
  const segment = decode(99, 5, 2, 4, 0, 25, 2, 3, 3, 7)
  assert.equal(segment?.windowScale, 7)
  assert.equal(segment?.mss, -1)
  assert.equal(segment?.otherOptions, o.OPTION_UNKNOWN)
})

test('MUST-7: an option with an illegal length is refused and nothing behind the end is read', () => {
  const illegal = [
    [2, 0],
    [2, 1],
    [99, 0],
    [99, 1],
    [99],
    [2],
    [8],
    [99, 3],
    [3, 3],
    [1, 1, 4],
    [8, 10, 0, 0, 0, 0],
  ]
  for (const octets of illegal) assert.equal(decode(...octets), null, String(octets))
  // What stands behind the end would complete the option.
  const bytes = Uint8Array.of(2, 4, 5, 180)
  for (const end of [1, 2, 3]) assert.equal(o.decodeTcpOptions(bytes, 0, end, new Segment()), false)
  assert.equal(o.decodeTcpOptions(bytes, 0, 4, new Segment()), true)
})

test('MUST-7: a known option with a length not its own is refused', () => {
  const lengths: [kind: number, length: number][] = [
    [o.KIND_MSS, 4],
    [o.KIND_WINDOW_SCALE, 3],
    [o.KIND_SACK_PERMITTED, 2],
    [o.KIND_TIMESTAMPS, 10],
    [o.KIND_UTO, 4],
    [o.KIND_MD5, 18],
  ]
  for (const [kind, right] of lengths) {
    for (let length = 2; length <= 38; length++) {
      const octets = [kind, length, ...new Array<number>(length - 2).fill(0)]
      assert.equal(decode(...octets) !== null, length === right, `kind ${kind} length ${length}`)
    }
  }
  assert.equal(decode(o.KIND_AO, 3, 0), null)
  assert.equal(decode(o.KIND_MPTCP, 2), null)
})

test('MUST-7: a second option of a kind that may stand once is refused', () => {
  const once = [
    [2, 4, 1, 1],
    [3, 3, 1],
    [4, 2],
    [5, 10, 0, 0, 0, 0, 0, 0, 0, 0],
    [8, 10, 0, 0, 0, 0, 0, 0, 0, 0],
    [28, 4, 0, 1],
    [19, 18, ...new Array<number>(16).fill(0)],
    [29, 4, 0, 0],
  ]
  for (const option of once) {
    assert.notEqual(decode(...option), null)
    assert.equal(decode(...option, 1, ...option), null, `kind ${option[0]}`)
  }
  // MPTCP and experiments come in several kinds under one number; of unknown options nothing is known.
  for (const option of [
    [30, 3, 0],
    [253, 4, 1, 2],
    [254, 4, 1, 2],
    [99, 2],
    [34, 2],
    [172, 2],
  ]) {
    assert.notEqual(decode(...option, ...option), null, `kind ${option[0]}`)
  }
})

test('each option that others act upon sets its bit', () => {
  const bits: [bit: number, octets: number[]][] = [
    [o.OPTION_UTO, [28, 4, 0x80, 1]],
    [o.OPTION_MD5, [19, 18, ...new Array<number>(16).fill(0)]],
    [o.OPTION_AO, [29, 16, ...new Array<number>(14).fill(0)]],
    [o.OPTION_MPTCP, [30, 12, ...new Array<number>(10).fill(0)]],
    [o.OPTION_TFO, [34, 2]],
    [o.OPTION_TFO, [34, 10, 1, 2, 3, 4, 5, 6, 7, 8]],
    [o.OPTION_TFO, [254, 4, 0xf9, 0x89]],
    [o.OPTION_TFO, [253, 8, 0xf9, 0x89, 1, 2, 3, 4]],
    [o.OPTION_ACCECN, [172, 2]],
    [o.OPTION_ACCECN, [174, 11, ...new Array<number>(9).fill(0)]],
    [o.OPTION_ACCECN, [254, 4, 0xac, 0xc0]],
    [o.OPTION_ACCECN, [254, 7, 0xac, 0xc1, 0, 0, 0]],
    [o.OPTION_EXPERIMENT, [253, 4, 0x12, 0x34]],
    [o.OPTION_EXPERIMENT, [254, 2]],
    [o.OPTION_UNKNOWN, [6, 6, 0, 0, 0, 0]],
    [o.OPTION_UNKNOWN, [255, 2]],
  ]
  for (const [bit, octets] of bits) assert.equal(decode(...octets)?.otherOptions, bit, String(octets))
  assert.equal(decode(28, 4, 0, 1, 34, 2)?.otherOptions, o.OPTION_UTO | o.OPTION_TFO)
})

test('RFC 7413 4.1.1: a fast-open cookie of an illegal length is ignored, the segment is not', () => {
  for (const length of [3, 4, 5, 7, 19, 20]) {
    const octets = [34, length, ...new Array<number>(length - 2).fill(0)]
    assert.equal(decode(...octets)?.otherOptions, o.OPTION_UNKNOWN)
  }
  assert.equal(decode(254, 7, 0xf9, 0x89, 1, 2, 3)?.otherOptions, o.OPTION_EXPERIMENT)
})

test('forEachTcpOption visits each option with its value, NOP and EOL included, and stops behind EOL', () => {
  const bytes = Uint8Array.of(2, 4, 5, 180, 1, 99, 3, 7, 0, 3, 3, 7)
  const visited: number[][] = []
  const visit = (...seen: number[]): void => void visited.push(seen)
  assert.equal(o.forEachTcpOption(bytes, 0, bytes.length, visit), true)
  assert.deepEqual(visited, [
    [2, 2, 2],
    [1, 5, 0],
    [99, 7, 1],
    [0, 9, 0],
  ])
})

test('forEachTcpOption says where an illegal length ends the walk', () => {
  const visited: number[] = []
  const visit = (kind: number): void => void visited.push(kind)
  assert.equal(o.forEachTcpOption(Uint8Array.of(1, 4, 2, 8, 10, 0), 0, 6, visit), false)
  assert.deepEqual(visited, [1, 4])
})

test('the two walks agree on any octets: what one finds illegal by its length the other does', () => {
  const octet = fc.oneof(fc.nat(12), fc.nat(255))
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 40 }), (octets) => {
      const bytes = Uint8Array.from(octets)
      let reached = 0
      const walked = o.forEachTcpOption(bytes, 0, bytes.length, (_, at, length) => {
        assert.ok(at + length <= bytes.length && at > reached - 1)
        reached = at + length
      })
      if (!walked) assert.equal(o.decodeTcpOptions(bytes, 0, bytes.length, new Segment()), false)
    }),
    { numRuns: 10_000 },
  )
})

test('the octets behind the end of the options do not change what is decoded', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(34), { maxLength: 40 }),
      fc.uint8Array({ minLength: 40, maxLength: 40 }),
      (octets, behind) => {
        const one = new Segment()
        const two = new Segment()
        const alone = o.decodeTcpOptions(Uint8Array.from(octets), 0, octets.length, one)
        assert.equal(o.decodeTcpOptions(Uint8Array.of(...octets, ...behind), 0, octets.length, two), alone)
        assert.deepEqual(two, one)
      },
    ),
    { numRuns: 5000 },
  )
})

test('every kind with a constant has a name', () => {
  for (const [name, kind] of Object.entries(o)) {
    if (name.startsWith('KIND_')) assert.equal(typeof o.TCP_OPTION_NAMES[kind as number], 'string', name)
  }
})
