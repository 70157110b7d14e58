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
import { Alarm, type Turn, turnOf } from './event-loop.ts'
import type { Link } from './link.ts'
import { Lull } from './lull.ts'

/** Hears of a connection's events (bits of tcp/signals.ts) and of connections that wait at a listener. */
export interface Applications {
  onConnection(connection: HostedConnection, events: number): void
  onListener(listener: Listener): void
}

/** Packets sent in one go before arriving ones get their turn. */
const PACKETS_PER_FLUSH = 256
/** Packets of the host to itself in one go, before its applications hear of what they brought. */
const OWN_PACKETS_PER_FLUSH = 256

export class Driver {
  readonly stack: Stack
  readonly link: Link
  readonly #applications: Applications
  readonly #frame: Uint8Array
  /** Octets of a packet that the link had no room for, still in the frame. */
  #held = 0
  readonly #turn: Turn = turnOf(() => this.flush())
  readonly #alarm = new Alarm(() => this.#alarmRings())
  #alarmAt = Infinity
  /** Deadlines that passed wait for it. */
  readonly #lull = new Lull((isLast) => this.#handleTimeouts(isLast))
  #flushing = false
  #transmitting = false
  #closed = false

  constructor(stack: Stack, link: Link, applications: Applications) {
    this.stack = stack
    this.link = link
    this.#applications = applications
    this.#frame = new Uint8Array(new ArrayBuffer(link.maxPacket + 64), 0, link.maxPacket)
    stack.onWork = () => this.wake()
    link.onPacket = (packet, offset, length) => {
      this.#lull.packetArrives()
      this.stack.handlePacket(nowUs(), packet, offset, length)
    }
    link.onBatchEnd = () => this.flush()
    link.onWritable = () => this.flush()
  }

  /** Sets the stack's clock; to be called before user calls that do not come from a callback of `Applications`. */
  sync(): void {
    this.stack.clock.now = nowUs()
  }

  /** An application made calls: what follows from them happens before the event loop turns. */
  wake(): void {
    if (!this.#flushing && !this.#closed) this.#turn.plan()
  }

  /** Sends what is to be sent at once; the rest of what a flush does follows before the event loop turns. */
  transmit(): void {
    if (this.#closed || this.#transmitting) return
    if (!this.#flushing) this.stack.ownPacketsLeft = OWN_PACKETS_PER_FLUSH
    this.#transmit(PACKETS_PER_FLUSH)
    this.wake()
  }

  /** Sends, tells, sets the timer; again, until nothing is left to do or others must have their turn. */
  flush(): void {
    if (this.#flushing || this.#closed) return
    // A busy loop may keep the host's timer waiting long after a deadline.
    if (this.stack.pollTimeout() <= nowUs()) this.#lull.await()
    this.#work(-Infinity)
    this.#setAlarm()
  }

  /** @param due deadlines up to this time are handled, too. */
  #work(due: number): void {
    this.#flushing = true
    let more = true // where an application throws, the others are told in the next turn
    try {
      this.stack.ownPacketsLeft = OWN_PACKETS_PER_FLUSH
      let sent = this.#transmit(PACKETS_PER_FLUSH)
      while ((this.#tell() || this.#handleTimeout(due)) && sent < PACKETS_PER_FLUSH) {
        sent += this.#transmit(PACKETS_PER_FLUSH - sent)
      }
      more = this.stack.ownPacketsLeft <= 0 || (sent >= PACKETS_PER_FLUSH && this.#held === 0)
    } finally {
      this.#flushing = false
      if (more) this.wake() // others wait for what this flush did: the rest goes in the next turn
    }
  }

  #transmit(most: number): number {
    this.#transmitting = true
    try {
      return this.#transmitSome(most)
    } finally {
      this.#transmitting = false
    }
  }

  #transmitSome(most: number): number {
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

  #setAlarm(): void {
    if (this.#closed || this.#lull.isAwaited) return
    const at = this.stack.pollTimeout()
    if (at === this.#alarmAt) return
    this.#alarmAt = at
    if (at === Infinity) this.#alarm.clear()
    else this.#alarm.set(Math.max(0, Math.ceil((at - nowUs()) / 1000)))
  }

  #alarmRings(): void {
    this.#alarmAt = Infinity
    this.#lull.await()
  }

  /** What had arrived was handled, or more than can be waited for. */
  #handleTimeouts(atOnce: boolean): void {
    const now = nowUs()
    if (atOnce) this.stack.handleTimeout(now)
    this.#work(now)
    if (!this.#closed && this.stack.pollTimeout() <= now) this.#lull.goOn()
    this.#setAlarm()
  }

  /**
   * The earliest deadline alone: the acknowledgment that it has one end of a connection send may be what the other end's waits
   * for. So it comes after packets of this host to itself. Returns whether there was one.
   */
  #handleTimeout(due: number): boolean {
    const at = this.stack.pollTimeout()
    if (at > due || this.stack.ownPacketsLeft <= 0) return false
    this.stack.handleTimeout(nowUs(), at)
    return true
  }

  /** Keeps the process alive (the state of a new driver) or not. */
  ref(): void {
    this.#turn.ref()
    this.#lull.ref()
    this.#alarm.ref()
    this.link.ref()
  }

  unref(): void {
    this.#turn.unref()
    this.#lull.unref()
    this.#alarm.unref()
    this.link.unref()
  }

  /** Sends what is owed once more and frees the link. The stack should be closed before. */
  close(): void {
    if (this.#closed) return
    this.flush()
    this.#closed = true
    this.#alarm.clear()
    this.#turn.cancel()
    this.#lull.cancel()
    this.stack.onWork = null
    this.link.onPacket = null
    this.link.onBatchEnd = null
    this.link.onWritable = null
    this.link.close()
  }
}
