/**
 * What a stack tells of one input, each event as a hash: so that a log knows, beside what a stack does, why it says that it does
 * so, and what it makes of the path. An event costs 1 us (node 20.20, events of slow-start) and three octets of the log.
 */

import type { TraceEvent } from '../trace/events.ts'
import type { Trace } from '../trace/recorder.ts'
import { BASIS, PRIME } from './log-format.ts'

/** Stands before the trace of a stack, if there is one. */
export class ToldEvents implements Trace {
  /** Takes the events as well; null: nobody does. */
  inner: Trace | null
  readonly #events: TraceEvent[] = []
  #isKeeping = false
  #packet = 0

  constructor(inner: Trace | null) {
    this.inner = inner
  }

  get packet(): number {
    return this.inner === null ? this.#packet : this.inner.packet
  }
  set packet(packet: number) {
    if (this.inner === null) this.#packet = packet
    else this.inner.packet = packet
  }

  add(event: TraceEvent): void {
    if (this.#isKeeping) this.#events.push(event)
    this.inner?.add(event)
  }

  /** The stack is given an input. */
  begin(): void {
    this.#events.length = 0
    this.#isKeeping = true
  }

  /** @returns what it told of it: borrowed, until the next one. */
  end(): readonly TraceEvent[] {
    this.#isKeeping = false
    return this.#events
  }
}

/** Of all that an event says, in whatever order: 0 to 2^24 - 1. */
export function eventHash(event: TraceEvent): number {
  return valueHash(event) & 0xffffff
}

function valueHash(value: unknown): number {
  if (value === (Number(value) | 0)) return mixed(value)
  if (typeof value !== 'object' || value === null) return textHash(`${value}`)
  let sum = 0
  for (const [name, part] of Object.entries(value)) {
    if (part !== undefined) sum = (sum + mixed(textHash(name) ^ valueHash(part))) | 0
  }
  return mixed(sum)
}

function textHash(text: string): number {
  let hash = text.length
  for (let at = 0; at < text.length; at++) hash = mixed(hash ^ text.charCodeAt(at))
  return hash
}

function mixed(word: number): number {
  const product = Math.imul(word ^ BASIS, PRIME)
  return product ^ (product >>> 15)
}
