/**
 * RFC 8305 as Node does it: the addresses of a name one after the other, families in turn, each with a time to answer; the
 * first that answers is taken. One attempt at a time: the one before is given up when its time is over.
 */

import type { LookupAddress, LookupOptions } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { interleave } from '../link/interleave.ts'
import {
  type Attempt,
  attemptError,
  attemptOnce,
  badAnswer,
  bindLocally,
  type ConnectArguments,
  connected,
  destroyWith,
  isBlocked,
  refusedError,
  useHandle,
} from './connect.ts'
import { debug } from './debug.ts'
import { attemptsError, blockedAddress, nameError, stateError } from './errors.ts'
import type { TcpSocket } from './socket-methods.ts'
import type { TcpHandle } from './tcp-handle.ts'

/** What is looked up, and what is done with the answer. */
export interface Search {
  readonly lookup: LookupFunction
  readonly host: string
  readonly asked: LookupOptions
  readonly options: ConnectArguments
  readonly port: number
  readonly localPort: number | undefined
  readonly attemptTimeoutMs: number
}

/** Looks up all addresses of a name and connects to one of them. */
export function connectToAny(socket: TcpSocket, search: Search): void {
  search.asked.all = true
  search.lookup(search.host, search.asked, (error, answer) => {
    if (!socket.connecting) return
    if (error) {
      socket.emit('lookup', error, undefined, undefined, search.host)
      process.nextTick(destroyWith, socket, error)
      return
    }
    const addresses = answer as LookupAddress[]
    for (const { address, family } of addresses) {
      socket.emit('lookup', error, address, family, search.host)
      if (!socket.connecting) return
    }
    const usable = alternating(addresses)
    const attempts = usable.map((each) => ({
      ...each,
      port: search.port,
      localAddress: undefined,
      localPort: search.localPort,
    }))
    const [only] = attempts
    if (only === undefined) process.nextTick(destroyWith, socket, noAddress(addresses, search))
    else if (attempts.length === 1) {
      socket._unrefTimer()
      attemptOnce(socket, only)
    } else new Race(socket, attempts, search.attemptTimeoutMs).begin()
  })
}

function noAddress([first]: readonly LookupAddress[], { host, options }: Search): Error {
  const error = first === undefined ? null : badAnswer(first.address, first.family, options)
  return error ?? nameError(host)
}

/** Each address once, the families in turn; the first one's begins. */
function alternating(addresses: readonly LookupAddress[]): { address: string; family: 4 | 6 }[] {
  const usable = new Map<string, { address: string; family: 4 | 6 }>()
  for (const { address, family } of addresses) {
    if (isIP(address) === 0 || (family !== 4 && family !== 6) || usable.has(address)) continue
    usable.set(address, { address, family })
  }
  return interleave([...usable.values()], ({ family }) => family)
}

class Race {
  readonly #socket: TcpSocket
  readonly #attempts: readonly Attempt[]
  readonly #timeoutMs: number
  readonly #errors: Error[] = []
  readonly #tried: string[] = []
  #next = 0
  #timer: NodeJS.Timeout | null = null

  constructor(socket: TcpSocket, attempts: readonly Attempt[], timeoutMs: number) {
    this.#socket = socket
    this.#attempts = attempts
    this.#timeoutMs = timeoutMs
  }

  begin(): void {
    this.#socket.autoSelectFamilyAttemptedAddresses = this.#tried
    this.#socket._unrefTimer()
    this.#tryNext()
  }

  #tryNext(): void {
    this.#stopTimer()
    const socket = this.#socket
    if (!socket.connecting) return
    const attempt = this.#attempts[this.#next]
    if (attempt === undefined) {
      const none = this.#errors.length === 0
      socket.destroy(none ? stateError('ERR_SOCKET_CONNECTION_TIMEOUT') : attemptsError(this.#errors))
      return
    }
    const handle = this.#next === 0 ? (socket._handle as TcpHandle) : useHandle(socket)
    this.#next++
    this.#try(handle, attempt)
  }

  #try(handle: TcpHandle, attempt: Attempt): void {
    const socket = this.#socket
    const { address, port, family } = attempt
    if (isBlocked(socket, attempt)) return this.#failed(attempt, blockedAddress(address))
    const unbound = bindLocally(socket, handle, attempt)
    if (unbound !== null) {
      this.#errors.push(unbound)
      return this.#tryNext()
    }
    debug('attempting to connect to %s:%d, alone for %d ms', address, port, this.#timeoutMs)
    socket.emit('connectionAttempt', address, port, family)
    if (socket._handle !== handle) return // A listener gave up.
    this.#tried.push(`${address}:${port}`)
    const refused = handle.connect(address, port, family, (failure) => {
      this.#stopTimer()
      if (socket.destroyed) return
      if (failure === null) connected(socket)
      else this.#failed(attempt, attemptError(handle, attempt, failure))
    })
    if (refused !== null) return this.#failed(attempt, refusedError(socket, handle, attempt, refused))
    if (this.#next === this.#attempts.length) return
    this.#timer = setTimeout(() => this.#timedOut(handle, attempt), this.#timeoutMs)
  }

  #failed(attempt: Attempt, error: Error): void {
    const socket = this.#socket
    this.#errors.push(error)
    socket.emit('connectionAttemptFailed', attempt.address, attempt.port, attempt.family, error)
    if (socket.connecting) this.#tryNext()
  }

  #timedOut(handle: TcpHandle, attempt: Attempt): void {
    const socket = this.#socket
    socket.emit('connectionAttemptTimeout', attempt.address, attempt.port, attempt.family)
    this.#errors.push(attemptError(handle, attempt, 'ETIMEDOUT'))
    handle.close()
    if (socket.connecting) this.#tryNext()
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
