/** The two ends of a captured segment. */

import { destinationAddress, socketText, sourceAddress } from '../wire/address.ts'
import type { Packet, TcpFields } from './packet.ts'

/** Sender and receiver, as '10.0.0.1:49152' or '[fd00::1]:49152'. */
export function socketsOf(packet: Packet, tcp: TcpFields): readonly [string, string] {
  return [
    socketText(sourceAddress(packet), tcp.sourcePort),
    socketText(destinationAddress(packet), tcp.destinationPort),
  ]
}
