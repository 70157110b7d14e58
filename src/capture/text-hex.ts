/** The octets that -x, -xx and -X print below a packet, and which link they came from. */

import { PROTOCOL_TCP } from '../wire/ip-header.ts'
import * as links from '../wire/linktype.ts'
import { MAX_CAPTURED_LENGTH } from './capture-file.ts'
import { hexOctets } from './text-options.ts'

const HEX_LINE = /^\s*0x([0-9a-fA-F]{4,6}):\s+(.*)$/

/** null where the line is none of such. */
export function readHexLine(line: string): { offset: number; octets: readonly number[] } | null {
  if (!line.includes('0x')) return null
  const match = HEX_LINE.exec(line)
  if (match === null) return null
  // Two spaces stand before the same octets as text.
  const [groups] = match[2]!.split('  ', 1)
  const octets = hexOctets(groups!.replaceAll(' ', ''))
  return octets === null || octets.length > 16 ? null : { offset: Number.parseInt(match[1]!, 16), octets }
}

/** Octets gathered from line to line; a line that does not continue them ends them. */
export class HexOctets {
  readonly octets: number[] = []
  #isEnded = false

  add({ offset, octets }: { offset: number; octets: readonly number[] }): void {
    if (offset !== this.octets.length || this.octets.length + octets.length > MAX_CAPTURED_LENGTH)
      this.#isEnded = true
    if (!this.#isEnded) this.octets.push(...octets)
  }
}

/** Where an IP header may start: which link has a header of so many octets, and where that says what follows it. */
const LINKS = [
  { linkType: links.LINKTYPE_RAW, length: 0, typeAt: -1 },
  { linkType: links.LINKTYPE_ETHERNET, length: 14, typeAt: 12 },
  { linkType: links.LINKTYPE_ETHERNET, length: 18, typeAt: 16 },
  { linkType: links.LINKTYPE_LINUX_SLL, length: 16, typeAt: 14 },
  { linkType: links.LINKTYPE_LINUX_SLL2, length: 20, typeAt: 0 },
  { linkType: links.LINKTYPE_NULL, length: 4, typeAt: -1 },
] as const

export interface Judged {
  readonly linkType: number
  readonly originalLength: number
  /** Where the IP header is; -1: nowhere. */
  readonly ipAt: number
}

/** Which link the octets are of, and how long the packet was by its own account; Ethernet where no IP is found. */
export function judgeOctets(octets: readonly number[]): Judged {
  for (const { linkType, length, typeAt } of LINKS) {
    const total = ipLength(octets, length, typeAt)
    if (total > 0) {
      return { linkType, originalLength: Math.max(octets.length, length + total), ipAt: length }
    }
  }
  return { linkType: links.LINKTYPE_ETHERNET, originalLength: octets.length, ipAt: -1 }
}

/** Whether TCP of these ports follows the IP header: octets may have been printed for something else. */
export function carriesPorts(
  octets: readonly number[],
  { ipAt }: Judged,
  source: number,
  destination: number,
): boolean {
  if (ipAt < 0) return false
  const at = ipAt + (octets[ipAt]! >> 4 === 4 ? (octets[ipAt]! & 15) * 4 : 40)
  const isExtended = octets[ipAt]! >> 4 === 6 && octets[ipAt + 6] !== PROTOCOL_TCP
  const word = (place: number): number => (octets[place] ?? 0) * 256 + (octets[place + 1] ?? 0)
  return isExtended || (word(at) === source && word(at + 2) === destination)
}

/** Octets of the IP packet at `at`, or 0 where there is none. */
function ipLength(octets: readonly number[], at: number, typeAt: number): number {
  const version = (octets[at] ?? 0) >> 4
  const word = (place: number): number => (octets[place] ?? 0) * 256 + (octets[place + 1] ?? 0)
  if (typeAt >= 0 && word(typeAt) !== (version === 4 ? 0x0800 : 0x86dd)) return 0
  if (version === 4 && (octets[at]! & 15) >= 5) return Math.max(20, word(at + 2))
  return version === 6 ? 40 + word(at + 4) : 0
}
