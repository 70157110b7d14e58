/** Packets that were damaged at random: whatever arrives, a decoder answers with a verdict and never throws. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeIcmp, IcmpMessage } from '../../src/wire/icmp.ts'
import { writeEchoReply, writeIcmpError } from '../../src/wire/icmp-write.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../../src/wire/ip-header.ts'
import { Segment } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'
import { forEachTcpOption } from '../../src/wire/tcp-options.ts'
import { VERDICTS } from '../../src/wire/verdict.ts'
import fc from '../property.ts'
import { be32, icmpMessage, ipv4Packet, ipv6Packet, tcpSegment } from './packets.ts'

const SYN_OPTIONS = [2, 4, 5, 180, 4, 2, 8, 10, ...be32(1), ...be32(2), 1, 3, 3, 7]
const SACK_OPTIONS = [1, 1, 8, 10, ...be32(1), ...be32(2), 1, 1, 5, 18, ...new Array<number>(16).fill(3)]
const EXTENSIONS = [60, 0, 5, 2, 0, 0, 1, 0, 44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 0, 1, 2, 3, 4]
const QUOTED_4 = ipv4Packet(tcpSegment(4, SYN_OPTIONS))
const QUOTED_6 = ipv6Packet(tcpSegment(6, SYN_OPTIONS))

const SEEDS = [
  ipv4Packet(tcpSegment(4, SYN_OPTIONS)),
  ipv4Packet(tcpSegment(4, SACK_OPTIONS, [1, 2, 3]), { options: [7, 3, 4, 0] }),
  ipv6Packet(tcpSegment(6, SACK_OPTIONS, [1, 2, 3])),
  ipv6Packet([...EXTENSIONS, ...tcpSegment(6, SYN_OPTIONS)], { nextHeader: 0 }),
  ipv4Packet(icmpMessage(4, 3, 4, [0, 0, 5, 120, ...QUOTED_4]), { protocol: 1 }),
  ipv6Packet(icmpMessage(6, 2, 0, [0, 0, 5, 120, ...QUOTED_6]), { nextHeader: 58 }),
  ipv4Packet(icmpMessage(4, 8, 0, [0, 1, 0, 2, 3]), { protocol: 1 }),
  ipv6Packet(icmpMessage(6, 128, 0, [0, 1, 0, 2, 3]), { nextHeader: 58 }),
]

const seen = new Map<string, number>()
const header = new IpHeader()
const segment = new Segment()
const message = new IcmpMessage()
const frame = new Uint8Array(1500)

function count(verdict: string): string {
  assert.ok((VERDICTS as readonly string[]).includes(verdict), verdict)
  seen.set(verdict, (seen.get(verdict) ?? 0) + 1)
  return verdict
}

/** Everything that reads a packet from the network, on one packet. */
function readAll(packet: Uint8Array, verify: boolean): void {
  const { length } = packet
  writeIcmpError(frame, packet[0]! >>> 4 === 4 ? 4 : 6, 3, 1, 0, 0, 0, 0xffff, 1, packet, length)
  if (count(decodeIp(packet, 0, length, header, verify)) !== 'ok') return
  assert.ok(header.payloadOffset + header.payloadLength <= length)
  assert.ok(header.payloadOffset + header.payloadHeld <= length && header.payloadHeld >= 0)
  if (header.protocol !== PROTOCOL_TCP) {
    count(decodeIcmp(packet, header, message, verify))
    assert.ok(writeEchoReply(packet, header, frame) <= frame.length)
    return
  }
  if (count(decodeTcp(packet, header, segment, verify)) !== 'ok') return
  assert.ok(segment.textLength >= 0 && segment.textOffset + segment.textLength <= length)
  assert.ok(segment.sackBlocks >= 0 && segment.sackBlocks <= 4)
  const walked = forEachTcpOption(packet, header.payloadOffset + 20, segment.textOffset, (_, at, size) => {
    assert.ok(at + size <= segment.textOffset)
  })
  assert.ok(walked, 'options that were decoded can be walked')
}

test('MUST-7: 30000 mutated packets get a verdict each and none throws', () => {
  const change = fc.tuple(fc.nat(1 << 20), fc.nat(255))
  fc.assert(
    fc.property(
      fc.nat(SEEDS.length - 1),
      fc.array(change, { maxLength: 4 }),
      fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: fc.nat(60), weight: 1 }),
      (which, changes, cut) => {
        const packet = SEEDS[which]!.slice(0, Math.max(0, SEEDS[which]!.length - cut))
        for (const [at, value] of changes) if (packet.length > 0) packet[at % packet.length] = value
        readAll(packet, false)
        readAll(packet, true)
      },
    ),
    { numRuns: 30_000 },
  )
})

test('random octets get a verdict each and none throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.constantFrom(0x45, 0x46, 0x60, 0), (octets, first) => {
      if (first !== 0 && octets.length > 0) octets[0] = first
      readAll(octets, false)
    }),
    { numRuns: 5000 },
  )
})

test('every octet of every sample replaced by every value: a verdict, and every kind of verdict was met', () => {
  for (const sample of SEEDS) {
    const packet = sample.slice()
    for (let at = 0; at < packet.length; at++) {
      for (let value = 0; value < 256; value++) {
        packet[at] = value
        readAll(packet, (value & 1) === 0)
      }
      packet[at] = sample[at]!
    }
    readAll(packet, true)
    for (let length = 0; length <= packet.length; length++) readAll(packet.subarray(0, length), false)
  }
  for (const verdict of VERDICTS) {
    // A TCP or ICMP header can only be cut by an IP length that agrees.
    const met = verdict === 'tcp-truncated' || verdict === 'icmp-truncated' || (seen.get(verdict) ?? 0) > 0
    assert.ok(met, `${verdict} was met`)
  }
})
