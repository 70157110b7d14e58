/** From a captured record to the TCP headers in it, through whatever layers stand before them. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import type { CaptureRecord } from '../capture/record.ts'
import * as links from '../wire/linktype.ts'
import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import { Fragments, isWhole } from './fragments.ts'
import * as codes from './layer-codes.ts'
import * as link from './link-layers.ts'
import * as network from './network-layers.ts'
import { Packet, TcpFields } from './packet.ts'
import * as tunnels from './tunnels.ts'

const { END, ETHERTYPE_IPV4, ETHERTYPE_IPV6, IP_TCP, LINK } = codes

/** The octets of a header up to its window: fewer do not say what a packet does. */
const LEAST_HELD = 16
/** Ports and sequence number: what an ICMP error quotes at least (RFC 792). */
const LEAST_QUOTED = 8

export type TcpCallback = (packet: Packet, tcp: TcpFields) => void

export class Dissector {
  readonly #packet = new Packet()
  readonly #tcp = new TcpFields()
  readonly #place: network.FragmentPlace = {
    isPending: false,
    id: 0,
    protocol: 0,
    offset: 0,
    more: false,
    isSound: true,
  }
  readonly #fragments = new Fragments()
  /**
   * Is told of TCP headers that an ICMP error quotes too little of to be more than ports and sequence number; the other fields
   * are 0, the text's length -1. Wireshark counts them to no conversation.
   */
  onShortQuote: TcpCallback | null = null
  /** Is told of packets that the capture cut before a TCP header's window: Wireshark counts these to no conversation either. */
  onUnreadHeader: ((packet: Packet) => void) | null = null
  readonly #onTcp: TcpCallback
  readonly #tunnels: tunnels.TunnelPorts | null

  /**
   * @param onTcp both are borrowed until it returns.
   * @param ports tunnels on ports of UDP beyond the well-known ones, which come before these.
   */
  constructor(onTcp: TcpCallback, ports: tunnels.TunnelPorts | null = null) {
    this.#onTcp = onTcp
    this.#tunnels = ports
  }

  /** What the last record was, with all layers that were gone through; borrowed until the next one. */
  get packet(): Packet {
    return this.#packet
  }

  dissect(record: CaptureRecord): void {
    const packet = this.#packet
    packet.begin(record)
    this.#follow(packet, LINK + record.linkType)
    const { others } = packet
    while (others.length > 0) {
      const layer = others.pop()!
      packet.wireEnd = others.pop()!
      packet.end = others.pop()!
      packet.at = others.pop()!
      this.#follow(packet, layer)
    }
  }

  #follow(packet: Packet, first: number): void {
    this.#place.isPending = false
    for (let layer = first; layer !== END; ) {
      if (!packet.enter(layer)) return
      if (this.#place.isPending) layer = this.#reassemble(packet)
      else if (layer === IP_TCP) return this.#readTcp(packet)
      else layer = this.#step(packet, layer)
    }
  }

  #step(packet: Packet, layer: number): number {
    if (layer === ETHERTYPE_IPV4) return network.ipv4(packet, this.#place)
    if (layer === ETHERTYPE_IPV6) return network.ipv6(packet, this.#place)
    if (layer === LINK + links.LINKTYPE_ETHERNET) return link.ethernet(packet)
    if (layer === codes.IP_UDP) return tunnels.udp(packet, this.#tunnels)
    if (layer >= codes.LAYER_IP) return namedLayer(packet, layer)
    if (layer >= codes.PPP_PROTOCOL) return link.pppNext(layer - codes.PPP_PROTOCOL)
    if (layer >= LINK) return linkLayer(packet, layer - LINK)
    if (layer >= codes.IP_PROTOCOL) return protocolLayer(packet, layer)
    return etherLayer(packet, layer)
  }

  /**
   * A fragment goes to its datagram; the one that makes it whole goes on as that. The first one of a datagram that can never
   * be whole goes on alone.
   */
  #reassemble(packet: Packet): number {
    const place = this.#place
    place.isPending = false
    if (isWhole(packet, place)) {
      if (!this.#fragments.add(packet, place)) return END
      const { protocol } = place
      return packet.version === 6 ? network.extensions(packet, protocol, place) : codes.IP_PROTOCOL + protocol
    }
    // Of IPv6 Wireshark looks into no fragment at all.
    if (place.offset !== 0 || packet.version === 6) return END
    packet.isFragment = true
    return codes.IP_PROTOCOL + place.protocol
  }

  #readTcp(packet: Packet): void {
    const tcp = this.#tcp
    const { at, end, bytes } = packet
    const held = end - at
    if (held < LEAST_HELD) {
      if (!packet.isQuoted && end < packet.wireEnd) this.onUnreadHeader?.(packet)
      else if (packet.isQuoted && held >= LEAST_QUOTED) this.#readShortQuote(packet)
      return
    }
    const word = readInt32(bytes, at)
    tcp.at = at
    tcp.held = held
    tcp.sourcePort = word >>> 16
    tcp.destinationPort = word & 0xffff
    tcp.seq = readInt32(bytes, at + 4)
    tcp.ack = readInt32(bytes, at + 8)
    const second = readInt32(bytes, at + 12)
    tcp.headerLength = (second >>> 28) * 4
    tcp.flags = (second >>> 16) & 0xfff
    tcp.window = second & 0xffff
    tcp.checksum = held < 18 ? 0 : readUint16(bytes, at + 16)
    tcp.urgentPointer = held < 20 ? 0 : readUint16(bytes, at + 18)
    const onWire = packet.wireEnd - at
    const isKnown = !packet.isQuoted && !packet.isFragment && onWire >= tcp.headerLength
    tcp.textLength = isKnown ? onWire - tcp.headerLength : -1
    tcp.textAt = at + tcp.headerLength
    const mayHold = isKnown && tcp.headerLength >= TCP_HEADER_LENGTH
    tcp.textHeld = mayHold ? Math.max(0, Math.min(end - tcp.textAt, tcp.textLength)) : 0
    this.#onTcp(packet, tcp)
  }

  #readShortQuote(packet: Packet): void {
    if (this.onShortQuote === null) return
    const tcp = this.#tcp
    const { at, end, bytes } = packet
    tcp.at = at
    tcp.held = end - at
    tcp.sourcePort = readUint16(bytes, at)
    tcp.destinationPort = readUint16(bytes, at + 2)
    tcp.seq = readInt32(bytes, at + 4)
    tcp.ack = tcp.headerLength = tcp.flags = tcp.window = tcp.checksum = tcp.urgentPointer = 0
    tcp.textLength = -1
    tcp.textAt = end
    tcp.textHeld = 0
    this.onShortQuote(packet, tcp)
  }
}

function etherLayer(packet: Packet, type: number): number {
  switch (type) {
    case codes.ETHERTYPE_VLAN:
    case codes.ETHERTYPE_QINQ:
    case codes.ETHERTYPE_QINQ_OLD:
      return link.vlan(packet)
    case codes.ETHERTYPE_PPPOE_SESSION:
      return link.pppoe(packet)
    case codes.ETHERTYPE_MPLS:
    case codes.ETHERTYPE_MPLS_MULTICAST:
      return link.mpls(packet)
    case codes.ETHERTYPE_BRIDGING:
      return link.ethernet(packet)
    case codes.ETHERTYPE_FABRIC_PATH:
      return link.fabricPath(packet)
    case codes.ETHERTYPE_PROVIDER_BRIDGING:
      // The tag, and the addresses of the customer's frame.
      return link.tag(packet, 16)
    case codes.ETHERTYPE_VN_TAG:
    case codes.ETHERTYPE_HSR:
      return link.tag(packet, 4)
    case codes.ETHERTYPE_E_TAG:
    case codes.ETHERTYPE_CISCO_METADATA:
      return link.tag(packet, 6)
    case codes.ETHERTYPE_TRILL:
      return link.trill(packet)
    case codes.ETHERTYPE_NSH:
      return tunnels.nsh(packet)
    default:
      return END
  }
}

function protocolLayer(packet: Packet, layer: number): number {
  switch (layer) {
    case codes.IP_IPV4:
      return ETHERTYPE_IPV4
    case codes.IP_IPV6:
      return ETHERTYPE_IPV6
    case codes.IP_ICMP:
      return network.icmp(packet)
    case codes.IP_ICMPV6:
      return network.icmpv6(packet)
    case codes.IP_AUTHENTICATION:
      return network.authentication(packet)
    case codes.IP_GRE:
      return tunnels.gre(packet)
    case codes.IP_ETHERIP:
      return tunnels.etherIp(packet)
    case codes.IP_MPLS:
      return link.mpls(packet)
    case codes.IP_ETHERNET:
      return codes.LAYER_ETHERNET
    default:
      return END
  }
}

function namedLayer(packet: Packet, layer: number): number {
  switch (layer) {
    case codes.LAYER_IP:
    case codes.LAYER_ICMP_QUOTE:
      return link.rawIp(packet)
    case codes.LAYER_ETHERNET:
      return link.ethernet(packet)
    case codes.LAYER_LLC:
      return link.llc(packet)
    case codes.LAYER_PPP:
      return link.ppp(packet)
    case codes.LAYER_MPLS:
      return link.mpls(packet)
    case codes.LAYER_WLAN:
      return link.wlan(packet)
    case codes.LAYER_WLAN_SWAPPED:
      return link.wlan(packet, false)
    case codes.LAYER_WLAN_AGGREGATE:
      return link.wlanAggregate(packet)
    case codes.LAYER_CHDLC:
      return link.chdlc(packet)
    default:
      return END
  }
}

function linkLayer(packet: Packet, linkType: number): number {
  switch (linkType) {
    case links.LINKTYPE_RAW:
    case links.LINKTYPE_RAW_BSD:
    case links.LINKTYPE_RAW_OPENBSD:
      return link.rawIp(packet)
    case links.LINKTYPE_IPV4:
      return ETHERTYPE_IPV4
    case links.LINKTYPE_IPV6:
      return ETHERTYPE_IPV6
    case links.LINKTYPE_NULL:
    case links.LINKTYPE_LOOP:
      return link.nullLoopback(packet)
    case links.LINKTYPE_LINUX_SLL:
      return link.linuxCooked(packet)
    case links.LINKTYPE_LINUX_SLL2:
      return link.linuxCooked2(packet)
    case links.LINKTYPE_PPP:
    case links.LINKTYPE_PPP_HDLC:
      return link.ppp(packet)
    case links.LINKTYPE_PPP_WITH_DIRECTION:
      return link.pppWithDirection(packet)
    case links.LINKTYPE_PPP_ETHER:
      return link.pppoe(packet)
    case links.LINKTYPE_CHDLC:
      return link.chdlc(packet)
    case links.LINKTYPE_FDDI:
      return link.fddi(packet)
    case links.LINKTYPE_IPOIB:
      return link.ipoib(packet)
    case links.LINKTYPE_ARCNET:
      return link.arcnet(packet, false)
    case links.LINKTYPE_ARCNET_LINUX:
      return link.arcnet(packet, true)
    case links.LINKTYPE_PPI:
      return link.perPacketInformation(packet)
    case links.LINKTYPE_NFLOG:
      return link.netfilterLog(packet)
    case links.LINKTYPE_IEEE802_11:
      return link.wlan(packet)
    case links.LINKTYPE_IEEE802_11_RADIOTAP:
      return link.radiotap(packet)
    default:
      return END
  }
}
