/** Changes to text by words: what a language's parser sees, rather than letters. */

import type { Random } from '../src/sim/random.ts'

const WORD = /\w+|\s+|[^\w\s]/g
const NUMBERS = [
  '0',
  '1',
  '-1',
  '2147483647',
  '2147483648',
  '4294967295',
  '9007199254740993',
  '0x',
  '1e9',
  '0.000001',
  '65536',
]
const LETTERS = '`"\'\\%{}()[]<>.,:;=+-*/!~|#\n\t \u0000\u00e9\ud83d\ude00'

/** One change: words or lines put in, taken out, doubled, exchanged, or taken from another text. */
export function mutateText(
  random: Random,
  input: string,
  other: string,
  dictionary: readonly string[],
): string {
  if (random.chance(0.25)) return byLine(random, input, other)
  if (random.chance(0.1)) return byLetter(random, input)
  const words = input.match(WORD) ?? []
  const others = other.match(WORD) ?? ['']
  const at = random.range(0, words.length)
  const kind = random.range(0, 6)
  if (words.length === 0 || kind === 0) words.splice(at, 0, ` ${random.pick(dictionary)} `)
  else if (kind === 1) words.splice(at, random.chance(0.7) ? 1 : random.range(1, 10))
  else if (kind === 2) words.splice(at, 1, random.pick(dictionary))
  else if (kind === 3) words.splice(at, 0, ...words.slice(at, at + random.range(1, 8)))
  else if (kind === 4) words.splice(at, random.range(0, 3), ...pieceOf(random, others))
  else if (kind === 5) replaceNumber(random, words)
  else words.splice(at, words.length, ...others.slice(random.range(0, others.length)))
  return words.join('')
}

function byLine(random: Random, input: string, other: string): string {
  const lines = input.split('\n')
  const at = random.range(0, lines.length - 1)
  const kind = random.range(0, 3)
  if (kind === 0) lines.splice(at, 1)
  else if (kind === 1) lines.splice(random.range(0, lines.length), 0, lines[at]!)
  else if (kind === 2) lines.splice(at, 0, random.pick(other.split('\n')))
  else lines.splice(at, 0, ...lines.splice(random.range(0, lines.length - 1), 1))
  return lines.join('\n')
}

function byLetter(random: Random, input: string): string {
  const at = random.range(0, input.length)
  const kind = random.range(0, 2)
  const letter = random.chance(0.7)
    ? LETTERS[random.range(0, LETTERS.length - 1)]!
    : String.fromCharCode(random.range(0, 0x2ff))
  if (kind === 0) return input.slice(0, at) + letter + input.slice(at)
  if (kind === 1) return input.slice(0, at) + input.slice(at + random.range(1, 4))
  return input.slice(0, at) + letter + input.slice(at + 1)
}

function pieceOf(random: Random, words: readonly string[]): readonly string[] {
  const at = random.range(0, words.length - 1)
  return words.slice(at, at + random.range(1, 12))
}

function replaceNumber(random: Random, words: string[]): void {
  const places = words.flatMap((word, i) => (/^\d/.test(word) ? [i] : []))
  if (places.length === 0) return
  words[random.pick(places)] = random.chance(0.6) ? random.pick(NUMBERS) : String(random.range(0, 70_000))
}

/** Texts with lines, then words, then letters left out. */
export function* smallerTexts(input: string): Generator<string> {
  for (const pieces of [input.split(/(?<=\n)/), input.match(WORD) ?? [], [...input]]) {
    for (let size = pieces.length >>> 1; size >= 1; size >>>= 1) {
      for (let at = 0; at < pieces.length; at += size) {
        yield [...pieces.slice(0, at), ...pieces.slice(at + size)].join('')
      }
    }
  }
}
