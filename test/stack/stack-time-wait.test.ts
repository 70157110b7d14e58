/** TIME-WAIT and a SYN for the same sockets, through the stack: MAY-2, RFC 6191 2, RFC 1337. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import type { Listener } from '../../src/stack/listener.ts'
import type { Limits } from '../../src/tcp/config.ts'
import { configure } from '../../src/tcp/config.ts'
import { GONE } from '../../src/tcp/signals.ts'
import { Host, handshake, opened } from './host-harness.ts'

const TIMESTAMP = 5000

interface Waiting {
  readonly host: Host
  readonly listener: Listener
  readonly old: HostedConnection
  /** What the peer sent last, plus one; what the host sent last, plus one. */
  readonly seq: number
  readonly sndNxt: number
}

/** A host with one connection in TIME-WAIT: it closed first. Both ends count from near the wrap. */
function timeWait(timestamps: boolean, limits: Partial<Limits> = {}, hostTimestamps = true): Waiting {
  const host = new Host({ limits, config: configure({ timestamps: hostTimestamps }) })
  const listener = host.listen({ port: 80 })
  const ts = timestamps ? { ts: [TIMESTAMP, 0] as const } : {}
  const { connection: old, seq, ack } = opened(host, listener, { seq: 0xfffffff0, ...ts })
  old.close()
  const [fin] = host.poll()
  assert.equal(fin!.flags, 'FA')
  const echo = timestamps ? { ts: [TIMESTAMP, fin!.ts![0]] as const } : {}
  host.inject({ flags: 'FA', seq, ack: ack + 1, ...echo })
  assert.equal(old.stateName, 'TIME-WAIT')
  host.events()
  host.advance(1)
  return { host, listener, old, seq: (seq + 1) >>> 0, sndNxt: (ack + 1) >>> 0 }
}

interface Case {
  readonly name: string
  readonly timestamps: boolean
  /** Relative to the last sequence number and the last timestamp of the old incarnation. */
  readonly seq: number
  readonly ts: number | null
  readonly reused: boolean
}

/** RFC 6191 2, row by row. */
const CASES: readonly Case[] = [
  { name: 'a later timestamp, a later number', timestamps: true, seq: 9, ts: 1, reused: true },
  { name: 'a later timestamp, an earlier number', timestamps: true, seq: -9999, ts: 1, reused: true },
  { name: 'the same timestamp, a later number', timestamps: true, seq: 1, ts: 0, reused: true },
  { name: 'the same timestamp, an earlier number', timestamps: true, seq: -1, ts: 0, reused: false },
  { name: 'an earlier timestamp, a later number', timestamps: true, seq: 9999, ts: -1, reused: false },
  { name: 'no timestamp any more, a later number', timestamps: true, seq: 1, ts: null, reused: true },
  { name: 'no timestamp any more, an earlier number', timestamps: true, seq: -1, ts: null, reused: false },
  { name: 'timestamps for the first time, a later number', timestamps: false, seq: 9, ts: 1, reused: true },
  {
    name: 'timestamps for the first time, an earlier number',
    timestamps: false,
    seq: -9,
    ts: 1,
    reused: true,
  },
  { name: 'never any timestamp, a later number', timestamps: false, seq: 1, ts: null, reused: true },
  { name: 'never any timestamp, an earlier number', timestamps: false, seq: -1, ts: null, reused: false },
  { name: 'never any timestamp, the last number itself', timestamps: false, seq: 0, ts: null, reused: false },
]

describe('MAY-2, SHLD-4: a SYN to a connection in TIME-WAIT', () => {
  for (const { name, timestamps, seq, ts, reused } of CASES) {
    test(`${name}: ${reused ? 'opens a new incarnation' : 'is answered with where we stand'} (RFC 6191 2)`, () => {
      const waiting = timeWait(timestamps)
      const { host, old } = waiting
      const syn = {
        flags: 'S',
        seq: waiting.seq + seq,
        ...(ts === null ? {} : { ts: [TIMESTAMP + ts, 0] as const }),
      }
      const [answer] = host.inject(syn)
      if (!reused) {
        assert.deepEqual([answer!.flags, answer!.ack, old.stateName], ['A', waiting.seq, 'TIME-WAIT'])
        return
      }
      assert.deepEqual([answer!.flags, answer!.ack], ['SA', (syn.seq + 1) >>> 0])
      assert.deepEqual([old.stateName, old.closeReason], ['CLOSED', 'time-wait-reused'])
      assert.ok(
        ((answer!.seq - waiting.sndNxt) | 0) > 65_535,
        'the new ISN is beyond all that the old one could use',
      )
      assert.deepEqual(host.events(), [[old, GONE]])
      assert.equal(host.stack.size, 1)
    })
  }

  test('without timestamps at this end those of the SYN prove nothing', () => {
    const waiting = timeWait(false, {}, false)
    assert.equal(waiting.host.inject({ flags: 'S', seq: waiting.seq - 9, ts: [1, 0] })[0]!.flags, 'A')
  })

  test('with an ACK, FIN or RST beside it does not count', () => {
    for (const flags of ['SA', 'SF', 'SR']) {
      const waiting = timeWait(false)
      waiting.host.inject({ flags, seq: waiting.seq + 1000, ack: waiting.sndNxt })
      assert.equal(waiting.old.stateName, 'TIME-WAIT', flags)
    }
  })

  test('where nobody listens any more is answered with an ACK, and TIME-WAIT goes on', () => {
    const { host, listener, old, seq } = timeWait(false)
    host.stack.closeListener(listener)
    assert.equal(host.inject({ flags: 'S', seq: seq + 9 })[0]!.flags, 'A')
    assert.equal(old.stateName, 'TIME-WAIT')
  })

  test('where the backlog or the SYN queue is full does not end TIME-WAIT', () => {
    const waiting = timeWait(false, { backlog: 1 })
    handshake(waiting.host, { srcPort: 5 })
    assert.equal(waiting.host.inject({ flags: 'S', seq: waiting.seq + 9 })[0]!.flags, 'A')
    assert.equal(waiting.old.stateName, 'TIME-WAIT')
    const other = timeWait(false, { synQueue: 1 })
    other.host.inject({ flags: 'S', srcPort: 5 })
    assert.equal(other.host.inject({ flags: 'S', seq: other.seq + 9 })[0]!.flags, 'A')
    assert.equal(other.old.stateName, 'TIME-WAIT')
  })

  test('needs no more room than the connection it replaces', () => {
    const { host, seq } = timeWait(false, { connections: 1 })
    assert.deepEqual(host.inject({ flags: 'S', srcPort: 5 }), [])
    assert.equal(host.inject({ flags: 'S', seq: seq + 9 })[0]!.flags, 'SA')
  })
})

test('the number beyond the old ones is given to that incarnation and to no other connection', () => {
  const floorOf = ({ sndNxt }: Waiting) => (sndNxt + 65_537) >>> 0
  const waiting = timeWait(false, { backlog: 2 })
  const { host } = waiting
  handshake(host, { srcPort: 5 })
  handshake(host, { srcPort: 6 })
  host.inject({ flags: 'S', seq: waiting.seq + 9 }) // refused: the backlog is full
  for (let i = 0; i < 30; i++) host.connect({ remotePort: 99 })
  for (const syn of host.poll()) assert.notEqual(syn.seq, floorOf(waiting))
  // And after a reuse, whether the floor was needed for it or not.
  const reused = timeWait(false)
  reused.host.inject({ flags: 'S', seq: reused.seq + 9 })
  for (let i = 0; i < 30; i++) reused.host.connect({ remotePort: 99 })
  for (const syn of reused.host.poll()) assert.notEqual(syn.seq, floorOf(reused))
})

test('RFC 1337 3 (F1): a reset does not end TIME-WAIT, wherever it lies', () => {
  const { host, old, seq, sndNxt } = timeWait(false)
  for (const at of [seq, seq + 1, seq + 65_000, seq - 1]) host.inject({ flags: 'R', seq: at, ack: sndNxt })
  assert.equal(old.stateName, 'TIME-WAIT')
})

test('MUST-13: TIME-WAIT lasts 2MSL, then nothing is left; a repeated FIN starts it anew', () => {
  const { host, old, listener, seq, sndNxt } = timeWait(false)
  host.advance(59_000)
  assert.equal(old.stateName, 'TIME-WAIT')
  assert.equal(host.inject({ flags: 'FA', seq: seq - 1, ack: sndNxt })[0]!.flags, 'A')
  host.advance(59_000)
  assert.equal(old.stateName, 'TIME-WAIT')
  host.advance(1_001)
  assert.equal(old.stateName, 'CLOSED')
  host.stack.closeListener(listener)
  host.assertEmpty()
})

test('an active OPEN does not reuse the sockets of TIME-WAIT: MAY-2 is for the side that is called', () => {
  const { host, old } = timeWait(false)
  assert.throws(() => host.connect({ localPort: 80, remotePort: 40000 }), { reason: 'address-in-use' })
  assert.equal(old.stateName, 'TIME-WAIT')
})
