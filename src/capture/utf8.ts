/** UTF-8 without the host's TextEncoder, which does not exist below the wall. Lone surrogates become U+FFFD. */

const REPLACEMENT = 0xfffd

/** The UTF-8 octets of a text, cut at a character boundary so that at most `limit` octets remain. */
export function encodeUtf8(text: string, limit = Number.POSITIVE_INFINITY): Uint8Array {
  const octets: number[] = []
  for (const character of text) {
    let code = character.codePointAt(0)!
    if (code >= 0xd800 && code <= 0xdfff) code = REPLACEMENT
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    if (octets.length + size > limit) break
    if (size === 1) octets.push(code)
    else {
      octets.push(((0xf00 >> size) & 0xff) | (code >> (6 * (size - 1))))
      for (let left = size - 2; left >= 0; left--) octets.push(0x80 | ((code >> (6 * left)) & 0x3f))
    }
  }
  return Uint8Array.from(octets)
}

/** The text of UTF-8 octets; what is not UTF-8 becomes U+FFFD, one for each octet that fits nowhere. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  let at = start
  while (at < end && bytes[at]! < 0x80) at++
  let text = asciiText(bytes, start, at)
  while (at < end) {
    const size = sequenceAt(bytes, at, end)
    if (size === 0) {
      text += String.fromCodePoint(REPLACEMENT)
      at++
      continue
    }
    let code = size === 1 ? bytes[at]! : bytes[at]! & (0x7f >> size)
    for (let k = 1; k < size; k++) code = (code << 6) | (bytes[at + k]! & 0x3f)
    text += String.fromCodePoint(code)
    at += size
  }
  return text
}

/** Characters that one call takes as arguments. */
const PIECE = 4096

function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + PIECE)))
  }
  return text
}

/** Octets of the well-formed sequence that starts here, or 0 (RFC 3629 4: no overlong forms, no surrogates). */
function sequenceAt(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]!
  if (first < 0x80) return 1
  const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (size === 0 || at + size > end) return 0
  for (let k = 1; k < size; k++) if ((bytes[at + k]! & 0xc0) !== 0x80) return 0
  const second = bytes[at + 1]!
  if (first === 0xe0 && second < 0xa0) return 0
  if (first === 0xed && second > 0x9f) return 0
  if (first === 0xf0 && second < 0x90) return 0
  if (first === 0xf4 && second > 0x8f) return 0
  return size
}
