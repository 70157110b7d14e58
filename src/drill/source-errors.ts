/** What is wrong with a script, and where. */

import type { Place } from './script.ts'

/** 'syntax': no script of this language. 'unsupported': one that Elko cannot play, e.g. of SCTP. */
export type ScriptErrorKind = 'syntax' | 'unsupported'

export class ScriptError extends Error {
  override readonly name = 'ScriptError'
  readonly kind: ScriptErrorKind
  readonly place: Place
  /** What would have been right here, e.g. 'a number'; null where nothing would. */
  readonly expected: string | null
  /** What is wrong or unknown, without the place. */
  readonly reason: string

  constructor(kind: ScriptErrorKind, place: Place, reason: string, expected: string | null = null) {
    super(`${place.file}:${place.line}:${place.column}: ${reason}`)
    this.kind = kind
    this.place = place
    this.expected = expected
    this.reason = reason
  }
}

export function expectedBut(place: Place, expected: string, found: string): ScriptError {
  return new ScriptError('syntax', place, `expected ${expected}, found ${found}`, expected)
}

export function wrong(place: Place, reason: string, expected: string): ScriptError {
  return new ScriptError('syntax', place, `${reason}: expected ${expected}`, expected)
}

export function unsupported(place: Place, what: string): ScriptError {
  return new ScriptError('unsupported', place, `${what} is not supported`)
}
