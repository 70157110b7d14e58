/** Names of DNS (RFC 1035 4.1.4), with the pointers that shorten them. */

import { charText, type Page } from './page.ts'

/** A place that is none: the message is cut or wrong before it. */
export const NOWHERE = -1
const MAX_NAME = 255

/** Returns where the name ends; NOWHERE where it is cut. */
export function skipName(page: Page, at: number): number {
  for (let next = at; ; ) {
    if (!page.has(next, 1)) return NOWHERE
    const octet = page.uint8(next)
    if (octet === 0) return next + 1
    if ((octet & 0xc0) === 0xc0) return next + 2
    if ((octet & 0xc0) !== 0) return NOWHERE
    next += octet + 1
  }
}

/** Prints a name; a pointer must lead back. Returns where it ends in its place. */
export function putName(page: Page, at: number, start: number): number {
  let next = at
  let end = NOWHERE
  let farthest = at - start
  let characters = 0
  if (page.has(next, 1) && page.uint8(next) === 0) {
    page.put('.')
    return next + 1
  }
  for (;;) {
    if (!page.has(next, 1)) return NOWHERE
    const octet = page.uint8(next)
    if (octet === 0) break
    if ((octet & 0xc0) === 0xc0) {
      if (!page.has(next, 2)) return NOWHERE
      if (end === NOWHERE) end = next + 2
      const offset = page.uint16(next) & 0x3fff
      if (offset >= farthest) {
        page.put('<BAD PTR>')
        return NOWHERE
      }
      farthest = offset
      next = start + offset
      continue
    }
    if ((octet & 0xc0) !== 0) {
      page.put('<BAD LABEL TYPE>')
      return NOWHERE
    }
    const shown = Math.min(octet, MAX_NAME - characters)
    if (shown > 0 && !putOctets(page, next + 1, shown)) return NOWHERE
    characters += octet
    if (characters <= MAX_NAME) page.put('.')
    characters++
    next += octet + 1
  }
  if (characters > MAX_NAME) page.put('<DOMAIN NAME TOO LONG>')
  return end === NOWHERE ? next + 1 : end
}

/** False where they were not all captured. */
export function putOctets(page: Page, at: number, length: number): boolean {
  const end = Math.min(at + length, page.end)
  let text = ''
  for (let k = at; k < end; k++) text += charText(page.bytes[k]!)
  page.put(text)
  return at + length <= page.end
}
