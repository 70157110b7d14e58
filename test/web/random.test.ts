/** Random conversations over a link that loses, delays and reorders: what is read is what was written, and both sides end. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { impair } from '../../src/link/impair.ts'
import { loopbackPair } from '../../src/link/loopback.ts'
import { configure } from '../../src/tcp/config.ts'
import { network } from '../../src/testnet/index.ts'
import type { Socket } from '../../src/web/index.ts'
import fc from '../property.ts'
import { connected, webPair } from './pair.ts'

/** How one side speaks and listens. */
interface Manner {
  /** Octets of each write. */
  readonly chunks: readonly number[]
  /** Waits after every so many writes, and reads; 0: never. */
  readonly pauseWrites: number
  readonly pauseReads: number
  /** Octets of the reader's own buffer; 0: it brings none. */
  readonly buffer: number
}

const manner: fc.Arbitrary<Manner> = fc.record({
  chunks: fc.array(fc.oneof(fc.nat(50), fc.nat(5000), fc.nat(80_000)), { maxLength: 25 }),
  pauseWrites: fc.nat(6),
  pauseReads: fc.nat(6),
  buffer: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50_000 })),
})

/** A function that asks for the timer when it is called: virtual time puts its own in place. */
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Octet `at` of what a side says. */
const octetAt = (at: number, side: number): number => (at * 37 + (at >>> 8) * 11 + side) & 0xff

async function speak(socket: Socket, { chunks, pauseWrites }: Manner, side: number): Promise<void> {
  const writer = socket.writable.getWriter()
  let at = 0
  for (const [n, length] of chunks.entries()) {
    const written = writer.write(Uint8Array.from({ length }, (_, i) => octetAt(at + i, side)))
    at += length
    if (pauseWrites > 0 && n % pauseWrites === 0) await Promise.all([written, sleep(1)])
  }
  await writer.close()
}

/** Returns how many octets were heard; each is what it must be. */
async function hear(socket: Socket, { pauseReads, buffer }: Manner, side: number): Promise<number> {
  let memory = new ArrayBuffer(buffer)
  const byob = buffer > 0 ? socket.readable.getReader({ mode: 'byob' }) : null
  const plain = byob === null ? socket.readable.getReader() : null
  let at = 0
  for (let n = 0; ; n++) {
    const { done, value } = byob ? await byob.read(new Uint8Array(memory)) : await plain!.read()
    if (byob) memory = value!.buffer as ArrayBuffer
    if (done) return at
    for (const octet of value) if (octet !== octetAt(at++, side)) assert.fail(`octet ${at - 1}`)
    if (pauseReads > 0 && n % pauseReads === 0) await sleep(1)
  }
}

const total = ({ chunks }: Manner): number => chunks.reduce((sum, length) => sum + length, 0)

/** Both speak, hear all that the other said, and end. */
async function converse(client: Socket, server: Socket, here: Manner, there: Manner): Promise<void> {
  const [, , atServer, atClient] = await Promise.all([
    speak(client, here, 1),
    speak(server, there, 2),
    hear(server, there, 1),
    hear(client, here, 2),
    client.closed,
    server.closed,
  ])
  assert.equal(atServer, total(here))
  assert.equal(atClient, total(there))
}

const SMALL = { receiveBufferBytes: 20_000, sendBufferBytes: 20_000 }
const limit = { timeout: 400_000 }

test('both sides read what the other wrote, in any manner, and nothing is left', limit, async () => {
  await fc.assert(
    fc.asyncProperty(manner, manner, fc.boolean(), fc.nat(), async (here, there, tight, seed) => {
      await using net = network({ seed, failures: null })
      const config = tight ? { config: SMALL } : {}
      const [a, b] = [net.host('10.0.0.1', config), net.host('10.0.0.2', config)]
      net.path(a, b, { loss: 0.02, delayUs: 300, jitterUs: 250, jitterReorders: true })
      await net.run(async () => {
        const [client, server] = await connected({ a: a.web, b: b.web }, { allowHalfOpen: true })
        await converse(client, server, here, there)
      })
      await net.run(() => sleep(120_000)) // TIME-WAIT.
      for (const { stack } of [a, b]) assert.ok(Object.values(stack.occupancy).every((held) => held === 0))
    }),
    { numRuns: 60 },
  )
})

test('the same under real timers', limit, async () => {
  // MSL stays long: after a short TIME-WAIT on a machine that stands still, a FIN that comes again would meet a reset.
  const quick = { rtoMinMs: 10 }
  await fc.assert(
    fc.asyncProperty(manner, manner, fc.boolean(), fc.nat(), async (here, there, tight, seed) => {
      const [left, right] = loopbackPair({ mtu: 1500, checksumOffload: false })
      const path = { loss: 0.01, delayUs: 300, jitterUs: 200 }
      const link = impair(left, { toLink: path, fromLink: path }, seed)
      const changes = { config: configure(tight ? { ...quick, ...SMALL } : quick) }
      using pair = webPair({ a: changes, b: changes }, [link, right])
      const [client, server] = await connected(pair, { allowHalfOpen: true })
      await converse(client, server, here, there)
    }),
    { numRuns: 6 },
  )
})
