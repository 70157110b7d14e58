/** Reads the packets that the stack under test sends: from octets to the script's numbers. */

import { addressEquals, destinationAddress, sourceAddress } from '../wire/address.ts'
import { decodeIcmp, IcmpMessage, icmpProtocol } from '../wire/icmp.ts'
import { decodeIp } from '../wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../wire/ip-header.ts'
import { ACK, Segment, SYN, URG } from '../wire/segment.ts'
import { decodeTcp, TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import {
  EXID_TFO,
  forEachTcpOption,
  KIND_EOL,
  KIND_EXPERIMENT_1,
  KIND_EXPERIMENT_2,
  KIND_MD5,
  KIND_MSS,
  KIND_NOP,
  KIND_SACK,
  KIND_SACK_PERMITTED,
  KIND_TFO,
  KIND_TIMESTAMPS,
  KIND_WINDOW_SCALE,
  TCP_OPTION_NAMES,
} from '../wire/tcp-options.ts'
import type { Flow } from './flow.ts'
import { icmpWords } from './icmp-names.ts'
import { PROTOCOL_UDP } from './packet-in.ts'
import type { IpSpec, OptionSpec, PacketAction } from './script.ts'

/** A packet of the stack under test: its headers, live. */
export interface LivePacket {
  readonly at: number
  readonly octets: Uint8Array
  readonly ip: IpHeader
  /** null where it carries no TCP. */
  readonly tcp: Segment | null
  /** Ports of TCP or UDP; 0 where there are none. */
  readonly sourcePort: number
  readonly destinationPort: number
  /** Why it is malformed, or null. */
  readonly fault: string | null
}

/** Decodes a packet; checksums are verified. */
export function readLive(octets: Uint8Array, at: number): LivePacket {
  const ip = new IpHeader()
  const verdict = decodeIp(octets, 0, octets.length, ip)
  const none = { at, octets, ip, tcp: null, sourcePort: 0, destinationPort: 0 }
  if (verdict !== 'ok') return { ...none, fault: verdict }
  if (ip.protocol === PROTOCOL_TCP) {
    const tcp = new Segment()
    const found = decodeTcp(octets, ip, tcp, true)
    if (found !== 'ok') return { ...none, fault: found }
    return { ...none, tcp, sourcePort: tcp.srcPort, destinationPort: tcp.dstPort, fault: null }
  }
  if (ip.protocol === PROTOCOL_UDP && ip.payloadLength >= 8) {
    const view = new DataView(octets.buffer, octets.byteOffset + ip.payloadOffset, 8)
    return { ...none, sourcePort: view.getUint16(0), destinationPort: view.getUint16(2), fault: null }
  }
  return { ...none, fault: null }
}

/** Whether a live packet goes from this end of the flow to the other. ICMP has no ports: addresses decide. */
export function belongsTo(live: LivePacket, flow: Flow): boolean {
  if (live.fault !== null) return true // whoever sent it, somebody has to see it
  const source = sourceAddress(live.ip)
  const destination = destinationAddress(live.ip)
  if (isIcmp(live)) {
    return addressEquals(source, flow.local.address) && addressEquals(destination, flow.remote.address)
  }
  return flow.sends(source, live.sourcePort, destination, live.destinationPort)
}

export function isIcmp({ ip, fault }: LivePacket): boolean {
  return fault === null && ip.protocol === icmpProtocol(ip.version)
}

/** A packet in the script's numbers, everything in it named. */
export function packetOut(live: LivePacket, flow: Flow): PacketAction {
  const { ip, tcp } = live
  const version = ip.version === 4 ? 4 : 6
  const action = { kind: 'packet', direction: 'out', encapsulation: [], ip: ipSpec(ip) } as const
  if (tcp !== null) return { ...action, body: tcpOut(live, tcp, flow) }
  if (ip.protocol === icmpProtocol(version)) {
    const icmp = new IcmpMessage()
    decodeIcmp(live.octets, ip, icmp, false)
    const words = icmpWords(version, icmp.type, icmp.code)
    const mtu = icmp.mtu < 0 ? null : icmp.mtu
    const id = icmp.echoId < 0 ? null : icmp.echoId
    const quoted = { kind: 'raw', length: ip.payloadLength } as const
    return { ...action, body: { kind: 'icmp', ...words, mtu, id, quoted } }
  }
  const ports = { source: live.sourcePort, destination: live.destinationPort }
  return { ...action, body: { kind: 'udp', ports, length: Math.max(0, ip.payloadLength - 8) } }
}

function tcpOut(live: LivePacket, tcp: Segment, flow: Flow): PacketAction['body'] {
  const isSyn = (tcp.flags & SYN) !== 0
  const start = flow.scriptSeqOut(tcp.seq, isSyn)
  const optionsAt = live.ip.payloadOffset + TCP_HEADER_LENGTH
  return {
    kind: 'tcp',
    ports: null,
    flags: { bits: tcp.flags, ace: false },
    sequence: { start, end: (start + tcp.textLength) >>> 0, length: tcp.textLength },
    sequenceIs: 'relative',
    ack: (tcp.flags & ACK) === 0 ? null : flow.scriptAckOut(tcp.ack, isSyn),
    window: tcp.window,
    urgent: (tcp.flags & URG) === 0 ? null : tcp.urgentPointer,
    options: optionSpecs(live.octets, optionsAt, tcp.textOffset, (edge) => flow.scriptAckOut(edge, isSyn)),
    udp: null,
    resetCause: null,
  }
}

function ipSpec(ip: IpHeader): IpSpec {
  return {
    ecn: (['noecn', 'ect1', 'ect0', 'ce'] as const)[ip.tos & 3]!,
    tos: ip.tos,
    dscp: ip.tos >>> 2,
    ttl: ip.ttl,
    flowLabel: ip.flowLabel,
  }
}

/** The options of a header in their order. Time stamp values stay live: what they mean depends on the expected ones. */
function optionSpecs(
  octets: Uint8Array,
  from: number,
  end: number,
  edge: (seq: number) => number,
): OptionSpec[] {
  const options: OptionSpec[] = []
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  forEachTcpOption(octets, from, end, (kind, at, length) => {
    const data = octets.slice(at, at + length)
    options.push(optionSpec(kind, data, at, view, edge))
  })
  return options
}

function optionSpec(
  kind: number,
  data: Uint8Array,
  at: number,
  view: DataView,
  edge: (seq: number) => number,
): OptionSpec {
  switch (kind) {
    case KIND_EOL:
      return { kind: 'eol' }
    case KIND_NOP:
      return { kind: 'nop' }
    case KIND_MSS:
      return { kind: 'mss', mss: view.getUint16(at) }
    case KIND_WINDOW_SCALE:
      return { kind: 'wscale', shift: data[0]! }
    case KIND_SACK_PERMITTED:
      return { kind: 'sackOK' }
    case KIND_SACK: {
      const blocks = Array.from({ length: data.length >> 3 }, (_, i) => ({
        left: edge(view.getInt32(at + 8 * i)),
        right: edge(view.getInt32(at + 8 * i + 4)),
      }))
      return { kind: 'sack', blocks }
    }
    case KIND_TIMESTAMPS:
      return {
        kind: 'TS',
        val: view.getUint32(at),
        anyVal: false,
        ecr: view.getUint32(at + 4),
        absoluteEcr: false,
      }
    case KIND_TFO:
      return { kind: 'FO', cookie: data, experimental: false }
    case KIND_MD5:
      return { kind: 'md5', digest: data }
    case KIND_EXPERIMENT_1:
    case KIND_EXPERIMENT_2:
      if (data.length >= 2 && view.getUint16(at) === EXID_TFO) {
        return { kind: 'FO', cookie: data.slice(2), experimental: true }
      }
      break
  }
  return { kind: 'other', name: TCP_OPTION_NAMES[kind] ?? `kind ${kind}`, number: kind, data }
}
