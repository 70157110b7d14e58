/**
 * Classic pcap: a file header of 24 octets, then packets of a 16-octet header each (draft-ietf-opsawg-pcap).
 *
 *   magic | major minor | time zone | accuracy | snap length | link type
 *   seconds | micro- or nanoseconds | captured length | original length | octets ...
 */

import {
  type CapturedPacket,
  type CaptureError,
  type CaptureFile,
  captureError,
  hex32,
  LINKTYPE_RAW,
  MAX_CAPTURED_LENGTH,
} from './capture-file.ts'

const PCAP_MAGIC_MICROSECONDS = 0xa1b2c3d4
const PCAP_MAGIC_NANOSECONDS = 0xa1b23c4d

const FILE_HEADER = 24
const PACKET_HEADER = 16

export interface PcapOptions {
  /** Default LINKTYPE_RAW. */
  readonly linkType?: number
  /** Whether the times are written with nanoseconds; default false. */
  readonly nanoseconds?: boolean
}

/** Reads a classic pcap of either byte order and resolution. Never throws: what is wrong stands in `error`. */
export function readPcap(bytes: Uint8Array): CaptureFile {
  const packets: CapturedPacket[] = []
  const failed = (error: CaptureError): CaptureFile => ({ format: 'pcap', interfaces: [], packets, error })
  if (bytes.length < FILE_HEADER) {
    return failed(captureError(0, `a pcap file header of ${FILE_HEADER} octets`, `${bytes.length} octets`))
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const kind = magicKind(view)
  if (kind === null) {
    return failed(captureError(0, 'the magic number of a pcap file', hex32(view.getUint32(0))))
  }
  const { littleEndian, nanoseconds } = kind
  const major = view.getUint16(4, littleEndian)
  if (major !== 2) return failed(captureError(4, 'pcap version 2', `version ${major}`))
  // The upper bits of the field say whether frames end in a check sequence and are not part of the type.
  const linkType = view.getUint32(20, littleEndian) & 0xffff
  const snapLength = view.getUint32(16, littleEndian)
  const error = readPackets(view, bytes, littleEndian, nanoseconds, linkType, packets)
  return { format: 'pcap', interfaces: [{ linkType, snapLength, name: '' }], packets, error }
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

/** Whether these octets start as a pcap file does. */
export function looksLikePcap(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false
  return magicKind(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)) !== null
}

function magicKind(view: DataView): { littleEndian: boolean; nanoseconds: boolean } | null {
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian)
    if (magic === PCAP_MAGIC_MICROSECONDS) return { littleEndian, nanoseconds: false }
    if (magic === PCAP_MAGIC_NANOSECONDS) return { littleEndian, nanoseconds: true }
  }
  return null
}

function readPackets(
  view: DataView,
  bytes: Uint8Array,
  littleEndian: boolean,
  nanoseconds: boolean,
  linkType: number,
  packets: CapturedPacket[],
): CaptureError | null {
  let at = FILE_HEADER
  while (at < bytes.length) {
    const left = bytes.length - at
    if (left < PACKET_HEADER) {
      return captureError(at, `a packet header of ${PACKET_HEADER} octets`, `the end after ${left}`)
    }
    const captured = view.getUint32(at + 8, littleEndian)
    if (captured > MAX_CAPTURED_LENGTH) {
      return captureError(at + 8, `a captured length of at most ${MAX_CAPTURED_LENGTH}`, String(captured))
    }
    if (captured > left - PACKET_HEADER) {
      return captureError(
        at + PACKET_HEADER,
        `${captured} octets of packet`,
        `the end after ${left - PACKET_HEADER}`,
      )
    }
    const fraction = view.getUint32(at + 4, littleEndian)
    const microseconds = nanoseconds ? Math.floor(fraction / 1000) : fraction
    packets.push({
      at: view.getUint32(at, littleEndian) * 1e6 + microseconds,
      restNs: nanoseconds ? fraction % 1000 : 0,
      linkType,
      interfaceIndex: 0,
      bytes: bytes.subarray(at + PACKET_HEADER, at + PACKET_HEADER + captured),
      originalLength: view.getUint32(at + 12, littleEndian),
      direction: null,
      comments: [],
    })
    at += PACKET_HEADER + captured
  }
  return null
}
