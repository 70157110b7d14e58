/** Turns and timers of an event loop, as Node has them and as a browser has them: without setImmediate and unref. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Alarm, turnOf } from '../../src/link/event-loop.ts'
import { turn } from './turn.ts'

const limit = { timeout: 240_000 }

test('a turn that is planned twice comes once; one that is cancelled does not, and may be planned again', async () => {
  let calls = 0
  const due = turnOf(() => calls++)
  due.plan()
  due.plan()
  await turn()
  assert.equal(calls, 1)
  due.plan()
  due.cancel()
  await turn()
  assert.equal(calls, 1)
  due.plan()
  await turn()
  assert.equal(calls, 2)
})

test('an alarm that is set again forgets the time before; the longest time is not at once', async () => {
  let calls = 0
  const alarm = new Alarm(() => calls++)
  alarm.set(1)
  alarm.set(1e12)
  await sleep(20)
  assert.equal(calls, 0)
  alarm.set(1)
  await sleep(20)
  assert.equal(calls, 1)
  alarm.set(1)
  alarm.clear()
  await sleep(20)
  assert.equal(calls, 1)
})

test('what nobody holds does not keep the process: a thread with both ends by itself', limit, async () => {
  const ended = await inThread(`
    const { Alarm, turnOf } = await import(workerData + 'link/event-loop.js')
    const alarm = new Alarm(() => {})
    alarm.unref()
    alarm.set(1e9)
    const held = new Alarm(() => {})
    held.set(1e9)
    held.unref()
    const due = turnOf(() => due.plan())
    due.unref()
    due.plan()
  `)
  assert.deepEqual(ended, [])
})

test(
  'a turn that holds nothing comes all the same, while something else keeps the process',
  limit,
  async () => {
    const said = await inThread(`
    const { turnOf } = await import(workerData + 'link/event-loop.js')
    const other = setTimeout(() => parentPort.postMessage('the timer first'), 120_000)
    let turns = 0
    const due = turnOf(() => {
      if (++turns < 1000) return due.plan()
      parentPort.postMessage('all turns')
      clearTimeout(other)
    })
    due.unref()
    due.plan()
  `)
    assert.deepEqual(said, ['all turns'])
  },
)

test(
  'without setImmediate a turn is a message: in order, once each, cancelled and planned again',
  limit,
  async () => {
    const said = await inThread(`
    ${LIKE_A_BROWSER}
    const { turnOf } = await import(workerData + 'link/event-loop.js')
    const log = []
    const a = turnOf(() => log.push('a'))
    const b = turnOf(() => log.push('b'))
    const gone = turnOf(() => log.push('gone'))
    const again = turnOf(() => log.push('again'))
    const last = turnOf(() => { parentPort.postMessage(log); process.exit() })
    a.plan(); a.plan(); b.plan(); gone.plan(); gone.cancel()
    again.plan(); again.cancel(); again.plan()
    queueMicrotask(() => log.push('microtask'))
    last.plan()
  `)
    assert.deepEqual(said, [['microtask', 'a', 'b', 'again']])
  },
)

test(
  'a whole host without setImmediate and with timers that are numbers: two echo on a loopback',
  limit,
  async () => {
    const said = await inThread(`
    ${LIKE_A_BROWSER}
    const { LinkHost, impair, loopbackPair } = await import(workerData + 'link/portable.js')
    const { createWeb } = await import(workerData + 'web/index.js')
    const [a, b] = loopbackPair({ mtu: 1500 })
    const lossy = impair(a, { toLink: { delayUs: 1500, loss: 0.02 } }, 'event loop')
    const [here, there] = [lossy, b].map((link, i) =>
      createWeb(new LinkHost(link, { addresses: ['10.0.0.' + (i + 1) + '/24'] })))
    const listener = there.listen({ port: 7 })
    const socket = here.connect('10.0.0.2:7')
    const { value: server } = await listener.next()
    void server.readable.pipeTo(server.writable)
    const writer = socket.writable.getWriter()
    void writer.write(new Uint8Array(200000).fill(3)).then(() => writer.close())
    let octets = 0
    for await (const chunk of socket.readable) if (chunk.every((octet) => octet === 3)) octets += chunk.length
    parentPort.postMessage(octets)
    process.exit()
  `)
    assert.deepEqual(said, [200_000])
  },
)

/** What a browser has not. */
const LIKE_A_BROWSER = `
  delete globalThis.setImmediate
  delete globalThis.clearImmediate
  const timers = new Map()
  const { setTimeout: set, clearTimeout: clear } = globalThis
  globalThis.setTimeout = (call, ms) => { const timer = set(call, ms); timers.set(+timer, timer); return +timer }
  globalThis.clearTimeout = (number) => clear(timers.get(number))`

/** Runs a module in a thread; what it posted when it has ended. */
async function inThread(source: string): Promise<unknown[]> {
  const prelude = `const { parentPort, workerData } = require('node:worker_threads'); void (async () => {`
  const workerData = new URL('../../src/', import.meta.url).href
  const worker = new Worker(`${prelude}${source}})()`, { eval: true, workerData })
  const said: unknown[] = []
  worker.on('message', (message) => said.push(message))
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject)
    worker.on('exit', () => resolve())
  })
  return said
}
