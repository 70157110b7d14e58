/** What a file is, before it is read: whether it can be read twice, and what its first octets say of packing. */

import { readSync, statSync } from 'node:fs'

const GZIP = [0x1f, 0x8b]
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd]
/** Octets that tell the formats apart. */
export const HEAD_OCTETS = 256

/**
 * A pipe or a device, which gives its octets once: whoever opens it to have a look takes them away, and where he closes it,
 * whoever writes into it is told that nobody reads. "-" is standard input.
 */
export function isReadOnce(path: string): boolean {
  if (path === '-') return true
  try {
    return !statSync(path).isFile()
  } catch {
    // Who reads it says what is wrong with it.
    return false
  }
}

/** The first octets of a file, which is then where it was. */
export function headOf(file: number): Uint8Array {
  const head = new Uint8Array(HEAD_OCTETS)
  return head.subarray(0, readSync(file, head, 0, HEAD_OCTETS, 0))
}

/** null: the file with this head is plain, or has no octets yet. */
export function packingOf(head: Uint8Array): 'gzip' | 'zstd' | null {
  const starts = (sign: readonly number[]): boolean => sign.every((octet, k) => head[k] === octet)
  return starts(GZIP) ? 'gzip' : starts(ZSTD) ? 'zstd' : null
}
