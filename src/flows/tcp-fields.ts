/** Wireshark's fields of a TCP header that are told from the header alone: its flags one by one, its options, its text. */

import { readUint16 } from '../bytes/big-endian.ts'
import type { Packet, TcpFields } from '../dissect/packet.ts'
import { hexText, optionsOf, type SeenOption } from '../dissect/tcp-details.ts'
import * as bits from '../wire/segment.ts'
import { TCP_HEADER_LENGTH } from '../wire/tcp.ts'
import * as kinds from '../wire/tcp-options.ts'
import type { Field, FieldKind, FieldValue, TcpView } from './field.ts'
import { type TcpAnalysis, TFO_ACK, TFO_IGNORED, TFO_SYN } from './tcp-analysis.ts'

/** Of a header that is long enough to be one. */
function inHeader(kind: FieldKind, read: Field['read']): Field {
  return { kind, read: (view) => (view.tcp.headerLength >= TCP_HEADER_LENGTH ? read(view) : null) }
}

function flag(bit: number): Field {
  return inHeader('boolean', ({ tcp }) => ((tcp.flags & bit) === 0 ? 0 : 1))
}

/** A field that is there where the flags are these. */
function whereFlags(mask: number, wanted: number): Field {
  return inHeader('flag', ({ tcp }) => ((tcp.flags & mask) === wanted ? 1 : null))
}

const FLAG_LETTERS = 'RRRACEUAPRSF'

/** A letter for each flag that is set, and a dot for each that is not. */
function flagLetters(flags: number): string {
  return Array.from(FLAG_LETTERS, (letter, k) => ((flags >> (11 - k)) & 1 ? letter : '·')).join('')
}

function optionField(
  fieldKind: FieldKind,
  wanted: (option: SeenOption, bytes: Uint8Array) => boolean,
  read: (bytes: Uint8Array, option: SeenOption) => FieldValue | null,
): Field {
  return inHeader(fieldKind, ({ packet, tcp }) =>
    paddedOptions(packet, tcp)
      .filter((option) => wanted(option, packet.bytes))
      .map((option) => read(packet.bytes, option))
      .filter((value) => value !== null),
  )
}

/** The options and, behind the one that ends them, each octet of zero as one more, as Wireshark shows them. */
function paddedOptions(packet: Packet, tcp: TcpFields): SeenOption[] {
  const options = optionsOf(packet, tcp)
  const last = options.at(-1)
  if (last?.kind !== kinds.KIND_EOL) return options
  const end = Math.min(tcp.at + tcp.headerLength, packet.end)
  for (let at = last.at + 1; at < end && packet.bytes[at] === 0; at++) options.push({ ...last, at })
  return options
}

const isKind =
  (kind: number, length?: number) =>
  (option: SeenOption): boolean =>
    option.kind === kind && (length === undefined || option.length === length)

/** The experiment of TCP Fast Open before it had a kind of its own. */
const EXPERIMENT_TFO = 0xf989

function hasFastOpen({ kind, length, at }: SeenOption, bytes: Uint8Array): boolean {
  if (kind === kinds.KIND_TFO) return true
  return kind === kinds.KIND_EXPERIMENT_2 && length >= 4 && readUint16(bytes, at + 2) === EXPERIMENT_TFO
}

/** All octets of each option of a kind. */
function whole(kind: number): Field {
  return optionField('octets', isKind(kind), (bytes, { at, length }) =>
    hexText(bytes.subarray(at, at + length)),
  )
}

/** What a reset carries is no text, but says why it was sent (RFC 9293 3.10.7.4 lets it). */
function text({ packet, tcp }: TcpView): Uint8Array | null {
  // Of a segment that ICMP quotes, as much is text as is quoted.
  const isQuoted = packet.isQuoted && tcp.headerLength >= TCP_HEADER_LENGTH
  const end = isQuoted ? packet.end : tcp.textAt + tcp.textHeld
  return end > tcp.textAt && (tcp.flags & bits.RST) === 0 ? packet.bytes.subarray(tcp.textAt, end) : null
}

/** As ASCII, up to the first zero. */
function resetCause({ packet, tcp }: TcpView): string | null {
  if (tcp.textHeld === 0 || (tcp.flags & bits.RST) === 0) return null
  const octets = packet.bytes.subarray(tcp.textAt, tcp.textAt + tcp.textHeld)
  const end = octets.indexOf(0)
  const letters = end < 0 ? octets : octets.subarray(0, end)
  return Array.from(letters, (octet) => (octet < 0x80 ? String.fromCharCode(octet) : '\ufffd')).join('')
}

export const HEADER_FIELDS: Readonly<Record<string, Field>> = {
  'tcp.port': { kind: 'number', read: ({ tcp }) => [tcp.sourcePort, tcp.destinationPort] },
  'tcp.flags.res': flag(0xe00),
  'tcp.flags.ae': flag(0x100),
  'tcp.flags.cwr': flag(bits.CWR),
  'tcp.flags.ece': flag(bits.ECE),
  'tcp.flags.urg': flag(bits.URG),
  'tcp.flags.ack': flag(bits.ACK),
  'tcp.flags.push': flag(bits.PSH),
  'tcp.flags.reset': flag(bits.RST),
  'tcp.flags.syn': flag(bits.SYN),
  'tcp.flags.fin': flag(bits.FIN),
  'tcp.flags.str': inHeader('text', ({ tcp }) => flagLetters(tcp.flags)),
  'tcp.connection.syn': whereFlags(bits.SYN | bits.ACK, bits.SYN),
  'tcp.connection.synack': whereFlags(bits.SYN | bits.ACK, bits.SYN | bits.ACK),
  'tcp.connection.fin': whereFlags(bits.FIN, bits.FIN),
  'tcp.connection.rst': whereFlags(bits.RST, bits.RST),
  'tcp.payload': {
    kind: 'octets',
    read: (view) => {
      const octets = text(view)
      return octets === null ? null : hexText(octets)
    },
    octets: text,
  },
  'tcp.reset_cause': { kind: 'text', read: resetCause },
  'tcp.options': inHeader('octets', ({ packet, tcp }) => {
    const end = Math.min(tcp.at + tcp.headerLength, packet.end)
    return end > tcp.at + TCP_HEADER_LENGTH
      ? hexText(packet.bytes.subarray(tcp.at + TCP_HEADER_LENGTH, end))
      : null
  }),
  'tcp.option_kind': optionField(
    'number',
    () => true,
    (_, { kind }) => kind,
  ),
  'tcp.option_len': optionField(
    'number',
    ({ kind }) => kind !== kinds.KIND_NOP && kind !== kinds.KIND_EOL,
    (_, { length }) => length,
  ),
  'tcp.options.nop': whole(kinds.KIND_NOP),
  'tcp.options.eol': whole(kinds.KIND_EOL),
  'tcp.options.mss': whole(kinds.KIND_MSS),
  'tcp.options.wscale': whole(kinds.KIND_WINDOW_SCALE),
  'tcp.options.sack': whole(kinds.KIND_SACK),
  'tcp.options.timestamp': whole(kinds.KIND_TIMESTAMPS),
  'tcp.options.tfo': whole(kinds.KIND_TFO),
  'tcp.options.wscale.multiplier': optionField(
    'number',
    isKind(kinds.KIND_WINDOW_SCALE, 3),
    (bytes, { at }) => 2 ** Math.min(bytes[at + 2]!, 14),
  ),
  'tcp.options.sack.count': optionField(
    'number',
    isKind(kinds.KIND_SACK),
    (_, { length }) => (length - 2) >> 3,
  ),
  'tcp.options.tfo.cookie': optionField('octets', hasFastOpen, (bytes, option) => {
    const { at, length } = option
    const head = option.kind === kinds.KIND_TFO ? 2 : 4
    return length > head ? hexText(bytes.subarray(at + head, at + length)) : null
  }),
  'tcp.options.tfo.request': optionField('flag', hasFastOpen, (_, { kind, length }) =>
    length === (kind === kinds.KIND_TFO ? 2 : 4) ? 1 : null,
  ),
  'tcp.options.user_to_granularity': optionField(
    'boolean',
    isKind(kinds.KIND_UTO, 4),
    (bytes, { at }) => bytes[at + 2]! >> 7,
  ),
  'tcp.options.user_to_val': optionField(
    'number',
    isKind(kinds.KIND_UTO, 4),
    (bytes, { at }) => readUint16(bytes, at + 2) & 0x7fff,
  ),
}

/** What is told of Fast Open stands at the option. */
const TFO = TFO_SYN | TFO_ACK | TFO_IGNORED

/** `tcp.analysis.flags` is there where one of the marks is; `tcp.analysis` where anything was found out. */
export const ANALYSIS_TREES: Readonly<Record<string, Field>> = {
  'tcp.analysis.flags': { kind: 'flag', read: ({ analysis }) => ((analysis.flags & ~TFO) === 0 ? null : 1) },
  'tcp.analysis': { kind: 'flag', read: ({ analysis }) => (hasTree(analysis) ? 1 : null) },
}

/** Fast Open alone makes no tree. */
function hasTree({ hasRecord, flags, acksFrame, bytesInFlight }: TcpAnalysis): boolean {
  const isOnlyTfo = flags !== 0 && (flags & ~TFO) === 0 && acksFrame === 0 && bytesInFlight === 0
  return hasRecord && !isOnlyTfo
}
