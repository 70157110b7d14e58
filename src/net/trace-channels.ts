/**
 * What TCP does, on diagnostics_channel and under NODE_DEBUG=elko-tcp.
 *
 * | channel            | message                                                                                     |
 * | ------------------ | ------------------------------------------------------------------------------------------- |
 * | `elko.tcp.segment` | SegmentMessage: each segment sent or received, and why it was sent                           |
 * | `elko.tcp.state`   | StateMessage: each arrow of the state diagram                                                |
 * | `elko.tcp.rst`     | ResetMessage: each reset sent or received; why it was sent, what it did or why it was ignored |
 * | `elko.tcp.rto`     | TimeoutMessage: each retransmission time-out                                                 |
 *
 * A stack whose trace is null pays one comparison for each event, and it is null while nobody subscribes. Messages are
 * published in order once the stack has done what it was doing, as a subscriber may call anything.
 */

import { type Channel, channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'
import type { Host } from '../link/host.ts'
import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Stack } from '../stack/stack.ts'
import { CLOSED } from '../tcp/state.ts'
import type { SegmentReceived, SegmentRecord, SegmentSent, TraceEvent } from '../trace/events.ts'
import type { CloseReason, DropReason, SendReason } from '../trace/reasons.ts'
import type { Trace } from '../trace/recorder.ts'
import type { StateName } from '../trace/states.ts'
import { RST } from '../wire/segment.ts'
import { Inbound } from './inbound.ts'
import type { Socket } from './socket.ts'
import type { TcpSocket } from './socket-methods.ts'
import { TcpHandle } from './tcp-handle.ts'
import { traceLine } from './trace-line.ts'

/** What every message has. */
export interface TraceMessage {
  /** The socket, where the connection has one: not before a server accepts it, nor for an answer to a stray packet. */
  readonly socket: Socket | null
  /** The name of the host, and the connection's number there; 0: none. */
  readonly host: string
  readonly connection: number
  /** Microseconds on the clock of the host's stack. */
  readonly at: number
}

export interface SegmentMessage extends TraceMessage {
  readonly direction: 'sent' | 'received'
  /** Sequence numbers are int32: `>>> 0` shows them as on the wire. */
  readonly segment: SegmentRecord
  /** Null for what was received. */
  readonly reason: SendReason | null
}

export interface StateMessage extends TraceMessage {
  readonly from: StateName
  readonly to: StateName
  readonly cause: string
}

export interface ResetMessage extends TraceMessage {
  readonly direction: 'sent' | 'received'
  readonly segment: SegmentRecord
  /** Why it was sent; or which end it made of the connection, or why it was ignored; null where no more is known. */
  readonly reason: SendReason | CloseReason | DropReason | null
}

export interface TimeoutMessage extends TraceMessage {
  /** Retransmissions of the front segment in a row, this one included, and the next time-out in microseconds, so far. */
  readonly retransmissions: number
  readonly rto: number
}

const segmentChannel = channel('elko.tcp.segment')
const stateChannel = channel('elko.tcp.state')
const rstChannel = channel('elko.tcp.rst')
const rtoChannel = channel('elko.tcp.rto')
const CHANNELS = [segmentChannel, stateChannel, rstChannel, rtoChannel] as const

const log = debuglog('elko-tcp')

/** A stack that is forgotten by everybody else is forgotten here. */
const observers = new WeakMap<Stack, Observer>()
const stacks = new Set<WeakRef<Stack>>()
const forgotten = new FinalizationRegistry<WeakRef<Stack>>((reference) => stacks.delete(reference))

/** The channels speak of this host from here on, whoever subscribes and when. A second call does nothing. */
export function observeHost({ stack }: Host): void {
  if (observers.has(stack)) return
  const observer = new Observer(stack)
  observers.set(stack, observer)
  const reference = new WeakRef(stack)
  stacks.add(reference)
  forgotten.register(stack, reference)
  observer.attend(isWanted())
}

/** This connection is this socket's: to be called before anything can end it, as its socket lets go of it then. */
export function noteSocket(stack: Stack, connection: HostedConnection, socket: TcpSocket): void {
  observers.get(stack)?.learn(connection, socket)
}

const isWanted = (): boolean => log.enabled || CHANNELS.some(({ hasSubscribers }) => hasSubscribers)

function subscribersChanged(): void {
  const wanted = isWanted()
  for (const reference of stacks) {
    const stack = reference.deref()
    if (stack !== undefined) observers.get(stack)?.attend(wanted)
  }
}

/** Nobody is told by a channel that somebody has subscribed, so its own methods tell. */
function watch(watched: Channel): void {
  for (const method of ['subscribe', 'unsubscribe', 'bindStore', 'unbindStore'] as const) {
    const value = function (this: Channel, ...args: unknown[]): unknown {
      // A channel changes its prototype with its first subscriber.
      const own = Reflect.get(Object.getPrototypeOf(this), method) as (...args: unknown[]) => unknown
      const result = Reflect.apply(own, this, args)
      subscribersChanged()
      return result
    }
    Object.defineProperty(watched, method, { value, writable: true, configurable: true })
  }
}
for (const each of CHANNELS) watch(each)

/** Stands before a stack's own trace while somebody wants to hear of it. */
class Observer implements Trace {
  readonly #stack: Stack
  #own: Trace | null = null
  #attending = false
  #events: TraceEvent[] = []
  readonly #known = new Map<number, Known>()
  readonly #publishAll = (): void => this.#publish()

  constructor(stack: Stack) {
    this.#stack = stack
  }

  get packet(): number {
    return this.#own?.packet ?? 0
  }

  set packet(number: number) {
    if (this.#own !== null) this.#own.packet = number
  }

  attend(wanted: boolean): void {
    if (wanted === this.#attending) return
    this.#attending = wanted
    if (wanted) {
      this.#own = this.#stack.trace
      this.#stack.trace = this
      for (const connection of this.#stack.connections()) this.learn(connection, socketOf(connection))
    } else {
      this.#stack.trace = this.#own
      this.#known.clear()
    }
  }

  learn(connection: HostedConnection, socket: TcpSocket | null): void {
    if (this.#attending) this.#known.set(connection.tcb.id, { connection, socket })
  }

  add(event: TraceEvent): void {
    this.#own?.add(event)
    if (this.#events.push(event) === 1) queueMicrotask(this.#publishAll)
  }

  #publish(): void {
    const events = this.#events
    this.#events = []
    for (const [index, event] of events.entries()) {
      const known = this.#knownOf(event.connection)
      const connection = known?.connection ?? null
      if (log.enabled) log('%s', traceLine(event, connection))
      const { at, host } = event
      const socket = (known?.socket ?? null) as unknown as Socket | null
      const message = { socket, host, connection: event.connection, at }
      publish(message, event, connection, () => fateOf(event as SegmentReceived, events, index))
    }
    for (const { connection } of events) this.#forgetEnded(connection)
  }

  /** Once it has sent the reset that it owes. */
  #forgetEnded(id: number): void {
    const connection = this.#known.get(id)?.connection
    if (connection?.state === CLOSED && connection.tcb.owed.reset === null) this.#known.delete(id)
  }

  /** Known by number only while it is in the stack's table, and of a socket while that lives; both are remembered. */
  #knownOf(id: number): Known | null {
    if (id === 0) return null
    if (!this.#known.has(id)) {
      for (const connection of this.#stack.connections()) {
        const { id: number } = connection.tcb
        if (!this.#known.has(number)) this.#known.set(number, { connection, socket: null })
      }
    }
    const known = this.#known.get(id) ?? null
    if (known !== null) known.socket ??= socketOf(known.connection)
    return known
  }
}

/** A connection of the stack, and its socket if it had one. */
interface Known {
  readonly connection: HostedConnection
  socket: TcpSocket | null
}

function socketOf({ owner }: HostedConnection): TcpSocket | null {
  return owner instanceof TcpHandle && owner.owner instanceof Inbound ? owner.owner.socket : null
}

function publish(
  message: TraceMessage,
  event: TraceEvent,
  connection: HostedConnection | null,
  fate: () => ResetMessage['reason'],
): void {
  if (event.kind === 'sent' || event.kind === 'received') publishSegment(message, event, fate)
  else if (event.kind === 'state') {
    const { from, to, cause } = event
    if (stateChannel.hasSubscribers) stateChannel.publish({ ...message, from, to, cause })
  } else if (event.kind === 'timer' && event.timer === 'retransmission' && event.action === 'expired') {
    if (!rtoChannel.hasSubscribers || connection === null) return
    const { retransmissions, rtt } = connection.tcb
    rtoChannel.publish({ ...message, retransmissions, rto: rtt.rtoUs })
  }
}

function publishSegment(
  message: TraceMessage,
  event: SegmentSent | SegmentReceived,
  fate: () => ResetMessage['reason'],
): void {
  const { kind: direction, segment } = event
  const sentFor = event.kind === 'sent' ? event.reason : null
  if (segmentChannel.hasSubscribers)
    segmentChannel.publish({ ...message, direction, segment, reason: sentFor })
  if ((segment.flags & RST) === 0 || !rstChannel.hasSubscribers) return
  rstChannel.publish({ ...message, direction, segment, reason: sentFor ?? fate() })
}

/** What the reset at `index` did: the stack tells of it before the connection's next segment. */
function fateOf(
  { connection }: SegmentReceived,
  events: readonly TraceEvent[],
  index: number,
): CloseReason | DropReason | null {
  for (const event of events.slice(index + 1)) {
    if (event.connection !== connection) continue
    if (event.kind === 'sent' || event.kind === 'received') return null
    if (event.kind === 'dropped') return event.reason
    if (event.kind === 'signal' && event.reason !== undefined) return event.reason
  }
  return null
}
