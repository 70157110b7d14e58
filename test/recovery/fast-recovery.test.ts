import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FastRecovery, NOTHING, RECOVERED, RETRANSMIT } from '../../src/recovery/fast-recovery.ts'
import fc from '../property.ts'

const MSS = 1000

/** RFC 5681 3.2 with RFC 6582 3.2 and RFC 3042 as printed: one window that is inflated and deflated. */
class PlainRecovery {
  cwnd: number
  recover: number
  duplicates = 0
  active = false
  readonly base: number

  constructor(iss: number, cwnd: number) {
    this.recover = iss
    this.cwnd = cwnd
    this.base = cwnd
  }

  duplicate(una: number, nxt: number): boolean {
    this.duplicates++
    if (this.active) this.cwnd += MSS
    else if (this.duplicates < 3) this.cwnd = this.base + this.duplicates * MSS
    else this.cwnd = this.base
    if (this.active || this.duplicates !== 3 || una <= this.recover) return false
    this.active = true
    this.recover = nxt
    this.cwnd = this.base + 3 * MSS
    return true
  }

  /** 'partial', 'full' or ''. */
  ack(una: number, acked: number): string {
    this.duplicates = 0
    if (!this.active) {
      this.cwnd = this.base
      return ''
    }
    if (una >= this.recover) {
      this.active = false
      this.cwnd = this.base
      return 'full'
    }
    this.cwnd -= acked
    if (acked >= MSS) this.cwnd += MSS
    return 'partial'
  }

  timeout(nxt: number): void {
    this.active = false
    this.duplicates = 0
    this.recover = nxt
    this.cwnd = this.base
  }
}

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant('duplicate' as const) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 8 }) },
    { weight: 2, arbitrary: fc.constant('send' as const) },
    { weight: 1, arbitrary: fc.constant('timeout' as const) },
  ),
  { maxLength: 80 },
)

test('RFC 6582 3.2 (2, 3b, 4): window, advice and recovery point agree with the plain algorithm for any events', () => {
  const property = fc.property(steps, fc.constantFrom(0, 2 ** 31 - 5000, -5000), (events, iss) => {
    const recovery = new FastRecovery(iss | 0)
    const plain = new PlainRecovery(0, 20_000)
    let una = 1
    let nxt = 20_001
    for (const event of events) {
      if (event === 'send') nxt += MSS
      else if (event === 'timeout') {
        recovery.onTimeout((iss + nxt) | 0)
        plain.timeout(nxt)
      } else if (event === 'duplicate') {
        if (una === nxt) continue
        const advice = recovery.onDuplicate((iss + una) | 0, (iss + nxt) | 0, MSS, 3)
        assert.equal(advice, plain.duplicate(una, nxt) ? RETRANSMIT : NOTHING)
      } else {
        const acked = Math.min(event * 500, nxt - una)
        if (acked === 0) continue
        una += acked
        const advice = recovery.onAdvance((iss + una) | 0, acked, MSS)
        const wanted = { '': NOTHING, partial: RETRANSMIT, full: RECOVERED }[plain.ack(una, acked)]
        assert.equal(advice, wanted)
      }
      assert.equal(recovery.active, plain.active)
      assert.equal(20_000 + recovery.inflation, plain.cwnd)
    }
  })
  fc.assert(property, { numRuns: 500 })
})

test('the third duplicate and no other reveals a loss', () => {
  const recovery = new FastRecovery(0)
  const advice = [1, 2, 3, 4, 5].map(() => recovery.onDuplicate(1, 9001, MSS, 3))
  assert.deepEqual(advice, [NOTHING, NOTHING, RETRANSMIT, NOTHING, NOTHING])
})

test('RFC 6582 3.2 (2, 4): below the recovery point three duplicates reveal nothing new', () => {
  const recovery = new FastRecovery(0)
  recovery.onTimeout(9001)
  for (let i = 0; i < 5; i++) assert.equal(recovery.onDuplicate(3001, 9001, MSS, 3), NOTHING)
  recovery.onAdvance(9002, 6001, MSS)
  for (let i = 0; i < 2; i++) recovery.onDuplicate(9002, 12_001, MSS, 3)
  assert.equal(recovery.onDuplicate(9002, 12_001, MSS, 3), RETRANSMIT)
})

test('RFC 6582 6 (c): the recovery point does not fall behind by half the sequence space while nothing is lost', () => {
  const recovery = new FastRecovery(0)
  let una = 0
  for (let i = 0; i < 5; i++) {
    una = (una + 2 ** 29) | 0
    recovery.onAdvance(una, 2 ** 29, MSS)
  }
  for (let i = 0; i < 2; i++) recovery.onDuplicate(una, (una + 9000) | 0, MSS, 3)
  assert.equal(recovery.onDuplicate(una, (una + 9000) | 0, MSS, 3), RETRANSMIT)
})

test('RFC 6582 3.2 (1): from the start the first octet may be found lost, and the SYN not', () => {
  for (const iss of [0, 2 ** 31 - 1, -(2 ** 31), -1]) {
    const nothing = new FastRecovery(iss)
    for (let i = 0; i < 5; i++) assert.equal(nothing.onDuplicate(iss, (iss + 1) | 0, MSS, 3), NOTHING)
    const recovery = new FastRecovery(iss)
    for (let i = 0; i < 2; i++) recovery.onDuplicate((iss + 1) | 0, (iss + 9001) | 0, MSS, 3)
    assert.equal(recovery.onDuplicate((iss + 1) | 0, (iss + 9001) | 0, MSS, 3), RETRANSMIT)
  }
})
