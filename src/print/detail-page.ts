/** Lines of packet details: a field, and behind it where in the frame it stands. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import type { Packet } from '../dissect/packet.ts'
import { hexText } from '../dissect/tcp-details.ts'

const INDENT = '    '
/** Column of the octets. */
const PLACE_COLUMN = 72

export class DetailPage {
  readonly lines: string[] = []
  readonly #frame: Uint8Array | undefined
  readonly #start: number
  #bytes: Uint8Array
  #at = 0
  #end: number
  readonly #frameEnd: number

  constructor(packet: Packet) {
    this.#frame = packet.layerBytes[0]
    this.#start = packet.layerAts[0] ?? 0
    this.#bytes = packet.bytes
    this.#frameEnd = this.#start + packet.capturedLength
    this.#end = this.#frameEnd
  }

  /** Goes on with the header at a place. */
  take(bytes: Uint8Array, at: number): void {
    this.#bytes = bytes
    this.#at = at
    this.#end = bytes === this.#frame ? this.#frameEnd : bytes.length
  }

  layer(title: string): void {
    this.lines.push(title)
  }

  plain(text: string, depth = 1): void {
    this.lines.push(INDENT.repeat(depth) + text)
  }

  /** Whether so many octets of the header were captured; says where it breaks off if not. */
  holds(length: number, name: string): boolean {
    const held = Math.max(0, this.#end - this.#at)
    if (held >= length) return true
    this.layer(name)
    this.plain(`[the capture ends after ${held} of ${length} octets]`)
    return false
  }

  /** Octets of the header from a place on that were captured. */
  left(offset = 0): number {
    return Math.max(0, this.#end - this.#at - offset)
  }

  /** A field of whole octets. */
  field(text: string, offset: number, length: number, depth = 1): void {
    const from = this.#at + offset - (this.#bytes === this.#frame ? this.#start : 0)
    const place = length === 1 ? `octet ${from}` : `octets ${from}-${from + length - 1}`
    const where = this.#bytes === this.#frame ? place : `${place} of the datagram`
    this.lines.push(`${(INDENT.repeat(depth) + text).padEnd(PLACE_COLUMN)} ${where}`)
  }

  /** A field of some bits: `0000 1111 .... .... = name`. */
  bits(text: string, value: number, mask: number, width: number, depth = 2): void {
    let shown = ''
    for (let bit = width - 1; bit >= 0; bit--) {
      shown += (mask >> bit) & 1 ? (value >> bit) & 1 : '.'
      if (bit % 4 === 0 && bit > 0) shown += ' '
    }
    this.plain(`${shown} = ${text}`, depth)
  }

  uint8(offset: number): number {
    return this.#bytes[this.#at + offset] ?? 0
  }

  uint16(offset: number): number {
    return readUint16(this.#bytes, this.#at + offset)
  }

  uint32(offset: number): number {
    return readInt32(this.#bytes, this.#at + offset) >>> 0
  }

  int32(offset: number): number {
    return readInt32(this.#bytes, this.#at + offset)
  }

  hex(offset: number, length: number, between = ''): string {
    return hexText(this.#bytes.subarray(this.#at + offset, this.#at + offset + length), between)
  }

  /** The octets around the header, for sums. */
  get octets(): { bytes: Uint8Array; at: number } {
    return { bytes: this.#bytes, at: this.#at }
  }
}

export const setOrNot = (value: number): string => (value === 0 ? 'Not set' : 'Set')
