/** ARP (RFC 826) as tcpdump prints it: `ARP, Request who-has 10.0.0.1 tell 10.0.0.2, length 28`. */

import { hex4, type Page, type Printer } from './page.ts'
import { etherText } from './tcpdump-ethertype.ts'
import { putHexAndText } from './tcpdump-hex.ts'
import { ETHERTYPE_NAMES } from './tcpdump-names.ts'

const HARDWARE_NAMES: Readonly<Record<number, string>> = {
  1: 'Ethernet',
  6: 'TokenRing',
  7: 'ArcNet',
  15: 'FrameRelay',
  19: 'ATM',
  23: 'Strip',
  24: 'IEEE 1394',
  32: 'InfiniBand',
}
const OPERATION_NAMES: Readonly<Record<number, string>> = {
  1: 'Request',
  2: 'Reply',
  3: 'Reverse Request',
  4: 'Reverse Reply',
  8: 'Inverse Request',
  9: 'Inverse Reply',
  10: 'NACK Reply',
}

export const arp: Printer = (page, at, length) => {
  page.protocol = 'arp'
  const protocol = page.uint16(at + 2)
  const hardwareSize = page.uint8(at + 4)
  const protocolSize = page.uint8(at + 5)
  const operation = page.uint16(at + 6)
  const fields = { at: at + 8, hardwareSize, protocolSize, protocol }
  if (page.isCut) return
  if (!page.has(at, 8 + 2 * (hardwareSize + protocolSize))) return page.truncated()
  const { verbose, link } = page.wishes
  if (!link) page.put('ARP, ')
  const isPlain = (protocol === 0x0800 || protocol === 0x1000) && protocolSize === 4 && hardwareSize !== 0
  if (!isPlain || verbose > 0) {
    const hardware = page.uint16(at)
    page.put(
      `${HARDWARE_NAMES[hardware] ?? `Unknown Hardware (${hardware})`} (len ${hardwareSize})` +
        `, ${ETHERTYPE_NAMES.get(protocol) ?? `Unknown Protocol (0x${hex4(protocol)})`} (len ${protocolSize})`,
    )
    if (verbose === 0) return page.put(`, length ${length}`)
  }
  page.put(`${verbose > 0 ? ', ' : ''}${OPERATION_NAMES[operation] ?? `Unknown (${operation})`} `)
  const text = operationText(page, operation, fields)
  if (text === null) return putHexAndText(page, '\n\t', at, Math.max(0, page.end - at))
  page.put(`${text}, length ${length}`)
}

interface ArpFields {
  /** Where the addresses start. */
  readonly at: number
  readonly hardwareSize: number
  readonly protocolSize: number
  readonly protocol: number
}

/** Null for an operation that nobody knows. */
function operationText(page: Page, operation: number, fields: ArpFields): string | null {
  const { at, hardwareSize, protocolSize } = fields
  const target = at + hardwareSize + protocolSize
  const hardware = (place: number): string => hardwareText(page, place, hardwareSize)
  const address = (place: number): string => addressText(page, place, fields)
  switch (operation) {
    case 1: {
      const isKnown = page.bytes.subarray(target, target + hardwareSize).some((octet) => octet !== 0)
      const to = isKnown ? ` (${hardware(target)})` : ''
      return `who-has ${address(target + hardwareSize)}${to} tell ${address(at + hardwareSize)}`
    }
    case 2:
      return `${address(at + hardwareSize)} is-at ${hardware(at)}`
    case 3:
    case 8:
      return `who-is ${hardware(target)} tell ${hardware(at)}`
    case 4:
      return `${hardware(target)} at ${address(target + hardwareSize)}`
    case 9:
      return `${hardware(at)} at ${address(at + hardwareSize)}`
    default:
      return null
  }
}

function addressText(page: Page, at: number, { protocol, protocolSize }: ArpFields): string {
  if (protocol !== 0x0800 && protocol !== 0x1000) return '<wrong proto type>'
  return protocolSize === 4 ? page.ipv4(at) : '<wrong len>'
}

function hardwareText(page: Page, at: number, size: number): string {
  if (size === 0) return '<empty>'
  return size === 6 ? etherText(page, at) : page.hex(at, size, ':')
}
