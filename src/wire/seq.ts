/**
 * Sequence numbers: arithmetic modulo 2^32 (RFC 9293 3.4).
 *
 * A sequence number is held as an int32 (`| 0`) and compared by the sign of the difference, so that a wrap needs
 * no special case. Only the edge of the program shows it unsigned, with `>>> 0`.
 */

/** a < b in sequence space. True when b is ahead of a by less than 2^31. */
export function seqLT(a: number, b: number): boolean {
  return ((a - b) | 0) < 0
}

/** a =< b in sequence space. */
export function seqLE(a: number, b: number): boolean {
  return ((a - b) | 0) <= 0
}

/** a > b in sequence space. */
export function seqGT(a: number, b: number): boolean {
  return ((a - b) | 0) > 0
}

/** a >= b in sequence space. */
export function seqGE(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0
}

/** The later of two sequence numbers. */
export function seqMax(a: number, b: number): number {
  return ((a - b) | 0) >= 0 ? a : b
}

/** The earlier of two sequence numbers. */
export function seqMin(a: number, b: number): number {
  return ((a - b) | 0) <= 0 ? a : b
}

/** a + n in sequence space, as int32. */
export function seqAdd(a: number, n: number): number {
  return (a + n) | 0
}

/** How far a is ahead of b: a signed distance, -2^31 to 2^31 - 1 octets. */
export function seqDiff(a: number, b: number): number {
  return (a - b) | 0
}
