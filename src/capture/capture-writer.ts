/**
 * Writes what a reader told, packet by packet, as pcap or pcapng: times to the nanosecond, lengths on the wire, and in
 * pcapng all interfaces, comments, directions, drops, names and secrets. Sections become one.
 */

import { type CaptureInterface, LINKTYPE_RAW, MAX_CAPTURED_LENGTH } from './capture-file.ts'
import type { CaptureNotes } from './capture-notes.ts'
import { FILE_HEADER, PACKET_HEADER, PCAP_MAGIC_MICROSECONDS, PCAP_MAGIC_NANOSECONDS } from './pcap.ts'
import type { CaptureRecord } from './record.ts'
import {
  interfaceBlock,
  namesBlock,
  packetBlock,
  secretsBlock,
  sectionBlock,
  statisticsBlock,
} from './write-pcapng.ts'

export type WrittenFormat = 'pcap' | 'pcap-ns' | 'pcapng'

/** What the format has no room for; the message says which one has. */
export class CaptureWriteError extends Error {
  override readonly name = 'CaptureWriteError'
}

/** What a reader knows of the file beside the packet: a CaptureReader is one. */
export interface CaptureSource {
  readonly interfaces: readonly CaptureInterface[]
  readonly notes: CaptureNotes
}

export interface CaptureWriter {
  /** Octets and packets written so far. */
  readonly octets: number
  readonly packets: number
  /** @throws CaptureWriteError */
  write(record: CaptureRecord, source: CaptureSource): void
  /** Writes what stands behind the packets; a file without any is whole, too. */
  end(source: CaptureSource): void
}

/** In 64 bits of microseconds or nanoseconds. */
const mostSeconds = ({ resolution }: CaptureInterface): number =>
  resolution === 6 ? 18_446_744_073_708 : 18_446_744_072

export type OctetSink = (octets: Uint8Array) => void

/** @param sink takes each piece of the file; it may keep it. */
export function captureWriter(format: WrittenFormat, sink: OctetSink): CaptureWriter {
  return format === 'pcapng' ? new PcapngWriter(sink) : new PcapWriter(sink, format === 'pcap-ns')
}

/** Files of one link type only; the nearest earlier time where they have no nanoseconds. */
class PcapWriter implements CaptureWriter {
  octets = 0
  packets = 0
  readonly #sink: OctetSink
  readonly #nanoseconds: boolean
  #linkType = -1

  constructor(sink: OctetSink, nanoseconds: boolean) {
    this.#sink = sink
    this.#nanoseconds = nanoseconds
  }

  write(record: CaptureRecord, source: CaptureSource): void {
    const { linkType, seconds } = record
    if (this.#linkType < 0) this.#begin(linkType, source.interfaces[record.interfaceIndex]?.snapLength ?? 0)
    if (linkType !== this.#linkType) {
      throw new CaptureWriteError(
        `pcap has room for one link type, ${this.#linkType} here; packet ${record.number} has ${linkType}: write pcapng`,
      )
    }
    if (seconds < 0 || seconds > 0xffff_ffff) {
      throw new CaptureWriteError(
        `pcap has room for times from 1970 to 2106; packet ${record.number} has ${seconds} s: write pcapng`,
      )
    }
    const octets = new Uint8Array(PACKET_HEADER + record.length)
    const view = new DataView(octets.buffer)
    view.setUint32(0, seconds, true)
    view.setUint32(4, this.#nanoseconds ? record.nanoseconds : Math.floor(record.nanoseconds / 1000), true)
    view.setUint32(8, record.length, true)
    view.setUint32(12, record.originalLength, true)
    octets.set(record.bytes.subarray(record.start, record.start + record.length), PACKET_HEADER)
    this.#put(octets)
    this.packets++
  }

  end({ interfaces }: CaptureSource): void {
    if (this.#linkType < 0)
      this.#begin(interfaces[0]?.linkType ?? LINKTYPE_RAW, interfaces[0]?.snapLength ?? 0)
  }

  #begin(linkType: number, snapLength: number): void {
    this.#linkType = linkType
    const header = new Uint8Array(FILE_HEADER)
    const view = new DataView(header.buffer)
    view.setUint32(0, this.#nanoseconds ? PCAP_MAGIC_NANOSECONDS : PCAP_MAGIC_MICROSECONDS, true)
    view.setUint16(4, 2, true)
    view.setUint16(6, 4, true)
    view.setUint32(16, snapLength === 0 ? MAX_CAPTURED_LENGTH : snapLength, true)
    view.setUint32(20, linkType, true)
    this.#put(header)
  }

  #put(octets: Uint8Array): void {
    this.octets += octets.length
    this.#sink(octets)
  }
}

class PcapngWriter implements CaptureWriter {
  octets = 0
  packets = 0
  readonly #sink: OctetSink
  #interfaces = 0
  #secrets = 0

  constructor(sink: OctetSink) {
    this.#sink = sink
  }

  write(record: CaptureRecord, source: CaptureSource): void {
    this.#beginAndDescribe(source)
    const description = source.interfaces[record.interfaceIndex]
    if (description === undefined) {
      throw new CaptureWriteError(`packet ${record.number} belongs to no interface`)
    }
    const ticked = record.seconds - description.offsetSeconds
    if (ticked < 0 || ticked > mostSeconds(description)) {
      throw new CaptureWriteError(
        `pcapng has room for times from 1970 on, in nanoseconds to 2514; packet ${record.number} has ${record.seconds} s`,
      )
    }
    this.#put(packetBlock(record, description))
    this.packets++
  }

  end(source: CaptureSource): void {
    this.#beginAndDescribe(source)
    const { names } = source.notes
    if (names.size > 0) for (const block of namesBlock(names)) this.#put(block)
    for (const [index, { statistics }] of source.interfaces.entries()) {
      const block = statisticsBlock(index, statistics)
      if (block !== null) this.#put(block)
    }
  }

  /** Interfaces and secrets stand before the packets that need them. */
  #beginAndDescribe({ interfaces, notes }: CaptureSource): void {
    if (this.octets === 0) this.#put(sectionBlock(notes.sections))
    for (; this.#interfaces < interfaces.length; this.#interfaces++) {
      this.#put(interfaceBlock(interfaces[this.#interfaces]!))
    }
    for (; this.#secrets < notes.secrets.length; this.#secrets++) {
      this.#put(secretsBlock(notes.secrets[this.#secrets]!))
    }
  }

  #put(octets: Uint8Array): void {
    this.octets += octets.length
    this.#sink(octets)
  }
}
