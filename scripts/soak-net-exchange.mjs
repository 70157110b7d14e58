/**
 * One exchange of scripts/soak-net.mjs: what both sides send each other over a pair of streams, how they dawdle, who ends
 * first, whether one of them destroys it half way; and whether what arrived was what was sent.
 */

import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

/** What is sent are slices of this, at places that chance chooses. */
const POOL = new Uint8Array(4 << 20)
const LARGEST_CHUNK = 64 << 10
/** Octets each way, evenly over the orders of magnitude. */
const SMALLEST = 1 << 8
const LARGEST = 32 << 20
const DESTROYED = 0.15
/** Probability of a pause with each chunk, and its longest duration. */
const PAUSE = 1 / 200
const LONGEST_PAUSE_MS = 20

/** Numbers from 0 to below 1 (xorshift128, seeded by a hash). */
export function generator(seed) {
  const state = new Int32Array(new Uint8Array(createHash('sha256').update(seed).digest()).buffer, 0, 4)
  return () => {
    let t = state[3]
    const s = state[0]
    state.copyWithin(1, 0, 3)
    t ^= t << 11
    t ^= t >>> 8
    state[0] = t ^ s ^ (s >>> 19)
    return (state[0] >>> 0) / 2 ** 32
  }
}

const fill = generator('what is sent')
for (let n = 0; n < POOL.length; n++) POOL[n] = fill() * 256

let exchanges = 0

export class Exchange {
  id = String(exchanges++).padStart(8, '0')
  /** What went wrong that no stream tells. */
  problems = []
  /** Set before anything that may cut the exchange short. */
  mayFail = false
  wasDestroyed = false
  /** What the client waits for, for one that hangs. */
  stage = ''
  /** The server's part; null: nothing of it has reached the server. */
  served = null

  constructor(random, most) {
    const size = () => Math.ceil(Math.min(most, SMALLEST * (LARGEST / SMALLEST) ** random()))
    this.up = new Direction(random(), size())
    this.down = new Direction(random(), size())
    this.random = random
    /** Whether the client says that it is done as soon as it is, or when it has all; and the server. */
    this.clientWaits = random() < 0.3
    this.serverWaits = random() < 0.5
    /** A FIN behind the last octet sent where the protocol does not ask for one. */
    this.halfCloses = random() < 0.3
    const destroys = random() < DESTROYED
    this.destroyer = destroys ? (random() < 0.5 ? 'client' : 'server') : null
    this.destroysAt = destroys ? Math.floor(random() * (this.up.length + this.down.length)) : Infinity
    /** How: by a reset rather than by a FIN. */
    this.resets = random() < 0.5
  }

  /** Octets that arrived. */
  get octets() {
    return this.up.arrived + this.down.arrived
  }

  describe() {
    const { id, up, down, destroyer, resets } = this
    const end = destroyer === null ? '' : `, ${resets ? 'reset' : 'destroyed'} by the ${destroyer}`
    return `exchange ${id} (${this.stage}, up ${up.arrived} of ${up.length}, down ${down.arrived} of ${down.length}${end})`
  }

  /** Whether `side` is to destroy it now. */
  isDue(side) {
    return this.destroyer === side && this.octets >= this.destroysAt && !this.wasDestroyed
  }
}

class Direction {
  arrived = 0
  hash = createHash('sha256')
  error = null
  /** What told the reader that nothing more comes. */
  ending = null

  constructor(seed, length) {
    this.seed = String(seed)
    this.length = length
  }

  /** The first `length` octets of what is sent, in chunks of all sizes. */
  *chunks(length = this.length) {
    const random = generator(this.seed)
    for (let left = length; left > 0; ) {
      const largest = random() < 0.1 ? 200 : LARGEST_CHUNK
      const size = 1 + Math.floor(random() * largest)
      const offset = Math.floor(random() * (POOL.length - LARGEST_CHUNK))
      yield POOL.subarray(offset, offset + Math.min(size, left))
      left -= size
    }
  }

  /** Whether what arrived is the beginning of what is sent. */
  isRight() {
    const expected = createHash('sha256')
    for (const chunk of this.chunks(Math.min(this.arrived, this.length))) expected.update(chunk)
    return this.arrived <= this.length && expected.digest('hex') === this.hash.copy().digest('hex')
  }
}

/** What is wrong with an exchange that is over. */
export function judge(exchange) {
  const wrong = [...exchange.problems]
  for (const name of ['up', 'down']) {
    const direction = exchange[name]
    if (!direction.isRight()) wrong.push(`${name}: other octets than were sent`)
    else if (!exchange.mayFail && direction.arrived < direction.length) {
      wrong.push(
        `${name}: ended too early, with ${direction.ending} (${direction.error?.message ?? 'no error'})`,
      )
    }
  }
  return wrong.map((what) => `${exchange.describe()}: ${what}`)
}

/**
 * Sends one direction. Settles when all is handed over, or the stream is gone. `destroy` is called where it is this side's
 * turn to destroy.
 */
export async function send(exchange, direction, side, stream, destroy) {
  const { random } = exchange
  for (const chunk of direction.chunks()) {
    if (stream.destroyed || stream.writableEnded) return
    if (exchange.isDue(side)) return destroy()
    if (!stream.write(chunk)) await drained(stream)
    if (random() < PAUSE) await sleep(random() * LONGEST_PAUSE_MS)
  }
}

/** Reads one direction. Settles when all has arrived that is sent, the stream has ended, or is gone. */
export function receive(exchange, direction, side, stream, destroy) {
  const { random } = exchange
  return new Promise((resolve) => {
    stream.on('data', (chunk) => {
      direction.arrived += chunk.length
      direction.hash.update(chunk)
      if (exchange.isDue(side)) destroy()
      if (direction.arrived >= direction.length) resolve()
      else if (random() < PAUSE) {
        stream.pause()
        setTimeout(() => stream.resume(), random() * LONGEST_PAUSE_MS)
      }
    })
    const over = (event) => () => {
      direction.ending ??= event
      resolve()
    }
    stream.once('error', (error) => (direction.error ??= error))
    stream.once('end', over('its end'))
    stream.once('close', over('its close'))
    stream.once('aborted', over('its abortion'))
  })
}

export function drained(stream) {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.on('drain', done)
    stream.on('close', done)
  })
}

/** Settles when the stream has closed. */
export function closed(stream) {
  return new Promise((resolve) => {
    if (stream.closed || stream.destroyed) resolve()
    else stream.once('close', resolve)
  })
}
