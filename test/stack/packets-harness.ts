/** Packets as the tests of stack/ write and read them: addresses as text, letters for flags, uint32 numbers. */

import assert from 'node:assert/strict'
import { addressOf, parseAddress, setAddresses } from '../../src/wire/address.ts'
import { decodeIcmp, IcmpMessage } from '../../src/wire/icmp.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP } from '../../src/wire/ip-header.ts'
import { Segment } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'
import { tcpPacketOf } from '../../src/wire/tcp-packet.ts'

const LETTERS = 'FSRPAUECX'
export const ALL_FLAGS = 0x3f

/** A TCP packet that arrives. All fields have a default; `version` chooses those of the addresses. */
export interface Arriving {
  readonly version?: 4 | 6
  readonly src?: string
  readonly dst?: string
  readonly srcPort?: number
  readonly dstPort?: number
  /** Letters of LETTERS; '' is none at all. */
  readonly flags?: string | number
  readonly seq?: number
  readonly ack?: number
  readonly win?: number
  readonly urg?: number
  readonly mss?: number
  readonly ws?: number
  readonly ts?: readonly [val: number, ecr: number]
  /** The text, or so many octets of it. */
  readonly text?: string | number | Uint8Array
}

/** A packet that the stack sent: TCP, or ICMP with its type and code. */
export interface Packet {
  readonly version: number
  readonly src: string
  readonly dst: string
  readonly ttl: number
  readonly srcPort: number
  readonly dstPort: number
  readonly flags: string
  readonly seq: number
  readonly ack: number
  readonly win: number
  readonly mss: number
  readonly ws: number
  readonly ts: readonly [val: number, ecr: number] | null
  readonly length: number
  readonly text: Uint8Array
  /** For ICMP; -1 for TCP. */
  readonly type: number
  readonly code: number
  /** The whole packet. */
  readonly bytes: Uint8Array
}

export function flagsOf(letters: string | number): number {
  if (typeof letters === 'number') return letters
  let flags = 0
  for (const letter of letters) flags |= 1 << LETTERS.indexOf(letter)
  return flags
}

export function lettersOf(flags: number): string {
  return [...LETTERS].filter((_, bit) => (flags & (1 << bit)) !== 0).join('')
}

export function packetOf(fields: Arriving): Uint8Array {
  const version = fields.version ?? ((fields.dst ?? fields.src ?? '').includes(':') ? 6 : 4)
  const src = fields.src ?? (version === 4 ? '10.0.0.2' : 'fd00::2')
  const dst = fields.dst ?? (version === 4 ? '10.0.0.1' : 'fd00::1')
  return tcpPacketOf(headerOf(version, src, dst), segmentOf(fields), textOf(fields.text ?? 0))
}

function segmentOf(fields: Arriving): Segment {
  const segment = new Segment()
  segment.srcPort = fields.srcPort ?? 40000
  segment.dstPort = fields.dstPort ?? 80
  segment.flags = flagsOf(fields.flags ?? 'A')
  segment.seq = (fields.seq ?? 0) | 0
  segment.ack = (fields.ack ?? 0) | 0
  segment.window = fields.win ?? 65535
  segment.urgentPointer = fields.urg ?? 0
  segment.mss = fields.mss ?? -1
  segment.windowScale = fields.ws ?? -1
  if (fields.ts !== undefined) {
    segment.hasTimestamps = true
    segment.tsVal = fields.ts[0] | 0
    segment.tsEcr = fields.ts[1] | 0
  }
  return segment
}

export function textOf(text: string | number | Uint8Array): Uint8Array {
  if (typeof text === 'string') return Uint8Array.from(text, (c) => c.charCodeAt(0))
  return typeof text === 'number' ? new Uint8Array(text).map((_, i) => i * 31 + 7) : text
}

/** An IP header without lengths. IPv4-mapped text stays an IPv6 address where `version` says so. */
export function headerOf(version: 4 | 6, src: string, dst: string, protocol = PROTOCOL_TCP): IpHeader {
  const from = parseAddress(src)
  const to = parseAddress(dst)
  assert.ok(from !== null && to !== null, `${src} ${dst}`)
  const ip = new IpHeader()
  ip.version = version
  ip.ttl = 64
  ip.protocol = protocol
  ip.dontFragment = true
  setAddresses(ip, from, to)
  return ip
}

/** Decodes a packet that a stack sent; a wrong checksum or length fails the test. */
export function readPacket(bytes: Uint8Array): Packet {
  const ip = new IpHeader()
  assert.equal(decodeIp(bytes, 0, bytes.length, ip), 'ok')
  assert.equal(ip.totalLength, bytes.length)
  const segment = new Segment()
  let type = -1
  let code = -1
  if (ip.protocol === PROTOCOL_TCP) assert.equal(decodeTcp(bytes, ip, segment, true), 'ok')
  else {
    assert.equal(ip.protocol, ip.version === 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6)
    const message = new IcmpMessage()
    assert.equal(decodeIcmp(bytes, ip, message, true), 'ok')
    type = message.type
    code = message.code
  }
  const version = ip.version === 4 ? 4 : 6
  return {
    version,
    src: addressOf(ip.src0, ip.src1, ip.src2, ip.src3, version).toString(),
    dst: addressOf(ip.dst0, ip.dst1, ip.dst2, ip.dst3, version).toString(),
    ttl: ip.ttl,
    srcPort: segment.srcPort,
    dstPort: segment.dstPort,
    flags: lettersOf(segment.flags),
    seq: segment.seq >>> 0,
    ack: segment.ack >>> 0,
    win: segment.window,
    mss: segment.mss,
    ws: segment.windowScale,
    ts: segment.hasTimestamps ? [segment.tsVal, segment.tsEcr] : null,
    length: segment.textLength,
    text: bytes.slice(segment.textOffset, segment.textOffset + segment.textLength),
    type,
    code,
    bytes,
  }
}

/** 'RA 0:0(0) ack 1001': what a test says of a packet. */
export function say(packet: Packet): string {
  if (packet.type >= 0) return `icmp ${packet.type}/${packet.code}`
  const ack = packet.flags.includes('A') ? ` ack ${packet.ack}` : ''
  return `${packet.flags} ${packet.seq}(${packet.length})${ack}`
}
