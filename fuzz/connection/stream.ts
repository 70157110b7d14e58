/**
 * What stands in two streams: an octet follows from its place alone, so whoever delivers one can be checked without
 * having kept it, and an octet from elsewhere is known for one.
 */

/** The peer's octet with this sequence number. */
export function peerOctet(seq: number): number {
  return Math.imul(seq ^ (seq >>> 15), 0x2c1b3c6d) >>> 24
}

/** The user's octet at this place of its stream, from 0. */
export function userOctet(place: number): number {
  return Math.imul(place ^ (place >>> 13) ^ 0x5bd1e995, 0x297a2d39) >>> 24
}
