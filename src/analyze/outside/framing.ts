/**
 * Where messages end, as far as HTTP/1 and TLS say it in the clear: what ends before is cut. Numbers are the stream's
 * own, so that order and retransmission do not matter.
 */

import { readUint16 } from '../../bytes/big-endian.ts'
import type { Packet, TcpFields } from '../../dissect/packet.ts'
import type { SideFacts } from './facts.ts'
import { NO_WORDS, SWITCHED_WORDS, UNKNOWN_WORDS, wordsOf } from './first-words.ts'

const TLS_ALERT = 21
const TLS_HANDSHAKE = 22
const TLS_APPLICATION_DATA = 23
const TLS_CHANGE_CIPHER = 20
const TLS_MAJOR = 3
const TLS_HEADER = 5
/** RFC 8446 5.2: no record is longer. */
const TLS_LONGEST = 0x4100
const FATAL = 2
/** An alert in the clear has a level and a description. */
const PLAIN_ALERT = 2

const LONGEST_HEADER = 8192
/** RFC 9110 15.2.2. */
const SWITCHING = 101
/** With extensions, which nobody uses. */
const LONGEST_CHUNK_HEAD = 128
/** `0`, and two ends of lines. */
const LAST_CHUNK = 5
const HTTP = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31]
const HEAD = [0x48, 0x45, 0x41, 0x44, 0x20]

/** Takes text that continues where the side's text ended. */
export function frameText(me: SideFacts, peer: SideFacts, packet: Packet, tcp: TcpFields): void {
  const { bytes } = packet
  const { textAt, textHeld } = tcp
  if (me.firstWords === NO_WORDS)
    me.firstWords =
      me.hasIsn && tcp.seq === ((me.isn + 1) | 0) ? wordsOf(bytes, textAt, textHeld) : UNKNOWN_WORDS
  me.asksHead = bytes[textAt] === HEAD[0] && startsWith(bytes, textAt, textHeld, HEAD)
  if (me.framing === 'unknown') return
  if (me.framing === 'tls') {
    walkRecords(me, packet, tcp)
    return
  }
  if (me.framing === 'chunks') {
    walkChunks(me, packet, tcp)
    return
  }
  if (me.framing === 'http') {
    if (tcp.seq === me.messageEnd) frameResponse(me, peer, packet, tcp)
    return
  }
  if (startsWith(bytes, textAt, textHeld, HTTP) && peer.octets > 0) {
    me.framing = 'http'
    frameResponse(me, peer, packet, tcp)
  } else if (isRecord(bytes, textAt, textHeld)) {
    me.framing = 'tls'
    me.messageEnd = tcp.seq
    walkRecords(me, packet, tcp)
  } else if (me.asksHead) me.framing = 'none'
  else me.framing = 'unknown'
}

/** Octets that a message, chunk or record which has begun still lacks; 0 where none does, or nothing is known. */
export function openAt({ framing, messageEnd, next, fins }: SideFacts): number {
  if (framing === 'none' || framing === 'unknown' || fins > 0) return 0
  return Math.max(0, (messageEnd - next) | 0)
}

/** Octets that are missing at the end of what a side sent; 0 where nothing is, or nothing is known. */
export function missingAt(side: SideFacts): number {
  const { framing, fin, messageEnd, finEnd } = side
  if (framing === 'none' || framing === 'unknown' || !fin.happened) return 0
  const least = framing === 'chunks' ? LAST_CHUNK : 0
  return Math.max(0, (messageEnd + least - (finEnd - 1)) | 0)
}

function startsWith(bytes: Uint8Array, at: number, held: number, sign: readonly number[]): boolean {
  if (held < sign.length) return false
  for (let k = 0; k < sign.length; k++) if (bytes[at + k] !== sign[k]) return false
  return true
}

function isRecord(bytes: Uint8Array, at: number, held: number): boolean {
  if (held < TLS_HEADER) return false
  const type = bytes[at]!
  return (
    type >= TLS_CHANGE_CIPHER &&
    type <= TLS_APPLICATION_DATA &&
    bytes[at + 1] === TLS_MAJOR &&
    readUint16(bytes, at + 3) <= TLS_LONGEST
  )
}

/** RFC 9112 6: the length of a response, where a header says it. */
function frameResponse(me: SideFacts, peer: SideFacts, packet: Packet, tcp: TcpFields): void {
  const { bytes } = packet
  const { textAt, textHeld, seq } = tcp
  const stop = Math.min(textHeld, LONGEST_HEADER)
  let text = ''
  for (let k = 0; k < stop; k++) text += String.fromCharCode(bytes[textAt + k]!)
  const end = text.indexOf('\r\n\r\n')
  const head = end < 0 ? '' : text.slice(0, end)
  const status = Number(head.slice(9, 12))
  const length = /\r\ncontent-length: *(\d{1,9}) *(?:\r\n|$)/i.exec(head)
  me.framing = 'unknown'
  if (status === SWITCHING) peer.firstWords = SWITCHED_WORDS
  if (head === '' || peer.asksHead || status < 200 || status === 204 || status === 304) return
  if (/\r\ntransfer-encoding: *chunked *(?:\r\n|$)/i.test(head)) {
    me.framing = 'chunks'
    me.messageEnd = (seq + end + 4) | 0
    walkChunks(me, packet, tcp)
  } else if (length !== null) {
    me.framing = 'http'
    me.messageEnd = (seq + end + 4 + Number(length[1])) | 0
  }
}

/** RFC 9112 7.1: from the head of one chunk to that of the next. A head that two segments share ends the walk. */
function walkChunks(
  me: SideFacts,
  { bytes }: Packet,
  { seq, textAt, textHeld, textLength }: TcpFields,
): void {
  for (;;) {
    const offset = (me.messageEnd - seq) | 0
    if (offset >= textLength) return
    let head = ''
    const stop = Math.min(textHeld, offset + LONGEST_CHUNK_HEAD)
    for (let k = Math.max(0, offset); k < stop; k++) head += String.fromCharCode(bytes[textAt + k]!)
    const size = /^([0-9a-f]{1,7})(?:[ \t;][^\r]*)?\r\n/i.exec(head)
    const octets = size === null ? 0 : Number.parseInt(size[1]!, 16)
    if (offset < 0 || size === null || octets === 0) {
      me.framing = 'unknown'
      return
    }
    me.messageEnd = (me.messageEnd + size[0].length + octets + 2) | 0
  }
}

/** RFC 8446 5.1: one record after the other, each with its length. */
function walkRecords(
  me: SideFacts,
  { bytes }: Packet,
  { seq, textAt, textHeld, textLength }: TcpFields,
): void {
  for (;;) {
    const offset = (me.messageEnd - seq) | 0
    if (offset >= textLength) return
    const at = textAt + offset
    if (offset < 0 || !isRecord(bytes, at, textHeld - offset)) {
      me.framing = 'unknown'
      return
    }
    const type = bytes[at]!
    const length = readUint16(bytes, at + 3)
    me.endsWithAlert = type === TLS_ALERT
    if (type === TLS_ALERT && length === PLAIN_ALERT && textHeld - offset >= TLS_HEADER + 2) {
      if (bytes[at + 5] === FATAL) me.fatalAlert = bytes[at + 6]!
    } else if (type === TLS_HANDSHAKE) me.tlsHandshakes++
    me.messageEnd = (me.messageEnd + TLS_HEADER + length) | 0
  }
}

/** RFC 8446 6, and those of older versions that are still seen. */
export const ALERTS: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  22: 'record_overflow',
  40: 'handshake_failure',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  109: 'missing_extension',
  110: 'unsupported_extension',
  112: 'unrecognized_name',
  116: 'certificate_required',
  120: 'no_application_protocol',
}
