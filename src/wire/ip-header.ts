/** An IP header of either version as fields, decoded into one reused object (RFC 791 3.1, RFC 8200 3). */

export const PROTOCOL_ICMP = 1
export const PROTOCOL_TCP = 6
export const PROTOCOL_ICMPV6 = 58

export class IpHeader {
  /** 4 or 6. */
  version = 4
  /** Type of service / traffic class: DSCP in the upper six bits, ECN in the lower two. */
  tos = 0
  /** TTL or hop limit. */
  ttl = 0
  /** The upper-layer protocol, after extension headers: PROTOCOL_TCP ... */
  protocol = 0
  /** IPv4 identification; 0 for IPv6 without a fragment header. */
  identification = 0
  dontFragment = false
  /** IPv6 flow label, 20 bits; 0 for IPv4. */
  flowLabel = 0
  /** Addresses as four int32 words; an IPv4 address stands in word 3 behind ::ffff (RFC 4291 2.5.5.2). */
  src0 = 0
  src1 = 0
  src2 = 0
  src3 = 0
  dst0 = 0
  dst1 = 0
  dst2 = 0
  dst3 = 0
  /** Octets of IP header, options and extension headers included. */
  headerLength = 0
  /** Octets of the whole datagram by its own length field. */
  totalLength = 0
  /** Where the upper-layer payload starts in the packet's buffer, and how long it is. */
  payloadOffset = 0
  payloadLength = 0
  /** Octets of the payload that the buffer holds: less than payloadLength only where a capture cut the packet. */
  payloadHeld = 0
}

/** Addresses a reply to the sender of a packet, from where that was sent to. */
export function exchangeAddresses(reply: IpHeader, packet: IpHeader): void {
  reply.src0 = packet.dst0
  reply.src1 = packet.dst1
  reply.src2 = packet.dst2
  reply.src3 = packet.dst3
  reply.dst0 = packet.src0
  reply.dst1 = packet.src1
  reply.dst2 = packet.src2
  reply.dst3 = packet.src3
}

/** Word 2 of an IPv4-mapped address: ::ffff:a.b.c.d. */
export const MAPPED_PREFIX = 0x0000ffff
