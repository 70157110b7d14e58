/**
 * Reads captures as streams: octets are put in as they come, and each packet is told as soon as it is whole. The memory is
 * one window, whatever the length of the file.
 *
 *   const reader = new CaptureReader((record) => ...)
 *   for (;;) {
 *     const room = reader.room()
 *     const n = readSync(file, room)
 *     if (n === 0) break
 *     reader.filled(n)
 *   }
 *   reader.end()
 */

import {
  type CapturedPacket,
  type CaptureError,
  type CaptureFile,
  type CaptureFormat,
  type CaptureInterface,
  captureError,
  hex32,
} from './capture-file.ts'
import { CaptureNotes, dropsOf } from './capture-notes.ts'
import { looksLikeJson } from './json-records.ts'
import { BLOCK_SECTION_HEADER } from './pcapng.ts'
import { JsonParser } from './read-json.ts'
import { looksLikePcap, PcapParser } from './read-pcap.ts'
import { PcapngParser } from './read-pcapng.ts'
import { looksLikeSnoop, SnoopParser } from './read-snoop.ts'
import { looksLikeText, TextParser } from './read-text.ts'
import { type CaptureParser, CaptureRecord, type RecordCallback, type Window } from './record.ts'

/**
 * Octets of the window: few at first, more while whoever fills it has more, and what a block needs. The parsers bound how long
 * a block is.
 */
const FIRST_WINDOW = 16 * 1024
const MOST_WINDOW = 4 * 1024 * 1024
/** What tells the formats apart. */
const MAGIC_LENGTH = 8

const NO_INTERFACES: readonly CaptureInterface[] = []

export class CaptureReader {
  /** Why reading stopped; octets that come later are not looked at. */
  error: CaptureError | null = null
  readonly #record = new CaptureRecord()
  readonly #onRecord: RecordCallback
  readonly #noNotes = new CaptureNotes()
  readonly #window: Window
  #parser: CaptureParser | null = null
  #windowLength = FIRST_WINDOW

  constructor(onRecord: RecordCallback) {
    this.#onRecord = onRecord
    this.#window = windowOf(new Uint8Array(0), false)
  }

  /** Null until the first octets have told it. */
  get format(): CaptureFormat | null {
    return this.#parser?.format ?? null
  }

  /** All interfaces so far, those of earlier sections included. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#parser?.interfaces ?? NO_INTERFACES
  }

  /** What the file says beside its packets: names, secrets, comments of sections, and what was skipped or made up. */
  get notes(): CaptureNotes {
    return this.#parser?.notes ?? this.#noNotes
  }

  /** Packets that the capture lost so far, as far as the file says; null where it says nothing, as pcap does. */
  get drops(): number | null {
    return dropsOf(this.interfaces)
  }

  /** Octets of the file that were read as packets and blocks. */
  get offset(): number {
    return this.#window.base + this.#window.start
  }

  /** Packets so far. */
  get packets(): number {
    return this.#record.number
  }

  /** A place for more octets: as many as fit may be written to its start; then `filled` says how many. */
  room(): Uint8Array {
    const window = this.#window
    const held = window.end - window.start
    const length = Math.max(this.#windowLength, 2 * held, this.#parser?.needed ?? 0)
    if (window.bytes.length < length || window.bytes.length - window.end < length / 4) {
      const bytes = window.bytes.length < length ? new Uint8Array(length) : window.bytes
      bytes.set(window.bytes.subarray(window.start, window.end))
      if (bytes !== window.bytes) window.view = new DataView(bytes.buffer)
      window.bytes = bytes
      window.base += window.start
      window.start = 0
      window.end = held
    }
    return window.bytes.subarray(window.end)
  }

  /** So many octets were written to what `room` gave. Tells of the packets in them. */
  filled(octets: number): void {
    const window = this.#window
    window.end += octets
    if (window.end === window.bytes.length) this.#windowLength = Math.min(4 * this.#windowLength, MOST_WINDOW)
    this.#parse()
  }

  /** The same by copying, for octets that are there already. */
  push(octets: Uint8Array): void {
    for (let at = 0; at < octets.length && this.error === null; ) {
      const room = this.room()
      const part = octets.subarray(at, at + room.length)
      room.set(part)
      at += part.length
      this.filled(part.length)
    }
  }

  /** Nothing comes any more: what is not whole by now is an error. */
  end(): void {
    this.#window.isLast = true
    this.#parse()
  }

  /** Reads a file that is in memory as a whole, where it lies. */
  readWhole(bytes: Uint8Array): void {
    Object.assign(this.#window, windowOf(bytes, true))
    this.#parse()
  }

  #parse(): void {
    if (this.error !== null) return
    const window = this.#window
    this.#parser ??= this.#choose()
    if (this.#parser === null) return
    this.error = this.#parser.parse(window, this.#record, this.#onRecord)
  }

  #choose(): CaptureParser | null {
    const { bytes, view, start, end, isLast } = this.#window
    const length = end - start
    if (length < MAGIC_LENGTH && !isLast) return null
    if (length >= 4) {
      if (looksLikePcap(view, start)) return new PcapParser()
      if (view.getUint32(start) === BLOCK_SECTION_HEADER) return new PcapngParser()
      if (looksLikeSnoop(view, start, length)) return new SnoopParser()
    }
    if (looksLikeJson(bytes, start, end)) return new JsonParser()
    if (looksLikeText(bytes, start, end)) return new TextParser()
    const found = length < 4 ? `${length} octets` : hex32(view.getUint32(start))
    this.error = captureError(0, 'the magic number of a pcap, pcapng or snoop file, or text', found)
    return null
  }
}

function windowOf(bytes: Uint8Array, isLast: boolean): Window {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return { bytes, view, start: 0, end: bytes.length, base: 0, isLast }
}

/** Reads a capture that is in memory, of any format, into a list. What is wrong stands in `error`, with the packets before it. */
export function readCapture(bytes: Uint8Array): CaptureFile {
  const packets: CapturedPacket[] = []
  const reader = new CaptureReader((record) => packets.push(packetOf(record)))
  reader.readWhole(bytes)
  const { interfaces, error, drops, notes } = reader
  return { format: reader.format ?? 'pcap', interfaces, packets, error, drops, notes }
}

/** Beyond so many seconds microseconds are no exact doubles: what is nearest is then found with big integers. */
const EXACT_SECONDS = 2 ** 33

function packetOf(record: CaptureRecord): CapturedPacket {
  const { seconds } = record
  const restNs = record.nanoseconds % 1000
  const us = (record.nanoseconds - restNs) / 1000
  const isExact = Math.abs(seconds) < EXACT_SECONDS
  return {
    at: isExact ? seconds * 1e6 + us : Number(BigInt(seconds) * 1_000_000n + BigInt(us)),
    restNs,
    linkType: record.linkType,
    interfaceIndex: record.interfaceIndex,
    bytes: record.bytes.subarray(record.start, record.start + record.length),
    originalLength: record.originalLength,
    direction: record.direction,
    dropsBefore: record.dropsBefore < 0 ? null : record.dropsBefore,
    comments: record.comments,
  }
}
