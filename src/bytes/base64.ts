/** Octets as text and back (RFC 4648 section 4, with padding). */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Int8Array(128).fill(-1)
for (let value = 0; value < 64; value++) VALUES[DIGITS.charCodeAt(value)] = value
/** Octets of one piece of text: a multiple of three, and few enough arguments for one call. */
const CHUNK = 6144

export function toBase64(octets: Uint8Array): string {
  const pieces: string[] = []
  for (let start = 0; start < octets.length; start += CHUNK) {
    pieces.push(encoded(octets, start, Math.min(start + CHUNK, octets.length)))
  }
  return pieces.join('')
}

/** @throws RangeError where the text is not base64. */
export function fromBase64(text: string): Uint8Array {
  const { length } = text
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (length % 4 !== 0) throw new RangeError(`base64 of ${length} characters, which is no multiple of 4`)
  const octets = new Uint8Array((length / 4) * 3 - padding)
  let at = 0
  for (let i = 0; i < length; i += 4) {
    const last = i + 4 === length ? padding : 0
    const four =
      (valueAt(text, i) << 18) |
      (valueAt(text, i + 1) << 12) |
      ((last > 1 ? 0 : valueAt(text, i + 2)) << 6) |
      (last > 0 ? 0 : valueAt(text, i + 3))
    octets[at++] = four >> 16
    if (last < 2) octets[at++] = four >> 8
    if (last < 1) octets[at++] = four
  }
  return octets
}

function encoded(octets: Uint8Array, start: number, end: number): string {
  const codes = new Uint8Array(Math.ceil((end - start) / 3) * 4)
  let at = 0
  for (let i = start; i < end; i += 3) {
    const three = (octets[i]! << 16) | ((octets[i + 1] ?? 0) << 8) | (octets[i + 2] ?? 0)
    for (let shift = 18; shift >= 0; shift -= 6) codes[at++] = DIGITS.charCodeAt((three >> shift) & 63)
  }
  const left = (end - start) % 3
  if (left > 0) codes.fill('='.charCodeAt(0), at - 3 + left)
  return String.fromCharCode(...codes)
}

function valueAt(text: string, i: number): number {
  const value = VALUES[text.charCodeAt(i)] ?? -1
  if (value < 0) throw new RangeError(`base64: character ${i} is '${text[i]}'`)
  return value
}
