/** The application at one end of a connection in a random run: follows its plan, and checks every octet that it reads. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import { CONNECTED, GONE, PEER_CLOSED, READABLE, WRITABLE } from '../tcp/signals.ts'
import { CLOSED, SYN_SENT } from '../tcp/state.ts'
import { LONGEST_PIECE, type Payload } from './random-run-payload.ts'
import type { EndPlan } from './random-run-plan.ts'

/** What an application needs of its run. */
export interface EndHost {
  /** Calls back after so many microseconds, the host's clock set. */
  after(delayUs: number, run: () => void): void
}

/** Shared by all: an application looks at what it read and keeps nothing. */
const scratch = new Uint8Array(LONGEST_PIECE)

export class End {
  readonly plan: EndPlan
  readonly #host: EndHost
  readonly #sends: Payload
  readonly #expects: Payload
  connection: HostedConnection | null = null
  /** Octets that SEND took and that RECEIVE gave. */
  sent = 0
  read = 0
  /** Calls of SEND and of RECEIVE. */
  sends = 0
  reads = 0
  connected = false
  /** Told that the other side ended, and read all before it. */
  ended = false
  gone = false
  /** CLOSE, release or ABORT was called; the last two may cost octets. */
  closed = false
  released = false
  aborted = false
  /** It closed before it had sent what it meant to. */
  hasty = false
  onGone: (() => void) | null = null
  #write = 0
  #left: number
  #writesPaused = false
  #readsPaused = false
  #stopped = false

  constructor(plan: EndPlan, host: EndHost, sends: Payload, expects: Payload) {
    this.plan = plan
    this.#host = host
    this.#sends = sends
    this.#expects = expects
    this.#left = plan.writes[0]?.octets ?? 0
  }

  /** The connection was opened, or accepted. */
  take(connection: HostedConnection): void {
    this.connection = connection
    connection.owner = this
    if (this.plan.abortAfterUs !== Number.POSITIVE_INFINITY) {
      this.#host.after(this.plan.abortAfterUs, () => this.abort())
    }
    if (this.plan.closeAfterUs !== Number.POSITIVE_INFINITY) {
      this.#host.after(this.plan.closeAfterUs, () => this.#closeHastily())
    }
    if (this.plan.writesEarly) this.#writeOn()
  }

  /** Event bits of signals.ts. */
  told(bits: number): void {
    if ((bits & CONNECTED) !== 0) this.connected = true
    if ((bits & (CONNECTED | WRITABLE)) !== 0) this.#writeOn()
    if ((bits & (READABLE | PEER_CLOSED | GONE)) !== 0) this.#readOn()
    if ((bits & GONE) === 0) return
    this.gone = true
    this.onGone?.()
  }

  abort(): void {
    const connection = this.connection
    if (connection === null || connection.state === CLOSED) return
    this.aborted = true
    connection.abort()
  }

  /** What it meant to send was taken, unless it closed before, and so much was read. */
  isDone(octets: number): boolean {
    return (this.hasty || this.sent === totalOf(this.plan)) && this.read === octets
  }

  #writeOn(): void {
    const { connection, plan } = this
    if (connection === null || this.#writesPaused || this.closed) return
    while (this.#write < plan.writes.length) {
      if (connection.state === CLOSED) return
      const write = plan.writes[this.#write]!
      while (this.#left > 0) {
        const piece = Math.min(this.#left, LONGEST_PIECE)
        const taken = connection.send(this.#sends.octets, this.#sends.at(this.sent), piece, write)
        this.sends++
        this.sent += taken
        this.#left -= taken
        if (taken < piece) return
      }
      this.#write++
      this.#left = plan.writes[this.#write]?.octets ?? 0
      if (write.pauseUs > 0) return this.#pauseWrites(write.pauseUs)
    }
    if (this.connected) this.#closeWhenDue()
  }

  #pauseWrites(delayUs: number): void {
    this.#writesPaused = true
    this.#host.after(delayUs, () => {
      this.#writesPaused = false
      this.#writeOn()
    })
  }

  #readOn(): void {
    const { connection, plan } = this
    if (connection === null || this.#readsPaused || this.released) return
    while (connection.readable > 0) {
      if (!this.#stopped && this.read >= plan.stopAfter) {
        this.#stopped = true
        return this.#pauseReads(plan.stopUs)
      }
      const taken = connection.receive(scratch, 0, Math.min(plan.readOctets, LONGEST_PIECE))
      this.reads++
      const wrongAt = this.#expects.firstDifference(this.read, scratch, 0, taken)
      if (wrongAt >= 0) throw new Error(`RECEIVE gives a wrong octet at offset ${wrongAt}`)
      if (taken === 0)
        throw new Error(`RECEIVE gives nothing where ${connection.readable} octets are readable`)
      this.read += taken
      if (plan.readPauseUs > 0) return this.#pauseReads(plan.readPauseUs)
    }
    if (connection.atEndOfStream && !this.ended) {
      this.ended = true
      this.#closeWhenDue()
    }
  }

  #pauseReads(delayUs: number): void {
    this.#readsPaused = true
    this.#host.after(delayUs, () => {
      this.#readsPaused = false
      this.#readOn()
    })
  }

  #closeWhenDue(): void {
    const { plan } = this
    if (this.closed || this.#write < plan.writes.length) return
    if (plan.closes === 'peer-closed' && !this.ended) return
    this.closed = true
    if (plan.closeDelayUs > 0) this.#host.after(plan.closeDelayUs, () => this.#close())
    else this.#close()
  }

  #closeHastily(): void {
    const { connection } = this
    if (connection === null || connection.state === CLOSED || this.closed || this.aborted) return
    this.closed = true
    this.hasty = true
    // Without a connection yet there is nothing to close in order: it is as if it had aborted.
    if (connection.state === SYN_SENT) this.aborted = true
    connection.close()
  }

  #close(): void {
    const { connection } = this
    if (connection === null || connection.state === CLOSED || this.aborted) return
    if (this.plan.ending === 'close') return connection.close()
    this.released = true
    connection.release()
  }
}

/** Octets that an end means to send. */
export function totalOf(plan: EndPlan): number {
  let total = 0
  for (const { octets } of plan.writes) total += octets
  return total
}
