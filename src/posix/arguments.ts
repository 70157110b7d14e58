/** Reading the arguments of a system call, and the two ways in which a call does not succeed. */

import type { Errno } from '../tcp/errno.ts'
import { type Address, addressOf, formatAddress, isMapped, parseAddress } from '../wire/address.ts'
import { CONSTANTS, type ERRNO_NUMBERS } from './constants.ts'
import { DEFAULT_ARGUMENT, type Structure, type Value } from './value.ts'

/** errno by name: TCP's, and those that only calls have. */
export type CallErrno = Errno | Exclude<keyof typeof ERRNO_NUMBERS, 'EWOULDBLOCK' | 'ENOTSUP'>

/** The call fails: it returns -1 with this errno. */
export class Fails extends Error {
  override readonly name = 'Fails'
  readonly errno: CallErrno

  constructor(errno: CallErrno) {
    super(errno)
    this.errno = errno
  }
}

/** Elko cannot carry the call out: what it does not have, in words. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported'
}

/** A number; `...` is the number given as default, where there is one. */
export function integer(value: Value | undefined, what: string, usual?: number): number {
  if (typeof value === 'number') return value
  if (value === DEFAULT_ARGUMENT && usual !== undefined) return usual
  throw new Unsupported(`${what}: expected a number`)
}

/** The members of a list; a value alone stands for a list of one. */
export function list(value: Value | undefined, what: string): readonly Value[] {
  if (Array.isArray(value)) return value as readonly Value[]
  throw new Unsupported(`${what}: expected a list`)
}

export function isStructure(value: Value | undefined): value is Structure {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}

export function structure(value: Value | undefined, what: string): Structure {
  if (isStructure(value)) return value
  throw new Unsupported(`${what}: expected a structure`)
}

/** Octets to send: `...` are zeros. EFAULT for NULL, unless nothing is to be read from it. */
export function octets(value: Value | undefined, length: number): Uint8Array {
  if (length < 0) throw new Fails('EFAULT')
  if (value instanceof Uint8Array || typeof value === 'string') {
    const given = typeof value === 'string' ? Uint8Array.from(value, (c) => c.charCodeAt(0) & 0xff) : value
    if (given.length >= length) return given.subarray(0, length)
    const whole = new Uint8Array(length)
    whole.set(given)
    return whole
  }
  if ((value === null || value === 0) && length > 0) throw new Fails('EFAULT')
  return new Uint8Array(length)
}

/** A socket's name. */
export interface SocketName {
  readonly address: Address
  readonly port: number
}

/**
 * A socket address structure as a name, addresses as on the wire: an IPv4 address in IPv6's clothes is an IPv4 address.
 *
 * @param domain AF_INET or AF_INET6, of the socket.
 */
export function socketName(value: Value | undefined, domain: number): SocketName {
  if (value === null) throw new Fails('EFAULT')
  const name = structure(value, 'a socket address')
  const family = familyOf(name)
  if (family !== domain) throw new Fails(family === CONSTANTS.AF_UNSPEC ? 'EAFNOSUPPORT' : 'EINVAL')
  const port = integer(name.sin_port ?? name.sin6_port, 'sin_port')
  const text = name.sin_addr ?? name.sin6_addr
  return { address: addressFrom(text, domain), port }
}

export function familyOf(name: Structure): number {
  return integer(name.sa_family ?? name.sin_family ?? name.sin6_family, 'sa_family')
}

function addressFrom(value: Value | undefined, domain: number): Address {
  if (value === 0 && domain === CONSTANTS.AF_INET) return parseAddress('0.0.0.0')!
  const address = typeof value === 'string' ? parseAddress(value) : null
  if (address === null) throw new Unsupported('a socket address without an IP address')
  return isMapped(address) ? addressOf(address.w0, address.w1, address.w2, address.w3) : address
}

/** A name as a structure, in the clothes of the socket's domain. */
export function nameStructure({ address, port }: SocketName, domain: number): Structure {
  const mapped = domain === CONSTANTS.AF_INET6 && address.version === 4
  const text = mapped ? `::ffff:${formatAddress(address)}` : formatAddress(address)
  return domain === CONSTANTS.AF_INET
    ? { sa_family: domain, sin_port: port, sin_addr: text }
    : { sa_family: domain, sin6_port: port, sin6_addr: text }
}
