/** Which octets of a packet are which field: what a dump of them shows, and what it is linked with. */

import { readInt32, readUint16 } from '../../bytes/big-endian.ts'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../../dissect/layer-codes.ts'
import { hexText } from '../../dissect/tcp-details.ts'
import { etherText, ipv4Text, ipv6Text } from '../../flows/field-layers.ts'
import { counted } from '../../trace/counted.ts'
import type { PacketOctets } from '../../trace/packed-packets.ts'
import { controlNames } from '../../trace/segment-text.ts'
import { forEachTcpOption, TCP_OPTION_NAMES } from '../../wire/tcp-options.ts'

export interface OctetField {
  readonly name: string
  readonly value: string
  /** From the start of the packet. */
  readonly from: number
  readonly to: number
  /** The line of the details that says the same (message-details.ts). */
  readonly detail?: string
}

type Read = (octets: Uint8Array, at: number) => string
/** A field of a header: its octets, what it is, what it says, and its line in the details. */
type Row = readonly [length: number, name: string, value: Read, detail?: string]

/** The fields in order, without gaps, as far as octets are there. */
export function octetFields({ octets, ipAt, tcpAt, textAt }: PacketOctets): OctetField[] {
  const fields: OctetField[] = []
  const put = (name: string, to: number, value: string, detail?: string): void => {
    const from = fields.at(-1)?.to ?? 0
    const end = Math.min(to, octets.length)
    if (end > from) fields.push({ name, value, from, to: end, ...(detail !== undefined && { detail }) })
  }
  const header = (rows: readonly Row[], at: number): void => {
    let from = at
    for (const [length, name, value, detail] of rows) {
      if (from + length <= octets.length) put(name, from + length, value(octets, from), detail)
      from += length
    }
  }
  if (ipAt >= 0 && tcpAt > ipAt) {
    const isEthernet =
      ipAt === ETHERNET_LENGTH && ETHERTYPES.includes(readUint16(octets, ETHERNET_LENGTH - 2))
    if (isEthernet) header(ETHERNET, 0)
    put('Headers of the link', ipAt, counted(ipAt, 'octet'))
    header(octets[ipAt]! >> 4 === 6 ? IPV6 : IPV4, ipAt)
    put('IP options or extension headers', tcpAt, '')
    header(TCP, tcpAt)
    const optionsEnd = Math.min(textAt, octets.length)
    forEachTcpOption(octets, tcpAt + TCP_LENGTH, optionsEnd, (kind, value, length) => {
      const words = TCP_OPTION_NAMES[kind] ?? `kind ${kind}`
      put(`Option ${words}`, value + length, optionText(octets, value, length), 'Options')
    })
    put('Options', textAt, 'not understood', 'Options')
    const textEnd = endOfText(octets, ipAt)
    put('Text', textEnd, counted(Math.max(0, textEnd - textAt), 'octet'), 'Length')
  }
  const left = octets.length - (fields.at(-1)?.to ?? 0)
  put(fields.length === 0 ? 'Packet' : 'Behind the IP packet', octets.length, counted(left, 'octet'))
  return fields
}

const ETHERNET_LENGTH = 14
const ETHERTYPES: readonly number[] = [ETHERTYPE_IPV4, ETHERTYPE_IPV6]
const TCP_LENGTH = 20

const octet: Read = (octets, at) => String(octets[at])
const number16: Read = (octets, at) => String(readUint16(octets, at))
const number32: Read = (octets, at) => String(readInt32(octets, at) >>> 0)
const hex16: Read = (octets, at) => `0x${readUint16(octets, at).toString(16).padStart(4, '0')}`

const ETHERNET: readonly Row[] = [
  [6, 'Ethernet destination', etherText],
  [6, 'Ethernet source', etherText],
  [2, 'Ethernet type', hex16],
]
const IPV4: readonly Row[] = [
  [
    1,
    'IP version and header length',
    (octets, at) => `${octets[at]! >> 4}, ${(octets[at]! & 15) * 4} octets`,
  ],
  [1, 'DSCP and ECN', (octets, at) => `${octets[at]! >> 2}, ${octets[at]! & 3}`],
  [2, 'IP total length', number16],
  [2, 'IP identification', hex16],
  [2, 'IP flags and fragment offset', fragmentText],
  [1, 'TTL', octet],
  [1, 'IP protocol', octet],
  [2, 'IP header checksum', hex16],
  [4, 'Source address', ipv4Text],
  [4, 'Destination address', ipv4Text],
]
const IPV6: readonly Row[] = [
  [4, 'IP version, traffic class, flow label', (octets, at) => `0x${hexText(octets.subarray(at, at + 4))}`],
  [2, 'IPv6 payload length', number16],
  [1, 'IPv6 next header', octet],
  [1, 'Hop limit', octet],
  [16, 'Source address', ipv6Text],
  [16, 'Destination address', ipv6Text],
]
const TCP: readonly Row[] = [
  [2, 'Source port', number16, 'Ports'],
  [2, 'Destination port', number16, 'Ports'],
  [4, 'Sequence number', number32, 'Sequence number'],
  [4, 'Acknowledgment number', number32, 'Acknowledgment'],
  [2, 'Data offset and flags', flagsText, 'Flags'],
  [2, 'Window', number16, 'Window'],
  [2, 'TCP checksum', hex16],
  [2, 'Urgent pointer', number16, 'Urgent pointer'],
]

function fragmentText(octets: Uint8Array, at: number): string {
  const word = readUint16(octets, at)
  const flags = [(word & 0x4000) === 0 ? '' : 'DF', (word & 0x2000) === 0 ? '' : 'MF']
  return [...flags, `offset ${(word & 0x1fff) * 8}`].filter((part) => part !== '').join(', ')
}

function flagsText(octets: Uint8Array, at: number): string {
  const word = readUint16(octets, at)
  return `${(word >> 12) * 4} octets of header, ${controlNames(word & 0x1ff) || 'no flags'}`
}

/** Up to eight octets are shown as numbers of two or four octets, or one; more as they are. */
function optionText(octets: Uint8Array, at: number, length: number): string {
  if (length === 0) return ''
  if (length === 1) return octet(octets, at)
  if (length === 2) return number16(octets, at)
  if (length % 4 !== 0) return `0x${hexText(octets.subarray(at, at + length))}`
  return Array.from({ length: length / 4 }, (_, k) => number32(octets, at + 4 * k)).join(' ')
}

/** Where the IP packet ends by its own words; a card that splits segments later leaves the length out. */
function endOfText(octets: Uint8Array, ipAt: number): number {
  if (octets[ipAt]! >> 4 === 6) {
    const length = readUint16(octets, ipAt + 4)
    return length === 0 ? octets.length : ipAt + 40 + length
  }
  const length = readUint16(octets, ipAt + 2)
  return length === 0 ? octets.length : ipAt + length
}
