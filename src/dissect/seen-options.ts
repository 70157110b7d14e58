/** TCP options of a captured packet, as far as the analysis of sequence numbers wants them. Cut or wrong ones end the list. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import {
  KIND_EOL,
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
  /** Octets that the first SACK blocks cover. */
  sacked: number
  /** A TCP Fast Open option, a cookie or the request of one (RFC 7413 2). */
  hasTfo: boolean
}

/** Wireshark takes so many blocks into account. */
const COUNTED_BLOCKS = 3
/** RFC 7323 2.3. */
const MAX_SCALE = 14
/** The experiment of TCP Fast Open before it had a kind of its own. */
const EXPERIMENT_TFO = 0xf989

/** @param end where the captured octets of the packet end. */
export function readOptions(bytes: Uint8Array, tcp: TcpFields, end: number, options: SeenOptions): void {
  options.scale = -1
  options.sacked = 0
  options.hasTfo = false
  const stop = Math.min(tcp.at + tcp.headerLength, end)
  let at = tcp.at + 20
  while (at < stop) {
    const kind = bytes[at]!
    if (kind === KIND_EOL) return
    if (kind === KIND_NOP) {
      at++
      continue
    }
    const length = at + 1 < stop ? bytes[at + 1]! : 0
    if (length < 2 || at + length > stop) return
    if (kind === KIND_SACK) options.sacked = sackedOctets(bytes, at, length)
    else if (kind === KIND_WINDOW_SCALE && length === 3) options.scale = Math.min(bytes[at + 2]!, MAX_SCALE)
    else if (kind === KIND_TFO) options.hasTfo = true
    else if (kind === KIND_EXPERIMENT_2 && length >= 4) {
      options.hasTfo ||= readUint16(bytes, at + 2) === EXPERIMENT_TFO
    }
    at += length
  }
}

function sackedOctets(bytes: Uint8Array, at: number, length: number): number {
  const blocks = Math.min(COUNTED_BLOCKS, (length - 2) >> 3)
  let sacked = 0
  for (let block = 0; block < blocks; block++) {
    const edge = at + 2 + 8 * block
    sacked += (readInt32(bytes, edge + 4) - readInt32(bytes, edge)) | 0
  }
  return sacked
}
