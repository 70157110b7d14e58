/**
 * Whether a segment was sent before, and what Wireshark calls that: a retransmission, a fast or a spurious one, or out of
 * order. It goes by time and numbers alone.
 */

import type { TcpFields } from '../dissect/packet.ts'
import { FIN, SYN } from '../wire/segment.ts'
import * as w from './conversation-words.ts'
import type { Exchange } from './exchange.ts'
import * as a from './tcp-analysis.ts'

/** A fast retransmission comes so soon after the peer's last packet, nanoseconds. */
const FAST_RETRANSMISSION_NS = 20_000_000
/** Out of order is what comes so soon after the packet that was ahead, where no round trip is known, nanoseconds. */
const OUT_OF_ORDER_NS = 3_000_000
/** Duplicate acknowledgments before a fast retransmission, the first one not counted. */
const DUPLICATES = 2

/** Judges a segment with text, SYN or FIN. */
export function judgeSentAgain(x: Exchange, { seq, flags, textLength }: TcpFields): void {
  const { words, my, their, result } = x
  if ((result.flags & a.KEEP_ALIVE) !== 0) return
  const next = words[my + w.NEXT]!
  const theirAck = words[their + w.LAST_ACK]!
  const end = (seq + textLength) | 0
  if (textLength > 0 && theirAck !== 0 && ((end - theirAck) | 0) <= 0) {
    result.flags |= a.SPURIOUS_RETRANSMISSION | a.RETRANSMISSION
    return
  }
  // More than one octet from the last one on is new, behind a probe of a zero window.
  const isAfterProbe = textLength > 1 && seq === ((next - 1) | 0)
  if (next === 0 || ((seq - next) | 0) >= 0 || isAfterProbe) return
  const hasDuplicates = words[their + w.DUPLICATE_ACKS]! >>> 0 >= DUPLICATES
  const isSoon = x.isWithin(their + w.LAST_TIME_OF_SIDE, FAST_RETRANSMISSION_NS)
  if (hasDuplicates && seq === theirAck && isSoon) {
    result.flags |= a.FAST_RETRANSMISSION | a.RETRANSMISSION
    return
  }
  const wholeEnd = (flags & (SYN | FIN)) !== 0 ? (end + 1) | 0 : end
  if (wholeEnd !== next && x.isWithin(my + w.NEXT_TIME, outOfOrderNs(x))) {
    result.flags |= a.OUT_OF_ORDER
    return
  }
  result.flags |= a.RETRANSMISSION
  measureTimeout(x)
}

/** Where the clock went back during the handshake Wireshark's limit, an unsigned number, is as good as none. */
function outOfOrderNs({ words, at }: Exchange): number {
  const ns = words[at + w.INITIAL_RTT]! * 1e9 + words[at + w.INITIAL_RTT + 1]!
  if (ns < 0) return Number.POSITIVE_INFINITY
  return ns === 0 ? OUT_OF_ORDER_NS : ns
}

/** How long the sender waited: since the oldest segment that nobody has acknowledged, else since the one ahead. */
function measureTimeout(x: Exchange): void {
  const { words, my, result, unacknowledged } = x
  unacknowledged.frame = words[my + w.NEXT_FRAME]!
  unacknowledged.seconds = words[my + w.NEXT_TIME]!
  unacknowledged.nanoseconds = words[my + w.NEXT_TIME + 1]!
  unacknowledged.oldest(words, my)
  result.rto.set(unacknowledged.seconds, unacknowledged.nanoseconds, x.seconds, x.nanoseconds)
  if (result.rto.total !== 0) result.rtoFrame = unacknowledged.frame
}
