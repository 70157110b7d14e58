/** Segments that a receiver had already when they came again, as it says by D-SACK (RFC 2883). */

import type { Packet, TcpFields } from '../../dissect/packet.ts'
import { isDuplicate } from '../../flows/expert-options.ts'
import { ACK } from '../../wire/segment.ts'
import { TCP_HEADER_LENGTH } from '../../wire/tcp.ts'
import { forEachTcpOption, KIND_SACK } from '../../wire/tcp-options.ts'
import type { SideFacts } from './facts.ts'

/** Kind and length, before the value. */
const HEAD = 2

/** @param sender whose segments are acknowledged. */
export function takeDuplicateSack(sender: SideFacts, { bytes, end }: Packet, tcp: TcpFields): void {
  if (tcp.headerLength <= TCP_HEADER_LENGTH || (tcp.flags & ACK) === 0) return
  const stop = Math.min(tcp.at + tcp.headerLength, end)
  forEachTcpOption(bytes, tcp.at + TCP_HEADER_LENGTH, stop, (kind, valueAt, length) => {
    if (kind !== KIND_SACK || !isDuplicate(bytes, valueAt - HEAD, length + HEAD, tcp.ack)) return
    sender.duplicates++
  })
}

/** Segments that were sent again although they had arrived, as far as the capture tells. */
export function neededNot({ retransmitted, spurious, duplicates }: SideFacts): number {
  return Math.min(retransmitted, Math.max(spurious, duplicates))
}
