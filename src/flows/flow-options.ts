/** TCP options that say something of a flow, read from a captured segment into one reused object. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import type { TcpFields } from '../dissect/packet.ts'
import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import {
  KIND_EOL,
  KIND_MSS,
  KIND_NOP,
  KIND_SACK,
  KIND_SACK_PERMITTED,
  KIND_TIMESTAMPS,
  KIND_WINDOW_SCALE,
} from '../wire/tcp-options.ts'

/** A SACK option has no more blocks than this (RFC 2018 3). */
const MAX_BLOCKS = 4

export class FlowOptions {
  /** -1: there is none. */
  mss = -1
  scale = -1
  sackPermitted = false
  hasTimestamps = false
  /** As int32. */
  tsVal = 0
  tsEcr = 0
  /** SACK blocks, left and right edges in turn. */
  blocks = 0
  readonly edges = new Int32Array(2 * MAX_BLOCKS)
  /** Whether the capture ends before the options do. */
  isCut = false

  /** @param end where the captured octets end. Cut or wrong options end the list. */
  read(bytes: Uint8Array, tcp: TcpFields, end: number): void {
    this.mss = -1
    this.scale = -1
    this.sackPermitted = false
    this.hasTimestamps = false
    this.blocks = 0
    this.isCut = false
    const stop = Math.min(tcp.at + tcp.headerLength, end)
    for (let at = tcp.at + TCP_HEADER_LENGTH; at < stop; ) {
      const kind = bytes[at]!
      if (kind === KIND_EOL) return
      if (kind === KIND_NOP) {
        at++
        continue
      }
      const length = at + 1 < stop ? bytes[at + 1]! : 0
      if (length < 2 || at + length > stop) break
      this.#take(bytes, at, kind, length)
      at += length
    }
    this.isCut = stop < tcp.at + tcp.headerLength
  }

  #take(bytes: Uint8Array, at: number, kind: number, length: number): void {
    if (kind === KIND_TIMESTAMPS && length === 10) {
      this.hasTimestamps = true
      this.tsVal = readInt32(bytes, at + 2)
      this.tsEcr = readInt32(bytes, at + 6)
    } else if (kind === KIND_SACK) {
      this.blocks = Math.min(MAX_BLOCKS, (length - 2) >> 3)
      for (let k = 0; k < 2 * this.blocks; k++) this.edges[k] = readInt32(bytes, at + 2 + 4 * k)
    } else if (kind === KIND_MSS && length === 4) this.mss = readUint16(bytes, at + 2)
    else if (kind === KIND_WINDOW_SCALE && length === 3) this.scale = bytes[at + 2]!
    else if (kind === KIND_SACK_PERMITTED) this.sackPermitted = true
  }
}
