/** TCP options in tcpdump's words: `mss 1460,nop,wscale 7,sack 1 {1:2}`. */

import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import * as kinds from '../wire/tcp-options.ts'
import { hex2, hex4, type Page } from './page.ts'
import { putMptcp } from './tcpdump-mptcp.ts'

const NAMES: Readonly<Record<number, string>> = {
  [kinds.KIND_EOL]: 'eol',
  [kinds.KIND_NOP]: 'nop',
  [kinds.KIND_MSS]: 'mss',
  [kinds.KIND_WINDOW_SCALE]: 'wscale',
  [kinds.KIND_SACK_PERMITTED]: 'sackOK',
  [kinds.KIND_SACK]: 'sack',
  6: 'echo',
  7: 'echoreply',
  [kinds.KIND_TIMESTAMPS]: 'TS',
  11: 'cc',
  12: 'ccnew',
  13: '',
  [kinds.KIND_MD5]: 'md5',
  20: 'scps',
  [kinds.KIND_UTO]: 'uto',
  [kinds.KIND_AO]: 'tcp-ao',
  [kinds.KIND_MPTCP]: 'mptcp',
  [kinds.KIND_TFO]: 'tfo',
  [kinds.KIND_EXPERIMENT_2]: 'exp',
}

/** Why the walk over the options ends early: no octets were taken. */
const BAD = -1
const CUT = -2
type Verdict = typeof BAD | typeof CUT

/**
 * `, options [mss 1460,nop,wscale 7]`. False where an option is wrong or cut: nothing is printed behind it, often not
 * even the bracket.
 *
 * @param base what is subtracted from the edges of SACK blocks.
 */
export function putTcpOptions(
  page: Page,
  at: number,
  headerLength: number,
  flags: number,
  base: number,
): boolean {
  const end = at + headerLength
  page.put(', options [')
  let isFirst = true
  for (let place = at + TCP_HEADER_LENGTH; place < end && !page.isCut; ) {
    if (!isFirst) page.put(',')
    const kind = page.uint8(place)
    const isSingle = kind === kinds.KIND_EOL || kind === kinds.KIND_NOP
    const length = isSingle ? 1 : page.uint8(place + 1)
    if (page.isCut) return false
    if (!isSingle && (length < 2 || place + length > end)) return putEnd(page, BAD, isFirst)
    const taken = putOption(page, kind, place, length, end, flags, base)
    if (taken === BAD || taken === CUT) return putEnd(page, taken, isFirst)
    isFirst = false
    place += taken
    if (kind === kinds.KIND_EOL) break
  }
  page.put(']')
  return !page.isCut
}

function putEnd(page: Page, verdict: Verdict, isFirst: boolean): boolean {
  if (verdict === BAD) page.put(isFirst ? '[bad opt]' : '[bad opt]]')
  else {
    page.truncated()
    if (!isFirst) page.put('>')
  }
  return false
}

/** Octets of the values that have a size of their own; the rest is as long as its option. */
const SIZES: Readonly<Record<number, number>> = {
  [kinds.KIND_EOL]: 0,
  [kinds.KIND_NOP]: 0,
  [kinds.KIND_SACK_PERMITTED]: 0,
  [kinds.KIND_MSS]: 2,
  [kinds.KIND_WINDOW_SCALE]: 1,
  6: 4,
  7: 4,
  11: 4,
  12: 4,
  13: 4,
  [kinds.KIND_TIMESTAMPS]: 8,
  [kinds.KIND_MD5]: 16,
  20: 2,
  [kinds.KIND_UTO]: 2,
}

/** Returns the octets that were printed, which is what tcpdump goes on behind, whatever the length says. */
function putOption(
  page: Page,
  kind: number,
  at: number,
  length: number,
  end: number,
  flags: number,
  base: number,
): number {
  page.put(NAMES[kind] ?? `unknown-${kind}`)
  const value = at + 2
  const size = SIZES[kind] ?? length - 2
  if (value + size > end && size > 0) return BAD
  if (!page.has(value, size) && size > 0) return CUT
  const isPut = putValue(page, kind, value, size, flags, base)
  if (!isPut) return BAD
  const whole = size + (kind === kinds.KIND_EOL || kind === kinds.KIND_NOP ? 1 : 2)
  if (whole !== length) page.put(`[len ${length}]`)
  return whole
}

/** False where the value cannot be one of this kind. */
function putValue(page: Page, kind: number, at: number, size: number, flags: number, base: number): boolean {
  switch (kind) {
    case kinds.KIND_EOL:
    case kinds.KIND_NOP:
    case kinds.KIND_SACK_PERMITTED:
      return true
    case kinds.KIND_MSS:
      page.put(` ${page.uint16(at)}`)
      return true
    case kinds.KIND_WINDOW_SCALE:
      page.put(` ${page.uint8(at)}`)
      return true
    case kinds.KIND_TIMESTAMPS:
      page.put(` val ${page.uint32(at)} ecr ${page.uint32(at + 4)}`)
      return true
    case kinds.KIND_SACK:
      putSack(page, at, size, base)
      return true
    case kinds.KIND_MD5:
      page.put(` shared secret not supplied with -M, can't check - ${page.hex(at, size)}`)
      return true
    case 20:
      page.put(` cap ${hex2(page.uint8(at))} id ${page.uint8(at + 1)}`)
      return true
    case kinds.KIND_UTO:
      putTimeout(page, page.uint16(at))
      return true
    case kinds.KIND_AO:
      putAuthentication(page, at, size)
      return true
    case kinds.KIND_MPTCP:
      return putMptcp(page, at - 2, size + 2, flags)
    case kinds.KIND_TFO:
      page.put(' ')
      putCookie(page, at, size)
      return true
    case kinds.KIND_EXPERIMENT_2:
      return putExperiment(page, at, size)
    default:
      if (SIZES[kind] === 4) page.put(` ${page.uint32(at)}`)
      else if (size > 0) page.put(` 0x${page.hex(at, size)}`)
      return true
  }
}

function putSack(page: Page, at: number, size: number, base: number): void {
  if (size % 8 !== 0) return page.put(' invalid sack')
  page.put(` ${size / 8} `)
  for (let edge = at; edge < at + size; edge += 8) {
    page.put(`{${(page.uint32(edge) - base) >>> 0}:${(page.uint32(edge + 4) - base) >>> 0}}`)
  }
}

/** RFC 5482 says that the first bit tells minutes from seconds; tcpdump takes the last one. */
function putTimeout(page: Page, value: number): void {
  page.put(` 0x${value.toString(16)} ${value & 1 ? (value >> 1) * 60 : value >> 1}`)
}

function putAuthentication(page: Page, at: number, size: number): void {
  if (size < 2) return page.invalid()
  page.put(` keyid ${page.uint8(at)} rnextkeyid ${page.uint8(at + 1)}`)
  if (size > 2) page.put(` mac 0x${page.hex(at + 2, size - 2)}`)
}

/** TCP Fast Open (RFC 7413). */
function putCookie(page: Page, at: number, size: number): void {
  if (size === 0) page.put(' cookiereq')
  else if (size % 2 !== 0 || size < 4 || size > 16) page.invalid()
  else page.put(` cookie ${page.hex(at, size)}`)
}

const EXPERIMENT_TFO = 0xf989

function putExperiment(page: Page, at: number, size: number): boolean {
  if (size < 2) return false
  const experiment = page.uint16(at)
  page.put('-')
  if (experiment === EXPERIMENT_TFO) {
    page.put('tfo')
    putCookie(page, at + 2, size - 2)
  } else page.put(hex4(experiment))
  return true
}
