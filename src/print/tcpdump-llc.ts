/** IEEE 802.2 (LLC and SNAP) as tcpdump prints it. */

import { hex2, hex4, type Page } from './page.ts'
import { etherText, printEthertype } from './tcpdump-ethertype.ts'
import { putHexAndText } from './tcpdump-hex.ts'
import { ETHERTYPE_NAMES, LLC_SERVICE_NAMES, MAKER_NAMES } from './tcpdump-names.ts'

const SERVICE_IP = 0x06
const SERVICE_SNAP = 0xaa
const UNNUMBERED_INFORMATION = 0x03
const EXCHANGE_IDENTIFICATION = 0xaf

const COMMANDS: ReadonlyMap<number, string> = new Map([
  [0x03, 'ui'],
  [0xe3, 'test'],
  [0xaf, 'xid'],
  [0x63, 'ua'],
  [0x43, 'disc'],
  [0x0f, 'dm'],
  [0x6f, 'sabme'],
  [0x87, 'frmr'],
])
const SUPERVISORY = ['Receiver Ready', 'Receiver not Ready', 'Reject']

/** Prints a header, and what follows it; octets where nobody knows. @param frame where an Ethernet header stands, or -1. */
export function printLlc(page: Page, at: number, length: number, frame: number): void {
  page.protocol = 'llc'
  const held = Math.max(0, Math.min(length, page.end - at))
  if (held < 3) {
    page.truncated()
    page.linkLength += held
    return putHexAndText(page, '\n\t', at, held)
  }
  const isUnnumbered = (page.uint8(at + 2) & 3) === 3
  const size = isUnnumbered ? 3 : 4
  const control = isUnnumbered ? page.uint8(at + 2) : page.uint8(at + 2) | (page.uint8(at + 3) << 8)
  if (page.isCut) return
  const header: Header = { at, length, control, size, isUnnumbered, frame }
  if (page.wishes.link) putHeader(page, header)
  page.linkLength += size
  if (!printContents(page, header)) putHexAndText(page, '\n\t', at, held)
}

interface Header {
  readonly at: number
  readonly length: number
  readonly control: number
  readonly size: number
  readonly isUnnumbered: boolean
  readonly frame: number
}

function putHeader(page: Page, { at, control, isUnnumbered }: Header): void {
  const destination = page.uint8(at)
  const source = page.uint8(at + 1)
  const name = (field: number): string =>
    `${LLC_SERVICE_NAMES.get(field & ~1) ?? 'Unknown'} (0x${hex2(field & ~1)})`
  page.put(
    `LLC, dsap ${name(destination)} ${destination & 1 ? 'Group' : 'Individual'}` +
      `, ssap ${name(source)} ${source & 1 ? 'Response' : 'Command'}` +
      `, ctrl 0x${isUnnumbered ? hex2(control) : hex4(control)}: `,
  )
}

/** False where the octets have to speak for themselves. */
function printContents(page: Page, header: Header): boolean {
  const { at, length, control, size, frame } = header
  const destination = page.uint8(at) & ~1
  const source = page.uint8(at + 1) & ~1
  const isInformation = control === UNNUMBERED_INFORMATION
  if (source === SERVICE_SNAP && destination === SERVICE_SNAP && isInformation) {
    page.linkLength += 5
    return printSnap(page, at + size, length - size)
  }
  if (source === SERVICE_IP && destination === SERVICE_IP && isInformation) {
    page.follow('ip', at + size, length - size)
    return true
  }
  if (!page.wishes.link) putServices(page, source, destination, frame)
  return putControl(page, header)
}

function printSnap(page: Page, at: number, length: number): boolean {
  page.protocol = 'snap'
  if (length < 5 || !page.has(at, 5)) {
    page.truncated()
    return true
  }
  const maker = page.uint24(at)
  const type = page.uint16(at + 3)
  const isEthernet = maker === 0 || maker === 0xf8
  if (page.wishes.link) {
    const kind = maker === 0 ? 'ethertype' : 'pid'
    const name = (isEthernet ? ETHERTYPE_NAMES.get(type) : undefined) ?? 'Unknown'
    const makerText = `${MAKER_NAMES.get(maker) ?? 'Unknown'} (0x${maker.toString(16).padStart(6, '0')})`
    page.put(`oui ${makerText}, ${kind} ${name} (0x${hex4(type)}), length ${length - 5}: `)
  }
  return isEthernet && printEthertype(page, type, at + 5, length - 5)
}

function putServices(page: Page, source: number, destination: number, frame: number): void {
  const to = LLC_SERVICE_NAMES.get(destination) ?? `Unknown DSAP 0x${hex2(destination)}`
  const from = LLC_SERVICE_NAMES.get(source) ?? `Unknown SSAP 0x${hex2(source)}`
  const isSame = source === destination
  if (frame < 0) return page.put(isSame ? `${to} ` : `${from} > ${to} `)
  const [sender, receiver] = [etherText(page, frame + 6), etherText(page, frame)]
  page.put(isSame ? `${sender} > ${receiver} ${to} ` : `${sender} ${from} > ${receiver} ${to} `)
}

function putControl(page: Page, { at, length, control, size, isUnnumbered }: Header): boolean {
  const isResponse = (page.uint8(at + 1) & 1) !== 0
  const isPoll = (control & (isUnnumbered ? 0x10 : 0x100)) !== 0
  const flags = isPoll ? (isResponse ? 'Final' : 'Poll') : isResponse ? 'Response' : 'Command'
  const tail = `Flags [${flags}], length ${length}`
  if (isUnnumbered) {
    page.put(`Unnumbered, ${COMMANDS.get(control & 0xef) ?? hex2(control & 0xef)}, ${tail}`)
    const isIdentification = (control & 0xef) === EXCHANGE_IDENTIFICATION
    if (!isIdentification || length === size || page.uint8(at + 3) !== 0x81) {
      return isIdentification && length === size
    }
    page.put(`: ${hex2(page.uint8(at + 4))} ${hex2(page.uint8(at + 5))}`)
    return true
  }
  const received = (control >> 9) & 0x7f
  if ((control & 1) === 1) {
    page.put(`Supervisory, ${SUPERVISORY[(control >> 2) & 3] ?? '?'}, rcv seq ${received}, ${tail}`)
    return true
  }
  page.put(`Information, send seq ${(control >> 1) & 0x7f}, rcv seq ${received}, ${tail}`)
  return false
}
