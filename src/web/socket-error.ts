/** What goes wrong with a socket of the web, as an Error. */

import { type Diagnosis, diagnose, ElkoDiagnosis } from '../analyze/index.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { CallError } from '../tcp/call-error.ts'
import { type Errno, errnoOfCall, errnoOfEnd } from '../tcp/errno.ts'

/** What errno(3) and getaddrinfo(3) call it. */
export type FailureCode = Errno | 'ENOTFOUND'

/** What went wrong, before it is known which Error a face makes of it. */
export interface Failure {
  readonly message: string
  readonly code: FailureCode
  /** A Diagnosis where a connection failed, else whatever was thrown. */
  readonly cause?: unknown
}

/** The Error that a face makes of a failure: SocketError, or a DOMException. */
export type AsError = (failure: Failure) => Error

/**
 * Of the Sockets API's draft: a TypeError whose message begins with its name. `cause` is an ElkoDiagnosis where a
 * connection failed: who ended it, what was seen, where to look next.
 */
export class SocketError extends TypeError {
  override readonly name = 'SocketError'
  /** errno(3)'s word for it; null where what was asked for makes no sense. */
  readonly code: FailureCode | null

  constructor(message: string, code: FailureCode | null = null, cause?: unknown) {
    super(`SocketError: ${message}`, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

export const asSocketError: AsError = ({ message, code, cause }) => new SocketError(message, code, cause)

/** Why a connection failed; null where it ended in order, or goes on. */
export function failureOf(connection: HostedConnection): Failure | null {
  const code = errnoOfEnd(connection)
  if (code === null) return null
  const diagnosis: Diagnosis | null = diagnose(connection)
  if (diagnosis === null) return { message: code, code }
  return { message: `${code}: ${diagnosis.sentence}`, code, cause: new ElkoDiagnosis(diagnosis) }
}

/** @throws what is no CallError: a defect of ours. */
export function failureOfCall(error: unknown): Failure {
  const code = errnoOfCall(error)
  return { message: `${code}: ${(error as CallError).message}`, code, cause: error }
}

/** The host is gone, with an error of its link, or because it was closed. */
export function failureOfHost(error: Error | null): Failure {
  const code = 'ECONNABORTED'
  if (error === null) return { message: `${code}: the host was closed`, code }
  return { message: `${code}: the host's link has failed: ${error.message}`, code, cause: error }
}
