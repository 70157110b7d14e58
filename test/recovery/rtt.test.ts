import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RttEstimator } from '../../src/recovery/rtt.ts'
import fc from '../property.ts'

/** RFC 6298 2.2 to 2.4 as it is printed, with the floor of docs/deviations.md in the place of G. */
function plainRto(samples: readonly number[], floor: number, ceiling: number): number {
  let srtt = 0
  let rttvar = 0
  samples.forEach((r, i) => {
    if (i === 0) {
      srtt = r
      rttvar = r / 2
    } else {
      rttvar = (1 - 1 / 4) * rttvar + (1 / 4) * Math.abs(srtt - r)
      srtt = (1 - 1 / 8) * srtt + (1 / 8) * r
    }
  })
  return Math.min(srtt + Math.max(floor, 4 * rttvar), ceiling)
}

test('RFC 6298 2.3, 2.3 (a): SRTT, RTTVAR and RTO follow the formula for any series of samples', () => {
  const samples = fc.array(fc.integer({ min: 1, max: 20_000_000 }), { minLength: 1, maxLength: 60 })
  const property = fc.property(samples, fc.integer({ min: 1, max: 1_000_000 }), (series, floorUs) => {
    const rtt = new RttEstimator(1_000_000, floorUs, 60_000_000)
    for (const [i, sample] of series.entries()) {
      rtt.sample(sample)
      const wanted = plainRto(series.slice(0, i + 1), floorUs, 60_000_000)
      assert.ok(Math.abs(rtt.rtoUs - wanted) <= 1, `RTO ${rtt.rtoUs}, by the formula ${wanted}`)
      assert.ok(Number.isInteger(rtt.rtoUs), 'deadlines are whole microseconds')
    }
    assert.equal(rtt.latestUs, series.at(-1))
    assert.equal(rtt.minUs, Math.min(...series))
  })
  fc.assert(property, { numRuns: 200 })
})

test('RFC 6298 2.1: before a sample the RTO is the initial one, and nothing counts as measured', () => {
  const rtt = new RttEstimator(1_000_000, 200_000, 60_000_000)
  assert.equal(rtt.rtoUs, 1_000_000)
  assert.equal(rtt.measured, false)
  rtt.sample(1000)
  assert.equal(rtt.measured, true)
})

test('RFC 6298 2.2: the first sample R gives SRTT = R, RTTVAR = R/2 and RTO = SRTT + 4 RTTVAR = 3 R', () => {
  const rtt = new RttEstimator(1_000_000, 1, 60_000_000)
  rtt.sample(100_000)
  assert.deepEqual([rtt.srttUs, rtt.rttvarUs, rtt.rtoUs], [100_000, 50_000, 300_000])
})

test('RFC 6298 4: a steady round trip leaves the floor above SRTT, so that a delayed ACK does not meet the timer', () => {
  const rtt = new RttEstimator(1_000_000, 200_000, 60_000_000)
  for (let i = 0; i < 200; i++) rtt.sample(50_000)
  assert.equal(rtt.rtoUs, 250_000)
})

test('RFC 6298 5.5: each expiry doubles the RTO up to the ceiling; a sample ends the back-off', () => {
  const rtt = new RttEstimator(1_000_000, 200_000, 60_000_000)
  const seen = []
  for (let i = 0; i < 9; i++) {
    seen.push(rtt.rtoUs / 1e6)
    rtt.backOff()
  }
  assert.deepEqual(seen, [1, 2, 4, 8, 16, 32, 60, 60, 60])
  rtt.sample(100_000)
  assert.equal(rtt.rtoUs, 300_000)
})

test('MUST-18: the back-off is forgotten three times, and then stays until a round trip is measured', () => {
  const rtt = new RttEstimator(1_000_000, 200_000, 60_000_000)
  rtt.backOff()
  rtt.forgetBackoff()
  assert.equal(rtt.rtoUs, 2_000_000, 'an RTO that rests on nothing is not gone back to')
  rtt.sample(100_000)
  for (const wanted of [300_000, 300_000, 300_000, 600_000, 1_200_000]) {
    rtt.backOff()
    rtt.forgetBackoff()
    assert.equal(rtt.rtoUs, wanted)
  }
  rtt.sample(100_000)
  rtt.backOff()
  rtt.forgetBackoff()
  assert.equal(rtt.backoff, 0)
})

test('what the persist timer doubled is no back-off of the path: it ends when the window opens', () => {
  const rtt = new RttEstimator(1_000_000, 200_000, 60_000_000)
  rtt.backOff()
  rtt.endBackoff()
  assert.equal(rtt.rtoUs, 1_000_000)
})

test('the back-off is bounded: a thousand expiries neither overflow nor make the RTO infinite', () => {
  const rtt = new RttEstimator(1_000_000, 200_000, 3_600_000_000)
  for (let i = 0; i < 1000; i++) rtt.backOff()
  assert.equal(rtt.rtoUs, 3_600_000_000)
  assert.ok(rtt.backoff <= 16)
})

test('a round trip below the resolution counts as one microsecond, never as nothing', () => {
  const rtt = new RttEstimator(1_000_000, 200_000, 60_000_000)
  rtt.sample(0)
  assert.equal(rtt.measured, true)
  assert.equal(rtt.srttUs, 1)
})

test('RFC 6298 5.7: after a lost SYN the timeout restarts at the given time, undoubled', () => {
  const rtt = new RttEstimator(1_000_000, 200_000, 60_000_000)
  rtt.backOff()
  rtt.backOff()
  rtt.restartAt(3_000_000)
  assert.equal(rtt.rtoUs, 3_000_000)
})

test('MUST-18: only a back-off that was there counts as forgotten', () => {
  const rtt = new RttEstimator(1_000_000, 200_000, 60_000_000)
  rtt.sample(100_000)
  for (let i = 0; i < 5; i++) rtt.forgetBackoff()
  rtt.backOff()
  rtt.forgetBackoff()
  assert.equal(rtt.rtoUs, 300_000)
})

test('what is remembered of one path and given to another estimator makes the two go on alike', () => {
  const fresh = () => new RttEstimator(1_000_000, 200_000, 60_000_000)
  const rtt = fresh()
  for (const sample of [100_000, 900_000, 30_000]) rtt.sample(sample)
  rtt.backOff()
  rtt.forgetBackoff()
  rtt.backOff()
  const remembered: number[] = []
  rtt.remember((value) => {
    remembered.push(value)
    return value
  })
  const other = fresh()
  other.remember(() => remembered.shift()!)
  for (let i = 0; i < 5; i++) {
    assert.deepEqual([other.rtoUs, other.minUs, other.latestUs], [rtt.rtoUs, rtt.minUs, rtt.latestUs])
    for (const one of [rtt, other]) {
      one.forgetBackoff()
      one.backOff()
    }
  }
  for (const one of [rtt, other]) one.sample(500_000)
  assert.equal(other.rtoUs, rtt.rtoUs)
})
