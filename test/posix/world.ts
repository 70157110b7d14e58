/**
 * Two hosts with sockets on one wire, in virtual time: `a` listens, `b` connects. Packets take no time; they can be held
 * back or lost.
 */

import assert from 'node:assert/strict'
import { constantOf } from '../../src/posix/constants.ts'
import { LINUX, type Profile } from '../../src/posix/profiles.ts'
import { type Called, Sockets } from '../../src/posix/sockets.ts'
import { DEFAULT_ARGUMENT, type Outcome, type Value } from '../../src/posix/value.ts'
import { SECRET_LENGTH } from '../../src/stack/siphash.ts'
import { Stack } from '../../src/stack/stack.ts'
import { brokenInvariant } from '../../src/tcp/invariants.ts'
import { parseAddress } from '../../src/wire/address.ts'

const ADDRESSES = {
  ipv4: { a: '10.0.0.1', b: '10.0.0.2', prefix: 24 },
  ipv6: { a: 'fd00::1', b: 'fd00::2', prefix: 64 },
} as const

export const ANY: Value = DEFAULT_ARGUMENT

/** Symbols joined by `|`, as a number. */
export function c(names: string): number {
  return names.split('|').reduce((sum, name) => {
    const number = constantOf(name)
    assert.ok(number !== undefined, `${name} is no constant`)
    return sum + number
  }, 0)
}

export interface WorldOptions {
  readonly family?: 'ipv4' | 'ipv6' | 'mapped'
  readonly profile?: Profile
}

export class World {
  readonly a: Host
  readonly b: Host
  now = 0
  /** Packets wait on the wire; or are lost. */
  held = false
  lossy = false
  /** Which packets are lost. */
  loses: () => boolean = () => this.lossy
  readonly #waiting: { to: Host; packet: Uint8Array }[] = []

  constructor({ family = 'ipv4', profile = LINUX }: WorldOptions = {}) {
    const names = ADDRESSES[family === 'ipv6' ? 'ipv6' : 'ipv4']
    this.a = new Host(this, 1, `${names.a}/${names.prefix}`, names.a, names.b, family, profile)
    this.b = new Host(this, 2, `${names.b}/${names.prefix}`, names.b, names.a, family, profile)
  }

  /** Lets everything happen that can happen now. */
  settle(): void {
    for (let moved = true; moved; ) {
      moved = false
      for (const [from, to] of [
        [this.a, this.b],
        [this.b, this.a],
      ] as const) {
        for (const packet of from.take(this.now)) {
          moved = true
          if (!this.loses()) this.#waiting.push({ to, packet })
        }
      }
      for (const { to, packet } of this.held ? [] : this.#waiting.splice(0)) {
        to.stack.handlePacket(this.now, packet)
        moved = true
      }
      for (const host of [this.a, this.b]) moved = host.look() || moved
    }
    for (const host of [this.a, this.b]) {
      for (const { tcb } of host.stack.connections()) assert.equal(brokenInvariant(tcb), null)
    }
  }

  release(): void {
    this.held = false
    this.settle()
  }

  /** Time passes. */
  advance(ms: number): void {
    const end = this.now + ms * 1000
    for (;;) {
      const next = Math.min(
        ...[this.a, this.b].flatMap((h) => [h.stack.pollTimeout(), h.sockets.pollTimeout()]),
      )
      if (next > end) break
      this.now = Math.max(this.now, Math.ceil(next))
      for (const host of [this.a, this.b]) host.stack.handleTimeout(this.now)
      this.settle()
    }
    this.now = end
    for (const host of [this.a, this.b]) host.stack.clock.now = end
  }
}

export class Host {
  readonly stack: Stack
  readonly sockets: Sockets
  /** What the last call answered through its arguments. */
  args: readonly Value[] = []
  /** How the call that blocked has ended; null: it blocks, or there was none. */
  returned: Outcome | null = null
  readonly #world: World
  readonly #frame = new Uint8Array(1600)
  #blocked = false

  constructor(
    world: World,
    seed: number,
    prefix: string,
    own: string,
    other: string,
    family: 'ipv4' | 'ipv6' | 'mapped',
    profile: Profile,
  ) {
    this.#world = world
    let state = seed
    const random = () => {
      state = Math.imul(state, 1664525) + 1013904223
      return state | 0
    }
    this.stack = new Stack({
      name: `host ${seed}`,
      addresses: [prefix],
      secret: new Uint8Array(SECRET_LENGTH).fill(seed),
      random,
      config: profile.config,
    })
    this.sockets = new Sockets({
      stack: this.stack,
      profile,
      family,
      bindAddress: parseAddress(own)!,
      bindPort: 8080,
      remoteAddress: parseAddress(other)!,
      remotePort: 8080,
      files: new Map([['/tmp/five', Uint8Array.of(1, 2, 3, 4, 5)]]),
    })
  }

  take(now: number): Uint8Array[] {
    const packets: Uint8Array[] = []
    for (let n = 1; n > 0; ) {
      n = this.stack.pollTransmit(now, this.#frame)
      if (n > 0) packets.push(this.#frame.slice(0, n))
    }
    return packets
  }

  /** Events, and the call that blocks. Returns whether it ended. */
  look(): boolean {
    this.sockets.onEvents()
    if (!this.#blocked) return false
    const called = this.sockets.poll()
    if (called.kind === 'blocked') return false
    this.#blocked = false
    assert.equal(called.kind, 'returned')
    this.returned = called.kind === 'returned' ? called.outcome : null
    return true
  }

  raw(name: string, ...args: readonly Value[]): Called {
    this.stack.clock.now = this.#world.now
    const called = this.sockets.call(name, args)
    this.#blocked = this.#blocked || called.kind === 'blocked'
    if (called.kind === 'blocked') this.returned = null
    else if (called.kind === 'returned') this.args = called.outcome.args
    this.#world.settle()
    return called
  }

  /** A call that returns at once: its value, or the name of its error. */
  call(name: string, ...args: readonly Value[]): number | string {
    const called = this.raw(name, ...args)
    assert.equal(called.kind, 'returned', `${name}: ${JSON.stringify(called)}`)
    const { outcome } = called as Extract<Called, { kind: 'returned' }>
    return outcome.errno ?? outcome.result
  }

  /** A call that must block. */
  blocks(name: string, ...args: readonly Value[]): void {
    const called = this.raw(name, ...args)
    assert.ok(called.kind === 'blocked', `${name} should block: ${JSON.stringify(called)}`)
  }

  /** How the call ended that blocked; 'blocked' where it has not. */
  get ended(): number | string {
    if (this.returned === null) return 'blocked'
    return this.returned.errno ?? this.returned.result
  }

  /** What is not there, in words. */
  unsupported(name: string, ...args: readonly Value[]): string {
    const called = this.raw(name, ...args)
    assert.equal(called.kind, 'unsupported')
    return (called as Extract<Called, { kind: 'unsupported' }>).what
  }

  socket(): number {
    return this.call('socket', ANY, c('SOCK_STREAM'), c('IPPROTO_TCP')) as number
  }

  nonBlocking(fd: number): void {
    assert.equal(this.call('fcntl', fd, c('F_SETFL'), c('O_RDWR|O_NONBLOCK')), 0)
  }

  listening(backlog = 8): number {
    const fd = this.socket()
    assert.equal(this.call('setsockopt', fd, c('SOL_SOCKET'), c('SO_REUSEADDR'), [1], 4), 0)
    assert.equal(this.call('bind', fd, ANY, ANY), 0)
    assert.equal(this.call('listen', fd, backlog), 0)
    return fd
  }

  option(fd: number, level: string, name: string): Value {
    assert.equal(this.call('getsockopt', fd, c(level), c(name), [0], [4]), 0, name)
    const value = this.args[3]!
    return Array.isArray(value) ? (value[0] as Value) : value
  }

  set(fd: number, level: string, name: string, value: Value): number | string {
    return this.call('setsockopt', fd, c(level), c(name), value, 4)
  }

  read(fd: number, length: number): number | string {
    return this.call('read', fd, ANY, length)
  }

  /** read() of text; or the name of the error. */
  text(fd: number, length: number, flags = 0): string {
    const result = this.call('recv', fd, ANY, length, flags)
    return typeof result === 'string' ? result : String.fromCharCode(...(this.args[1] as Uint8Array))
  }

  write(fd: number, text: string | number): number | string {
    return typeof text === 'number'
      ? this.call('write', fd, ANY, text)
      : this.call('write', fd, text, text.length)
  }
}

/** An open connection: the descriptors of both ends and of the listener. */
export function connected(options: WorldOptions = {}): {
  world: World
  a: Host
  b: Host
  server: number
  client: number
  listener: number
} {
  const world = new World(options)
  const { a, b } = world
  const listener = a.listening()
  const client = b.socket()
  b.blocks('connect', client, ANY, ANY)
  assert.equal(b.ended, 0)
  const server = a.call('accept', listener, ANY, ANY) as number
  return { world, a, b, server, client, listener }
}
