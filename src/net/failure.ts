/** Why a connection failed, as the error that node:net would raise for the call that noticed it. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import { type Errno, errnoOfEnd } from '../tcp/errno.ts'
import { attachDiagnosis, type DiagnosedError, hide } from './attach-diagnosis.ts'
import { debug } from './debug.ts'
import { addressError, type SystemError, systemError } from './errors.ts'

/** What a socket can be told: errno(3), and the host itself going away. */
export type FailureCode = Errno | 'ENETDOWN'

/** Where a call went to; `local`: where the socket was bound, for calls that were refused at once. */
export interface Place {
  readonly address: string
  readonly port?: number | undefined
  readonly local?: string | undefined
}

/**
 * The one place where a connection's failure becomes an error of a socket.
 *
 * @param connection whose end it is; null where the call was refused before there was one.
 * @param place for connect and bind: Node has it in message and fields. Errors of read and write have none.
 * @param hostError what ended the host's link.
 */
export function failureOf(
  connection: HostedConnection | null,
  syscall: string,
  code: FailureCode,
  place?: Place,
  hostError: Error | null = null,
): SystemError {
  const error: SystemError =
    place === undefined
      ? systemError(code, syscall)
      : addressError(code, syscall, place.address, place.port, place.local)
  if (hostError !== null) hide(error, 'cause', hostError)
  else if (connection !== null) attachDiagnosis(error, connection, place === undefined)
  if (debug.enabled) debug('%s: %s', error.message, (error as DiagnosedError).reason ?? 'refused at once')
  return error
}

/**
 * What the connection's end means to whoever uses it, or null where it goes on or ended as it should.
 *
 * @param peerEnded the other side's FIN had arrived: then a reset means that it does not want what we send (Linux: EPIPE).
 */
export function endCode(connection: HostedConnection, peerEnded: boolean): Errno | null {
  const code = errnoOfEnd(connection)
  return code === 'ECONNRESET' && peerEnded ? 'EPIPE' : code
}
