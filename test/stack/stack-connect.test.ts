/** Active OPENs: ports (RFC 6056), sockets in use, what is refused; and a host that talks to itself. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { CONNECTED, GONE } from '../../src/tcp/signals.ts'
import { HOST, Host, opened, PEER, randomOf, VERSIONS } from './host-harness.ts'

/** The port of each OPEN; all go to one remote socket unless said. */
function portsOf(host: Host, count: number, remotePort = (_: number) => 80): number[] {
  return Array.from(
    { length: count },
    (_, i) => host.connect({ remotePort: remotePort(i) }).tcb.path.localPort,
  )
}

describe('ephemeral ports', () => {
  test('RFC 6056 3.2 (a, c): come from the dynamic range, and none comes twice before most others have', () => {
    const host = new Host()
    const ports = portsOf(host, 1000)
    for (const port of ports) assert.ok(port >= 49152 && port <= 65535)
    assert.equal(new Set(ports).size, 1000)
  })

  test('RFC 6056 3.3, 3.3.5 (a), RFC 5927 4.2: the steps between them are random, and those of another host are others', () => {
    const steps = (seed: number) => {
      const ports = portsOf(new Host({ random: randomOf(seed) }), 200)
      return ports.slice(1).map((port, i) => (port - ports[i]! + 16384) % 16384)
    }
    const own = steps(1)
    assert.ok(new Set(own).size > 100, 'an outsider could guess')
    assert.ok(Math.max(...own) <= 500)
    assert.notDeepEqual(own, steps(2))
  })

  test('the whole range serves one remote socket; then the OPEN is refused; another remote socket has its own', () => {
    const host = new Host()
    host.checking = false
    const ports = portsOf(host, 16384)
    assert.equal(new Set(ports).size, 16384)
    assert.throws(() => host.connect(), { reason: 'address-not-available' })
    assert.ok(host.connect({ remotePort: 81 }))
    const some = host.stack.connections().find(({ tcb }) => tcb.path.remotePort === 80)!
    const { localPort } = some.tcb.path
    some.abort()
    host.poll()
    assert.equal(host.connect().tcb.path.localPort, localPort, 'the one that became free')
  })

  test('RFC 6056 3.1: never are those of a listener', () => {
    const host = new Host()
    for (let port = 49152; port < 65535; port++) host.listen({ port })
    assert.equal(host.connect().tcb.path.localPort, 65535)
    assert.throws(() => host.connect(), { reason: 'address-not-available' })
  })
})

describe('OPEN is refused', () => {
  const host = new Host()
  test('without a remote port', () => {
    for (const remotePort of [0, -1, 65536, 1.5, Number.NaN]) {
      assert.throws(() => host.connect({ remotePort }), { reason: 'remote-socket-unspecified' })
    }
  })
  test('with a local port that is none', () => {
    for (const localPort of [-1, 65536, 1.5, Number.NaN]) {
      assert.throws(() => host.connect({ localPort }), RangeError, `${localPort}`)
    }
    host.assertEmpty()
  })
  test('where the four sockets are taken, in whatever state, until the connection is gone', () => {
    const connection = host.connect({ localPort: 5000 })
    assert.throws(() => host.connect({ localPort: 5000 }), { reason: 'address-in-use' })
    assert.ok(host.connect({ localPort: 5000, remotePort: 81 }))
    assert.ok(host.connect({ localPort: 5000, to: '10.0.0.3' }))
    assert.ok(host.connect({ localPort: 5000, to: PEER[6] }))
    connection.abort()
    assert.ok(host.connect({ localPort: 5000 }), 'at once, before anything is polled')
  })
})

test('after an abort the sockets serve a new connection while the reset still waits to go', () => {
  const host = new Host()
  const listener = host.listen({ port: 80 })
  const { connection, ack } = opened(host, listener, { srcPort: 9 })
  connection.abort()
  host.deliver({ flags: 'S', srcPort: 9, seq: 77 })
  const sent = host.poll()
  assert.deepEqual(
    sent.map(({ flags }) => flags),
    ['R', 'SA'],
  )
  assert.deepEqual([sent[0]!.seq, sent[1]!.ack], [ack, 78])
})

test('in one batch: the last ACK of a connection, then a SYN for its sockets, which is not lost', () => {
  const host = new Host()
  const listener = host.listen({ port: 80 })
  const { connection, seq, ack } = opened(host, listener)
  host.inject({ flags: 'FA', seq, ack })
  connection.close()
  assert.equal(host.poll().at(-1)!.flags, 'FA')
  host.deliver({ flags: 'A', seq: seq + 1, ack: ack + 1 })
  host.deliver({ flags: 'S', seq: 9999 })
  assert.equal(connection.closeReason, 'closed-normally')
  assert.deepEqual(
    host.poll().map((packet) => [packet.flags, packet.ack]),
    [['SA', 10_000]],
  )
})

test("in one batch: a reset, then a segment of the dead connection, which is answered as nobody's", () => {
  const host = new Host()
  const { seq, ack } = opened(host, host.listen({ port: 80 }))
  host.deliver({ flags: 'R', seq })
  host.deliver({ flags: 'A', seq, ack })
  assert.deepEqual(
    host.poll().map((packet) => [packet.flags, packet.seq]),
    [['R', ack]],
  )
})

for (const version of VERSIONS) {
  describe(`IPv${version}: a host that talks to itself`, () => {
    const to = HOST[version]

    test('connects, sends both ways and closes, and no packet reaches the link', () => {
      const host = new Host()
      const listener = host.listen({ port: 80 })
      const client = host.connect({ to })
      assert.deepEqual(host.poll(), [])
      const server = host.stack.accept(listener)!
      const text = new Uint8Array(300_000).map((_, i) => i * 7)
      let sent = 0
      const heard: number[] = []
      const chunk = new Uint8Array(4096)
      while (heard.length < text.length) {
        sent += client.send(text, sent)
        assert.deepEqual(host.advance(1), [])
        for (let n = server.receive(chunk); n > 0; n = server.receive(chunk))
          heard.push(...chunk.subarray(0, n))
      }
      assert.deepEqual(Uint8Array.from(heard), text)
      server.send(text, 0, 10)
      client.close()
      assert.deepEqual(host.advance(1000), [])
      assert.equal(client.readable, 10)
      client.receive(chunk)
      server.close()
      assert.deepEqual(host.advance(1000), [])
      assert.deepEqual([client.stateName, server.closeReason], ['TIME-WAIT', 'closed-normally'])
      host.advance(60_000)
      host.assertEmpty()
    })

    test('to a port where nobody listens is refused at once', () => {
      const host = new Host()
      const client = host.connect({ to })
      assert.deepEqual(host.poll(), [])
      assert.deepEqual([client.stateName, client.closeReason], ['CLOSED', 'connection-refused'])
      const [[target, bits]] = host.events() as [[unknown, number]]
      assert.ok(target === client && (bits & GONE) !== 0)
      host.assertEmpty()
    })

    test('from a port to the same port is a simultaneous open with itself (MUST-10), which the user must ask for', () => {
      const host = new Host()
      const self = host.connect({ to, remotePort: 60000, localPort: 60000 })
      assert.deepEqual(host.poll(), [])
      assert.equal(self.stateName, 'ESTABLISHED')
      self.send(Uint8Array.of(1, 2, 3))
      assert.deepEqual(host.poll(), [])
      const echo = new Uint8Array(9)
      assert.equal(self.receive(echo), 3)
      self.close()
      assert.deepEqual(host.advance(1000), [])
      assert.equal(self.stateName, 'TIME-WAIT')
      host.advance(60_000)
      host.assertEmpty()
      for (let i = 0; i < 16383; i++) {
        const one = host.connect({ to, remotePort: 60000 })
        assert.notEqual(one.tcb.path.localPort, 60000)
      }
      assert.throws(() => host.connect({ to, remotePort: 60000 }), { reason: 'address-not-available' })
    })

    test('is not disturbed by what the link brings in its name', () => {
      const host = new Host()
      const listener = host.listen({ port: 80 })
      const client = host.connect({ to })
      host.poll()
      const server = host.stack.accept(listener)!
      const { localPort } = client.tcb.path
      const forged = { version, src: to, dst: to, srcPort: localPort, dstPort: 80 }
      assert.deepEqual(host.inject({ ...forged, flags: 'R', seq: client.tcb.snd.nxt }), [])
      assert.equal(server.stateName, 'ESTABLISHED')
      assert.equal(host.drops('invalid-source'), 1)
    })
  })
}

test('packets of a host to itself wait in a queue with a bound, and none is lost to it', () => {
  for (const selfQueue of [1, 2, 1000]) {
    const host = new Host({ limits: { selfQueue } })
    const listener = host.listen({ port: 80 })
    const clients = Array.from({ length: 50 }, () => host.connect({ to: HOST[4] }))
    host.poll()
    const servers = clients.map(() => host.stack.accept(listener)!)
    for (const client of clients) client.send(new Uint8Array(50_000))
    host.poll()
    assert.deepEqual(
      servers.map(({ readable }) => readable),
      clients.map(() => 50_000),
    )
    for (const { tcb } of clients) assert.equal(tcb.totalRetransmissions, 0)
    assert.equal(host.stack.occupancy.toSelf, 0)
  }
})

test('a loopback that is a link carries the packets of a host to itself, and may lose them', () => {
  const host = new Host({ ownPacketsByLink: true })
  const listener = host.listen({ port: 80 })
  const client = host.connect({ to: HOST[4] })
  const frame = new Uint8Array(2000)
  const carry = (lost: number): number => {
    let packets = 0
    for (;;) {
      const length = host.stack.pollTransmit(host.stack.clock.now, frame)
      if (length === 0) return packets
      if (++packets !== lost) host.stack.handlePacket(host.stack.clock.now, frame.slice(0, length))
    }
  }
  assert.equal(carry(0), 3)
  const server = host.stack.accept(listener)!
  client.send(new Uint8Array(10))
  assert.equal(carry(1), 1)
  assert.equal(server.readable, 0)
  host.stack.handleTimeout(host.stack.pollTimeout())
  carry(0)
  assert.equal(server.readable, 10)
  assert.equal(client.tcb.totalRetransmissions, 1)
})

test('whoever drives the stack is told of user calls, once the connection can be polled', () => {
  const host = new Host()
  let calls = 0
  host.stack.onWork = () => {
    calls++
    assert.ok(host.stack.occupancy.ready > 0)
  }
  const connection = host.connect()
  assert.equal(calls, 1)
  const [syn] = host.poll()
  host.inject({ flags: 'SA', srcPort: 80, dstPort: syn!.srcPort, seq: 1, ack: syn!.seq + 1 })
  assert.equal(calls, 1, 'packets come from the driver itself')
  connection.send(new Uint8Array(3))
  connection.close()
  assert.equal(calls, 3)
  const events = host.events()
  assert.ok(events[0]![0] instanceof HostedConnection && (events[0]![1] & CONNECTED) !== 0)
})

test('and of an accepted connection that has something to tell: what came while it waited', () => {
  const host = new Host()
  const listener = host.listen({ port: 80 })
  let calls = 0
  host.stack.onWork = () => calls++
  const { connection } = opened(host, listener, { srcPort: 1 })
  assert.equal(calls, 1)
  assert.ok(host.events().some(([target]) => target === connection))
})

test('closing the stack tells all peers and its own users, and leaves nothing', () => {
  const host = new Host()
  const listener = host.listen({ port: 80 })
  const { connection } = opened(host, listener, { srcPort: 1 })
  host.inject({ flags: 'S', srcPort: 2 })
  const active = host.connect()
  host.poll()
  host.events()
  host.stack.close()
  assert.deepEqual([connection.closeReason, active.closeReason], ['stack-closed', 'stack-closed'])
  assert.deepEqual(
    host
      .poll()
      .map((packet) => packet.dstPort)
      .sort(),
    [1, 2],
  )
  assert.deepEqual(new Set(host.events().map(([target]) => target)), new Set([connection, active]))
  assert.deepEqual(host.inject({ flags: 'S', srcPort: 3 })[0]!.flags, 'RA')
  host.assertEmpty()
})
