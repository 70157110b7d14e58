/** What a capture file holds, whatever its format: packets with time, link type and length, and where reading ended. */

/** The link type of packets that start with their IPv4 or IPv6 header. */
export const LINKTYPE_RAW = 101

/** The largest captured length that is believed; a larger one means that the file is damaged. */
export const MAX_CAPTURED_LENGTH = 262_144

export type CaptureFormat = 'pcap' | 'pcapng' | 'snoop'

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
  /** All comments of the packet. */
  readonly comments: readonly string[]
}

export interface CaptureInterface {
  readonly linkType: number
  /** Most octets kept of a packet; 0 = no limit. */
  readonly snapLength: number
  readonly name: string
}

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
