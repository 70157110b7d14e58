/**
 * Reads classic pcap (pcap.ts) of either byte order, with micro- or nanoseconds, and what old patches made of it: longer
 * packet headers, and files of version 2.3 and earlier, which wrote the two lengths in the other order.
 */

import {
  type CaptureError,
  type CaptureInterface,
  captureError,
  hex32,
  MAX_CAPTURED_LENGTH,
  plainInterface,
} from './capture-file.ts'
import { CaptureNotes } from './capture-notes.ts'
import {
  FILE_HEADER,
  MODIFIED_PACKET_HEADER,
  PACKET_HEADER,
  PCAP_MAGIC_MICROSECONDS,
  PCAP_MAGIC_MODIFIED,
  PCAP_MAGIC_NANOSECONDS,
} from './pcap.ts'
import type { CaptureParser, CaptureRecord, RecordCallback, Window } from './record.ts'

/** The bits of the link type's field that are the type; the others say whether frames end in a check sequence. */
const LINK_TYPE_BITS = 0xffff

interface Kind {
  readonly littleEndian: boolean
  readonly nanoseconds: boolean
  readonly packetHeader: number
}

export class PcapParser implements CaptureParser {
  readonly format = 'pcap'
  readonly interfaces: CaptureInterface[] = []
  readonly notes = new CaptureNotes()
  /** Octets that the next step wants to see at least. */
  needed = FILE_HEADER
  #kind: Kind | null = null
  /** Before version 2.4 the lengths could stand the other way round. */
  #minor = 4

  /** Reads all whole packets of the window. */
  parse(window: Window, record: CaptureRecord, onRecord: RecordCallback): CaptureError | null {
    if (this.#kind === null) {
      const error = this.#readHeader(window)
      if (error !== null || this.#kind === null) return error
    }
    return this.#readPackets(window, record, onRecord, this.#kind)
  }

  #readHeader(window: Window): CaptureError | null {
    const { view, start, end, base } = window
    if (end - start < FILE_HEADER) {
      if (!window.isLast) return null
      return captureError(
        base + start,
        `a pcap file header of ${FILE_HEADER} octets`,
        `${end - start} octets`,
      )
    }
    const kind = kindOf(view, start)
    if (kind === null) {
      return captureError(base + start, 'the magic number of a pcap file', hex32(view.getUint32(start)))
    }
    const { littleEndian } = kind
    const major = view.getUint16(start + 4, littleEndian)
    if (major !== 2) return captureError(base + start + 4, 'pcap version 2', `version ${major}`)
    this.#minor = view.getUint16(start + 6, littleEndian)
    const linkType = view.getUint32(start + 20, littleEndian) & LINK_TYPE_BITS
    const snapLength = view.getUint32(start + 16, littleEndian)
    this.interfaces.push(plainInterface(linkType, snapLength, kind.nanoseconds ? 9 : 6))
    this.#kind = kind
    window.start += FILE_HEADER
    return null
  }

  #readPackets(
    window: Window,
    record: CaptureRecord,
    onRecord: RecordCallback,
    kind: Kind,
  ): CaptureError | null {
    const { view, end, base } = window
    const { littleEndian, packetHeader } = kind
    const scale = kind.nanoseconds ? 1 : 1000
    const mayBeSwapped = this.#minor <= 3
    record.bytes = window.bytes
    record.view = view
    record.linkType = this.interfaces[0]!.linkType
    let at = window.start
    this.needed = packetHeader
    while (end - at >= packetHeader) {
      let captured = view.getUint32(at + 8, littleEndian)
      let original = view.getUint32(at + 12, littleEndian)
      if (mayBeSwapped && (this.#minor < 3 || captured > original))
        [captured, original] = [original, captured]
      if (captured > MAX_CAPTURED_LENGTH) {
        window.start = at
        const expected = `a captured length of at most ${MAX_CAPTURED_LENGTH}`
        return captureError(base + at + 8, expected, String(captured))
      }
      this.needed = packetHeader + captured
      if (end - at < this.needed) break
      const seconds = view.getUint32(at, littleEndian)
      const fraction = view.getUint32(at + 4, littleEndian) * scale
      // A fraction of more than a second is wrong, but not lost.
      record.seconds = fraction < 1e9 ? seconds : seconds + Math.floor(fraction / 1e9)
      record.nanoseconds = fraction < 1e9 ? fraction : fraction % 1e9
      record.start = at + packetHeader
      record.length = captured
      record.originalLength = original
      record.number++
      onRecord(record)
      at += this.needed
      this.needed = packetHeader
    }
    window.start = at
    return window.isLast ? this.#cutShort(window, packetHeader) : null
  }

  /** What is left at the end of the file is no whole packet. */
  #cutShort({ start, end, base }: Window, packetHeader: number): CaptureError | null {
    const left = end - start
    if (left === 0) return null
    if (left < packetHeader) {
      return captureError(base + start, `a packet header of ${packetHeader} octets`, `the end after ${left}`)
    }
    const expected = `${this.needed - packetHeader} octets of packet`
    return captureError(base + start + packetHeader, expected, `the end after ${left - packetHeader}`)
  }
}

/** Whether these octets start as a pcap file does. */
export function looksLikePcap(view: DataView, at: number): boolean {
  return kindOf(view, at) !== null
}

function kindOf(view: DataView, at: number): Kind | null {
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(at, littleEndian)
    if (magic === PCAP_MAGIC_MICROSECONDS)
      return { littleEndian, nanoseconds: false, packetHeader: PACKET_HEADER }
    if (magic === PCAP_MAGIC_NANOSECONDS)
      return { littleEndian, nanoseconds: true, packetHeader: PACKET_HEADER }
    if (magic === PCAP_MAGIC_MODIFIED) {
      return { littleEndian, nanoseconds: false, packetHeader: MODIFIED_PACKET_HEADER }
    }
  }
  return null
}
