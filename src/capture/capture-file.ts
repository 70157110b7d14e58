/** What a capture file holds, whatever its format: packets with time, link type and length, and where reading ended. */

import type { CaptureNotes } from './capture-notes.ts'

/** The link type of packets that start with their IPv4 or IPv6 header. */
export const LINKTYPE_RAW = 101

/** The largest captured length that is believed; a larger one means that the file is damaged. */
export const MAX_CAPTURED_LENGTH = 262_144

export type CaptureFormat = 'pcap' | 'pcapng' | 'snoop' | 'text' | 'json'

export type Direction = 'inbound' | 'outbound'

export interface CapturedPacket {
  /** Whole microseconds since the epoch of the file. */
  readonly at: number
  /** Nanoseconds beyond `at`, 0 to 999, where the file is that fine. */
  readonly restNs: number
  readonly linkType: number
  /** Index of its interface in the file's `interfaces`, or -1 where the file knows none for it. */
  readonly interfaceIndex: number
  /** The captured octets: a view into the file. */
  readonly bytes: Uint8Array
  /** Octets on the wire, which may be more than were captured. */
  readonly originalLength: number
  readonly direction: Direction | null
  /** Packets that the capture lost between the one before on this interface and this one; null where the file does not say. */
  readonly dropsBefore: number | null
  /** All comments of the packet. */
  readonly comments: readonly string[]
}

/** What a capture program counted on one interface; each null where the file does not say. Packets. */
export interface InterfaceStatistics {
  /** Seen by the interface (isb_ifrecv). */
  readonly received: number | null
  /** Lost for want of room, in the interface and behind it (isb_ifdrop, isb_osdrop), or by the packets' own count. */
  readonly dropped: number | null
  /** Let pass by the capture filter (isb_filteraccept). */
  readonly filterAccepted: number | null
  /** Given to the capture program (isb_usrdeliv). */
  readonly delivered: number | null
}

export const NO_STATISTICS: InterfaceStatistics = {
  received: null,
  dropped: null,
  filterAccepted: null,
  delivered: null,
}

export interface CaptureInterface {
  readonly linkType: number
  /** Most octets kept of a packet; 0 = no limit. */
  readonly snapLength: number
  readonly name: string
  readonly description: string
  /** The capture filter, as text; empty where there was none, or the file does not say. */
  readonly filter: string
  readonly comments: readonly string[]
  /** if_tsresol of pcapng: 6 for microseconds, 9 for nanoseconds. */
  readonly resolution: number
  /** if_tsoffset of pcapng: seconds that stand for nothing in the packets' own times. */
  readonly offsetSeconds: number
  readonly statistics: InterfaceStatistics
}

/** An interface of which only link type and snap length are known. */
export function plainInterface(linkType: number, snapLength: number, resolution = 6): CaptureInterface {
  const words = { name: '', description: '', filter: '', comments: NO_COMMENTS }
  return { linkType, snapLength, ...words, resolution, offsetSeconds: 0, statistics: NO_STATISTICS }
}

export const NO_COMMENTS: readonly string[] = []

/** Why reading stopped before the end of the file. */
export interface CaptureError {
  /** Octets from the start of the file to what could not be read. */
  readonly offset: number
  /** What should have stood there. */
  readonly expected: string
  /** What stood there instead. */
  readonly found: string
  /** The three in one sentence. */
  readonly message: string
}

export interface CaptureFile {
  readonly format: CaptureFormat
  /** All interfaces, those of earlier sections included; a classic pcap has one. */
  readonly interfaces: readonly CaptureInterface[]
  /** The packets before the error, if there is one. */
  readonly packets: readonly CapturedPacket[]
  readonly error: CaptureError | null
  /** Packets that the capture lost, as far as the file says; null where it says nothing. */
  readonly drops: number | null
  readonly notes: CaptureNotes
}

export function captureError(offset: number, expected: string, found: string): CaptureError {
  return {
    offset,
    expected,
    found,
    message: `at octet ${offset}: expected ${expected}, found ${found}`,
  }
}

export function hex32(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`
}
