/** UDP as tcpdump prints it: addresses and ports, and what it carries, or how long it is. */

import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { hex4, type Page, type Printer } from './page.ts'
import { pseudoHeaderSum, shouldBe } from './tcpdump-ip.ts'
import { putTextProtocol, SIP } from './tcpdump-text.ts'

const PROTOCOL_UDP = 17
const HEADER = 8
const MAX_DATAGRAM = 65_535

export const udp: Printer = (page, at, length) => {
  page.protocol = 'udp'
  if (!page.has(at, 4)) {
    putEnds(page, null)
    return page.truncated()
  }
  const source = page.uint16(at)
  const destination = page.uint16(at + 2)
  putEnds(page, [source, destination])
  if (length < HEADER) return page.put(`truncated-udp ${length}`)
  if (!page.has(at + 4, 2)) return page.truncated()
  const field = page.uint16(at + 4)
  // A jumbogram (RFC 2675) has no room for its length here.
  const whole = field === 0 && length > MAX_DATAGRAM ? length : field
  if (whole < HEADER) return page.put(`truncated-udplength ${whole}`)
  if (!page.has(at, HEADER)) return page.truncated()
  const inside = whole - HEADER
  const held = Math.min(inside, length - HEADER)
  if (page.wishes.verbose > 0 && !page.isFragment) putChecksum(page, at, held + HEADER)
  if (!page.wishes.quiet && printContents(page, at + HEADER, held, source, destination)) return
  if (inside > held && !page.isFragment) page.put(`UDP, bad length ${inside} > ${held}`)
  else page.put(`UDP, length ${inside}`)
}

/** Behind extension headers the addresses have been printed. @param ports null: they were not captured. */
function putEnds(page: Page, ports: readonly [number, number] | null): void {
  const { bytes, ipAt } = page
  const isVersion6 = bytes[ipAt]! >> 4 === 6
  const isDirect = bytes[ipAt + (isVersion6 ? 6 : 9)] === PROTOCOL_UDP
  const [from, to] = isVersion6
    ? [page.ipv6(ipAt + 8), page.ipv6(ipAt + 24)]
    : [page.ipv4(ipAt + 12), page.ipv4(ipAt + 16)]
  if (ports === null) {
    if (isDirect) page.put(`${from} > ${to}: `)
    return
  }
  const [source, destination] = ports
  const [sourceName, destinationName] = [page.port(source, 'udp'), page.port(destination, 'udp')]
  if (isDirect) page.put(`${from}.${sourceName} > ${to}.${destinationName}: `)
  else page.put(`${sourceName} > ${destinationName}: `)
}

function putChecksum(page: Page, at: number, length: number): void {
  const isVersion6 = page.bytes[page.ipAt]! >> 4 === 6
  if (!isVersion6 && page.wishes.verbose < 2) return
  const found = page.uint16(at + 6)
  if (!isVersion6 && found === 0) return page.put('[no cksum] ')
  if (!page.has(at, length)) return
  const sum = foldChecksum(sumWords(page.bytes, at, length, pseudoHeaderSum(page, PROTOCOL_UDP, length)))
  if (sum === 0) page.put('[udp sum ok] ')
  else page.put(`[bad udp cksum 0x${hex4(found)} -> 0x${hex4(shouldBe(found, sum))}!] `)
}

/** False where no port is of a protocol that is known here. */
function printContents(page: Page, at: number, length: number, source: number, destination: number): boolean {
  const has = (port: number): boolean => source === port || destination === port
  if (has(53)) page.follow('domain', at, length)
  else if (has(5353)) page.follow('domainMulticast', at, length)
  else if (has(5060)) putTextProtocol(page, at, length, SIP)
  else if (has(4789)) page.follow('vxlan', at, length)
  else return false
  return true
}
