/** The octets of a segment: what is in them where nothing was asked for. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { established } from './endpoint.ts'

const FRAME = 1500
const CHECKSUM = 20 + 16
const DONT_FRAGMENT = 0x40

/** The next packet of an IPv4 connection that has text to send, written over octets that say nothing. */
function packetOf(prepare: (ep: ReturnType<typeof established>) => void): Uint8Array {
  const ep = established()
  prepare(ep)
  const frame = new Uint8Array(FRAME).fill(0xee)
  const { connection } = ep
  connection.send(Uint8Array.of(1, 2, 3))
  const length = connection.pollTransmit(frame)
  assert.ok(length > 0)
  return frame.slice(0, length)
}

test('RFC 1191 3: every packet says that it may not be fragmented', () => {
  assert.equal(packetOf(() => {})[6], DONT_FRAGMENT)
})

test('MUST-2: the checksum is there, unless the link fills it in', () => {
  const sum = (packet: Uint8Array) => (packet[CHECKSUM]! << 8) | packet[CHECKSUM + 1]!
  const own = packetOf(() => {})
  const offloaded = packetOf((ep) => {
    ep.tcb.path.checksumOffload = true
  })
  assert.notEqual(sum(own), 0)
  assert.equal(sum(offloaded), 0)
  assert.deepEqual([...offloaded.slice(-3)], [1, 2, 3])
})

test('a packet is written whole into whichever frame it is given', () => {
  const first = packetOf(() => {})
  const second = packetOf(() => {})
  assert.deepEqual(second, first)
})

test('RFC 9293 3.10.5: a reset has no window, no acknowledgment and no options, whatever was sent before it', () => {
  const ep = established({ windowScaling: true, timestamps: true, peer: { ws: 3, ts: [1000, 0] } })
  ep.abort()
  const reset = ep.expect({ flags: 'R', seq: 1, length: 0 })
  assert.deepEqual(
    [reset.win, reset.mss, reset.ws, reset.sackOk, reset.ts, reset.urg],
    [0, -1, -1, false, null, 0],
  )
})

test('MAY-6: a keep-alive probe carries no octet unless asked to, and then one of garbage', () => {
  for (const keepAliveGarbage of [false, true]) {
    const ep = established({ keepAlive: true, keepAliveIdleMs: 1000, keepAliveGarbage })
    ep.advance(1000)
    const probe = ep.expect({ flags: 'A', seq: 0 })
    assert.deepEqual([...probe.text], keepAliveGarbage ? [0] : [])
  }
})
