/**
 * Octets of a TCP packet of which only the fields are known, as a listing or a dissection gives them. What it carried may
 * be known in part or not at all: the original length says how much there was.
 */

import type { Address } from '../wire/address.ts'
import { setAddresses } from '../wire/address.ts'
import { ipHeaderLength, writeIpHeader } from '../wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../wire/ip-header.ts'
import { TCP_CHECKSUM, TCP_HEADER_LENGTH, TCP_MAX_HEADER_LENGTH, tcpChecksum } from '../wire/tcp.ts'

export const ETHERNET_HEADER = 14
const MAX_OPTIONS = TCP_MAX_HEADER_LENGTH - TCP_HEADER_LENGTH
/** What an IPv4 header can say; offloaded segments may be longer and then say 0. */
const MAX_TOTAL_LENGTH = 0xffff

export interface KnownPacket {
  readonly source: Address
  readonly destination: Address
  readonly sourcePort: number
  readonly destinationPort: number
  /** Any numbers modulo 2^32. */
  readonly seq: number
  readonly ack: number
  /** Twelve bits: the nine of wire/segment.ts and the three reserved above them. */
  readonly flags: number
  readonly window: number
  readonly urgentPointer: number
  /** Padded with zeros to a multiple of four; octets beyond the fortieth are left out. */
  readonly options: Uint8Array
  /** Octets of text on the wire, and those that are known. */
  readonly textLength: number
  readonly text: Uint8Array
  /** null: the right one where all text is known, else 0. */
  readonly checksum: number | null
  readonly tos: number
  readonly ttl: number
  readonly identification: number
  readonly dontFragment: boolean
  readonly flowLabel: number
  /** Twelve octets of the two addresses of an Ethernet header, which is then put in front. */
  readonly ethernet: Uint8Array | null
}

export interface MadePacket {
  readonly octets: Uint8Array
  readonly originalLength: number
}

export function makePacket(known: KnownPacket): MadePacket {
  const { source, destination, ethernet, options, text } = known
  const { version } = source
  const linkLength = ethernet === null ? 0 : ETHERNET_HEADER
  const tcpAt = linkLength + ipHeaderLength(version)
  const optionLength = Math.min(MAX_OPTIONS, (options.length + 3) & ~3)
  const textAt = tcpAt + TCP_HEADER_LENGTH + optionLength
  const octets = new Uint8Array(textAt + text.length)
  const view = new DataView(octets.buffer)
  const originalLength = textAt + Math.max(known.textLength, text.length)
  if (ethernet !== null) {
    octets.set(ethernet)
    view.setUint16(12, version === 4 ? 0x0800 : 0x86dd)
  }
  const ip = new IpHeader()
  ip.version = version
  setAddresses(ip, source, destination)
  ip.protocol = PROTOCOL_TCP
  ip.tos = known.tos
  ip.ttl = known.ttl
  ip.identification = known.identification
  ip.dontFragment = known.dontFragment
  ip.flowLabel = known.flowLabel
  const total = originalLength - linkLength
  // A length that the field cannot say becomes 0; an IPv6 header says it without its own forty octets.
  const most = version === 4 ? MAX_TOTAL_LENGTH : MAX_TOTAL_LENGTH + 40
  ip.totalLength = total <= most ? total : version === 4 ? 0 : 40
  writeIpHeader(view, linkLength, ip)
  writeTcp(view, tcpAt, known, optionLength)
  octets.set(options.subarray(0, MAX_OPTIONS), tcpAt + TCP_HEADER_LENGTH)
  octets.set(text, textAt)
  const isWhole = octets.length === originalLength
  const checksum = known.checksum ?? (isWhole ? tcpChecksum(octets, ip, tcpAt, octets.length - tcpAt) : 0)
  view.setUint16(tcpAt + TCP_CHECKSUM, checksum)
  return { octets, originalLength }
}

function writeTcp(view: DataView, at: number, known: KnownPacket, optionLength: number): void {
  view.setUint16(at, known.sourcePort)
  view.setUint16(at + 2, known.destinationPort)
  view.setUint32(at + 4, known.seq)
  view.setUint32(at + 8, known.ack)
  view.setUint16(at + 12, (((TCP_HEADER_LENGTH + optionLength) / 4) << 12) | (known.flags & 0xfff))
  view.setUint16(at + 14, known.window)
  view.setUint16(at + 18, known.urgentPointer)
}
