/**
 * Values of system calls as C has them in memory, on little-endian Linux with 64-bit pointers, and back.
 *
 * All memory is off V8's heap (over 64 octets), so that its address stays the same while a call runs on another thread.
 */

import { CONSTANTS } from '../posix/constants.ts'
import { DEFAULT_ARGUMENT, type Structure, type Value } from '../posix/value.ts'
import { Address, formatAddress, parseAddress } from '../wire/address.ts'

/** What a script wrote that has no form in memory here. */
export class NoForm extends Error {
  override readonly name = 'NoForm'
}

/** Zeroed memory that V8 does not move. */
export function memory(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(Math.max(128, length)), 0, length)
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function isStructure(value: Value | undefined): value is Structure {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value)
}

export function numberFrom(value: Value | undefined, what: string): number {
  if (typeof value === 'number') return value
  throw new NoForm(`${what}: expected a number`)
}

/** The value alone, or the only one of a list: scripts write `[1]` for a pointer to 1. */
export function alone(value: Value | undefined): Value | undefined {
  return isList(value) && value.length === 1 ? value[0] : value
}

// ---- octets

/** Octets to send: `...` are zeros; a text is followed by zeros. */
export function octetsOut(value: Value | undefined, length: number): Uint8Array | null {
  if (value === null) return null
  const bytes = memory(Math.max(0, length))
  if (typeof value === 'string') bytes.set([...value].slice(0, length).map((c) => c.charCodeAt(0) & 0xff))
  else if (value instanceof Uint8Array) bytes.set(value.subarray(0, length))
  return bytes
}

export function int(value: number): Uint8Array {
  const bytes = memory(4)
  viewOf(bytes).setInt32(0, value, true)
  return bytes
}

export function intFrom(bytes: Uint8Array): number {
  return viewOf(bytes).getInt32(0, true)
}

// ---- socket addresses

/** Octets of the largest one: sockaddr_in6. */
export const NAME_OCTETS = 28

export interface Name {
  readonly address: Address
  readonly port: number
}

/** sockaddr_in or sockaddr_in6; an IPv4 address in an AF_INET6 one is mapped (RFC 4291 2.5.5.2). */
export function nameOut(family: number, { address, port }: Name): Uint8Array {
  const bytes = memory(family === CONSTANTS.AF_INET ? 16 : NAME_OCTETS)
  const view = viewOf(bytes)
  view.setUint16(0, family, true)
  view.setUint16(2, port)
  if (family === CONSTANTS.AF_INET) {
    view.setInt32(4, address.w3)
    return bytes
  }
  const words =
    address.version === 6 ? [address.w0, address.w1, address.w2, address.w3] : [0, 0, 0xffff, address.w3]
  for (const [i, word] of words.entries()) view.setInt32(8 + 4 * i, word)
  return bytes
}

/** A script's structure as a socket address. */
export function nameOfStructure(value: Structure): Uint8Array {
  const family = numberFrom(value.sa_family ?? value.sin_family ?? value.sin6_family, 'sa_family')
  const bytes = memory(NAME_OCTETS)
  viewOf(bytes).setUint16(0, family, true)
  if (family !== CONSTANTS.AF_INET && family !== CONSTANTS.AF_INET6) return bytes
  const text = value.sin_addr ?? value.sin6_addr
  const address =
    typeof text === 'string' ? parseAddress(text) : new Address(4, 0, 0, 0, Number(text ?? 0) | 0)
  if (address === null) throw new NoForm(`the address ${String(text)}`)
  return nameOut(family, { address, port: numberFrom(value.sin_port ?? value.sin6_port, 'sin_port') })
}

export function nameIn(bytes: Uint8Array): Structure {
  const view = viewOf(bytes)
  const family = view.getUint16(0, true)
  const port = view.getUint16(2)
  if (family === CONSTANTS.AF_INET) {
    const address = new Address(4, 0, 0, 0, view.getInt32(4))
    return { sa_family: family, sin_port: port, sin_addr: formatAddress(address) }
  }
  const words = [8, 12, 16, 20].map((at) => view.getInt32(at)) as [number, number, number, number]
  return { sa_family: family, sin6_port: port, sin6_addr: formatAddress(new Address(6, ...words)) }
}

// ---- poll and epoll

const POLLFD_OCTETS = 8

export function pollOut(entries: readonly Value[]): Uint8Array {
  const bytes = memory(entries.length * POLLFD_OCTETS)
  const view = viewOf(bytes)
  for (const [i, entry] of entries.entries()) {
    if (!isStructure(entry)) throw new NoForm('pollfd: expected a structure')
    view.setInt32(i * POLLFD_OCTETS, numberFrom(entry.fd, 'fd'), true)
    view.setInt16(i * POLLFD_OCTETS + 4, numberFrom(entry.events, 'events'), true)
  }
  return bytes
}

export function pollIn(entries: readonly Value[], bytes: Uint8Array): Value[] {
  const view = viewOf(bytes)
  return entries.map((entry, i) => ({
    ...(entry as Structure),
    revents: view.getInt16(i * POLLFD_OCTETS + 6, true),
  }))
}

/** struct epoll_event is packed on x86-64, and nowhere else. */
export const EPOLL_EVENT_OCTETS = process.arch === 'x64' ? 12 : 16
const EPOLL_DATA = EPOLL_EVENT_OCTETS - 8

/** The names under which scripts give the data of an event; all share the same place. */
const EPOLL_DATA_NAMES = ['fd', 'ptr', 'u32', 'u64'] as const

export function epollOut(value: Structure): Uint8Array {
  const bytes = memory(EPOLL_EVENT_OCTETS)
  const view = viewOf(bytes)
  view.setUint32(0, numberFrom(value.events, 'events'), true)
  const name = EPOLL_DATA_NAMES.find((one) => value[one] !== undefined)
  if (name !== undefined) view.setBigInt64(EPOLL_DATA, BigInt(numberFrom(value[name], name)), true)
  return bytes
}

/** The events that came, each under the name that the script has for its data; none: zeros. */
export function epollIn(like: Value | undefined, bytes: Uint8Array, count: number): Value {
  const shapes: readonly Value[] = isList(like) ? like : [like ?? DEFAULT_ARGUMENT]
  const view = viewOf(bytes)
  const events = shapes.map((shape, i): Value => {
    if (!isStructure(shape)) return shape ?? null
    const name = EPOLL_DATA_NAMES.find((one) => shape[one] !== undefined) ?? 'fd'
    const at = i * EPOLL_EVENT_OCTETS
    if (i >= count) return { events: 0, [name]: 0 }
    return { events: view.getUint32(at, true), [name]: Number(view.getBigInt64(at + EPOLL_DATA, true)) }
  })
  return isList(like) ? events : (events[0] ?? null)
}
