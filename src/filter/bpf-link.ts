/**
 * The link layers that capture filters know: where the type of what they carry stands, where that starts, and how the type of
 * each protocol is written. `vlan`, `mpls` and `pppoes` move these places for all that stands to their right in the filter.
 */

import * as links from '../wire/linktype.ts'
import { ALWAYS, both, type Condition, either, NEVER, not, octets } from './bpf-condition.ts'

export const TYPE_IP = 0x0800
export const TYPE_ARP = 0x0806
export const TYPE_RARP = 0x8035
export const TYPE_IP6 = 0x86dd
export const TYPE_ATALK = 0x809b
export const TYPE_AARP = 0x80f3
const TYPE_VLAN = 0x8100
const TYPE_QINQ = 0x88a8
const TYPE_QINQ_OLD = 0x9100
const TYPE_MPLS = 0x8847
const TYPE_PPPOE_SESSION = 0x8864
const TYPE_IPX = 0x8137
export const SAP_ISO = 0xfe
export const SAP_STP = 0x42
export const SAP_IPX = 0xe0
export const SAP_NETBEUI = 0xf0
const SAP_IP = 0x06

/** Up to here a type is a length (IEEE 802.3). */
const MOST_LENGTH = 1500
/** What SLL says of a frame of IEEE 802.2, and of Novell's without it. */
const SLL_802_2 = 4
const SLL_802_3 = 1
const SLL_OUTGOING = 4

/** Address families of IPv6 on BSD/OS, NetBSD and OpenBSD; on FreeBSD; on macOS. */
const FAMILIES_IP6 = [24, 28, 30]
const FAMILY_IP = 2

const PPP_TYPES: ReadonlyMap<number, number> = new Map([
  [TYPE_IP, 0x21],
  [TYPE_IP6, 0x57],
  [0x6003, 0x27],
  [TYPE_ATALK, 0x29],
  [0x0600, 0x25],
  [SAP_ISO, 0x23],
  [SAP_STP, 0x31],
  [SAP_IPX, 0x2b],
])
const PPP_MPLS = 0x0281

/** RFC 1201, and for IP and ARP the older RFC 1051. */
const ARCNET_TYPES: ReadonlyMap<number, readonly number[]> = new Map([
  [TYPE_IP6, [0xc4]],
  [TYPE_IP, [0xd4, 0xf0]],
  [TYPE_ARP, [0xd5, 0xf1]],
  [TYPE_RARP, [0xd6]],
  [TYPE_ATALK, [0xdd]],
])

type Family =
  | 'ethernet'
  | 'llc'
  | 'sll'
  | 'sll2'
  | 'ppp'
  | 'chdlc'
  | 'loopback'
  | 'raw'
  | 'ip'
  | 'ip6'
  | 'arcnet'
  /** Only its octets can be asked for. */
  | 'unknown'

interface Layout {
  readonly family: Family
  /** Offset of the type, of the payload, and what 802.2 with SNAP takes of the payload. */
  readonly type: number
  readonly payload: number
  readonly snap: number
  /** Source and destination address of the link layer; -1: it has none that filters know. */
  readonly source: number
  readonly destination: number
}

function layout(
  family: Family,
  type: number,
  payload: number,
  snap = 0,
  destination = -1,
  source = -1,
): Layout {
  return { family, type, payload, snap, source, destination }
}

const LAYOUTS: ReadonlyMap<number, Layout> = new Map([
  [links.LINKTYPE_ETHERNET, layout('ethernet', 12, 14, 0, 0, 6)],
  [links.LINKTYPE_FDDI, layout('llc', 13, 13, 8, 1, 7)],
  [links.LINKTYPE_LINUX_SLL, layout('sll', 14, 16)],
  [links.LINKTYPE_LINUX_SLL2, layout('sll2', 0, 20)],
  [links.LINKTYPE_NULL, layout('loopback', 0, 4)],
  [links.LINKTYPE_LOOP, layout('loopback', 0, 4)],
  [links.LINKTYPE_PPP, layout('ppp', 2, 4)],
  [links.LINKTYPE_PPP_HDLC, layout('ppp', 2, 4)],
  [links.LINKTYPE_PPP_ETHER, layout('ppp', 6, 8)],
  [links.LINKTYPE_CHDLC, layout('chdlc', 2, 4)],
  [links.LINKTYPE_RAW, layout('raw', 0, 0)],
  [links.LINKTYPE_RAW_BSD, layout('raw', 0, 0)],
  [links.LINKTYPE_RAW_OPENBSD, layout('raw', 0, 0)],
  [links.LINKTYPE_IPV4, layout('ip', 0, 0)],
  [links.LINKTYPE_IPV6, layout('ip6', 0, 0)],
  [links.LINKTYPE_ARCNET, layout('arcnet', 2, 6)],
  [links.LINKTYPE_ARCNET_LINUX, layout('arcnet', 4, 8)],
])

/** What a filter asks for and a link layer does not have. */
export class LinkError extends Error {
  override readonly name = 'LinkError'
}

export class BpfLink {
  readonly linkType: number
  /** Where the link layer's header starts, its type stands, and its payload starts. */
  header = 0
  #layout: Layout
  #type: number
  #payload: number
  /** Octets of the payload before the network's header. */
  #network: number
  #labels = 0

  constructor(linkType: number) {
    const found = LAYOUTS.get(linkType) ?? layout('unknown', 0, 0)
    this.linkType = linkType
    this.#layout = found
    this.#type = found.type
    this.#payload = found.payload
    this.#network = found.snap
  }

  /** Where the header of IP, or of what else the type names, starts. */
  get network(): number {
    return this.#payload + this.#network
  }

  get isInMpls(): boolean {
    return this.#labels > 0
  }

  /** Whether the type is that of a protocol: an Ethernet type, or below 1,501 a service access point of 802.2. */
  typeIs(type: number): Condition {
    if (this.#labels > 0) return this.#insideMpls(type)
    switch (this.#layout.family) {
      case 'ethernet':
        return this.#etherTypeIs(type, octets(this.#type, 2, '>', MOST_LENGTH))
      case 'sll':
        return this.#etherTypeIs(type, not(octets(this.#type, 2, '=', SLL_802_2)))
      case 'llc':
        return this.#llcIs(type)
      case 'sll2':
        return octets(this.#type, 2, '=', type)
      case 'chdlc':
        return octets(this.#type, 2, '=', type === SAP_ISO ? 0xfefe : type)
      case 'ppp':
        return octets(this.#type, 2, '=', PPP_TYPES.get(type) ?? type)
      case 'loopback':
        return this.#familyIs(type)
      case 'raw':
        if (type === TYPE_IP) return octets(this.header, 1, '=', 0x40, 0xf0)
        return type === TYPE_IP6 ? octets(this.header, 1, '=', 0x60, 0xf0) : NEVER
      case 'ip':
        return type === TYPE_IP ? ALWAYS : NEVER
      case 'ip6':
        return type === TYPE_IP6 ? ALWAYS : NEVER
      case 'arcnet':
        return (ARCNET_TYPES.get(type) ?? [])
          .map((code) => octets(this.#type, 1, '=', code))
          .reduce(either, NEVER)
      case 'unknown':
        throw new LinkError(
          `of packets of link type ${this.linkType} filters know no more than "len" and "ether" with octets`,
        )
    }
  }

  /** @param isNo802 holds where the frame has no header of 802.2. */
  #etherTypeIs(type: number, isNo802: Condition): Condition {
    const at = this.#payload
    const is802 = not(isNo802)
    switch (type) {
      case SAP_ISO:
      case SAP_IP:
      case SAP_NETBEUI:
        return both(is802, octets(at, 2, '=', (type << 8) | type))
      case SAP_IPX: {
        const isSll = this.#layout.family === 'sll'
        const inLlc = octets(at, 1, '=', SAP_IPX)
        const isNovell = isSll ? octets(this.#type, 2, '=', SLL_802_3) : octets(at, 2, '=', 0xffff)
        const inSnap = this.#snapIs(0, TYPE_IPX)
        const in802 = isSll
          ? either(isNovell, both(is802, either(inLlc, inSnap)))
          : both(is802, either(inSnap, either(inLlc, isNovell)))
        return either(octets(this.#type, 2, '=', TYPE_IPX), in802)
      }
      case TYPE_ATALK:
      case TYPE_AARP: {
        const inSnap = this.#snapIs(type === TYPE_ATALK ? 0x080007 : 0, type)
        return either(octets(this.#type, 2, '=', type), both(is802, inSnap))
      }
    }
    if (type > MOST_LENGTH) return octets(this.#type, 2, '=', type)
    return both(is802, octets(at, 1, '=', type))
  }

  #llcIs(type: number): Condition {
    const at = this.#payload
    if (type === SAP_IP || type === SAP_ISO || type === SAP_NETBEUI)
      return octets(at, 2, '=', (type << 8) | type)
    if (type === TYPE_ATALK) return this.#snapIs(0x080007, type)
    return type > MOST_LENGTH ? octets(at + 6, 2, '=', type) : octets(at, 1, '=', type)
  }

  #snapIs(organization: number, type: number): Condition {
    const at = this.#payload
    const end = octets(at + 4, 4, '=', (((organization & 0xffff) << 16) | type) >>> 0)
    return both(end, octets(at, 4, '=', (0xaaaa0300 | (organization >>> 16)) >>> 0))
  }

  /** The family in the byte order of either kind of machine: a file need not say which one wrote it. */
  #familyIs(type: number): Condition {
    const families = type === TYPE_IP ? [FAMILY_IP] : type === TYPE_IP6 ? FAMILIES_IP6 : []
    let found = NEVER
    for (const family of families) {
      const isFamily = octets(this.#type, 4, '=', family)
      found = either(either(found, isFamily), octets(this.#type, 4, '=', (family << 24) >>> 0))
    }
    return found
  }

  /** Behind the last label what IP is tells its version. */
  #insideMpls(type: number): Condition {
    if (type !== TYPE_IP && type !== TYPE_IP6)
      throw new LinkError('inside MPLS only IPv4 and IPv6 can be told')
    const isLast = octets(this.network - 2, 1, '&', 1)
    return both(isLast, octets(this.network, 1, '=', type === TYPE_IP ? 0x40 : 0x60, 0xf0))
  }

  /** Whether a frame has a VLAN tag, of that identifier where one is given; then the places move behind the tag. */
  vlan(identifier: number | null): Condition {
    if (this.#labels > 0) throw new LinkError('inside MPLS there are no VLAN tags')
    if (this.#layout.family !== 'ethernet')
      throw new LinkError('"vlan": only packets of Ethernet have VLAN tags')
    let found = either(either(this.typeIs(TYPE_VLAN), this.typeIs(TYPE_QINQ)), this.typeIs(TYPE_QINQ_OLD))
    if (identifier !== null) found = both(found, octets(this.network, 2, '=', identifier, 0x0fff))
    this.#payload += 4
    this.#type += 4
    return found
  }

  mpls(label: number | null): Condition {
    const { family } = this.#layout
    let found: Condition
    if (this.#labels > 0) found = not(octets(this.network - 2, 1, '&', 1))
    else if (family === 'ethernet' || family === 'chdlc') found = this.typeIs(TYPE_MPLS)
    else if (family === 'ppp') found = this.typeIs(PPP_MPLS)
    else throw new LinkError('"mpls": not of packets of this link type')
    if (label !== null) found = both(found, octets(this.network, 4, '=', (label << 12) >>> 0, 0xffff_f000))
    this.#network += 4
    this.#labels++
    return found
  }

  pppoes(session: number | null): Condition {
    let found = this.typeIs(TYPE_PPPOE_SESSION)
    if (session !== null) found = both(found, octets(this.network + 2, 2, '=', session))
    const inside = this.network + 6
    this.#layout = layout('ppp', 0, 2)
    this.header = inside
    this.#type = inside
    this.#payload = inside + 2
    this.#network = 0
    return found
  }

  /** Whether an address of the link layer is this one. */
  addressIs(which: 'source' | 'destination', address: readonly number[]): Condition {
    const at = this.#layout[which]
    if (at < 0) throw new LinkError('packets of this link type have no Ethernet addresses that filters know')
    const [a, b, c, d, e, f] = address as [number, number, number, number, number, number]
    const end = octets(this.header + at + 2, 4, '=', ((c << 24) | (d << 16) | (e << 8) | f) >>> 0)
    return both(end, octets(this.header + at, 2, '=', (a << 8) | b))
  }

  isMulticast(): Condition {
    if (this.#layout.family === 'arcnet') return this.isBroadcast()
    const at = this.#layout.destination
    if (at < 0)
      throw new LinkError(
        '"multicast": not of packets of this link type; "ip multicast" and "ip6 multicast" are',
      )
    return octets(this.header + at, 1, '&', 1)
  }

  isBroadcast(): Condition {
    if (this.#layout.family === 'arcnet') return octets(this.header + 1, 1, '=', 0)
    if (this.#layout.destination < 0) {
      throw new LinkError('"broadcast": not of packets of this link type; "ip broadcast" is')
    }
    return this.addressIs('destination', [255, 255, 255, 255, 255, 255])
  }

  isOutbound(): Condition {
    if (this.#layout.family === 'sll') return octets(this.header, 2, '=', SLL_OUTGOING)
    if (this.#layout.family === 'sll2') return octets(this.header + 10, 1, '=', SLL_OUTGOING)
    throw new LinkError('packets of this link type do not say their direction')
  }
}
