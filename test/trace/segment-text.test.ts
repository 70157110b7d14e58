import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  controlNames,
  optionsText,
  rfcSegmentText,
  tcpdumpFlags,
  tcpdumpSegmentText,
} from '../../src/trace/segment-text.ts'
import { segmentOf } from '../diagram/story.ts'
import fc from '../property.ts'

test('the figures of RFC 9293 3.5 and seed 002 are reproduced', () => {
  const segment = (flags: string, fields = {}) => rfcSegmentText(segmentOf(1, 2, flags, fields))
  assert.equal(segment('SYN', { seq: 100 }), '<SEQ=100><CTL=SYN>')
  assert.equal(segment('SYN,ACK', { seq: 300, ack: 101 }), '<SEQ=300><ACK=101><CTL=SYN,ACK>')
  assert.equal(segment('ACK', { seq: 101, ack: 301, length: 3 }), '<SEQ=101><ACK=301><CTL=ACK><DATA>')
  assert.equal(segment('FIN,ACK', { seq: 100, ack: 300 }), '<SEQ=100><ACK=300><CTL=FIN,ACK>')
  assert.equal(segment('RST', { seq: 400 }), '<SEQ=400><CTL=RST>')
})

test("tcpdump's form has its letters, ranges and options", () => {
  const segment = (flags: string, fields = {}) => tcpdumpSegmentText(segmentOf(1, 2, flags, fields))
  assert.equal(
    segment('SYN,ACK', { seq: 100, ack: 1, window: 65535, mss: 512 }),
    'Flags [S.], seq 100, ack 1, win 65535, options [mss 512], length 0',
  )
  // Seed 004.
  assert.equal(
    segment('ACK', { seq: 73894, ack: 33850, window: 567, length: 1380 }),
    'Flags [.], seq 73894:75274, ack 33850, win 567, length 1380',
  )
  assert.equal(
    segment('PSH,ACK', { seq: 75274, ack: 33850, window: 567, length: 946 }),
    'Flags [P.], seq 75274:76220, ack 33850, win 567, length 946',
  )
  assert.equal(segment('ACK', { seq: 5, ack: 7, window: 1 }), 'Flags [.], ack 7, win 1, length 0')
  assert.equal(segment('RST', { seq: 5, window: 0 }), 'Flags [R], seq 5, win 0, length 0')
  assert.equal(
    segment('URG,ACK', { seq: 5, ack: 1, urgentPointer: 9, length: 1, window: 2 }),
    'Flags [.U], seq 5:6, ack 1, win 2, urg 9, length 1',
  )
  assert.equal(segment('', { window: 3 }), 'Flags [none], win 3, length 0')
})

test('the window is the field as sent, the numbers are unsigned and wrap', () => {
  const record = segmentOf(1, 2, 'ACK', { seq: -1, ack: -2, window: 7, scaledWindow: 896, length: 3 })
  assert.equal(tcpdumpSegmentText(record), 'Flags [.], seq 4294967295:2, ack 4294967294, win 7, length 3')
  assert.equal(tcpdumpSegmentText(record, { seq: -2, ack: -3 }), 'Flags [.], seq 1:4, ack 1, win 7, length 3')
  assert.equal(rfcSegmentText(record, { seq: -2, ack: -3 }), '<SEQ=1><ACK=1><CTL=ACK><DATA>')
})

test('all options of a SYN are named', () => {
  const syn = segmentOf(1, 2, 'SYN', {
    mss: 1460,
    sackPermitted: true,
    timestamps: { val: -1, ecr: 0 },
    windowScale: 0,
  })
  assert.equal(optionsText(syn), 'mss 1460,sackOK,TS val 4294967295 ecr 0,wscale 0')
  assert.equal(optionsText(segmentOf(1, 2, 'SYN')), '')
})

test('every combination of the nine control bits has its own text in both forms', () => {
  const names = new Set<string>()
  const letters = new Set<string>()
  for (let flags = 0; flags < 512; flags++) {
    names.add(controlNames(flags))
    letters.add(tcpdumpFlags(flags))
  }
  assert.equal(names.size, 512)
  assert.equal(letters.size, 512)
  assert.equal(tcpdumpFlags(0x1ff), 'FSRP.UEWe')
})

test('relative numbers are those of a segment moved by the base', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), fc.nat(65535), (seq, base, length) => {
      const moved = segmentOf(1, 2, 'ACK', { seq: (seq - base) | 0, ack: (seq - base) | 0, length })
      const plain = segmentOf(1, 2, 'ACK', { seq: seq | 0, ack: seq | 0, length })
      const bases = { seq: base | 0, ack: base | 0 }
      assert.equal(tcpdumpSegmentText(plain, bases), tcpdumpSegmentText(moved))
      assert.equal(rfcSegmentText(plain, bases), rfcSegmentText(moved))
    }),
  )
})
