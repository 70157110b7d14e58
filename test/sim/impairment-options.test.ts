/** Impairments as people write them: spellings, units, and what is refused. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  IMPAIRMENT_SPELLINGS,
  ImpairmentError,
  type ImpairmentName,
  type ImpairmentOptions,
  Impairments,
  parseImpairments,
} from '../../src/sim/impairments.ts'
import { Random } from '../../src/sim/random.ts'

test('options out of their range are refused by name', () => {
  const refused = (options: ImpairmentOptions): void => {
    assert.throws(
      () => new Impairments(options, new Random(1)),
      (error) => error instanceof ImpairmentError && error.option in flat(options),
    )
  }
  refused({ loss: 1.5 })
  refused({ delayUs: -1 })
  refused({ rateBitsPerSecond: 0 })
  refused({ mtu: 20 })
  refused({ jitterUs: Number.NaN })
  refused({ loseList: [0] })
  refused({ burst: { enter: 0.1, leave: 2 } })
})

test('human spellings become options with units', () => {
  assert.deepEqual(
    parseImpairments({
      loss: '3%',
      delay: '30ms',
      jitter: '500us',
      rate: '20mbit',
      queue: '100kB',
      burst: '1%/30%/90%',
      lose: '3, 5,7-9',
      reorder: '2%/1.5ms',
      duplicate: '.01',
      corrupt: '0',
      mtu: '1400',
      'mtu-black-hole': '',
      'jitter-reorders': 'no',
    }),
    {
      loss: 0.03,
      delayUs: 30_000,
      jitterUs: 500,
      rateBitsPerSecond: 20e6,
      queueBytes: 100_000,
      burst: { enter: 0.01, leave: 0.3, loss: 0.9 },
      loseList: [3, 5, 7, 8, 9],
      reorder: 0.02,
      reorderByUs: 1500,
      duplicate: 0.01,
      corrupt: 0,
      mtu: 1400,
      mtuBlackHole: true,
      jitterReorders: false,
    },
  )
  assert.deepEqual(parseImpairments({ loss: undefined }), {})
  assert.equal(parseImpairments({ queue: '64KiB' }).queueBytes, 65536)
  assert.equal(parseImpairments({ rate: '1.5 Gbit/s' }).rateBitsPerSecond, 1.5e9)
  assert.deepEqual(parseImpairments({ burst: '1%/30%' }).burst, { enter: 0.01, leave: 0.3 })
})

test('a spelling that is wrong is refused with the option and what it takes', () => {
  const wrong: Record<string, string[]> = {
    loss: ['', '3', '101%', '-1%', 'x', '3%%'],
    delay: ['30', '', 'ms', '-5ms', '3h', '2000min'],
    rate: ['20', '0bit', '20mb', '1e3bit'],
    queue: ['-1', '1.5', '10kg'],
    burst: ['1%', '1%/', '1%/2%/3%/4%', '1%/2'],
    lose: ['', '0', '3-1', '1,,2', '1-100000000', 'a'],
    reorder: ['2%/10', '2%/1ms/1ms', ''],
    mtu: ['67', '65536', '1400.5', ''],
    'mtu-black-hole': ['maybe'],
  }
  for (const [option, texts] of Object.entries(wrong)) {
    for (const text of texts) {
      assert.throws(
        () => parseImpairments({ [option]: text }),
        (error) =>
          error instanceof ImpairmentError &&
          error.option === option &&
          error.expected === IMPAIRMENT_SPELLINGS[option as ImpairmentName][0],
        `${option}=${text}`,
      )
    }
  }
  assert.throws(() => parseImpairments({ los: '3%' }), /impairment: expected one of rate, queue.*not 'los'/)
  assert.throws(
    () => parseImpairments({ toString: '3%' } as unknown as Record<string, string>),
    ImpairmentError,
  )
  assert.throws(() => parseImpairments({ delay: '30' }), {
    message: "delay: expected a duration such as 30ms, 500us or 1.5s, not '30'",
  })
})

test('the example of each spelling is accepted', () => {
  for (const [name, [, example]] of Object.entries(IMPAIRMENT_SPELLINGS)) {
    assert.equal(Object.keys(parseImpairments({ [name]: example })).length >= 1, true, name)
  }
})

function flat(options: ImpairmentOptions): Record<string, unknown> {
  return { ...options, 'burst.leave': 0, 'burst.enter': 0 }
}
