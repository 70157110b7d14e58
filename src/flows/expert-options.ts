/** What Wireshark remarks on the options of a TCP header. */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { ACK, SYN } from '../wire/segment.ts'
import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import * as kinds from '../wire/tcp-options.ts'
import type { Remark } from './expert.ts'
import type { TcpView } from './field.ts'

const MAX_SHIFT = 14
/** Routers put so many in the place of an option; behind the one that permits SACK Wireshark is not surprised. */
const MANY_NOPS = 4

const NAMES: Readonly<Record<number, string>> = {
  [kinds.KIND_MSS]: 'Maximum segment size',
  [kinds.KIND_WINDOW_SCALE]: 'Window scale',
  [kinds.KIND_SACK_PERMITTED]: 'SACK permitted',
  [kinds.KIND_SACK]: 'SACK',
  [kinds.KIND_TIMESTAMPS]: 'Timestamps',
  [kinds.KIND_MD5]: 'TCP MD5 signature',
  20: 'SCPS capabilities',
  [kinds.KIND_UTO]: 'User Timeout Option',
  [kinds.KIND_AO]: 'TCP Authentication Option',
  [kinds.KIND_MPTCP]: 'Multipath TCP',
  [kinds.KIND_TFO]: 'TCP Fast Open',
}

export function expertOfOptions(view: TcpView, note: Remark): void {
  const { packet, tcp } = view
  const { bytes } = packet
  const end = Math.min(tcp.at + tcp.headerLength, packet.end)
  let nops = 0
  let hasMss = false
  let allowsSack = false
  for (let at = tcp.at + TCP_HEADER_LENGTH; at < end; ) {
    const kind = bytes[at]!
    if (kind === kinds.KIND_NOP) {
      if (++nops === MANY_NOPS && !allowsSack) {
        note('warning', 'Protocol', 'tcp.options.nop_in_a_row', NOPS)
      }
      at++
      continue
    }
    nops = 0
    if (kind === kinds.KIND_EOL) {
      if (!hasPadding(bytes, at + 1, end)) break
      note('error', 'Protocol', 'tcp.options.padding', PADDING)
      return
    }
    const length = at + 1 < end ? bytes[at + 1]! : 0
    if (!isSound(kind, length, end - at, note)) return
    hasMss ||= kind === kinds.KIND_MSS
    allowsSack ||= kind === kinds.KIND_SACK_PERMITTED
    remarkOption(bytes, at, length, tcp.flags, judgedAck(view), note)
    at += length
  }
  if ((tcp.flags & SYN) !== 0 && !hasMss && tcp.headerLength > TCP_HEADER_LENGTH) {
    note('note', 'Protocol', 'tcp.options.mss.absent', 'The SYN packet does not contain a MSS option')
  }
}

const NOPS = '4 NOP in a row - a router may have removed some options'
const PADDING = 'Non-zero header padding'

const hasPadding = (bytes: Uint8Array, at: number, end: number): boolean =>
  bytes.subarray(at, end).some((octet) => octet !== 0)

function isSound(kind: number, length: number, left: number, note: Remark): boolean {
  const name = NAMES[kind] ?? `Unknown (0x${kind.toString(16).padStart(2, '0')})`
  const octets = `${length} byte${length === 1 ? '' : 's'}`
  if (left < 2) return false
  if (length < 2)
    note('note', 'Sequence', 'tcp.options.short', `${name} (with too-short option length = ${octets})`)
  else if (length > left) {
    const message = `${name} (option length = ${octets} says option goes past end of options)`
    note('note', 'Sequence', 'tcp.options.past_end', message)
  } else return true
  return false
}

function remarkOption(
  bytes: Uint8Array,
  at: number,
  length: number,
  flags: number,
  ack: number,
  note: Remark,
): void {
  const kind = bytes[at]!
  if (kind === kinds.KIND_MSS && (flags & SYN) === 0) {
    note('warning', 'Protocol', 'tcp.options.mss.present', 'The non-SYN packet does contain a MSS option')
  } else if (kind === kinds.KIND_WINDOW_SCALE && length === 3 && bytes[at + 2]! > MAX_SHIFT) {
    note('warning', 'Protocol', 'tcp.options.wscale.shift.invalid', `Window scale shift exceeds ${MAX_SHIFT}`)
  } else if (kind === kinds.KIND_SACK && isDuplicate(bytes, at, length, ack)) {
    note('warning', 'Sequence', 'tcp.options.sack.dsack', 'D-SACK Sequence')
  } else if (kind === kinds.KIND_TFO || (kind === kinds.KIND_EXPERIMENT_2 && isFastOpen(bytes, at, length))) {
    const hasCookie = length > (kind === kinds.KIND_TFO ? 2 : 4)
    if ((flags & (SYN | ACK)) === SYN && hasCookie) {
      note('note', 'Sequence', 'tcp.analysis.tfo_syn', 'TCP SYN with TFO Cookie')
    }
  }
}

const EXPERIMENT_TFO = 0xf989

const isFastOpen = (bytes: Uint8Array, at: number, length: number): boolean =>
  length >= 4 && readUint16(bytes, at + 2) === EXPERIMENT_TFO

/** What edges are compared with: without the ACK bit Wireshark takes the field for a relative number, as a rule 0. */
export const judgedAck = ({ tcp, analysis }: TcpView): number =>
  (tcp.flags & ACK) !== 0 ? tcp.ack : (analysis.otherBase + tcp.ack) | 0

/**
 * Whether a SACK option tells of what came twice, as Wireshark reads RFC 2883 4: its first block is acknowledged already, or
 * it ends within the second one, wherever it begins.
 */
export function isDuplicate(bytes: Uint8Array, at: number, length: number, ack: number): boolean {
  if (length < 10) return false
  const right = readInt32(bytes, at + 6)
  if (((right - ack) | 0) <= 0) return true
  if (length < 18) return false
  const isBehindLeft = ((right - readInt32(bytes, at + 10)) | 0) > 0
  return isBehindLeft && ((right - readInt32(bytes, at + 14)) | 0) <= 0
}
