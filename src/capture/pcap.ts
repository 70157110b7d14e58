/**
 * Writes classic pcap: a file header of 24 octets, then packets of a 16-octet header each (draft-ietf-opsawg-pcap).
 *
 *   magic | major minor | time zone | accuracy | snap length | link type
 *   seconds | micro- or nanoseconds | captured length | original length | octets ...
 */

import { LINKTYPE_RAW, MAX_CAPTURED_LENGTH } from './capture-file.ts'

export const PCAP_MAGIC_MICROSECONDS = 0xa1b2c3d4
export const PCAP_MAGIC_NANOSECONDS = 0xa1b23c4d
/** Kuznetzov's patch of libpcap 0.4: packet headers of 24 octets, with the index of an interface and a protocol. */
export const PCAP_MAGIC_MODIFIED = 0xa1b2cd34

export const FILE_HEADER = 24
export const PACKET_HEADER = 16
export const MODIFIED_PACKET_HEADER = 24

export interface PcapOptions {
  /** Default LINKTYPE_RAW. */
  readonly linkType?: number
  /** Whether the times are written with nanoseconds; default false. */
  readonly nanoseconds?: boolean
}

/** The file header, to be written before the first packet. Little-endian. */
export function pcapHeader(options: PcapOptions = {}): Uint8Array {
  const header = new Uint8Array(FILE_HEADER)
  const view = new DataView(header.buffer)
  view.setUint32(0, options.nanoseconds ? PCAP_MAGIC_NANOSECONDS : PCAP_MAGIC_MICROSECONDS, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, MAX_CAPTURED_LENGTH, true)
  view.setUint32(20, options.linkType ?? LINKTYPE_RAW, true)
  return header
}

/**
 * One packet with its header.
 * @param at microseconds since the epoch, 0 to 2^32 seconds.
 * @param length octets from `offset`, at most MAX_CAPTURED_LENGTH; the rest is cut and the original length says so.
 */
export function pcapPacket(
  at: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  options: PcapOptions = {},
): Uint8Array {
  const captured = Math.min(length, MAX_CAPTURED_LENGTH)
  const record = new Uint8Array(PACKET_HEADER + captured)
  const view = new DataView(record.buffer)
  const seconds = Math.floor(at / 1e6)
  const microseconds = at - seconds * 1e6
  view.setUint32(0, seconds, true)
  view.setUint32(4, options.nanoseconds ? microseconds * 1000 : microseconds, true)
  view.setUint32(8, captured, true)
  view.setUint32(12, length, true)
  record.set(bytes.subarray(offset, offset + captured), PACKET_HEADER)
  return record
}
