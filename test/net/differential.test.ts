/**
 * elko/net and node:net are given the same random programs and say the same: events with what they carry, octets, errors,
 * answers, and all that a socket shows of its state, after each step. `sockets`: operations of sockets and a server; `http`:
 * an agent's requests, a client that speaks for itself, and a server that answers step by step.
 *
 * The seeds are fixed: the same programs in each run. `npm run differential` runs more, of any seed.
 *
 * What no program does, as the kernel's loopback answers within a call, which no network does, or as the size of its buffers
 * would show: a second operation of one turn on a socket whose peer is gone; writes of more than 6,000 octets to who does not
 * read, or together with others; one turn's operations on both ends of a connection; a reset while the own end is on its
 * way, after which node:net never ends its process.
 */

import assert from 'node:assert/strict'
import type nodeNet from 'node:net'
import { describe, test } from 'node:test'
import { type LayerName, type Search, search } from './differential-layers.ts'

/** Of each seed. */
const PROGRAMS = 40
const SEEDS = [1, 2] as const

describe('random programs: elko/net and node:net agree in events, data, errors and states', () => {
  for (const layer of ['sockets', 'http'] as const) {
    for (const seed of SEEDS) {
      test(`${layer}, seed ${seed}`, async () => {
        const found = await search(layer, { runs: PROGRAMS, seed, shrink: false })
        const replay = `npm run differential -- --layer ${layer} --seed ${seed} --runs ${PROGRAMS}`
        assert.equal(found, null, `${found?.report}\n${replay} --path ${found?.path}`)
      })
    }
  }
})

type Spoil = NonNullable<Search['spoil']>

/** An event of Elko's sockets in another way, or not at all. */
const spoilEvent =
  (event: string, spoiled: (...values: unknown[]) => unknown[] | null): Spoil =>
  (socket) => {
    const emit = socket.emit as (...args: unknown[]) => boolean
    socket.emit = (name: string, ...values: unknown[]): boolean => {
      const changed = name === event ? spoiled(...values) : values
      return changed !== null && Reflect.apply(emit, socket, [name, ...changed])
    }
  }

/** Mistakes that the comparison must see, each by itself. */
const FAULTS: [name: string, layer: LayerName, spoil: Spoil][] = [
  ['a lost finish', 'sockets', spoilEvent('finish', () => null)],
  ['a lost drain', 'sockets', spoilEvent('drain', () => null)],
  ['a lost readable', 'sockets', spoilEvent('readable', () => null)],
  ['a close that knows of no error', 'sockets', spoilEvent('close', () => [false])],
  ['an end without octets before it', 'sockets', spoilEvent('data', () => null)],
  [
    'an octet of another value',
    'sockets',
    spoilEvent('data', (data) => {
      if (!Buffer.isBuffer(data)) return [`${data}`.slice(1)]
      const octets = Buffer.from(data)
      octets[octets.length - 1]! ^= 1
      return [octets]
    }),
  ],
  [
    'an error of another call',
    'sockets',
    spoilEvent('error', (error) => [Object.assign(error as object, { syscall: 'write' })]),
  ],
  [
    'a count that is one off',
    'sockets',
    (socket) => {
      const { bytesRead } = Object.getOwnPropertyDescriptors(prototypeWith(socket, 'bytesRead'))
      Object.defineProperty(socket, 'bytesRead', {
        get: () => Reflect.apply(bytesRead!.get!, socket, []) + 1,
      })
    },
  ],
  ['a lost end under http', 'http', spoilEvent('end', () => null)],
  ['a lost close under http', 'http', spoilEvent('close', () => null)],
]

function prototypeWith(socket: nodeNet.Socket, name: string): object {
  let prototype: object = socket
  while (!Object.hasOwn(prototype, name)) prototype = Object.getPrototypeOf(prototype)
  return prototype
}

describe('a comparison that cannot fail would be worth nothing: each fault in Elko’s sockets is found', () => {
  for (const [name, layer, spoil] of FAULTS) {
    test(name, async () => {
      // Nobody need be waited for long: what is lost never comes.
      const found = await search(layer, { runs: 300, seed: 1, shrink: false, spoil, patienceMs: 50 })
      assert.ok(found !== null, 'not found')
    })
  }
})
