/** One packet of a capture as a reader hands it over: borrowed, and valid until the call returns. */

import {
  type CaptureError,
  type CaptureFormat,
  type CaptureInterface,
  type Direction,
  NO_COMMENTS,
} from './capture-file.ts'
import type { CaptureNotes } from './capture-notes.ts'

const NOTHING = new Uint8Array(0)

export class CaptureRecord {
  /** Counts from 1, over all interfaces, as Wireshark's frame.number. */
  number = 0
  /** When it was captured: whole seconds since the epoch of the file, and nanoseconds, 0 to 999,999,999. */
  seconds = 0
  nanoseconds = 0
  linkType = 0
  /** Index of its interface in the reader's `interfaces`. */
  interfaceIndex = 0
  /** Octets around the packet, which start at `start`. */
  bytes: Uint8Array = NOTHING
  view: DataView = new DataView(NOTHING.buffer)
  start = 0
  /** Octets that were captured, and octets on the wire. */
  length = 0
  originalLength = 0
  direction: Direction | null = null
  /** Packets lost between the one before on this interface and this one; -1 where the file does not say. */
  dropsBefore = -1
  comments: readonly string[] = NO_COMMENTS
}

/** What is read from: octets of a file of which some may not be there yet. */
export interface Window {
  bytes: Uint8Array
  view: DataView
  /** The unread octets: from `start` to before `end`. */
  start: number
  end: number
  /** Place in the file of octet 0 of `bytes`. */
  base: number
  /** Nothing comes behind `end`. */
  isLast: boolean
}

export type RecordCallback = (record: CaptureRecord) => void

/** What a reader of one format does. */
export interface CaptureParser {
  readonly format: CaptureFormat
  readonly interfaces: readonly CaptureInterface[]
  readonly notes: CaptureNotes
  /** Octets that the next step wants to see at least. */
  readonly needed: number
  /** Tells of all whole packets of the window, and moves its start behind them. */
  parse(window: Window, record: CaptureRecord, onRecord: RecordCallback): CaptureError | null
}
