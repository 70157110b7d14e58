/** The loop that joins a stack to a link: what is sent, told and timed, and what a full link holds back. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Driver } from '../../src/link/driver.ts'
import type { Link } from '../../src/link/link.ts'
import { loopbackPair } from '../../src/link/loopback.ts'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { Stack } from '../../src/stack/stack.ts'
import { configure } from '../../src/tcp/config.ts'
import { CONNECTED, GONE, READABLE } from '../../src/tcp/signals.ts'
import { parseAddress } from '../../src/wire/address.ts'
import { BareLink } from './bare-link.ts'
import { until } from './turn.ts'

const SERVER = parseAddress('10.0.0.2')!
const RTO_MS = 60_000

function stackOf(name: string, address: string): Stack {
  let state = name.length
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state
  }
  // No machine stands still for so long that a SYN goes again of itself.
  const config = configure({ mslMs: 20, rtoInitialMs: RTO_MS })
  return new Stack({
    name,
    addresses: [`${address}/24`],
    secret: new Uint8Array(16),
    random,
    mtu: 65535,
    config,
  })
}

/** A link that takes packets only while `room` is true. */
class Valve extends BareLink implements Link {
  override readonly mtu = 65535
  override readonly maxPacket = 65535
  room = true
  closed = false
  readonly sent: Uint8Array[] = []
  send(frame: Uint8Array, length: number): boolean {
    if (this.room) this.sent.push(frame.slice(0, length))
    return this.room
  }
  ref(): void {}
  unref(): void {}
  close(): void {
    this.closed = true
  }
}

const DEAF = { onConnection() {}, onListener() {} }

test('two driven stacks open, carry octets and close; nothing is left', async () => {
  const [a, b] = loopbackPair({ checksumOffload: false })
  const client = stackOf('client', '10.0.0.1')
  const server = stackOf('server', '10.0.0.2')
  const received: number[] = []
  const ends: string[] = []
  const octets = new Uint8Array(8)
  const clientDriver = new Driver(client, a, {
    onConnection(connection, events) {
      if ((events & CONNECTED) !== 0) {
        connection.send(Uint8Array.of(1, 2, 3))
        connection.release()
      }
      if ((events & GONE) !== 0) ends.push(connection.closeReason!)
    },
    onListener() {},
  })
  const serverDriver = new Driver(server, b, {
    onConnection(connection, events) {
      if ((events & READABLE) !== 0) received.push(...octets.subarray(0, connection.receive(octets)))
      if (connection.atEndOfStream && connection.closeReason === null) connection.release()
    },
    onListener: (listener) => void server.accept(listener),
  })
  server.listen({ port: 80 })
  client.connect({ remoteAddress: SERVER, remotePort: 80 })
  await until(() => ends.length > 0 && client.size + server.size === 0)
  assert.deepEqual(received, [1, 2, 3])
  assert.deepEqual(ends, ['closed-normally'])
  assert.deepEqual([client.size, server.size], [0, 0])
  clientDriver.close()
  serverDriver.close()
})

test('calls of one turn of the event loop share one flush', async () => {
  const link = new Valve()
  const stack = stackOf('client', '10.0.0.1')
  const driver = new Driver(stack, link, DEAF)
  stack.connect({ remoteAddress: SERVER, remotePort: 80 })
  stack.connect({ remoteAddress: SERVER, remotePort: 81 })
  assert.equal(link.sent.length, 0)
  await turn()
  assert.equal(link.sent.length, 2)
  driver.close()
})

test('what is to be sent can be sent at once; the other calls of the turn still share a flush', async () => {
  const link = new Valve()
  const stack = stackOf('client', '10.0.0.1')
  const driver = new Driver(stack, link, DEAF)
  const connection = stack.connect({ remoteAddress: SERVER, remotePort: 80 })
  assert.ok(connection.hasUnsent)
  driver.transmit()
  assert.equal(link.sent.length, 1)
  assert.ok(!connection.hasUnsent)
  stack.connect({ remoteAddress: SERVER, remotePort: 81 })
  assert.equal(link.sent.length, 1)
  await turn()
  assert.equal(link.sent.length, 2)
  driver.close()
  driver.transmit()
  assert.equal(link.sent.length, 2)
})

test('whoever is told of an event may have its answer sent at once', async () => {
  const [a, b] = loopbackPair()
  const client = stackOf('client', '10.0.0.1')
  const server = stackOf('server', '10.0.0.2')
  const clientDriver = new Driver(client, a, {
    onConnection(connection, events) {
      if ((events & CONNECTED) === 0) return
      connection.send(Uint8Array.of(1))
      clientDriver.transmit()
      connection.abort() // which gives up what has not gone
    },
    onListener() {},
  })
  const octets: number[] = []
  const serverDriver = new Driver(server, b, {
    onConnection(connection) {
      const target = new Uint8Array(4)
      octets.push(...target.subarray(0, connection.receive(target)))
    },
    onListener: (listener) => void server.accept(listener),
  })
  server.listen({ port: 80 })
  client.connect({ remoteAddress: SERVER, remotePort: 80 })
  for (let i = 0; i < 100; i++) await turn()
  assert.deepEqual(octets, [1])
  clientDriver.close()
  serverDriver.close()
})

test('a packet that a full link refused is sent when there is room, before any other', async () => {
  const link = new Valve()
  link.room = false
  const stack = stackOf('client', '10.0.0.1')
  const driver = new Driver(stack, link, DEAF)
  const first = stack.connect({ remoteAddress: SERVER, remotePort: 80 })
  const second = stack.connect({ remoteAddress: SERVER, remotePort: 81 })
  await turn()
  assert.equal(link.sent.length, 0)
  link.room = true
  link.onWritable?.()
  const ports = link.sent.map((packet) => (packet[20]! << 8) | packet[21]!)
  assert.deepEqual(ports, [first.tcb.path.localPort, second.tcb.path.localPort])
  driver.close()
})

test('a deadline that has passed is handled after a flush, though the host timer has not fired', async () => {
  const link = new Valve()
  const stack = stackOf('client', '10.0.0.1')
  const driver = new Driver(stack, link, DEAF)
  const connection = stack.connect({ remoteAddress: SERVER, remotePort: 80 })
  await turn()
  // As if the SYN had been sent so long ago: its timeout is over.
  connection.tcb.timers.retransmission -= RTO_MS * 1000
  connection.reconfigure(connection.tcb.config)
  driver.flush()
  driver.flush()
  assert.equal(link.sent.length, 1, 'its answer may have arrived')
  await turn()
  await turn()
  assert.equal(link.sent.length, 2)
  assert.equal(connection.tcb.retransmissions, 1)
  await turn()
  assert.equal(link.sent.length, 2)
  driver.close()
})

test('an application that throws keeps nobody from being told', async () => {
  const link = new Valve()
  const stack = stackOf('client', '10.0.0.1')
  const told: HostedConnection[] = []
  const driver = new Driver(stack, link, {
    onConnection(connection) {
      told.push(connection)
      if (told.length === 1) throw new Error('of the application')
    },
    onListener() {},
  })
  const connections = [80, 81].map((port) => stack.connect({ remoteAddress: SERVER, remotePort: port }))
  for (const each of connections) each.abort()
  assert.throws(() => driver.flush(), /of the application/)
  await turn()
  assert.deepEqual(told, connections)
  driver.close()
})

test('after close nothing is sent and no timer is left', async () => {
  const link = new Valve()
  const stack = stackOf('client', '10.0.0.1')
  const driver = new Driver(stack, link, DEAF)
  stack.connect({ remoteAddress: SERVER, remotePort: 80 })
  driver.close()
  const sent = link.sent.length
  driver.wake()
  driver.flush()
  await turn()
  assert.equal(link.closed, true)
  assert.equal(link.sent.length, sent)
  assert.equal(link.onPacket, null)
})
