/** The columns of Wireshark's list of packets, as fields (`_ws.col.Info`) and as the lines that tshark prints of them. */

import { readUint16 } from '../bytes/big-endian.ts'
import * as codes from '../dissect/layer-codes.ts'
import type { Packet } from '../dissect/packet.ts'
import type { FrameView, TcpView } from '../flows/field.ts'
import {
  etherText,
  ipv4Text,
  ipv4WordText,
  ipv6Text,
  ipv6WordsText,
  isEthernet,
  isIpv4,
  isIpv6,
} from '../flows/field-layers.ts'
import type { Field } from '../flows/fields.ts'
import { frameColumns, ownLayers, type ProtocolAndInfo } from './column-frames.ts'
import { isMultipath, tcpInfo } from './column-tcp.ts'

/** A frame, and the TCP header in it where there is one. */
type View = FrameView & Partial<Pick<TcpView, 'tcp' | 'analysis'>>

type Column = (view: View) => string

/** Decimals of a second where the file does not say how fine its times are. */
const MICROSECONDS = 6

const COLUMNS = {
  'No.': ({ packet }) => String(packet.number),
  Time: timeText,
  Source: ({ packet }) => endText(packet, 'source'),
  Destination: ({ packet }) => endText(packet, 'destination'),
  Protocol: (view) => protocolAndInfo(view).protocol,
  Length: ({ packet }) => String(packet.frameLength),
  Info: (view) => protocolAndInfo(view).info,
} satisfies Record<string, Column>

/** Of frames and of TCP headers alike: what a frame without TCP shows is told of it. */
export const COLUMN_FIELDS: Readonly<Record<string, Field>> = Object.fromEntries(
  Object.entries(COLUMNS).map(([name, read]) => [`_ws.col.${name}`, { kind: 'text', read }]),
)

/** How wide the columns are at the least; source and destination are drawn towards the arrow between them. */
const LEAST = { number: 5, time: 10, address: 12 }

/** The line that `tshark -T tabs` prints of a frame, and `-T text` with a blank. */
export function columnLine(view: View, separator: string): string {
  const { protocol, info } = protocolAndInfo(view)
  return [
    COLUMNS['No.'](view).padStart(LEAST.number),
    COLUMNS.Time(view).padStart(LEAST.time),
    COLUMNS.Source(view).padStart(LEAST.address),
    '→',
    COLUMNS.Destination(view).padEnd(LEAST.address),
    protocol,
    COLUMNS.Length(view),
    info,
  ].join(separator)
}

/** Seconds since the first frame, as fine as the file's. */
function timeText({ record, times, file }: View): string {
  if (times === undefined) return ''
  const resolution = record === undefined ? undefined : file?.interfaces[record.interfaceIndex]?.resolution
  const decimals = Math.min(resolution ?? MICROSECONDS, 9)
  const text = String(times.sinceFirst)
  return decimals === 0 ? text.slice(0, -10) : text.slice(0, text.length - 9 + decimals)
}

function protocolAndInfo(view: View): ProtocolAndInfo {
  const { packet, tcp, analysis } = view
  if (tcp === undefined || analysis === undefined || packet.isQuoted) {
    const found = frameColumns(packet)
    return { ...found, protocol: inTunnel(packet, found.protocol) }
  }
  const whole = { ...view, tcp, analysis }
  return { protocol: inTunnel(packet, isMultipath(whole) ? 'MPTCP' : 'TCP'), info: tcpInfo(whole) }
}

const GTP_PORTS = [2152, 3386]

/** What GTP carries is named with it. */
function inTunnel(packet: Packet, protocol: string): string {
  const layers = ownLayers(packet)
  for (let layer = 0; layer + 1 < layers; layer++) {
    if (packet.layerCodes[layer] !== codes.IP_UDP || packet.layerCodes[layer + 1] !== codes.LAYER_IP) continue
    const bytes = packet.layerBytes[layer]!
    const at = packet.layerAts[layer]!
    const ports = [readUint16(bytes, at), readUint16(bytes, at + 2)]
    if (GTP_PORTS.some((port) => ports.includes(port))) return `GTP <${protocol}>`
  }
  return protocol
}

/** The innermost address that the frame itself has, not what it quotes. */
function endText(packet: Packet, end: 'source' | 'destination'): string {
  const isSource = end === 'source'
  for (let layer = ownLayers(packet) - 1; layer >= 0; layer--) {
    const code = packet.layerCodes[layer]!
    const bytes = packet.layerBytes[layer]!
    const at = packet.layerAts[layer]!
    if (isIpv4(code, bytes, at) || isIpv6(code, bytes, at)) {
      // Routing headers change where a packet goes.
      return at === packet.ipAt && bytes === packet.bytes
        ? ipText(packet, isSource)
        : headerText(bytes, at, isSource)
    }
    if (isEthernet(code, bytes, at)) return etherText(bytes, isSource ? at + 6 : at)
  }
  return ''
}

function ipText(packet: Packet, isSource: boolean): string {
  const { version, src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = packet
  if (version === 4) return ipv4WordText(isSource ? src3 : dst3)
  return isSource ? ipv6WordsText(src0, src1, src2, src3) : ipv6WordsText(dst0, dst1, dst2, dst3)
}

function headerText(bytes: Uint8Array, at: number, isSource: boolean): string {
  if (bytes[at]! >> 4 === 6) return ipv6Text(bytes, isSource ? at + 8 : at + 24)
  return ipv4Text(bytes, isSource ? at + 12 : at + 16)
}
