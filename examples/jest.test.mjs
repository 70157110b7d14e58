// A test in jest (cd examples && NODE_OPTIONS=--experimental-vm-modules npx jest jest.test.mjs): a router at home that
// forgets connections which say nothing for five minutes, and what a heartbeat is for.
import { once } from 'node:events'
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals'
import { network } from 'elko/sim'

jest.setTimeout(60_000) // real time, of a machine that may be busy: 23 hours take a second of it

let net
let home
beforeEach(() => {
  net = network({ seed: 2 })
  home = net.host('192.168.1.10')
  const server = net.host('198.51.100.1')
  net.path(home, server, { delay: '15ms', loss: '1%' })
  net.nat({ address: '203.0.113.7', inside: home, idle: '5min' })
  server.net.createServer((socket) => socket.pipe(socket).on('error', () => {})).listen(7)
})
afterEach(() => net.close())

// Not `import { setTimeout } from 'node:timers/promises'`: what jest imports from Node by name stays the real one. By
// `import timers from 'node:timers/promises'` it is the network's.
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** The code under test: a connection that beats while nothing else is to say. */
async function open(heartbeatMs) {
  const socket = home.net.connect(7, '198.51.100.1')
  await once(socket, 'connect')
  const timer = heartbeatMs > 0 && setInterval(() => socket.write('.'), heartbeatMs)
  socket.once('close', () => clearInterval(timer))
  return socket
}

test('without a heartbeat the router forgets the connection, and the server resets what it does not know', async () => {
  await net.run(async () => {
    const socket = await open(0)
    await sleep(10 * 60_000)
    socket.write('still there?')
    await expect(once(socket, 'data')).rejects.toThrow('read ECONNRESET')
  })
})

test('with a heartbeat every minute it stays for 23 hours', async () => {
  await net.run(async () => {
    const socket = await open(60_000)
    let echoed = 0
    socket.on('data', (chunk) => (echoed += chunk.length))
    await sleep(23 * 3_600_000 + 10_000)
    expect(echoed).toBe(23 * 60)
    socket.destroy()
  })
})
