/** The same measurements for `node:net` over the kernel's loopback. */

import { once } from 'node:events'
import net from 'node:net'

const CHUNK = 256 * 1024

async function listening(onConnection: (socket: net.Socket) => void): Promise<[net.Server, number]> {
  const server = net.createServer({ noDelay: true, highWaterMark: 1 << 20 }, onConnection)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return [server, (server.address() as net.AddressInfo).port]
}

/** Gbit/s of one connection, one way. */
export async function bulkGbps(octets: number): Promise<number> {
  let received = 0
  let finished: (gbps: number) => void
  let started = 0
  const result = new Promise<number>((resolve) => {
    finished = resolve
  })
  const [server, port] = await listening((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      received += data.length
      if (received < octets) return
      finished((received * 8) / (performance.now() - started) / 1e6)
      socket.destroy()
      server.close()
    })
  })
  const client = net.connect({ port, host: '127.0.0.1' })
  client.on('error', () => {})
  await once(client, 'connect')
  started = performance.now()
  const chunk = Buffer.alloc(CHUNK, 7)
  const fill = (): void => {
    while (!client.destroyed && client.write(chunk));
  }
  client.on('drain', fill)
  fill()
  const gbps = await result
  client.destroy()
  return gbps
}

/** One-octet round trips per second. */
export async function roundTripsPerSecond(count: number): Promise<number> {
  const [server, port] = await listening((socket) => void socket.on('data', (data) => socket.write(data)))
  const client = net.connect({ port, host: '127.0.0.1', noDelay: true })
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
export async function setupsPerSecond(count: number, atOnce: number): Promise<number> {
  const [server, port] = await listening((socket) => {
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
      const socket = net.connect({ port, host: '127.0.0.1' }, () => socket.end())
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

/** Octets of this process per idle connection end. Needs --expose-gc; the kernel's own memory is not seen. */
export async function octetsPerIdleConnection(count: number): Promise<number> {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) throw new Error('run with --expose-gc')
  const accepted: net.Socket[] = []
  const [server, port] = await listening((socket) => void accepted.push(socket))
  collect()
  const before = process.memoryUsage()
  const sockets: net.Socket[] = []
  for (let i = 0; i < count; i++) {
    const socket = net.connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    sockets.push(socket)
  }
  await new Promise((resolve) => setTimeout(resolve, 200))
  collect()
  const after = process.memoryUsage()
  const octets = (after.heapUsed + after.external - before.heapUsed - before.external) / (2 * count)
  for (const socket of [...sockets, ...accepted]) socket.destroy()
  server.close()
  return octets
}
