/** TCP options of a captured packet, as far as the analysis of sequence numbers wants them. Cut or wrong ones end the list. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import {
  EXID_TFO,
  KIND_EOL,
  KIND_EXPERIMENT_1,
  KIND_EXPERIMENT_2,
  KIND_NOP,
  KIND_SACK,
  KIND_TFO,
  KIND_WINDOW_SCALE,
} from '../wire/tcp-options.ts'
import type { TcpFields } from './packet.ts'

export interface SeenOptions {
  /** 0 to 14; -1: there is none. */
  scale: number
  /** Octets that the first SACK blocks cover, as int32. */
  sacked: number
  /** A TCP Fast Open cookie (RFC 7413 2); the request of one does not count. */
  hasCookie: boolean
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
    if (kind === KIND_SACK) options.sacked = sackedOctets(bytes, at, Math.min(length, held - at))
    else if (at + length > held) return
    else if (kind === KIND_WINDOW_SCALE && length === 3) options.scale = Math.min(bytes[at + 2]!, MAX_SCALE)
    else if (kind === KIND_TFO) options.hasCookie ||= length > 2
    else if (kind === KIND_EXPERIMENT_1 || kind === KIND_EXPERIMENT_2) {
      options.hasCookie ||= length > 4 && readUint16(bytes, at + 2) === EXID_TFO
    }
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
