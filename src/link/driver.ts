/**
 * The one loop that joins a stack to a link and to the host's clock: packets in, packets out, one timer.
 *
 * After each batch of packets, each deadline and each call of an application: send what is to be sent, tell who is to
 * be told, set the timer. Calls of one turn of the event loop share one flush.
 */

import { HostedConnection } from '../stack/hosted-connection.ts'
import type { Listener } from '../stack/listener.ts'
import type { Stack } from '../stack/stack.ts'
import { nowUs } from './clock.ts'
import type { Link } from './link.ts'

/** Hears of a connection's events (bits of tcp/signals.ts) and of connections that wait at a listener. */
export interface Applications {
  onConnection(connection: HostedConnection, events: number): void
  onListener(listener: Listener): void
}

/** setTimeout cannot wait longer; a later deadline is looked at again then. */
const LONGEST_TIMEOUT_MS = 0x7fffffff
/** Packets sent in one go before arriving ones get their turn. */
const PACKETS_PER_FLUSH = 256

export class Driver {
  readonly stack: Stack
  readonly link: Link
  readonly #applications: Applications
  readonly #frame: Uint8Array
  /** Octets of a packet that the link had no room for, still in the frame. */
  #held = 0
  #timer: ReturnType<typeof setTimeout> | null = null
  #timerAt = Infinity
  #immediate: ReturnType<typeof setImmediate> | null = null
  #flushing = false
  #closed = false
  #referenced = true

  constructor(stack: Stack, link: Link, applications: Applications) {
    this.stack = stack
    this.link = link
    this.#applications = applications
    this.#frame = new Uint8Array(new ArrayBuffer(link.maxPacket + 64), 0, link.maxPacket)
    stack.onWork = () => this.wake()
    link.onPacket = (packet, offset, length) => this.stack.handlePacket(nowUs(), packet, offset, length)
    link.onBatchEnd = () => this.flush()
    link.onWritable = () => this.flush()
  }

  /** Sets the stack's clock; to be called before user calls that do not come from a callback of `Applications`. */
  sync(): void {
    this.stack.clock.now = nowUs()
  }

  /** An application made calls: what follows from them happens before the event loop turns. */
  wake(): void {
    if (this.#immediate !== null || this.#flushing || this.#closed) return
    this.#immediate = setImmediate(() => {
      this.#immediate = null
      this.flush()
    })
    if (!this.#referenced) this.#immediate.unref()
  }

  /** Sends, tells, sets the timer; again, until nothing is left to do or others must have their turn. */
  flush(): void {
    if (this.#flushing || this.#closed) return
    this.#flushing = true
    let more = false
    try {
      // A busy loop may keep the host's timer waiting long after a deadline.
      const now = nowUs()
      if (this.stack.pollTimeout() <= now) this.stack.handleTimeout(now)
      let sent = this.#transmit(PACKETS_PER_FLUSH)
      while (this.#tell() && sent < PACKETS_PER_FLUSH) sent += this.#transmit(PACKETS_PER_FLUSH - sent)
      more = sent >= PACKETS_PER_FLUSH && this.#held === 0
    } finally {
      this.#flushing = false
    }
    if (this.#closed) return
    if (more) this.wake() // the link took the last packet and others wait: go on in the next turn
    this.#setTimer()
  }

  #transmit(most: number): number {
    const { stack, link } = this
    const now = nowUs()
    let sent = 0
    if (this.#held > 0) {
      if (!link.send(this.#frame, this.#held)) return 0
      this.#held = 0
      sent++
    }
    while (sent < most) {
      const length = stack.pollTransmit(now, this.#frame)
      if (length === 0) break
      if (!link.send(this.#frame, length)) {
        this.#held = length
        break
      }
      sent++
    }
    return sent
  }

  /** Tells everybody who has events. Returns whether anybody had. */
  #tell(): boolean {
    let told = false
    for (let next = this.stack.pollEvent(); next !== null; next = this.stack.pollEvent()) {
      told = true
      if (next instanceof HostedConnection) {
        const events = next.pollEvents()
        if (events !== 0) this.#applications.onConnection(next, events)
      } else {
        this.#applications.onListener(next)
      }
    }
    return told
  }

  #setTimer(): void {
    const at = this.stack.pollTimeout()
    if (at === this.#timerAt) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#timerAt = at
    if (at === Infinity) return
    const inMs = Math.max(0, Math.ceil((at - nowUs()) / 1000))
    this.#timer = setTimeout(() => this.#expire(), Math.min(inMs, LONGEST_TIMEOUT_MS))
    if (!this.#referenced) this.#timer.unref()
  }

  #expire(): void {
    this.#timer = null
    this.#timerAt = Infinity
    this.stack.handleTimeout(nowUs())
    this.flush()
  }

  /** Keeps the process alive (the state of a new driver) or not. */
  ref(): void {
    this.#referenced = true
    this.#timer?.ref()
    this.#immediate?.ref()
    this.link.ref()
  }

  unref(): void {
    this.#referenced = false
    this.#timer?.unref()
    this.#immediate?.unref()
    this.link.unref()
  }

  /** Sends what is owed once more and frees the link. The stack should be closed before. */
  close(): void {
    if (this.#closed) return
    this.flush()
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#immediate !== null) clearImmediate(this.#immediate)
    this.stack.onWork = null
    this.link.onPacket = null
    this.link.onBatchEnd = null
    this.link.onWritable = null
    this.link.close()
  }
}
