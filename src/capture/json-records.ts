/** Splits a stream of JSON into its objects: one array of them, or one after the other, as tshark writes both. */

import { type CaptureError, captureError } from './capture-file.ts'
import type { Window } from './record.ts'
import { decodeUtf8 } from './utf8.ts'

/** A longer object is no packet: it would have to be in memory as a whole. */
const MAX_OBJECT = 16 * 1024 * 1024
const MAX_DEPTH = 256

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

export class JsonRecords {
  /** Octets from the start of the window that were looked at. */
  #looked = 0
  #depth = 0
  #isInText = false
  #isEscaped = false
  #isInArray = false

  /** Takes each whole object of the window. @param take tells what is wrong with one, in words, or null. */
  next(window: Window, take: (text: string, at: number) => CaptureError | null): CaptureError | null {
    while (window.start + this.#looked < window.end) {
      if (this.#depth === 0) {
        const error = this.#between(window)
        if (error !== null) return error
        if (this.#depth === 0) continue
      }
      const end = this.#endOfObject(window)
      if (end < 0) break
      const error = take(decodeUtf8(window.bytes, window.start, end), window.base + window.start)
      if (error !== null) return error
      window.start = end
      this.#looked = 0
    }
    if (this.#looked > MAX_OBJECT)
      return wrong(window, 0, `an object of at most ${MAX_OBJECT} octets`, 'more')
    return window.isLast ? this.#atEnd(window) : null
  }

  /** One octet between objects; an object begins the window. */
  #between(window: Window): CaptureError | null {
    const octet = window.bytes[window.start]!
    if (octet === OPEN_OBJECT) {
      this.#depth = 1
      this.#looked = 1
      return null
    }
    const isSpace = octet === 0x20 || (octet >= 0x09 && octet <= 0x0d)
    if (octet === OPEN_LIST && !this.#isInArray) this.#isInArray = true
    else if (octet === CLOSE_LIST && this.#isInArray) this.#isInArray = false
    else if (!isSpace && octet !== COMMA) {
      return wrong(window, 0, 'an object for a packet', `"${String.fromCharCode(octet)}"`)
    }
    window.start++
    return null
  }

  /** Behind the object's last octet; -1 where it is not there yet. */
  #endOfObject(window: Window): number {
    const { bytes, end, start } = window
    let at = start + this.#looked
    for (; at < end; at++) {
      const octet = bytes[at]!
      if (this.#isInText) {
        if (this.#isEscaped) this.#isEscaped = false
        else if (octet === BACKSLASH) this.#isEscaped = true
        else if (octet === QUOTE) this.#isInText = false
      } else if (octet === QUOTE) this.#isInText = true
      else if (octet === OPEN_OBJECT || octet === OPEN_LIST) this.#depth++
      else if ((octet === CLOSE_OBJECT || octet === CLOSE_LIST) && --this.#depth === 0) return at + 1
      if (this.#depth > MAX_DEPTH) {
        this.#looked = MAX_OBJECT + 1
        return -1
      }
    }
    this.#looked = at - start
    return -1
  }

  #atEnd(window: Window): CaptureError | null {
    const left = window.end - window.start
    if (left > 0) return wrong(window, 0, 'a whole object', `the end after ${left} octets of it`)
    return this.#isInArray ? wrong(window, 0, 'the "]" that ends the packets', 'the end') : null
  }
}

function wrong(window: Window, at: number, expected: string, found: string): CaptureError {
  return captureError(window.base + window.start + at, expected, found)
}

/** Whether these octets start as JSON of objects does: a bracket could as well start a prompt in a listing. */
export function looksLikeJson(bytes: Uint8Array, start: number, end: number): boolean {
  const text = decodeUtf8(bytes, start, Math.min(end, start + LOOKED_AT)).trim()
  return /^(\{\s*("|$)|\[\s*(\{|$))/.test(text)
}

/** As many as every file shows at once, however its octets come. */
const LOOKED_AT = 8
