/**
 * Measurements of sockets as programs use them, for `node:net` over the kernel's loopback and for `elko/net` alike: each takes
 * the module. Both ends are in this process. Each returns one number in the unit its name says, or several by name.
 */

import { once } from 'node:events'
import http from 'node:http'
import type net from 'node:net'
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks'

/** What the measurements need of a module. */
export type Net = Pick<typeof net, 'connect' | 'createServer'>

const HOST = '127.0.0.1'
const CHUNK = 256 * 1024

async function listening(
  { createServer }: Net,
  onConnection: (socket: net.Socket) => void,
): Promise<[net.Server, number]> {
  const server = createServer({ noDelay: true, highWaterMark: 1 << 20 }, onConnection)
  server.listen(0, HOST, 4096)
  await once(server, 'listening')
  return [server, (server.address() as net.AddressInfo).port]
}

/** Writes as fast as the socket takes it, until it is destroyed. */
export function pour(socket: net.Socket): void {
  const chunk = Buffer.alloc(CHUNK, 7)
  const fill = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  }
  socket.on('error', () => {})
  socket.on('drain', fill)
  fill()
}

/** Gbit/s of so many connections together, one way. */
export async function bulkGbps(module: Net, connections: number, octets: number): Promise<number> {
  let received = 0
  let finished: (gbps: number) => void
  let started = 0
  const result = new Promise<number>((resolve) => {
    finished = resolve
  })
  const [server, port] = await listening(module, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      received += data.length
      if (received < octets) return
      finished((received * 8) / (performance.now() - started) / 1e6)
      socket.destroy()
      server.close()
    })
  })
  const clients = Array.from({ length: connections }, () => module.connect({ port, host: HOST }))
  await Promise.all(clients.map((client) => once(client, 'connect')))
  started = performance.now()
  for (const client of clients) pour(client)
  const gbps = await result
  for (const client of clients) client.destroy()
  return gbps
}

/** One-octet round trips per second. */
export async function roundTripsPerSecond(module: Net, count: number): Promise<number> {
  const [server, port] = await listening(
    module,
    (socket) => void socket.on('data', (data) => socket.write(data)),
  )
  const client = module.connect({ port, host: HOST, noDelay: true })
  await once(client, 'connect')
  const octet = Buffer.alloc(1)
  let trips = 0
  const started = performance.now()
  await new Promise<void>((resolve) => {
    client.on('data', () => {
      if (++trips === count) resolve()
      else client.write(octet)
    })
    client.write(octet)
  })
  const rate = (trips * 1000) / (performance.now() - started)
  client.destroy()
  server.close()
  return rate
}

/** Connections opened and closed per second. */
export async function setupsPerSecond(module: Net, count: number, atOnce: number): Promise<number> {
  const [server, port] = await listening(module, (socket) => {
    socket.on('error', () => {})
    socket.resume()
    socket.on('end', () => socket.end())
  })
  let opened = 0
  let closed = 0
  const started = performance.now()
  await new Promise<void>((resolve) => {
    const open = (): void => {
      opened++
      const socket = module.connect({ port, host: HOST }, () => socket.end())
      socket.on('error', () => {})
      socket.resume()
      socket.on('close', () => {
        if (++closed === count) resolve()
        else if (opened < count) open()
      })
    }
    for (let i = 0; i < atOnce; i++) open()
  })
  const rate = (count * 1000) / (performance.now() - started)
  server.close()
  return rate
}

/** Octets of this process per idle connection end. Needs --expose-gc; a kernel's own memory is not seen. */
export async function octetsPerIdleConnection(module: Net, count: number): Promise<number> {
  const accepted: net.Socket[] = []
  const [server, port] = await listening(module, (socket) => void accepted.push(socket))
  const before = usedOctets()
  const sockets = await open(module, port, count)
  await new Promise((resolve) => setTimeout(resolve, 200))
  const octets = (usedOctets() - before) / (2 * count)
  for (const socket of [...sockets, ...accepted]) socket.destroy()
  server.close()
  return octets
}

/** Octets of live objects and their buffers. */
function usedOctets(): number {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) throw new Error('run with --expose-gc')
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** One after the other: nobody measures this. */
async function open(module: Net, port: number, count: number): Promise<net.Socket[]> {
  const sockets: net.Socket[] = []
  for (let i = 0; i < count; i++) {
    const socket = module.connect({ port, host: HOST, noDelay: true })
    await once(socket, 'connect')
    sockets.push(socket)
  }
  return sockets
}

/** What many connections that all echo at once cost. */
export interface Crowd extends Record<string, number> {
  /** Echoes of one message per second, over all connections. */
  readonly echoesPerSecond: number
  /** Lateness of a timer that is due every millisecond, ms; p50 of an idle loop is about 1.1. */
  readonly delayP50Ms: number
  readonly delayP99Ms: number
  readonly delayMaxMs: number
  /** Octets of this process per connection end, while all are open and have echoed. A kernel's own memory is not seen. */
  readonly octetsPerEnd: number
  /** The most that the process had resident, MB. */
  readonly residentMB: number
}

/** So many connections are open; on each a message goes out as soon as the one before came back whole. Needs --expose-gc. */
export async function crowd(module: Net, connections: number, echoes: number, octets = 1024): Promise<Crowd> {
  const accepted: net.Socket[] = []
  const [server, port] = await listening(module, (socket) => {
    accepted.push(socket)
    socket.on('data', (data) => socket.write(data))
  })
  const before = usedOctets()
  const sockets = await open(module, port, connections)
  const message = Buffer.alloc(octets, 7)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  // The monitor hears nothing of a loop that turns for the first time after it began.
  await new Promise(setImmediate)
  delay.enable()
  const started = performance.now()
  await Promise.all(sockets.map((socket) => converse(socket, message, echoes)))
  const seconds = (performance.now() - started) / 1000
  await new Promise((resolve) => setTimeout(resolve, 5)) // so that the last delay is seen
  delay.disable()
  const octetsPerEnd = (usedOctets() - before) / (2 * connections)
  for (const socket of [...sockets, ...accepted]) socket.destroy()
  server.close()
  return {
    echoesPerSecond: (connections * echoes) / seconds,
    delayP50Ms: delay.percentile(50) / 1e6,
    delayP99Ms: delay.percentile(99) / 1e6,
    delayMaxMs: delay.max / 1e6,
    octetsPerEnd,
    residentMB: process.resourceUsage().maxRSS / 1024,
  }
}

function converse(socket: net.Socket, message: Buffer, echoes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = echoes
    let arrived = 0
    socket.on('error', reject)
    socket.on('data', (data) => {
      arrived += data.length
      if (arrived < message.length) return
      arrived = 0
      if (--left === 0) resolve()
      else socket.write(message)
    })
    socket.write(message)
  })
}

/** What http over keep-alive connections gives. */
export interface Http extends Record<string, number> {
  readonly requestsPerSecond: number
  /** From the call to the end of the answer, ms. */
  readonly latencyP99Ms: number
}

/** So many requests over so many connections that stay open, each asking again as soon as it is answered. */
export async function httpRequests(module: Net, requests: number, connections: number): Promise<Http> {
  const httpServer = http.createServer((request, response) => {
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify({ url: request.url }))
  })
  const [server, port] = await listening(module, (socket) => void httpServer.emit('connection', socket))
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
  Object.assign(agent, { createConnection: module.connect })
  const latency = createHistogram()
  let asked = 0
  const client = async (): Promise<void> => {
    while (asked < requests) {
      const began = performance.now()
      await get({ agent, host: HOST, port, path: `/${asked++}` })
      latency.record(Math.max(1, Math.round((performance.now() - began) * 1e3)))
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: connections }, client))
  const requestsPerSecond = (requests * 1000) / (performance.now() - started)
  agent.destroy()
  server.close()
  return { requestsPerSecond, latencyP99Ms: latency.percentile(99) / 1e3 }
}

function get(options: http.RequestOptions): Promise<void> {
  return new Promise((done, reject) => {
    const request = http.get(options, (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`))
      response.resume().on('end', done)
    })
    request.on('error', reject)
  })
}
