/**
 * How wide words will be, without a font at hand: a layout that must be the same in Node and in every browser cannot
 * measure. The estimates are those of the widest of the fonts that theme.ts names, so that what is kept apart by them
 * stays apart.
 */

/** Width of each character of a fixed-width font, per pixel of its size: DejaVu Sans Mono and Menlo have 0.602. */
const FIXED = 0.603

/** The wider of DejaVu Sans and Liberation Sans (as wide as Helvetica and Arial): U+0020 to U+007E, in thousandths of the size. */
const PROPORTIONAL = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636,
  636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 556, 1015, 684, 686, 722, 770, 667, 611, 778, 752, 295,
  500, 667, 557, 863, 748, 787, 667, 787, 722, 667, 611, 732, 684, 989, 685, 667, 685, 390, 337, 390, 838,
  556, 500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521,
  392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
]
/** The same of their bold letters. */
const BOLD = [
  348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696,
  696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 611, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372,
  556, 775, 637, 995, 837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838,
  556, 500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595,
  478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838,
]
/** Letters of small sizes are moved to where they look well: words are up to a fiftieth wider than their letters. */
const MARGIN = 1.02
/** Where scripts begin whose characters are as wide as they are high. */
const FIRST_WIDE = 0x1100

/** @returns pixels that words take in a fixed-width font of `size` pixels. */
export function fixedWidth(words: string, size: number): number {
  let columns = 0
  for (let k = 0; k < words.length; k++) {
    // Asked for every label of a diagram, whose words are nearly all such letters.
    if (words.charCodeAt(k) >= FIRST_WIDE) {
      for (const character of words.slice(k)) columns += isWide(character) ? 2 : 1
      break
    }
    columns++
  }
  return columns * FIXED * size
}

/** @returns pixels that words take at most in a sans-serif font of `size` pixels. */
export function proportionalWidth(words: string, size: number, weight: 'normal' | 'bold' = 'normal'): number {
  const widths = weight === 'bold' ? BOLD : PROPORTIONAL
  let sum = 0
  for (const character of words) sum += widths[character.codePointAt(0)! - 32] ?? 1000
  return (sum / 1000) * size * MARGIN
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
