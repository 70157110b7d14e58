/** The process stands still while packets arrive and deadlines pass: the packets come first, and starve no timer. */

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { nowUs } from '../../src/link/clock.ts'
import { LinkHost } from '../../src/link/host.ts'
import type { Link } from '../../src/link/link.ts'
import { noLink } from '../../src/link/no-link.ts'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { Stack } from '../../src/stack/stack.ts'
import { ESTABLISHED } from '../../src/tcp/state.ts'
import { parseAddress } from '../../src/wire/address.ts'
import { BareLink } from './bare-link.ts'

/** Time as the driver sees it, which passes by `stall` alone. */
class StoppedClock {
  #ms = 1000

  constructor(t: TestContext) {
    t.mock.method(performance, 'now', () => this.#ms)
  }

  stall(ms: number): void {
    this.#ms += ms
  }
}

/** A link whose packets wait to be asked for, as those of a device do: so many a turn. */
class Device extends BareLink implements Link {
  /** Packets that wait, oldest first. */
  readonly waiting: Uint8Array[] = []
  readonly sent: Uint8Array[] = []

  send(frame: Uint8Array, length: number): boolean {
    this.sent.push(frame.slice(0, length))
    return true
  }

  /** Hands over so many packets. */
  read(most: number): void {
    for (const packet of this.waiting.splice(0, most)) this.onPacket?.(packet, 0, packet.length)
    this.onBatchEnd?.()
  }

  ref(): void {}
  unref(): void {}
  close(): void {}
}

const options = (address: string) => ({ addresses: [address], secret: new Uint8Array(16), random: () => 7 })

/** A host on a device, the other host, and an open connection between both. */
class Scene {
  readonly device = new Device()
  readonly host = new LinkHost(this.device, options('10.0.0.1/24'))
  readonly other = new Stack(options('10.0.0.2/24'))
  readonly #frame = new Uint8Array(1500)

  async open(): Promise<HostedConnection> {
    this.other.listen({ port: 80 })
    this.host.sync()
    const connection = this.host.stack.connect({ remoteAddress: parseAddress('10.0.0.2')!, remotePort: 80 })
    await turn()
    this.answer()
    this.device.read(1)
    assert.equal(connection.state, ESTABLISHED)
    this.answer()
    return connection
  }

  /** The other host has what was sent, and its answers wait at the device. */
  answer(): void {
    for (const packet of this.device.sent.splice(0)) this.other.handlePacket(nowUs(), packet)
    for (let length: number; (length = this.other.pollTransmit(nowUs(), this.#frame)) > 0; )
      this.device.waiting.push(this.#frame.slice(0, length))
  }
}

/** Two full segments, which are acknowledged at once. */
const TEXT = new Uint8Array(2 * (1500 - 20 - 20 - 12))

test('an acknowledgment that waits at the link comes before the timeout that it is for', async (t) => {
  const clock = new StoppedClock(t)
  const scene = new Scene()
  const connection = await scene.open()
  connection.send(TEXT)
  await turn()
  scene.answer()
  assert.equal(scene.device.waiting.length, 1)
  clock.stall(10_000)
  connection.push() // A call of the application: what follows happens in the turn that comes.
  await turn()
  assert.equal(connection.tcb.totalRetransmissions, 0)
  scene.device.read(64)
  assert.equal(connection.tcb.snd.una, connection.tcb.snd.nxt)
  for (let i = 0; i < 20; i++) await turn()
  assert.equal(connection.tcb.totalRetransmissions, 0)
  assert.deepEqual(scene.device.sent, [])
  scene.host.close()
})

test('so it does behind packets that the link hands over first, a few each turn', async (t) => {
  const clock = new StoppedClock(t)
  const scene = new Scene()
  const connection = await scene.open()
  connection.send(TEXT)
  await turn()
  scene.answer()
  const stranger = Uint8Array.from(scene.device.waiting[0]!)
  stranger[0] = 0 // of no version
  for (let i = 0; i < 10; i++) scene.device.waiting.unshift(stranger)
  clock.stall(10_000)
  scene.host.driver.flush()
  for (let i = 0; i < 6; i++) {
    await turn()
    assert.equal(connection.tcb.totalRetransmissions, 0)
    scene.device.read(2)
  }
  assert.equal(connection.tcb.snd.una, connection.tcb.snd.nxt)
  for (let i = 0; i < 20; i++) await turn()
  assert.equal(connection.tcb.totalRetransmissions, 0)
  scene.host.close()
})

test('the alarm rings before the link is asked: what it has comes first then, too', async (t) => {
  const clock = new StoppedClock(t)
  const scene = new Scene()
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const connection = await scene.open()
  connection.send(TEXT)
  await turn()
  scene.answer()
  clock.stall(10_000)
  t.mock.timers.tick(10_000)
  scene.device.read(64)
  for (let i = 0; i < 20; i++) await turn()
  assert.equal(connection.tcb.snd.una, connection.tcb.snd.nxt)
  assert.equal(connection.tcb.totalRetransmissions, 0)
  scene.host.close()
})

test('packets that never cease to arrive do not starve timers', async (t) => {
  const clock = new StoppedClock(t)
  const scene = new Scene()
  const connection = await scene.open()
  connection.send(TEXT)
  await turn()
  clock.stall(10_000)
  const stranger = new Uint8Array(40)
  let turns = 0
  while (connection.tcb.totalRetransmissions === 0) {
    assert.ok(++turns < 20)
    scene.device.waiting.push(stranger)
    scene.device.read(1)
    await turn()
  }
  assert.ok(turns > 2)
  scene.host.close()
})

test('nothing arrives: a deadline that has passed waits for two turns', async (t) => {
  const clock = new StoppedClock(t)
  const scene = new Scene()
  const connection = await scene.open()
  connection.send(TEXT)
  await turn()
  clock.stall(10_000)
  scene.host.driver.flush()
  await turn()
  assert.equal(connection.tcb.totalRetransmissions, 0)
  await turn()
  assert.equal(connection.tcb.totalRetransmissions, 1)
  scene.host.close()
})

/** Connections of a host to itself, both ends of each: those that opened them, and those that took them. */
async function toItself(host: LinkHost, count: number): Promise<[HostedConnection[], HostedConnection[]]> {
  host.sync()
  const listener = host.stack.listen({ port: 80, backlog: count })
  const remoteAddress = parseAddress('127.0.0.1')!
  const opened = Array.from({ length: count }, () => host.stack.connect({ remoteAddress, remotePort: 80 }))
  while (!opened.every(({ state }) => state === ESTABLISHED) || listener.waiting < count) await turn()
  return [opened, Array.from({ length: count }, () => host.stack.accept(listener)!)]
}

test('a host to itself: a delayed acknowledgment goes before the timeout that waits for it', async (t) => {
  const clock = new StoppedClock(t)
  const host = new LinkHost(noLink(1500), options('127.0.0.1/8'))
  const [[opened]] = await toItself(host, 1)
  opened!.send(new Uint8Array(10))
  await turn()
  assert.notEqual(opened!.tcb.snd.una, opened!.tcb.snd.nxt, 'the acknowledgment is delayed')
  clock.stall(10_000)
  host.driver.flush()
  for (let i = 0; i < 20; i++) await turn()
  assert.equal(opened!.tcb.snd.una, opened!.tcb.snd.nxt)
  assert.equal(opened!.tcb.counts.timeouts, 0)
  host.close()
})

test('a host to itself: packets that wait for their turn come before timeouts', async (t) => {
  const clock = new StoppedClock(t)
  const host = new LinkHost(noLink(1500), options('127.0.0.1/8'))
  const [opened, taken] = await toItself(host, 40)
  for (const each of opened) each.send(new Uint8Array(10 * 1460))
  await turn()
  assert.ok(host.stack.occupancy.toSelf > 0, 'more than one turn handles')
  clock.stall(10_000)
  host.driver.flush()
  for (let i = 0; i < 20; i++) await turn()
  for (const { tcb } of opened) assert.equal(tcb.counts.timeouts, 0)
  for (const { readable } of taken) assert.equal(readable, 10 * 1460)
  host.close()
})

test('a host to itself: packets that never cease to arrive do not starve timers', async (t) => {
  const clock = new StoppedClock(t)
  const host = new LinkHost(noLink(1500), {
    ...options('127.0.0.1/8'),
    addresses: ['127.0.0.1/8', '10.0.0.1/24'],
  })
  const [opened, taken] = await toItself(host, 40)
  const unanswered = host.stack.connect({ remoteAddress: parseAddress('10.0.0.2')!, remotePort: 80 })
  await turn()
  clock.stall(10_000)
  const octets = new Uint8Array(100_000)
  let turns = 0
  while (unanswered.tcb.totalRetransmissions === 0) {
    assert.ok(++turns < 20)
    for (const each of taken) each.receive(octets)
    for (const each of opened) each.send(octets)
    await turn()
    assert.ok(host.stack.occupancy.toSelf > 0)
  }
  assert.ok(turns > 2)
  host.close()
})

test('more deadlines than one turn handles are handled in the next ones', async (t) => {
  const clock = new StoppedClock(t)
  const device = new Device()
  const host = new LinkHost(device, options('10.0.0.1/24'))
  host.sync()
  const remoteAddress = parseAddress('10.0.0.2')!
  const count = 600
  for (let port = 1; port <= count; port++)
    host.stack.connect({ remoteAddress, remotePort: port, localPort: 2000 + port })
  while (host.stack.occupancy.ready > 0) await turn()
  assert.equal(device.sent.splice(0).length, count)
  clock.stall(1500)
  host.driver.flush()
  const sent: number[] = []
  for (let i = 0; i < 6; i++) {
    await turn()
    sent.push(device.sent.splice(0).length)
  }
  assert.equal(
    sent.reduce((sum, each) => sum + each),
    count,
  )
  assert.ok(Math.max(...sent) <= 256, `${sent}`)
  host.close()
})
