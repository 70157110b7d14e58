/** Blocks of pcapng with everything that a reader tells of; pcapng.ts has the short forms that Elko's own captures take. */

import { parseAddress } from '../wire/address.ts'
import { type CaptureInterface, type InterfaceStatistics, MAX_CAPTURED_LENGTH } from './capture-file.ts'
import type { CaptureSecrets, CaptureSection } from './capture-notes.ts'
import * as ng from './pcapng.ts'
import type { CaptureRecord } from './record.ts'
import { MICROSECONDS, ticksOf } from './ticks.ts'
import { encodeUtf8 } from './utf8.ts'

const NANOSECONDS = 9
/** Lengths of options have 16 bits. */
const MAX_TEXT = 0xffff
/** Octets of a name resolution block at which another one begins. */
const NAMES_LIMIT = 1 << 20

type Option = readonly [code: number, value: Uint8Array]

/** Other resolutions than microseconds become nanoseconds. */
function writtenResolution({ resolution }: CaptureInterface): number {
  return resolution === MICROSECONDS ? MICROSECONDS : NANOSECONDS
}

export function sectionBlock(sections: readonly CaptureSection[]): Uint8Array {
  const [first] = sections
  const comments = sections.flatMap((section) => section.comments)
  const body = new Uint8Array(16)
  const view = new DataView(body.buffer)
  view.setUint32(0, ng.BYTE_ORDER_MAGIC, true)
  view.setUint16(4, 1, true)
  // A section length of -1 says that it is unknown.
  view.setBigInt64(8, -1n, true)
  return blockOf(ng.BLOCK_SECTION_HEADER, body, [
    ...textOptions(ng.OPTION_COMMENT, comments),
    ...textOptions(ng.OPTION_SHB_HARDWARE, [first?.hardware ?? '']),
    ...textOptions(ng.OPTION_SHB_OS, [first?.os ?? '']),
    ...textOptions(ng.OPTION_SHB_USERAPPL, [first?.application || 'Elko']),
  ])
}

export function interfaceBlock(one: CaptureInterface): Uint8Array {
  const body = new Uint8Array(8)
  const view = new DataView(body.buffer)
  view.setUint16(0, one.linkType, true)
  view.setUint32(4, one.snapLength === 0 ? MAX_CAPTURED_LENGTH : one.snapLength, true)
  const options = [
    ...textOptions(ng.OPTION_COMMENT, one.comments),
    ...textOptions(ng.OPTION_IF_NAME, [one.name]),
    ...textOptions(ng.OPTION_IF_DESCRIPTION, [one.description]),
  ]
  // The first octet says that a text follows, as libpcap takes it.
  if (one.filter !== '') options.push([ng.OPTION_IF_FILTER, encodeUtf8(`\0${one.filter}`, MAX_TEXT)])
  options.push([ng.OPTION_IF_TSRESOL, Uint8Array.of(writtenResolution(one))])
  if (one.offsetSeconds !== 0)
    options.push([ng.OPTION_IF_TSOFFSET, eight(BigInt(Math.trunc(one.offsetSeconds)))])
  return blockOf(ng.BLOCK_INTERFACE, body, options)
}

export function packetBlock(record: CaptureRecord, one: CaptureInterface): Uint8Array {
  const options = textOptions(ng.OPTION_COMMENT, record.comments)
  if (record.direction !== null) {
    const flags = record.direction === 'inbound' ? ng.EPB_INBOUND : ng.EPB_OUTBOUND
    options.push([ng.OPTION_EPB_FLAGS, Uint8Array.of(flags, 0, 0, 0)])
  }
  if (record.dropsBefore >= 0) options.push([ng.OPTION_EPB_DROPCOUNT, eight(BigInt(record.dropsBefore))])
  const body = new Uint8Array(20 + padded(record.length))
  const view = new DataView(body.buffer)
  view.setUint32(0, record.interfaceIndex, true)
  const { seconds, nanoseconds } = record
  const [high, low] = ticksOf(
    seconds - one.offsetSeconds,
    nanoseconds,
    writtenResolution(one) === NANOSECONDS,
  )
  view.setUint32(4, high, true)
  view.setUint32(8, low, true)
  view.setUint32(12, record.length, true)
  view.setUint32(16, record.originalLength, true)
  body.set(record.bytes.subarray(record.start, record.start + record.length), 20)
  return blockOf(ng.BLOCK_ENHANCED_PACKET, body, options)
}

/** null where nothing was counted. */
export function statisticsBlock(index: number, statistics: InterfaceStatistics): Uint8Array | null {
  const options: Option[] = []
  const put = (code: number, count: number | null): void => {
    if (count !== null) options.push([code, eight(BigInt(count))])
  }
  put(ng.OPTION_ISB_IFRECV, statistics.received)
  put(ng.OPTION_ISB_IFDROP, statistics.dropped)
  put(ng.OPTION_ISB_FILTERACCEPT, statistics.filterAccepted)
  put(ng.OPTION_ISB_USRDELIV, statistics.delivered)
  if (options.length === 0) return null
  const body = new Uint8Array(12)
  new DataView(body.buffer).setUint32(0, index, true)
  return blockOf(ng.BLOCK_STATISTICS, body, options)
}

export function secretsBlock({ type, octets }: CaptureSecrets): Uint8Array {
  const body = new Uint8Array(8 + padded(octets.length))
  const view = new DataView(body.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, octets.length, true)
  body.set(octets, 8)
  return blockOf(ng.BLOCK_SECRETS, body, [])
}

/** One block or more, each of records of an address and its names. */
export function namesBlock(names: ReadonlyMap<string, readonly string[]>): Uint8Array[] {
  const blocks: Uint8Array[] = []
  let records: Option[] = []
  let length = 0
  const flush = (): void => {
    if (records.length > 0) blocks.push(blockOf(ng.BLOCK_NAME_RESOLUTION, new Uint8Array(0), records))
    records = []
    length = 0
  }
  for (const [text, list] of names) {
    const address = parseAddress(text)
    if (address === null) continue
    const words = address.version === 4 ? [address.w3] : [address.w0, address.w1, address.w2, address.w3]
    const octets = words.flatMap((word) => [
      word >>> 24,
      (word >>> 16) & 0xff,
      (word >>> 8) & 0xff,
      word & 0xff,
    ])
    const value = Uint8Array.from([...octets, ...list.flatMap((name) => [...encodeUtf8(name, 1024), 0])])
    records.push([address.version === 4 ? 1 : 2, value])
    length += value.length
    if (length > NAMES_LIMIT) flush()
  }
  flush()
  return blocks
}

function textOptions(code: number, texts: readonly string[]): Option[] {
  return texts.filter((text) => text !== '').map((text) => [code, encodeUtf8(text, MAX_TEXT)])
}

/** Eight octets, little-endian. */
function eight(value: bigint): Uint8Array {
  const octets = new Uint8Array(8)
  new DataView(octets.buffer).setBigInt64(0, value, true)
  return octets
}

/** Type, length, body, options with their end, length. Records of names have the form of options, and their end. */
function blockOf(type: number, body: Uint8Array, options: readonly Option[]): Uint8Array {
  let total = 12 + body.length
  for (const [, value] of options) total += 4 + padded(value.length)
  if (options.length > 0) total += 4
  const block = new Uint8Array(total)
  const view = new DataView(block.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, total, true)
  view.setUint32(total - 4, total, true)
  block.set(body, 8)
  let at = 8 + body.length
  for (const [code, value] of options) {
    view.setUint16(at, code, true)
    view.setUint16(at + 2, value.length, true)
    block.set(value, at + 4)
    at += 4 + padded(value.length)
  }
  return block
}

function padded(length: number): number {
  return (length + 3) & ~3
}
