/** What a system call answers where TCP says no, or where a connection has ended: errno(3). */

import type { CloseReason } from '../trace/reasons.ts'
import { CallError, type CallErrorReason } from './call-error.ts'
import type { Connection } from './connection.ts'

/** All that sockets on top of TCP answer with: some of them are no word of TCP's. */
export type Errno =
  | 'EACCES'
  | 'EADDRINUSE'
  | 'EADDRNOTAVAIL'
  | 'EAGAIN'
  | 'EBADF'
  | 'ECONNABORTED'
  | 'ECONNREFUSED'
  | 'ECONNRESET'
  | 'EHOSTUNREACH'
  | 'EINVAL'
  | 'EISCONN'
  | 'EMFILE'
  | 'ENETUNREACH'
  | 'ENOBUFS'
  | 'ENOPROTOOPT'
  | 'ENOTCONN'
  | 'EPIPE'
  | 'ETIMEDOUT'

const ERRNO_OF_CALL: Readonly<Record<CallErrorReason, Errno>> = {
  'connection-does-not-exist': 'ENOTCONN',
  'connection-already-exists': 'EISCONN',
  'connection-closing': 'EPIPE',
  'connection-illegal': 'EACCES',
  'remote-socket-unspecified': 'EADDRNOTAVAIL',
  'insufficient-resources': 'ENOBUFS',
  'invalid-remote-address': 'ENETUNREACH',
  'address-in-use': 'EADDRINUSE',
  'address-not-available': 'EADDRNOTAVAIL',
}

/** An end that is no error is null: `read` returns 0. */
export const ERRNO_OF_END: Readonly<Record<CloseReason, Errno | null>> = {
  'closed-normally': null,
  'closed-by-user': null,
  'time-wait-reused': null,
  'aborted-by-user': 'ECONNABORTED',
  'unread-data': 'ECONNABORTED',
  'stack-closed': 'ECONNABORTED',
  'connection-refused': 'ECONNREFUSED',
  'port-unreachable': 'ECONNREFUSED',
  'reset-by-peer': 'ECONNRESET',
  'connect-timeout': 'ETIMEDOUT',
  'retransmission-limit': 'ETIMEDOUT',
  unanswered: 'ETIMEDOUT',
  'user-timeout': 'ETIMEDOUT',
  'keep-alive-timeout': 'ETIMEDOUT',
  'fin-wait-2-timeout': 'ETIMEDOUT',
  'network-unreachable': 'ENETUNREACH',
  'host-unreachable': 'EHOSTUNREACH',
  'administratively-prohibited': 'EHOSTUNREACH',
  'protocol-unreachable': 'ENOPROTOOPT',
}

/** @throws what is no CallError: a defect of ours. */
export function errnoOfCall(error: unknown): Errno {
  if (error instanceof CallError) return ERRNO_OF_CALL[error.reason]
  throw error
}

/** Why the connection ended, or null where it goes on or ended well. A soft error explains a time-out better. */
export function errnoOfEnd(connection: Connection): Errno | null {
  const { closeReason, softError } = connection
  if (closeReason === null) return null
  const errno = ERRNO_OF_END[closeReason]
  if (errno !== 'ETIMEDOUT' || softError === null) return errno
  return ERRNO_OF_END[softError]
}
