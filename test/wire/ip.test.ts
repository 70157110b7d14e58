import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldSum } from '../../src/bytes/checksum.ts'
import { destinationAddress, sourceAddress } from '../../src/wire/address.ts'
import { decodeIp, ipHeaderLength, pseudoHeaderSum, writeIpHeader } from '../../src/wire/ip.ts'
import { IpHeader, MAPPED_PREFIX } from '../../src/wire/ip-header.ts'
import { decodeIpv4 } from '../../src/wire/ipv4.ts'
import { decodeIpv6, MAX_EXTENSION_HEADERS } from '../../src/wire/ipv6.ts'
import fc from '../property.ts'
import { ipv4Packet, ipv6Packet, pseudoHeader, slowChecksum } from './packets.ts'

const TEXT = [1, 2, 3, 4, 5, 6, 7, 8]

function decoded(packet: Uint8Array): IpHeader {
  const header = new IpHeader()
  // Garbage first: 'ok' means that every field was set.
  for (const key of Object.keys(header)) Object.assign(header, { [key]: -77 })
  assert.equal(decodeIp(packet, 0, packet.length, header), 'ok')
  for (const [key, value] of Object.entries(header)) assert.notEqual(value, -77, `${key} was set`)
  return header
}

function verdictOf(packet: Uint8Array, verify = true): string {
  return decodeIp(packet, 0, packet.length, new IpHeader(), verify)
}

test('RFC 791 3.1: every field of an IPv4 header is decoded, options skipped', () => {
  const header = decoded(ipv4Packet(TEXT, { options: [7, 7, 4, 0, 0, 0, 0, 0] }))
  assert.equal(header.version, 4)
  assert.equal(header.tos, 0x2e)
  assert.equal(header.ttl, 61)
  assert.equal(header.protocol, 6)
  assert.equal(header.identification, 0xabcd)
  assert.equal(header.dontFragment, true)
  assert.equal(header.flowLabel, 0)
  assert.equal(String(sourceAddress(header)), '10.0.0.1')
  assert.equal(String(destinationAddress(header)), '192.0.2.129')
  assert.equal(header.headerLength, 28)
  assert.equal(header.totalLength, 36)
  assert.equal(header.payloadOffset, 28)
  assert.equal(header.payloadLength, 8)
  assert.equal(header.payloadHeld, 8)
  assert.equal(decoded(ipv4Packet(TEXT, { flagsAndOffset: 0 })).dontFragment, false)
})

test('RFC 8200 3: every field of an IPv6 header is decoded', () => {
  const header = decoded(ipv6Packet(TEXT))
  assert.equal(header.version, 6)
  assert.equal(header.tos, 0x2e)
  assert.equal(header.flowLabel, 0xabcde)
  assert.equal(header.ttl, 61)
  assert.equal(header.protocol, 6)
  assert.equal(header.dontFragment, true)
  assert.equal(String(sourceAddress(header)), '2001:db8:1:2:3:4:5:6')
  assert.equal(String(destinationAddress(header)), 'fe80::8001:203:405:607')
  assert.equal(header.headerLength, 40)
  assert.equal(header.totalLength, 48)
  assert.equal(header.payloadOffset, 40)
  assert.equal(header.payloadLength, 8)
  assert.equal(header.payloadHeld, 8)
})

test('RFC 1122 2.3.1: padding of the link behind the total length is no payload', () => {
  for (const packet of [ipv4Packet(TEXT), ipv6Packet(TEXT)]) {
    const padded = new Uint8Array(packet.length + 18)
    padded.set(packet)
    assert.equal(decoded(padded).payloadLength, 8)
    assert.equal(decoded(padded).payloadHeld, 8)
  }
})

test('a packet in the middle of a buffer is decoded where it stands', () => {
  for (const packet of [ipv4Packet(TEXT), ipv6Packet(TEXT)]) {
    const buffer = new Uint8Array(200).fill(0xee)
    buffer.set(packet, 33)
    const header = new IpHeader()
    assert.equal(decodeIp(buffer, 33, packet.length, header), 'ok')
    assert.equal(header.payloadOffset, 33 + packet.length - 8)
    assert.equal(header.payloadHeld, 8)
  }
})

test('each malformed IPv4 packet has its verdict', () => {
  const good = ipv4Packet(TEXT)
  assert.equal(verdictOf(new Uint8Array(0)), 'empty-packet')
  assert.equal(verdictOf(Uint8Array.of(0x50, ...good.subarray(1))), 'not-ip')
  assert.equal(verdictOf(Uint8Array.of(0x05)), 'not-ip')
  assert.equal(verdictOf(good.subarray(0, 19)), 'ip-truncated')
  assert.equal(verdictOf(ipv4Packet(TEXT, { headerWords: 4 })), 'ip-header-length')
  assert.equal(verdictOf(ipv4Packet(TEXT, { headerWords: 8 })), 'ip-header-length')
  assert.equal(verdictOf(ipv4Packet(TEXT, { totalLength: 19 })), 'ip-header-length')
  assert.equal(verdictOf(ipv4Packet(TEXT, { totalLength: 0 })), 'ip-header-length')
  assert.equal(verdictOf(ipv4Packet(TEXT, { totalLength: 29 })), 'ip-total-length')
  assert.equal(verdictOf(ipv4Packet([], { headerWords: 6, totalLength: 24 })), 'ip-truncated')
  assert.equal(verdictOf(ipv4Packet(TEXT, { flagsAndOffset: 0x2000 })), 'ip-fragment')
  assert.equal(verdictOf(ipv4Packet(TEXT, { flagsAndOffset: 0x0001 })), 'ip-fragment')
  assert.equal(verdictOf(ipv4Packet(TEXT, { flagsAndOffset: 0x1000 })), 'ip-fragment')
  assert.equal(decodeIpv4(ipv6Packet(TEXT), 0, 48, new IpHeader()), 'not-ip')
  assert.equal(decodeIpv4(good, 0, 0, new IpHeader()), 'empty-packet')
})

test('RFC 1122 3.2.1.2: a wrong header checksum is found, whatever bit is wrong, and only if asked for', () => {
  const good = ipv4Packet(TEXT, { options: [1, 1, 1, 0] })
  // Version, IHL and total length have verdicts of their own.
  for (let bit = 32; bit < 8 * 24; bit++) {
    const bad = good.slice()
    bad[bit >>> 3]! ^= 0x80 >>> (bit & 7)
    assert.equal(verdictOf(bad), 'ip-checksum', `bit ${bit}`)
    if (bit < 48 || bit >= 64) assert.equal(verdictOf(bad, false), 'ok')
  }
})

test('each malformed IPv6 packet has its verdict', () => {
  const good = ipv6Packet(TEXT)
  assert.equal(verdictOf(good.subarray(0, 39)), 'ip-truncated')
  assert.equal(verdictOf(good.subarray(0, 47)), 'ip-total-length')
  assert.equal(verdictOf(ipv6Packet(TEXT, { payloadLength: 9 })), 'ip-total-length')
  assert.equal(decodeIpv6(ipv4Packet(TEXT), 0, 28, new IpHeader()), 'not-ip')
  assert.equal(decodeIpv6(good, 0, 0, new IpHeader()), 'empty-packet')
})

/** A chain of IPv6 extension headers before TEXT; each but the last octets given as [kind, octets behind Next Header]. */
function chain(...headers: [kind: number, octets: number[]][]): Uint8Array {
  const payload: number[] = []
  for (const [i, header] of headers.entries()) payload.push(headers[i + 1]?.[0] ?? 6, ...header[1])
  return ipv6Packet([...payload, ...TEXT], { nextHeader: headers[0]![0] })
}

const PADN: number[] = [0, 1, 4, 0, 0, 0, 0]
const ROUTED: number[] = [0, 0, 0, 0, 0, 0, 0]
const ATOMIC: number[] = [0, 0, 0, 0x89, 0xab, 0xcd, 0xef]

test('RFC 8200 4: hop-by-hop, destination options, routing and atomic fragment headers are walked over', () => {
  const header = decoded(
    chain([0, PADN], [60, [0, 0, 0, 0, 0, 1, 0]], [43, ROUTED], [44, ATOMIC], [60, PADN]),
  )
  assert.equal(header.protocol, 6)
  assert.equal(header.headerLength, 80)
  assert.equal(header.payloadOffset, 80)
  assert.equal(header.payloadLength, 8)
  assert.equal(header.payloadHeld, 8)
  assert.equal(header.totalLength, 88)
  assert.equal(header.identification | 0, 0x89abcdef | 0)
  // Router Alert (RFC 2711), and a header of sixteen octets.
  assert.equal(decoded(chain([0, [0, 5, 2, 0, 0, 1, 0]])).payloadOffset, 48)
  assert.equal(decoded(chain([60, [1, 1, 12, ...new Array<number>(12).fill(9)]])).payloadOffset, 56)
})

test('RFC 8200 4.4: a routing header with segments left is refused', () => {
  assert.equal(verdictOf(chain([43, [0, 0, 1, 0, 0, 0, 0]])), 'ipv6-extension-header')
})

test('RFC 8200 4.5: a fragment is refused by its verdict; reserved bits do not make one', () => {
  assert.equal(verdictOf(chain([44, [0, 0, 1, 0, 0, 0, 1]])), 'ip-fragment')
  assert.equal(verdictOf(chain([44, [0, 0, 8, 0, 0, 0, 1]])), 'ip-fragment')
  assert.equal(verdictOf(chain([44, [0, 0x80, 0, 0, 0, 0, 1]])), 'ip-fragment')
  assert.equal(verdictOf(chain([44, [0xff, 0, 6, 0, 0, 0, 1]])), 'ok')
})

test('RFC 8200 4.1: hop-by-hop options that do not stand first are refused', () => {
  assert.equal(verdictOf(chain([60, PADN], [0, PADN])), 'ipv6-extension-header')
})

test('RFC 8200 4.2: an unknown option is skipped or not as its upper bits say', () => {
  assert.equal(verdictOf(chain([60, [0, 0x3e, 4, 0, 0, 0, 0]])), 'ok')
  for (const type of [0x7e, 0xbe, 0xfe, 0xc2]) {
    assert.equal(verdictOf(chain([60, [0, type, 4, 0, 0, 0, 0]])), 'ipv6-extension-header')
  }
})

test('options that run beyond their extension header are refused', () => {
  assert.equal(verdictOf(chain([60, [0, 1, 5, 0, 0, 0, 0]])), 'ipv6-extension-header')
  assert.equal(verdictOf(chain([60, [0, 1, 3, 0, 0, 0, 1]])), 'ipv6-extension-header')
})

test('a chain of extension headers has a bound', () => {
  const headers = (count: number): [number, number[]][] =>
    Array.from({ length: count }, (): [number, number[]] => [60, PADN])
  assert.equal(verdictOf(chain(...headers(MAX_EXTENSION_HEADERS))), 'ok')
  assert.equal(verdictOf(chain(...headers(MAX_EXTENSION_HEADERS + 1))), 'ipv6-extension-header')
})

test('extension headers that run beyond the packet are ip-truncated', () => {
  assert.equal(verdictOf(ipv6Packet([6, 0, 1, 4], { nextHeader: 60 })), 'ip-truncated')
  assert.equal(verdictOf(ipv6Packet([], { nextHeader: 44 })), 'ip-truncated')
  assert.equal(verdictOf(ipv6Packet([6], { nextHeader: 60 })), 'ip-truncated')
  assert.equal(verdictOf(ipv6Packet([6, 2, 1, 4, 0, 0, 0, 0, ...TEXT], { nextHeader: 60 })), 'ip-truncated')
})

test('any other protocol is ok: whoever asks for TCP looks at the field', () => {
  assert.equal(decoded(ipv4Packet(TEXT, { protocol: 17 })).protocol, 17)
  assert.equal(decoded(ipv6Packet(TEXT, { nextHeader: 59 })).protocol, 59)
})

test('a capture that cut the packet is decoded with what it holds', () => {
  for (const packet of [ipv4Packet(TEXT), ipv6Packet(TEXT)]) {
    const header = new IpHeader()
    const cut = packet.subarray(0, packet.length - 3)
    assert.equal(decodeIp(cut, 0, cut.length, header), 'ip-total-length')
    assert.equal(decodeIp(cut, 0, cut.length, header, true, packet.length - 1), 'ip-total-length')
    assert.equal(decodeIp(cut, 0, cut.length, header, true, packet.length), 'ok')
    assert.equal(header.payloadLength, 8)
    assert.equal(header.payloadHeld, 5)
  }
})

test('a capture of segmentation offload has a length field of 0: the length on the wire stands in', () => {
  const four = new IpHeader()
  const packet = ipv4Packet(TEXT, { totalLength: 0 })
  assert.equal(decodeIp(packet, 0, packet.length, four, true, packet.length), 'ok')
  assert.equal(four.payloadLength, 8)
  const six = new IpHeader()
  assert.equal(decodeIp(ipv6Packet(TEXT, { payloadLength: 0 }), 0, 48, six, true, 48), 'ok')
  assert.equal(six.payloadLength, 8)
  // A live packet means its 0.
  assert.equal(decodeIp(ipv6Packet(TEXT, { payloadLength: 0 }), 0, 48, six), 'ok')
  assert.equal(six.payloadLength, 0)
})

const anyHeader = fc.record({
  version: fc.constantFrom(4, 6),
  tos: fc.nat(255),
  ttl: fc.nat(255),
  // No extension header, which the writer would not have written.
  protocol: fc.integer({ min: 61, max: 255 }),
  identification: fc.nat(0xffff),
  dontFragment: fc.boolean(),
  flowLabel: fc.nat(0xfffff),
  words: fc.array(fc.integer(), { minLength: 8, maxLength: 8 }),
  payload: fc.integer({ min: 0, max: 1500 }),
})

test('a written header is decoded to the same fields, whatever they are', () => {
  fc.assert(
    fc.property(anyHeader, fc.nat(9), (fields, offset) => {
      const four = fields.version === 4
      const word = (i: number, mapped: number): number => (four ? mapped : fields.words[i]!)
      const header = Object.assign(new IpHeader(), {
        version: fields.version,
        tos: fields.tos,
        ttl: fields.ttl,
        protocol: fields.protocol,
        identification: four ? fields.identification : 0,
        dontFragment: four ? fields.dontFragment : true,
        flowLabel: four ? 0 : fields.flowLabel,
        src0: word(0, 0),
        src1: word(1, 0),
        src2: word(2, MAPPED_PREFIX),
        src3: fields.words[3]!,
        dst0: word(4, 0),
        dst1: word(5, 0),
        dst2: word(6, MAPPED_PREFIX),
        dst3: fields.words[7]!,
        headerLength: ipHeaderLength(fields.version),
        totalLength: ipHeaderLength(fields.version) + fields.payload,
        payloadOffset: offset + ipHeaderLength(fields.version),
        payloadLength: fields.payload,
        payloadHeld: fields.payload,
      })
      const frame = new Uint8Array(offset + header.totalLength).fill(0xee)
      assert.equal(writeIpHeader(new DataView(frame.buffer), offset, header), header.headerLength)
      const back = new IpHeader()
      assert.equal(decodeIp(frame, offset, header.totalLength, back), 'ok')
      assert.deepEqual(back, header)
      if (four) assert.equal(slowChecksum([...frame.subarray(offset, offset + 20)]), 0)
    }),
    { numRuns: 3000 },
  )
})

test('RFC 9293 3.1, RFC 8200 8.1: the pseudo-header sums as its octets do', () => {
  for (const length of [0, 20, 0xffff, 0x12345]) {
    const four = pseudoHeaderSum(decoded(ipv4Packet(TEXT)), 6, length)
    if (length <= 0xffff) assert.equal(foldSum(four), 0xffff - slowChecksum(pseudoHeader(4, 6, length)))
    const six = pseudoHeaderSum(decoded(ipv6Packet(TEXT)), 58, length)
    assert.equal(foldSum(six), 0xffff - slowChecksum(pseudoHeader(6, 58, length)))
  }
})

test('a pseudo-header of all ones is summed without loss', () => {
  const header = new IpHeader()
  header.version = 6
  for (const side of ['src', 'dst'])
    for (const i of [0, 1, 2, 3]) Object.assign(header, { [`${side}${i}`]: -1 })
  assert.equal(foldSum(pseudoHeaderSum(header, 6, 20)), foldSum(16 * 0xffff + 26))
})
