/**
 * Reads snoop files of Solaris (RFC 1761), big-endian: a file header of 16 octets, then packets of a 24-octet header each.
 *
 *   "snoop" 0 0 0 | version | datalink type
 *   original length | captured length | record length | drops | seconds | microseconds | octets, padded
 */

import {
  type CaptureError,
  type CaptureInterface,
  captureError,
  MAX_CAPTURED_LENGTH,
  NO_STATISTICS,
  plainInterface,
} from './capture-file.ts'
import { CaptureNotes } from './capture-notes.ts'
import type { CaptureParser, CaptureRecord, RecordCallback, Window } from './record.ts'

const FILE_HEADER = 16
const PACKET_HEADER = 24
const MAGIC = [0x736e6f6f, 0x70000000]

/** Link types of pcap by the datalink types of RFC 1761 4. */
const LINK_TYPES: Readonly<Record<number, number>> = { 2: 6, 4: 1, 8: 10, 9: 104 }

/** Whether these octets start as a snoop file does. */
export function looksLikeSnoop(view: DataView, at: number, length: number): boolean {
  return length >= 8 && view.getUint32(at) === MAGIC[0] && view.getUint32(at + 4) === MAGIC[1]
}

export class SnoopParser implements CaptureParser {
  readonly format = 'snoop'
  readonly interfaces: CaptureInterface[] = []
  readonly notes = new CaptureNotes()
  readonly #statistics = { ...NO_STATISTICS, dropped: 0 }
  /** Octets that the next step wants to see at least. */
  needed = FILE_HEADER

  /** Reads all whole packets of the window. */
  parse(window: Window, record: CaptureRecord, onRecord: RecordCallback): CaptureError | null {
    if (this.interfaces.length === 0) {
      const error = this.#readHeader(window)
      if (error !== null || this.interfaces.length === 0) return error
    }
    const { view, end, base } = window
    record.bytes = window.bytes
    record.view = view
    record.linkType = this.interfaces[0]!.linkType
    for (;;) {
      const at = window.start
      const left = end - at
      this.needed = PACKET_HEADER
      if (left >= PACKET_HEADER) {
        const captured = view.getUint32(at + 4)
        if (captured > MAX_CAPTURED_LENGTH) {
          const expected = `a captured length of at most ${MAX_CAPTURED_LENGTH}`
          return captureError(base + at + 4, expected, String(captured))
        }
        const length = view.getUint32(at + 8)
        if (length < PACKET_HEADER + captured || length > PACKET_HEADER + captured + MAX_CAPTURED_LENGTH) {
          const expected = `a record length of at least ${PACKET_HEADER + captured}`
          return captureError(base + at + 8, expected, String(length))
        }
        this.needed = length
      }
      if (left < this.needed) {
        if (!window.isLast || left === 0) return null
        return captureError(base + at, `a record of ${this.needed} octets`, `the end after ${left}`)
      }
      record.originalLength = view.getUint32(at)
      record.length = view.getUint32(at + 4)
      record.seconds = view.getUint32(at + 16)
      record.nanoseconds = view.getUint32(at + 20) * 1000
      record.start = at + PACKET_HEADER
      this.#countDrops(view.getUint32(at + 12), record)
      record.number++
      onRecord(record)
      window.start = at + this.needed
    }
  }

  /** The field counts from the start of the capture (RFC 1761 3); a count that goes back is none. */
  #countDrops(total: number, record: CaptureRecord): void {
    const { dropped } = this.#statistics
    record.dropsBefore = Math.max(0, total - dropped)
    this.#statistics.dropped = Math.max(total, dropped)
  }

  #readHeader(window: Window): CaptureError | null {
    const { view, start, end, base } = window
    const left = end - start
    if (left < FILE_HEADER) {
      if (!window.isLast) return null
      return captureError(base + start, `a snoop file header of ${FILE_HEADER} octets`, `${left} octets`)
    }
    const version = view.getUint32(start + 8)
    if (version !== 2) return captureError(base + start + 8, 'snoop version 2', `version ${version}`)
    const datalink = view.getUint32(start + 12)
    const linkType = LINK_TYPES[datalink]
    if (linkType === undefined) {
      const expected = `a datalink type of ${Object.keys(LINK_TYPES).join(', ')}`
      return captureError(base + start + 12, expected, String(datalink))
    }
    this.interfaces.push({ ...plainInterface(linkType, 0), statistics: this.#statistics })
    window.start += FILE_HEADER
    return null
  }
}
