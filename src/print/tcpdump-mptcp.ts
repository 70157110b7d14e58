/** The option of Multipath TCP (RFC 8684) in tcpdump's words. */

import { ACK, SYN } from '../wire/segment.ts'
import type { Page } from './page.ts'

/** Prints what its subtype says; false where the value cannot be one. `length` counts the whole option. */
type Subtype = (page: Page, at: number, length: number, flags: number) => boolean

/** False where the option cannot be one. */
export function putMptcp(page: Page, at: number, length: number, flags: number): boolean {
  page.protocol = 'mptcp'
  if (length < 3) return false
  const subtype = SUBTYPES[page.uint8(at + 2) >> 4]
  page.put(` ${length} ${subtype?.[0] ?? 'unknown'}`)
  return subtype?.[1](page, at, length, flags) ?? true
}

const long = (page: Page, at: number): string => `0x${page.uint64(at).toString(16)}`

const capable: Subtype = (page, at, length, flags) => {
  const isSyn = (flags & SYN) !== 0
  const isFirst = (length === 12 || length === 4) && isSyn
  const isLater = (length === 20 || length === 22) && (flags & (SYN | ACK)) === ACK
  if (!isFirst && !isLater) return false
  const version = page.uint8(at + 2) & 15
  if (version > 1) {
    page.put(` Unknown Version (${version})`)
    return true
  }
  page.put(` v${version}${(page.uint8(at + 3) & 0x80) === 0 ? '' : ' csum'}`)
  if (length === 12) page.put(` {${long(page, at + 4)}}`)
  else if (length >= 20) page.put(` {${long(page, at + 4)},${long(page, at + 12)}}`)
  return true
}

const join: Subtype = (page, at, length, flags) => {
  const isSyn = length === 12 && (flags & SYN) !== 0
  const isSynAck = length === 16 && (flags & (SYN | ACK)) === (SYN | ACK)
  const isAck = length === 24 && (flags & ACK) !== 0
  if (!isSyn && !isSynAck && !isAck) return false
  if (isAck) {
    page.put(` hmac 0x${page.hex(at + 4, 20)}`)
    return true
  }
  page.put(`${(page.uint8(at + 2) & 1) === 0 ? '' : ' backup'} id ${page.uint8(at + 3)}`)
  if (length === 12) page.put(` token 0x${page.uint32(at + 4).toString(16)}`)
  else page.put(` hmac ${long(page, at + 4)}`)
  page.put(` nonce 0x${page.uint32(at + length - 4).toString(16)}`)
  return true
}

const DSS_FIN = 0x10
const DSS_LONG_SEQ = 0x08
const DSS_SEQ = 0x04
const DSS_LONG_ACK = 0x02
const DSS_ACK = 0x01

const dataSequence: Subtype = (page, at, length, flags) => {
  if (length < 4 || (flags & SYN) !== 0) return false
  const bits = page.uint8(at + 3)
  if ((bits & DSS_FIN) !== 0) page.put(' fin')
  let next = at + 4
  const end = at + length
  const number = (isLong: boolean): boolean => {
    const size = isLong ? 8 : 4
    if (end - next < size) return false
    page.put(String(isLong ? page.uint64(next) : page.uint32(next)))
    next += size
    return true
  }
  if ((bits & DSS_ACK) !== 0) {
    page.put(' ack ')
    if (!number((bits & DSS_LONG_ACK) !== 0)) return false
  }
  if ((bits & DSS_SEQ) !== 0) {
    page.put(' seq ')
    if (!number((bits & DSS_LONG_SEQ) !== 0) || end - next < 4) return false
    page.put(` subseq ${page.uint32(next)}`)
    if (end - next < 6) return false
    page.put(` len ${page.uint16(next + 4)}`)
    next += 6
    if (end - next >= 2) {
      page.put(` csum 0x${page.uint16(next).toString(16)}`)
      next += 2
    }
  }
  return next === end
}

const ADD_ADDRESS_LENGTHS = new Set([8, 10, 16, 18, 20, 22, 28, 30])
const ADD_ADDRESS_KINDS: Readonly<Record<number, string>> = {
  6: 'v0-ip6',
  4: 'v0-ip4',
  1: 'v1-echo',
  0: 'v1',
}

/** An address of either version, with a port where the length leaves room, and from RFC 8684 on an HMAC. */
const addAddress: Subtype = (page, at, length) => {
  if (!ADD_ADDRESS_LENGTHS.has(length)) return false
  const kind = ADD_ADDRESS_KINDS[page.uint8(at + 2) & 15] ?? '[bad version/echo]'
  page.put(` ${kind} id ${page.uint8(at + 3)}`)
  const isVersion6 = length >= 20
  const rest = length - (isVersion6 ? 20 : 8)
  page.put(` ${isVersion6 ? page.ipv6(at + 4) : page.ipv4(at + 4)}`)
  const next = at + (isVersion6 ? 20 : 8)
  const hasPort = (rest & 7) === 2
  if (hasPort) page.put(`:${page.uint16(next)}`)
  if (rest >= 8) page.put(` hmac ${long(page, next + (hasPort ? 2 : 0))}`)
  return true
}

const removeAddress: Subtype = (page, at, length) => {
  if (length < 4) return false
  page.put(' id')
  for (let k = 3; k < length; k++) page.put(` ${page.uint8(at + k)}`)
  return true
}

const priority: Subtype = (page, at, length) => {
  if (length !== 3 && length !== 4) return false
  page.put((page.uint8(at + 2) & 1) === 0 ? ' non-backup' : ' backup')
  if (length === 4) page.put(` id ${page.uint8(at + 3)}`)
  return true
}

const fail: Subtype = (page, at, length) => {
  if (length !== 12) return false
  page.put(` seq ${page.uint64(at + 4)}`)
  return true
}

const fastClose: Subtype = (page, at, length) => {
  if (length !== 12) return false
  page.put(` key ${long(page, at + 4)}`)
  return true
}

const SUBTYPES: readonly (readonly [name: string, put: Subtype])[] = [
  ['capable', capable],
  ['join', join],
  ['dss', dataSequence],
  ['add-addr', addAddress],
  ['rem-addr', removeAddress],
  ['prio', priority],
  ['fail', fail],
  ['fast-close', fastClose],
]
