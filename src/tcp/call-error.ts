/** What a user call is refused with: the error strings of RFC 9293 3.10. A mistake of the user, never of the network. */

const CALL_ERRORS = {
  'connection-does-not-exist': 'connection does not exist',
  'connection-already-exists': 'connection already exists',
  'connection-closing': 'connection closing',
  'connection-illegal': 'connection illegal for this process',
  'remote-socket-unspecified': 'remote socket unspecified',
  'insufficient-resources': 'insufficient resources',
  'invalid-remote-address': 'a connection to a broadcast, multicast or unspecified address (MUST-46)',
  'address-in-use': 'the local socket is in use',
  'address-not-available': 'no such local address, or no free local port',
} as const

export type CallErrorReason = keyof typeof CALL_ERRORS

export class CallError extends Error {
  override readonly name = 'CallError'
  readonly reason: CallErrorReason

  constructor(reason: CallErrorReason, detail = '') {
    super(`error: ${CALL_ERRORS[reason]}${detail === '' ? '' : ` (${detail})`}`)
    this.reason = reason
  }
}
