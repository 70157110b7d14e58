/** The octets of a segment: what is in them where nothing was asked for. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint, established } from './endpoint.ts'

const FRAME = 1500
const CHECKSUM = 20 + 16
const DONT_FRAGMENT = 0x40
const ACKNOWLEDGMENT = 20 + 8
/** What a frame is full of before a packet is written into it. */
const STALE = 0xee

/** The next packet of an IPv4 connection that has text to send, written over octets that say nothing. */
function packetOf(prepare: (ep: ReturnType<typeof established>) => void): Uint8Array {
  const ep = established()
  prepare(ep)
  const frame = new Uint8Array(FRAME).fill(STALE)
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

test('MAY-6: the octet of garbage is zero, and behind a packet nothing is written: no octets of others go out', () => {
  for (const keepAliveGarbage of [false, true]) {
    const { connection, clock } = established({ keepAlive: true, keepAliveIdleMs: 1000, keepAliveGarbage })
    const frame = new Uint8Array(FRAME).fill(STALE)
    clock.now += 1_000_000
    connection.handleTimeout()
    const length = connection.pollTransmit(frame)
    assert.deepEqual([...frame.slice(40, length)], keepAliveGarbage ? [0] : [])
    assert.ok(frame.subarray(length).every((octet) => octet === STALE))
  }
})

test('RFC 9293 3.1: without ACK the acknowledgment field is zero, though there is something to acknowledge', () => {
  const ep = established()
  let packet: Uint8Array = new Uint8Array(0)
  ep.carrier = (bytes) => {
    packet = bytes
  }
  ep.abort().expect({ flags: 'R' })
  assert.deepEqual([...packet.subarray(ACKNOWLEDGMENT, ACKNOWLEDGMENT + 4)], [0, 0, 0, 0])
})

test('RFC 7323 3.2 (a): a SYN echoes no timestamp, not even one of an opening that failed', () => {
  const ep = new Endpoint({ timestamps: true }).listen()
  ep.inject({ flags: 'S', seq: 0, ts: [7000, 0] })
  assert.equal(ep.expect({ flags: 'SA' }).ts?.[1], 7000)
  ep.inject({ flags: 'R', seq: 1 })
  assert.equal(ep.state, 'LISTEN')
  ep.connect()
  assert.equal(ep.expect({ flags: 'S' }).ts?.[1], 0)
})
