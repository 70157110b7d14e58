/** How a run over TUN ends: by itself or by Ctrl-C, with a clean close, the records that were asked for, an exit code. */

import { EXIT_FINDINGS, EXIT_FINE } from './arguments.ts'
import { Progress } from './progress.ts'
import { ConnectionError, failureOf, type TcpStream } from './stream.ts'
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
  readonly #streams = new Set<TcpStream>()
  #failures = 0
  #linkDied = false
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
    host.host.onLinkError = (error) => {
      this.say(error.message)
      this.#linkDied = true
      this.#stop.abort()
    }
  }

  get stopped(): AbortSignal {
    return this.#stop.signal
  }

  say(text: string): void {
    process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${this.#name}: ${text}\n`)
  }

  /** Follows a connection to its end; a failure is told at once. Resolves when its stream is closed. */
  async follow(stream: TcpStream): Promise<void> {
    this.#streams.add(stream)
    this.progress.add(stream)
    stream.once('error', (error) => {
      if (this.#stop.signal.aborted && !(error instanceof ConnectionError)) return
      this.#failures++
      this.say(`${stream.remote}: ${error.message}`)
    })
    if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', resolve))
    if (this.#streams.size <= MOST_FOLLOWED) return
    this.#streams.delete(stream)
    this.progress.remove(stream)
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
    for (const stream of this.#streams) this.#endStream(stream)
    if (wasStopped) await host.settle(CLOSE_LIMIT_MS)
    else await this.unlessStopped(host.settle(Number.POSITIVE_INFINITY))
    for (const stream of this.#streams) {
      // What was written may have failed to arrive long after the stream was done with it.
      const late = stream.errored === null ? failureOf(stream.connection) : null
      if (late !== null) {
        this.#failures++
        this.say(`${stream.remote}: ${late.message}`)
      }
      this.progress.remove(stream)
    }
    this.progress.stop()
    const drawn = this.#host.ladder() // Before the rest of the connections is aborted, which is no part of the story.
    const missed = this.#host.missed()
    this.#host.close()
    process.off('SIGINT', this.#onSignal)
    process.off('SIGTERM', this.#onSignal)
    if (missed > 0) this.say(`${missed} packets are not in the capture`)
    if (drawn !== undefined) process.stderr.write(drawn)
    if (wants.json === true) {
      const impaired = this.#host.impaired()
      process.stderr.write(
        `${JSON.stringify({ ...this.progress.summary(), ...(impaired && { impaired }) })}\n`,
      )
    }
    return this.#linkDied || (this.#failures > 0 && !isServer) ? EXIT_FINDINGS : EXIT_FINE
  }

  #endStream(stream: TcpStream): void {
    if (stream.connecting) stream.destroy()
    else if (!stream.destroyed) {
      stream.unpipe()
      stream.resume()
      stream.end()
    }
  }
}
