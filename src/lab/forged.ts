/**
 * Packets that nobody sent, as plain data and as octets: segments with every field of the header right or wrong, and
 * ICMP errors about segments that the receiver may or may not have sent.
 */

import { joined } from '../bytes/join.ts'
import { hexOctets } from '../capture/text-options.ts'
import { encodeUtf8 } from '../capture/utf8.ts'
import { type Address, parseAddress, setAddresses } from '../wire/address.ts'
import {
  ICMP4_CODE_ADMINISTRATIVE,
  ICMP4_CODE_FRAGMENTATION_NEEDED,
  ICMP4_CODE_HOST,
  ICMP4_PARAMETER_PROBLEM,
  ICMP4_SOURCE_QUENCH,
  ICMP4_TIME_EXCEEDED,
  ICMP4_UNREACHABLE,
  ICMP6_CODE_ADDRESS,
  ICMP6_CODE_ADMINISTRATIVE,
  ICMP6_CODE_UNKNOWN_NEXT_HEADER,
  ICMP6_PACKET_TOO_BIG,
  ICMP6_PARAMETER_PROBLEM,
  ICMP6_TIME_EXCEEDED,
  ICMP6_UNREACHABLE,
  type IcmpMeaning,
} from '../wire/icmp.ts'
import { ICMP6_MAX_ERROR, writeIcmpError } from '../wire/icmp-write.ts'
import { ipHeaderLength } from '../wire/ip.ts'
import { IpHeader } from '../wire/ip-header.ts'
import { ACK, Segment } from '../wire/segment.ts'
import { TCP_CHECKSUM, TCP_OFFSET_FLAGS, tcpChecksum, tcpHeaderLength } from '../wire/tcp.ts'
import { tcpPacketOf } from '../wire/tcp-packet.ts'

/** Sequence numbers as they stand on the wire, 0 to 2^32 - 1. What may be absent is then as of a segment without it. */
export interface ForgedSegment {
  readonly srcPort: number
  readonly dstPort: number
  readonly seq: number
  readonly ack: number
  /** All twelve bits beside the data offset: FIN | SYN | ... as in wire/segment.ts, and 0xe00, which are reserved. */
  readonly flags: number
  readonly window: number
  readonly urgentPointer: number
  /** Octets of text, which are the letter x; 0 beside a `text`. */
  readonly length: number
  /** The text itself, in UTF-8. */
  readonly text?: string
  readonly mss?: number
  readonly windowScale?: number
  readonly sackPermitted?: boolean
  /** TSval and TSecr. */
  readonly timestamps?: readonly [val: number, ecr: number]
  readonly sack?: readonly (readonly [left: number, right: number])[]
  /** Further options as they stand on the wire, in hexadecimal digits; the rest of their last word is filled with 0. */
  readonly options?: string
  /** What the data offset says, words of four octets; absent: what is right. */
  readonly dataOffset?: number
  /** The checksum is wrong. */
  readonly badChecksum?: boolean
}

/** What somebody claims about a segment of the host at which the claim arrives. */
export interface ForgedError {
  readonly says: IcmpError
  /** Of fragmentation-needed: the MTU of the next link, octets; else 0. */
  readonly mtu: number
  /** Of the segment that it quotes, with the octets of text that it is said to have had. */
  readonly srcPort: number
  readonly dstPort: number
  readonly seq: number
  readonly length: number
}

export type IcmpError = Exclude<IcmpMeaning, 'echo-request' | 'other'>

type Words = readonly [type: number, code: number]

/** Type and code of IPv4 and of IPv6; IPv6 has no source quench. */
export const ICMP_ERRORS: Readonly<Record<IcmpError, { readonly v4: Words; readonly v6: Words | null }>> = {
  'network-unreachable': { v4: [ICMP4_UNREACHABLE, 0], v6: [ICMP6_UNREACHABLE, 0] },
  'host-unreachable': {
    v4: [ICMP4_UNREACHABLE, ICMP4_CODE_HOST],
    v6: [ICMP6_UNREACHABLE, ICMP6_CODE_ADDRESS],
  },
  'protocol-unreachable': {
    v4: [ICMP4_UNREACHABLE, 2],
    v6: [ICMP6_PARAMETER_PROBLEM, ICMP6_CODE_UNKNOWN_NEXT_HEADER],
  },
  'port-unreachable': { v4: [ICMP4_UNREACHABLE, 3], v6: [ICMP6_UNREACHABLE, 4] },
  'fragmentation-needed': {
    v4: [ICMP4_UNREACHABLE, ICMP4_CODE_FRAGMENTATION_NEEDED],
    v6: [ICMP6_PACKET_TOO_BIG, 0],
  },
  'administratively-prohibited': {
    v4: [ICMP4_UNREACHABLE, ICMP4_CODE_ADMINISTRATIVE],
    v6: [ICMP6_UNREACHABLE, ICMP6_CODE_ADMINISTRATIVE],
  },
  'source-quench': { v4: [ICMP4_SOURCE_QUENCH, 0], v6: null },
  'time-exceeded': { v4: [ICMP4_TIME_EXCEEDED, 0], v6: [ICMP6_TIME_EXCEEDED, 0] },
  'parameter-problem': { v4: [ICMP4_PARAMETER_PROBLEM, 0], v6: [ICMP6_PARAMETER_PROBLEM, 0] },
}

const LETTER = 'x'.charCodeAt(0)
const TTL = 64
/** What is laid over a right checksum: no two sums that mean the same differ by it. */
const WRONG = 0x5555

/** The octets of `text` or of `length`. */
export function forgedText({ text, length }: ForgedSegment): Uint8Array {
  return text === undefined ? new Uint8Array(length).fill(LETTER) : encodeUtf8(text)
}

/** Further options, up to the end of a word. */
export function forgedOptions({ options = '' }: ForgedSegment): Uint8Array {
  const octets = hexOctets(options) ?? []
  const words = new Uint8Array(4 * Math.ceil(octets.length / 4))
  words.set(octets)
  return words
}

/** Its fields, without what only octets can say. */
export function segmentOf(forged: ForgedSegment): Segment {
  const segment = new Segment()
  const { srcPort, dstPort, flags, window, urgentPointer, timestamps, sack = [] } = forged
  Object.assign(segment, { srcPort, dstPort, flags, window, urgentPointer })
  segment.seq = forged.seq | 0
  segment.ack = forged.ack | 0
  segment.mss = forged.mss ?? -1
  segment.windowScale = forged.windowScale ?? -1
  segment.sackPermitted = forged.sackPermitted === true
  segment.hasTimestamps = timestamps !== undefined
  segment.tsVal = (timestamps?.[0] ?? 0) | 0
  segment.tsEcr = (timestamps?.[1] ?? 0) | 0
  segment.sackBlocks = sack.length
  for (const [i, edges] of sack.entries()) {
    segment.sackEdges[2 * i] = edges[0] | 0
    segment.sackEdges[2 * i + 1] = edges[1] | 0
  }
  return segment
}

/** The whole IP packet, with right lengths and checksums where nothing else is said. */
export function forgedPacket(forged: ForgedSegment, from: string, to: string): Uint8Array {
  const ip = headerOf(parseAddress(from)!, parseAddress(to)!)
  const segment = segmentOf(forged)
  const further = forgedOptions(forged)
  const packet = tcpPacketOf(ip, segment, joined([further, forgedText(forged)]))
  const tcpAt = ipHeaderLength(ip.version)
  const words = forged.dataOffset ?? (tcpHeaderLength(segment) + further.length) / 4
  packet[tcpAt + TCP_OFFSET_FLAGS] = (words << 4) | (forged.flags >> 8)
  const view = new DataView(packet.buffer)
  view.setUint16(tcpAt + TCP_CHECKSUM, 0)
  const right = tcpChecksum(packet, ip, tcpAt, packet.length - tcpAt)
  view.setUint16(tcpAt + TCP_CHECKSUM, forged.badChecksum === true ? right ^ WRONG : right)
  return packet
}

/**
 * The whole ICMP packet.
 * @param sender who says it.
 * @param about where the segment that it quotes was sent to.
 * @param to who sent that segment, and hears of it.
 */
export function forgedError(forged: ForgedError, sender: string, about: string, to: string): Uint8Array {
  const segment = new Segment()
  segment.srcPort = forged.srcPort
  segment.dstPort = forged.dstPort
  segment.seq = forged.seq | 0
  segment.flags = ACK
  const text = new Uint8Array(forged.length)
  const quoted = tcpPacketOf(headerOf(parseAddress(to)!, parseAddress(about)!), segment, text)
  const { version, w0, w1, w2, w3 } = parseAddress(sender)!
  const words = version === 4 ? ICMP_ERRORS[forged.says].v4 : ICMP_ERRORS[forged.says].v6!
  const frame = new Uint8Array(ICMP6_MAX_ERROR)
  const { mtu } = forged
  const octets = writeIcmpError(frame, version, ...words, mtu, w0, w1, w2, w3, quoted, quoted.length)
  return frame.subarray(0, octets)
}

function headerOf(source: Address, target: Address): IpHeader {
  const ip = new IpHeader()
  ip.version = source.version
  ip.ttl = TTL
  ip.dontFragment = true
  setAddresses(ip, source, target)
  return ip
}
