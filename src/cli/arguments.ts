/** What all commands share in reading their arguments: errors that name the flag and what it takes, and exit codes. */

import { type ParseArgsConfig, parseArgs } from 'node:util'

export const EXIT_FINE = 0
/** The command did its work and found something wrong. */
export const EXIT_FINDINGS = 1
export const EXIT_USAGE = 2
/** A file or device that cannot be read or written. */
export const EXIT_INPUT = 3

/** The command line asks for what cannot be: the message names the flag and what was expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A file or device that cannot be used. */
export class InputError extends Error {
  override readonly name = 'InputError'
}

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>
>

/**
 * @param most how many words that belong to no flag are taken.
 * @throws UsageError
 */
export function readArguments<const T extends Options>(argv: string[], options: T, most: number): Parsed<T> {
  let parsed: Parsed<T>
  try {
    parsed = parseArgs({ args: argv, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(explain(error, Object.keys(options), argv))
  }
  const extra = parsed.positionals[most]
  if (extra !== undefined) throw new UsageError(`unexpected "${extra}"`)
  return parsed
}

/** A whole number within bounds, or undefined where the flag was not given. */
export function wholeNumber(
  flag: string,
  text: string | undefined,
  low: number,
  high: number,
): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= low && value <= high)) {
    throw new UsageError(`${flag}: expected a whole number from ${low} to ${high}, not "${text}"`)
  }
  return value
}

/** The known word nearest to a mistyped one, if it is near at all. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const distance = word.length > 1 && candidate.startsWith(word) ? 1 : editDistance(word, candidate)
    if (distance >= least) continue
    least = distance
    best = candidate
  }
  return best
}

/** Node's own messages are long, and do not know what is near. */
function explain(error: unknown, known: readonly string[], argv: readonly string[]): string {
  const { code, message } = error as NodeJS.ErrnoException
  const flag = /'(?:-\w, )?(--?[\w-]+)/.exec(message)?.[1] ?? argv.find((word) => word.startsWith('-')) ?? ''
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const near = nearest(flag.replace(/^-+/, ''), known)
    return `unknown option ${flag}${near === undefined ? '' : `; did you mean --${near}?`}`
  }
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
    return /does not take/.test(message) ? `${flag}: takes no value` : `${flag}: expected a value`
  }
  return message
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
