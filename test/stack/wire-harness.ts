/** Two stacks on a perfect wire in virtual time: what one sends arrives at the other after a fixed delay, in order. */

import assert from 'node:assert/strict'
import { HostedConnection } from '../../src/stack/hosted-connection.ts'
import type { Listener } from '../../src/stack/listener.ts'
import { Stack, type StackOptions } from '../../src/stack/stack.ts'
import { brokenInvariant } from '../../src/tcp/invariants.ts'
import { NOTHING_HELD, randomOf, SECRET } from './host-harness.ts'

export type Side = 'a' | 'b'

/** Hears of everything that `pollEvent` gives. */
export interface Application {
  onConnection(connection: HostedConnection, events: number, side: Side): void
  onListener(listener: Listener, side: Side): void
}

interface Flying {
  readonly at: number
  readonly to: Stack
  readonly bytes: Uint8Array
}

export class Wire {
  readonly a: Stack
  readonly b: Stack
  now = 1_000_000_000
  readonly delayUs: number
  /** Packets, deadlines and application events so far. */
  packets = 0
  timeouts = 0
  events = 0
  /** Looks at each packet before it leaves; what it returns goes instead, null nothing. */
  onPacket: ((bytes: Uint8Array, from: Side) => void) | null = null
  readonly #application: Application
  readonly #frame = new Uint8Array(65_575)
  #flying: Flying[] = []
  #head = 0

  constructor(application: Application, options: Partial<StackOptions> = {}, delayUs = 1000) {
    const common = { secret: SECRET, mtu: 1500, ...options }
    this.a = new Stack({ name: 'a', addresses: ['10.0.0.1/8', 'fd00::1/64'], random: randomOf(1), ...common })
    this.b = new Stack({ name: 'b', addresses: ['10.0.0.2/8', 'fd00::2/64'], random: randomOf(2), ...common })
    this.#application = application
    this.delayUs = delayUs
    this.#setClocks()
  }

  /** Lets everything happen until nothing is left to happen, or until then. */
  run(untilUs = Infinity): void {
    this.settle()
    for (;;) {
      const arrival = this.#flying[this.#head]?.at ?? Infinity
      const at = Math.min(arrival, this.a.pollTimeout(), this.b.pollTimeout())
      if (at > untilUs || at === Infinity) break
      this.now = Math.max(this.now, at)
      this.#setClocks()
      while (this.#flying[this.#head] !== undefined && this.#flying[this.#head]!.at <= this.now)
        this.#arrive()
      for (const stack of [this.a, this.b]) {
        if (stack.pollTimeout() > this.now) continue
        stack.handleTimeout(this.now)
        this.timeouts++
      }
      this.settle()
    }
    if (untilUs !== Infinity) this.now = untilUs
    this.#setClocks()
  }

  #setClocks(): void {
    this.a.clock.now = this.now
    this.b.clock.now = this.now
  }

  #arrive(): void {
    const { to, bytes } = this.#flying[this.#head++]!
    to.handlePacket(this.now, bytes)
    bytes.fill(0xa5)
    if (this.#head === this.#flying.length || this.#head > 100_000) {
      this.#flying = this.#flying.slice(this.#head)
      this.#head = 0
    }
  }

  /** Stacks send, applications hear, until neither has anything left. */
  settle(): void {
    let busy = true
    while (busy) {
      busy = false
      for (const side of ['a', 'b'] as const) {
        if (this.#send(side)) busy = true
        if (this.#tell(side)) busy = true
      }
    }
  }

  #send(side: Side): boolean {
    const { from, to } = side === 'a' ? { from: this.a, to: this.b } : { from: this.b, to: this.a }
    let sent = false
    for (;;) {
      const length = from.pollTransmit(this.now, this.#frame)
      if (length === 0) return sent
      sent = true
      this.packets++
      const bytes = this.#frame.slice(0, length)
      this.onPacket?.(bytes, side)
      this.#flying.push({ at: this.now + this.delayUs, to, bytes })
    }
  }

  #tell(side: Side): boolean {
    const stack = side === 'a' ? this.a : this.b
    let told = false
    for (let next = stack.pollEvent(); next !== null; next = stack.pollEvent()) {
      told = true
      this.events++
      if (!(next instanceof HostedConnection)) this.#application.onListener(next, side)
      else {
        const events = next.pollEvents()
        if (events !== 0) this.#application.onConnection(next, events, side)
      }
    }
    return told
  }

  check(): void {
    for (const stack of [this.a, this.b]) {
      for (const connection of stack.connections()) {
        const broken = brokenInvariant(connection.tcb)
        assert.equal(broken, null, `${stack.name}: ${connection.stateName}: ${broken}`)
      }
    }
  }

  assertEmpty(): void {
    for (const stack of [this.a, this.b]) {
      assert.deepEqual(stack.occupancy, NOTHING_HELD, stack.name)
      assert.equal(stack.pollTimeout(), Infinity)
    }
  }
}
