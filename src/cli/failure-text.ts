/** Why a connection failed, in words for a terminal: what was called, why, by whom, and what was seen of it. */

import type { Diagnosis } from '../analyze/diagnosis.ts'
import { detailsText, ElkoDiagnosis } from '../analyze/elko-diagnosis.ts'

/** An error of a socket; of several addresses that were tried each has its own. */
export function failureText(error: Error): string {
  const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
  return errors.map((each) => oneFailure(each as NodeJS.ErrnoException)).join('\n')
}

function oneFailure(error: NodeJS.ErrnoException): string {
  const { cause } = error
  if (cause instanceof ElkoDiagnosis) return diagnosed(cause, error.code)
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}

/** 'ECONNREFUSED: the other host answered the SYN with a reset', and the evidence below it. */
export function diagnosed(diagnosis: Diagnosis, code: string | null = diagnosis.errno): string {
  return `${code}: ${diagnosis.sentence}\n${detailsText(diagnosis)}`
}

/** Whether a connection failed, rather than being ended by this side: told of even where everything is being ended. */
export const isFailure = (error: Error): boolean =>
  error instanceof AggregateError || error.cause instanceof ElkoDiagnosis
