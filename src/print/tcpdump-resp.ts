/** Redis' protocol (RESP) as tcpdump prints it: `: RESP "set" "key" "value"`. */

import { charText, type Page } from './page.ts'

/** What is behind the item; NOWHERE where it is cut. */
const NOWHERE = -1
/** Arrays in arrays; more is an attack. */
const MAX_DEPTH = 64

const RETURN = 13
const LINE_FEED = 10
const [PLUS, COLON, MINUS, DOLLAR, STAR] = ['+', ':', '-', '$', '*'].map((each) => each.charCodeAt(0))

export function putResp(page: Page, at: number, length: number): void {
  page.protocol = 'resp'
  page.put(': RESP')
  const end = at + length
  for (let next = at; next < end && !page.isCut; ) {
    next = putItem(page, next, end, 0)
    if (next === NOWHERE) return page.truncated()
  }
}

function putItem(page: Page, at: number, end: number, depth: number): number {
  if (at >= end || depth > MAX_DEPTH || page.isCut) return NOWHERE
  const sign = page.uint8(at)
  if (sign === PLUS || sign === COLON || sign === MINUS) {
    const stop = lineEnd(page, at + 1, end)
    if (stop === NOWHERE) return NOWHERE
    putSegment(page, at + 1, stop)
    return stop + 2
  }
  if (sign === DOLLAR) return putBulk(page, at + 1, end)
  return sign === STAR ? putArray(page, at + 1, end, depth) : putInline(page, at, end)
}

/** Where a line's CR LF stands. */
function lineEnd(page: Page, at: number, end: number): number {
  for (let next = at; next + 2 <= end && page.has(next, 2); next++) {
    if (page.bytes[next] === RETURN && page.bytes[next + 1] === LINE_FEED) return next
  }
  return NOWHERE
}

function putSegment(page: Page, at: number, end: number): void {
  let text = ''
  for (let k = at; k < end; k++) text += charText(page.bytes[k]!)
  page.put(` "${text}"`)
}

/** A length and where its line ends; null where there is none. */
function lengthAt(page: Page, at: number, end: number): { value: number; next: number } | null {
  const stop = lineEnd(page, at, end)
  if (stop === NOWHERE) return null
  const text = String.fromCharCode(...page.bytes.subarray(at, Math.min(stop, at + 12)))
  return /^-?\d{1,10}$/.test(text) ? { value: Number(text), next: stop + 2 } : null
}

function putBulk(page: Page, at: number, end: number): number {
  const length = lengthAt(page, at, end)
  if (length === null) return NOWHERE
  const { value, next } = length
  if (value < 0) return putNothing(page, value, next)
  if (next + value > end || !page.has(next, value)) return NOWHERE
  if (value === 0) page.put(' empty')
  else putSegment(page, next, next + value)
  const stop = lineEnd(page, next + value, end)
  return stop === NOWHERE ? NOWHERE : stop + 2
}

function putNothing(page: Page, value: number, next: number): number {
  page.put(value === -1 ? ' null' : ' length negative and not -1')
  return next
}

function putArray(page: Page, at: number, end: number, depth: number): number {
  const length = lengthAt(page, at, end)
  if (length === null) return NOWHERE
  if (length.value < 0) return putNothing(page, length.value, length.next)
  if (length.value === 0) page.put(' empty')
  let { next } = length
  for (let k = 0; k < length.value && next !== NOWHERE; k++) next = putItem(page, next, end, depth + 1)
  return next
}

/** A command as people type it: a line of its own. */
function putInline(page: Page, at: number, end: number): number {
  const stop = Math.min(end, page.end)
  const isBreak = (place: number): boolean => page.bytes[place] === RETURN || page.bytes[place] === LINE_FEED
  let start = at
  while (start < stop && isBreak(start)) start++
  let next = start
  while (next < stop && !isBreak(next)) next++
  if (next === stop) return NOWHERE
  putSegment(page, start, next)
  while (next < stop && isBreak(next)) next++
  return next
}
