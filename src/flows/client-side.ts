/** Which end of a captured connection is the client: the one place where that is decided. */

import type { TcpFields } from '../dissect/packet.ts'
import { ACK, RST, SYN } from '../wire/segment.ts'

/**
 * Whether the sender of a connection's first packet is its client. Who asks with a SYN is; who answers one, or sends a reset before
 * anything else was seen, is not. Else the higher port is the client's: servers' ports are the known ones.
 */
export function senderIsClient({ flags, sourcePort, destinationPort }: TcpFields): boolean {
  if ((flags & SYN) !== 0) return (flags & ACK) === 0
  return (flags & RST) === 0 && sourcePort >= destinationPort
}

/** Goes by the first packet until a SYN, or the answer to one, tells it. */
export class ClientSide {
  /** Whether side A, by Wireshark's count of sides, is the client. */
  isA = true
  /** Whether a SYN told it; else it is guessed. */
  isSeen = false
  #isFirst = true

  /** Takes the next packet of the connection. */
  packet(isFromA: boolean, tcp: TcpFields): void {
    if (this.isSeen) return
    const isSyn = (tcp.flags & SYN) !== 0
    if (isSyn || this.#isFirst) this.isA = senderIsClient(tcp) === isFromA
    this.isSeen = isSyn
    this.#isFirst = false
  }
}
