/**
 * The TCP header (RFC 9293 3.1). The last bit of Rsrvd is AE (RFC 9768 3.1).
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |          Source Port          |       Destination Port        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                        Sequence Number                        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                    Acknowledgment Number                      |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |  Data |       |C|E|U|A|P|R|S|F|                               |
 *    | Offset| Rsrvd |W|C|R|C|S|S|Y|I|            Window             |
 *    |       |       |R|E|G|K|H|T|N|N|                               |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |           Checksum            |         Urgent Pointer        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { pseudoHeaderSum } from './ip.ts'
import { type IpHeader, PROTOCOL_TCP } from './ip-header.ts'
import { MAX_SACK_BLOCKS, type Segment } from './segment.ts'
import {
  decodeTcpOptions,
  KIND_MSS,
  KIND_NOP,
  KIND_SACK,
  KIND_SACK_PERMITTED,
  KIND_TIMESTAMPS,
  KIND_WINDOW_SCALE,
  LENGTH_MSS,
  LENGTH_SACK_BLOCK,
  LENGTH_SACK_PERMITTED,
  LENGTH_TIMESTAMPS,
  LENGTH_WINDOW_SCALE,
  NOP_NOP_TIMESTAMPS,
} from './tcp-options.ts'
import type { Verdict } from './verdict.ts'

/** Octets of a header without options, and of the longest one. */
export const TCP_HEADER_LENGTH = 20
export const TCP_MAX_HEADER_LENGTH = 60

/** Octet offsets of the fields. */
export const TCP_SOURCE_PORT = 0
export const TCP_DESTINATION_PORT = 2
export const TCP_SEQUENCE = 4
export const TCP_ACKNOWLEDGMENT = 8
export const TCP_OFFSET_FLAGS = 12
export const TCP_WINDOW = 14
export const TCP_CHECKSUM = 16
export const TCP_URGENT_POINTER = 18

/** In the 16-bit word at TCP_OFFSET_FLAGS: where the data offset lies, and the nine bits of flags. */
export const TCP_DATA_OFFSET_SHIFT = 12
export const TCP_FLAGS_MASK = 0x1ff

/** A header with timestamps and nothing else, as nearly every segment of a connection has it. */
const WITH_TIMESTAMPS = 32

/**
 * Decodes the payload of an IP packet that `decodeIp` found well. On 'ok' every field of `segment` was set; on any
 * other verdict its fields mean nothing. The segment borrows `bytes`.
 *
 * @param verifyChecksum MUST-3; false where the link vouches for it. A packet that a capture cut cannot be verified
 *   and is not; its `textLength` then counts octets that `bytes` does not hold (see `ip.payloadHeld`).
 */
export function decodeTcp(
  bytes: Uint8Array,
  ip: IpHeader,
  segment: Segment,
  verifyChecksum: boolean,
): Verdict {
  if (ip.protocol !== PROTOCOL_TCP) return 'other-protocol'
  const at = ip.payloadOffset
  const length = ip.payloadLength
  const held = ip.payloadHeld
  if (held < TCP_HEADER_LENGTH) return 'tcp-truncated'

  const offsetAndFlags = readUint16(bytes, at + TCP_OFFSET_FLAGS)
  const headerLength = (offsetAndFlags >>> TCP_DATA_OFFSET_SHIFT) << 2
  if (headerLength < TCP_HEADER_LENGTH || headerLength > length) return 'tcp-data-offset'
  if (headerLength > held) return 'tcp-truncated'
  if (verifyChecksum && held === length && tcpChecksum(bytes, ip, at, length) !== 0) return 'tcp-checksum'

  segment.srcPort = readUint16(bytes, at + TCP_SOURCE_PORT)
  segment.dstPort = readUint16(bytes, at + TCP_DESTINATION_PORT)
  segment.seq = readInt32(bytes, at + TCP_SEQUENCE)
  segment.ack = readInt32(bytes, at + TCP_ACKNOWLEDGMENT)
  segment.flags = offsetAndFlags & TCP_FLAGS_MASK
  segment.window = readUint16(bytes, at + TCP_WINDOW)
  segment.urgentPointer = readUint16(bytes, at + TCP_URGENT_POINTER)
  segment.bytes = bytes
  segment.textOffset = at + headerLength
  segment.textLength = length - headerLength

  segment.mss = -1
  segment.windowScale = -1
  segment.sackPermitted = false
  segment.sackBlocks = 0
  segment.otherOptions = 0
  const options = at + TCP_HEADER_LENGTH
  if (headerLength === WITH_TIMESTAMPS && readInt32(bytes, options) === NOP_NOP_TIMESTAMPS) {
    segment.hasTimestamps = true
    segment.tsVal = readInt32(bytes, options + 4)
    segment.tsEcr = readInt32(bytes, options + 8)
    return 'ok'
  }
  segment.hasTimestamps = false
  segment.tsVal = 0
  segment.tsEcr = 0
  if (headerLength === TCP_HEADER_LENGTH) return 'ok'
  // MUST-5: whatever the flags are, SYN or not.
  return decodeTcpOptions(bytes, options, at + headerLength, segment) ? 'ok' : 'tcp-option-length'
}

/**
 * Writes header and options from the segment's fields and returns the header's length, 20 to 60 octets. The order of
 * the options is Linux's, so that captures of the two look alike; the padding is zeros (MUST-69) and the checksum
 * field 0. SACK blocks beyond `sackBlocksThatFit` and `otherOptions` are left out.
 *
 * @throws RangeError where the view has too few octets from `offset` on
 */
export function writeTcpHeader(view: DataView, offset: number, segment: Segment): number {
  const headerLength = tcpHeaderLength(segment)
  view.setInt32(offset + TCP_SOURCE_PORT, (segment.srcPort << 16) | segment.dstPort)
  view.setInt32(offset + TCP_SEQUENCE, segment.seq)
  view.setInt32(offset + TCP_ACKNOWLEDGMENT, segment.ack)
  const offsetAndFlags = ((headerLength >>> 2) << TCP_DATA_OFFSET_SHIFT) | (segment.flags & TCP_FLAGS_MASK)
  view.setInt32(offset + TCP_OFFSET_FLAGS, (offsetAndFlags << 16) | segment.window)
  view.setInt32(offset + TCP_CHECKSUM, segment.urgentPointer)
  if (headerLength > TCP_HEADER_LENGTH) writeOptions(view, offset + TCP_HEADER_LENGTH, segment)
  return headerLength
}

/** Octets that `writeTcpHeader` will write for this segment. */
export function tcpHeaderLength(segment: Segment): number {
  const blocks = segment.sackBlocks === 0 ? 0 : sackBlocksThatFit(segment)
  return TCP_HEADER_LENGTH + lengthBeforeSack(segment) + (blocks === 0 ? 0 : 4 + LENGTH_SACK_BLOCK * blocks)
}

/** How many of the segment's SACK blocks its header has room for: at most four, three beside timestamps. */
export function sackBlocksThatFit(segment: Segment): number {
  const room = TCP_MAX_HEADER_LENGTH - TCP_HEADER_LENGTH - lengthBeforeSack(segment) - 4
  return Math.min(segment.sackBlocks, MAX_SACK_BLOCKS, Math.max(0, Math.trunc(room / LENGTH_SACK_BLOCK)))
}

/**
 * The checksum over pseudo-header, header and text (RFC 9293 3.1): what to write into the field where it holds 0
 * (MUST-2), or 0 where the field holds the right one (MUST-3).
 *
 * @param tcpLength octets of header and text
 */
export function tcpChecksum(bytes: Uint8Array, ip: IpHeader, tcpOffset: number, tcpLength: number): number {
  return foldChecksum(sumWords(bytes, tcpOffset, tcpLength, pseudoHeaderSum(ip, PROTOCOL_TCP, tcpLength)))
}

function lengthBeforeSack(segment: Segment): number {
  let length = segment.hasTimestamps ? 2 + LENGTH_TIMESTAMPS : 0
  if (segment.mss >= 0) length += LENGTH_MSS
  if (segment.windowScale >= 0) length += 1 + LENGTH_WINDOW_SCALE
  // SACK-permitted takes the place of the timestamps' two NOPs.
  if (segment.sackPermitted && !segment.hasTimestamps) length += 2 + LENGTH_SACK_PERMITTED
  return length
}

const NOPS = (KIND_NOP << 24) | (KIND_NOP << 16)
const SACK_PERMITTED = (KIND_SACK_PERMITTED << 8) | LENGTH_SACK_PERMITTED
const TIMESTAMPS = (KIND_TIMESTAMPS << 8) | LENGTH_TIMESTAMPS
const MSS = (KIND_MSS << 24) | (LENGTH_MSS << 16)
const NOP_WINDOW_SCALE = (KIND_NOP << 24) | (KIND_WINDOW_SCALE << 16) | (LENGTH_WINDOW_SCALE << 8)

/** Writes options in units of four octets, so that no padding is left to write. */
function writeOptions(view: DataView, offset: number, segment: Segment): void {
  let at = offset
  if (segment.mss >= 0) {
    view.setInt32(at, MSS | segment.mss)
    at += 4
  }
  if (segment.hasTimestamps) {
    view.setInt32(at, segment.sackPermitted ? (SACK_PERMITTED << 16) | TIMESTAMPS : NOP_NOP_TIMESTAMPS)
    view.setInt32(at + 4, segment.tsVal)
    view.setInt32(at + 8, segment.tsEcr)
    at += 12
  } else if (segment.sackPermitted) {
    view.setInt32(at, NOPS | SACK_PERMITTED)
    at += 4
  }
  if (segment.windowScale >= 0) {
    view.setInt32(at, NOP_WINDOW_SCALE | segment.windowScale)
    at += 4
  }
  const blocks = segment.sackBlocks === 0 ? 0 : sackBlocksThatFit(segment)
  if (blocks === 0) return
  view.setInt32(at, NOPS | (KIND_SACK << 8) | (2 + LENGTH_SACK_BLOCK * blocks))
  for (let i = 0; i < 2 * blocks; i++) view.setInt32(at + 4 + 4 * i, segment.sackEdges[i]!)
}
