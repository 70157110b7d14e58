/** Packets in a script: `< S 0:0(0) win 65535 <mss 1460>`, UDP datagrams and ICMP messages. */

import { ACK, AE, CWR, ECE, FIN, PSH, RST, SYN, URG } from '../wire/segment.ts'
import { type Cursor, MAX_UINT8, MAX_UINT16, MAX_UINT32 } from './cursor.ts'
import { parseIpInfo } from './parse-ip-info.ts'
import { parseOptions } from './parse-options.ts'
import type {
  Encapsulation,
  FlagsSpec,
  IcmpSpec,
  PacketAction,
  Ports,
  SequenceRange,
  TcpSpec,
  UdpSpec,
} from './script.ts'
import { unsupported, wrong } from './source-errors.ts'

const FLAG_LETTERS: Readonly<Record<string, number>> = {
  F: FIN,
  S: SYN,
  R: RST,
  P: PSH,
  '.': ACK,
  U: URG,
  E: ECE,
  W: CWR,
  A: AE,
}
const FLAGS = /[.FSRPEWAU0-7]+(?![A-Za-z0-9_.])|-(?![0-9-])/y
/** More of them behind a blank, but not the `...` of a sequence number. */
const MORE_FLAGS = /(?!\.\.\.)[.FSRPEWAU]+(?![A-Za-z0-9_.])/y
const WRITTEN_FLAGS = /^[.FSRPEWAU0-7]+$/
/** Scripts from before 2013 name the quoted packet in front: `< [1:1001(1000)] icmp unreachable`. */
const QUOTED_FIRST = /\[(?=\s*[0-9])/y
/** Up to the colon that ends an outer header: behind `ipv4` or `ipv6` there are two addresses. */
const OUTER_IP = /(?:\([^()\n]*\)|\[[^[\]\n]*\])?\s*[0-9a-fA-F.:]+\s*>\s*[0-9a-fA-F.:]+(?=:)/y
const OUTER_OTHER = /[^:\n<>]+(?=:)/y

/** Behind the `<` or `>`. */
export function parsePacket(cursor: Cursor, direction: 'in' | 'out'): PacketAction {
  const encapsulation = parseEncapsulation(cursor)
  const quoted = cursor.lexer.raw(QUOTED_FIRST) === null ? null : parseQuoted(cursor)
  const ip = parseIpInfo(cursor, direction)
  if (cursor.isWord('encap')) throw unsupported(cursor.place(), 'encapsulation in PSP')
  const ports = parsePorts(cursor)
  const place = cursor.place()
  let body: PacketAction['body']
  if (quoted !== null) cursor.expectWord('icmp')
  if (quoted !== null || cursor.takeWord('icmp')) body = parseIcmp(cursor, quoted)
  else if (cursor.takeWord('udp')) body = parseUdp(cursor, ports)
  else if (cursor.isWord('sctp')) throw unsupported(place, 'SCTP')
  else if (cursor.isWord('udplite')) throw unsupported(place, 'UDP-Lite')
  else body = parseTcp(cursor, ports, direction)
  return { kind: 'packet', direction, encapsulation, ip, body }
}

function parseEncapsulation(cursor: Cursor): Encapsulation[] {
  const headers: Encapsulation[] = []
  for (;;) {
    const place = cursor.place()
    const word = cursor.token.kind === 'word' ? cursor.token.text : ''
    const protocol = word === 'GREv0' ? 'gre' : word
    if (!['ipv4', 'ipv6', 'gre', 'mpls'].includes(protocol)) return headers
    cursor.next()
    const isIp = protocol === 'ipv4' || protocol === 'ipv6'
    const text = cursor.lexer.raw(isIp ? OUTER_IP : OUTER_OTHER)
    if (isIp && text === null) cursor.fail("'source > destination:', two addresses")
    cursor.expectMark(':', `':' after the header (${protocol})`)
    headers.push({ protocol, text: (text ?? '').replace(/\s+/g, ' ').trim(), place })
  }
}

/** `1234 > 8080`. */
function parsePorts(cursor: Cursor): Ports | null {
  if (cursor.token.kind !== 'integer') return null
  const source = cursor.integer('a port', 0, MAX_UINT16)
  cursor.expectMark('>', "'>' between two ports")
  return { source, destination: cursor.integer('a port', 0, MAX_UINT16) }
}

function parseTcp(cursor: Cursor, ports: Ports | null, direction: 'in' | 'out'): TcpSpec {
  const flags = parseFlags(cursor)
  const range = cursor.isMark('...') ? parseAnySequence(cursor) : parseSequence(cursor)
  const isAbsolute = range.sequenceIs === 'relative' && cursor.takeMark('!')
  const ack = optionalField(cursor, 'ack', MAX_UINT32)
  const place = cursor.place()
  const window = optionalField(cursor, 'win', MAX_UINT16)
  if (window === null && direction === 'in')
    throw wrong(place, 'a packet in without a window', "'win' and a number")
  const urgent = optionalField(cursor, 'urg', MAX_UINT16)
  const optionsPlace = cursor.place()
  const options = cursor.takeMark('<') ? parseOptions(cursor) : []
  if (options === null && direction === 'in') {
    throw wrong(optionsPlace, '<...> in a packet in', 'the options to send')
  }
  return {
    kind: 'tcp',
    ports,
    flags,
    sequence: range.sequence,
    sequenceIs: isAbsolute ? 'absolute' : range.sequenceIs,
    ack,
    window,
    urgent,
    options,
    resetCause: parseResetCause(cursor),
    udp: parseUdpAround(cursor),
  }
}

function optionalField(cursor: Cursor, name: string, max: number): number | null {
  return cursor.takeWord(name) ? cursor.integer(`a number behind ${name}`, 0, max) : null
}

function parseFlags(cursor: Cursor): FlagsSpec {
  const place = cursor.place()
  let text = cursor.lexer.raw(FLAGS)
  if (text === null && cursor.token.kind === 'word' && WRITTEN_FLAGS.test(cursor.token.text)) {
    text = cursor.next().text
  }
  if (text?.includes('..')) throw wrong(place, `flags ${text}`, 'one dot, for ACK')
  if (text === null) cursor.fail("TCP flags: letters of FSRP.EWUA, a digit for ACE, or '-'")
  for (let more = ''; text !== '-' && more !== null; text += more) {
    const found = cursor.lexer.raw(MORE_FLAGS)
    if (found === null) break
    more = found
  }
  let bits = 0
  let digits = ''
  for (const letter of text === '-' ? '' : text) {
    if (letter >= '0' && letter <= '7') digits += letter
    else bits |= FLAG_LETTERS[letter]!
  }
  if (digits.length > 1 || (digits !== '' && (bits & (ECE | CWR | AE)) !== 0)) {
    throw wrong(place, `conflicting flags ${text}`, 'either letters of E, W, A or one digit for ACE')
  }
  return { bits: bits | aceBits(Number(digits)), ace: digits !== '' }
}

/** RFC 9768 3.1: AE, CWR, ECE are the bits of one number. */
function aceBits(ace: number): number {
  return ((ace & 1) !== 0 ? ECE : 0) | ((ace & 2) !== 0 ? CWR : 0) | ((ace & 4) !== 0 ? AE : 0)
}

interface SequenceFound {
  readonly sequence: SequenceRange
  readonly sequenceIs: 'relative' | 'any'
}

/** `start:end(length)` */
function parseSequence(cursor: Cursor): SequenceFound {
  const place = cursor.place()
  const start = cursor.integer('a sequence number as start:end(length)', 0, MAX_UINT32)
  cursor.expectMark(':', "':' and the end of the sequence range")
  const end = cursor.integer('the end of the sequence range', 0, MAX_UINT32)
  const length = parseLength(cursor)
  if (end !== start + length) {
    throw wrong(place, `${start}:${end}(${length}) is inconsistent`, `${start}:${start + length}(${length})`)
  }
  return { sequence: { start, end, length }, sequenceIs: 'relative' }
}

/** `...(length)` */
function parseAnySequence(cursor: Cursor): SequenceFound {
  cursor.expectMark('...')
  const length = parseLength(cursor)
  return { sequence: { start: 0, end: length, length }, sequenceIs: 'any' }
}

function parseLength(cursor: Cursor): number {
  cursor.expectMark('(', "'(' and a length")
  const length = cursor.integer('a length', 0, MAX_UINT16)
  cursor.expectMark(')')
  return length
}

/** `[code 1, pen 2]` */
function parseResetCause(cursor: Cursor): TcpSpec['resetCause'] {
  if (!cursor.takeMark('[')) return null
  cursor.expectWord('code')
  const code = cursor.integer('a code', 0, MAX_UINT16)
  cursor.expectMark(',')
  cursor.expectWord('pen')
  const pen = cursor.integer('an enterprise number', 0, MAX_UINT32)
  cursor.expectMark(']')
  return { code, pen }
}

/** `/udp(9811 > 1)` */
function parseUdpAround(cursor: Cursor): Ports | null {
  if (!cursor.takeMark('/')) return null
  cursor.expectWord('udp')
  cursor.expectMark('(')
  const ports = parsePorts(cursor) ?? cursor.fail('a port')
  cursor.expectMark(')')
  return ports
}

function parseUdp(cursor: Cursor, before: Ports | null): UdpSpec {
  const ports = before ?? parsePorts(cursor)
  return { kind: 'udp', ports, length: parseLength(cursor) }
}

function parseIcmp(cursor: Cursor, quotedBefore: IcmpSpec['quoted']): IcmpSpec {
  const { line } = cursor.place()
  const type = icmpName(cursor) ?? cursor.fail('an ICMP type')
  // A number in the next line is the time of the next event.
  const isTime = cursor.token.kind === 'integer' && cursor.place().line !== line
  const code = isTime ? null : icmpName(cursor)
  const mtu = optionalField(cursor, 'mtu', MAX_UINT32)
  const id = optionalField(cursor, 'id', MAX_UINT16)
  const quoted = quotedBefore === null && cursor.takeMark('[') ? parseQuoted(cursor) : quotedBefore
  return { kind: 'icmp', type, code, mtu, id, quoted }
}

function icmpName(cursor: Cursor): string | null {
  const { kind, text } = cursor.token
  if (kind === 'integer') return String(cursor.integer('a number', 0, MAX_UINT8))
  return kind === 'word' && text !== 'mtu' && text !== 'id' ? cursor.next().text : null
}

/** Behind the `[`. */
function parseQuoted(cursor: Cursor): IcmpSpec['quoted'] {
  const place = cursor.place()
  let quoted: IcmpSpec['quoted']
  if (cursor.isWord('sctp')) throw unsupported(place, 'SCTP')
  if (cursor.isWord('udplite')) throw unsupported(place, 'UDP-Lite')
  if (cursor.takeWord('udp')) quoted = { kind: 'udp', length: parseLength(cursor) }
  else if (cursor.takeWord('raw')) quoted = { kind: 'raw', length: parseLength(cursor) }
  else quoted = { kind: 'tcp', sequence: parseSequence(cursor).sequence, udp: parseUdpAround(cursor) }
  cursor.expectMark(']')
  return quoted
}
