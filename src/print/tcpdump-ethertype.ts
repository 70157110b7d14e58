/** What an Ethernet type announces, wherever it stands, and Ethernet's addresses. */

import { hex4, type Page } from './page.ts'
import { ETHERTYPE_NAMES, MAKER_NAMES } from './tcpdump-names.ts'

/** Larger numbers at a length's place are Ethernet types (IEEE 802.3). */
export const MAX_ETHERNET_LENGTH = 1500

/** An Ethernet address; without -n the maker's name behind it. */
export function etherText(page: Page, at: number): string {
  const text = page.hex(at, 6, ':')
  if (page.wishes.numeric || page.isCut) return text
  if (text === 'ff:ff:ff:ff:ff:ff') return 'Broadcast'
  return `${text} (oui ${MAKER_NAMES.get(page.uint24(at)) ?? 'Unknown'})`
}

export function putEthertype(page: Page, type: number): void {
  const name = ETHERTYPE_NAMES.get(type)
  if (page.wishes.quiet) page.put(name ?? `Unknown Ethertype (0x${hex4(type)})`)
  else page.put(`ethertype ${name ?? 'Unknown'} (0x${hex4(type)})`)
}

export function vlanText(tag: number): string {
  return `vlan ${tag & 0xfff}, p ${tag >> 13}${(tag & 0x1000) === 0 ? '' : ', DEI'}`
}

/** Prints what an Ethernet type announces; false where that is not known. */
export function printEthertype(page: Page, type: number, at: number, length: number): boolean {
  const name = ETHERTYPE_PRINTERS.get(type)
  if (name === undefined) return false
  page.follow(name, at, length)
  return true
}

const ETHERTYPE_PRINTERS: ReadonlyMap<number, string> = new Map([
  [0x0800, 'ip'],
  [0x86dd, 'ip6'],
  [0x0806, 'arp'],
  [0x8035, 'arp'],
  [0x8863, 'pppoe'],
  [0x8864, 'pppoe'],
  [0x8847, 'mpls'],
  [0x8848, 'mpls'],
  [0x9000, 'loopback'],
])
