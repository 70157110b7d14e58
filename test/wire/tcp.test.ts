import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeIp, ipHeaderLength, writeIpHeader } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { ACK, AE, FIN, Segment, SYN } from '../../src/wire/segment.ts'
import {
  decodeTcp,
  sackBlocksThatFit,
  TCP_CHECKSUM,
  tcpChecksum,
  tcpHeaderLength,
  writeTcpHeader,
} from '../../src/wire/tcp.ts'
import { NOP_NOP_TIMESTAMPS } from '../../src/wire/tcp-options.ts'
import { tcpPacketOf } from '../../src/wire/tcp-packet.ts'
import fc from '../property.ts'
import { be32, ipv4Packet, ipv6Packet, tcpSegment } from './packets.ts'

/** A segment full of values that no test expects, so that a field that was not set shows. */
function garbage(): Segment {
  const segment = new Segment()
  for (const [key, value] of Object.entries(segment)) {
    if (typeof value === 'number') Object.assign(segment, { [key]: 77 })
    if (typeof value === 'boolean') Object.assign(segment, { [key]: true })
  }
  segment.sackEdges.fill(77)
  return segment
}

function decode(packet: Uint8Array, segment = garbage(), verify = true): string {
  const ip = new IpHeader()
  assert.equal(decodeIp(packet, 0, packet.length, ip), 'ok')
  return decodeTcp(packet, ip, segment, verify)
}

function packetOf(version: 4 | 6, segment: number[]): Uint8Array {
  return version === 4 ? ipv4Packet(segment) : ipv6Packet(segment)
}

for (const version of [4, 6] as const) {
  test(`RFC 9293 3.1: every field of a segment over IPv${version} is decoded`, () => {
    const segment = garbage()
    const packet = packetOf(version, tcpSegment(version, [], [9, 8, 7]))
    assert.equal(decode(packet, segment), 'ok')
    assert.equal(segment.srcPort, 40000)
    assert.equal(segment.dstPort, 80)
    assert.equal(segment.seq, 0x80000001 | 0)
    assert.equal(segment.ack, -2)
    assert.equal(segment.flags, AE | SYN | ACK)
    assert.equal(segment.window, 64240)
    assert.equal(segment.urgentPointer, 513)
    assert.equal(segment.mss, -1)
    assert.equal(segment.windowScale, -1)
    assert.equal(segment.sackPermitted, false)
    assert.equal(segment.hasTimestamps, false)
    assert.equal(segment.tsVal, 0)
    assert.equal(segment.tsEcr, 0)
    assert.equal(segment.sackBlocks, 0)
    assert.equal(segment.otherOptions, 0)
    assert.equal(segment.bytes, packet)
    assert.deepEqual([...packet.subarray(segment.textOffset)], [9, 8, 7])
    assert.equal(segment.textLength, 3)
    assert.equal(segment.length, 4)
  })

  test(`MUST-3: a wrong checksum over IPv${version} is found, whatever bit is wrong, and only if asked for`, () => {
    const good = packetOf(version, tcpSegment(version, [1, 1, 8, 10, ...be32(1), ...be32(2)], [1, 2, 3]))
    const start = good.length - 35
    for (let bit = 8 * start; bit < 8 * good.length; bit++) {
      const bad = good.slice()
      bad[bit >>> 3]! ^= 0x80 >>> (bit & 7)
      // The four bits of data offset have a verdict of their own.
      const dataOffset = bit >= 8 * start + 96 && bit < 8 * start + 100
      if (!dataOffset) assert.equal(decode(bad), 'tcp-checksum', `bit ${bit}`)
      assert.notEqual(decode(bad, garbage(), false), 'tcp-checksum')
    }
  })

  test(`MUST-5: options are read in every segment over IPv${version}, whatever its flags`, () => {
    const options = [2, 4, 5, 180, 1, 3, 3, 7]
    for (let flags = 0; flags < 512; flags++) {
      const packet = packetOf(version, tcpSegment(version, options, [9]))
      const at = packet.length - 29 + 12
      packet[at] = (packet[at]! & 0xf0) | (flags >>> 8)
      packet[at + 1] = flags & 255
      const segment = garbage()
      assert.equal(decode(packet, segment, false), 'ok')
      assert.deepEqual([segment.flags, segment.mss, segment.windowScale], [flags, 1460, 7])
    }
  })

  test(`MUST-3: an address of the pseudo-header counts over IPv${version}`, () => {
    const good = packetOf(version, tcpSegment(version, []))
    const ip = new IpHeader()
    for (const at of version === 4 ? [12, 15, 16, 19] : [8, 23, 24, 39]) {
      const bad = good.slice()
      bad[at]! ^= 1
      assert.equal(decodeIp(bad, 0, bad.length, ip, false), 'ok')
      assert.equal(decodeTcp(bad, ip, garbage(), true), 'tcp-checksum')
    }
  })
}

test('the common layout NOP NOP timestamps is decoded, and leaves no earlier option behind', () => {
  const segment = garbage()
  const options = [1, 1, 8, 10, ...be32(0xfedcba98), ...be32(0x12345678)]
  assert.deepEqual(options.slice(0, 4), be32(NOP_NOP_TIMESTAMPS))
  assert.equal(decode(ipv4Packet(tcpSegment(4, options, [1])), segment), 'ok')
  assert.equal(segment.hasTimestamps, true)
  assert.equal(segment.tsVal, 0xfedcba98 | 0)
  assert.equal(segment.tsEcr, 0x12345678)
  assert.equal(segment.mss, -1)
  assert.equal(segment.windowScale, -1)
  assert.equal(segment.sackPermitted, false)
  assert.equal(segment.sackBlocks, 0)
  assert.equal(segment.otherOptions, 0)
  assert.equal(segment.textLength, 1)
})

test('each malformed segment has its verdict', () => {
  const good = tcpSegment(4, [])
  assert.equal(decode(ipv4Packet(good.slice(0, 19))), 'tcp-truncated')
  assert.equal(decode(ipv4Packet([])), 'tcp-truncated')
  const withOffset = (words: number): Uint8Array => {
    const bad = good.slice()
    bad[12] = words << 4
    return ipv4Packet(bad)
  }
  for (const words of [0, 4, 6, 15])
    assert.equal(decode(withOffset(words)), 'tcp-data-offset', `${words} words`)
  assert.equal(decode(ipv4Packet(good, { protocol: 17 })), 'other-protocol')
  // MUST-7
  assert.equal(decode(ipv4Packet(tcpSegment(4, [2, 3, 5, 0]))), 'tcp-option-length')
  // The checksum comes first: of a damaged segment nothing else is said.
  const damaged = tcpSegment(4, [2, 3, 5, 0])
  damaged[16]! ^= 1
  assert.equal(decode(ipv4Packet(damaged)), 'tcp-checksum')
})

test('a capture that cut the segment: header decoded, text length as sent, checksum not judged', () => {
  const packet = ipv4Packet(tcpSegment(4, [1, 1, 8, 10, ...be32(1), ...be32(2)], [1, 2, 3, 4]))
  const ip = new IpHeader()
  const segment = garbage()
  const held = packet.slice(0, packet.length - 3)
  assert.equal(decodeIp(held, 0, held.length, ip, true, packet.length), 'ok')
  assert.equal(decodeTcp(held, ip, segment, true), 'ok')
  assert.equal(segment.textLength, 4)
  // Cut inside the options, then inside the fixed header: nothing of a following record is read.
  for (const cut of [5, 17, 26]) {
    for (const bytes of [packet, packet.slice(0, packet.length - cut)]) {
      assert.equal(decodeIp(bytes, 0, packet.length - cut, ip, true, packet.length), 'ok')
      assert.equal(decodeTcp(bytes, ip, segment, true), 'tcp-truncated')
    }
  }
})

test('a segment inside a larger buffer is decoded where it stands', () => {
  const packet = ipv4Packet(tcpSegment(4, [3, 3, 9], [1, 2]))
  const buffer = new Uint8Array(300).fill(0xee)
  buffer.set(packet, 77)
  const ip = new IpHeader()
  const segment = garbage()
  assert.equal(decodeIp(buffer, 77, packet.length, ip), 'ok')
  assert.equal(decodeTcp(buffer, ip, segment, true), 'ok')
  assert.equal(segment.windowScale, 9)
  assert.equal(segment.textOffset, 77 + packet.length - 2)
})

interface Written {
  mss: number
  windowScale: number
  sackPermitted: boolean
  hasTimestamps: boolean
  sackBlocks: number
}

const anySegment = fc.record({
  srcPort: fc.nat(0xffff),
  dstPort: fc.nat(0xffff),
  seq: fc.integer(),
  ack: fc.integer(),
  flags: fc.nat(0x1ff),
  window: fc.nat(0xffff),
  urgentPointer: fc.nat(0xffff),
  mss: fc.oneof(fc.constant(-1), fc.nat(0xffff)),
  windowScale: fc.oneof(fc.constant(-1), fc.nat(255)),
  sackPermitted: fc.boolean(),
  hasTimestamps: fc.boolean(),
  tsVal: fc.integer(),
  tsEcr: fc.integer(),
  sackBlocks: fc.nat(4),
})

/** Forty octets are all there is: what does not fit is not sent. */
function fittingBlocks(s: Written): number {
  const timestampsAndPermitted = s.hasTimestamps ? 12 : s.sackPermitted ? 4 : 0
  const used = (s.mss >= 0 ? 4 : 0) + (s.windowScale >= 0 ? 4 : 0) + timestampsAndPermitted
  let blocks = s.sackBlocks
  while (blocks > 0 && used + 4 + 8 * blocks > 40) blocks--
  return blocks
}

test('MUST-2: what is written with its checksum is decoded to the same fields, over both versions', () => {
  const edges = fc.array(fc.integer(), { minLength: 8, maxLength: 8 })
  const text = fc.uint8Array({ maxLength: 50 })
  fc.assert(
    fc.property(anySegment, edges, text, fc.constantFrom(4, 6), (fields, sackEdges, octets, version) => {
      const segment = Object.assign(new Segment(), fields)
      segment.sackEdges.set(sackEdges)
      const ip = Object.assign(new IpHeader(), { version, protocol: 6, ttl: 64, src2: 0xffff, dst2: 0xffff })
      const start = ipHeaderLength(version)
      const headerLength = tcpHeaderLength(segment)
      ip.totalLength = start + headerLength + octets.length
      const frame = new Uint8Array(ip.totalLength).fill(0xee)
      const view = new DataView(frame.buffer)
      writeIpHeader(view, 0, ip)
      assert.equal(writeTcpHeader(view, start, segment), headerLength)
      assert.equal(view.getUint16(start + TCP_CHECKSUM), 0)
      frame.set(octets, start + headerLength)
      const length = headerLength + octets.length
      view.setUint16(start + TCP_CHECKSUM, tcpChecksum(frame, ip, start, length))

      const back = garbage()
      assert.equal(decode(frame, back), 'ok')
      const blocks = fittingBlocks(fields)
      assert.equal(sackBlocksThatFit(segment), blocks)
      const times = fields.hasTimestamps ? {} : { tsVal: 0, tsEcr: 0 }
      const expected = { ...fields, ...times, sackBlocks: blocks, otherOptions: 0, textLength: octets.length }
      for (const [key, value] of Object.entries(expected))
        assert.equal(back[key as keyof Segment], value, key)
      assert.deepEqual([...back.sackEdges.subarray(0, 2 * blocks)], sackEdges.slice(0, 2 * blocks))
      assert.deepEqual([...frame.subarray(back.textOffset)], [...octets])
    }),
    { numRuns: 4000 },
  )
})

test('options are written in the order of Linux', () => {
  const written = (fields: Partial<Segment>): string => {
    const frame = new Uint8Array(60)
    const segment = Object.assign(new Segment(), fields)
    const length = writeTcpHeader(new DataView(frame.buffer), 0, segment)
    assert.equal(frame[12]! >>> 4, length / 4)
    return Array.from(frame.subarray(20, length), (octet) => octet.toString(16).padStart(2, '0')).join('')
  }
  const times = { hasTimestamps: true, tsVal: 1, tsEcr: 2 }
  const syn = { flags: SYN, mss: 1460, windowScale: 7, sackPermitted: true }
  assert.equal(written({ ...syn, ...times }), '020405b4' + '0402080a' + '0000000100000002' + '01030307')
  assert.equal(written(syn), '020405b4' + '01010402' + '01030307')
  assert.equal(
    written({ ...syn, ...times, sackPermitted: false }),
    '020405b40101080a000000010000000201030307',
  )
  assert.equal(written({ flags: ACK }), '')
  assert.equal(written({ flags: ACK | FIN, ...times }), '0101080a0000000100000002')
  const edges = Int32Array.of(16, 32, -16, -1, 5, 6, 7, 8)
  const sack = { flags: ACK, sackBlocks: 2, sackEdges: edges }
  assert.equal(written(sack), '01010512' + '0000001000000020' + 'fffffff0ffffffff')
  assert.equal(written({ ...sack, ...times, sackBlocks: 4 }).length, 80, 'three blocks beside timestamps')
})

test('tcpHeaderLength is never above sixty octets', () => {
  fc.assert(
    fc.property(anySegment, (fields) => {
      const length = tcpHeaderLength(Object.assign(new Segment(), fields))
      assert.ok(length >= 20 && length <= 60 && length % 4 === 0)
    }),
  )
})

test('tcpPacketOf: what it writes is decoded again with right lengths and checksums, over both versions', () => {
  const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  const text = fc.uint8Array({ maxLength: 100 })
  fc.assert(
    fc.property(fc.constantFrom(4, 6), int32, text, fc.boolean(), (version, seq, octets, hasTimestamps) => {
      const ip = new IpHeader()
      ip.version = version
      ip.src2 = ip.dst2 = version === 4 ? 0xffff : 0
      const sent = new Segment()
      Object.assign(sent, { seq, hasTimestamps, flags: ACK, tsVal: 7 })
      const packet = tcpPacketOf(ip, sent, octets)
      assert.equal(ip.totalLength, packet.length)
      const segment = garbage()
      assert.equal(decode(packet, segment), 'ok')
      assert.equal(segment.seq, seq)
      assert.equal(segment.hasTimestamps, hasTimestamps)
      assert.deepEqual(packet.subarray(segment.textOffset), octets)
      assert.equal(segment.textLength, octets.length)
    }),
  )
})
