/**
 * Writes pcapng (draft-ietf-opsawg-pcapng): pure functions that return blocks as octets, for any sink.
 *
 *   type | total length | body, padded to 32 bits | options | total length
 *
 * A file is one section header, an interface block for each interface in the order of their indices, then packets.
 * Interfaces may be added later, too; their indices count on. Everything is little-endian with µs times.
 */

import { joined } from '../bytes/join.ts'
import { type Direction, LINKTYPE_RAW, MAX_CAPTURED_LENGTH } from './capture-file.ts'
import { encodeUtf8 } from './utf8.ts'

export const BLOCK_SECTION_HEADER = 0x0a0d0d0a
export const BLOCK_INTERFACE = 1
export const BLOCK_OBSOLETE_PACKET = 2
export const BLOCK_SIMPLE_PACKET = 3
export const BLOCK_NAME_RESOLUTION = 4
export const BLOCK_STATISTICS = 5
export const BLOCK_ENHANCED_PACKET = 6
export const BLOCK_SECRETS = 10
/** Custom blocks: the second may not be copied by who does not know it. */
export const BLOCK_CUSTOM = 0xbad
export const BLOCK_CUSTOM_NOT_COPIED = 0x4000_0bad
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d

export const OPTION_END = 0
export const OPTION_COMMENT = 1
export const OPTION_IF_NAME = 2
export const OPTION_IF_DESCRIPTION = 3
export const OPTION_IF_FILTER = 11
export const OPTION_IF_TSRESOL = 9
export const OPTION_IF_TSOFFSET = 14
export const OPTION_EPB_FLAGS = 2
export const OPTION_EPB_DROPCOUNT = 4
export const OPTION_SHB_HARDWARE = 2
export const OPTION_SHB_OS = 3
export const OPTION_SHB_USERAPPL = 4
export const OPTION_ISB_IFRECV = 4
export const OPTION_ISB_IFDROP = 5
export const OPTION_ISB_FILTERACCEPT = 6
export const OPTION_ISB_OSDROP = 7
export const OPTION_ISB_USRDELIV = 8
/** Custom options: UTF-8 and octets, and the two of each that may not be copied. */
export const OPTION_CUSTOM_TEXT = 2988
export const OPTION_CUSTOM_OCTETS = 2989
export const OPTION_CUSTOM_TEXT_NOT_COPIED = 19372
export const OPTION_CUSTOM_OCTETS_NOT_COPIED = 19373

/** Bits 0 and 1 of epb_flags. */
export const EPB_INBOUND = 1
export const EPB_OUTBOUND = 2

/** A comment longer than this is cut: the format allows 65535, a reader's eye far less. */
const MAX_TEXT = 4096
const BLOCK_OVERHEAD = 12
const EPB_FIXED = 20

export interface PcapngInterface {
  readonly name: string
  /** Default LINKTYPE_RAW. */
  readonly linkType?: number
}

export interface PcapngPacketOptions {
  /** Why the packet was sent, or what happened to it. At most 4096 octets are kept. */
  readonly comment?: string
  readonly direction?: Direction
}

/** The section header and the blocks of the interfaces 0, 1, ... */
export function pcapngHeader(interfaces: readonly PcapngInterface[] = [], application = 'Elko'): Uint8Array {
  return joined([sectionHeader(application), ...interfaces.map(pcapngInterface)])
}

/** The block of one interface more. Times are in microseconds (if_tsresol 6). */
export function pcapngInterface(description: PcapngInterface): Uint8Array {
  const name = encodeUtf8(description.name, MAX_TEXT)
  const length = BLOCK_OVERHEAD + 8 + optionSize(name.length) + optionSize(1) + 4
  const [block, view] = newBlock(BLOCK_INTERFACE, length)
  view.setUint16(8, description.linkType ?? LINKTYPE_RAW, true)
  view.setUint32(12, MAX_CAPTURED_LENGTH, true)
  let at = putOption(block, view, 16, OPTION_IF_NAME, name)
  at = putOption(block, view, at, OPTION_IF_TSRESOL, Uint8Array.of(6))
  return block
}

/**
 * One enhanced packet block.
 * @param at microseconds since the epoch, 0 to 2^53 - 1.
 * @param length octets from `offset`, at most MAX_CAPTURED_LENGTH; the rest is cut and the original length says so.
 */
export function pcapngPacket(
  interfaceIndex: number,
  at: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  options: PcapngPacketOptions = {},
): Uint8Array {
  const captured = Math.min(length, MAX_CAPTURED_LENGTH)
  const comment = options.comment ? encodeUtf8(options.comment, MAX_TEXT) : null
  const hasOptions = comment !== null || options.direction !== undefined
  const total =
    BLOCK_OVERHEAD +
    EPB_FIXED +
    padded(captured) +
    (comment === null ? 0 : optionSize(comment.length)) +
    (options.direction === undefined ? 0 : optionSize(4)) +
    (hasOptions ? 4 : 0)
  const [block, view] = newBlock(BLOCK_ENHANCED_PACKET, total)
  view.setUint32(8, interfaceIndex, true)
  view.setUint32(12, Math.floor(at / 0x100000000), true)
  view.setUint32(16, at % 0x100000000, true)
  view.setUint32(20, captured, true)
  view.setUint32(24, length, true)
  block.set(bytes.subarray(offset, offset + captured), 28)
  let next = 28 + padded(captured)
  if (comment !== null) next = putOption(block, view, next, OPTION_COMMENT, comment)
  if (options.direction !== undefined) {
    const flags = options.direction === 'inbound' ? EPB_INBOUND : EPB_OUTBOUND
    putOption(block, view, next, OPTION_EPB_FLAGS, Uint8Array.of(flags, 0, 0, 0))
  }
  return block
}

function sectionHeader(application: string): Uint8Array {
  const text = encodeUtf8(application, MAX_TEXT)
  const [block, view] = newBlock(BLOCK_SECTION_HEADER, BLOCK_OVERHEAD + 16 + optionSize(text.length) + 4)
  view.setUint32(8, BYTE_ORDER_MAGIC, true)
  view.setUint16(12, 1, true)
  view.setUint16(14, 0, true)
  // A section length of -1 says that it is unknown, as a writer to a stream must.
  view.setInt32(16, -1, true)
  view.setInt32(20, -1, true)
  putOption(block, view, 24, OPTION_SHB_USERAPPL, text)
  return block
}

/** A zeroed block with its type and both total lengths; zeroes behind the options are the end-of-options. */
function newBlock(type: number, total: number): [Uint8Array, DataView] {
  const block = new Uint8Array(total)
  const view = new DataView(block.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, total, true)
  view.setUint32(total - 4, total, true)
  return [block, view]
}

function putOption(block: Uint8Array, view: DataView, at: number, code: number, value: Uint8Array): number {
  view.setUint16(at, code, true)
  view.setUint16(at + 2, value.length, true)
  block.set(value, at + 4)
  return at + optionSize(value.length)
}

function optionSize(length: number): number {
  return 4 + padded(length)
}

function padded(length: number): number {
  return (length + 3) & ~3
}
