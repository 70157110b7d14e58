/**
 * An hour of a server with many keep-alive clients at 1 % loss, on the test network: how long it takes, and that it is the
 * same hour twice. `node dist/bench/testnet-hour.js [--clients 100] [--every 10] [--app FILE] [--no-record]`; FILE exports a request
 * listener by default, such as an Express app (examples/).
 */

import http from 'node:http'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { network } from '../src/testnet/index.ts'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '100' },
    every: { type: 'string', default: '10' },
    minutes: { type: 'string', default: '60' },
    app: { type: 'string' },
    'no-record': { type: 'boolean', default: false },
  },
})
const clients = Number(values.clients)
const everyMs = Number(values.every) * 1000
const endMs = Number(values.minutes) * 60_000
const app: http.RequestListener =
  values.app === undefined
    ? (request, response) => {
        response.setHeader('Content-Type', 'application/json')
        response.end(JSON.stringify({ url: request.url }))
      }
    : (await import(pathToFileURL(resolve(values.app)).href)).default

interface Hour {
  readonly requests: number
  readonly packets: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly fingerprint: string
}

async function hour(): Promise<Hour> {
  await using net = network({ seed: 7, record: !values['no-record'] })
  const server = net.host('10.0.0.2', { name: 'server' })
  const httpServer = http.createServer({ keepAliveTimeout: 4 * everyMs }, app)
  server.net.createServer((socket) => httpServer.emit('connection', socket)).listen(80)
  const hosts = Array.from({ length: clients }, (_, i) => net.host(`10.0.${1 + (i >> 7)}.${1 + (i & 127)}`))
  for (const host of hosts) net.path(host, server, { rate: '20mbit', delay: '20ms', loss: '1%' })
  let requests = 0
  let packets = 0
  const [began, cpu] = [performance.now(), process.cpuUsage()]
  await net.run(async () => {
    const client = async (number: number): Promise<void> => {
      const agent = new http.Agent({ keepAlive: true, timeout: 4 * everyMs })
      Object.assign(agent, { createConnection: hosts[number]!.net.connect })
      await sleep(net.random.range(0, everyMs))
      while (net.now < endMs) {
        await get(agent, `/${number}/${requests++}`)
        await sleep(everyMs)
      }
      agent.destroy()
    }
    await Promise.all(hosts.map((_, number) => client(number)))
    packets = net.packets
  })
  const { user, system } = process.cpuUsage(cpu)
  return {
    requests,
    packets,
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: (user + system) / 1e6,
    fingerprint: net.fingerprint,
  }
}

function get(agent: http.Agent, path: string): Promise<void> {
  return new Promise((done, reject) => {
    const request = http.get({ agent, host: '10.0.0.2', path }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`))
      response.resume().on('end', done)
    })
    request.on('error', reject)
  })
}

const hours = [await hour(), await hour()]
for (const { requests, packets, seconds, cpuSeconds, fingerprint } of hours) {
  const perRequest = Math.round((cpuSeconds * 1e6) / requests)
  console.log(
    `${clients} clients, ${requests} requests, ${packets} packets: ${seconds.toFixed(1)} s, ` +
      `${cpuSeconds.toFixed(1)} s of CPU, ${perRequest} us a request, fingerprint ${fingerprint}`,
  )
}
const isSame = hours[0]!.fingerprint === hours[1]!.fingerprint
console.log(isSame ? 'the same hour twice' : 'two different hours')
process.exitCode = isSame ? 0 : 1
