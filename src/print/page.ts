/**
 * What a packet prints: text that grows while its octets are read, as tcpdump's printers do it. A read beyond what was
 * captured ends the text with ` [|tcp]`: what is put behind it is not printed, so that no printer has to ask first.
 */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { addressOf, formatAddress } from '../wire/address.ts'
import { MAPPED_PREFIX } from '../wire/ip-header.ts'
import { portName } from './services.ts'

/** What is printed of a packet, and how; tcpdump's flags. */
export interface Wishes {
  /** -S: sequence numbers as they stand in the packets. */
  readonly absolute: boolean
  /** -v, -vv, -vvv: 1 to 3. */
  readonly verbose: number
  /** -e: the link layer's header. */
  readonly link: boolean
  /** -q: less of what lies above IP. */
  readonly quiet: boolean
  /** -n: ports, protocols and makers of network cards as numbers. */
  readonly numeric: boolean
}

/** Prints the header at `at`; `length` octets were on the wire from there on. False: it is not known here. */
export type Printer = (page: Page, at: number, length: number) => void

const NOTHING = new Uint8Array(0)

export class Page {
  readonly wishes: Wishes
  /** Printers by the name of their layer; printers find each other here, and import each other nowhere. */
  readonly printers: Readonly<Record<string, Printer>>
  text = ''
  bytes: Uint8Array = NOTHING
  /** Where the octets end that were captured and belong to the innermost packet. */
  end = 0
  /** The printer at work, which a cut is blamed on. */
  protocol = ''
  isCut = false
  /** Octets of the link layer, which -x and -A leave out. */
  linkLength = 0
  /** Where the innermost IP header stands. */
  ipAt = 0
  /** Whether what the innermost IP header carries goes on in other packets. */
  isFragment = false

  constructor(wishes: Wishes, printers: Readonly<Record<string, Printer>>) {
    this.wishes = wishes
    this.printers = printers
  }

  begin(bytes: Uint8Array, end: number): void {
    this.text = ''
    this.bytes = bytes
    this.end = end
    this.protocol = ''
    this.isCut = false
    this.linkLength = 0
  }

  put(text: string): void {
    if (!this.isCut) this.text += text
  }

  /** Says that something is missing, and goes on. */
  truncated(): void {
    this.put(` [|${this.protocol}]`)
  }

  invalid(): void {
    this.put(' (invalid)')
  }

  /** Ends the text. */
  cut(): void {
    this.truncated()
    this.isCut = true
  }

  /** Prints with another layer's printer. */
  follow(name: string, at: number, length: number): void {
    if (!this.isCut) this.printers[name]!(this, at, length)
  }

  /** Whether so many octets were captured from there on. */
  has(at: number, length: number): boolean {
    return at >= 0 && at + length <= this.end
  }

  /** What a read beyond the end gives is printed by nobody. */
  uint8(at: number): number {
    if (this.has(at, 1)) return this.bytes[at]!
    this.cut()
    return 0
  }

  uint16(at: number): number {
    if (this.has(at, 2)) return readUint16(this.bytes, at)
    this.cut()
    return 0
  }

  uint24(at: number): number {
    return (this.uint8(at) << 16) | this.uint16(at + 1)
  }

  uint32(at: number): number {
    if (this.has(at, 4)) return readInt32(this.bytes, at) >>> 0
    this.cut()
    return 0
  }

  uint64(at: number): bigint {
    return (BigInt(this.uint32(at)) << 32n) | BigInt(this.uint32(at + 4))
  }

  ipv4(at: number): string {
    if (!this.has(at, 4)) {
      this.cut()
      return ''
    }
    const { bytes } = this
    return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`
  }

  ipv6(at: number): string {
    const word = (k: number): number => this.uint32(at + 4 * k)
    return ipv6Text(word(0), word(1), word(2), word(3))
  }

  /** Two digits for each octet. */
  hex(at: number, length: number, between = ''): string {
    let text = ''
    for (let k = 0; k < length && !this.isCut; k++) {
      text += `${k === 0 ? '' : between}${hex2(this.uint8(at + k))}`
    }
    return text
  }

  /** A port by its service's name, unless -n asks for its number. */
  port(number: number, protocol: 'tcp' | 'udp'): string {
    return (this.wishes.numeric ? undefined : portName(number, protocol)) ?? String(number)
  }
}

/** As tcpdump writes it: what looks like a compatible address of IPv4 (RFC 4291 2.5.5.1) is shown as one. */
function ipv6Text(w0: number, w1: number, w2: number, w3: number): string {
  const isCompatible = (w0 | w1 | w2) === 0 && w3 > 0xffff
  if (isCompatible) return `::${formatAddress(addressOf(0, 0, MAPPED_PREFIX, w3, 4))}`
  return formatAddress(addressOf(w0, w1, w2, w3, 6))
}

export const hex2 = (value: number): string => value.toString(16).padStart(2, '0')
export const hex4 = (value: number): string => value.toString(16).padStart(4, '0')

/** The names of the bits that are set, `none` where none is. */
export function bitNames(
  names: readonly (readonly [bit: number, name: string])[],
  value: number,
  between = ', ',
): string {
  let text = ''
  for (const [bit, name] of names) if ((value & bit) === bit) text += text === '' ? name : between + name
  return text === '' ? 'none' : text
}

/** A character that can be printed as it is; others as `^A` and, from 128 on, `M-`. */
export function charText(octet: number): string {
  const low = octet & 0x7f
  const prefix = octet > 0x7f ? 'M-' : ''
  if (low >= 0x20 && low < 0x7f) return prefix + String.fromCharCode(low)
  return `${prefix}^${String.fromCharCode(low ^ 0x40)}`
}
