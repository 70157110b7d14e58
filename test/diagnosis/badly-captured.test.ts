/** Healthy connections in captures that are not: the fault is the capture's, and no connection is called sick for it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureDiagnoser, type CaptureReport } from '../../src/analyze/outside/capture-diagnoser.ts'
import type { CaptureRecord } from '../../src/capture/record.ts'
import { eachPacket, packetsOf } from './healthy-runs.ts'

const SEEDS = [...Array(33).keys()]

/** Judges each run as `spoil` hands its packets on. */
async function judged(
  spoil: (record: CaptureRecord, take: (record: CaptureRecord) => void, end: number) => void,
  check: (report: CaptureReport, seed: number) => void,
): Promise<void> {
  for (const seed of SEEDS) {
    const octets = await packetsOf(seed)
    for (const end of [0, 1]) {
      const diagnoser = new CaptureDiagnoser()
      let frame = 0
      const take = (record: CaptureRecord): void => {
        record.number = ++frame
        diagnoser.take(record)
      }
      eachPacket(octets, end, (record) => spoil(record, take, end))
      check(diagnoser.report(), seed)
    }
  }
}

function assertHealthy({ connections }: CaptureReport, seed: number): void {
  const sick = [...connections].filter(({ healthy }) => !healthy)
  assert.deepEqual(sick, [], `seed ${seed}: ${sick.map(({ sentence }) => sentence).join('; ')}`)
}

const kindsOf = ({ notes }: CaptureReport): string[] => notes.map(({ kind }) => kind)

test('each packet twice, as a bridge and its port show it', () => {
  let identification = 0
  return judged(
    (record, take) => {
      const { bytes, start } = record
      const isIpv4 = bytes[start]! >> 4 === 4
      if (isIpv4) new DataView(bytes.buffer, bytes.byteOffset).setUint16(start + 4, ++identification & 0xffff)
      take(record)
      take(record)
    },
    (report, seed) => {
      assertHealthy(report, seed)
      assert.ok(kindsOf(report).includes('duplicate-capture'), `seed ${seed}`)
    },
  )
})

test('every thirtieth packet is missing: the machine that captured was too slow', () => {
  let count = 0
  return judged((record, take) => {
    if (++count % 30 !== 0) take(record)
  }, assertHealthy)
})

test('only one direction was captured', () =>
  judged((record, take, end) => {
    if ((record.direction === 'outbound') === (end === 0)) take(record)
  }, assertHealthy))

test('the capture begins in the middle', () => {
  let last = -1
  let count = 0
  return judged((record, take, end) => {
    count = end === last ? count + 1 : 0
    last = end
    if (count >= 12) take(record)
  }, assertHealthy)
})

test('the capture ends in the middle', () => {
  let last = -1
  let count = 0
  return judged((record, take, end) => {
    count = end === last ? count + 1 : 0
    last = end
    if (count < 40) take(record)
  }, assertHealthy)
})

test('packets were captured to 100 octets only', () => {
  let cut = false
  return judged(
    (record, take) => {
      cut ||= record.length > 100
      record.length = Math.min(record.length, 100)
      take(record)
    },
    (report, seed) => {
      assertHealthy(report, seed)
      assert.equal(kindsOf(report).includes('truncated'), cut, `seed ${seed}`)
      cut = false
    },
  )
})

test('the clock was set back by an hour in the middle', () => {
  let last = -1
  let count = 0
  return judged(
    (record, take, end) => {
      count = end === last ? count + 1 : 0
      last = end
      if (count >= 6) record.seconds -= 3600
      take(record)
    },
    (report, seed) => {
      assertHealthy(report, seed)
      assert.ok(kindsOf(report).includes('clock-step'), `seed ${seed}: not told`)
    },
  )
})
