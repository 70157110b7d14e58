/**
 * What Wireshark calls a packet by its numbers and windows: probes, keep-alives, window updates, duplicate
 * acknowledgments, what was lost before it. By the rules of 4.0; the public captures judge.
 */

import type { TcpFields } from '../dissect/packet.ts'
import { ACK, FIN, RST, SYN } from '../wire/segment.ts'
import { seqLT } from '../wire/seq.ts'
import * as w from './conversation-words.ts'
import type { Exchange } from './exchange.ts'
import * as a from './tcp-analysis.ts'

/** None of these is set in what only carries text, or acknowledges. */
const CONTROL = SYN | FIN | RST

/** Sets the flags; the first that fits of the last ones. */
export function judgeKind(x: Exchange, tcp: TcpFields): void {
  const { words, my, their, result } = x
  const { seq, flags, window, textLength } = tcp
  const next = words[my + w.NEXT]!
  if (textLength === 1 && seq === next && words[their + w.WINDOW] === 0) {
    result.flags |= a.ZERO_WINDOW_PROBE
    return
  }
  const isPlain = (flags & CONTROL) === 0
  if (window === 0 && isPlain) result.flags |= a.ZERO_WINDOW
  if (next !== 0 && seqLT(next, seq) && (flags & RST) === 0) {
    result.flags |= a.LOST_SEGMENT
    words[my + w.SIDE_BITS]! |= w.HAS_GAP
  }
  if (!isPlain) return
  if (textLength <= 1 && seq === ((next - 1) | 0)) result.flags |= a.KEEP_ALIVE
  if (textLength > 0) {
    if (fillsWindow(x, (seq + textLength) | 0)) result.flags |= a.WINDOW_FULL
  } else if (seq === next && tcp.ack === words[my + w.LAST_ACK]) judgeRepeat(x, window)
}

/** An acknowledgment with the numbers of the one before: the window tells them apart, and what the peer sent last. */
function judgeRepeat(x: Exchange, window: number): void {
  const { words, my, their, result } = x
  if (window !== words[my + w.WINDOW]) {
    if (window !== 0) result.flags |= a.WINDOW_UPDATE
    return
  }
  const before = words[their + w.LAST_FLAGS]!
  if (window === 0) {
    if ((before & a.ZERO_WINDOW_PROBE) !== 0) result.flags |= a.ZERO_WINDOW_PROBE_ACK
  } else if ((before & a.KEEP_ALIVE) !== 0) result.flags |= a.KEEP_ALIVE_ACK
  else if (!hasNewMultipath(x)) {
    const count = Math.max(0, words[my + w.DUPLICATE_ACKS]!) + 1
    words[my + w.DUPLICATE_ACKS] = count
    result.flags |= a.DUPLICATE_ACK
    result.duplicateAckNumber = count
    result.duplicateAckFrame = words[my + w.NOT_DUPLICATE_FRAME]!
  }
}

/** Multipath TCP repeats acknowledgments for its own purposes (RFC 8684 4): whether it just began one. */
function hasNewMultipath({ words, at, my }: Exchange): boolean {
  const known = words[at + w.BITS]! & w.MULTIPATH
  return known !== 0 && known !== (words[my + w.SIDE_BITS]! & w.MULTIPATH)
}

/** Whether text ends exactly where the peer's window does. */
function fillsWindow({ words, their }: Exchange, end: number): boolean {
  const scale = words[their + w.SCALE]!
  if (scale === w.SCALE_UNKNOWN) return false
  const isUnscaled = scale < 0 || (words[their + w.SIDE_BITS]! & w.SENT_NO_ACK) !== 0
  const window = words[their + w.WINDOW]! << (isUnscaled ? 0 : scale)
  return end === ((words[their + w.LAST_ACK]! + window) | 0)
}

/** Whether the packet acknowledges what the capture does not show; told once for each gap. */
export function judgeAcknowledgment({ words, their, result }: Exchange, { flags, ack }: TcpFields): void {
  const ackable = words[their + w.ACKABLE]!
  if ((flags & ACK) === 0 || ackable === 0 || !seqLT(ackable, ack)) return
  result.hasRecord = true
  if (seqLT(ackable, words[their + w.NEXT]!)) {
    words[their + w.ACKABLE] = words[their + w.NEXT]!
    result.flags |= a.ACK_LOST_SEGMENT
  } else {
    if (words[their + w.DUPLICATE_ACKS] === 0) result.flags |= a.ACK_LOST_SEGMENT
    words[their + w.DUPLICATE_ACKS] = COUNTS_AS_MANY
  }
}

/** A quirk of Wireshark's: the count goes below zero, where it is more than any other as an unsigned number. */
const COUNTS_AS_MANY = -1
