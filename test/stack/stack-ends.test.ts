/**
 * Every way in which a connection can end leaves nothing behind: no entry in the table, no timer slot, no place in any
 * queue, no octet of buffer. Each is tried with text in flight, unread and out of order where its state can have them.
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Config, configure } from '../../src/tcp/config.ts'
import type { CloseReason } from '../../src/trace/reasons.ts'
import { Host, type Opened, opened } from './host-harness.ts'
import { ERRORS, icmpError } from './icmp-harness.ts'

type Ending = (host: Host, open: Opened) => void

/** The numbers of an opened connection, as fields of the packets that follow. */
const next = ({ seq, ack }: Opened) => ({ seq, ack })

const close: Ending = (host, { connection }) => {
  connection.close()
  host.poll()
}

/** How an ESTABLISHED connection may end, and what its user is then told. */
const ENDINGS: [name: string, reason: CloseReason, end: Ending, config?: Partial<Config>][] = [
  ['a reset', 'reset-by-peer', (host, { seq }) => host.inject({ flags: 'R', seq })],
  ['an abort', 'aborted-by-user', (_, { connection }) => connection.abort()],
  [
    'a close of both sides, ours first',
    'closed-normally',
    (host, open) => {
      close(host, open)
      host.inject({ flags: 'FA', seq: open.seq, ack: open.ack + 1 })
      assert.equal(open.connection.stateName, 'TIME-WAIT')
      host.advance(60_001)
    },
  ],
  [
    'a close of both sides, theirs first',
    'closed-normally',
    (host, open) => {
      host.inject({ flags: 'FA', ...next(open) })
      close(host, open)
      host.inject({ flags: 'A', seq: open.seq + 1, ack: open.ack + 1 })
    },
  ],
  [
    'a close of both sides at once',
    'closed-normally',
    (host, open) => {
      close(host, open)
      host.inject({ flags: 'FA', ...next(open) })
      assert.equal(open.connection.stateName, 'CLOSING')
      host.inject({ flags: 'A', seq: open.seq + 1, ack: open.ack + 1 })
      host.advance(60_001)
    },
  ],
  [
    'an abort in TIME-WAIT',
    'aborted-by-user',
    (host, open) => {
      close(host, open)
      host.inject({ flags: 'FA', seq: open.seq, ack: open.ack + 1 })
      open.connection.abort()
    },
  ],
  [
    'text that nobody acknowledges',
    'retransmission-limit',
    (host, { connection }) => {
      connection.send(new Uint8Array(9000))
      host.advance(1_000_000)
    },
  ],
  [
    'the user timeout',
    'user-timeout',
    (host, { connection }) => {
      connection.send(new Uint8Array(9000))
      host.advance(100_000)
    },
    { userTimeoutMs: 5000 },
  ],
  [
    'keep-alive probes that nobody answers',
    'keep-alive-timeout',
    (host) => host.advance(200_000),
    { keepAlive: true, keepAliveIdleMs: 1000, keepAliveIntervalMs: 1000, keepAliveProbes: 3 },
  ],
  [
    'a peer that never closes an orphan',
    'fin-wait-2-timeout',
    (host, open) => {
      open.connection.release()
      host.poll()
      host.inject({ flags: 'A', seq: open.seq, ack: open.ack + 1 })
      host.advance(60_001)
    },
  ],
  [
    'a release with text unread',
    'unread-data',
    (host, open) => {
      host.inject({ flags: 'PA', ...next(open), text: 'unread' })
      open.connection.release()
    },
  ],
  [
    'text after a release',
    'unread-data',
    (host, open) => {
      open.connection.release()
      host.poll()
      host.inject({ flags: 'PA', ...next(open), text: 'unread' })
    },
  ],
  [
    'text beyond a hole after a release',
    'unread-data',
    (host, open) => {
      host.inject({ flags: 'PA', seq: open.seq + 100, ack: open.ack, text: 'beyond' })
      open.connection.release()
      host.poll()
      host.inject({ flags: 'PA', seq: open.seq + 200, ack: open.ack, text: 'beyond' })
    },
  ],
  [
    'a reset while text waits behind a hole',
    'reset-by-peer',
    (host, open) => {
      host.inject({ flags: 'PA', seq: open.seq + 100, ack: open.ack, text: 'beyond' })
      host.inject({ flags: 'R', seq: open.seq })
    },
  ],
  [
    'a reset while text is in flight',
    'reset-by-peer',
    (host, open) => {
      open.connection.send(new Uint8Array(50_000))
      host.poll()
      host.inject({ flags: 'R', seq: open.seq })
    },
  ],
  [
    'an abort with everything in its buffers',
    'aborted-by-user',
    (host, open) => {
      open.connection.send(new Uint8Array(50_000))
      host.poll()
      host.inject({ flags: 'PA', ...next(open), text: 'unread' })
      host.inject({ flags: 'PA', seq: open.seq + 100, ack: open.ack, text: 'beyond' })
      open.connection.abort()
    },
  ],
]

describe('an accepted connection that ended leaves nothing', () => {
  for (const [name, reason, end, config = {}] of ENDINGS) {
    test(`by ${name}`, () => {
      const host = new Host({ config: configure(config) })
      const listener = host.listen({ port: 80 })
      const open = opened(host, listener)
      end(host, open)
      host.poll()
      assert.deepEqual([open.connection.stateName, open.connection.closeReason], ['CLOSED', reason])
      const told = host.events().filter(([target]) => target === open.connection)
      assert.equal(told.length, 1, 'its user is told')
      host.stack.closeListener(listener)
      host.assertEmpty()
      assert.deepEqual(host.advance(1e7), [], 'and it says no more')
    })
  }
})

/** How a connection may end before it is established. */
const OPENINGS: [name: string, reason: CloseReason, end: (host: Host) => void, config?: Partial<Config>][] = [
  ['a close', 'closed-by-user', (host) => host.stack.connections()[0]!.close()],
  ['an abort', 'aborted-by-user', (host) => host.stack.connections()[0]!.abort()],
  ['a release', 'closed-by-user', (host) => host.stack.connections()[0]!.release()],
  ['no answer', 'connect-timeout', (host) => host.advance(1_000_000)],
  [
    'a refusal',
    'connection-refused',
    (host) => {
      const { tcb } = host.stack.connections()[0]!
      const sockets = { srcPort: 80, dstPort: tcb.path.localPort }
      host.inject({ ...sockets, flags: 'RA', seq: 0, ack: tcb.iss + 1 })
    },
  ],
  [
    'an ICMP error',
    'port-unreachable',
    (host) => {
      const { path, iss } = host.stack.connections()[0]!.tcb
      const again = host.advance(1001)[0]!
      assert.equal(again.seq, iss >>> 0)
      assert.equal(again.srcPort, path.localPort)
      host.inject(icmpError(again.bytes, ERRORS[4].port))
    },
  ],
  [
    'a reset after a simultaneous open',
    'connection-refused',
    (host) => {
      const { tcb } = host.stack.connections()[0]!
      const sockets = { srcPort: 80, dstPort: tcb.path.localPort }
      host.inject({ ...sockets, flags: 'S', seq: 5, text: 'early' })
      assert.equal(host.stack.connections()[0]!.stateName, 'SYN-RECEIVED')
      host.inject({ ...sockets, flags: 'R', seq: 11 })
    },
  ],
]

describe('an active OPEN that failed leaves nothing', () => {
  for (const [name, reason, end, config = {}] of OPENINGS) {
    test(`by ${name}`, () => {
      const host = new Host({ config: configure(config) })
      const connection = host.connect()
      connection.send(new Uint8Array(5000))
      assert.equal(host.poll()[0]!.flags, 'S')
      end(host)
      host.poll()
      assert.deepEqual([connection.stateName, connection.closeReason], ['CLOSED', reason])
      connection.release()
      host.assertEmpty()
      assert.deepEqual(host.advance(1e7), [])
    })
  }
})

test('what arrived in order before a reset can still be read; then, or at a release, its memory goes back', () => {
  for (const how of ['read', 'release'] as const) {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    const open = opened(host, listener)
    host.inject({ flags: 'PA', ...next(open), text: 'precious' })
    host.inject({ flags: 'PA', seq: open.seq + 100, ack: open.ack, text: 'beyond' })
    host.inject({ flags: 'R', seq: open.seq + 8 })
    assert.equal(open.connection.readable, 8)
    assert.ok(host.stack.occupancy.bufferBytes > 0)
    if (how === 'read') assert.equal(open.connection.receive(new Uint8Array(100)), 8)
    else open.connection.release()
    host.stack.closeListener(listener)
    host.assertEmpty()
  }
})
