/** How a run over TUN ends: by itself or by Ctrl-C, with a clean close, the records that were asked for, an exit code. */

import { diagnose } from '../analyze/diagnosis.ts'
import type { Socket } from '../net/socket.ts'
import { counted } from '../trace/counted.ts'
import { EXIT_FINDINGS, EXIT_FINE, InputError } from './arguments.ts'
import { diagnosed, failureText, isFailure } from './failure-text.ts'
import type { Followed } from './followed.ts'
import { Progress } from './progress.ts'
import { settle } from './settle.ts'
import type { TunHost } from './tun-options.ts'

/** A listener may go on for years: beyond so many, connections that ended are forgotten. */
const MOST_FOLLOWED = 1000
/** A close that nobody answers ends after this long where somebody pressed Ctrl-C. */
const CLOSE_LIMIT_MS = 3000

export class TunRun {
  readonly progress = new Progress()
  /** Rejects the waits below once Ctrl-C was pressed, or once the device is gone. */
  readonly #stop = new AbortController()
  readonly #host: TunHost
  readonly #name: string
  readonly #followed = new Set<Followed>()
  #failures = 0
  #hasFailed = false
  readonly #onSignal = (): void => {
    if (this.#stop.signal.aborted) this.#host.close()
    this.#stop.abort()
  }

  /** @param name what messages begin with: 'elko listen'. */
  constructor(host: TunHost, name: string) {
    this.#host = host
    this.#name = name
    process.on('SIGINT', this.#onSignal)
    process.on('SIGTERM', this.#onSignal)
  }

  /** The host can no longer do what it is for: it cannot listen, or its device is gone. */
  fail(error: Error): void {
    this.say(failureText(error))
    this.#hasFailed = true
    this.#stop.abort()
  }

  get stopped(): AbortSignal {
    return this.#stop.signal
  }

  say(text: string): void {
    process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${this.#name}: ${text}\n`)
  }

  /** Follows a connection to its end; a failure is told at once. Resolves when its socket is closed. */
  async follow(followed: Followed): Promise<void> {
    const { socket } = followed
    this.#followed.add(followed)
    this.progress.add(followed)
    socket.once('error', (error) => {
      if (this.#stop.signal.aborted && !isFailure(error)) return
      this.#failures++
      this.say(`${followed.remote}: ${failureText(error)}`)
    })
    await new Promise<void>((resolve) => socket.once('close', () => resolve()))
    if (this.#followed.size <= MOST_FOLLOWED) return
    this.#followed.delete(followed)
    this.progress.remove(followed)
  }

  /** Waits for something, but no longer than until Ctrl-C. */
  async unlessStopped(wait: Promise<unknown>): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      if (this.#stop.signal.aborted) resolve()
      else this.#stop.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await Promise.race([wait, stopped])
  }

  /**
   * Ends what is open, waits until the other sides know, prints what was asked for.
   *
   * @param isServer a connection that failed is the client's affair.
   * @returns the exit code.
   */
  async finish(wants: { json?: boolean | undefined } = {}, isServer = false): Promise<number> {
    const { host } = this.#host
    const wasStopped = this.#stop.signal.aborted
    for (const { socket } of this.#followed) endSocket(socket)
    if (wasStopped) await settle(host, CLOSE_LIMIT_MS)
    else await this.unlessStopped(settle(host, Number.POSITIVE_INFINITY))
    for (const followed of this.#followed) {
      this.#tellLate(followed)
      this.progress.remove(followed)
    }
    this.progress.stop()
    const drawn = this.#host.ladder() // Before the rest of the connections is aborted, which is no part of the story.
    this.#saveDiagram()
    const missed = this.#host.missed()
    this.#host.close()
    process.off('SIGINT', this.#onSignal)
    process.off('SIGTERM', this.#onSignal)
    if (missed > 0) this.say(`${counted(missed, 'packet')} missing in the capture`)
    if (drawn !== undefined) process.stderr.write(drawn)
    if (wants.json === true) {
      const impaired = this.#host.impaired()
      process.stderr.write(
        `${JSON.stringify({ ...this.progress.summary(), ...(impaired && { impaired }) })}\n`,
      )
    }
    return this.#hasFailed || (this.#failures > 0 && !isServer) ? EXIT_FINDINGS : EXIT_FINE
  }

  #saveDiagram(): void {
    try {
      const saved = this.#host.saveDiagram()
      if (saved !== undefined) this.say(saved)
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      this.say(error.message)
      this.#hasFailed = true
    }
  }

  /** What was written may have failed to arrive long after the socket was done with it. */
  #tellLate({ socket, connection, remote }: Followed): void {
    if (socket.errored !== null || connection === null) return
    const diagnosis = diagnose(connection)
    if (diagnosis === null || !diagnosis.ended || diagnosis.who === 'this-side') return
    this.#failures++
    this.say(`${remote}: ${diagnosed(diagnosis)}`)
  }
}

function endSocket(socket: Socket): void {
  if (socket.connecting) socket.destroy()
  else if (!socket.destroyed) {
    socket.unpipe()
    socket.resume()
    socket.end()
  }
}
