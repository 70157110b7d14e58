/** Searches streams of octets as they come, across the borders of segments: octets, or a regular expression. */

/** Octets that a match of a regular expression may have, at most, where it crosses a border. */
const REACH = 4096

/** Octets as they are, or an expression over them as letters of one octet each. */
export type Pattern = { readonly octets: Uint8Array } | { readonly expression: RegExp }

export interface Match {
  /** Octets from the first of the stream. */
  readonly offset: number
  /** The packet that brought its first octet. */
  readonly frame: number
  readonly octets: Uint8Array
  /** What stands before it and behind it, as far as it is there. */
  readonly before: Uint8Array
  readonly behind: Uint8Array
}

const CONTEXT = 24
const NOTHING = new Uint8Array(0)

/** Where in the octets that are kept a packet's begin. */
interface Mark {
  at: number
  readonly frame: number
}

export class StreamSearch {
  readonly #pattern: Pattern
  readonly #onMatch: (match: Match) => void
  /** What may be the beginning of a match, and its place in the stream. */
  #tail = NOTHING
  #offset = 0
  #marks: Mark[] = []

  constructor(pattern: Pattern, onMatch: (match: Match) => void) {
    this.#pattern = pattern
    this.#onMatch = onMatch
  }

  /**
   * Takes octets, borrowed, that follow those before.
   * @param offset of the first one; where it does not follow, a search begins anew.
   */
  text(octets: Uint8Array, offset: number, frame: number): void {
    if (this.#tail.length > 0 && this.#offset + this.#tail.length !== offset) this.gap()
    if (this.#tail.length === 0) this.#offset = offset
    this.#marks.push({ at: this.#tail.length, frame })
    const all = this.#tail.length === 0 ? octets : joined(this.#tail, octets)
    const done = this.#search(all)
    this.#keep(all, done)
  }

  /** Octets are missing: no match goes over them. */
  gap(): void {
    this.#tail = NOTHING
    this.#marks = []
  }

  /** Tells of the matches; returns the end of the last one. */
  #search(all: Uint8Array): number {
    let done = 0
    for (const [at, length] of matches(this.#pattern, all)) {
      done = at + length
      this.#onMatch({
        offset: this.#offset + at,
        frame: this.#frameAt(at),
        octets: all.slice(at, done),
        before: all.slice(Math.max(0, at - CONTEXT), at),
        behind: all.slice(done, done + CONTEXT),
      })
    }
    return done
  }

  #frameAt(at: number): number {
    let frame = 0
    for (const mark of this.#marks) if (mark.at <= at) frame = mark.frame
    return frame
  }

  /** Keeps what can still begin a match. */
  #keep(all: Uint8Array, done: number): void {
    const reach = 'octets' in this.#pattern ? this.#pattern.octets.length - 1 : REACH
    const from = Math.max(done, all.length - reach, 0)
    this.#tail = all.slice(from)
    this.#offset += from
    // Of the marks before what is kept, the last one counts.
    const passed = this.#marks.filter(({ at }) => at <= from).length
    this.#marks = this.#tail.length === 0 ? [] : this.#marks.slice(Math.max(0, passed - 1))
    for (const mark of this.#marks) mark.at = Math.max(0, mark.at - from)
  }
}

/** Place and length of each match that does not overlap the one before. */
export function* matches(
  pattern: Pattern,
  all: Uint8Array,
): Generator<readonly [at: number, length: number]> {
  if ('octets' in pattern) {
    const { octets } = pattern
    for (let at = find(all, octets, 0); at >= 0; at = find(all, octets, at + octets.length)) {
      yield [at, octets.length]
    }
    return
  }
  for (const match of lettersOf(all).matchAll(pattern.expression)) {
    if (match[0].length > 0) yield [match.index, match[0].length]
  }
}

function find(all: Uint8Array, octets: Uint8Array, from: number): number {
  const last = all.length - octets.length
  for (let at = all.indexOf(octets[0]!, from); at >= 0 && at <= last; at = all.indexOf(octets[0]!, at + 1)) {
    let k = 1
    while (k < octets.length && all[at + k] === octets[k]) k++
    if (k === octets.length) return at
  }
  return -1
}

/** A letter for each octet. */
function lettersOf(octets: Uint8Array): string {
  const PART = 8192
  let text = ''
  for (let at = 0; at < octets.length; at += PART) {
    text += String.fromCharCode(...octets.subarray(at, at + PART))
  }
  return text
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
