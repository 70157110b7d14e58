/** TCP options of a captured packet, as far as the analysis of sequence numbers wants them. Cut or wrong ones end the list. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import {
  EXID_TFO,
  KIND_EOL,
  KIND_EXPERIMENT_1,
  KIND_EXPERIMENT_2,
  KIND_MPTCP,
  KIND_NOP,
  KIND_SACK,
  KIND_TFO,
  KIND_WINDOW_SCALE,
  LENGTH_SACK_BLOCK,
} from '../wire/tcp-options.ts'
import type { TcpFields } from './packet.ts'

export interface SeenOptions {
  /** 0 to 14; -1: there is none. */
  scale: number
  /** Octets that the first SACK blocks cover, as int32. */
  sacked: number
  /** A TCP Fast Open cookie (RFC 7413 2); the request of one does not count. */
  hasCookie: boolean
  /** Subtypes of Multipath TCP options, a bit each (RFC 8684 3). */
  multipath: number
  /** An option that is too short for its kind: Wireshark gives the packet up there. */
  isMalformed: boolean
}

/** Wireshark takes so many blocks into account. */
const COUNTED_BLOCKS = 3
/** RFC 7323 2.3. */
const MAX_SCALE = 14

/** @param end where the captured octets of the packet end. */
export function readOptions(bytes: Uint8Array, tcp: TcpFields, end: number, options: SeenOptions): void {
  options.scale = -1
  options.sacked = 0
  options.hasCookie = false
  options.multipath = 0
  options.isMalformed = false
  const stop = tcp.at + tcp.headerLength
  const held = Math.min(stop, end)
  let at = tcp.at + 20
  while (at < held) {
    const kind = bytes[at]!
    if (kind === KIND_EOL) return
    if (kind === KIND_NOP) {
      at++
      continue
    }
    const length = at + 1 < held ? bytes[at + 1]! : 0
    if (length < 2 || at + length > stop) return
    if (isTooShort(bytes, kind, at, length, held)) {
      options.isMalformed = true
      return
    }
    if (kind === KIND_SACK) options.sacked = sackedOctets(bytes, at, Math.min(length, held - at))
    else if (at + length > held) return
    else if (kind === KIND_WINDOW_SCALE && length === 3) options.scale = Math.min(bytes[at + 2]!, MAX_SCALE)
    else if (kind === KIND_TFO) options.hasCookie ||= length > 2
    else if (kind === KIND_EXPERIMENT_1 || kind === KIND_EXPERIMENT_2) {
      options.hasCookie ||= length > 4 && readUint16(bytes, at + 2) === EXID_TFO
    } else if (kind === KIND_MPTCP) options.multipath |= multipathOf(bytes[at + 2]! >> 4, length)
    at += length
  }
}

function sackedOctets(bytes: Uint8Array, at: number, length: number): number {
  const blocks = Math.min(COUNTED_BLOCKS, (length - 2) >> 3)
  let sacked = 0
  for (let block = 0; block < blocks; block++) {
    const edge = at + 2 + 8 * block
    sacked = (sacked + readInt32(bytes, edge + 4) - readInt32(bytes, edge)) | 0
  }
  return sacked
}

/** One block at the least, and what the flags of a Multipath TCP option announce. */
function isTooShort(bytes: Uint8Array, kind: number, at: number, length: number, held: number): boolean {
  if (kind === KIND_SACK) return length < 2 + LENGTH_SACK_BLOCK
  if (kind !== KIND_MPTCP) return false
  if (length < 3 || at + 4 > held) return length < 3
  return length < leastOfMultipath(bytes[at + 2]! >> 4, bytes[at + 3]!)
}

const MP_CAPABLE = 0
const MP_DSS = 2

/** Octets of an option by its subtype (RFC 8684 3); those of a DSS by its flags. */
function leastOfMultipath(subtype: number, flags: number): number {
  if (subtype === MP_DSS) {
    const acknowledgment = (flags & 1) === 0 ? 0 : (flags & 2) === 0 ? 4 : 8
    const mapping = (flags & 4) === 0 ? 0 : (flags & 8) === 0 ? 10 : 14
    return 4 + acknowledgment + mapping
  }
  if (subtype === 6 || subtype === 7) return 12
  return subtype === MP_CAPABLE || subtype === 3 || subtype === 8 ? 4 : 3
}

/** The first option of version 1 has no key yet, and tells of nothing. */
function multipathOf(subtype: number, length: number): number {
  return subtype === MP_CAPABLE && length < 12 ? 0 : 1 << subtype
}
