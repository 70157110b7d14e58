/**
 * Second decoders of IPv4 and IPv6, written from RFC 791 and RFC 8200 alone: slow, plain, and strict about where they
 * read. Numbers are unsigned and addresses hexadecimal text.
 */

import type { Verdict } from '../../src/wire/verdict.ts'

/** Octets that may not be read past their end. */
export class Octets {
  readonly #bytes: readonly number[]

  constructor(bytes: Iterable<number>) {
    this.#bytes = [...bytes]
  }

  get length(): number {
    return this.#bytes.length
  }

  /** @throws Error outside: the reference itself is wrong then. */
  number(at: number, octets = 1): number {
    if (at < 0 || at + octets > this.length) throw new Error(`the reference reads at ${at} of ${this.length}`)
    return this.#bytes.slice(at, at + octets).reduce((sum, octet) => sum * 256 + octet, 0)
  }

  hex(at: number, octets: number): string {
    return Array.from({ length: octets }, (_, i) =>
      this.number(at + i)
        .toString(16)
        .padStart(2, '0'),
    ).join('')
  }

  from(at: number, end = this.length): Octets {
    return new Octets(this.#bytes.slice(at, Math.max(at, end)))
  }

  /** The ones' complement sum of RFC 1071, folded at each step. */
  sum(): number {
    let sum = 0
    for (let at = 0; at < this.length; at += 2) {
      sum += this.number(at) * 256 + (at + 1 < this.length ? this.number(at + 1) : 0)
      if (sum > 0xffff) sum -= 0xffff
    }
    return sum
  }
}

export interface IpFields {
  readonly version: number
  readonly tos: number
  readonly ttl: number
  readonly protocol: number
  readonly identification: number
  readonly dontFragment: boolean
  readonly flowLabel: number
  readonly src: string
  readonly dst: string
  readonly headerLength: number
  readonly totalLength: number
  /** Octets of payload by the length field, and those that are there. */
  readonly payloadLength: number
  readonly payload: Octets
}

/** @param wireLength -1, or how long a packet was that a capture may have cut. */
export function referenceIp(packet: Octets, verifyChecksum: boolean, wireLength: number): Verdict | IpFields {
  if (packet.length === 0) return 'empty-packet'
  const version = packet.number(0) >> 4
  if (version === 4) return referenceIpv4(packet, verifyChecksum, wireLength)
  return version === 6 ? referenceIpv6(packet, wireLength) : 'not-ip'
}

const MAPPED = '00000000000000000000ffff'

function referenceIpv4(packet: Octets, verifyChecksum: boolean, wireLength: number): Verdict | IpFields {
  if (packet.length < 20) return 'ip-truncated'
  const headerLength = (packet.number(0) % 16) * 4
  const claimed = packet.number(2, 2)
  const totalLength = claimed === 0 && wireLength > 0 ? wireLength : claimed
  if (headerLength < 20 || totalLength < headerLength) return 'ip-header-length'
  if (packet.length < headerLength) return 'ip-truncated'
  const most = wireLength >= 0 ? wireLength : packet.length
  if (totalLength > most) return 'ip-total-length'
  if (verifyChecksum && packet.from(0, headerLength).sum() !== 0xffff) return 'ip-checksum'
  const fragment = packet.number(6, 2)
  if (fragment % 0x4000 !== 0) return 'ip-fragment'
  return {
    version: 4,
    tos: packet.number(1),
    ttl: packet.number(8),
    protocol: packet.number(9),
    identification: packet.number(4, 2),
    dontFragment: (fragment & 0x4000) !== 0,
    flowLabel: 0,
    src: MAPPED + packet.hex(12, 4),
    dst: MAPPED + packet.hex(16, 4),
    headerLength,
    totalLength,
    payloadLength: totalLength - headerLength,
    payload: packet.from(headerLength, Math.min(totalLength, packet.length)),
  }
}

/** Hop-by-hop options, routing, fragment and destination options headers (RFC 8200 4). */
const EXTENSIONS: readonly number[] = [0, 43, 44, 60]

function referenceIpv6(packet: Octets, wireLength: number): Verdict | IpFields {
  if (packet.length < 40) return 'ip-truncated'
  const claimed = packet.number(4, 2)
  const payloadLength = claimed === 0 && wireLength > 40 ? wireLength - 40 : claimed
  const totalLength = 40 + payloadLength
  if (totalLength > (wireLength >= 0 ? wireLength : packet.length)) return 'ip-total-length'
  const held = packet.from(40, Math.min(totalLength, packet.length))
  const chain = passChain(held, packet.number(6))
  if (typeof chain === 'string') return chain
  return {
    version: 6,
    tos: Math.floor(packet.number(0, 2) / 16) % 256,
    ttl: packet.number(7),
    protocol: chain.protocol,
    identification: chain.identification,
    dontFragment: true,
    flowLabel: packet.number(0, 4) % 2 ** 20,
    src: packet.hex(8, 16),
    dst: packet.hex(24, 16),
    headerLength: 40 + chain.length,
    totalLength,
    payloadLength: payloadLength - chain.length,
    payload: held.from(chain.length),
  }
}

interface Chain {
  readonly protocol: number
  readonly length: number
  readonly identification: number
}

function passChain(octets: Octets, first: number): Verdict | Chain {
  let protocol = first
  let at = 0
  let identification = 0
  for (let count = 1; EXTENSIONS.includes(protocol); count++) {
    if (count > 7 || (protocol === 0 && count > 1)) return 'ipv6-extension-header'
    if (octets.length - at < 8) return 'ip-truncated'
    const length = protocol === 44 ? 8 : 8 * (octets.number(at + 1) + 1)
    if (octets.length - at < length) return 'ip-truncated'
    const header = octets.from(at, at + length)
    if (protocol === 43 && header.number(3) > 0) return 'ipv6-extension-header'
    if (protocol === 44) {
      const fragment = header.number(2, 2)
      if (fragment >> 3 !== 0 || fragment % 2 !== 0) return 'ip-fragment'
      identification = header.number(4, 4)
    }
    if ((protocol === 0 || protocol === 60) && !skippable(header)) return 'ipv6-extension-header'
    protocol = header.number(0)
    at += length
  }
  return { protocol, length: at, identification }
}

/** RFC 8200 4.2: only options of the types 00xxxxxx, and they fill the header exactly. */
function skippable(header: Octets): boolean {
  let at = 2
  while (at < header.length) {
    const type = header.number(at)
    if (type >= 64) return false
    if (type === 0) at += 1
    else if (at + 1 === header.length) return false
    else at += 2 + header.number(at + 1)
  }
  return at === header.length
}
