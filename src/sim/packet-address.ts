/** Compares an address with the source or destination in a packet's IP header, of which nothing else is read. */

import { readInt32 } from '../bytes/big-endian.ts'
import type { Address } from '../wire/address.ts'
import { IPV4_DESTINATION, IPV4_HEADER_LENGTH, IPV4_SOURCE } from '../wire/ipv4.ts'
import { IPV6_DESTINATION, IPV6_HEADER_LENGTH, IPV6_SOURCE } from '../wire/ipv6.ts'

/** Where an address stands in the header of each version, in octets from the start of the packet. */
export interface AddressEnd {
  readonly v4: number
  readonly v6: number
}

export const SOURCE: AddressEnd = { v4: IPV4_SOURCE, v6: IPV6_SOURCE }
export const DESTINATION: AddressEnd = { v4: IPV4_DESTINATION, v6: IPV6_DESTINATION }

/** False also where the packet is too short for its header, or is of the other version. */
export function carriesAddress(
  packet: Uint8Array,
  length: number,
  end: AddressEnd,
  address: Address,
): boolean {
  const version = length === 0 ? 0 : packet[0]! >> 4
  if (version !== address.version) return false
  if (version === 4) return length >= IPV4_HEADER_LENGTH && readInt32(packet, end.v4) === address.w3
  return (
    length >= IPV6_HEADER_LENGTH &&
    readInt32(packet, end.v6) === address.w0 &&
    readInt32(packet, end.v6 + 4) === address.w1 &&
    readInt32(packet, end.v6 + 8) === address.w2 &&
    readInt32(packet, end.v6 + 12) === address.w3
  )
}
