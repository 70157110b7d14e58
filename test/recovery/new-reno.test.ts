import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NewReno } from '../../src/recovery/new-reno.ts'
import fc from '../property.ts'

const mssRange = fc.integer({ min: 36, max: 65_475 })

function started(mss = 1000, segments = 10): NewReno {
  const reno = new NewReno()
  reno.start(mss, segments)
  return reno
}

test('RFC 6928 2: IW = min(10 MSS, max(2 MSS, 14600)) for any MSS', () => {
  const property = fc.property(mssRange, (mss) => {
    assert.equal(started(mss).cwnd, Math.min(10 * mss, Math.max(2 * mss, 14_600)))
  })
  fc.assert(property)
})

test('RFC 5681 3.1 (d): where the SYN was lost the initial window is one segment', () => {
  const property = fc.property(mssRange, (mss) => assert.equal(started(mss, 1).cwnd, mss))
  fc.assert(property)
})

test('MUST-19, RFC 3465 2.2, RFC 5681 5: slow start grows by what was acknowledged, at most two segments', () => {
  const property = fc.property(fc.integer({ min: 1, max: 10_000 }), (acked) => {
    const reno = started()
    reno.onAck(acked, true)
    assert.equal(reno.cwnd, 10_000 + Math.min(acked, 2000))
  })
  fc.assert(property)
})

test('RFC 3465 2.3: after a timeout slow start grows by one segment at most until it ends', () => {
  const reno = started()
  reno.onTimeout(10_000, true)
  assert.deepEqual([reno.cwnd, reno.ssthresh], [1000, 5000])
  const windows = []
  while (reno.cwnd < reno.ssthresh) {
    reno.onAck(2000, true)
    windows.push(reno.cwnd)
  }
  assert.deepEqual(windows, [2000, 3000, 4000, 5000])
})

test('MUST-19, RFC 5681 3.1 (h, i): congestion avoidance adds one segment per window acknowledged, however it is cut up', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 300 })
  const property = fc.property(cuts, (acks) => {
    const reno = started()
    reno.onLoss(20_000)
    assert.equal(reno.cwnd, 10_000)
    let wanted = 10_000
    let credit = 0
    for (const acked of acks) {
      reno.onAck(acked, true)
      credit += acked
      if (credit >= wanted) {
        credit -= wanted
        wanted += 1000
      }
      assert.equal(reno.cwnd, wanted)
    }
  })
  fc.assert(property)
})

test('RFC 5681 3.1 (k, m), 3.2 (2), 4.3 (a): ssthresh = max(FlightSize / 2, 2 SMSS) on a loss and on a timeout', () => {
  const property = fc.property(fc.integer({ min: 0, max: 1_000_000 }), mssRange, (flight, mss) => {
    const wanted = Math.max(Math.floor(flight / 2), 2 * mss)
    const lossy = started(mss)
    lossy.onLoss(flight)
    assert.deepEqual([lossy.ssthresh, lossy.cwnd], [wanted, wanted])
    const late = started(mss)
    late.onTimeout(flight, true)
    assert.deepEqual([late.ssthresh, late.cwnd], [wanted, mss])
  })
  fc.assert(property)
})

test('RFC 5681 3.1 (l): a second timeout of the same segment leaves ssthresh where it is', () => {
  const reno = started()
  reno.onTimeout(30_000, true)
  reno.onTimeout(8000, false)
  assert.deepEqual([reno.cwnd, reno.ssthresh], [1000, 15_000])
})

test('RFC 6582 3.2 (3a): recovery ends with cwnd = min(ssthresh, max(FlightSize, SMSS) + SMSS)', () => {
  const property = fc.property(fc.integer({ min: 0, max: 40_000 }), (flight) => {
    const reno = started()
    reno.onLoss(20_000)
    reno.onRecovered(flight)
    assert.equal(reno.cwnd, Math.min(10_000, Math.max(flight, 1000) + 1000))
  })
  fc.assert(property)
})

test('a window that did not hold the sender back does not grow', () => {
  const reno = started()
  for (let i = 0; i < 100; i++) reno.onAck(1000, false)
  assert.equal(reno.cwnd, 10_000)
})

test('RFC 5681 4.1: idle, the window falls to the initial one and is never raised; ssthresh stays', () => {
  const large = started()
  for (let i = 0; i < 50; i++) large.onAck(2000, true)
  large.onIdle()
  assert.equal(large.cwnd, 10_000)
  const small = started()
  small.onTimeout(4000, true)
  small.onIdle()
  assert.deepEqual([small.cwnd, small.ssthresh], [1000, 2000])
})

test('RFC 5681 3.1 (f): until there is a loss ssthresh is above any window', () => {
  assert.ok(started().ssthresh > 2 ** 30)
})

test('RFC 5681 3.1 (e): smaller segments make the window smaller in proportion, never below one segment', () => {
  const reno = started(1000)
  reno.setMss(400)
  assert.equal(reno.cwnd, 4000)
  for (let i = 0; i < 50; i++) reno.onAck(800, true)
  reno.onIdle()
  assert.equal(reno.cwnd, 4000, 'and the window that it restarts with')
  const small = started(1000, 1)
  small.setMss(300)
  assert.equal(small.cwnd, 300)
})

test('a larger segment size does not leave a window below one segment', () => {
  const reno = started(1000, 1)
  reno.setMss(1400)
  assert.equal(reno.cwnd, 1400)
})

test('MUST-19, RFC 5681 3.1: the acknowledgment that completes a window earns the segment, not the next one', () => {
  const reno = started()
  reno.onLoss(20_000)
  reno.onAck(9999, true)
  assert.equal(reno.cwnd, 10_000)
  reno.onAck(1, true)
  assert.equal(reno.cwnd, 11_000)
})

test('what is remembered of one window and given to another makes the two go on alike', () => {
  const reno = started(1400)
  reno.onTimeout(30_000, true)
  for (let i = 0; i < 25; i++) reno.onAck(1400, true)
  const remembered: number[] = []
  reno.remember((value) => {
    remembered.push(value)
    return value
  })
  const other = new NewReno()
  other.remember(() => remembered.shift()!)
  for (let i = 0; i < 30; i++) {
    assert.deepEqual([other.cwnd, other.ssthresh], [reno.cwnd, reno.ssthresh])
    for (const one of [reno, other]) one.onAck(1400, true)
  }
  for (const one of [reno, other]) one.onIdle()
  assert.equal(other.cwnd, reno.cwnd)
})
