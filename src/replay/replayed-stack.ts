/** A recorded stack once more: made as it was made, given what it was given. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { Listener } from '../stack/listener.ts'
import { hashOctets, headerOctets } from '../stack/log-format.ts'
import { receiveFlags, SEND_FLAGS } from '../stack/recorded-connection.ts'
import { errorName } from '../stack/recording.ts'
import { Stack } from '../stack/stack.ts'
import { ToldEvents } from '../stack/told-events.ts'
import { counted } from '../trace/counted.ts'
import type { TraceEvent } from '../trace/events.ts'
import { CLOSE_REASONS, type CloseReason } from '../trace/reasons.ts'
import type { Trace } from '../trace/recorder.ts'
import type { Draw, Entry, Input, Outcome } from './log-entries.ts'
import type { RecordedStack } from './recorded-facts.ts'

/** What the log speaks of and this stack does not have: it went another way, unseen so far. */
class Missing extends Error {
  override readonly name = 'Missing'
}

const NO_NUMBERS: readonly number[] = []

export class ReplayedStack {
  readonly stack: Stack
  /** The packet that the last poll gave, until the next event: the first `length` of the octets. */
  readonly frame: { octets: Uint8Array; length: number } = { octets: new Uint8Array(1500), length: 0 }
  /** What the stack drew in vain, or null: the recorded one drew less, or another kind of number. */
  misdrawn: string | null = null
  /** What the stack told of the last event: borrowed, until the next one. */
  told: readonly TraceEvent[] = []
  readonly #trace: ToldEvents
  readonly #listeners: Listener[] = []
  /** By their numbers. Those that ended stay: calls of them may be recorded. */
  readonly #connections = new Map<number, HostedConnection>()
  #draws: readonly Draw[]
  #drawn = 0

  constructor(made: RecordedStack, draws: readonly Draw[], trace: Trace | null) {
    this.#draws = draws
    this.#trace = new ToldEvents(trace)
    const { name, addresses, secret, mtu, checksumOffload, ownPacketsByLink, privileged, config, limits } =
      made
    this.frame.octets = new Uint8Array(mtu)
    this.stack = new Stack({
      name,
      addresses,
      secret,
      mtu,
      checksumOffload,
      ownPacketsByLink,
      privileged,
      config,
      limits,
      trace: this.#trace,
      random: () => this.#draw('random') ?? 0,
      ...(made.choosesNumbers && { initialSequenceNumber: () => this.#draw('sequence-number') }),
    })
    this.#checkDraws()
  }

  /** Does what the entry says, and tells what comes of it. */
  perform(entry: Entry): Outcome {
    this.#draws = entry.draws
    this.#drawn = 0
    this.misdrawn = null
    this.frame.length = 0
    if (entry.polling !== null) this.#setPolling(entry.polling)
    const { input, at } = entry
    this.#trace.packet = entry.packet
    this.#trace.begin()
    if (input.kind !== 'deadline' && input.kind !== 'told') this.stack.clock.now = at
    const outcome = this.#outcome(input, at)
    this.told = this.#trace.end()
    this.#trace.packet = 0
    this.#checkDraws()
    return outcome
  }

  #outcome(input: Input, at: number): Outcome {
    try {
      const numbers = this.#do(input, at)
      const { octets, length } = this.frame
      const headers = length > 0 ? octets.slice(0, headerOctets(octets, length)) : null
      return { threw: null, numbers, headers }
    } catch (error) {
      return { threw: errorName(error), numbers: NO_NUMBERS, headers: null }
    }
  }

  #do(input: Input, at: number): readonly number[] {
    const { stack } = this
    switch (input.kind) {
      case 'packet':
        stack.handlePacket(at, input.octets)
        return NO_NUMBERS
      case 'timeout':
        stack.handleTimeout(at, input.last)
        return NO_NUMBERS
      case 'transmit':
        return this.#transmit(at)
      case 'deadline':
        return [stack.pollTimeout()]
      case 'told':
        return [this.#told()]
      case 'free-port':
        return [stack.freePort()]
      case 'connect':
        return [this.#keep(stack.connect(input.options))]
      case 'close-stack':
        stack.close()
        return NO_NUMBERS
      case 'listen': {
        const listener = stack.listen(input.options)
        return [this.#listeners.push(listener) - 1, listener.port]
      }
      default:
        return 'connection' in input ? this.#call(input) : this.#ofListener(input)
    }
  }

  #ofListener(input: Extract<Input, { listener: number }> | { readonly kind: 'stack' }): readonly number[] {
    if (input.kind === 'stack') return NO_NUMBERS
    const listener = this.#listeners[input.listener]
    if (listener === undefined) throw new Missing()
    if (input.kind === 'accept') {
      const connection = this.stack.accept(listener)
      return [connection === null ? 0 : this.#keep(connection)]
    }
    if (input.kind === 'close-listener') this.stack.closeListener(listener)
    else if (input.kind === 'backlog') listener.backlog = input.backlog
    else if (input.kind === 'listener-config') listener.reconfigure(input.config)
    return NO_NUMBERS
  }

  #call(input: Extract<Input, { connection: number }>): readonly number[] {
    const connection = this.#connection(input.connection)
    switch (input.kind) {
      case 'send':
        return [send(connection, input.flags, input.octets)]
      case 'receive':
        return receive(connection, input.length)
      case 'events':
        return [connection.pollEvents()]
      case 'acknowledge-quickly':
        connection.acknowledgeQuickly(input.quickly)
        return NO_NUMBERS
      case 'abort':
        connection.abort(isCloseReason(input.reason) ? input.reason : undefined)
        return NO_NUMBERS
      case 'reconfigure':
        connection.reconfigure(input.config)
        return NO_NUMBERS
      case 'open':
        connection.connect()
        return NO_NUMBERS
      default:
        connection[input.kind]()
        return NO_NUMBERS
    }
  }

  #transmit(at: number): readonly number[] {
    const { frame } = this
    frame.length = this.stack.pollTransmit(at, frame.octets)
    return frame.length === 0 ? [0] : [frame.length, hashOctets(frame.octets, 0, frame.length)]
  }

  /** As the log numbers who is told: connections are even. */
  #told(): number {
    const next = this.stack.pollEvent()
    if (next === null) return 0
    return 'tcb' in next ? 2 * this.#keep(next) : 2 * this.#listeners.indexOf(next) + 1
  }

  #keep(connection: HostedConnection): number {
    this.#connections.set(connection.tcb.id, connection)
    return connection.tcb.id
  }

  /** One that nobody accepted so far may be called as well. */
  #connection(id: number): HostedConnection {
    const known = this.#connections.get(id) ?? this.stack.connections().find(({ tcb }) => tcb.id === id)
    if (known === undefined) throw new Missing()
    this.#keep(known)
    return known
  }

  #setPolling({ frameOctets, ownPacketsLeft }: NonNullable<Entry['polling']>): void {
    if (this.frame.octets.length !== frameOctets) this.frame.octets = new Uint8Array(frameOctets)
    this.stack.ownPacketsLeft = ownPacketsLeft
  }

  #draw(what: Draw['what']): number | null {
    const draw = this.#draws[this.#drawn++]
    return draw?.what === what ? draw.number : null
  }

  #checkDraws(): void {
    if (this.#drawn !== this.#draws.length) this.misdrawn = `it draws ${counted(this.#drawn, 'number')}`
  }
}

function send(connection: HostedConnection, flags: number, octets: Uint8Array): number {
  const length = octets.length + ((flags & SEND_FLAGS.more) !== 0 ? 1 : 0)
  let offered = octets
  if (length > octets.length) {
    offered = new Uint8Array(length)
    offered.set(octets)
  }
  return connection.send(offered, 0, length, {
    push: (flags & SEND_FLAGS.push) !== 0,
    urgent: (flags & SEND_FLAGS.urgent) !== 0,
    endOfRecord: (flags & SEND_FLAGS.endOfRecord) !== 0,
  })
}

function receive(connection: HostedConnection, length: number): readonly number[] {
  // No more memory than there is to read: what is asked for beyond that makes no difference.
  const target = new Uint8Array(Math.min(length, connection.readable))
  const octets = connection.receive(target)
  return [octets, receiveFlags(), hashOctets(target, 0, octets)]
}

function isCloseReason(text: string): text is CloseReason {
  return Object.hasOwn(CLOSE_REASONS, text)
}
