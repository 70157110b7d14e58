/**
 * A captured packet as tcpdump 4.99 prints it: `12:00:00.000001 IP 10.0.0.1.80 > 10.0.0.2.4000: Flags [S.], seq 5, ...`.
 *
 * It reads the octets itself, and does not ask `dissect`: tcpdump shows each packet by itself, a fragment as a fragment and
 * a tunnel as what it is, where the analysis wants datagrams put together and the innermost TCP header.
 */

import type { CaptureRecord } from '../capture/record.ts'
import { Page, type Printer, type Wishes } from './page.ts'
import { arp } from './tcpdump-arp.ts'
import { domain, domainMulticast, domainTcp } from './tcpdump-dns.ts'
import { putHex, putHexAndText, putText } from './tcpdump-hex.ts'
import { icmp, igmp } from './tcpdump-icmp.ts'
import { icmp6 } from './tcpdump-icmp6.ts'
import { ip, ipVersion } from './tcpdump-ip.ts'
import { ip6 } from './tcpdump-ip6.ts'
import * as link from './tcpdump-link.ts'
import { tcpPrinter } from './tcpdump-tcp.ts'
import { type Moment, TimePrinter, type TimeStyle } from './tcpdump-time.ts'
import { gre, mpls, ppp, pppHdlc, pppLink, pppoe, pppoeLink, vxlan } from './tcpdump-tunnels.ts'
import { udp } from './tcpdump-udp.ts'

/** How the octets are shown below the line. */
export type Octets = 'none' | 'hex' | 'hex-and-text' | 'text'

/** tcpdump's flags; absent: not given. */
export interface TcpdumpOptions extends Partial<Wishes> {
  readonly time?: TimeStyle
  /** What is added to seconds of UTC to have them of the reader's time zone. Default: nothing. */
  readonly timeOffset?: (seconds: number) => number
  /** --nano: nine digits of the second instead of six. */
  readonly nanoseconds?: boolean
  /** -x, -X, -A. */
  readonly octets?: Octets
  /** -xx, -XX, -AA: the link layer's header as well. */
  readonly linkOctets?: boolean
  /** -#: counts the lines. */
  readonly count?: boolean
}

/** tcpdump refuses longer ones. */
const MAX_LENGTH = 262_144

const PRINTERS: Readonly<Record<string, Printer>> = {
  arcnet: link.arcnet,
  arcnetLinux: link.arcnetLinux,
  arp,
  chdlc: link.chdlc,
  domain,
  domainMulticast,
  domainTcp,
  ether: link.ether,
  fddi: link.fddi,
  gre,
  icmp,
  icmp6,
  igmp,
  ip,
  ip6,
  ipoib: link.ipoib,
  ipVersion,
  loopback: link.loopback,
  mpls,
  null: link.nullLoopback,
  ppp,
  pppHdlc,
  pppLink,
  pppoe,
  pppoeLink,
  raw: link.raw,
  sll: link.linuxCooked,
  sll2: link.linuxCooked2,
  udp,
  vxlan,
  wlan: link.wlan,
}

export class TcpdumpPrinter {
  readonly #options: TcpdumpOptions
  readonly #page: Page
  readonly #time: TimePrinter
  #count = 0

  constructor(options: TcpdumpOptions = {}) {
    const { absolute = false, verbose = 0, quiet = false, numeric = true } = options
    const { time = 'clock', timeOffset = () => 0, nanoseconds = false } = options
    this.#options = options
    const wishes: Wishes = { absolute, verbose, link: options.link ?? false, quiet, numeric }
    this.#page = new Page(wishes, { ...PRINTERS, tcp: tcpPrinter() })
    this.#time = new TimePrinter(time, timeOffset, nanoseconds ? 9 : 6)
  }

  /** The packet's line, and what is shown below it; no line feed at the end. */
  line(record: CaptureRecord): string {
    const page = this.#page
    const { start, length, originalLength, linkType } = record
    const head = this.#options.count === true ? `${String(++this.#count).padStart(5)}  ` : ''
    const wrong = wrongLengths(length, originalLength)
    if (wrong.length > 0) return `${head}[Invalid header:${wrong.join(',')}]`
    page.begin(record.bytes, start + length)
    page.text = head + this.#time.text(record as Moment)
    const printer = link.LINK_PRINTERS[linkType]
    if (printer !== undefined) page.follow(printer, start, originalLength)
    else putHexAndText(page, '\n\t', start, length)
    this.#putOctets(start, length)
    return page.text
  }

  #putOctets(start: number, length: number): void {
    const { octets = 'none', linkOctets = false } = this.#options
    if (octets === 'none') return
    const page = this.#page
    // Of a packet that ended too early tcpdump shows all there is.
    const skipped = linkOctets || page.isCut ? 0 : page.linkLength
    page.isCut = false
    page.end = start + length
    if (skipped >= length) return
    if (octets === 'text') putText(page, start + skipped, length - skipped)
    else (octets === 'hex' ? putHex : putHexAndText)(page, '\n\t', start + skipped, length - skipped)
  }
}

function wrongLengths(held: number, whole: number): string[] {
  const wrong: string[] = []
  if (held === 0) wrong.push(' caplen==0')
  if (whole === 0) wrong.push(' len==0')
  else if (whole < held) wrong.push(` len(${whole}) < caplen(${held})`)
  if (held > MAX_LENGTH) wrong.push(` caplen(${held}) > ${MAX_LENGTH}`)
  if (whole > MAX_LENGTH) wrong.push(` len(${whole}) > ${MAX_LENGTH}`)
  return wrong
}
