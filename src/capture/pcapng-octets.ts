/** Numbers, texts and options of pcapng's blocks, in the byte order of their section. */

import { type CaptureError, captureError } from './capture-file.ts'
import type { CaptureNotes } from './capture-notes.ts'
import {
  OPTION_CUSTOM_OCTETS,
  OPTION_CUSTOM_OCTETS_NOT_COPIED,
  OPTION_CUSTOM_TEXT,
  OPTION_CUSTOM_TEXT_NOT_COPIED,
  OPTION_END,
} from './pcapng.ts'
import { decodeUtf8 } from './utf8.ts'

const NOTHING = new Uint8Array(0)

export class PcapngOctets {
  bytes: Uint8Array = NOTHING
  view: DataView = new DataView(NOTHING.buffer)
  littleEndian = true
  /** Place in the file of octet 0. */
  base = 0

  u16(at: number): number {
    return this.view.getUint16(at, this.littleEndian)
  }

  u32(at: number): number {
    return this.view.getUint32(at, this.littleEndian)
  }

  /** Counters: above 2^53 the nearest double. */
  u64(at: number): number {
    const [first, second] = [this.u32(at), this.u32(at + 4)]
    return this.littleEndian ? second * 0x1_0000_0000 + first : first * 0x1_0000_0000 + second
  }

  i64(at: number): number {
    return Number(this.view.getBigInt64(at, this.littleEndian))
  }

  text(start: number, end: number): string {
    return decodeUtf8(this.bytes, start, end)
  }

  error(at: number, expected: string, found: string): CaptureError {
    return captureError(this.base + at, expected, found)
  }

  /** Visits the options in [start, end) up to their end mark; those of other makers are counted only. */
  options(
    start: number,
    end: number,
    notes: CaptureNotes,
    visit: (code: number, at: number, length: number) => void,
  ): CaptureError | null {
    let at = start
    while (at + 4 <= end) {
      const code = this.u16(at)
      const length = this.u16(at + 2)
      if (code === OPTION_END) return null
      if (at + 4 + length > end) {
        return this.error(at + 2, `an option of at most ${end - at - 4} octets`, String(length))
      }
      if (isCustom(code)) notes.customOptions++
      else visit(code, at + 4, length)
      at += 4 + ((length + 3) & ~3)
    }
    return null
  }
}

function isCustom(code: number): boolean {
  return (
    code === OPTION_CUSTOM_TEXT ||
    code === OPTION_CUSTOM_OCTETS ||
    code === OPTION_CUSTOM_TEXT_NOT_COPIED ||
    code === OPTION_CUSTOM_OCTETS_NOT_COPIED
  )
}
