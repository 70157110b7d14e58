/** What a connection counts, for TCP_INFO. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { established } from './endpoint.ts'

test('segments and octets are counted once each, both ways, copies apart', () => {
  const ep = established({ peer: { mss: 1000 } })
  const { counts } = ep.tcb
  const told = () => {
    const { synchronizedAt, lastTextAt, ...rest } = counts
    return rest
  }
  const begun = {
    segmentsSent: 2,
    segmentsReceived: 1,
    textSegmentsSent: 0,
    textSegmentsReceived: 0,
    outOfOrderSegments: 0,
    octetsSent: 0,
    octetsRetransmitted: 0,
    octetsAcknowledged: 0,
    octetsReceived: 0,
    timeouts: 0,
  }
  assert.deepEqual(told(), begun)
  ep.send(3000)
  ep.inject({ ack: 2001 })
  const sent = { ...begun, segmentsSent: 5, segmentsReceived: 2, textSegmentsSent: 3, octetsSent: 3000 }
  assert.deepEqual(told(), { ...sent, octetsAcknowledged: 2000 })
  ep.advance(ep.untilTimeoutMs)
  const again = {
    segmentsSent: 6,
    textSegmentsSent: 4,
    octetsSent: 4000,
    octetsRetransmitted: 1000,
    timeouts: 1,
  }
  assert.deepEqual(told(), { ...sent, ...again, octetsAcknowledged: 2000 })
  ep.inject({ ack: 3001, seq: 11, text: 5 })
  const ahead = {
    ...again,
    segmentsSent: 7,
    segmentsReceived: 3,
    octetsAcknowledged: 3000,
    textSegmentsReceived: 1,
  }
  assert.deepEqual(told(), { ...sent, ...ahead, outOfOrderSegments: 1 })
  ep.inject({ seq: 1, text: 10 })
  const filled = { segmentsSent: 8, segmentsReceived: 4, textSegmentsReceived: 2, octetsReceived: 15 }
  assert.deepEqual(told(), { ...sent, ...ahead, outOfOrderSegments: 1, ...filled })
})
