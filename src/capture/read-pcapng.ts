/**
 * Reads pcapng of either byte order: section headers, interfaces, enhanced, simple and obsolete packets; the other
 * blocks are skipped by their length.
 *
 * Never throws and never loops: each block is at least twelve octets, must lie in the file, and must end with the
 * length that it began with. The memory is a record of fixed size for each block of the file.
 */

import {
  type CapturedPacket,
  type CaptureError,
  type CaptureFile,
  type CaptureInterface,
  captureError,
  type Direction,
  hex32,
  MAX_CAPTURED_LENGTH,
} from './capture-file.ts'
import { looksLikePcap, readPcap } from './pcap.ts'
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_OBSOLETE_PACKET,
  BLOCK_SECTION_HEADER,
  BLOCK_SIMPLE_PACKET,
  BYTE_ORDER_MAGIC,
  EPB_INBOUND,
  EPB_OUTBOUND,
  OPTION_COMMENT,
  OPTION_END,
  OPTION_EPB_FLAGS,
  OPTION_IF_NAME,
  OPTION_IF_TSOFFSET,
  OPTION_IF_TSRESOL,
} from './pcapng.ts'
import { decodeUtf8 } from './utf8.ts'

/** Reads a pcapng file. What is wrong stands in `error`, with the packets before it. */
export function readPcapng(bytes: Uint8Array): CaptureFile {
  const reader = new Reader(bytes)
  const error = reader.readBlocks()
  return { format: 'pcapng', interfaces: reader.interfaces, packets: reader.packets, error }
}

/** Reads a capture of either format, told apart by its first octets. */
export function readCapture(bytes: Uint8Array): CaptureFile {
  if (looksLikePcap(bytes)) return readPcap(bytes)
  const isSection =
    bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) === BLOCK_SECTION_HEADER
  if (isSection) return readPcapng(bytes)
  const found =
    bytes.length < 4
      ? `${bytes.length} octets`
      : hex32(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0))
  const error = captureError(0, 'the magic number of a pcap or pcapng file', found)
  return { format: 'pcap', interfaces: [], packets: [], error }
}

/** How an interface counts time: ticks of 10^-n or 2^-n seconds from an offset in seconds. */
interface Clock {
  readonly ticksPerSecond: bigint
  readonly offsetSeconds: bigint
}

/** Octets of a timed packet block between its type and length and the packet. */
const EPB_FIXED = 20

const MICROSECONDS: Clock = { ticksPerSecond: 1_000_000n, offsetSeconds: 0n }

/** The fixed part of a block, behind its type and length, by type. */
const FIXED_LENGTH: Readonly<Record<number, number>> = {
  [BLOCK_SECTION_HEADER]: 16,
  [BLOCK_INTERFACE]: 8,
  [BLOCK_OBSOLETE_PACKET]: 20,
  [BLOCK_SIMPLE_PACKET]: 4,
  [BLOCK_ENHANCED_PACKET]: 20,
}

class Reader {
  readonly interfaces: CaptureInterface[] = []
  readonly packets: CapturedPacket[] = []
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #clocks: Clock[] = []
  #littleEndian = true
  /** Index of the section's first interface; a packet counts its interfaces from here. */
  #sectionStart = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  readBlocks(): CaptureError | null {
    const size = this.#bytes.length
    if (size < 12) return captureError(0, 'a section header block', `${size} octets`)
    let at = 0
    while (at < size) {
      const left = size - at
      if (left < 12) return captureError(at, 'a block of at least 12 octets', `the end after ${left}`)
      const isSection = this.#view.getUint32(at) === BLOCK_SECTION_HEADER
      if (at === 0 && !isSection) {
        return captureError(0, 'a section header block', `block type ${hex32(this.#view.getUint32(0))}`)
      }
      const wrong = (isSection ? this.#orderAt(at) : null) ?? this.#frameAt(at)
      if (wrong !== null) return wrong
      const total = this.#u32(at + 4)
      const error = this.#block(this.#u32(at), at + 8, at + total - 4)
      if (error !== null) return error
      at += total
    }
    return null
  }

  /** A section sets the byte order of everything in it, its own length included. */
  #orderAt(at: number): CaptureError | null {
    const magic = this.#view.getUint32(at + 8, true)
    if (magic === BYTE_ORDER_MAGIC) this.#littleEndian = true
    else if (this.#view.getUint32(at + 8) === BYTE_ORDER_MAGIC) this.#littleEndian = false
    else return captureError(at + 8, `the byte-order magic ${hex32(BYTE_ORDER_MAGIC)}`, hex32(magic))
    return null
  }

  /** The block's two lengths: long enough for its fixed part, inside the file, a multiple of four, and equal. */
  #frameAt(at: number): CaptureError | null {
    const total = this.#u32(at + 4)
    const least = 12 + (FIXED_LENGTH[this.#u32(at)] ?? 0)
    if (total < least) return captureError(at + 4, `a block length of at least ${least}`, String(total))
    if (total % 4 !== 0) return captureError(at + 4, 'a block length that is a multiple of 4', String(total))
    const left = this.#bytes.length - at
    if (total > left) return captureError(at, `a block of ${total} octets`, `the end after ${left}`)
    const again = this.#u32(at + total - 4)
    if (again !== total) {
      return captureError(at + total - 4, `the block length ${total} once more`, String(again))
    }
    return null
  }

  #block(type: number, body: number, end: number): CaptureError | null {
    if (type === BLOCK_SECTION_HEADER) return this.#section(body)
    if (type === BLOCK_INTERFACE) return this.#interface(body, end)
    if (type === BLOCK_ENHANCED_PACKET) return this.#timedPacket(body, end, this.#u32(body))
    if (type === BLOCK_OBSOLETE_PACKET) return this.#timedPacket(body, end, this.#u16(body))
    if (type === BLOCK_SIMPLE_PACKET) return this.#simplePacket(body, end)
    return null
  }

  #section(body: number): CaptureError | null {
    const major = this.#u16(body + 4)
    if (major !== 1) return captureError(body + 4, 'pcapng version 1', `version ${major}`)
    this.#sectionStart = this.interfaces.length
    return null
  }

  #interface(body: number, end: number): CaptureError | null {
    let name = ''
    let ticksPerSecond = MICROSECONDS.ticksPerSecond
    let offsetSeconds = 0n
    const error = this.#options(body + 8, end, (code, at, length) => {
      if (code === OPTION_IF_NAME) name = decodeUtf8(this.#bytes, at, at + length)
      else if (code === OPTION_IF_TSRESOL && length === 1) ticksPerSecond = resolution(this.#bytes[at]!)
      else if (code === OPTION_IF_TSOFFSET && length === 8)
        offsetSeconds = this.#view.getBigInt64(at, this.#littleEndian)
    })
    if (error !== null) return error
    this.interfaces.push({ linkType: this.#u16(body), snapLength: this.#u32(body + 4), name })
    this.#clocks.push({ ticksPerSecond, offsetSeconds })
    return null
  }

  /** Enhanced and obsolete packets differ only in how they name the interface. */
  #timedPacket(body: number, end: number, interfaceNumber: number): CaptureError | null {
    const interfaceIndex = this.#sectionStart + interfaceNumber
    const description = this.interfaces[interfaceIndex]
    if (description === undefined) {
      const known = this.interfaces.length - this.#sectionStart
      return captureError(body, `an interface below ${known}`, `interface ${interfaceNumber}`)
    }
    const captured = this.#u32(body + 12)
    const wrong = this.#captured(body + 12, captured, end - body - EPB_FIXED)
    if (wrong !== null) return wrong
    const start = body + EPB_FIXED
    const comments: string[] = []
    let direction: Direction | null = null
    const optionsStart = start + ((captured + 3) & ~3)
    const error = this.#options(optionsStart, end, (code, at, length) => {
      if (code === OPTION_COMMENT) comments.push(decodeUtf8(this.#bytes, at, at + length))
      else if (code === OPTION_EPB_FLAGS && length === 4) direction = directionOf(this.#u32(at))
    })
    if (error !== null) return error
    const time = packetTime(this.#u32(body + 4), this.#u32(body + 8), this.#clocks[interfaceIndex]!)
    this.packets.push({
      at: time.at,
      restNs: time.restNs,
      linkType: description.linkType,
      interfaceIndex,
      bytes: this.#bytes.subarray(start, start + captured),
      originalLength: this.#u32(body + 16),
      direction,
      comments,
    })
    return null
  }

  /** A simple packet has no time and belongs to the section's first interface, whose snap length may have cut it. */
  #simplePacket(body: number, end: number): CaptureError | null {
    const interfaceIndex = this.#sectionStart
    const description = this.interfaces[interfaceIndex]
    if (description === undefined) return captureError(body, 'an interface before a simple packet', 'none')
    const originalLength = this.#u32(body)
    const snap = description.snapLength
    const captured = snap === 0 ? originalLength : Math.min(originalLength, snap)
    const wrong = this.#captured(body, captured, end - body - 4)
    if (wrong !== null) return wrong
    this.packets.push({
      at: 0,
      restNs: 0,
      linkType: description.linkType,
      interfaceIndex,
      bytes: this.#bytes.subarray(body + 4, body + 4 + captured),
      originalLength,
      direction: null,
      comments: [],
    })
    return null
  }

  #captured(at: number, captured: number, room: number): CaptureError | null {
    const most = Math.min(room, MAX_CAPTURED_LENGTH)
    return captured <= most
      ? null
      : captureError(at, `a captured length of at most ${most}`, String(captured))
  }

  #options(
    start: number,
    end: number,
    visit: (code: number, at: number, length: number) => void,
  ): CaptureError | null {
    let at = start
    while (at + 4 <= end) {
      const code = this.#u16(at)
      const length = this.#u16(at + 2)
      if (code === OPTION_END) return null
      if (at + 4 + length > end) {
        return captureError(at + 2, `an option of at most ${end - at - 4} octets`, String(length))
      }
      visit(code, at + 4, length)
      at += 4 + ((length + 3) & ~3)
    }
    return null
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#littleEndian)
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#littleEndian)
  }
}

function directionOf(flags: number): Direction | null {
  const bits = flags & 3
  return bits === EPB_INBOUND ? 'inbound' : bits === EPB_OUTBOUND ? 'outbound' : null
}

/** if_tsresol: a power of ten, or of two where the top bit is set. */
function resolution(octet: number): bigint {
  return octet & 0x80 ? 1n << BigInt(octet & 0x7f) : 10n ** BigInt(octet & 0x7f)
}

function packetTime(high: number, low: number, clock: Clock): { at: number; restNs: number } {
  const plain = clock.ticksPerSecond === 1_000_000n && clock.offsetSeconds === 0n
  if (plain && high < 0x200000) return { at: high * 0x100000000 + low, restNs: 0 }
  const ticks = (BigInt(high) << 32n) | BigInt(low)
  const nanoseconds = (ticks * 1_000_000_000n) / clock.ticksPerSecond + clock.offsetSeconds * 1_000_000_000n
  const restNs = Number(((nanoseconds % 1000n) + 1000n) % 1000n)
  return { at: Number((nanoseconds - BigInt(restNs)) / 1000n), restNs }
}
