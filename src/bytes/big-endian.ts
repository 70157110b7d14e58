/** Numbers in network order from octets. No DataView: making or finding one costs more than the shifts. */

/** The 16-bit number at `at`, 0 to 65535. Octets beyond the end count as 0. */
export function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

/** The 32-bit number at `at`, as int32. Octets beyond the end count as 0. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
