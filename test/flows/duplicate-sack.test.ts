/** Which SACK options tell of what came twice: the edges of the rule, as tshark 4.0.17 judges them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDuplicate } from '../../src/flows/expert-options.ts'

const ACK = 0xffff_ff00 | 0

type Block = readonly [left: number, right: number]

/** The option with its kind and length; edges count from the acknowledgment number. */
function option(...blocks: readonly Block[]): Uint8Array {
  const octets = new Uint8Array(2 + 8 * blocks.length)
  octets.set([5, octets.length])
  const view = new DataView(octets.buffer)
  for (const [k, edge] of blocks.flat().entries()) view.setInt32(2 + 4 * k, (ACK + edge) | 0)
  return octets
}

const CASES: readonly (readonly [what: string, isDuplicate: boolean, ...blocks: Block[]])[] = [
  ['ends where the acknowledgment stands', true, [-100, 0]],
  ['ends before it', true, [-100, -1]],
  ['begins before it and ends behind it', false, [-100, 1]],
  ['ends where the second block begins', false, [10, 20], [20, 30]],
  ['ends an octet into the second block', true, [10, 21], [20, 30]],
  ['is the second block', true, [20, 30], [20, 30]],
  ['begins before the second block and ends with it', true, [15, 30], [20, 30]],
  ['ends behind the second block', false, [20, 31], [20, 30]],
  ['lies at the end of the second block', true, [25, 30], [20, 30]],
  ['is the only one, of new octets, across the wrap of numbers', false, [200, 300]],
]

for (const [what, expected, ...blocks] of CASES) {
  test(`a first block that ${what} ${expected ? 'tells' : 'does not tell'} of a duplicate`, () => {
    const octets = option(...blocks)
    assert.equal(isDuplicate(octets, 0, octets.length, ACK), expected)
  })
}
