/** Address prefixes: '10.0.0.1/24', '2001:db8::/32' (RFC 4632 3.1, RFC 4291 2.3). */

import { Address, parseAddress } from './address.ts'

export class Prefix {
  /** The address as written, host bits included: an interface's own address, say. */
  readonly address: Address
  /** Bits of the network part, 0 to 32 (IPv4) or 0 to 128 (IPv6). */
  readonly length: number
  /** The network part of each word, as a mask. */
  readonly m0: number
  readonly m1: number
  readonly m2: number
  readonly m3: number

  /** @param length bits, 0 to 32 or 128; outside of that it is clamped */
  constructor(address: Address, length: number) {
    const most = address.version === 4 ? 32 : 128
    this.address = address
    this.length = Math.max(0, Math.min(most, Math.trunc(length)))
    const bits = this.length + 128 - most
    this.m0 = maskOf(bits)
    this.m1 = maskOf(bits - 32)
    this.m2 = maskOf(bits - 64)
    this.m3 = maskOf(bits - 96)
  }

  toString(): string {
    return `${this.address}/${this.length}`
  }
}

/** Parses an address, a slash and a decimal length; null where the text is anything else. */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/')
  if (slash < 0) return null
  const address = parseAddress(text.slice(0, slash))
  const digits = text.slice(slash + 1)
  if (address === null || !/^(0|[1-9][0-9]{0,2})$/.test(digits)) return null
  return Number(digits) <= (address.version === 4 ? 32 : 128) ? new Prefix(address, Number(digits)) : null
}

/** Whether an address lies in a prefix. ::/0 holds no IPv4 address and 0.0.0.0/0 no IPv6 address. */
export function inPrefix(prefix: Prefix, address: Address): boolean {
  return (
    prefix.address.version === address.version &&
    inPrefixWords(prefix, address.w0, address.w1, address.w2, address.w3)
  )
}

/** The same for words of which the caller knows that they are of the prefix's version. */
export function inPrefixWords(prefix: Prefix, w0: number, w1: number, w2: number, w3: number): boolean {
  const { w0: a0, w1: a1, w2: a2, w3: a3 } = prefix.address
  return (
    ((a0 ^ w0) & prefix.m0) === 0 &&
    ((a1 ^ w1) & prefix.m1) === 0 &&
    ((a2 ^ w2) & prefix.m2) === 0 &&
    ((a3 ^ w3) & prefix.m3) === 0
  )
}

/** The network's own address: host bits zero. */
export function networkOf(prefix: Prefix): Address {
  const { version, w0, w1, w2, w3 } = prefix.address
  return new Address(version, w0 & prefix.m0, w1 & prefix.m1, w2 & prefix.m2, w3 & prefix.m3)
}

/** Whether words are the broadcast address of an IPv4 subnet (RFC 1122 3.2.1.3 d); /31 and /32 have none (RFC 3021). */
export function isSubnetBroadcastWords(
  prefix: Prefix,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): boolean {
  if (prefix.address.version !== 4 || prefix.length > 30) return false
  return (w3 | prefix.m3) === -1 && inPrefixWords(prefix, w0, w1, w2, w3)
}

/** A word whose upper `bits` bits are ones; bits below 0 and above 32 count as 0 and 32. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0
  return bits >= 32 ? -1 : -1 << (32 - bits)
}
