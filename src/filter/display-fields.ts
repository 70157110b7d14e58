/** The fields and protocols that display filters ask for, with their types. */

import * as codes from '../dissect/layer-codes.ts'
import type { Packet } from '../dissect/packet.ts'
import type { Field, FieldKind, FieldValue, FrameView, TcpView } from '../flows/field.ts'
import { endOf, isEthernet, isIpv4, isIpv6, isVlan, type LayerTest } from '../flows/field-layers.ts'
import { FRAME_FIELDS, TCP_FIELDS } from '../flows/fields.ts'
import * as links from '../wire/linktype.ts'
import { literalOf, Octets, type Value, type ValueType } from './display-value.ts'

export interface DisplayField {
  readonly name: string
  readonly type: ValueType
  /** The largest number that it can have. */
  readonly most: number
  /** Whether numbers may be negative. */
  readonly isSigned: boolean
  /** Of a frame, or of each TCP header in it. */
  readonly source:
    | { readonly of: 'frame'; readonly read: (view: FrameView) => Value[]; readonly layer: LayerTest | null }
    | { readonly of: 'tcp'; readonly read: (view: TcpView) => Value[] }
}

const U32 = 0xffff_ffff

/** Fields of fewer than 32 bits whose kind does not say so. */
const U8 = new Set(
  `ip.version ip.hdr_len ip.dsfield.dscp ip.dsfield.ecn ip.ttl ip.proto ip.checksum.status ipv6.version ipv6.nxt ipv6.hlim
  icmp.type icmp.code icmpv6.type icmpv6.code tcp.hdr_len tcp.checksum.status tcp.option_kind tcp.option_len
  tcp.options.wscale.shift tcp.options.sack.count tcp.completeness`.split(/\s+/),
)
const U16 = new Set(
  `ip.len ip.frag_offset ipv6.plen icmp.ident icmp.ident_le icmp.seq icmp.seq_le icmp.mtu icmpv6.echo.sequence_number
  eth.len vlan.id vlan.priority vlan.len sll.pkttype sll.hatype sll.halen tcp.port tcp.srcport tcp.dstport udp.port udp.srcport
  udp.dstport udp.length tcp.window_size_value tcp.urgent_pointer tcp.options.mss_val tcp.options.wscale.multiplier
  tcp.options.user_to_val`.split(/\s+/),
)
const SIGNED = new Set(['tcp.window_size_scalefactor', 'frame.encap_type'])

const MOST: Partial<Record<FieldKind, number>> = { hex2: 0xff, hex4: 0xffff, hex6: 0xff_ffff }

const STATUS = { Bad: 0, Good: 1, Unverified: 2 }
/** Names of numbers, as Wireshark has them. */
const VALUE_NAMES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'ip.proto': { ICMP: 1, IGMP: 2, IPIP: 4, TCP: 6, UDP: 17, IPv6: 41, GRE: 47, ESP: 50, AH: 51, SCTP: 132 },
  'ipv6.nxt': { TCP: 6, UDP: 17, ICMPv6: 58 },
  'eth.type': { IPv4: 0x0800, ARP: 0x0806, IPv6: 0x86dd },
  'ip.checksum.status': STATUS,
  'tcp.checksum.status': STATUS,
}

export function namedValue(field: string, name: string): number | null {
  const names = VALUE_NAMES[field]
  return names !== undefined && Object.hasOwn(names, name) ? names[name]! : null
}

function typeOf(name: string, kind: FieldKind): ValueType {
  switch (kind) {
    case 'boolean':
    case 'ether':
    case 'octets':
    case 'text':
    case 'time':
    case 'date':
      return kind
    case 'address':
      return /^(ipv6|icmpv6)\./.test(name) ? 'ipv6' : 'ipv4'
    case 'flag':
      return 'none'
    default:
      return 'number'
  }
}

/** Turns what a field reads into values to compare. */
function converter(type: ValueType): (value: FieldValue) => Value {
  switch (type) {
    case 'number':
    case 'boolean':
    case 'text':
    case 'none':
      return (value) => value
    case 'time':
      return (value) =>
        typeof value === 'string' && value.startsWith('-') ? -seconds(value.slice(1)) : seconds(String(value))
    default:
      return (value) => literalOf(type, String(value), false) ?? new Octets(new Uint8Array(0))
  }
}

const seconds = (text: string): bigint => literalOf('time', text, false) as bigint

function readerOf<View extends FrameView>(type: ValueType, field: Field<View>): (view: View) => Value[] {
  const { octets, read } = field
  if (octets !== undefined) {
    return (view) => listOf(octets(view)).map((bytes) => new Octets(bytes))
  }
  const convert = converter(type)
  return (view) => listOf(read(view)).map(convert)
}

function listOf<V>(value: V | readonly V[] | null): readonly V[] {
  return value === null ? [] : Array.isArray(value) ? value : [value as V]
}

const isIcmp: LayerTest = (code) => code === codes.IP_ICMP
const isIcmpv6: LayerTest = (code) => code === codes.IP_ICMPV6
const isUdp: LayerTest = (code) => code === codes.IP_UDP
const isSll: LayerTest = (code) =>
  code === codes.LINK + links.LINKTYPE_LINUX_SLL || code === codes.LINK + links.LINKTYPE_LINUX_SLL2

/** Which layer a protocol's header is, and how long that is. */
const PROTOCOLS: Readonly<
  Record<string, { test: LayerTest; length: (bytes: Uint8Array, at: number) => number }>
> = {
  eth: { test: isEthernet, length: () => 14 },
  vlan: { test: isVlan, length: () => 4 },
  sll: { test: isSll, length: () => 16 },
  ip: { test: isIpv4, length: (bytes, at) => (bytes[at]! & 0xf) * 4 },
  ipv6: { test: isIpv6, length: () => 40 },
  icmp: { test: isIcmp, length: () => Number.MAX_SAFE_INTEGER },
  icmpv6: { test: isIcmpv6, length: () => Number.MAX_SAFE_INTEGER },
  udp: { test: isUdp, length: () => 8 },
}

/** A protocol as octets: its header, or from there to the end of the packet, where something is searched for. */
export class ProtocolOctets extends Octets {
  readonly whole: Uint8Array

  constructor(header: Uint8Array, whole: Uint8Array) {
    super(header)
    this.whole = whole
  }
}

function protocolField(name: string): DisplayField {
  const { test, length } = PROTOCOLS[name]!
  return {
    name,
    type: 'protocol',
    most: U32,
    isSigned: false,
    source: { of: 'frame', layer: test, read: ({ packet }) => protocolOctets(packet, test, length) },
  }
}

function protocolOctets(
  packet: Packet,
  test: LayerTest,
  length: (bytes: Uint8Array, at: number) => number,
): ProtocolOctets[] {
  const found: ProtocolOctets[] = []
  for (let layer = 0; layer < packet.layers; layer++) {
    const bytes = packet.layerBytes[layer]!
    const at = packet.layerAts[layer]!
    if (!test(packet.layerCodes[layer]!, bytes, at)) continue
    const whole = bytes.subarray(at, endOf(packet, bytes))
    found.push(new ProtocolOctets(whole.subarray(0, length(bytes, at)), whole))
  }
  return found
}

const FRAME: DisplayField = {
  name: 'frame',
  type: 'protocol',
  most: U32,
  isSigned: false,
  source: {
    of: 'frame',
    layer: null,
    read: ({ packet }) => {
      const bytes = packet.layerBytes[0]
      if (bytes === undefined || packet.layers === 0) return []
      const at = packet.layerAts[0]!
      const whole = bytes.subarray(at, at + packet.capturedLength)
      return [new ProtocolOctets(whole, whole)]
    },
  },
}

const TCP: DisplayField = {
  name: 'tcp',
  type: 'protocol',
  most: U32,
  isSigned: false,
  source: {
    of: 'tcp',
    read: ({ packet, tcp }) => {
      const whole = packet.bytes.subarray(tcp.at, packet.end)
      return [new ProtocolOctets(whole.subarray(0, Math.max(20, tcp.headerLength)), whole)]
    },
  },
}

function frameField(name: string, field: Field<FrameView>): DisplayField {
  const type = typeOf(name, field.kind)
  const protocol = PROTOCOLS[name.slice(0, name.indexOf('.'))]
  const read = name === 'frame.time' ? timeOfFrame : readerOf(type, field)
  return {
    ...boundsOf(name, field.kind),
    name,
    type,
    source: { of: 'frame', layer: protocol?.test ?? null, read },
  }
}

function timeOfFrame({ packet }: FrameView): Value[] {
  return [BigInt(packet.seconds) * 1_000_000_000n + BigInt(packet.nanoseconds)]
}

function tcpField(name: string, field: Field): DisplayField {
  const type = typeOf(name, field.kind)
  return { ...boundsOf(name, field.kind), name, type, source: { of: 'tcp', read: readerOf(type, field) } }
}

function boundsOf(name: string, kind: FieldKind): { most: number; isSigned: boolean } {
  const most = U8.has(name) ? 0xff : U16.has(name) ? 0xffff : (MOST[kind] ?? U32)
  return { most, isSigned: SIGNED.has(name) }
}

export const DISPLAY_FIELDS: ReadonlyMap<string, DisplayField> = new Map(
  [
    FRAME,
    TCP,
    ...Object.keys(PROTOCOLS).map(protocolField),
    ...Object.entries(FRAME_FIELDS).map(([name, field]) => frameField(name, field)),
    ...Object.entries(TCP_FIELDS).map(([name, field]) => tcpField(name, field)),
  ].map((field) => [field.name, field]),
)
