/** The addresses, ports and names of a capture filter as values, checked against the qualifiers that they stand behind. */

import { parseAddress } from '../wire/address.ts'
import { Prefix } from '../wire/address-prefix.ts'
import type { BpfOperand, PortProtocol, Qualifiers } from './bpf-syntax.ts'
import { type BpfToken, numberOf } from './bpf-token.ts'
import { ETHER_PROTOCOLS, PROTOCOL_NUMBERS } from './filter-constants.ts'
import { FilterError } from './filter-error.ts'
import { portOfName } from './port-names.ts'

const MAX_PORT = 0xffff
const ALL_ONES = 0xffff_ffff

export class BpfOperands {
  readonly #expression: string

  constructor(expression: string) {
    this.#expression = expression
  }

  number(token: BpfToken, value: number, qualifiers: Qualifiers): BpfOperand {
    const { type } = qualifiers
    if (type === 'proto') return { kind: 'number', value }
    if (type === 'port' || type === 'portrange') {
      this.#checkPort(token, value)
      return { kind: 'range', first: value, last: value, only: null }
    }
    if (qualifiers.protocol === 'ether') this.#fail(token, `"${token.text}" is no address of the link layer`)
    // A network is named by its first octets: net 10 is 10.0.0.0/8.
    let address = value
    let mask = ALL_ONES
    while (type === 'net' && address !== 0 && address >>> 24 === 0) {
      address = (address << 8) >>> 0
      mask = (mask << 8) >>> 0
    }
    return { kind: 'ipv4', words: [address], mask: [mask] }
  }

  /** An address of one to four octets, and what a slash or `mask` says behind it. */
  ipv4(token: BpfToken, bits: BpfToken | null, mask: BpfToken | null, qualifiers: Qualifiers): BpfOperand {
    this.#checkAddress(token, bits !== null || mask !== null, qualifiers)
    const [address, ownMask] = this.#parts(token)
    let network = ownMask
    if (bits !== null) {
      if (bits.value > 32) this.#fail(bits, `a prefix of IPv4 has at most 32 bits, not ${bits.text}`)
      network = bits.value === 0 ? 0 : (ALL_ONES << (32 - bits.value)) >>> 0
    } else if (mask !== null) network = this.#parts(mask)[0]
    if ((address & ~network) !== 0) this.#fail(token, `"${token.text}" has bits beyond its mask`)
    return { kind: 'ipv4', words: [address], mask: [network] }
  }

  ipv6(token: BpfToken, bits: BpfToken | null, qualifiers: Qualifiers): BpfOperand {
    this.#checkAddress(token, false, qualifiers)
    const length = bits?.value ?? 128
    if (length > 128) this.#fail(bits!, `a prefix of IPv6 has at most 128 bits, not ${bits!.text}`)
    if (length < 128 && qualifiers.type !== 'net') this.#fail(token, 'expected "net" before a prefix')
    const { protocol } = qualifiers
    if (protocol !== 'any' && protocol !== 'ip6') this.#fail(token, `"${protocol}" has no IPv6 addresses`)
    const { address, m0, m1, m2, m3 } = new Prefix(parseAddress(token.text)!, length)
    const words = [address.w0, address.w1, address.w2, address.w3]
    const mask = [m0, m1, m2, m3]
    if (words.some((word, k) => (word & ~mask[k]!) !== 0)) {
      this.#fail(token, `"${token.text}" has bits beyond its mask`)
    }
    return { kind: 'ipv6', words: words.map((word) => word >>> 0), mask: mask.map((word) => word >>> 0) }
  }

  ether(token: BpfToken, { protocol, type }: Qualifiers): BpfOperand {
    if (protocol !== 'ether' || (type !== 'default' && type !== 'host')) {
      this.#fail(
        token,
        'expected "ether host", "ether src" or "ether dst" before an address of the link layer',
      )
    }
    const groups = /[:\-.]/.test(token.text) ? token.text.split(/[:\-.]/) : [token.text]
    const digits = groups.map((group) => (groups.length === 6 ? group.padStart(2, '0') : group)).join('')
    return {
      kind: 'ether',
      octets: Array.from({ length: 6 }, (_, k) => Number(`0x${digits.slice(2 * k, 2 * k + 2)}`)),
    }
  }

  name(token: BpfToken, qualifiers: Qualifiers): BpfOperand {
    switch (qualifiers.type) {
      case 'proto':
        return { kind: 'number', value: this.#protocol(token, qualifiers) }
      case 'port': {
        const { port, only } = this.#port(token, token.text, qualifiers)
        return { kind: 'range', first: port, last: port, only }
      }
      case 'portrange':
        return this.#range(token, qualifiers)
      default:
        return this.#fail(token, `expected an address, not "${token.text}": names are not looked up`)
    }
  }

  #range(token: BpfToken, qualifiers: Qualifiers): BpfOperand {
    const dash = token.text.indexOf('-')
    if (dash < 0) {
      const { port, only } = this.#port(token, token.text, qualifiers)
      return { kind: 'range', first: port, last: port, only }
    }
    const first = this.#port(token, token.text.slice(0, dash), qualifiers)
    const last = this.#port(token, token.text.slice(dash + 1), qualifiers)
    const only = first.only === last.only ? first.only : null
    const [least, most] = first.port <= last.port ? [first.port, last.port] : [last.port, first.port]
    return { kind: 'range', first: least, last: most, only }
  }

  #port(token: BpfToken, text: string, { protocol }: Qualifiers): { port: number; only: PortProtocol } {
    if (/^(0[xX][0-9A-Fa-f]+|\d+)$/.test(text)) {
      const port = numberOf(this.#expression, text, token.column)
      this.#checkPort(token, port)
      return { port, only: null }
    }
    const named = portOfName(text)
    if (named === null) return this.#fail(token, `unknown port "${text}"`)
    const { port, protocols } = named
    if (protocol !== 'any' && !protocols.includes(protocol)) {
      this.#fail(token, `"${text}" is no port of ${protocol}`)
    }
    return { port, only: protocols.length === 1 ? (protocols[0] as PortProtocol) : null }
  }

  #protocol(token: BpfToken, { protocol }: Qualifiers): number {
    const names = protocol === 'ether' ? ETHER_PROTOCOLS : PROTOCOL_NUMBERS
    return names.get(token.text) ?? this.#fail(token, `unknown protocol "${token.text}"`)
  }

  #parts(token: BpfToken): [value: number, mask: number] {
    let value = 0
    const parts = token.text.split('.')
    for (const part of parts) {
      const octet = numberOf(this.#expression, part, token.column)
      if (octet > 0xff) this.#fail(token, `"${token.text}" is no address: ${part} is more than 255`)
      value = value * 256 + octet
    }
    const missing = 8 * (4 - parts.length)
    return [(value << missing) >>> 0, (ALL_ONES << missing) >>> 0]
  }

  #checkPort(token: BpfToken, port: number): void {
    if (port > MAX_PORT) this.#fail(token, `expected a port from 0 to ${MAX_PORT}, not ${port}`)
  }

  #checkAddress(token: BpfToken, hasMask: boolean, { type, protocol }: Qualifiers): void {
    if (type === 'port' || type === 'portrange') this.#fail(token, `expected a port, not "${token.text}"`)
    if (type === 'proto') this.#fail(token, `expected a protocol, not "${token.text}"`)
    if (hasMask && type !== 'net') this.#fail(token, 'expected "net" before an address with a mask')
    if (protocol === 'ether') this.#fail(token, `"${token.text}" is no address of the link layer`)
  }

  #fail(token: BpfToken, reason: string): never {
    throw new FilterError(this.#expression, token.column, reason)
  }
}
