/** Octets as -x, -X and -A print them, and what tcpdump knows no better words for. */

import { hex2, hex4, type Page } from './page.ts'

const LINE_OCTETS = 16
/** Room of sixteen octets: a space and four digits for two. */
const HEX_WIDTH = 40

/** -x: `0x0000:  4500 003c`; a line for sixteen octets. */
export function putHex(page: Page, indent: string, at: number, length: number): void {
  dump(page, indent, at, length, false)
}

/** -X: the same, and the characters of the octets. */
export function putHexAndText(page: Page, indent: string, at: number, length: number): void {
  dump(page, indent, at, length, true)
}

function dump(page: Page, indent: string, at: number, length: number, withText: boolean): void {
  const held = Math.max(0, Math.min(length, page.end - at))
  for (let start = 0; start < held; start += LINE_OCTETS) {
    const octets = page.bytes.subarray(at + start, at + Math.min(start + LINE_OCTETS, held))
    const hex = hexWords(octets)
    const line = withText ? `${hex.padEnd(HEX_WIDTH)}  ${plainText(octets)}` : hex
    page.put(`${indent}0x${hex4(start)}: ${line}`)
  }
  if (held < length) page.cut()
}

function hexWords(octets: Uint8Array): string {
  let text = ''
  for (let k = 0; k < octets.length; k++) text += `${(k & 1) === 0 ? ' ' : ''}${hex2(octets[k]!)}`
  return text
}

const isGraphic = (octet: number): boolean => octet > 0x20 && octet < 0x7f

function plainText(octets: Uint8Array): string {
  let text = ''
  for (const octet of octets) text += isGraphic(octet) ? String.fromCharCode(octet) : '.'
  return text
}

const TAB = 9
const LINE_FEED = 10
const RETURN = 13
const SPACE = 32

/** -A: characters; lines end where the packet's do. */
export function putText(page: Page, at: number, length: number): void {
  const end = Math.min(at + length, page.end)
  let text = '\n'
  for (let k = at; k < end; k++) {
    const octet = page.bytes[k]!
    if (octet === RETURN) {
      if (end - k > 2 && page.bytes[k + 1] !== LINE_FEED) text += '.'
    } else if (isGraphic(octet) || octet === TAB || octet === SPACE || octet === LINE_FEED) {
      text += String.fromCharCode(octet)
    } else text += '.'
  }
  page.put(text)
}
