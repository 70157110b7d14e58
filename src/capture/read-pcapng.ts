/**
 * Reads pcapng (pcapng.ts) of either byte order: section headers, interfaces, enhanced, simple and obsolete packets here;
 * what stands beside the packets in pcapng-blocks.ts. Blocks of unknown types are passed over by their length.
 *
 * Never throws and never loops: each block is at least twelve octets, must lie in the file, and must end with the
 * length that it began with.
 */

import { type CaptureError, type Direction, hex32, MAX_CAPTURED_LENGTH, NO_COMMENTS } from './capture-file.ts'
import { CaptureNotes, withComment } from './capture-notes.ts'
import {
  BLOCK_CUSTOM,
  BLOCK_CUSTOM_NOT_COPIED,
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE,
  BLOCK_NAME_RESOLUTION,
  BLOCK_OBSOLETE_PACKET,
  BLOCK_SECRETS,
  BLOCK_SECTION_HEADER,
  BLOCK_SIMPLE_PACKET,
  BLOCK_STATISTICS,
  BYTE_ORDER_MAGIC,
  EPB_INBOUND,
  EPB_OUTBOUND,
  OPTION_COMMENT,
  OPTION_EPB_DROPCOUNT,
  OPTION_EPB_FLAGS,
} from './pcapng.ts'
import { readInterface, readNames, readSecrets, readSection, readStatistics } from './pcapng-blocks.ts'
import type { SectionInterface } from './pcapng-interface.ts'
import { PcapngOctets } from './pcapng-octets.ts'
import type { CaptureParser, CaptureRecord, RecordCallback, Window } from './record.ts'
import { setTime } from './ticks.ts'

/** Type and two lengths. */
const LEAST_BLOCK = 12
/** A longer block is damage: it would have to be in memory as a whole. */
const MAX_BLOCK = 64 * 1024 * 1024
/** Octets of a timed packet block between its type and length and the packet. */
const EPB_FIXED = 20
/** The obsolete packet block counts drops in its fixed part; 0xffff: not known. */
const DROPS_UNKNOWN = 0xffff

/** The fixed part of a block, behind its type and length, by type. */
const FIXED_LENGTH: Readonly<Record<number, number>> = {
  [BLOCK_SECTION_HEADER]: 16,
  [BLOCK_INTERFACE]: 8,
  [BLOCK_OBSOLETE_PACKET]: EPB_FIXED,
  [BLOCK_SIMPLE_PACKET]: 4,
  [BLOCK_STATISTICS]: 12,
  [BLOCK_ENHANCED_PACKET]: EPB_FIXED,
  [BLOCK_SECRETS]: 8,
  [BLOCK_CUSTOM]: 4,
  [BLOCK_CUSTOM_NOT_COPIED]: 4,
}

export class PcapngParser implements CaptureParser {
  readonly format = 'pcapng'
  readonly interfaces: SectionInterface[] = []
  readonly notes = new CaptureNotes()
  /** Octets that the next step wants to see at least. */
  needed = LEAST_BLOCK
  readonly #octets = new PcapngOctets()
  /** Index of the section's first interface; a packet counts its interfaces from here. */
  #sectionStart = 0
  #isFirst = true

  /** Reads all whole blocks of the window. */
  parse(window: Window, record: CaptureRecord, onRecord: RecordCallback): CaptureError | null {
    const octets = this.#octets
    octets.bytes = window.bytes
    octets.view = window.view
    octets.base = window.base
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
        return window.isLast ? octets.error(at, `a block of ${total} octets`, `the end after ${left}`) : null
      }
      const again = octets.u32(at + total - 4)
      if (again !== total) {
        return octets.error(at + total - 4, `the block length ${total} once more`, String(again))
      }
      const error = this.#block(octets.u32(at), at + 8, at + total - 4, record, onRecord)
      if (error !== null) return error
      window.start = at + total
    }
  }

  #tooShort(at: number, left: number): CaptureError | null {
    if (this.#isFirst) return this.#octets.error(at, 'a section header block', `${left} octets`)
    if (left === 0) return null
    return this.#octets.error(at, `a block of at least ${LEAST_BLOCK} octets`, `the end after ${left}`)
  }

  /** Sets `needed` to the block's length: long enough for its fixed part, and a multiple of four. */
  #frame(at: number): CaptureError | null {
    const octets = this.#octets
    const type = octets.view.getUint32(at)
    if (type === BLOCK_SECTION_HEADER) {
      const error = this.#order(at)
      if (error !== null) return error
    } else if (this.#isFirst) {
      return octets.error(at, 'a section header block', `block type ${hex32(type)}`)
    }
    this.#isFirst = false
    const total = octets.u32(at + 4)
    const least = LEAST_BLOCK + (FIXED_LENGTH[octets.u32(at)] ?? 0)
    if (total < least) return octets.error(at + 4, `a block length of at least ${least}`, String(total))
    if (total > MAX_BLOCK)
      return octets.error(at + 4, `a block length of at most ${MAX_BLOCK}`, String(total))
    if (total % 4 !== 0) {
      return octets.error(at + 4, 'a block length that is a multiple of 4', String(total))
    }
    this.needed = total
    return null
  }

  /** A section sets the byte order of everything in it, its own length included. */
  #order(at: number): CaptureError | null {
    const octets = this.#octets
    const magic = octets.view.getUint32(at + 8, true)
    if (magic === BYTE_ORDER_MAGIC) octets.littleEndian = true
    else if (octets.view.getUint32(at + 8) === BYTE_ORDER_MAGIC) octets.littleEndian = false
    else return octets.error(at + 8, `the byte-order magic ${hex32(BYTE_ORDER_MAGIC)}`, hex32(magic))
    return null
  }

  #block(
    type: number,
    body: number,
    end: number,
    record: CaptureRecord,
    onRecord: RecordCallback,
  ): CaptureError | null {
    const octets = this.#octets
    if (type === BLOCK_ENHANCED_PACKET) {
      record.dropsBefore = -1
      return this.#timedPacket(body, end, octets.u32(body), record, onRecord)
    }
    if (type === BLOCK_OBSOLETE_PACKET) {
      const drops = octets.u16(body + 2)
      record.dropsBefore = drops === DROPS_UNKNOWN ? -1 : drops
      return this.#timedPacket(body, end, octets.u16(body), record, onRecord)
    }
    if (type === BLOCK_SIMPLE_PACKET) return this.#simplePacket(body, end, record, onRecord)
    return this.#besidePackets(type, body, end)
  }

  #besidePackets(type: number, body: number, end: number): CaptureError | null {
    const { notes } = this
    const octets = this.#octets
    switch (type) {
      case BLOCK_INTERFACE:
        return readInterface(octets, body, end, this.interfaces, notes)
      case BLOCK_SECTION_HEADER:
        this.#sectionStart = this.interfaces.length
        return readSection(octets, body, end, notes)
      case BLOCK_NAME_RESOLUTION:
        return readNames(octets, body, end, notes)
      case BLOCK_STATISTICS: {
        const description = this.#interfaceOf(octets.u32(body))
        if (description === undefined) return this.#noInterface(body, octets.u32(body))
        return readStatistics(octets, body + 12, end, description, notes)
      }
      case BLOCK_SECRETS:
        return readSecrets(octets, body, end, notes)
      case BLOCK_CUSTOM:
      case BLOCK_CUSTOM_NOT_COPIED:
        notes.customBlocks++
        return null
      default:
        notes.unknownBlocks++
        return null
    }
  }

  /** One of the section's interfaces. */
  #interfaceOf(number: number): SectionInterface | undefined {
    return this.interfaces[this.#sectionStart + number]
  }

  #noInterface(at: number, number: number): CaptureError {
    const known = this.interfaces.length - this.#sectionStart
    return this.#octets.error(at, `an interface below ${known}`, `interface ${number}`)
  }

  /** Enhanced and obsolete packets differ only in how they name the interface. */
  #timedPacket(
    body: number,
    end: number,
    interfaceNumber: number,
    record: CaptureRecord,
    onRecord: RecordCallback,
  ): CaptureError | null {
    const octets = this.#octets
    const description = this.#interfaceOf(interfaceNumber)
    if (description === undefined) return this.#noInterface(body, interfaceNumber)
    const captured = octets.u32(body + 12)
    const wrong = this.#captured(body + 12, captured, end - body - EPB_FIXED)
    if (wrong !== null) return wrong
    record.start = body + EPB_FIXED
    record.length = captured
    record.originalLength = octets.u32(body + 16)
    record.linkType = description.linkType
    record.interfaceIndex = this.#sectionStart + interfaceNumber
    setTime(record, octets.u32(body + 4), octets.u32(body + 8), description.clock)
    const error = this.#packetOptions(record.start + ((captured + 3) & ~3), end, record)
    if (error !== null) return error
    if (record.dropsBefore >= 0) description.addDrops(record.dropsBefore)
    record.number++
    onRecord(record)
    return null
  }

  #packetOptions(start: number, end: number, record: CaptureRecord): CaptureError | null {
    record.comments = NO_COMMENTS
    record.direction = null
    if (start + 4 > end) return null
    const octets = this.#octets
    return octets.options(start, end, this.notes, (code, at, length) => {
      if (code === OPTION_COMMENT)
        record.comments = withComment(record.comments, octets.text(at, at + length))
      else if (code === OPTION_EPB_FLAGS && length === 4) record.direction = directionOf(octets.u32(at))
      else if (code === OPTION_EPB_DROPCOUNT && length === 8) record.dropsBefore = octets.u64(at)
    })
  }

  /** A simple packet has no time and belongs to the section's first interface, whose snap length may have cut it. */
  #simplePacket(
    body: number,
    end: number,
    record: CaptureRecord,
    onRecord: RecordCallback,
  ): CaptureError | null {
    const octets = this.#octets
    const description = this.#interfaceOf(0)
    if (description === undefined) return octets.error(body, 'an interface before a simple packet', 'none')
    const originalLength = octets.u32(body)
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
    record.dropsBefore = -1
    record.number++
    onRecord(record)
    return null
  }

  #captured(at: number, captured: number, room: number): CaptureError | null {
    const most = Math.min(room, MAX_CAPTURED_LENGTH)
    if (captured <= most) return null
    return this.#octets.error(at, `a captured length of at most ${most}`, String(captured))
  }
}

function directionOf(flags: number): Direction | null {
  const bits = flags & 3
  return bits === EPB_INBOUND ? 'inbound' : bits === EPB_OUTBOUND ? 'outbound' : null
}
