/** Wireshark's fields of frames and link layers: frame, eth, vlan, sll. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import type { CaptureInterface } from '../capture/capture-file.ts'
import * as codes from '../dissect/layer-codes.ts'
import { hexText } from '../dissect/tcp-details.ts'
import * as links from '../wire/linktype.ts'
import type { FrameFields, FrameView } from './field.ts'
import { etherText, fieldsOf, isEthernet, isVlan } from './field-layers.ts'
import { protocolNames } from './protocol-names.ts'

/** Wireshark's numbers of link types, which are its own. */
const ENCAPSULATIONS: ReadonlyMap<number, number> = new Map([
  [links.LINKTYPE_ETHERNET, 1],
  [links.LINKTYPE_PPP, 4],
  [links.LINKTYPE_FDDI, 6],
  [links.LINKTYPE_RAW, 7],
  [links.LINKTYPE_RAW_BSD, 7],
  [links.LINKTYPE_RAW_OPENBSD, 7],
  [links.LINKTYPE_ARCNET, 8],
  [links.LINKTYPE_ARCNET_LINUX, 9],
  [links.LINKTYPE_NULL, 15],
  [links.LINKTYPE_LOOP, 15],
  [links.LINKTYPE_LINUX_SLL, 25],
  [links.LINKTYPE_CHDLC, 28],
  [links.LINKTYPE_IEEE802_11, 20],
  [links.LINKTYPE_IEEE802_11_RADIOTAP, 23],
  [links.LINKTYPE_IPV4, 129],
  [links.LINKTYPE_IPV6, 130],
  [links.LINKTYPE_IPOIB, 180],
  [links.LINKTYPE_LINUX_SLL2, 210],
])

/** Comments end at the first zero, whatever their length says. */
const upToZero = (text: string): string => text.split('\0', 1)[0]!

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const SECONDS_OF_DAY = 86_400

/** `Nov 21, 2026 20:46:05.000000000 UTC`. */
function dateText(seconds: number, nanoseconds: number): string {
  const day = Math.floor(seconds / SECONDS_OF_DAY)
  const rest = seconds - day * SECONDS_OF_DAY
  // Days since the epoch to the calendar, by years that begin in March, so that the leap day comes last.
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const years = ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)
  const yearOfEra = Math.floor(years / 365)
  const ofYear = ofEra - (365 * yearOfEra + (yearOfEra >> 2) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153)
  const month = (shiftedMonth + 2) % 12
  const dayOfMonth = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)
  const two = (value: number): string => String(value).padStart(2, '0')
  const time = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`
  const fraction = String(nanoseconds).padStart(9, '0')
  return `${MONTHS[month]} ${String(dayOfMonth).padStart(2)}, ${year} ${time}.${fraction} UTC`
}

/** What pcapng says of the interface; other formats have none. */
function interfaceOf({ record, file }: FrameView): CaptureInterface | null {
  if (record === undefined || file === undefined || file.format !== 'pcapng') return null
  return file.interfaces[record.interfaceIndex] ?? null
}

export const MORE_FRAME_FIELDS: FrameFields = {
  'frame.time': { kind: 'date', read: ({ packet }) => dateText(packet.seconds, packet.nanoseconds) },
  'frame.time_delta': { kind: 'time', read: ({ times }) => (times ? String(times.sinceLast) : null) },
  'frame.time_relative': { kind: 'time', read: ({ times }) => (times ? String(times.sinceFirst) : null) },
  'frame.comment': { kind: 'text', read: ({ record }) => record?.comments.map(upToZero) ?? null },
  'frame.interface_id': {
    kind: 'number',
    read: (view) => (interfaceOf(view) === null ? null : view.record!.interfaceIndex),
  },
  'frame.interface_name': {
    kind: 'text',
    read: (view) => {
      const known = interfaceOf(view)
      return known && (known.name || known.description || 'unknown')
    },
  },
  'frame.interface_description': { kind: 'text', read: (view) => interfaceOf(view)?.description || null },
  'frame.protocols': { kind: 'text', read: ({ packet }) => protocolNames(packet) },
  'frame.encap_type': { kind: 'number', read: ({ packet }) => ENCAPSULATIONS.get(packet.linkType) ?? null },
  'frame.marked': { kind: 'boolean', read: () => 0 },
  'frame.ignored': { kind: 'boolean', read: () => 0 },
}

const inEthernet = fieldsOf(isEthernet, 14)
const inVlan = fieldsOf(isVlan, 4)

/** A type up to this is a length (IEEE 802.3). */
const MOST_LENGTH = 1500
const LEAST_TYPE = codes.LEAST_ETHERTYPE

export const ETHERNET_FIELDS: FrameFields = {
  'eth.addr': inEthernet('ether', (bytes, at) => [etherText(bytes, at), etherText(bytes, at + 6)]),
  'eth.type': inEthernet('hex4', (bytes, at) => {
    const type = readUint16(bytes, at + 12)
    return type >= LEAST_TYPE ? type : null
  }),
  'eth.len': inEthernet('number', (bytes, at) => {
    const length = readUint16(bytes, at + 12)
    return length <= MOST_LENGTH ? length : null
  }),
  'eth.dst.lg': inEthernet('boolean', (bytes, at) => (bytes[at]! >> 1) & 1),
  'eth.dst.ig': inEthernet('boolean', (bytes, at) => bytes[at]! & 1),
  'eth.src.lg': inEthernet('boolean', (bytes, at) => (bytes[at + 6]! >> 1) & 1),
  'eth.src.ig': inEthernet('boolean', (bytes, at) => bytes[at + 6]! & 1),
  'eth.lg': inEthernet('boolean', (bytes, at) => [(bytes[at]! >> 1) & 1, (bytes[at + 6]! >> 1) & 1]),
  'eth.ig': inEthernet('boolean', (bytes, at) => [bytes[at]! & 1, bytes[at + 6]! & 1]),
  'vlan.priority': inVlan('number', (bytes, at) => bytes[at]! >> 5),
  'vlan.dei': inVlan('boolean', (bytes, at) => (bytes[at]! >> 4) & 1),
  'vlan.etype': inVlan('hex4', (bytes, at) => {
    const type = readUint16(bytes, at + 2)
    return type >= LEAST_TYPE ? type : null
  }),
  'vlan.len': inVlan('number', (bytes, at) => {
    const length = readUint16(bytes, at + 2)
    return length <= MOST_LENGTH ? length : null
  }),
}

const SLL = codes.LINK + links.LINKTYPE_LINUX_SLL
const SLL2 = codes.LINK + links.LINKTYPE_LINUX_SLL2
const inSll2 = fieldsOf((code) => code === SLL2, 20)

/** SLL and SLL2 say the same in different places. @param read of a header whose address starts so far behind its length. */
function inSll(
  ...[kind, v1, v2]: [...Parameters<typeof inSll2>, Parameters<typeof inSll2>[1]]
): FrameFields[string] {
  const first = fieldsOf((code) => code === SLL, 16)(kind, v1)
  const second = inSll2(kind, v2)
  return {
    kind,
    read: (view) => [first.read(view), second.read(view)].flat().filter((value) => value !== null),
  }
}

/** Octets of an Ethernet address. */
const ETHER_LENGTH = 6

export const SLL_FIELDS: FrameFields = {
  'sll.pkttype': inSll(
    'number',
    (bytes, at) => readUint16(bytes, at),
    (bytes, at) => bytes[at + 10]!,
  ),
  'sll.hatype': inSll(
    'number',
    (bytes, at) => readUint16(bytes, at + 2),
    (bytes, at) => readUint16(bytes, at + 8),
  ),
  'sll.halen': inSll(
    'number',
    (bytes, at) => readUint16(bytes, at + 4),
    (bytes, at) => bytes[at + 11]!,
  ),
  'sll.src.eth': inSll(
    'ether',
    (bytes, at) => (readUint16(bytes, at + 4) === ETHER_LENGTH ? etherText(bytes, at + 6) : null),
    (bytes, at) => (bytes[at + 11] === ETHER_LENGTH ? etherText(bytes, at + 12) : null),
  ),
  'sll.etype': inSll(
    'hex4',
    (bytes, at) => typeOf(readUint16(bytes, at + 14)),
    (bytes, at) => typeOf(readUint16(bytes, at)),
  ),
  'sll.unused': inSll(
    'octets',
    (bytes, at) =>
      readUint16(bytes, at + 4) === ETHER_LENGTH ? hexText(bytes.subarray(at + 12, at + 14)) : null,
    (bytes, at) => (bytes[at + 11] === ETHER_LENGTH ? hexText(bytes.subarray(at + 18, at + 20)) : null),
  ),
  'sll.ifindex': inSll2('number', (bytes, at) => readInt32(bytes, at + 4) >>> 0),
}

function typeOf(type: number): number | null {
  return type >= LEAST_TYPE ? type : null
}
