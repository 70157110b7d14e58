/**
 * TCP options: kinds, names, and the walk over them (RFC 9293 3.1 and 3.2, RFC 7323, RFC 2018).
 *
 * The layouts that tcp.ts writes, after the twenty octets of fixed header. A SYN, or an answer to one:
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |    Kind=2     |   Length=4    |   Maximum Segment Size        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |    Kind=4     |   Length=2    |    Kind=8     |   Length=10   |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                       TS Value (TSval)                        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                    TS Echo Reply (TSecr)                      |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |    Kind=1     |    Kind=3     |   Length=3    |   shift.cnt   |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Any other segment, here with one SACK block:
 *
 *     0                   1                   2                   3
 *     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |    Kind=1     |    Kind=1     |    Kind=8     |   Length=10   |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                       TS Value (TSval)                        |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                    TS Echo Reply (TSecr)                      |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |    Kind=1     |    Kind=1     |    Kind=5     |   Length=10   |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                      Left Edge of 1st Block                   |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *    |                      Right Edge of 1st Block                  |
 *    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { readInt32, readUint16 } from '../bytes/big-endian.ts'
import { MAX_SACK_BLOCKS, type Segment } from './segment.ts'

/** Kinds (IANA, TCP Option Kind Numbers). */
export const KIND_EOL = 0
export const KIND_NOP = 1
export const KIND_MSS = 2
export const KIND_WINDOW_SCALE = 3
export const KIND_SACK_PERMITTED = 4
export const KIND_SACK = 5
export const KIND_TIMESTAMPS = 8
export const KIND_MD5 = 19
export const KIND_UTO = 28
export const KIND_AO = 29
export const KIND_MPTCP = 30
export const KIND_TFO = 34
export const KIND_ACCECN0 = 172
export const KIND_ACCECN1 = 174
export const KIND_EXPERIMENT_1 = 253
export const KIND_EXPERIMENT_2 = 254

/** Whole lengths, kind and length octets included. */
export const LENGTH_MSS = 4
export const LENGTH_WINDOW_SCALE = 3
export const LENGTH_SACK_PERMITTED = 2
export const LENGTH_TIMESTAMPS = 10
export const LENGTH_SACK_BLOCK = 8
export const LENGTH_UTO = 4
export const LENGTH_MD5 = 18

/** The octets NOP NOP Kind=8 Length=10, which precede nearly every timestamp. */
export const NOP_NOP_TIMESTAMPS = 0x0101080a

/** Experiment identifiers in options 253 and 254 (RFC 6994; RFC 7413 4.1.1; drafts of RFC 9768). */
export const EXID_TFO = 0xf989
export const EXID_ACCECN0 = 0xacc0
export const EXID_ACCECN1 = 0xacc1

/** Bits of `Segment.otherOptions`: seen, well-formed, and not acted upon by the decoder. */
export const OPTION_UTO = 0x01
export const OPTION_MD5 = 0x02
export const OPTION_AO = 0x04
export const OPTION_TFO = 0x08
export const OPTION_ACCECN = 0x10
export const OPTION_MPTCP = 0x20
export const OPTION_EXPERIMENT = 0x40
export const OPTION_UNKNOWN = 0x80

/** Names for printers, by kind: IANA's list with short words. A kind that is missing here is unassigned. */
export const TCP_OPTION_NAMES: Readonly<Record<number, string>> = {
  0: 'eol',
  1: 'nop',
  2: 'mss',
  3: 'window-scale',
  4: 'sack-permitted',
  5: 'sack',
  6: 'echo',
  7: 'echo-reply',
  8: 'timestamps',
  9: 'partial-order-permitted',
  10: 'partial-order-service',
  11: 'cc',
  12: 'cc-new',
  13: 'cc-echo',
  14: 'alternate-checksum-request',
  15: 'alternate-checksum-data',
  16: 'skeeter',
  17: 'bubba',
  18: 'trailer-checksum',
  19: 'md5-signature',
  20: 'scps-capabilities',
  21: 'selective-negative-ack',
  22: 'record-boundaries',
  23: 'corruption-experienced',
  24: 'snap',
  26: 'compression-filter',
  27: 'quick-start',
  28: 'user-timeout',
  29: 'authentication',
  30: 'multipath',
  34: 'fast-open',
  69: 'encryption-negotiation',
  172: 'accurate-ecn-0',
  174: 'accurate-ecn-1',
  253: 'experiment-1',
  254: 'experiment-2',
}

/**
 * Reads the options in [offset, end) into a segment whose option fields were cleared before. End of Option List ends
 * the walk wherever it stands, No-Operation is passed over, and the MSS is taken (MUST-4). No alignment is assumed
 * (MUST-64), and an unknown option is passed over by its length (MUST-6, MUST-68). Reads nothing at or behind `end`.
 *
 * @returns false on an illegal length, a wrong length of a known option, or a second one of a kind (MUST-7)
 */
export function decodeTcpOptions(bytes: Uint8Array, offset: number, end: number, segment: Segment): boolean {
  let seen = 0
  let at = offset
  while (at < end) {
    const kind = bytes[at]!
    if (kind === KIND_EOL) return true
    if (kind === KIND_NOP) {
      at++
      continue
    }
    const length = lengthAt(bytes, at, end)
    if (length === 0) return false
    const once = kind < 32 ? (1 << kind) & ONCE : 0
    if ((seen & once) !== 0) return false
    seen |= once
    if (!takeOption(bytes, kind, at + 2, length, segment)) return false
    at += length
  }
  return true
}

/**
 * Visits every option in [offset, end) with the place and length of its value; NOP and EOL have none. For printers:
 * it knows nothing of kinds, and stops behind EOL.
 *
 * @returns false where an illegal length ended the walk; what came before it was visited
 */
export function forEachTcpOption(
  bytes: Uint8Array,
  offset: number,
  end: number,
  visit: (kind: number, valueOffset: number, valueLength: number) => void,
): boolean {
  let at = offset
  while (at < end) {
    const kind = bytes[at]!
    if (kind === KIND_EOL || kind === KIND_NOP) {
      at++
      visit(kind, at, 0)
      if (kind === KIND_EOL) return true
      continue
    }
    const length = lengthAt(bytes, at, end)
    if (length === 0) return false
    visit(kind, at + 2, length - 2)
    at += length
  }
  return true
}

/** The length octet of the option at `at`, or 0 where it is missing, below two, or points beyond `end`. // MUST-7 */
function lengthAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) return 0
  const length = bytes[at + 1]!
  return length < 2 || at + length > end ? 0 : length
}

/**
 * The kinds of which a second one in a segment is an error: kind k is bit k. MPTCP (RFC 8684 3) and experiments
 * (RFC 6994 3) may come several times, and of the others nothing is known.
 */
const ONCE =
  (1 << KIND_MSS) |
  (1 << KIND_WINDOW_SCALE) |
  (1 << KIND_SACK_PERMITTED) |
  (1 << KIND_SACK) |
  (1 << KIND_TIMESTAMPS) |
  (1 << KIND_MD5) |
  (1 << KIND_UTO) |
  (1 << KIND_AO)

/** @param at where the value starts; @param length of the whole option. False on a length wrong for its kind. */
function takeOption(bytes: Uint8Array, kind: number, at: number, length: number, segment: Segment): boolean {
  switch (kind) {
    case KIND_MSS:
      if (length !== LENGTH_MSS) return false
      segment.mss = readUint16(bytes, at)
      return true
    case KIND_WINDOW_SCALE:
      if (length !== LENGTH_WINDOW_SCALE) return false
      segment.windowScale = bytes[at]!
      return true
    case KIND_SACK_PERMITTED:
      segment.sackPermitted = true
      return length === LENGTH_SACK_PERMITTED
    case KIND_SACK:
      return takeSack(bytes, at, length, segment)
    case KIND_TIMESTAMPS:
      if (length !== LENGTH_TIMESTAMPS) return false
      segment.hasTimestamps = true
      segment.tsVal = readInt32(bytes, at)
      segment.tsEcr = readInt32(bytes, at + 4)
      return true
    default:
      return noteOption(bytes, kind, at, length, segment)
  }
}

/** RFC 2018 3: one to four blocks. */
function takeSack(bytes: Uint8Array, at: number, length: number, segment: Segment): boolean {
  const blocks = (length - 2) >>> 3
  if (length !== 2 + LENGTH_SACK_BLOCK * blocks || blocks === 0 || blocks > MAX_SACK_BLOCKS) return false
  for (let i = 0; i < 2 * blocks; i++) segment.sackEdges[i] = readInt32(bytes, at + 4 * i)
  segment.sackBlocks = blocks
  return true
}

/** The options that are recognised and left to others. */
function noteOption(bytes: Uint8Array, kind: number, at: number, length: number, segment: Segment): boolean {
  switch (kind) {
    case KIND_UTO:
      segment.otherOptions |= OPTION_UTO
      return length === LENGTH_UTO
    case KIND_MD5:
      segment.otherOptions |= OPTION_MD5
      return length === LENGTH_MD5
    case KIND_AO:
      // RFC 5925 2.2: KeyID and RNextKeyID at least.
      segment.otherOptions |= OPTION_AO
      return length >= 4
    case KIND_MPTCP:
      segment.otherOptions |= OPTION_MPTCP
      return length >= 3
    case KIND_TFO:
      segment.otherOptions |= isFastOpenLength(length - 2) ? OPTION_TFO : OPTION_UNKNOWN
      return true
    case KIND_ACCECN0:
    case KIND_ACCECN1:
      // RFC 9768 3.2.3: of an odd length, the whole counters in it are used.
      segment.otherOptions |= OPTION_ACCECN
      return true
    case KIND_EXPERIMENT_1:
    case KIND_EXPERIMENT_2:
      segment.otherOptions |= experimentBit(length < 4 ? -1 : readUint16(bytes, at), length)
      return true
    default:
      segment.otherOptions |= OPTION_UNKNOWN
      return true
  }
}

/** RFC 7413 4.1.1: no cookie, or 4 to 16 octets and even. With any other length the option is ignored, not an error. */
function isFastOpenLength(cookieLength: number): boolean {
  return cookieLength === 0 || (cookieLength >= 4 && cookieLength <= 16 && (cookieLength & 1) === 0)
}

function experimentBit(experiment: number, length: number): number {
  if (experiment === EXID_TFO && isFastOpenLength(length - 4)) return OPTION_TFO
  if (experiment === EXID_ACCECN0 || experiment === EXID_ACCECN1) return OPTION_ACCECN
  return OPTION_EXPERIMENT
}
