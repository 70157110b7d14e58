/** Path MTU discovery through the stack: RFC 1191, RFC 8201, and the attacks of RFC 5927 7. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { Host, handshake, opened, PEER, VERSIONS } from './host-harness.ts'
import { ERRORS, icmpError } from './icmp-harness.ts'
import type { Packet } from './packets-harness.ts'

const HEADERS = { 4: 40, 6: 60 } as const
/** The least that the stack takes: RFC 1191's plateau above 508, and IPv6's own minimum. */
const LEAST = { 4: 552, 6: 1280 } as const

for (const version of VERSIONS) {
  const tooBig = (packet: Packet, mtu: number) => icmpError(packet.bytes, ERRORS[version].tooBig, mtu)

  /** ESTABLISHED with 20,000 octets to send and the first window of full-sized segments in flight. */
  function busy(mtu = 1500): { host: Host; connection: HostedConnection; flying: Packet[]; seq: number } {
    const host = new Host({ mtu })
    const mss = mtu - HEADERS[version]
    const { connection, seq } = opened(host, host.listen({ port: 80 }), { version, mss })
    connection.send(new Uint8Array(20_000))
    return { host, connection, flying: host.poll(), seq }
  }

  const largest = (packets: readonly Packet[]) => Math.max(...packets.map((packet) => packet.bytes.length))

  describe(`IPv${version}`, () => {
    test('too big: the packets get smaller and what was in flight goes again at once, and no loss is seen in it', () => {
      const { host, connection, flying, seq } = busy()
      assert.equal(largest(flying), 1500)
      const { ssthresh } = connection.status()
      const again = host.inject(tooBig(flying[0]!, 1300))
      assert.ok(again.length > 0)
      assert.equal(largest(again), 1300)
      assert.equal(again[0]!.seq, flying[0]!.seq)
      assert.equal(connection.status().ssthresh, ssthresh)
      assert.equal(connection.tcb.path.mtu, 1300)
      const { una } = connection.tcb.snd
      host.inject({ version, flags: 'A', seq, ack: una + 1240 })
      for (const packet of host.advance(3000)) assert.ok(packet.bytes.length <= 1300)
    })

    test('the errors of one window lower the MTU once and make nothing go again twice', () => {
      const { host, connection, flying } = busy()
      const sent = flying.map((packet) => host.inject(tooBig(packet, 1300)))
      assert.equal(connection.tcb.path.mtu, 1300)
      const starts = sent.flat().map((packet) => packet.seq)
      assert.equal(new Set(starts).size, starts.length)
      assert.equal(host.drops('icmp-out-of-window'), flying.length - 1)
    })

    test('RFC 1191 3, RFC 8201 4: an MTU below what every path carries is taken for that by IPv4, for a lie by IPv6', () => {
      for (const mtu of [1, 68, LEAST[version] - 1]) {
        const { host, connection, flying } = busy()
        const again = host.inject(tooBig(flying[0]!, mtu))
        assert.equal(connection.tcb.path.mtu, version === 4 ? LEAST[4] : 1500, `${mtu}`)
        if (version === 4) assert.equal(largest(again), LEAST[4])
        else assert.deepEqual([again.length, host.drops('icmp-out-of-window')], [0, 1])
      }
    })

    test('an MTU that is no smaller changes nothing', () => {
      for (const mtu of [1500, 1501, 9000, 65535]) {
        const { host, connection, flying } = busy()
        assert.deepEqual(host.inject(tooBig(flying[0]!, mtu)), [])
        assert.equal(connection.tcb.path.mtu, 1500)
        assert.equal(host.drops('icmp-out-of-window'), 1)
      }
    })

    test('RFC 5927 7.2 (a): an MTU that the packet quoted does not exceed is a lie', () => {
      const host = new Host()
      const { connection } = opened(host, host.listen({ port: 80 }), { version, mss: 1400 })
      connection.send(new Uint8Array(700))
      const [small] = host.poll()
      assert.ok(small!.bytes.length < 1300)
      host.inject(tooBig(small!, 1300))
      assert.equal(connection.tcb.path.mtu, 1500)
    })

    test('RFC 5927 4.1: a quote of what is not in flight lowers nothing', () => {
      const { host, connection, flying, seq } = busy()
      const ack = flying.at(-1)!.seq + flying.at(-1)!.length
      host.inject({ version, flags: 'A', seq, ack })
      host.inject(tooBig(flying[0]!, 1300))
      assert.equal(connection.tcb.path.mtu, 1500)
    })

    test("an old connection's error does not touch a new one with another initial sequence number", () => {
      const host = new Host()
      const listener = host.listen({ port: 80 })
      const { connection, seq } = opened(host, listener, { version })
      connection.send(new Uint8Array(1460))
      const [data] = host.poll()
      host.inject({ version, flags: 'R', seq })
      host.now += 60_000_000
      const next = opened(host, listener, { version, seq: 77 })
      next.connection.send(new Uint8Array(1460))
      host.poll()
      host.inject(tooBig(data!, 1300))
      assert.equal(next.connection.tcb.path.mtu, 1500)
    })

    test('RFC 5927 7.2 (a): no SYN is too big for its path, so an error that says so is a lie', () => {
      const host = new Host()
      const connection = host.connect({ to: PEER[version] })
      const [syn] = host.poll()
      host.inject(tooBig(syn!, LEAST[version]))
      assert.equal(connection.tcb.path.mtu, 1500)
      assert.equal(connection.stateName, 'SYN-SENT')
    })

    test('half-open connections of a listener survive it', () => {
      const host = new Host()
      host.listen({ port: 80 })
      const [answer] = host.inject({ version, flags: 'S', srcPort: 9 })
      host.inject(tooBig(answer!, 600))
      assert.ok(handshake(host, { version, srcPort: 10 }))
      assert.equal(host.stack.connections().length, 2)
    })
  })
}

test('RFC 1191 5: a router without the MTU field gets packets smaller than the one it refused', () => {
  const host = new Host()
  const { connection } = opened(host, host.listen({ port: 80 }), { mss: 1460 })
  connection.send(new Uint8Array(20_000))
  let refused = host.poll()[0]!
  for (let round = 0; round < 3; round++) {
    const before = connection.tcb.path.mtu
    const [again] = host.inject(icmpError(refused.bytes, ERRORS[4].tooBig, 0))
    assert.ok(connection.tcb.path.mtu < before)
    assert.ok(again!.bytes.length < refused.bytes.length)
    refused = again!
  }
})

test('a peer behind a small MTU gets all octets, whatever the router says how often', () => {
  const host = new Host()
  const { connection, seq, ack } = opened(host, host.listen({ port: 80 }), { mss: 1460 })
  const text = new Uint8Array(50_000).map((_, i) => i * 13)
  connection.send(text)
  const heard = new Uint8Array(text.length)
  let next = 0
  let flying = host.poll()
  for (let round = 0; next < text.length; round++) {
    assert.ok(round < 200, 'it stalls')
    const replies: Packet[] = []
    for (const packet of flying) {
      if (packet.bytes.length > 700)
        replies.push(...host.inject(icmpError(packet.bytes, ERRORS[4].tooBig, 700)))
      else if (packet.length > 0) {
        const at = (packet.seq - ack) | 0
        heard.set(packet.text, at)
        if (at <= next && at + packet.length > next) next = at + packet.length
        replies.push(...host.inject({ flags: 'A', seq, ack: ack + next }))
      }
    }
    flying = replies.length > 0 ? replies : host.advance(1000)
  }
  assert.deepEqual(heard, text)
})
