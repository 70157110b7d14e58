/** Elko in one process: bulk, round trips, setups, memory. Each returns one number in the unit its name says. */

import { configure } from '../src/tcp/config.ts'
import { CONNECTED, DRAINED, GONE, PEER_CLOSED, READABLE, WRITABLE } from '../src/tcp/signals.ts'
import { DEAF, pair } from './pair.ts'

const CHUNK = 256 * 1024

/** Gbit/s of one connection, one way. */
export function bulkGbps(mtu: number, checksumOffload: boolean, octets: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const chunk = new Uint8Array(CHUNK).fill(7)
    const target = new Uint8Array(CHUNK)
    let received = 0
    let started = 0
    const { client, server, serverAddress } = pair(
      { mtu, checksumOffload },
      {
        onConnection(connection, events) {
          if ((events & GONE) !== 0) reject(new Error(`ended: ${connection.closeReason}`))
          if ((events & (CONNECTED | WRITABLE | DRAINED)) === 0) return
          while (connection.send(chunk) === chunk.length);
        },
        onListener() {},
      },
      {
        onConnection(connection, events) {
          if ((events & READABLE) === 0) return
          for (let n = connection.receive(target); n > 0; n = connection.receive(target)) received += n
          if (received < octets) return
          resolve((received * 8) / (performance.now() - started) / 1e6)
          client.close()
          server.close()
        },
        onListener: (listener) => void server.stack.accept(listener),
      },
    )
    server.stack.listen({ port: 80 })
    started = performance.now()
    client.stack.connect({ remoteAddress: serverAddress, remotePort: 80 })
  })
}

/** One-octet round trips per second on one connection. */
export function roundTripsPerSecond(count: number): Promise<number> {
  return new Promise((resolve) => {
    const octet = new Uint8Array(1)
    let trips = 0
    let started = 0
    const config = configure({ nagle: false })
    const { client, server, serverAddress } = pair(
      { mtu: 65535, checksumOffload: true, config },
      {
        onConnection(connection, events) {
          if ((events & CONNECTED) !== 0) {
            started = performance.now()
            connection.send(octet)
          }
          if ((events & READABLE) === 0 || connection.receive(octet) === 0) return
          if (++trips < count) return void connection.send(octet)
          resolve((trips * 1000) / (performance.now() - started))
          client.close()
          server.close()
        },
        onListener() {},
      },
      {
        onConnection(connection, events) {
          if ((events & READABLE) !== 0 && connection.receive(octet) > 0) connection.send(octet)
        },
        onListener: (listener) => void server.stack.accept(listener),
      },
    )
    server.stack.listen({ port: 80 })
    client.stack.connect({ remoteAddress: serverAddress, remotePort: 80 })
  })
}

/** Connections opened, used for nothing and closed, per second; `atOnce` of them at a time. */
export function setupsPerSecond(count: number, atOnce: number): Promise<number> {
  return new Promise((resolve) => {
    let opened = 0
    let closed = 0
    let started = 0
    const config = configure({ mslMs: 1 })
    const open = (): void => {
      opened++
      client.stack.connect({ remoteAddress: serverAddress, remotePort: 80 })
    }
    const { client, server, serverAddress } = pair(
      { mtu: 65535, checksumOffload: true, config },
      {
        onConnection(connection, events) {
          if ((events & CONNECTED) !== 0) connection.release()
          if ((events & PEER_CLOSED) !== 0) {
            closed++
            if (closed === count) {
              resolve((count * 1000) / (performance.now() - started))
              client.close()
              server.close()
            } else if (opened < count) open()
          }
        },
        onListener() {},
      },
      {
        onConnection(connection, events) {
          if ((events & PEER_CLOSED) !== 0) connection.release()
        },
        onListener(listener) {
          while (server.stack.accept(listener) !== null);
        },
      },
    )
    server.stack.listen({ port: 80, backlog: 4096 })
    started = performance.now()
    for (let i = 0; i < atOnce; i++) open()
  })
}

/** Octets of memory per idle connection, both ends of one process counted apiece. Needs --expose-gc. */
export async function octetsPerIdleConnection(count: number): Promise<number> {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) throw new Error('run with --expose-gc')
  // One remote socket has 16,384 ephemeral ports for us, so the client has several addresses.
  const clientAddresses = Array.from({ length: Math.ceil(count / 10_000) }, (_, i) => `10.0.${i}.1/8`)
  const { client, server, serverAddress } = pair(
    { mtu: 65535, checksumOffload: true, clientAddresses },
    DEAF,
    {
      onConnection() {},
      onListener: (listener) => {
        while (server.stack.accept(listener) !== null);
      },
    },
  )
  server.stack.listen({ port: 80, backlog: 4096 })
  const used = (): number => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const before = used()
  const { prefixes } = client.stack.addresses
  for (let opened = 0; opened < count; ) {
    for (let i = 0; i < 500 && opened < count; i++, opened++) {
      const localAddress = prefixes[Math.floor(opened / 10_000)]!.address
      client.stack.connect({ remoteAddress: serverAddress, remotePort: 80, localAddress })
    }
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
  }
  if (server.stack.size !== count) throw new Error(`${server.stack.size} of ${count} connections are open`)
  const octets = (used() - before) / (2 * count)
  client.close()
  server.close()
  return octets
}
