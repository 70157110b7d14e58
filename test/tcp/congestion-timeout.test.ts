import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Endpoint, type EndpointOptions, established } from './endpoint.ts'
import { pair, stream } from './pair.ts'

const MSS = 1000

function tenOut(options: EndpointOptions = {}): Endpoint {
  const ep = established({ windowScaling: true, ...options, peer: { mss: MSS, ws: 7 } })
  ep.inject({ win: 65535 })
  ep.send(200_000)
  assert.equal(ep.takeSent().length, 10)
  return ep
}

test('MUST-19, RFC 5681 3.1 (a, k, m): a timeout sends one segment, halves ssthresh and starts slowly', () => {
  const ep = tenOut()
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ seq: 1, length: MSS })
  ep.expectNothing()
  assert.deepEqual([ep.tcb.congestion.cwnd, ep.tcb.congestion.ssthresh], [MSS, 5000])
})

test('after a timeout what was outstanding goes again in slow start: one, two, four', () => {
  const ep = tenOut()
  ep.advance(ep.untilTimeoutMs)
  ep.takeSent()
  ep.inject({ ack: 1001 })
  assert.deepEqual(
    ep.takeSent().map((p) => p.seq),
    [1001, 2001],
  )
  ep.inject({ ack: 2001 })
  assert.deepEqual(
    ep.takeSent().map((p) => p.seq),
    [3001, 4001],
  )
  ep.inject({ ack: 3001 })
  assert.deepEqual(
    ep.takeSent().map((p) => p.seq),
    [5001, 6001],
  )
})

test('after a timeout what the acknowledgment shows to have arrived is not sent again', () => {
  const ep = tenOut()
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ seq: 1 })
  ep.inject({ ack: 7001 }) // only the first had been lost, and 7001 on
  assert.deepEqual(
    ep.takeSent().map((p) => p.seq),
    [7001, 8001],
  )
  ep.inject({ ack: 10_001 })
  assert.ok(ep.takeSent().every((p) => p.seq >= 10_001))
  assert.equal(ep.tcb.totalRetransmissions, 3)
})

test('RFC 5681 3.1 (l): the second timeout of one segment leaves ssthresh, that of another lowers it', () => {
  const ep = tenOut()
  ep.advance(ep.untilTimeoutMs)
  ep.advance(ep.untilTimeoutMs)
  assert.equal(ep.tcb.congestion.ssthresh, 5000)
  ep.inject({ ack: 8001 })
  ep.advance(ep.untilTimeoutMs)
  assert.equal(ep.tcb.congestion.ssthresh, 2000)
})

test('a timeout in fast recovery ends it', () => {
  const ep = tenOut()
  for (let i = 0; i < 5; i++) ep.inject({ ack: 1 })
  assert.equal(ep.tcb.recovery.active, true)
  ep.advance(ep.untilTimeoutMs)
  assert.equal(ep.tcb.recovery.active, false)
  assert.equal(ep.tcb.congestion.cwnd, MSS)
  for (let i = 0; i < 5; i++) ep.inject({ ack: 1 })
  assert.equal(ep.tcb.recovery.active, false)
})

test('a whole window lost is delivered whole, and each octet is sent at most twice', () => {
  const wire = pair({ delayMs: 20, fate: (from, n) => ({ drop: from === 'a' && n > 2 && n <= 12 }) }).open()
  const text = stream(40_000)
  wire.a.send(text)
  wire.run(10_000)
  assert.deepEqual(wire.b.receive(), text)
  assert.ok(wire.a.tcb.totalRetransmissions <= 12, `${wire.a.tcb.totalRetransmissions}`)
})

test('a hundred lossy wires deliver every octet in order', () => {
  for (let seed = 0; seed < 100; seed++) {
    let state = seed * 2654435761 + 1
    const random = () => {
      state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) | 0
      return (state >>> 0) / 2 ** 32
    }
    const wire = pair({
      version: seed % 2 === 0 ? 4 : 6,
      delayMs: 5,
      a: { timestamps: seed % 3 === 0, windowScaling: seed % 5 !== 0, nagle: seed % 2 === 0 },
      b: { timestamps: true, windowScaling: true, receiveBufferBytes: 3000 + (seed % 7) * 20_000 },
      fate: () => ({
        drop: random() < 0.1,
        copies: random() < 0.05 ? 1 : 0,
        holdMs: random() < 0.1 ? 12 : 0,
      }),
    })
    wire.b.listen()
    wire.a.connect()
    const text = stream(30_000, seed)
    const got: number[] = []
    let given = 0
    wire.until(() => {
      if (wire.a.state === 'ESTABLISHED' && given < text.length) {
        given += wire.a.send(text.subarray(given, given + 1 + Math.floor(random() * 5000)))
      }
      if (wire.b.connection.readable > 0) got.push(...wire.b.receive(1 + Math.floor(random() * 4000)))
      if (wire.inFlight === 0) got.push(...wire.b.receive())
      return got.length === text.length
    })
    assert.deepEqual(Uint8Array.from(got), text, `seed ${seed}`)
  }
})
