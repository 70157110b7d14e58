/** What pcapng says beside its packets: sections, interfaces and their counters, names of addresses, secrets. */

import { Address, formatAddress } from '../wire/address.ts'
import { MAPPED_PREFIX } from '../wire/ip-header.ts'
import { type CaptureError, NO_COMMENTS } from './capture-file.ts'
import { type CaptureNotes, withComment } from './capture-notes.ts'
import * as ng from './pcapng.ts'
import { SectionInterface } from './pcapng-interface.ts'
import type { PcapngOctets } from './pcapng-octets.ts'
import { MICROSECONDS } from './ticks.ts'

/** Types of records in a name resolution block. */
const NAMES_END = 0
const NAMES_IPV4 = 1
const NAMES_IPV6 = 2

export function readSection(
  octets: PcapngOctets,
  body: number,
  end: number,
  notes: CaptureNotes,
): CaptureError | null {
  const major = octets.u16(body + 4)
  if (major !== 1) return octets.error(body + 4, 'pcapng version 1', `version ${major}`)
  let [hardware, os, application] = ['', '', '']
  let comments = NO_COMMENTS
  const error = octets.options(body + 16, end, notes, (code, at, length) => {
    const text = octets.text(at, at + length)
    if (code === ng.OPTION_COMMENT) comments = withComment(comments, text)
    else if (code === ng.OPTION_SHB_HARDWARE) hardware = text
    else if (code === ng.OPTION_SHB_OS) os = text
    else if (code === ng.OPTION_SHB_USERAPPL) application = text
  })
  if (error === null) notes.addSection({ hardware, os, application, comments })
  return error
}

export function readInterface(
  octets: PcapngOctets,
  body: number,
  end: number,
  interfaces: SectionInterface[],
  notes: CaptureNotes,
): CaptureError | null {
  let [name, description, filter] = ['', '', '']
  let comments = NO_COMMENTS
  let resolution = MICROSECONDS
  let offsetSeconds = 0
  const error = octets.options(body + 8, end, notes, (code, at, length) => {
    if (code === ng.OPTION_IF_NAME) name = octets.text(at, at + length)
    else if (code === ng.OPTION_IF_DESCRIPTION) description = octets.text(at, at + length)
    else if (code === ng.OPTION_COMMENT) comments = withComment(comments, octets.text(at, at + length))
    // Its first octet says what follows: 0, a filter as libpcap's text; others are programs.
    else if (code === ng.OPTION_IF_FILTER && length > 1 && octets.bytes[at] === 0)
      filter = octets.text(at + 1, at + length)
    else if (code === ng.OPTION_IF_TSRESOL && length === 1) resolution = octets.bytes[at]!
    else if (code === ng.OPTION_IF_TSOFFSET && length === 8) offsetSeconds = octets.i64(at)
  })
  if (error !== null) return error
  const [linkType, snapLength] = [octets.u16(body), octets.u32(body + 4)]
  interfaces.push(
    new SectionInterface({
      linkType,
      snapLength,
      name,
      description,
      filter,
      comments,
      resolution,
      offsetSeconds,
    }),
  )
  return null
}

export function readStatistics(
  octets: PcapngOctets,
  options: number,
  end: number,
  description: SectionInterface,
  notes: CaptureNotes,
): CaptureError | null {
  const counts = new Map<number, number>()
  const error = octets.options(options, end, notes, (code, at, length) => {
    if (length === 8) counts.set(code, octets.u64(at))
  })
  if (error !== null) return error
  const [atInterface, behindIt] = [counts.get(ng.OPTION_ISB_IFDROP), counts.get(ng.OPTION_ISB_OSDROP)]
  const isKnown = atInterface !== undefined || behindIt !== undefined
  description.tell({
    received: counts.get(ng.OPTION_ISB_IFRECV) ?? null,
    dropped: isKnown ? (atInterface ?? 0) + (behindIt ?? 0) : null,
    filterAccepted: counts.get(ng.OPTION_ISB_FILTERACCEPT) ?? null,
    delivered: counts.get(ng.OPTION_ISB_USRDELIV) ?? null,
  })
  return null
}

/** Records of an address and the names that belong to it, each ended by a zero; records of unknown types are passed over. */
export function readNames(
  octets: PcapngOctets,
  body: number,
  end: number,
  notes: CaptureNotes,
): CaptureError | null {
  for (let at = body; at + 4 <= end; ) {
    const type = octets.u16(at)
    const length = octets.u16(at + 2)
    if (type === NAMES_END) return null
    if (at + 4 + length > end) {
      return octets.error(at + 2, `a record of at most ${end - at - 4} octets`, String(length))
    }
    const addressLength = type === NAMES_IPV4 ? 4 : type === NAMES_IPV6 ? 16 : 0
    if (length < addressLength) {
      return octets.error(at + 2, `a record of at least ${addressLength} octets`, String(length))
    }
    if (addressLength > 0) addNames(octets, at + 4, addressLength, at + 4 + length, notes)
    at += 4 + ((length + 3) & ~3)
  }
  return null
}

function addNames(
  octets: PcapngOctets,
  at: number,
  addressLength: number,
  end: number,
  notes: CaptureNotes,
): void {
  const { view, bytes } = octets
  const word = (k: number): number => view.getInt32(at + 4 * k)
  const address =
    addressLength === 4
      ? new Address(4, 0, 0, MAPPED_PREFIX, word(0))
      : new Address(6, word(0), word(1), word(2), word(3))
  const text = formatAddress(address)
  for (let start = at + addressLength; start < end; ) {
    const zero = bytes.indexOf(0, start)
    const stop = zero < 0 || zero > end ? end : zero
    if (stop > start) notes.addName(text, octets.text(start, stop))
    start = stop + 1
  }
}

export function readSecrets(
  octets: PcapngOctets,
  body: number,
  end: number,
  notes: CaptureNotes,
): CaptureError | null {
  const length = octets.u32(body + 4)
  const most = end - body - 8
  if (length > most) return octets.error(body + 4, `at most ${most} octets of secrets`, String(length))
  const start = body + 8
  notes.addSecrets(octets.u32(body), octets.base + body - 8, octets.bytes.subarray(start, start + length))
  return null
}
