/**
 * Elko's TCP sockets and servers cannot be sent to another process: there is no descriptor behind them. Core would say EBADF; here
 * `child.send` and `process.send` throw with the reason. The system's go on as ever, and so do all other messages.
 */

import { ChildProcess } from 'node:child_process'
import { BoundSocket } from './bound-socket.ts'
import { invalidHandleType } from './errors.ts'
import { INNER } from './inner.ts'
import { ListenHandle } from './listen.ts'
import { TcpHandle } from './tcp-handle.ts'

type Send = (message: unknown, handle?: unknown, ...rest: unknown[]) => boolean

/** A child as it is made, or this process where it is one. */
interface Sender {
  send?: Send | undefined
}

export function redirectIpc(): void {
  checkSends(process as Sender)
  const prototype = ChildProcess.prototype as unknown as {
    spawn(this: Sender, ...options: unknown[]): unknown
  }
  const { spawn } = prototype
  prototype.spawn = function (...options) {
    const result = Reflect.apply(spawn, this, options)
    checkSends(this)
    return result
  }
}

function checkSends(sender: Sender): void {
  const { send } = sender
  if (send === undefined) return
  sender.send = function (this: unknown, message, handle, ...rest) {
    if (isOwn(handle)) {
      throw invalidHandleType(': TCP sockets and servers of elko/register cannot leave their process')
    }
    return Reflect.apply(send, this, [message, handle, ...rest])
  }
}

function isOwn(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof TcpHandle || value instanceof ListenHandle || value instanceof BoundSocket) return true
  return INNER in value || ('_handle' in value && value._handle instanceof ListenHandle)
}
