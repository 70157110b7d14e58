/** Packets from a link: IPv4, IPv6, TCP, ICMP, and what is written in answer to them, against decoders made the plain way. */

import type { Random } from '../../src/sim/random.ts'
import { decodeIcmp, IcmpMessage } from '../../src/wire/icmp.ts'
import { writeEchoReply, writeIcmpError } from '../../src/wire/icmp-write.ts'
import { decodeIp, ipHeaderLength, writeIpHeader } from '../../src/wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../../src/wire/ip-header.ts'
import { Segment } from '../../src/wire/segment.ts'
import { decodeTcp, writeTcpHeader } from '../../src/wire/tcp.ts'
import { octetTarget } from '../make-target.ts'
import { randomOctets, replaced } from '../mutate-octets.ts'
import { extendedPacket, icmpPacket, ipPacket, repairPacket, tcpPacket } from '../packets.ts'
import { type IcmpFields, referenceIcmp } from '../reference/icmp-reference.ts'
import { type IpFields, Octets, referenceIp } from '../reference/ip-reference.ts'
import { referenceTcp, type TcpFields } from '../reference/tcp-reference.ts'
import { expect, expectSame } from '../target.ts'
import { optionFields, writeAndReadAgain } from './options.ts'

const MOST = 400

export const target = octetTarget({
  name: 'packet',
  about: 'IPv4, IPv6, TCP and ICMP packets: each decoder against a plain one, written and read again',
  mostOctets: MOST,
  seeds: () => [
    tcpPacket(4, true),
    tcpPacket(4, false),
    tcpPacket(6, true),
    extendedPacket(),
    icmpPacket(4, 3, 4, tcpPacket(4, true)),
    icmpPacket(6, 2, 0, tcpPacket(6, false)),
    icmpPacket(4, 8, 0, Uint8Array.of(3)),
    icmpPacket(6, 128, 0, Uint8Array.of(3)),
    ipPacket(4, 17, new Uint8Array(8)),
  ],
  mutateByGrammar,
  // Where nothing is repaired the checks of lengths and checksums are what is tried.
  repair: (random, input) => (random.chance(0.8) ? repairPacket(input) : input),
  run,
})

/** Fields of the headers, as places from the header's start. */
const IPV4_FIELDS = [0, 1, 2, 3, 4, 6, 7, 8, 9, 12, 15, 16, 19]
const IPV6_FIELDS = [0, 1, 4, 5, 6, 7, 8, 23, 24, 39]
const PROTOCOLS = [PROTOCOL_TCP, 1, 58, 17, 0, 43, 44, 60, 59, 51]
const EXTENSION_HEADERS = [0, 43, 44, 60]

function mutateByGrammar(random: Random, input: Uint8Array, other: Uint8Array): Uint8Array {
  if (input.length < 40) return other.length === 0 ? tcpPacket(4, true) : other
  const packet = input.slice()
  const isV6 = packet[0]! >> 4 === 6
  const headerLength = isV6 ? 40 : Math.max(20, (packet[0]! & 15) * 4)
  const kind = random.range(0, 6)
  if (kind === 0) {
    packet[random.pick(isV6 ? IPV6_FIELDS : IPV4_FIELDS)] = random.int32()
  } else if (kind === 1) {
    packet[isV6 ? 6 : 9] = random.pick(PROTOCOLS)
  } else if (kind === 2) {
    return isV6 ? withExtension(random, packet) : withIpOptions(random, packet)
  } else if (kind === 3) {
    const at = headerLength + random.range(0, 24)
    if (at < packet.length)
      packet[at] = random.chance(0.5) ? random.int32() : random.pick([0, 3, 8, 80, 96, 128])
  } else if (kind === 4) {
    return withTcpOptions(random, packet, headerLength)
  } else if (kind === 5 && other.length > 0) {
    // Another packet quoted in an error of this one's version.
    const [type, code] = isV6
      ? [random.range(1, 4), random.range(0, 8)]
      : [random.pick([3, 4, 5, 11, 12]), random.range(0, 16)]
    return icmpPacket(isV6 ? 6 : 4, type!, code!, other.slice(0, random.range(0, other.length)))
  } else {
    return packet.slice(0, random.range(0, packet.length))
  }
  return packet
}

/** One IPv6 extension header more, at the front of the chain. */
function withExtension(random: Random, packet: Uint8Array): Uint8Array {
  const extra = new Uint8Array(8 * random.pick([1, 1, 1, 2, 3]))
  if (random.chance(0.5)) random.fill(extra)
  extra[0] = packet[6]!
  extra[1] = extra.length / 8 - 1
  if (random.chance(0.7)) extra[3] = 0
  packet[6] = random.pick(EXTENSION_HEADERS)
  if (packet[6] === 44 && random.chance(0.7)) extra[2] = 0
  if (random.chance(0.5)) extra.set([1, extra.length - 4], 2)
  return replaced(packet, 40, 0, extra, MOST)
}

function withIpOptions(random: Random, packet: Uint8Array): Uint8Array {
  const words = packet[0]! & 15
  const extra = random.range(1, 15 - Math.min(14, words))
  packet[0] = 0x40 | Math.min(15, words + extra)
  return replaced(packet, 20, 0, new Uint8Array(4 * extra).fill(random.pick([0, 1, 7, 255])), MOST)
}

/** Octets put in behind the TCP header's fixed part, with the data offset that fits them. */
function withTcpOptions(random: Random, packet: Uint8Array, at: number): Uint8Array {
  if (at + 20 > packet.length) return packet
  const words = packet[at + 12]! >> 4
  const more = random.range(0, 15 - Math.min(15, words))
  const octets = new Uint8Array(4 * more)
  octets.set(randomOctets(random, 40).subarray(0, octets.length))
  packet[at + 12] = ((words + more) << 4) | (packet[at + 12]! & 15)
  return replaced(packet, at + 20, 0, octets, MOST)
}

const OFFSET = 13
const header = new IpHeader()
const segment = new Segment()
const message = new IcmpMessage()

/** As from a link; as one that leaves checksums to others; and from a capture that may have cut the packet. */
function run(input: Uint8Array): void {
  decodeAll(input, true, -1)
  decodeAll(input, false, -1)
  decodeAll(input, false, input.length)
  decodeAll(input, false, 65535 + 40)
  answer(input)
}

function decodeAll(input: Uint8Array, verify: boolean, wireLength: number): void {
  const expected = referenceIp(new Octets(input), verify, wireLength)
  for (const around of [0x00, 0xff]) {
    const bytes = new Uint8Array(OFFSET + input.length + 64).fill(around)
    bytes.set(input, OFFSET)
    Object.assign(header, { version: -1, payloadHeld: -1, dontFragment: null })
    const verdict = decodeIp(bytes, OFFSET, input.length, header, verify, wireLength)
    expectSame(verdict === 'ok' ? ipFields() : verdict, shown(expected), 'IP')
    if (typeof expected === 'string') continue
    expect(header.payloadOffset === OFFSET + header.headerLength, 'the payload starts elsewhere')
    if (around === 0) writeIpAndReadAgain()
    decodePayload(bytes, expected, verify)
  }
}

function decodePayload(bytes: Uint8Array, ip: IpFields, verify: boolean): void {
  const tcp = referenceTcp(ip, verify)
  const verdict = decodeTcp(bytes, header, segment, verify)
  expectSame(verdict === 'ok' ? tcpFields(bytes) : verdict, tcp, 'TCP')
  if (verdict === 'ok') writeTcpAndReadAgain()
  const icmp = referenceIcmp(ip, verify)
  const other = decodeIcmp(bytes, header, message, verify)
  expectSame(other === 'ok' ? icmpFields() : other, icmp, 'ICMP')
}

function shown(expected: IpFields | string): unknown {
  if (typeof expected === 'string') return expected
  const { payload, ...rest } = expected
  return { ...rest, payloadHeld: payload.length }
}

function ipFields(): unknown {
  const { version, tos, ttl, protocol, identification, dontFragment, flowLabel, headerLength, totalLength } =
    header
  return {
    version,
    tos,
    ttl,
    protocol,
    identification: version === 6 ? identification >>> 0 : identification,
    dontFragment,
    flowLabel,
    ...addressesOf(header),
    headerLength,
    totalLength,
    payloadLength: header.payloadLength,
    payloadHeld: header.payloadHeld,
  }
}

function addressesOf(ip: IpHeader): { src: string; dst: string } {
  const hex = (word: number) => (word >>> 0).toString(16).padStart(8, '0')
  return {
    src: [ip.src0, ip.src1, ip.src2, ip.src3].map(hex).join(''),
    dst: [ip.dst0, ip.dst1, ip.dst2, ip.dst3].map(hex).join(''),
  }
}

function tcpFields(bytes: Uint8Array): TcpFields {
  const { srcPort, dstPort, flags, window, urgentPointer, textLength } = segment
  expect(segment.bytes === bytes, 'the text is not in the packet')
  expect(
    segment.textOffset + textLength === header.payloadOffset + header.payloadLength,
    'the text does not end with the payload',
  )
  return {
    srcPort,
    dstPort,
    seq: segment.seq >>> 0,
    ack: segment.ack >>> 0,
    flags,
    window,
    urgentPointer,
    options: optionFields(segment),
    textLength,
  }
}

function icmpFields(): IcmpFields {
  const { version, type, code, mtu, echoId, echoSequence, isError, quoted } = message
  const { protocol, totalLength } = quoted
  const tcp = [message.quotedSrcPort, message.quotedDstPort, message.quotedSeq >>> 0] as const
  const quote = { protocol, totalLength, ...addressesOf(quoted), tcp }
  return { version, type, code, mtu, echoId, echoSequence, quote: isError ? quote : null }
}

const again = new IpHeader()

/** The same header without options and extension headers is read as it was written. */
function writeIpAndReadAgain(): void {
  const length = ipHeaderLength(header.version)
  const plain = Object.assign(new IpHeader(), header, { totalLength: length + header.payloadHeld })
  if (plain.totalLength > 0xffff || EXTENSION_HEADERS.includes(header.protocol)) return
  const bytes = new Uint8Array(plain.totalLength)
  expect(
    writeIpHeader(new DataView(bytes.buffer), 0, plain) === length,
    'a header of another length is written',
  )
  expectSame(decodeIp(bytes, 0, bytes.length, again), 'ok', 'a header written and read again')
  Object.assign(plain, { headerLength: length, payloadOffset: length, payloadLength: header.payloadHeld })
  if (plain.version === 6) plain.identification = 0
  expectSame(again, plain, 'a header written and read again')
}

function writeTcpAndReadAgain(): void {
  writeAndReadAgain(segment)
  const bytes = new Uint8Array(60)
  writeTcpHeader(new DataView(bytes.buffer), 0, segment)
  const ip = Object.assign(new IpHeader(), { protocol: PROTOCOL_TCP, payloadLength: 60, payloadHeld: 60 })
  const read = new Segment()
  expectSame(decodeTcp(bytes, ip, read, false), 'ok', 'a TCP header written and read again')
  for (const name of ['srcPort', 'dstPort', 'seq', 'ack', 'flags', 'window', 'urgentPointer'] as const) {
    expectSame(read[name], segment[name], `${name} written and read again`)
  }
}

/** Echo replies and errors are packets that anyone can read, larger than nothing they answer but a header. */
function answer(input: Uint8Array): void {
  const frame = new Uint8Array(1500)
  for (const version of [4, 6] as const) {
    const [type, code] = version === 4 ? ([3, 4] as const) : ([2, 0] as const)
    const address = [0, 0, version === 4 ? 0xffff : 0, 0x0a000009] as const
    const length = writeIcmpError(frame, version, type, code, 1400, ...address, input, input.length)
    if (length === 0) continue
    const ip = referenceIp(new Octets(input), false, -1)
    expect(typeof ip !== 'string', () => `IP: an error is written about a packet with ${ip}`)
    // What has no ports of its own cannot be quoted with any.
    if (ip.protocol === PROTOCOL_TCP && ip.payload.length < 8) continue
    const fields = readAnswer(frame, length)
    expect(fields.mtu === 1400 && fields.quote !== null, 'an error says another thing')
    expect(length <= (version === 4 ? 576 : 1280), 'an error is longer than allowed')
  }
  const ip = new IpHeader()
  if (decodeIp(input, 0, input.length, ip) !== 'ok') return
  const length = writeEchoReply(input, ip, frame)
  if (length === 0) return
  const request = referenceIp(new Octets(input), true, -1)
  expect(typeof request !== 'string', () => `IP: a packet with ${request} is answered`)
  const asked = referenceIcmp(request, false)
  expect(typeof asked !== 'string', () => `ICMP: a message with ${asked} is answered`)
  const told = readAnswer(frame, length)
  expectSame([told.echoId, told.echoSequence], [asked.echoId, asked.echoSequence], 'an echo reply')
}

function readAnswer(frame: Uint8Array, length: number): IcmpFields {
  const ip = referenceIp(new Octets(frame.subarray(0, length)), true, -1)
  expect(typeof ip !== 'string', () => `an answer is no packet: ${ip}`)
  const fields = referenceIcmp(ip, true)
  expect(typeof fields !== 'string', () => `an answer is no ICMP message: ${fields}`)
  return fields
}
