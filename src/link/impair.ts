/**
 * Impairs a link in real time, with the simulator's options: the machine's kernel may have no netem.
 *
 * A packet without delay passes within the call. Others wait in one queue for both directions under one timer; below a
 * millisecond it is the event loop's next turn, as a host's timers are no finer. What is due together arrives as one batch.
 */

import { EventQueue } from '../sim/event-queue.ts'
import { type Delivery, type ImpairmentOptions, Impairments, type PathCounters } from '../sim/impairments.ts'
import { PacketPool } from '../sim/packet-pool.ts'
import { Random } from '../sim/random.ts'
import { nowUs } from './clock.ts'
import { Alarm, turnOf } from './event-loop.ts'
import type { Link } from './link.ts'
import { LinkBase } from './link-base.ts'

export interface ImpairedDirections {
  /** What happens to packets that are sent. Absent: nothing. */
  readonly toLink?: ImpairmentOptions
  /** What happens to packets that arrive. Absent: nothing. */
  readonly fromLink?: ImpairmentOptions
}

export interface ImpairedLink extends Link {
  /** What has happened to sent packets; null where nothing may. */
  readonly toLinkCounters: PathCounters | null
  readonly fromLinkCounters: PathCounters | null
}

/**
 * Everything set on the impaired link acts on the link beneath, which must not be used directly any more.
 *
 * Packets above the MTU are not taken even where the link beneath splits them, so that one loss is one packet; and
 * where packets are damaged checksums are needed, whatever the link beneath could leave out.
 *
 * @throws ImpairmentError where an option is out of its range.
 */
export function impair(link: Link, directions: ImpairedDirections, seed: number | string): ImpairedLink {
  return new Impaired(link, directions, new Random(seed))
}

/** A packet on its way, or one that a router on the path made. */
type Waiting =
  | { readonly toLink: boolean; readonly delivery: Delivery; readonly path: Impairments }
  | { readonly toLink: boolean; readonly made: Uint8Array }

class Impaired extends LinkBase implements ImpairedLink {
  readonly #link: Link
  readonly #toLink: Impairments | null
  readonly #fromLink: Impairments | null
  readonly #queue = new EventQueue<Waiting>()
  /** How many of the queue go each way: a packet may pass at once only where none waits before it. */
  #waitingToLink = 0
  #waitingFromLink = 0
  /** Those due that the link beneath had no room for, oldest first. Bounded, as all on their way is. */
  #blocked: Waiting[] = []
  /** Whether a `send` was refused and `onWritable` is owed. */
  #refused = false
  /** Whether packets have passed up since the last end of a batch. */
  #inBatch = false
  readonly #alarm = new Alarm(() => this.#timerExpires())
  readonly #turn = turnOf(() => this.#timerExpires())
  #timerAt = Number.POSITIVE_INFINITY
  #isClosed = false

  constructor(link: Link, directions: ImpairedDirections, random: Random) {
    const { toLink, fromLink } = directions
    super({
      mtu: link.mtu,
      maxPacket: Math.min(link.mtu, link.maxPacket),
      checksumOffload: link.checksumOffload && !canDamage(toLink) && !canDamage(fromLink),
    })
    const pool = new PacketPool()
    this.#link = link
    this.#toLink = toLink === undefined ? null : new Impairments(toLink, random.fork('to link'), pool)
    this.#fromLink = fromLink === undefined ? null : new Impairments(fromLink, random.fork('from link'), pool)
    link.onPacket = (packet, offset, length) => this.#packetArrives(packet, offset, length)
    link.onBatchEnd = () => this.#endBatch()
    link.onWritable = () => this.#linkHasRoom()
    link.onError = (error) => this.onError?.(error)
  }

  get toLinkCounters(): PathCounters | null {
    return this.#toLink?.counters ?? null
  }

  get fromLinkCounters(): PathCounters | null {
    return this.#fromLink?.counters ?? null
  }

  send(frame: Uint8Array, length: number): boolean {
    if (this.#isClosed) return true
    if (this.#blocked.length > 0) {
      this.#refused = true
      return false
    }
    if (this.#toLink === null) {
      const taken = this.#link.send(frame, length)
      if (!taken) this.#refused = true
      return taken
    }
    this.#offer(this.#toLink, true, frame, 0, length)
    return true
  }

  override ref(): void {
    this.#link.ref()
    this.#alarm.ref()
    this.#turn.ref()
  }

  override unref(): void {
    this.#link.unref()
    this.#alarm.unref()
    this.#turn.unref()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#disarm()
    this.#queue.clear(release)
    for (const waiting of this.#blocked) release(waiting)
    this.#blocked = []
    this.forgetCallbacks()
    this.#link.close()
  }

  #packetArrives(packet: Uint8Array, offset: number, length: number): void {
    if (this.#isClosed) return
    if (this.#fromLink !== null) {
      this.#offer(this.#fromLink, false, packet, offset, length)
      return
    }
    this.#inBatch = true
    this.onPacket?.(packet, offset, length)
  }

  #offer(path: Impairments, toLink: boolean, bytes: Uint8Array, offset: number, length: number): void {
    const now = nowUs()
    const offer = path.offer(now, bytes, offset, length)
    for (const delivery of offer.deliveries) {
      const waiting = { toLink, delivery, path }
      const passes = delivery.at <= now && (toLink ? this.#waitingToLink : this.#waitingFromLink) === 0
      if (passes) this.#pass(waiting)
      else this.#wait(delivery.at, waiting)
    }
    // The router's message goes back to the sender, and never from inside the sender's call.
    if (offer.answer !== null) this.#wait(now, { toLink: !toLink, made: offer.answer })
    this.#arm()
  }

  #wait(at: number, waiting: Waiting): void {
    if (waiting.toLink) this.#waitingToLink++
    else this.#waitingFromLink++
    this.#queue.schedule(at, waiting)
  }

  #pass(waiting: Waiting): void {
    const [bytes, length] = packetOf(waiting)
    if (!waiting.toLink) {
      this.#inBatch = true
      this.onPacket?.(bytes, 0, length)
    } else if (this.#blocked.length > 0 || !this.#link.send(bytes, length)) {
      this.#blocked.push(waiting)
      return
    }
    release(waiting)
  }

  #linkHasRoom(): void {
    while (this.#blocked.length > 0) {
      const [first] = this.#blocked as [Waiting]
      if (!this.#link.send(...packetOf(first))) return
      this.#blocked.shift()
      release(first)
    }
    if (!this.#refused) return
    this.#refused = false
    this.onWritable?.()
  }

  #endBatch(): void {
    if (!this.#inBatch) return
    this.#inBatch = false
    this.onBatchEnd?.()
  }

  /** Passes all that is due now; what becomes due meanwhile waits for the next turn of the event loop. */
  #timerExpires(): void {
    this.#disarm()
    const now = nowUs()
    for (let left = this.#queue.size; left > 0; left--) {
      const due = this.#queue.take(now)
      if (due === null) break
      if (due.item.toLink) this.#waitingToLink--
      else this.#waitingFromLink--
      this.#pass(due.item)
    }
    this.#endBatch()
    this.#arm()
  }

  #arm(): void {
    const at = this.#queue.nextAt
    if (at >= this.#timerAt || at === Number.POSITIVE_INFINITY || this.#isClosed) return
    this.#disarm()
    this.#timerAt = at
    const waitUs = at - nowUs()
    // A timeout of n ms expires up to one later, never earlier; a wait that rounds to none spins the event loop.
    if (waitUs >= 1000) this.#alarm.set(Math.floor(waitUs / 1000))
    else this.#turn.plan()
  }

  #disarm(): void {
    this.#alarm.clear()
    this.#turn.cancel()
    this.#timerAt = Number.POSITIVE_INFINITY
  }
}

function packetOf(waiting: Waiting): [bytes: Uint8Array, length: number] {
  if ('made' in waiting) return [waiting.made, waiting.made.length]
  return [waiting.delivery.bytes, waiting.delivery.length]
}

function release(waiting: Waiting): void {
  if ('delivery' in waiting) waiting.path.release(waiting.delivery)
}

function canDamage(options: ImpairmentOptions | undefined): boolean {
  return (options?.corrupt ?? 0) > 0 || options?.fate !== undefined
}
