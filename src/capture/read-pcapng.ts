/**
 * Reads pcapng (pcapng.ts) of either byte order: section headers, interfaces, enhanced, simple and obsolete packets; the
 * other blocks are skipped by their length.
 *
 * Never throws and never loops: each block is at least twelve octets, must lie in the file, and must end with the
 * length that it began with.
 */

import {
  type CaptureError,
  type CaptureInterface,
  captureError,
  type Direction,
  hex32,
  MAX_CAPTURED_LENGTH,
} from './capture-file.ts'
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
import type { CaptureRecord, RecordCallback, Window } from './record.ts'
import { type Clock, clockOf, MICROSECONDS, setTime } from './ticks.ts'
import { decodeUtf8 } from './utf8.ts'

/** Type and two lengths. */
const LEAST_BLOCK = 12
/** A longer block is damage: it would have to be in memory as a whole. */
const MAX_BLOCK = 64 * 1024 * 1024
/** Octets of a timed packet block between its type and length and the packet. */
const EPB_FIXED = 20

const NO_COMMENTS: readonly string[] = []

/** The fixed part of a block, behind its type and length, by type. */
const FIXED_LENGTH: Readonly<Record<number, number>> = {
  [BLOCK_SECTION_HEADER]: 16,
  [BLOCK_INTERFACE]: 8,
  [BLOCK_OBSOLETE_PACKET]: EPB_FIXED,
  [BLOCK_SIMPLE_PACKET]: 4,
  [BLOCK_ENHANCED_PACKET]: EPB_FIXED,
}

export class PcapngParser {
  readonly format = 'pcapng'
  readonly interfaces: CaptureInterface[] = []
  /** Octets that the next step wants to see at least. */
  needed = LEAST_BLOCK
  readonly #clocks: Clock[] = []
  #littleEndian = true
  /** Index of the section's first interface; a packet counts its interfaces from here. */
  #sectionStart = 0
  #isFirst = true
  #bytes!: Uint8Array
  #view!: DataView
  /** Place in the file of octet 0 of the window. */
  #base = 0

  /** Reads all whole blocks of the window. */
  parse(window: Window, record: CaptureRecord, onRecord: RecordCallback): CaptureError | null {
    this.#bytes = window.bytes
    this.#view = window.view
    this.#base = window.base
    record.bytes = window.bytes
    record.view = window.view
    for (;;) {
      const at = window.start
      const left = window.end - at
      this.needed = LEAST_BLOCK
      if (left < LEAST_BLOCK) return window.isLast ? this.#tooShort(at, left) : null
      const unframed = this.#frame(at)
      if (unframed !== null) return unframed
      const total = this.needed
      if (left < total) {
        return window.isLast ? this.#error(at, `a block of ${total} octets`, `the end after ${left}`) : null
      }
      const again = this.#u32(at + total - 4)
      if (again !== total) {
        return this.#error(at + total - 4, `the block length ${total} once more`, String(again))
      }
      const error = this.#block(this.#u32(at), at + 8, at + total - 4, record, onRecord)
      if (error !== null) return error
      window.start = at + total
    }
  }

  #tooShort(at: number, left: number): CaptureError | null {
    if (this.#isFirst) return this.#error(at, 'a section header block', `${left} octets`)
    if (left === 0) return null
    return this.#error(at, `a block of at least ${LEAST_BLOCK} octets`, `the end after ${left}`)
  }

  /** Sets `needed` to the block's length: long enough for its fixed part, and a multiple of four. */
  #frame(at: number): CaptureError | null {
    const type = this.#view.getUint32(at)
    if (type === BLOCK_SECTION_HEADER) {
      const error = this.#order(at)
      if (error !== null) return error
    } else if (this.#isFirst) {
      return this.#error(at, 'a section header block', `block type ${hex32(type)}`)
    }
    this.#isFirst = false
    const total = this.#u32(at + 4)
    const least = LEAST_BLOCK + (FIXED_LENGTH[this.#u32(at)] ?? 0)
    if (total < least) return this.#error(at + 4, `a block length of at least ${least}`, String(total))
    if (total > MAX_BLOCK) return this.#error(at + 4, `a block length of at most ${MAX_BLOCK}`, String(total))
    if (total % 4 !== 0) {
      return this.#error(at + 4, 'a block length that is a multiple of 4', String(total))
    }
    this.needed = total
    return null
  }

  /** A section sets the byte order of everything in it, its own length included. */
  #order(at: number): CaptureError | null {
    const magic = this.#view.getUint32(at + 8, true)
    if (magic === BYTE_ORDER_MAGIC) this.#littleEndian = true
    else if (this.#view.getUint32(at + 8) === BYTE_ORDER_MAGIC) this.#littleEndian = false
    else return this.#error(at + 8, `the byte-order magic ${hex32(BYTE_ORDER_MAGIC)}`, hex32(magic))
    return null
  }

  #block(
    type: number,
    body: number,
    end: number,
    record: CaptureRecord,
    onRecord: RecordCallback,
  ): CaptureError | null {
    if (type === BLOCK_ENHANCED_PACKET) {
      return this.#timedPacket(body, end, this.#u32(body), record, onRecord)
    }
    if (type === BLOCK_OBSOLETE_PACKET) {
      return this.#timedPacket(body, end, this.#u16(body), record, onRecord)
    }
    if (type === BLOCK_SIMPLE_PACKET) return this.#simplePacket(body, end, record, onRecord)
    if (type === BLOCK_INTERFACE) return this.#interface(body, end)
    if (type === BLOCK_SECTION_HEADER) return this.#section(body)
    return null
  }

  #section(body: number): CaptureError | null {
    const major = this.#u16(body + 4)
    if (major !== 1) return this.#error(body + 4, 'pcapng version 1', `version ${major}`)
    this.#sectionStart = this.interfaces.length
    return null
  }

  #interface(body: number, end: number): CaptureError | null {
    let name = ''
    let resolution = MICROSECONDS
    let offsetSeconds = 0
    const error = this.#options(body + 8, end, (code, at, length) => {
      if (code === OPTION_IF_NAME) name = decodeUtf8(this.#bytes, at, at + length)
      else if (code === OPTION_IF_TSRESOL && length === 1) resolution = this.#bytes[at]!
      else if (code === OPTION_IF_TSOFFSET && length === 8)
        offsetSeconds = Number(this.#view.getBigInt64(at, this.#littleEndian))
    })
    if (error !== null) return error
    this.interfaces.push({ linkType: this.#u16(body), snapLength: this.#u32(body + 4), name })
    this.#clocks.push(clockOf(resolution, offsetSeconds))
    return null
  }

  /** Enhanced and obsolete packets differ only in how they name the interface. */
  #timedPacket(
    body: number,
    end: number,
    interfaceNumber: number,
    record: CaptureRecord,
    onRecord: RecordCallback,
  ): CaptureError | null {
    const interfaceIndex = this.#sectionStart + interfaceNumber
    const description = this.interfaces[interfaceIndex]
    if (description === undefined) {
      const known = this.interfaces.length - this.#sectionStart
      return this.#error(body, `an interface below ${known}`, `interface ${interfaceNumber}`)
    }
    const captured = this.#u32(body + 12)
    const wrong = this.#captured(body + 12, captured, end - body - EPB_FIXED)
    if (wrong !== null) return wrong
    record.start = body + EPB_FIXED
    record.length = captured
    record.originalLength = this.#u32(body + 16)
    record.linkType = description.linkType
    record.interfaceIndex = interfaceIndex
    setTime(record, this.#u32(body + 4), this.#u32(body + 8), this.#clocks[interfaceIndex]!)
    const error = this.#packetOptions(record.start + ((captured + 3) & ~3), end, record)
    if (error !== null) return error
    record.number++
    onRecord(record)
    return null
  }

  #packetOptions(start: number, end: number, record: CaptureRecord): CaptureError | null {
    record.comments = NO_COMMENTS
    record.direction = null
    if (start + 4 > end) return null
    const comments: string[] = []
    const error = this.#options(start, end, (code, at, length) => {
      if (code === OPTION_COMMENT) comments.push(decodeUtf8(this.#bytes, at, at + length))
      else if (code === OPTION_EPB_FLAGS && length === 4) record.direction = directionOf(this.#u32(at))
    })
    if (comments.length > 0) record.comments = comments
    return error
  }

  /** A simple packet has no time and belongs to the section's first interface, whose snap length may have cut it. */
  #simplePacket(
    body: number,
    end: number,
    record: CaptureRecord,
    onRecord: RecordCallback,
  ): CaptureError | null {
    const description = this.interfaces[this.#sectionStart]
    if (description === undefined) return this.#error(body, 'an interface before a simple packet', 'none')
    const originalLength = this.#u32(body)
    const snap = description.snapLength
    const captured = snap === 0 ? originalLength : Math.min(originalLength, snap)
    const wrong = this.#captured(body, captured, end - body - 4)
    if (wrong !== null) return wrong
    record.start = body + 4
    record.length = captured
    record.originalLength = originalLength
    record.linkType = description.linkType
    record.interfaceIndex = this.#sectionStart
    record.seconds = 0
    record.nanoseconds = 0
    record.comments = NO_COMMENTS
    record.direction = null
    record.number++
    onRecord(record)
    return null
  }

  #captured(at: number, captured: number, room: number): CaptureError | null {
    const most = Math.min(room, MAX_CAPTURED_LENGTH)
    return captured <= most ? null : this.#error(at, `a captured length of at most ${most}`, String(captured))
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
        return this.#error(at + 2, `an option of at most ${end - at - 4} octets`, String(length))
      }
      visit(code, at + 4, length)
      at += 4 + ((length + 3) & ~3)
    }
    return null
  }

  #error(at: number, expected: string, found: string): CaptureError {
    return captureError(this.#base + at, expected, found)
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
