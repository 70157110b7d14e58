/** Builds the packets that a script injects: from its numbers to octets with live numbers, lengths and checksums. */

import { foldChecksum, sumWords } from '../bytes/checksum.ts'
import { type Address, setAddresses } from '../wire/address.ts'
import { ICMP_CHECKSUM, ICMP_HEADER_LENGTH, icmpChecksum, icmpMeaning, icmpProtocol } from '../wire/icmp.ts'
import { ipHeaderLength, pseudoHeaderSum, writeIpHeader } from '../wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../wire/ip-header.ts'
import { ACK, FIN, SYN } from '../wire/segment.ts'
import {
  TCP_CHECKSUM,
  TCP_DATA_OFFSET_SHIFT,
  TCP_HEADER_LENGTH,
  TCP_MAX_HEADER_LENGTH,
  tcpChecksum,
} from '../wire/tcp.ts'
import {
  EXID_TFO,
  KIND_EOL,
  KIND_EXPERIMENT_2,
  KIND_MD5,
  KIND_MSS,
  KIND_NOP,
  KIND_SACK,
  KIND_SACK_PERMITTED,
  KIND_TFO,
  KIND_TIMESTAMPS,
  KIND_WINDOW_SCALE,
} from '../wire/tcp-options.ts'
import type { Flow } from './flow.ts'
import { icmpNumbers } from './icmp-names.ts'
import type { IcmpSpec, IpSpec, OptionSpec, PacketAction, TcpSpec, UdpSpec } from './script.ts'
import type { Settings } from './settings.ts'
import { Stop } from './verdict.ts'

/** What a script's packets travel with where they say nothing else. */
const TTL = 255
export const PROTOCOL_UDP = 17
const UDP_HEADER_LENGTH = 8
/** Octets of a transport header that an ICMP error quotes (RFC 792). */
const QUOTED = 8

export const ECN_BITS = { noecn: 0, ect1: 1, ect0: 2, ce: 3 } as const

/**
 * The octets of a packet that the script injects. A segment is remembered in the flow, so that the connection can be
 * reset at the end.
 *
 * @throws Stop for a packet that cannot be built: what is not supported, or a time stamp that echoes none.
 */
export function packetIn(action: PacketAction, flow: Flow, settings: Settings): Uint8Array {
  if (action.encapsulation.length > 0) throw Stop.unsupported('packets in tunnels')
  const { body } = action
  switch (body.kind) {
    case 'tcp':
      return tcpIn(action.ip, body, flow, settings)
    case 'udp':
      return udpIn(action.ip, body, flow)
    case 'icmp':
      return icmpIn(action.ip, body, flow)
  }
}

function tcpIn(spec: IpSpec, tcp: TcpSpec, flow: Flow, settings: Settings): Uint8Array {
  if (tcp.udp !== null) throw Stop.unsupported('TCP in UDP')
  if (tcp.resetCause !== null) throw Stop.unsupported('a reset with its cause in its text')
  const { bits } = tcp.flags
  const isSyn = (bits & SYN) !== 0
  const hasAck = (bits & ACK) !== 0
  const start = tcp.sequenceIs === 'any' ? 0 : tcp.sequence.start
  const seq = tcp.sequenceIs === 'absolute' ? start | 0 : flow.liveSeqIn(start, isSyn)
  const ack = hasAck ? flow.liveAckIn(tcp.ack ?? 0, isSyn) : (tcp.ack ?? 0) | 0
  const options = optionOctets(
    tcp.options ?? [],
    (edge) => flow.liveAckIn(edge, isSyn),
    ecrOf(flow, settings, hasAck),
  )
  const headerLength = TCP_HEADER_LENGTH + ((options.length + 3) & ~3)
  if (headerLength > TCP_MAX_HEADER_LENGTH) throw failedToBuild('more than 40 octets of options')
  const window = tcp.window ?? 0
  flow.lastIn = {
    next: (seq + tcp.sequence.length + (isSyn ? 1 : 0) + ((bits & FIN) !== 0 ? 1 : 0)) | 0,
    ack,
    window,
  }
  const ip = ipHeader(spec, flow.remote.address, flow.local.address, PROTOCOL_TCP)
  const { packet, view, at } = ipPacket(ip, headerLength + tcp.sequence.length)
  const ports = portsOf(tcp.ports, flow)
  view.setUint16(at, ports.source)
  view.setUint16(at + 2, ports.destination)
  view.setInt32(at + 4, seq)
  view.setInt32(at + 8, ack)
  view.setUint16(at + 12, ((headerLength >> 2) << TCP_DATA_OFFSET_SHIFT) | bits)
  view.setUint16(at + 14, window)
  view.setUint16(at + 18, tcp.urgent ?? 0)
  packet.set(options, at + TCP_HEADER_LENGTH)
  view.setUint16(at + TCP_CHECKSUM, tcpChecksum(packet, ip, at, packet.length - at))
  return packet
}

function udpIn(spec: IpSpec, udp: UdpSpec, flow: Flow): Uint8Array {
  const ip = ipHeader(spec, flow.remote.address, flow.local.address, PROTOCOL_UDP)
  const { packet, view, at } = ipPacket(ip, UDP_HEADER_LENGTH + udp.length)
  const ports = portsOf(udp.ports, flow)
  view.setUint16(at, ports.source)
  view.setUint16(at + 2, ports.destination)
  view.setUint16(at + 4, UDP_HEADER_LENGTH + udp.length)
  const sum = sumWords(packet, at, packet.length - at, pseudoHeaderSum(ip, PROTOCOL_UDP, packet.length - at))
  // RFC 768: a sum of zero is sent as all ones.
  view.setUint16(at + 6, foldChecksum(sum) || 0xffff)
  return packet
}

function icmpIn(spec: IpSpec, icmp: IcmpSpec, flow: Flow): Uint8Array {
  const version = flow.local.address.version
  const numbers = icmpNumbers(version, icmp.type, icmp.code)
  if (numbers === null) {
    throw Stop.unsupported(`ICMP for IPv${version}: ${icmp.type} ${icmp.code ?? ''}`.trim())
  }
  const quote = quoteOf(icmp, flow)
  const ip = ipHeader(spec, flow.remote.address, flow.local.address, icmpProtocol(version))
  const { packet, view, at } = ipPacket(ip, ICMP_HEADER_LENGTH + quote.length)
  view.setUint8(at, numbers.type)
  view.setUint8(at + 1, numbers.code)
  if (icmp.id !== null) view.setUint16(at + 4, icmp.id)
  if (icmp.mtu !== null && icmpMeaning(version, numbers.type, numbers.code) === 'fragmentation-needed') {
    if (version === 4) view.setUint16(at + 6, icmp.mtu)
    else view.setUint32(at + 4, icmp.mtu)
  }
  packet.set(quote, at + ICMP_HEADER_LENGTH)
  view.setUint16(at + ICMP_CHECKSUM, icmpChecksum(packet, ip, at, packet.length - at))
  return packet
}

/** The packet that an error is about: one of this side's, its header and the first octets behind. */
function quoteOf({ quoted }: IcmpSpec, flow: Flow): Uint8Array {
  if (quoted === null) return new Uint8Array(0)
  if (quoted.kind === 'raw') return new Uint8Array(Math.max(0, quoted.length - ICMP_HEADER_LENGTH))
  if (quoted.kind === 'tcp' && quoted.udp !== null) throw Stop.unsupported('TCP in UDP')
  const isTcp = quoted.kind === 'tcp'
  const plain: IpSpec = { ecn: null, tos: null, dscp: null, ttl: null, flowLabel: null }
  const ip = ipHeader(plain, flow.local.address, flow.remote.address, isTcp ? PROTOCOL_TCP : PROTOCOL_UDP)
  const length = isTcp ? TCP_HEADER_LENGTH + quoted.sequence.length : UDP_HEADER_LENGTH + quoted.length
  const { packet, view, at } = ipPacket(ip, length)
  view.setUint16(at, flow.local.port)
  view.setUint16(at + 2, flow.remote.port)
  if (isTcp) view.setInt32(at + 4, flow.liveSeqQuoted(quoted.sequence.start))
  else view.setUint16(at + 4, length)
  return packet.subarray(0, at + QUOTED)
}

function portsOf(given: { source: number; destination: number } | null, flow: Flow) {
  const usual = flow.portsIn
  return { source: given?.source || usual.source, destination: given?.destination || usual.destination }
}

function ipHeader(spec: IpSpec, source: Address, destination: Address, protocol: number): IpHeader {
  const ip = new IpHeader()
  ip.version = source.version
  const ecn = spec.ecn === null || spec.ecn === 'ect01' ? 0 : ECN_BITS[spec.ecn]
  ip.tos = spec.tos ?? ((spec.dscp ?? 0) << 2) | ecn
  ip.ttl = spec.ttl ?? TTL
  ip.protocol = protocol
  ip.flowLabel = spec.flowLabel ?? 0
  setAddresses(ip, source, destination)
  return ip
}

function ipPacket(ip: IpHeader, length: number): { packet: Uint8Array; view: DataView; at: number } {
  const at = ipHeaderLength(ip.version)
  if (at + length > 0xffff) throw failedToBuild(`${length} octets, more than an IP packet holds`)
  const packet = new Uint8Array(at + length)
  const view = new DataView(packet.buffer)
  ip.totalLength = packet.length
  writeIpHeader(view, 0, ip)
  return { packet, view, at }
}

/** How the echo of a time stamp gets live: a segment without ACK echoes nothing. */
function ecrOf(flow: Flow, settings: Settings, hasAck: boolean): (ecr: number, absolute: boolean) => number {
  return (ecr, absolute) => {
    if (!hasAck || absolute) return ecr
    const live = flow.liveTsEcr(ecr, settings.tsEcrScaled)
    if (live !== null) return live
    throw failedToBuild(`the time stamp echoes ${ecr}, which no segment of the script has sent before`)
  }
}

function failedToBuild(what: string): Stop {
  return Stop.failed({ what, differences: [], expected: null, actual: null, at: -1 })
}

/** The options area as the script has it, to the octet; shorter than a multiple of four it is padded by the header. */
function optionOctets(
  options: readonly OptionSpec[],
  edge: (seq: number) => number,
  ecr: (script: number, absolute: boolean) => number,
): Uint8Array {
  const octets: number[] = []
  for (const option of options) {
    switch (option.kind) {
      case 'nop':
        octets.push(KIND_NOP)
        break
      case 'eol':
        octets.push(KIND_EOL)
        break
      case 'mss':
        octets.push(KIND_MSS, 4, option.mss >>> 8, option.mss & 255)
        break
      case 'wscale':
        octets.push(KIND_WINDOW_SCALE, 3, option.shift)
        break
      case 'sackOK':
        octets.push(KIND_SACK_PERMITTED, 2)
        break
      case 'sack':
        octets.push(KIND_SACK, 2 + 8 * option.blocks.length)
        for (const { left, right } of option.blocks) octets.push(...word(edge(left)), ...word(edge(right)))
        break
      case 'TS':
        octets.push(KIND_TIMESTAMPS, 10, ...word(option.val), ...word(ecr(option.ecr, option.absoluteEcr)))
        break
      case 'FO':
        if (option.experimental) {
          octets.push(KIND_EXPERIMENT_2, 4 + option.cookie.length, EXID_TFO >>> 8, EXID_TFO & 255)
        } else octets.push(KIND_TFO, 2 + option.cookie.length)
        octets.push(...option.cookie)
        break
      case 'md5':
        if (option.digest === null) throw Stop.unsupported('the MD5 option of TCP (RFC 2385)')
        octets.push(KIND_MD5, 2 + option.digest.length, ...option.digest)
        break
      case 'raw':
        octets.push(...option.octets)
        break
      case 'other':
        octets.push(option.number, 2 + option.data.length, ...option.data)
    }
  }
  return Uint8Array.from(octets)
}

function word(value: number): [number, number, number, number] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}
