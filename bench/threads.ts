/**
 * One way between two threads of a process, the sender in a worker: `elko/web` over a MessagePort, and `node:net` over the
 * kernel's loopback. The worker runs this file, too.
 */

import { once } from 'node:events'
import net from 'node:net'
import { MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads'
import { LinkHost } from '../src/link/host.ts'
import { messagePortLink } from '../src/link/message-port.ts'
import { createWeb } from '../src/web/index.ts'
import { pour } from './sockets.ts'

const CHUNK = 256 * 1024
const [RECEIVER, SENDER] = ['10.0.0.1', '10.0.0.2']

/** What the sender is told: the port that it sends over, in one of the two meanings. */
interface Order {
  readonly messagePort?: MessagePort
  readonly tcpPort?: number
}

const order = workerData as Order | null
if (order?.messagePort !== undefined) await sendWeb(order.messagePort)
if (order?.tcpPort !== undefined) pour(net.connect({ port: order.tcpPort, host: '127.0.0.1' }))

async function sendWeb(port: MessagePort): Promise<void> {
  const host = new LinkHost(messagePortLink(port), { addresses: [`${SENDER}/24`] })
  const writer = createWeb(host).connect(`${RECEIVER}:80`).writable.getWriter()
  const chunk = new Uint8Array(CHUNK).fill(7)
  for (;;) await writer.write(chunk)
}

/** Gbit/s of `elko/web`. */
export async function webGbps(octets: number): Promise<number> {
  const { port1, port2 } = new MessageChannel()
  const host = new LinkHost(messagePortLink(port1), { addresses: [`${RECEIVER}/24`] })
  const listener = createWeb(host).listen({ port: 80 })
  await listener.opened
  const worker = startWorker({ messagePort: port2 })
  const { value: socket } = await listener.next()
  const reader = socket!.readable.getReader({ mode: 'byob' })
  let buffer = new ArrayBuffer(CHUNK)
  let received = 0
  const started = performance.now()
  while (received < octets) {
    const { value, done } = await reader.read(new Uint8Array(buffer))
    if (done) throw new Error(`the sender ended after ${received} octets`)
    received += value.length
    buffer = value.buffer
  }
  const gbps = (received * 8) / (performance.now() - started) / 1e6
  await worker.terminate()
  host.close()
  return gbps
}

/** Gbit/s of `node:net`. */
export async function nodeGbps(octets: number): Promise<number> {
  const server = net.createServer({ highWaterMark: 1 << 20 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const worker = startWorker({ tcpPort: (server.address() as net.AddressInfo).port })
  const [socket] = (await once(server, 'connection')) as [net.Socket]
  let received = 0
  const started = performance.now()
  await new Promise<void>((resolve) => {
    socket.on('error', () => {})
    socket.on('data', (data) => {
      received += data.length
      if (received >= octets) resolve()
    })
  })
  const gbps = (received * 8) / (performance.now() - started) / 1e6
  socket.destroy()
  server.close()
  await worker.terminate()
  return gbps
}

function startWorker(order: Order): Worker {
  const transferList = order.messagePort === undefined ? [] : [order.messagePort]
  return new Worker(new URL(import.meta.url), { workerData: order, transferList })
}
