/** Packets that a capture holds twice. */

import type { Packet, TcpFields } from '../../dissect/packet.ts'
import { FIN, SYN } from '../../wire/segment.ts'
import type { SideFacts } from './facts.ts'

/** A copy of a packet follows the original within this time. */
const COPY_SECONDS = 0.05

/**
 * The same packet once more, as far as its numbers tell: an interface or a mirror port saw it twice, or files were merged that
 * both hold it. Without an identification only the very same moment shows that.
 */
export function isCopy(me: SideFacts, packet: Packet, tcp: TcpFields, at: number): boolean {
  const { identification, version, nanoseconds } = packet
  if (tcp.seq !== me.lastSeq || tcp.ack !== me.lastAck || tcp.flags !== me.lastFlags) return false
  if (tcp.textLength !== me.lastLength) return false
  if (version === 4 && identification !== 0) {
    return identification === me.identification && at - me.lastAt < COPY_SECONDS
  }
  // A clock of whole seconds tells no moments apart.
  const isSpecial = tcp.textLength > 0 || (tcp.flags & (SYN | FIN)) !== 0
  return at === me.lastAt && isSpecial && nanoseconds !== 0
}
