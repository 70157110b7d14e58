/** A picture as a PNG with a palette (W3C PNG, 11.2.2 and 11.2.3): of few colours it is a third of what full colours take. */

import { deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const MOST_COLOURS = 256

/** @param data red, green, blue and opacity of each pixel, as octets; opacity is left out */
export function indexedPng(width: number, height: number, data: Uint8Array): Buffer {
  const counts = new Map<number, number>()
  for (let i = 0; i < data.length; i += 4)
    counts.set(colourAt(data, i), (counts.get(colourAt(data, i)) ?? 0) + 1)
  const byCount = [...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour)
  const palette = byCount.slice(0, MOST_COLOURS)
  const places = new Map(
    byCount.map((colour, place) => [colour, place < MOST_COLOURS ? place : nearest(colour, palette)]),
  )
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      rows[y * (width + 1) + 1 + x] = places.get(colourAt(data, (y * width + x) * 4))!
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // Eight bits a pixel, each an index into the palette.
  header.set([8, 3], 8)
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk(
      'PLTE',
      Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 0xff, colour & 0xff])),
    ),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const colourAt = (data: Uint8Array, at: number): number =>
  (data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!

function nearest(colour: number, palette: readonly number[]): number {
  const away = (other: number): number =>
    [16, 8, 0].reduce((sum, shift) => sum + (((colour >> shift) & 0xff) - ((other >> shift) & 0xff)) ** 2, 0)
  return palette.reduce((best, other, place) => (away(other) < away(palette[best]!) ? place : best), 0)
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const whole = Buffer.alloc(named.length + 8)
  whole.writeUInt32BE(content.length, 0)
  whole.set(named, 4)
  whole.writeUInt32BE(crc32(named), named.length + 4)
  return whole
}

/** Node's own, zlib.crc32, is not in Node 20. */
function crc32(octets: Uint8Array): number {
  let crc = ~0
  for (const octet of octets) {
    crc ^= octet
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
