import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Endpoint, established } from './endpoint.ts'

const MSS = 1000
const peer = { mss: MSS, win: 60_000 }

const lengths = (ep: ReturnType<typeof established>) => ep.takeSent().map(({ length }) => length)
const flags = (ep: ReturnType<typeof established>) => ep.takeSent().map((sent) => sent.flags)

/** PUSH of what is queued, and what follows from it. */
function pushNow(ep: Endpoint): void {
  ep.connection.push()
  ep.expire()
}

describe('records (SEND with endOfRecord)', () => {
  test('no segment holds octets of two records; the end of one is pushed and waits for nobody', () => {
    const ep = established({ peer })
    ep.connection.send(new Uint8Array(1400), 0, 1400, { endOfRecord: true })
    ep.connection.send(new Uint8Array(300), 0, 300, { endOfRecord: true })
    ep.send(2500)
    const sent = ep.takeSent()
    // The last small segment is Nagle's to hold; the ends of the records before it are not.
    assert.deepEqual(
      sent.map(({ length }) => length),
      [1000, 400, 300, 1000, 1000],
    )
    assert.deepEqual(
      sent.map((one) => one.flags),
      ['A', 'PA', 'PA', 'A', 'A'],
    )
    ep.inject()
    assert.deepEqual(lengths(ep), [500])
  })

  test('also what is sent again keeps to its record', () => {
    const ep = established({ peer, nagle: false })
    for (const size of [400, 400, 400]) ep.send(size, { endOfRecord: true })
    assert.deepEqual(lengths(ep), [400, 400, 400])
    ep.advance(ep.tcb.rtt.rtoUs / 1000)
    assert.deepEqual(lengths(ep), [400, 400])
    ep.inject({ ack: 401 })
    assert.deepEqual(lengths(ep), [400])
  })
})

describe('what small segments wait for', () => {
  test('nagleSmallOnly: a small segment waits behind a small one, not behind full ones', () => {
    const ep = established({ peer, nagleSmallOnly: true })
    ep.send(2300)
    assert.deepEqual(lengths(ep), [1000, 1000, 300])
    ep.send(300)
    ep.expectNothing()
    ep.inject({ ack: 2001 }).expectNothing()
    ep.inject({ ack: 2301 })
    assert.deepEqual(lengths(ep), [300])
  })

  test('corked: whatever was pushed waits, 200 ms or until the cork is out; full segments do not', () => {
    const ep = established({ peer, corked: true, nagle: false })
    ep.send(1300)
    assert.deepEqual(lengths(ep), [1000])
    ep.inject().expectNothing()
    ep.advance(199).expectNothing()
    ep.advance(1)
    assert.deepEqual(lengths(ep), [300])
    ep.inject()
    ep.send(10)
    ep.connection.reconfigure({ ...ep.tcb.config, corked: false })
    ep.expire()
    assert.deepEqual(lengths(ep), [10])
  })

  test('push: what is queued goes, though it is corked and small ones are outstanding; later octets wait again', () => {
    const ep = established({ peer, corked: true })
    ep.send(10)
    pushNow(ep)
    assert.deepEqual(lengths(ep), [10])
    ep.send(10)
    ep.expectNothing()
    pushNow(ep)
    assert.deepEqual(lengths(ep), [10])
    ep.send(10)
    ep.expectNothing()
    pushNow(ep)
    pushNow(ep)
    assert.deepEqual(lengths(ep), [10])
  })

  test('ackReleasesText: octets without PUSH go with the next acknowledgment of new data', () => {
    for (const [ackReleasesText, sent] of [
      [true, [40]],
      [false, []],
    ] as const) {
      const ep = established({ peer, nagle: false, ackReleasesText })
      ep.send(1000)
      ep.send(40, { push: false })
      assert.deepEqual(lengths(ep), [1000])
      ep.inject()
      assert.deepEqual(lengths(ep), sent)
    }
  })
})

describe('PSH', () => {
  test('pushesLast off: SEND without PUSH gets none, unless the override timer lets it go', () => {
    const ep = established({ peer, nagle: false, pushesLast: false })
    ep.send(1000, { push: false })
    assert.deepEqual(flags(ep), ['A'])
    ep.inject()
    ep.send(40, { push: false })
    ep.advance(200)
    assert.deepEqual(flags(ep), ['PA'])
    ep.inject()
    ep.send(40)
    assert.deepEqual(flags(ep), ['PA'])
  })

  test('burstSegments: the last of each burst of several, not a single segment; half of cwnd at once', () => {
    const ep = established({ peer, burstSegments: 2 })
    ep.send(40_000)
    // No round trip was measured, so the path counts as short: bursts are as long as half of cwnd, ten segments.
    const first = flags(ep)
    assert.equal(first.length, 10)
    assert.deepEqual(
      first.flatMap((one, i) => (one === 'PA' ? [i + 1] : [])),
      [5, 10],
    )
    ep.inject({ ack: 1001 })
    assert.deepEqual(flags(ep), ['A', 'PA'])
  })

  test('burstSegments: on a long path bursts are no longer than this', () => {
    const ep = new Endpoint({ burstSegments: 3 }).connect()
    ep.advance(100).inject({ flags: 'SA', seq: 0, ack: 1, ...peer })
    ep.takeSent()
    ep.send(7500)
    ep.close()
    assert.deepEqual(flags(ep), ['A', 'A', 'PA', 'A', 'A', 'PA', 'A', 'FPA'])
  })
})

describe('growth of cwnd', () => {
  const cwnd = (ep: ReturnType<typeof established>) => Math.floor(ep.tcb.congestion.cwnd / MSS)

  function grown(octets: number, acks: readonly number[], config: object): number[] {
    const ep = established({ peer, ...config })
    ep.send(octets)
    return acks.map((ack) => {
      ep.inject({ ack })
      return cwnd(ep)
    })
  }

  test('growsWhenHalfUsed: up to twice what was outstanding (RFC 7661 4.2)', () => {
    const config = { growsWhenHalfUsed: true }
    assert.deepEqual(grown(5000, [2001, 4001, 5001], config), [10, 10, 10])
    assert.deepEqual(grown(6000, [2001, 4001, 6001], config), [12, 12, 12])
    assert.deepEqual(grown(9000, [2001, 4001, 6001, 8001, 9001], config), [12, 14, 16, 18, 18])
    assert.deepEqual(grown(9000, [2001, 4001, 6001, 8001, 9001], {}), [10, 10, 10, 10, 10])
  })

  test('growsWhenHalfUsed: the most that was outstanding counts for a round trip, and no longer', () => {
    const config = { peer, nagle: false, growsWhenHalfUsed: true }
    const less = established(config)
    less.send(9000)
    less.inject({ ack: 2001 })
    less.send(500)
    for (const [ack, segments] of [
      [4001, 14],
      [6001, 16],
      [8001, 18],
    ] as const) {
      less.inject({ ack })
      assert.equal(cwnd(less), segments)
    }
    const steady = established(config)
    steady.send(9000)
    steady.inject({ ack: 1001 })
    steady.send(1000)
    steady.inject({ ack: 9001 })
    steady.send(100)
    const before = cwnd(steady)
    steady.inject({ ack: 10_001 })
    assert.equal(cwnd(steady), before)
  })

  test('slowStartSegmentsPerAck: L of RFC 3465', () => {
    assert.deepEqual(grown(30_000, [4001, 8001], { slowStartSegmentsPerAck: 65_535 }), [14, 18])
    assert.deepEqual(grown(30_000, [4001, 8001], {}), [12, 14])
    assert.deepEqual(grown(30_000, [4001, 8001], { slowStartSegmentsPerAck: 1 }), [11, 12])
  })

  test('growsByNewsOnly: what duplicates told of adds nothing', () => {
    for (const [news, after] of [
      [{ growsByNewsOnly: true }, 11],
      [{ growsByNewsOnly: false }, 13],
      [{}, 13],
    ] as const) {
      const ep = established({ peer, ...news, slowStartSegmentsPerAck: 65_535 })
      ep.send(30_000)
      ep.inject({ ack: 1 }).inject({ ack: 1 }).inject({ ack: 3001 })
      assert.equal(cwnd(ep), after)
    }
  })
})

describe('zero-window probes without text', () => {
  const config = { peer, probesWithText: false }

  test('they repeat the number before SND.UNA, back off, and leave nothing outstanding', () => {
    const ep = established(config)
    ep.send(100)
    ep.takeSent()
    ep.advance(100).inject({ win: 0 })
    ep.send(50)
    const rtoMs = ep.tcb.rtt.rtoUs / 1000
    ep.advance(rtoMs - 1).expectNothing()
    ep.advance(1).expect({ seq: 100, length: 0, flags: 'A' })
    ep.expectNothing()
    ep.advance(2 * rtoMs - 1).expectNothing()
    ep.advance(1).expect({ seq: 100, length: 0 })
    assert.equal(ep.tcb.probes, 2)
    ep.inject({ win: 1000 }).expect({ seq: 101, length: 50 })
    assert.equal(ep.tcb.probes, 0)
  })

  test('MUST-37: answered they go on; unanswered the connection is given up after R2', () => {
    const ep = established({ ...config, r2Ms: 100_000 })
    ep.inject({ win: 0 })
    ep.send(50)
    for (let i = 0; i < 20; i++) {
      ep.advance(60_000)
      if (ep.takeSent().length > 0) ep.inject({ win: 0 })
    }
    assert.equal(ep.state, 'ESTABLISHED')
    ep.advance(300_000)
    assert.equal(ep.state, 'CLOSED')
    assert.equal(ep.connection.closeReason, 'retransmission-limit')
  })

  test('unanswered they end with the user timeout', () => {
    const ep = established({ ...config, userTimeoutMs: 3000 })
    ep.inject({ win: 0 })
    ep.send(50)
    ep.advance(2999)
    assert.equal(ep.state, 'ESTABLISHED')
    ep.advance(1)
    assert.equal(ep.connection.closeReason, 'user-timeout')
  })
})

test('resetsAcknowledge: our own resets carry ACK and timestamps; answers to strange segments do not', () => {
  for (const resetsAcknowledge of [true, false]) {
    const ep = established({ resetsAcknowledge, timestamps: true, peer: { ...peer, ts: [5, 0] } })
    ep.abort()
    const { flags: letters, ack, ts } = ep.expect({ seq: 1 })
    assert.deepEqual([letters, ack, ts !== null], resetsAcknowledge ? ['RA', 1, true] : ['R', 0, false])
    const other = established({ resetsAcknowledge, peer })
    other.release()
    other.takeSent()
    other.inject({ text: 'unwanted' }).expect({ flags: 'R' })
  }
})
