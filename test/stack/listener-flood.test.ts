/** A flood of SYNs from forged addresses: what it costs is bounded, and a real client still gets through. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { Stack } from '../../src/stack/stack.ts'
import { address, Host, randomOf, SECRET } from './host-harness.ts'
import { type Arriving, packetOf } from './packets-harness.ts'

const FLOOD = 100_000
const SYN_QUEUE = 256

/** A SYN from somewhere, now and then with text. */
function forged(random: () => number): Arriving {
  const [a, b] = [random() >>> 0, random() >>> 0]
  const src = `${1 + (a % 9)}.${(a >>> 8) & 255}.${(a >>> 16) & 255}.${1 + ((a >>> 24) % 254)}`
  return { flags: 'S', src, srcPort: b & 0xffff, seq: b, mss: 1460, text: b % 7 === 0 ? 1400 : 0 }
}

/** A flood of `perSecond`, with a client that joins after a second. Its RTT is 20 ms. */
function flooded(
  perSecond: number,
  count: number,
): {
  host: Host
  client: HostedConnection
  connectedAtMs: number
  most: number
} {
  const host = new Host({ limits: { synQueue: SYN_QUEUE } })
  host.checking = false
  const listener = host.listen({ port: 80 })
  const random = randomOf(5)
  const clientStack = new Stack({
    addresses: ['10.0.0.2/24'],
    secret: SECRET,
    random,
    config: host.stack.config,
  })
  const startUs = host.now
  const frame = new Uint8Array(1500)
  let client: HostedConnection | null = null
  let connectedAtMs = -1
  let most = 0
  /** Packets between the two, 10 ms each way. */
  const flying: { at: number; bytes: Uint8Array; toHost: boolean }[] = []
  const stepUs = 1_000_000 / perSecond
  for (let i = 0; i < count || connectedAtMs < 0; i++) {
    host.advance(stepUs / 1000)
    const { now } = host
    if (i < count) host.deliver(forged(random))
    while (flying.length > 0 && flying[0]!.at <= now) {
      const { bytes, toHost } = flying.shift()!
      if (toHost) host.deliver(bytes)
      else clientStack.handlePacket(now, bytes)
    }
    if (client === null && now - startUs >= 1_000_000) {
      clientStack.clock.now = now
      client = clientStack.connect({ remoteAddress: address('10.0.0.1'), remotePort: 80 })
    }
    if (clientStack.pollTimeout() <= now) clientStack.handleTimeout(now)
    for (let n = clientStack.pollTransmit(now, frame); n > 0; n = clientStack.pollTransmit(now, frame)) {
      flying.push({ at: now + 10_000, bytes: frame.slice(0, n), toHost: true })
    }
    for (const packet of host.poll()) {
      if (packet.dst === '10.0.0.2') flying.push({ at: now + 10_000, bytes: packet.bytes, toHost: false })
      assert.equal(packet.flags, 'SA', 'a flood is answered with SYN-ACKs and nothing else')
    }
    most = Math.max(most, host.stack.size)
    const accepted = host.stack.accept(listener)
    if (accepted !== null) connectedAtMs = (now - startUs) / 1000
    assert.ok(now - startUs < 300e6, 'the client never got through')
  }
  return { host, client: client!, connectedAtMs, most }
}

test('SYN flood, 100,000 SYNs at 10,000 a second: memory is bounded and a client gets through', () => {
  const { host, client, most, connectedAtMs } = flooded(10_000, FLOOD)
  assert.ok(most <= SYN_QUEUE + 1, `${most} connections at once`)
  assert.equal(client.stateName, 'ESTABLISHED')
  assert.ok(connectedAtMs < 60_000, `connected only after ${connectedAtMs} ms`)
  assert.equal(host.stack.occupancy.halfOpen <= SYN_QUEUE, true)
  assert.ok(host.stack.occupancy.bufferBytes <= SYN_QUEUE * 2048)
  const hearing = host.events().filter(([target]) => target instanceof HostedConnection)
  assert.equal(hearing.length, 1, 'the application hears of no connection but the one it accepted')
  host.advance(400_000)
  const [left] = host.stack.connections()
  assert.equal(host.stack.size, 1, 'in the end only the client is left')
  left!.abort()
  host.assertEmpty()
})

test('SYN flood below what the queue holds: a client does not even notice', () => {
  const { connectedAtMs } = flooded(200, 2000)
  assert.ok(connectedAtMs < 1100, `connected after ${connectedAtMs} ms`)
})

test('SYN flood, 100,000 SYNs in one instant: the cost of each is constant', () => {
  const host = new Host({ limits: { synQueue: 1024 } })
  host.checking = false
  const listener = host.listen({ port: 80 })
  const random = randomOf(6)
  for (let i = 0; i < FLOOD; i++) host.stack.handlePacket(host.now, packetOf(forged(random)))
  assert.equal(listener.halfOpen, 1024)
  assert.equal(host.poll().length, 1024)
  assert.equal(host.drops('syn-queue-full'), FLOOD - 1024)
  // Then a client: by its first retransmission, after 1 s, the oldest entries yield.
  assert.deepEqual(host.inject({ flags: 'S', srcPort: 7 }), [])
  host.advance(1000)
  const [answer] = host.inject({ flags: 'S', srcPort: 7, seq: 3 })
  host.inject({ flags: 'A', srcPort: 7, seq: 4, ack: answer!.seq + 1 })
  assert.equal(host.stack.accept(listener)!.stateName, 'ESTABLISHED')
})
