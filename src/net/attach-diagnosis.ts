/**
 * What Elko adds to an error of a socket: `cause` (an ElkoDiagnosis), `reason`, and for errors of read and write the two
 * ends, which Node leaves out. All of it is hidden from enumeration, as an Error's own `cause` is, so that what code
 * compares, copies and logs field by field is what node:net gives.
 */

import { diagnose } from '../analyze/diagnosis.ts'
import { ElkoDiagnosis } from '../analyze/elko-diagnosis.ts'
import type { Trouble } from '../analyze/trouble.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { CallErrorReason } from '../tcp/call-error.ts'
import { localName, remoteName } from './names.ts'

/** The fields that an error of a socket may have beside Node's. */
export interface DiagnosedError extends NodeJS.ErrnoException {
  /** A CallError where a call was refused before there was a connection; the link's own error where that died. */
  cause?: ElkoDiagnosis | Error
  /** Elko's word for it, of trace/reasons.ts or tcp/call-error.ts: `code` says what, this says why. */
  reason?: Trouble | CallErrorReason
  localAddress?: string
  localPort?: number
  remoteAddress?: string
  remotePort?: number
}

/** @param namesEnds also the addresses and ports of both ends. */
export function attachDiagnosis(error: Error, connection: HostedConnection, namesEnds: boolean): void {
  const diagnosis = diagnose(connection)
  if (diagnosis !== null) {
    hide(error, 'cause', new ElkoDiagnosis(diagnosis))
    hide(error, 'reason', diagnosis.reason)
  }
  if (!namesEnds) return
  const local = localName(connection, false)
  const remote = remoteName(connection, false)
  hide(error, 'localAddress', local.address)
  hide(error, 'localPort', local.port)
  hide(error, 'remoteAddress', remote.address)
  hide(error, 'remotePort', remote.port)
}

/** Sets a field that is not enumerated. */
export function hide(error: Error, name: keyof DiagnosedError, value: unknown): void {
  Object.defineProperty(error, name, { value, enumerable: false, writable: true, configurable: true })
}
