/** What tells packed files apart: their first octets. */

import { readSync } from 'node:fs'

const GZIP = [0x1f, 0x8b]
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd]
const MAGIC_LENGTH = 4

/** null: the file is plain, or has no octets yet. */
export function packingOf(file: number): 'gzip' | 'zstd' | null {
  const magic = new Uint8Array(MAGIC_LENGTH)
  const length = readSync(file, magic, 0, MAGIC_LENGTH, 0)
  const starts = (sign: readonly number[]): boolean =>
    length >= sign.length && sign.every((octet, k) => magic[k] === octet)
  return starts(GZIP) ? 'gzip' : starts(ZSTD) ? 'zstd' : null
}
