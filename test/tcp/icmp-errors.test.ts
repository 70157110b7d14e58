/** ICMP errors reach their connection, and what each may do to it (RFC 9293 3.9.2.2, RFC 5927, RFC 1191, RFC 8201). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errnoOfEnd } from '../../src/tcp/errno.ts'
import type { IcmpMeaning } from '../../src/wire/icmp.ts'
import { type Endpoint, established, patternOf } from './endpoint.ts'
import { pair, stream } from './pair.ts'
import { ALL_STATES, reach } from './states.ts'

const VERSIONS = [4, 6] as const
const HARD = ['protocol-unreachable', 'port-unreachable', 'administratively-prohibited'] as const
const SOFT = ['network-unreachable', 'host-unreachable', 'time-exceeded', 'parameter-problem'] as const

/** An ICMP error arrives that quotes our segment at `seq` (relative). */
function icmp(ep: Endpoint, meaning: IcmpMeaning, seq: number, mtu = 0, quoted = 1500): Endpoint {
  ep.connection.handleIcmp(meaning, (ep.iss + seq) | 0, mtu, quoted)
  return ep.advance(0).expire()
}

for (const version of VERSIONS) {
  test(`MUST-54, SHLD-26: a hard error ends an active opening and says why, IPv${version}`, () => {
    for (const meaning of HARD) {
      for (const state of ['SYN-SENT', 'SYN-RECEIVED'] as const) {
        const { ep } = reach(state, { version, active: true })
        icmp(ep, meaning, 0).expectNothing()
        assert.equal(ep.state, 'CLOSED')
        assert.deepEqual(ep.takeEvents(), ['gone'])
        assert.equal(ep.connection.closeReason, meaning)
        assert.equal(ep.untilTimeoutMs, Infinity)
      }
    }
  })

  test(`MUST-56, SHLD-25, MUST-47: a soft error aborts nothing and reaches the application, IPv${version}`, () => {
    for (const meaning of SOFT) {
      for (const state of ['SYN-SENT', 'SYN-RECEIVED', 'FIN-WAIT-1', 'CLOSING', 'LAST-ACK'] as const) {
        const { ep, una } = reach(state, { version, active: true })
        icmp(ep, meaning, una)
        assert.equal(ep.state, state)
        assert.deepEqual(ep.takeEvents(), ['soft-error'])
        const reason = meaning === 'network-unreachable' ? meaning : 'host-unreachable'
        assert.equal(ep.connection.softError, reason)
      }
    }
  })
}

test('MUST-56: an opening goes on after a soft error and may succeed', () => {
  const { ep } = reach('SYN-SENT')
  icmp(ep, 'host-unreachable', 0)
  ep.advance(1000).expect({ flags: 'S', seq: 0 })
  ep.inject({ flags: 'SA', seq: 0, ack: 1 }).expect({ flags: 'A' })
  assert.equal(ep.state, 'ESTABLISHED')
})

for (const version of VERSIONS) {
  test(`softErrorsEndOpening, RFC 5461 4.1: a soft error ends an active opening and says why, IPv${version}`, () => {
    for (const meaning of SOFT) {
      for (const state of ['SYN-SENT', 'SYN-RECEIVED'] as const) {
        const { ep } = reach(state, { version, active: true, softErrorsEndOpening: true })
        icmp(ep, meaning, 0).expectNothing()
        assert.equal(ep.state, 'CLOSED')
        assert.deepEqual(ep.takeEvents(), ['gone'])
        const reason = meaning === 'network-unreachable' ? meaning : 'host-unreachable'
        assert.equal(ep.connection.closeReason, reason)
        assert.equal(
          errnoOfEnd(ep.connection),
          reason === 'host-unreachable' ? 'EHOSTUNREACH' : 'ENETUNREACH',
        )
        assert.equal(ep.untilTimeoutMs, Infinity)
      }
    }
  })
}

test('softErrorsEndOpening: it ends no passive opening, and nothing that is synchronized', () => {
  for (const state of ['SYN-RECEIVED', 'ESTABLISHED', 'FIN-WAIT-1', 'LAST-ACK'] as const) {
    const { ep, una } = reach(state, { softErrorsEndOpening: true })
    if (state === 'ESTABLISHED') ep.send('text')
    icmp(ep, 'host-unreachable', una)
    assert.equal(ep.state, state)
    assert.equal(ep.connection.softError, 'host-unreachable')
  }
})

test('R1 does not replace what a router said: the end is explained by it (SHLD-9)', () => {
  const { ep } = reach('SYN-SENT')
  icmp(ep, 'host-unreachable', 0)
  ep.takeEvents()
  ep.advance(20_000)
  assert.ok(ep.tcb.retransmissions >= ep.tcb.config.r1Retransmissions)
  assert.deepEqual(ep.takeEvents(), ['soft-error'], 'the user is told all the same')
  assert.equal(ep.connection.softError, 'host-unreachable')
  ep.advance(1_000_000)
  assert.equal(ep.connection.closeReason, 'connect-timeout')
  assert.equal(errnoOfEnd(ep.connection), 'EHOSTUNREACH')
})

test('a soft error is forgotten once something gets through: it explains no end that comes later', () => {
  const opening = reach('SYN-SENT').ep
  icmp(opening, 'host-unreachable', 0)
  opening.inject({ flags: 'SA', seq: 0, ack: 1 })
  assert.equal(opening.connection.softError, null)
  const ep = established()
  ep.send('text')
  icmp(ep, 'port-unreachable', 1)
  ep.inject({ seq: 1, ack: 5 })
  assert.equal(ep.connection.softError, null)
  ep.send('more')
  ep.advance(400_000)
  assert.equal(ep.state, 'CLOSED')
  assert.equal(errnoOfEnd(ep.connection), 'ETIMEDOUT')
})

test('RFC 5927 5.2 (a): a hard error does not end a synchronized connection: it is a soft one there', () => {
  for (const meaning of HARD) {
    const ep = established()
    ep.send('text')
    icmp(ep, meaning, 1)
    assert.equal(ep.state, 'ESTABLISHED')
    assert.deepEqual(ep.takeEvents(), ['soft-error'])
    assert.equal(ep.connection.softError, meaning)
  }
})

test('a hard error does not end a passive opening: anybody may have forged the SYN', () => {
  const { ep } = reach('SYN-RECEIVED')
  icmp(ep, 'port-unreachable', 0)
  assert.equal(ep.state, 'SYN-RECEIVED')
})

test('MUST-55, RFC 5927 6.2: Source Quench is discarded silently in every state', () => {
  for (const state of ALL_STATES) {
    if (state === 'CLOSED') continue
    const { ep, una } = reach(state, { active: state === 'SYN-RECEIVED' })
    const cwnd = ep.tcb.congestion.cwnd
    icmp(ep, 'source-quench', una).expectNothing()
    assert.equal(ep.state, state)
    assert.deepEqual(ep.takeEvents(), [])
    assert.equal(ep.tcb.congestion.cwnd, cwnd)
    if (state !== 'LISTEN') assert.equal(ep.tcb.lastDrop, 'icmp-source-quench')
  }
})

test('RFC 5927 4.1: an error that quotes what is not in flight is not believed', () => {
  for (const meaning of [...HARD, ...SOFT, 'fragmentation-needed'] as const) {
    const { ep } = reach('SYN-SENT')
    for (const seq of [-1, 1, 5000, -70_000]) icmp(ep, meaning, seq, 600)
    assert.equal(ep.state, 'SYN-SENT')
    assert.deepEqual(ep.takeEvents(), [])
    assert.equal(ep.tcb.path.mtu, 1500)
    const open = established()
    open.send(3000)
    open.takeSent()
    open.inject({ ack: 1461 })
    open.takeEvents()
    for (const seq of [0, 1460, 3001]) icmp(open, meaning, seq, 600)
    assert.deepEqual(open.takeEvents(), [])
    assert.equal(open.tcb.path.mtu, 1500)
  }
})

test('nothing in flight, so no error is believed: LISTEN, FIN-WAIT-2, CLOSE-WAIT, TIME-WAIT', () => {
  for (const state of ['LISTEN', 'FIN-WAIT-2', 'CLOSE-WAIT', 'TIME-WAIT'] as const) {
    const { ep, una } = reach(state)
    for (const meaning of [...HARD, ...SOFT, 'fragmentation-needed'] as const) icmp(ep, meaning, una, 600)
    assert.equal(ep.state, state)
    assert.deepEqual(ep.takeEvents(), [])
  }
})

test('SHLD-20: an application that does not want to know of soft errors is not told', () => {
  const { ep } = reach('SYN-SENT', { reportSoftErrors: false })
  icmp(ep, 'host-unreachable', 0)
  assert.deepEqual(ep.takeEvents(), [])
})

test('other ICMP messages ask nothing of TCP', () => {
  const { ep } = reach('SYN-SENT')
  icmp(ep, 'other', 0)
  icmp(ep, 'echo-request', 0)
  assert.equal(ep.state, 'SYN-SENT')
  assert.deepEqual(ep.takeEvents(), [])
})

// ---- packets too big

for (const [version, mtu, mss] of [
  [4, 1000, 960],
  [6, 1300, 1240],
] as const) {
  test(`RFC 1191, RFC 8201, RFC 7323 5.7: a packet too big is sent again in smaller pieces at once, IPv${version}`, () => {
    const ep = established({ version, peer: { mss: 1460 } })
    ep.send(2800)
    const first = ep.takeSent()
    assert.ok(first[0]!.length > mss)
    icmp(ep, 'fragmentation-needed', 1, mtu, first[0]!.length + (version === 4 ? 40 : 60))
    assert.equal(ep.tcb.mss, mss)
    assert.equal(ep.state, 'ESTABLISHED')
    const again = ep.takeSent()
    assert.ok(again.every((s) => s.length <= mss))
    assert.deepEqual(
      again.flatMap((s) => [...s.text]),
      [
        ...patternOf(
          1,
          again.reduce((sum, s) => sum + s.length, 0),
        ),
      ],
    )
    assert.equal(again[0]!.seq, 1)
    assert.deepEqual(ep.takeEvents(), [], 'it is not an error')
  })
}

test('RFC 1191 3, RFC 8201 4, RFC 5927 7.2 (a): not below what every path carries, not above what it was, not as large as what was quoted', () => {
  for (const [version, told, quoted, wanted] of [
    [4, 68, 1500, 552],
    [4, 1, 1500, 552],
    [4, 2000, 1500, 1500],
    [4, 1500, 1500, 1500],
    [4, 1400, 1000, 1500],
    [6, 600, 1500, 1500],
    [6, 1279, 1500, 1500],
    [6, 1280, 1500, 1280],
    [6, 1400, 1500, 1400],
  ] as const) {
    const ep = established({ version })
    ep.send(2800)
    icmp(ep, 'fragmentation-needed', 1, told, quoted)
    assert.equal(ep.tcb.path.mtu, wanted, `IPv${version} told ${told} of ${quoted}`)
    if (wanted === 1500) assert.equal(ep.tcb.lastDrop, 'icmp-out-of-window')
  }
})

test('a router that names no MTU is given a smaller packet each time, until it fits', () => {
  const ep = established()
  ep.send(20_000)
  for (let mtu = 1500, n = 0; mtu > 1400; n++) {
    assert.ok(n < 200)
    ep.takeSent()
    icmp(ep, 'fragmentation-needed', 1, 0, mtu)
    assert.ok(ep.tcb.path.mtu < mtu)
    mtu = ep.tcb.path.mtu
  }
})

test('a SYN that was too big does not harm what the handshake agrees on', () => {
  const { ep } = reach('SYN-SENT')
  icmp(ep, 'fragmentation-needed', 0, 576, 1500)
  ep.inject({ flags: 'SA', seq: 0, ack: 1, mss: 1460 }).expect({ flags: 'A' })
  assert.equal(ep.tcb.mss, 536)
})

test('the path shrinks under a transfer: all octets arrive, none larger than it carries', () => {
  let limit = 1500
  const p = pair({
    fate: (from, _n, packet) => ({ drop: from === 'a' && packet.length + 40 > limit }),
  }).open()
  const there = stream(200_000)
  p.a.send(there)
  p.run(25)
  limit = 800
  const got: number[] = []
  p.until(() => {
    got.push(...p.b.receive())
    const big = p.a.takeSent().find((s) => s.length + 40 > limit)
    if (big !== undefined) icmp(p.a, 'fragmentation-needed', big.seq, limit, big.length + 40)
    return got.length === there.length
  }, 10_000)
  assert.deepEqual(Uint8Array.from(got), there)
  assert.equal(p.a.tcb.mss, 760)
})
