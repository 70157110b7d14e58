/** The flags that make a network worse, for every command that has one: what `parseImpairments` takes, as flags. */

import {
  ImpairmentError,
  type ImpairmentName,
  type ImpairmentOptions,
  parseImpairments,
} from '../sim/impairments.ts'
import { UsageError } from './arguments.ts'

/** The flags that all of them have. */
export const IMPAIRMENT_OPTIONS = {
  delay: { type: 'string' },
  jitter: { type: 'string' },
  loss: { type: 'string' },
  rate: { type: 'string' },
  queue: { type: 'string' },
  reorder: { type: 'string' },
  duplicate: { type: 'string' },
  corrupt: { type: 'string' },
} as const satisfies Partial<Record<ImpairmentName, { type: 'string' }>>

/**
 * What the flags say, those of `more` included; {} where none was given.
 *
 * @throws UsageError naming the flag and what it takes.
 */
export function readImpairments(
  values: Readonly<Record<string, unknown>>,
  more: readonly ImpairmentName[] = [],
): ImpairmentOptions {
  const names = [...(Object.keys(IMPAIRMENT_OPTIONS) as ImpairmentName[]), ...more]
  try {
    return parseImpairments(
      Object.fromEntries(names.map((name) => [name, values[name] as string | undefined])),
    )
  } catch (error) {
    if (!(error instanceof ImpairmentError)) throw error
    const { option, expected, given, message } = error
    if (!names.some((name) => name === option)) throw new UsageError(message)
    throw new UsageError(`--${option}: expected ${expected}, not "${given}"`)
  }
}
