/** What a captured TCP header says beyond the numbers that the analysis of sequence numbers needs: options, checksum. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { foldChecksum, foldSum, sumWords } from '../bytes/checksum.ts'
import {
  forEachTcpOption,
  KIND_EOL,
  KIND_MSS,
  KIND_NOP,
  KIND_SACK,
  KIND_SACK_PERMITTED,
  KIND_TIMESTAMPS,
  KIND_WINDOW_SCALE,
} from '../wire/tcp-options.ts'
import type { Packet, TcpFields } from './packet.ts'

/** One option as it stands in the header. */
export interface SeenOption {
  readonly kind: number
  /** Octets of the whole option; 1 where it has no length. */
  readonly length: number
  /** Its place in `packet.bytes`. */
  readonly at: number
}

/** The options in their order, up to the first that is cut or says a length that cannot be. */
export function optionsOf({ bytes, end }: Packet, tcp: TcpFields): SeenOption[] {
  return optionsInHeader(bytes, tcp.at, Math.min(tcp.at + tcp.headerLength, end))
}

/** The same of a header at `at`, of which the octets before `stop` are there. */
export function optionsInHeader(bytes: Uint8Array, at: number, stop: number): SeenOption[] {
  const options: SeenOption[] = []
  forEachTcpOption(bytes, at + 20, stop, (kind, valueAt, valueLength) => {
    const head = kind === KIND_EOL || kind === KIND_NOP ? 1 : 2
    options.push({ kind, length: head + valueLength, at: valueAt - head })
  })
  return options
}

/** Values of the options, as numbers from 0 to 2^32 - 1; an option of a wrong length has none. */
export function optionValues(bytes: Uint8Array, { kind, length, at }: SeenOption): number[] {
  if (kind === KIND_MSS && length === 4) return [readUint16(bytes, at + 2)]
  if (kind === KIND_WINDOW_SCALE && length === 3) return [bytes[at + 2]!]
  if (kind === KIND_TIMESTAMPS && length === 10) {
    return [readInt32(bytes, at + 2) >>> 0, readInt32(bytes, at + 6) >>> 0]
  }
  if (kind === KIND_SACK_PERMITTED) return []
  const edges: number[] = []
  if (kind === KIND_SACK) {
    for (let edge = at + 2; edge + 4 <= at + length; edge += 4) edges.push(readInt32(bytes, edge) >>> 0)
  }
  return edges
}

/** Values of the option, if it is of this kind, in which the capture ends: those that were captured. */
export function cutOptionValues({ bytes, end }: Packet, tcp: TcpFields, kind: number): number[] {
  const stop = tcp.at + tcp.headerLength
  if (end >= stop) return []
  let at = tcp.at + 20
  while (at + 1 < end && bytes[at] !== KIND_EOL) {
    const length = bytes[at] === KIND_NOP ? 1 : bytes[at + 1]!
    if (length === 0 || at + length > stop) return []
    if (at + length > end) return bytes[at] === kind ? heldValues(bytes, kind, at, length, end) : []
    at += length
  }
  return []
}

function heldValues(bytes: Uint8Array, kind: number, at: number, length: number, end: number): number[] {
  if (kind === KIND_SACK) return optionValues(bytes, { kind, length: end - at, at })
  return kind === KIND_TIMESTAMPS && length === 10 && at + 6 <= end ? [readInt32(bytes, at + 2) >>> 0] : []
}

/** Whether the checksum is right; null where octets that it covers were not captured, or are a part of a datagram. */
export function checksumIsRight(packet: Packet, tcp: TcpFields): boolean | null {
  const right = rightChecksum(packet, tcp)
  return right === null ? null : right === tcp.checksum
}

/** What the checksum has to be; the one that is there where it is as good (RFC 1624 3: zero has two forms). */
export function rightChecksum(packet: Packet, tcp: TcpFields): number | null {
  const length = packet.wireEnd - tcp.at
  if (packet.end < packet.wireEnd || packet.isFragment) return null
  let sum = 6 + (length >>> 16) + (length & 0xffff)
  const { src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = packet
  const words = packet.version === 4 ? [src3, dst3] : [src0, src1, src2, src3, dst0, dst1, dst2, dst3]
  for (const word of words) sum += (word >>> 16) + (word & 0xffff)
  const rest = foldChecksum(sumWords(packet.bytes, tcp.at, length, sum))
  return rest === 0 ? tcp.checksum : foldSum(tcp.checksum + rest)
}

/** Two hexadecimal digits for each octet. */
export function hexText(octets: Uint8Array, between = ''): string {
  let text = ''
  for (const octet of octets) text += text === '' ? HEX[octet] : between + HEX[octet]
  return text
}

const HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'))
