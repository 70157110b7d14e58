/**
 * Rewrites packets in place as middleboxes do, with checksums mended by what changed (RFC 1624), so that damage done before
 * stays visible. The transit's headers are read again afterwards.
 */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { updateChecksum16, updateChecksum32 } from '../bytes/checksum.ts'
import type { Address } from '../wire/address.ts'
import { ICMP_CHECKSUM, ICMP_QUOTE, icmpChecksum, icmpProtocol } from '../wire/icmp.ts'
import { decodeIp } from '../wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../wire/ip-header.ts'
import { IPV4_CHECKSUM, IPV4_DESTINATION, IPV4_SOURCE } from '../wire/ipv4.ts'
import { IPV6_DESTINATION, IPV6_SOURCE } from '../wire/ipv6.ts'
import { TCP_CHECKSUM, TCP_DESTINATION_PORT, TCP_HEADER_LENGTH, TCP_SOURCE_PORT } from '../wire/tcp.ts'
import { forEachTcpOption, KIND_EOL, KIND_NOP } from '../wire/tcp-options.ts'
import type { Transit } from './middlebox.ts'

/** Which end of a packet. */
export type End = 'source' | 'destination'

/** Gives a TCP packet another socket at one end. Address and packet are of one version. */
export function setSocket(transit: Transit, end: End, address: Address, port: number): void {
  const { bytes, ip } = transit
  const tcpAt = ip.payloadOffset
  setAddress(bytes, 0, ip.version, end, address, tcpAt + TCP_CHECKSUM)
  setPort(bytes, tcpAt, end, port, tcpAt + TCP_CHECKSUM)
  transit.read()
}

/** Replaces options of a TCP packet by No-Operation, as boxes do that know no better. Returns how many. */
export function blankOptions(transit: Transit, isUnwanted: (kind: number) => boolean): number {
  const { bytes, ip, segment } = transit
  const tcpAt = ip.payloadOffset
  const unwanted: { readonly at: number; readonly length: number }[] = []
  forEachTcpOption(bytes, tcpAt + TCP_HEADER_LENGTH, segment.textOffset, (kind, valueAt, length) => {
    if (kind === KIND_EOL || kind === KIND_NOP || !isUnwanted(kind)) return
    unwanted.push({ at: valueAt - 2, length: length + 2 })
  })
  if (unwanted.length === 0) return 0
  for (const { at, length } of unwanted) {
    for (let octet = at; octet < at + length; octet++) setOctet(bytes, tcpAt, octet, KIND_NOP)
  }
  transit.read()
  return unwanted.length
}

/** What an ICMP error quotes: a TCP packet's sockets. */
export interface Quote {
  readonly ip: IpHeader
  readonly srcPort: number
  readonly dstPort: number
}

/** Reads the quote of an ICMP error about TCP, or null where the packet is something else. */
export function quoteOf(transit: Transit): Quote | null {
  const { bytes, length, ip } = transit
  if (!transit.isIp || ip.protocol !== icmpProtocol(ip.version)) return null
  const at = ip.payloadOffset + ICMP_QUOTE
  const quoted = new IpHeader()
  // Errors quote the beginning of a packet, whose own length says more than is there.
  if (at + 20 > length || decodeIp(bytes, at, length - at, quoted, false, 0xffff) !== 'ok') return null
  const tcpAt = quoted.payloadOffset
  if (quoted.protocol !== PROTOCOL_TCP || tcpAt + 8 > length) return null
  return { ip: quoted, srcPort: readUint16(bytes, tcpAt), dstPort: readUint16(bytes, tcpAt + 2) }
}

/** Translates an ICMP error back to the sender of what it quotes: outer destination and quoted source (RFC 5508 4). */
export function setQuotedSource(transit: Transit, quote: Quote, address: Address, port: number): void {
  const { bytes, ip } = transit
  const at = ip.payloadOffset
  const quoteAt = at + ICMP_QUOTE
  // Nobody verifies the checksum of a quoted segment, most of which is missing: it keeps its old one.
  setAddress(bytes, quoteAt, ip.version, 'source', address, -1)
  setPort(bytes, quote.ip.payloadOffset, 'source', port, -1)
  setAddress(bytes, 0, ip.version, 'destination', address, -1)
  transit.read()
  bytes[at + ICMP_CHECKSUM] = 0
  bytes[at + ICMP_CHECKSUM + 1] = 0
  writeUint16(bytes, at + ICMP_CHECKSUM, icmpChecksum(bytes, transit.ip, at, ip.payloadLength))
}

/** @param checksumAt of the transport that covers the address, too; -1: none does. */
function setAddress(
  bytes: Uint8Array,
  ipAt: number,
  version: number,
  end: End,
  { w0, w1, w2, w3 }: Address,
  checksumAt: number,
): void {
  if (version === 4) {
    const at = ipAt + (end === 'source' ? IPV4_SOURCE : IPV4_DESTINATION)
    mend32(bytes, ipAt + IPV4_CHECKSUM, readInt32(bytes, at), w3)
    if (checksumAt >= 0) mend32(bytes, checksumAt, readInt32(bytes, at), w3)
    writeInt32(bytes, at, w3)
    return
  }
  const at = ipAt + (end === 'source' ? IPV6_SOURCE : IPV6_DESTINATION)
  for (const [i, word] of [w0, w1, w2, w3].entries()) {
    if (checksumAt >= 0) mend32(bytes, checksumAt, readInt32(bytes, at + 4 * i), word)
    writeInt32(bytes, at + 4 * i, word)
  }
}

function setPort(bytes: Uint8Array, tcpAt: number, end: End, port: number, checksumAt: number): void {
  const at = tcpAt + (end === 'source' ? TCP_SOURCE_PORT : TCP_DESTINATION_PORT)
  if (checksumAt >= 0) mend16(bytes, checksumAt, readUint16(bytes, at), port)
  writeUint16(bytes, at, port)
}

/** One octet of a TCP header; the checksum is over 16-bit words from its start. */
function setOctet(bytes: Uint8Array, tcpAt: number, at: number, value: number): void {
  const wordAt = at - ((at - tcpAt) & 1)
  const before = readUint16(bytes, wordAt)
  bytes[at] = value
  mend16(bytes, tcpAt + TCP_CHECKSUM, before, readUint16(bytes, wordAt))
}

function mend16(bytes: Uint8Array, checksumAt: number, before: number, after: number): void {
  writeUint16(bytes, checksumAt, updateChecksum16(readUint16(bytes, checksumAt), before, after))
}

function mend32(bytes: Uint8Array, checksumAt: number, before: number, after: number): void {
  writeUint16(bytes, checksumAt, updateChecksum32(readUint16(bytes, checksumAt), before, after))
}

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  writeUint16(bytes, at, value >>> 16)
  writeUint16(bytes, at + 2, value)
}
