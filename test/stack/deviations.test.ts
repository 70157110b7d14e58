/** Where the stack departs from the RFCs on purpose: the register is docs/deviations.md, row by row. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configure } from '../../src/tcp/config.ts'
import { SOFT_ERROR } from '../../src/tcp/signals.ts'
import { Host, handshake, opened, PEER, VERSIONS } from './host-harness.ts'
import { ERRORS, icmpError } from './icmp-harness.ts'
import { type Arriving, packetOf } from './packets-harness.ts'

/** The options of an IPv4 header, padded with zeros. */
function withIpOptions(packet: Uint8Array, options: readonly number[]): Uint8Array {
  const padded = [...options, 0, 0, 0].slice(0, Math.ceil(options.length / 4) * 4)
  const changed = Uint8Array.of(...packet.subarray(0, 20), ...padded, ...packet.subarray(20))
  changed[0] = 0x45 + padded.length / 4
  return withTotalLength(changed)
}

/** Sets length and checksum of an IPv4 header right. */
function withTotalLength(packet: Uint8Array): Uint8Array {
  const view = new DataView(packet.buffer)
  view.setUint16(2, packet.length)
  view.setUint16(10, 0)
  let sum = 0
  for (let at = 0; at < (packet[0]! & 15) * 4; at += 2) sum += view.getUint16(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  view.setUint16(10, ~sum & 0xffff)
  return packet
}

const STRICT_ROUTE = 137
const LOOSE_ROUTE = 131
const SECURITY = 130

test('MUST-51, MUST-52, MUST-53, SHLD-24: a source route is skipped and never followed', () => {
  for (const kind of [LOOSE_ROUTE, STRICT_ROUTE]) {
    const route = (last: number) => [kind, 11, 12, 192, 0, 2, 1, 192, 0, 2, last]
    const host = new Host()
    const listener = host.listen({ port: 80 })
    const [answer] = host.inject(withIpOptions(packetOf({ flags: 'S', seq: 1000 }), route(2)))
    assert.equal(answer!.flags, 'SA')
    assert.equal(answer!.bytes[0], 0x45, 'no return route in the answer')
    assert.deepEqual(
      [answer!.src, answer!.dst],
      ['10.0.0.1', PEER[4]],
      'nor is it sent to the first hop of one',
    )
    const ack = answer!.seq + 1
    host.inject(withIpOptions(packetOf({ seq: 1001, ack, text: 'routed' }), route(3)))
    const connection = host.stack.accept(listener)!
    assert.equal(connection.readable, 6)
    connection.send(Uint8Array.of(1))
    const [data] = host.poll()
    assert.deepEqual([data!.bytes[0], data!.dst, data!.length], [0x45, PEER[4], 1])
  }
})

test('RFC 9293 A.1: a segment with an IPv4 security option is accepted like any other', () => {
  const secret = [SECURITY, 11, 0x6b, 0xc5, 0, 0, 0, 0, 0, 0, 0]
  const host = new Host()
  const listener = host.listen({ port: 80 })
  const { connection, seq, ack } = opened(host, listener)
  host.inject(withIpOptions(packetOf({ seq, ack, text: 'secret' }), secret))
  assert.equal(connection.readable, 6, 'although the handshake had no such option')
  assert.equal(connection.stateName, 'ESTABLISHED')
})

test('RFC 9293 3.4.3: a host that starts keeps no quiet time', () => {
  const host = new Host()
  for (const version of VERSIONS) host.connect({ to: PEER[version] })
  assert.deepEqual(
    host.poll().map((packet) => packet.flags),
    ['S', 'S'],
  )
})

describe('answers that do not come', () => {
  test('RFC 9293 3.10.7.1: resets for nobody are limited by rate', () => {
    const host = new Host({ limits: { repliesPerSecond: 10, replyBurst: 5 } })
    let resets = 0
    for (let i = 0; i < 100; i++) resets += host.inject({ flags: 'S', srcPort: 2000 + i }).length
    assert.ok(resets >= 1 && resets <= 5, `${resets} resets`)
    assert.ok(host.drops('rate-limited') >= 95)
  })

  test('RFC 9293 3.10.7.4: where the backlog is full the acknowledgment of our SYN is taken for lost', () => {
    const host = new Host()
    const listener = host.listen({ port: 80, backlog: 1 })
    const late: Arriving = { srcPort: 40_001, seq: 5000 }
    const [answer] = host.inject({ ...late, flags: 'S' })
    handshake(host)
    const ack = { ...late, flags: 'A', seq: 5001, ack: answer!.seq + 1 }
    assert.deepEqual(host.inject(ack), [])
    assert.equal(host.drops('backlog-full'), 1)
    const again = host.advance(1000)
    assert.deepEqual(
      again.map((packet) => packet.flags),
      ['SA'],
      'so our answer goes again',
    )
    assert.notEqual(host.stack.accept(listener), null)
    assert.equal(host.stack.accept(listener), null)
    host.inject(ack)
    assert.notEqual(host.stack.accept(listener), null)
  })
})

test('SHLD-26: a hard ICMP error does not abort a synchronized connection', () => {
  for (const version of VERSIONS) {
    for (const kind of ['protocol', 'port', 'filtered'] as const) {
      const host = new Host({ config: configure({ nagle: false }) })
      const { connection } = opened(host, host.listen({ port: 80 }), { version })
      connection.send(new Uint8Array(10))
      const [data] = host.poll()
      host.events()
      assert.deepEqual(host.inject(icmpError(data!.bytes, ERRORS[version][kind])), [])
      assert.equal(connection.stateName, 'ESTABLISHED')
      assert.deepEqual(host.events(), [[connection, SOFT_ERROR]])
      // And one that is opened actively it does abort.
      const opening = host.connect({ to: PEER[version] })
      host.inject(icmpError(host.poll()[0]!.bytes, ERRORS[version][kind]))
      assert.equal(opening.stateName, 'CLOSED')
    }
  }
})

describe('fragments', () => {
  test('RFC 1122 3.3.2: a fragment is dropped and counted', () => {
    const host = new Host()
    host.listen({ port: 80 })
    const whole = packetOf({ flags: 'S', text: 16 })
    const cut = 20 + 24
    const first = whole.slice(0, cut)
    new DataView(first.buffer).setUint16(6, 0x2000)
    const second = Uint8Array.of(...whole.subarray(0, 20), ...whole.subarray(cut))
    new DataView(second.buffer).setUint16(6, 24 / 8)
    for (const fragment of [first, second]) assert.deepEqual(host.inject(withTotalLength(fragment)), [])
    assert.equal(host.drops('ip-fragment'), 2)
    assert.deepEqual(host.stack.connections(), [])
    assert.equal(host.inject(whole)[0]!.flags, 'SA')
  })

  test('RFC 8200 4.5: a fragment of IPv6 is dropped and counted', () => {
    const host = new Host()
    host.listen({ port: 80 })
    const whole = packetOf({ version: 6, flags: 'S', text: 16 })
    const part = (offset: number, more: number, from: number, to: number): Uint8Array => {
      const header = [6, 0, offset >>> 5, ((offset & 31) << 3) | more, 0, 0, 0, 7]
      const packet = Uint8Array.of(...whole.subarray(0, 40), ...header, ...whole.subarray(40 + from, 40 + to))
      packet[6] = 44
      new DataView(packet.buffer).setUint16(4, packet.length - 40)
      return packet
    }
    assert.deepEqual(host.inject(part(0, 1, 0, 24)), [])
    assert.deepEqual(host.inject(part(3, 0, 24, whole.length - 40)), [])
    assert.equal(host.drops('ip-fragment'), 2)
    assert.deepEqual(host.stack.connections(), [])
  })
})
