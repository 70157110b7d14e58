import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as icmp from '../../src/wire/icmp.ts'
import {
  ICMP4_MAX_ERROR,
  ICMP6_MAX_ERROR,
  writeEchoReply,
  writeIcmpError,
} from '../../src/wire/icmp-write.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader, MAPPED_PREFIX } from '../../src/wire/ip-header.ts'
import * as packets from './packets.ts'
import { be16, be32, icmpMessage, ipv4Packet, ipv6Packet, tcpSegment, V4_DST, V6_DST } from './packets.ts'

function packetOf(version: 4 | 6, message: number[]): Uint8Array {
  return version === 4 ? ipv4Packet(message, { protocol: 1 }) : ipv6Packet(message, { nextHeader: 58 })
}

function decode(packet: Uint8Array, out = new icmp.IcmpMessage(), verify = true): string {
  const ip = new IpHeader()
  assert.equal(decodeIp(packet, 0, packet.length, ip), 'ok')
  return icmp.decodeIcmp(packet, ip, out, verify)
}

/** A message whose fields hold values that no test expects. */
function garbage(): icmp.IcmpMessage {
  return Object.assign(new icmp.IcmpMessage(), {
    version: 77,
    type: 77,
    code: 77,
    mtu: 77,
    echoId: 77,
    echoSequence: 77,
    isError: true,
    quotedSrcPort: 77,
    quotedDstPort: 77,
    quotedSeq: 77,
  })
}

for (const version of [4, 6] as const) {
  const tcpPacket =
    version === 4 ? ipv4Packet(tcpSegment(4, [], [1, 2])) : ipv6Packet(tcpSegment(6, [], [1, 2]))
  const headerLength = version === 4 ? 20 : 40
  const unreachable = version === 4 ? icmp.ICMP4_UNREACHABLE : icmp.ICMP6_UNREACHABLE
  const tooBig = version === 4 ? [3, 4] : [2, 0]
  const echoRequest = version === 4 ? icmp.ICMP4_ECHO_REQUEST : icmp.ICMP6_ECHO_REQUEST

  test(`RFC 1191, RFC 4443 3.2: the MTU and the quoted TCP header are decoded over IPv${version}`, () => {
    const out = garbage()
    const quote = [...tcpPacket.subarray(0, headerLength + 8)]
    const message = icmpMessage(version, tooBig[0]!, tooBig[1]!, [...be32(1400), ...quote])
    assert.equal(decode(packetOf(version, message), out), 'ok')
    assert.equal(out.version, version)
    assert.deepEqual([out.type, out.code, out.mtu], [...tooBig, 1400])
    assert.equal(out.isError, true)
    assert.deepEqual([out.echoId, out.echoSequence], [-1, -1])
    assert.equal(out.quotedSrcPort, 40000)
    assert.equal(out.quotedDstPort, 80)
    assert.equal(out.quotedSeq, 0x80000001 | 0)
    assert.equal(out.quoted.protocol, 6)
    assert.equal(out.quoted.totalLength, headerLength + 22)
    const own = new IpHeader()
    decodeIp(tcpPacket, 0, tcpPacket.length, own)
    for (const word of ['src0', 'src1', 'src2', 'src3', 'dst0', 'dst1', 'dst2', 'dst3'] as const) {
      assert.equal(out.quoted[word], own[word])
    }
  })

  test(`an echo request over IPv${version} is decoded, and is no error`, () => {
    const out = garbage()
    const message = icmpMessage(version, echoRequest, 0, [...be16(0xbeef), ...be16(7), 1, 2, 3])
    assert.equal(decode(packetOf(version, message), out), 'ok')
    assert.deepEqual([out.echoId, out.echoSequence, out.mtu, out.isError], [0xbeef, 7, -1, false])
    assert.deepEqual([out.quotedSrcPort, out.quotedDstPort, out.quotedSeq], [0, 0, 0])
  })

  test(`a wrong ICMP checksum over IPv${version} is found, and only if asked for`, () => {
    const packet = packetOf(version, icmpMessage(version, echoRequest, 0, [0, 1, 0, 2, 3]))
    for (let bit = 8 * headerLength; bit < 8 * packet.length; bit++) {
      const bad = packet.slice()
      bad[bit >>> 3]! ^= 0x80 >>> (bit & 7)
      assert.equal(decode(bad), 'icmp-checksum')
      assert.notEqual(decode(bad, garbage(), false), 'icmp-checksum')
    }
  })

  test(`each malformed ICMP message over IPv${version} has its verdict`, () => {
    const quoting = (quote: number[]): string =>
      decode(packetOf(version, icmpMessage(version, unreachable, 1, [0, 0, 0, 0, ...quote])))
    const quote = [...tcpPacket.subarray(0, headerLength + 8)]
    assert.equal(quoting(quote), 'ok')
    assert.equal(quoting([]), 'icmp-quote')
    assert.equal(quoting(quote.slice(0, headerLength - 1)), 'icmp-quote')
    assert.equal(quoting(quote.slice(0, headerLength + 7)), 'icmp-quote')
    const otherVersion = version === 4 ? ipv6Packet(tcpSegment(6, [])) : ipv4Packet(tcpSegment(4, []))
    assert.equal(quoting([...otherVersion]), 'icmp-quote')
    assert.equal(decode(packetOf(version, [unreachable, 1, 0, 0, 0, 0, 0])), 'icmp-truncated')
    const asTcp = version === 4 ? ipv4Packet(tcpSegment(4, [])) : ipv6Packet(tcpSegment(6, []))
    assert.equal(decode(asTcp), 'other-protocol')
  })

  test(`an error over IPv${version} about another protocol says so`, () => {
    const out = garbage()
    const udp =
      version === 4
        ? ipv4Packet([1, 2, 3, 4, 0, 8, 0, 0], { protocol: 17 })
        : ipv6Packet([1, 2, 3, 4, 0, 8, 0, 0], { nextHeader: 17 })
    assert.equal(
      decode(packetOf(version, icmpMessage(version, unreachable, 3, [0, 0, 0, 0, ...udp])), out),
      'ok',
    )
    assert.equal(out.quoted.protocol, 17)
    assert.deepEqual([out.quotedSrcPort, out.quotedDstPort, out.quotedSeq], [0, 0, 0])
  })

  test(`RFC 1122 3.2.2.6, RFC 4443 4.2: an echo request over IPv${version} is answered with its data`, () => {
    const data = [0xbe, 0xef, 0, 7, 1, 2, 3]
    const request = packetOf(version, icmpMessage(version, echoRequest, 0, data))
    const ip = new IpHeader()
    assert.equal(decodeIp(request, 0, request.length, ip), 'ok')
    const frame = new Uint8Array(200).fill(0xee)
    const length = writeEchoReply(request, ip, frame)
    assert.equal(length, headerLength + 11)
    const reply = frame.subarray(0, length)
    const back = new IpHeader()
    assert.equal(decodeIp(reply, 0, length, back), 'ok')
    const out = garbage()
    assert.equal(icmp.decodeIcmp(reply, back, out, true), 'ok')
    assert.deepEqual([out.type, out.code], [version === 4 ? 0 : 129, 0])
    assert.deepEqual([out.echoId, out.echoSequence], [0xbeef, 7])
    assert.deepEqual([...reply.subarray(headerLength + 4)], data)
    const there = [ip.src0, ip.src1, ip.src2, ip.src3, ip.dst0, ip.dst1, ip.dst2, ip.dst3]
    assert.deepEqual(
      [back.dst0, back.dst1, back.dst2, back.dst3, back.src0, back.src1, back.src2, back.src3],
      there,
    )
    // No room, no reply; and a reply is not answered.
    assert.equal(writeEchoReply(request, ip, new Uint8Array(length - 1)), 0)
    assert.equal(writeEchoReply(reply, back, frame.subarray(100)), 0)
  })

  test(`a capture that cut an ICMP message over IPv${version}: checksum not judged, no reply written`, () => {
    const whole = packetOf(version, icmpMessage(version, echoRequest, 0, [0, 1, 0, 2, 3, 4, 5, 6]))
    const held = whole.slice(0, whole.length - 2)
    const ip = new IpHeader()
    assert.equal(decodeIp(held, 0, held.length, ip, true, whole.length), 'ok')
    assert.equal(icmp.decodeIcmp(held, ip, garbage(), true), 'ok')
    assert.equal(writeEchoReply(held, ip, new Uint8Array(200)), 0)
  })

  test(`an error over IPv${version} is written with as much of the packet as may be quoted`, () => {
    const most = version === 4 ? ICMP4_MAX_ERROR : ICMP6_MAX_ERROR
    for (const size of [0, 100, most - headerLength - 8, most, 1500]) {
      const segment = tcpSegment(version, [], new Array<number>(size).fill(5))
      const packet = version === 4 ? ipv4Packet(segment) : ipv6Packet(segment)
      const frame = new Uint8Array(1600).fill(0xee)
      const source = version === 4 ? [0, 0, MAPPED_PREFIX, 0x0a0000fe] : [0x20010db8, 0, 0, 0xfe]
      const length = writeIcmpError(
        frame,
        version,
        tooBig[0]!,
        tooBig[1]!,
        1300,
        source[0]!,
        source[1]!,
        source[2]!,
        source[3]!,
        packet,
        packet.length,
      )
      assert.equal(length, Math.min(most, headerLength + 8 + packet.length))
      const ip = new IpHeader()
      const out = garbage()
      const error = frame.subarray(0, length)
      assert.equal(decodeIp(error, 0, length, ip), 'ok')
      assert.equal(icmp.decodeIcmp(error, ip, out, true), 'ok')
      assert.deepEqual([ip.src0, ip.src1, ip.src2, ip.src3], source)
      const { quoted } = out
      assert.deepEqual(
        [ip.dst0, ip.dst1, ip.dst2, ip.dst3],
        [quoted.src0, quoted.src1, quoted.src2, quoted.src3],
      )
      assert.equal(out.mtu, 1300)
      assert.equal(quoted.totalLength, packet.length)
      assert.deepEqual([out.quotedSrcPort, out.quotedDstPort, out.quotedSeq], [40000, 80, 0x80000001 | 0])
      const quote = frame.subarray(headerLength + 8, length)
      assert.deepEqual(quote, packet.subarray(0, quote.length))
    }
  })

  test(`RFC 1122 3.2.2, RFC 4443 2.4: no error over IPv${version} where none may be sent`, () => {
    const frame = new Uint8Array(1500)
    const written = (packet: Uint8Array, type: number = unreachable, into = frame): number =>
      writeIcmpError(into, version, type, 1, 1300, 0, 0, MAPPED_PREFIX, 1, packet, packet.length)
    assert.ok(written(tcpPacket) > 0)
    assert.equal(frame[headerLength + 6], 0, 'no MTU in another message')
    assert.equal(written(tcpPacket, unreachable, new Uint8Array(headerLength + 8 + headerLength + 7)), 0)
    assert.equal(written(tcpPacket.subarray(0, headerLength - 1)), 0)
    const error = icmpMessage(version, unreachable, 1, [0, 0, 0, 0, ...tcpPacket])
    assert.equal(written(packetOf(version, error)), 0)
    assert.ok(written(packetOf(version, icmpMessage(version, echoRequest, 0, [0, 0, 0, 0]))) > 0)
    const group = version === 4 ? [224, 0, 0, 1] : [0xff, 2, ...new Array<number>(14).fill(1)]
    const make = version === 4 ? ipv4Packet : ipv6Packet
    assert.equal(written(make(tcpSegment(version, []), { source: group })), 0)
    assert.equal(written(make(tcpSegment(version, []), { destination: group })), 0)
    if (version === 4) {
      const everyone = [255, 255, 255, 255]
      assert.equal(written(ipv4Packet(tcpSegment(4, []), { destination: everyone })), 0)
      assert.equal(written(ipv4Packet(tcpSegment(4, []), { flagsAndOffset: 8 })), 0)
    } else {
      const toGroup = ipv6Packet(tcpSegment(6, []), { destination: group })
      assert.ok(written(toGroup, icmp.ICMP6_PACKET_TOO_BIG) > 0, 'Packet Too Big is for multicast as well')
    }
  })

  test(`RFC 1122 3.2.2.6: an echo request over IPv${version} to a group or from nowhere is not answered`, () => {
    const frame = new Uint8Array(200)
    const message = [echoRequest, 0, 0, 0, 0, 0, 0, 0]
    const own = version === 4 ? V4_DST : V6_DST
    const group = version === 4 ? [224, 0, 0, 1] : [0xff, 2, ...new Array<number>(14).fill(1)]
    const nowhere = own.map(() => 0)
    for (const [source, destination, answered] of [
      [own, own, true],
      [own, group, false],
      [group, own, false],
      [nowhere, own, false],
    ] as const) {
      const addresses = { source: [...source], destination: [...destination] }
      const request =
        version === 4
          ? ipv4Packet(message, { protocol: 1, ...addresses })
          : ipv6Packet(message, { nextHeader: 58, ...addresses })
      const ip = new IpHeader()
      assert.equal(decodeIp(request, 0, request.length, ip), 'ok')
      assert.equal(writeEchoReply(request, ip, frame) > 0, answered)
    }
  })
}

test('a quote whose length field a router has changed is still a quote', () => {
  const quote = [...ipv4Packet(tcpSegment(4, []), { totalLength: 0xdc05 }).subarray(0, 28)]
  assert.equal(decode(packetOf(4, icmpMessage(4, 3, 1, [0, 0, 0, 0, ...quote]))), 'ok')
  // And one with a TTL that no longer agrees with its header checksum.
  quote[8] = 1
  assert.equal(decode(packetOf(4, icmpMessage(4, 3, 1, [0, 0, 0, 0, ...quote]))), 'ok')
})

test('RFC 4443 3.2: an MTU of 2^32 - 1 is a large number, not a negative one', () => {
  const out = garbage()
  const quote = [...ipv6Packet(tcpSegment(6, []))]
  decode(packetOf(6, icmpMessage(6, 2, 0, [255, 255, 255, 255, ...quote])), out)
  assert.equal(out.mtu, 0xffffffff)
})

test('RFC 1122 3.2.2.1, RFC 4443 3: each message has its meaning', () => {
  const meanings: [version: 4 | 6, type: number, code: number, meaning: icmp.IcmpMeaning][] = [
    [4, 3, 0, 'network-unreachable'],
    [4, 3, 1, 'host-unreachable'],
    [4, 3, 2, 'protocol-unreachable'],
    [4, 3, 3, 'port-unreachable'],
    [4, 3, 4, 'fragmentation-needed'],
    [4, 3, 5, 'host-unreachable'],
    [4, 3, 6, 'network-unreachable'],
    [4, 3, 7, 'host-unreachable'],
    [4, 3, 9, 'administratively-prohibited'],
    [4, 3, 10, 'administratively-prohibited'],
    [4, 3, 11, 'network-unreachable'],
    [4, 3, 12, 'host-unreachable'],
    [4, 3, 13, 'administratively-prohibited'],
    [4, 3, 16, 'other'],
    [4, 3, 255, 'other'],
    [4, 4, 0, 'source-quench'],
    [4, 5, 0, 'other'],
    [4, 8, 0, 'echo-request'],
    [4, 0, 0, 'other'],
    [4, 11, 0, 'time-exceeded'],
    [4, 12, 0, 'parameter-problem'],
    [4, 128, 0, 'other'],
    [6, 1, 0, 'network-unreachable'],
    [6, 1, 1, 'administratively-prohibited'],
    [6, 1, 3, 'host-unreachable'],
    [6, 1, 4, 'port-unreachable'],
    [6, 1, 6, 'administratively-prohibited'],
    [6, 1, 99, 'other'],
    [6, 2, 0, 'fragmentation-needed'],
    [6, 3, 1, 'time-exceeded'],
    [6, 4, 0, 'parameter-problem'],
    [6, 4, 1, 'protocol-unreachable'],
    [6, 128, 0, 'echo-request'],
    [6, 8, 0, 'other'],
    [6, 129, 0, 'other'],
  ]
  for (const [version, type, code, meaning] of meanings) {
    assert.equal(icmp.icmpMeaning(version, type, code), meaning, `${version}/${type}/${code}`)
  }
})

test('the packets of these tests carry checksums by an independent hand', () => {
  assert.equal(packets.slowChecksum(icmpMessage(4, 8, 0, [1, 2, 3, 4])), 0)
})
