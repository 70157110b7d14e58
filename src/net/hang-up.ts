/**
 * Why http says 'socket hang up': the other side ended the connection before it answered. To TCP that is an orderly end, so the
 * socket has no error that could be explained; http makes one of its own, and tells of it on a diagnostics channel first.
 */

import { subscribe } from 'node:diagnostics_channel'
import { hide } from './attach-diagnosis.ts'
import { INNER, type Inner } from './inner.ts'
import { remoteName } from './names.ts'

/** What http publishes. */
interface RequestError {
  readonly request: { readonly socket: OwnSocket | null; readonly reusedSocket: boolean }
  readonly error: Error
}

/** A socket of Elko's; or of TLS over one, in core's wrapper around it. */
interface OwnSocket {
  readonly [INNER]?: Inner
  readonly _handle?: { readonly _parentWrap?: { readonly stream?: { readonly [INNER]?: Inner } } } | null
}

/** The `cause` of 'socket hang up'. */
export class HangUp extends Error {
  override readonly name = 'HangUp'
  readonly who = 'peer'
  /** `crossed-with-end`: the other side had not seen the request. */
  readonly reason: 'crossed-with-end' | 'ended-without-answer'
  /** The agent had kept the connection since an earlier request. */
  readonly reused: boolean

  constructor(remote: string, crossed: boolean, reused: boolean) {
    super(`${remote} ended the connection ${crossed ? crossing(reused) : 'without an answer to the request'}`)
    this.reason = crossed ? 'crossed-with-end' : 'ended-without-answer'
    this.reused = reused
    this.stack = `${this.name}: ${this.message}` // It happened in no function.
  }
}

function crossing(reused: boolean): string {
  const when = 'before it had seen all of the request'
  if (!reused) return when
  return `${when}: its time-out for idle connections and the request crossed (RFC 9112 9.5); what is idempotent can be sent again`
}

let isDone = false

/** Takes effect once, for the sockets of all hosts; errors of others are left alone. */
export function explainHangUps(): void {
  if (isDone) return
  isDone = true
  subscribe('http.client.request.error', (message) => explain(message as RequestError))
}

function explain({ request, error }: RequestError): void {
  if (error.message !== 'socket hang up' || error.cause !== undefined) return
  const { socket } = request
  const inner = socket?.[INNER] ?? socket?._handle?._parentWrap?.stream?.[INNER]
  const connection = inner?.handle?.connection ?? null
  if (connection === null || !connection.atEndOfStream) return
  const { remotePort } = connection.tcb.path
  const { address, family } = remoteName(connection, false)
  const remote = family === 'IPv6' ? `[${address}]:${remotePort}` : `${address}:${remotePort}`
  hide(error, 'cause', new HangUp(remote, connection.queued > 0, request.reusedSocket))
}
