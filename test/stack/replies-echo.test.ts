/** Echo replies (RFC 1122 3.2.2.6, RFC 4443 4.2) and their limits. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sourceAddress } from '../../src/wire/address.ts'
import { decodeIcmp, ICMP_HEADER_LENGTH, IcmpMessage } from '../../src/wire/icmp.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { HOST, Host, PEER, VERSIONS } from './host-harness.ts'
import { echoRequest } from './icmp-harness.ts'

const REPLY = { 4: 0, 6: 129 } as const

for (const version of VERSIONS) {
  describe(`IPv${version}`, () => {
    const ping = (octets: number, from: string = PEER[version], to: string = HOST[version]) =>
      echoRequest(version, octets, { src: from, dst: to, id: 0x1234, sequence: 9 })

    test('an echo request is answered with its identifier, sequence number and data', () => {
      for (const octets of [0, 1, 56, 1400]) {
        const host = new Host()
        const request = ping(octets)
        const [reply] = host.inject(request)
        assert.ok(reply !== undefined)
        assert.deepEqual(
          [reply.type, reply.code, reply.src, reply.dst],
          [REPLY[version], 0, HOST[version], PEER[version]],
        )
        const data = (packet: Uint8Array) => packet.subarray(packet.length - octets)
        assert.deepEqual(data(reply.bytes), data(request))
        const ip = new IpHeader()
        const message = new IcmpMessage()
        decodeIp(reply.bytes, 0, reply.bytes.length, ip)
        assert.equal(decodeIcmp(reply.bytes, ip, message, true), 'ok')
        assert.deepEqual([message.echoId, message.echoSequence], [0x1234, 9])
        assert.equal(sourceAddress(ip).toString(), HOST[version])
        assert.equal(ip.payloadLength, ICMP_HEADER_LENGTH + octets)
      }
    })

    test('an echo reply is not answered, so that two hosts do not go on for ever', () => {
      const host = new Host()
      const [reply] = host.inject(ping(8))
      const other = new Host({ addresses: [`${PEER[version]}/24`] })
      assert.deepEqual(other.inject(reply!.bytes), [])
      assert.equal(other.drops('icmp-unhandled'), 1)
    })

    test('a request with a wrong checksum, for another host, or larger than the link carries is not answered', () => {
      const host = new Host()
      const bad = ping(8)
      bad[bad.length - 1]! ^= 1
      assert.deepEqual(host.inject(bad), [])
      assert.deepEqual(host.inject(ping(8, PEER[version], version === 4 ? '10.0.0.77' : 'fd00::77')), [])
      // The reply would not fit into the frame: it must not throw, and there are no fragments.
      assert.deepEqual(host.inject(ping(1473)), [])
      assert.deepEqual(
        [host.drops('icmp-checksum'), host.drops('other-host'), host.drops('icmp-unhandled')],
        [1, 1, 1],
      )
      host.assertEmpty()
    })
  })
}

test('RFC 1122 3.2.2.6: a ping to or from a broadcast or multicast address is nobody else to be answered', () => {
  const to = ['10.0.0.255', '255.255.255.255', '224.0.0.1', 'ff02::1']
  for (const dst of to) {
    const src = dst.includes(':') ? PEER[6] : PEER[4]
    assert.deepEqual(new Host().inject(echoRequest(dst.includes(':') ? 6 : 4, 8, { src, dst })), [], dst)
  }
  const from = [
    '10.0.0.255',
    '255.255.255.255',
    '224.0.0.1',
    '0.0.0.0',
    '127.0.0.1',
    '10.0.0.1',
    'ff02::1',
    '::',
    '::1',
    'fd00::1',
  ]
  for (const src of from) {
    const version = src.includes(':') ? 6 : 4
    const host = new Host()
    assert.deepEqual(host.inject(echoRequest(version, 8, { src, dst: HOST[version] })), [], src)
    assert.equal(host.drops('invalid-source'), 1, src)
  }
})

test('echo replies share the rate limit and the queue of resets', () => {
  const host = new Host({ limits: { repliesPerSecond: 0, replyBurst: 20 } })
  let answers = 0
  for (let i = 0; i < 200; i++) {
    answers += host.inject(echoRequest(4, 8, {})).length + host.inject({ flags: 'S', dstPort: 7 }).length
  }
  assert.ok(answers >= 14 && answers <= 30, `${answers}`)
  assert.equal(host.drops('rate-limited'), 400 - answers)
})

test('memory of queued replies is bounded by queue and MTU', () => {
  const host = new Host({ mtu: 1500, limits: { replyQueue: 4 } })
  for (let i = 0; i < 50; i++) host.deliver(echoRequest(4, 1472, {}))
  assert.equal(host.stack.occupancy.replies, 4)
  assert.deepEqual(
    host.poll().map((packet) => packet.bytes.length),
    [1500, 1500, 1500, 1500],
  )
})
