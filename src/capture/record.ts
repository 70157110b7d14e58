/** One packet of a capture as a reader hands it over: borrowed, and valid until the call returns. */

import type { Direction } from './capture-file.ts'

const NO_COMMENTS: readonly string[] = []
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
