/** Why a call was refused before there was a connection: what of this host an error of connect, bind or listen rests on. */

import type { Host } from '../link/host.ts'
import { CallError, type CallErrorReason } from '../tcp/call-error.ts'
import { hide } from './attach-diagnosis.ts'

/** Gives the error a `cause` and a `reason`, hidden from enumeration as those of connections. Returns the error. */
export function explainRefusal<E extends NodeJS.ErrnoException>(error: E, { name, stack }: Host): E {
  const addresses = stack.addresses.prefixes.map(String).join(', ')
  const own = `host '${name}' has ${addresses}`
  const [reason, detail] = EXPLANATIONS[error.code ?? '']?.(error.syscall === 'connect', own, name) ?? []
  if (reason === undefined) return error
  const cause = new CallError(reason, detail)
  cause.stack = String(cause) // What called whom stands in the error itself.
  hide(error, 'cause', cause)
  hide(error, 'reason', reason)
  return error
}

type Explanation = (connects: boolean, own: string, name: string) => [reason: CallErrorReason, detail: string]

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENETUNREACH: (_, own) => ['address-not-available', `${own}, and none of them reaches that one`],
  EADDRNOTAVAIL: (connects, own) => [
    'address-not-available',
    connects ? `all local ports are taken towards that socket; ${own}` : own,
  ],
  EADDRINUSE: (_, __, name) => ['address-in-use', `something on host '${name}' has it already`],
  EACCES: (_, __, name) => [
    'connection-illegal',
    `ports below 1024 need a privilege that host '${name}' has not`,
  ],
}
