/**
 * How wide words will be, without a font at hand: a layout that must be the same in Node and in every browser cannot
 * measure. The estimates are those of the widest of the fonts that theme.ts names, so that what is kept apart by them
 * stays apart.
 */

/** Width of each character of a fixed-width font, per pixel of its size: DejaVu Sans Mono and Menlo have 0.602. */
const FIXED = 0.603

/** Helvetica's widths (and so Arial's and Liberation Sans's) of U+0020 to U+007E, in thousandths of the size. */
const PROPORTIONAL = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
  556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
  500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
  556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
  278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
]
/** Other fonts that may stand in are up to a seventh wider: DejaVu Sans. */
const MARGIN = 1.15
const BOLD = 1.08
/** Where scripts begin whose characters are as wide as they are high. */
const FIRST_WIDE = 0x1100

/** @returns pixels that words take in a fixed-width font of `size` pixels. */
export function fixedWidth(words: string, size: number): number {
  let columns = 0
  for (const character of words) columns += isWide(character) ? 2 : 1
  return columns * FIXED * size
}

/** @returns pixels that words take at most in a sans-serif font of `size` pixels. */
export function proportionalWidth(words: string, size: number, weight: 'normal' | 'bold' = 'normal'): number {
  let sum = 0
  for (const character of words) {
    sum += PROPORTIONAL[character.codePointAt(0)! - 32] ?? (isWide(character) ? 1000 : 600)
  }
  return (sum / 1000) * size * MARGIN * (weight === 'bold' ? BOLD : 1)
}

/** Words in lines of at most `room` pixels; a word that is longer stands alone, cut where it must be. */
export function wrapped(words: string, room: number, widthOf: (words: string) => number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of words.split(/\s+/).filter((each) => each !== '')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= room) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    const pieces = cut(word, room, widthOf)
    lines.push(...pieces.slice(0, -1))
    line = pieces.at(-1)!
  }
  if (line !== '') lines.push(line)
  return lines
}

function cut(word: string, room: number, widthOf: (words: string) => number): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const character of word) {
    if (piece !== '' && widthOf(piece + character) > room) {
      pieces.push(piece)
      piece = ''
    }
    piece += character
  }
  return [...pieces, piece]
}

function isWide(character: string): boolean {
  const code = character.codePointAt(0)!
  if (code < FIRST_WIDE) return false
  // Arrows, box drawing and geometric shapes are in every fixed-width font and take one column.
  return !(code >= 0x2000 && code < 0x2e80)
}
