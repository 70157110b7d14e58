/** Where a picture goes and in which form: what the name of the file ends in says it. */

import { basename } from 'node:path'
import { UsageError } from './arguments.ts'

/** Colours of a picture: as the reader's system has them, or one kind whatever it says. */
export const SCHEMES = ['auto', 'light', 'dark'] as const

/**
 * The form in which a picture is wanted, one of `forms`; 'txt' where there is no file.
 * @throws UsageError naming them all.
 */
export function formatOf<F extends string>(file: string | undefined, forms: readonly F[]): F | 'txt' {
  if (file === undefined) return 'txt'
  const form = forms.find((each) => basename(file).toLowerCase().endsWith(`.${each}`))
  if (form !== undefined) return form
  const names = forms.map((each) => `.${each}`)
  throw new UsageError(
    `-o ${file}: expected a name that ends in ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`,
  )
}

/** A flag that takes one of a few words. @throws UsageError naming them. */
export function oneOf<W extends string>(
  flag: string,
  text: string | undefined,
  words: readonly W[],
): W | undefined {
  if (text === undefined) return undefined
  const word = words.find((each) => each === text)
  if (word === undefined) throw new UsageError(`${flag}: expected one of ${words.join(', ')}, not "${text}"`)
  return word
}

/**
 * Whether each flag that was given says something of this form.
 *
 * @param takenBy the forms of each flag that not all forms take.
 * @throws UsageError naming the flag, and what it is for.
 */
export function checkFlags<F extends string>(
  values: Readonly<Record<string, unknown>>,
  format: F,
  takenBy: Readonly<Record<string, readonly NoInfer<F>[]>>,
): void {
  for (const [flag, forms] of Object.entries(takenBy)) {
    if (values[flag] === undefined || forms.includes(format)) continue
    const names = forms.map((form) => (form === 'txt' ? 'text' : `.${form}`))
    const listed = names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
    throw new UsageError(`--${flag}: only for ${listed}`)
  }
}
