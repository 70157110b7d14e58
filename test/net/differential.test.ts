/**
 * elko/net and node:net are given the same random programs of socket operations, and say the same: events with what they
 * carry, octets, errors, answers and all that a socket shows of its state, after each step.
 *
 * `ELKO_RUNS=5000 node --test dist/test/net/differential.test.js` runs more programs of a fresh seed; ELKO_SEED and
 * ELKO_PATH, which a failure prints, replay it.
 */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import nodeNet from 'node:net'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Program, program } from './differential-program.ts'
import { type Difference, runOnBoth } from './differential-run.ts'
import { elkoNet, listening, onBoth } from './nets.ts'

const RUNS = Number(process.env.ELKO_RUNS ?? 60)
const FRESH = Number(process.env.ELKO_SEED ?? Math.trunc(Math.random() * 0x7fffffff))
const PATH = process.env.ELKO_PATH
const SEEDS = process.env.ELKO_SEED !== undefined || process.env.ELKO_RUNS !== undefined ? [] : [1, 2, 3]

/**
 * The kernel of a busy machine may be late by any time, between any two steps. What Elko does depends on no time here: a
 * difference that is its own shows each time.
 */
const ATTEMPTS = 3

async function differenceOf(one: Program): Promise<Difference | null> {
  let difference: Difference | null = null
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const verdict = await runOnBoth(one)
    difference = verdict.difference
    if (difference !== null) continue
    return null
  }
  return difference
}

describe('random programs of socket operations: elko/net and node:net agree in events, data, errors and states', () => {
  for (const seed of [...SEEDS, FRESH]) {
    const name = seed === FRESH ? 'a fresh seed' : `seed ${seed}`
    test(name, async () => {
      const property = fc.asyncProperty(program, async (one) => {
        const difference = await differenceOf(one)
        if (difference === null) return
        const { step, elko, node } = difference
        assert.deepEqual(elko, node, `after step ${step} (elko/net is "actual")`)
      })
      const parameters = { numRuns: RUNS, seed, includeErrorInReport: true, interruptAfterTimeLimit: 600_000 }
      await fc.assert(property, PATH === undefined ? parameters : { ...parameters, path: PATH })
    })
  }
})

/** What a reader hears where octets and a reset wait for it together. */
async function readAndReset(net: typeof nodeNet): Promise<string[]> {
  const server = net.createServer((socket) => {
    socket.once('data', () => {
      socket.write('octets')
      socket.resetAndDestroy()
    })
  })
  const { port } = await listening(server)
  const client = net.connect(port, '127.0.0.1')
  client.write('go')
  const heard: string[] = []
  client.on('data', (data) => heard.push(String(data)))
  client.on('end', () => heard.push('end'))
  client.on('error', ({ message }) => heard.push(message))
  await new Promise((resolve) => client.on('close', resolve))
  server.close()
  await once(server, 'close')
  return heard
}

test('octets and a reset that wait together: elko/net tells both, node:net on Linux ends as if all was well', async () => {
  const { net, end } = elkoNet()
  assert.deepEqual(await readAndReset(net), ['octets', 'read ECONNRESET'])
  end()
  if (process.platform === 'linux') assert.deepEqual(await readAndReset(nodeNet), ['octets', 'end'])
})

onBoth('octets that wait for a reader come after the end of its own side', async (net) => {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true })
  const { port } = await listening(server)
  const client = net.connect(port, '127.0.0.1')
  client.write('octets')
  const [socket] = (await once(server, 'connection')) as [nodeNet.Socket]
  await once(client, 'ready')
  for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate)
  const heard: string[] = []
  socket.on('finish', () => heard.push('finish')).on('data', () => heard.push('data'))
  socket.resume().end()
  await once(socket, 'data')
  await new Promise(setImmediate)
  assert.deepEqual(heard, ['finish', 'data'])
  socket.destroy()
  client.destroy()
  server.close()
  await once(server, 'close')
})
