/** The server's queue of connections that nobody accepts is full: the four faces of it. */

import type { Case, Truth } from '../case.ts'
import { PYTHON_ONLY, PYTHON_SERVER } from '../case.ts'
import type { Op } from '../script.ts'
import { PORT } from './usual-steps.ts'

/** All first SYNs are at the server before the first ACK is. */
const FAR = { toServer: { delayUs: 200_000 }, toClient: { delayUs: 200_000 } }
const neverAccepts: readonly Op[] = [{ op: 'listen', port: PORT, backlog: 1 }, { op: 'hold' }]
/**
 * Linux queues one more than the backlog, and takes no more SYNs at once than the backlog. Three wait; of four that come
 * together two find room.
 */
const roomForTwo: readonly Op[] = [{ op: 'listen', port: PORT, backlog: 4 }, { op: 'hold' }]
const three: readonly Op[] = ['first', 'second', 'third'].map((on) => ({ op: 'connect', port: PORT, on }))

const overflow: Truth = {
  verdict: ['accept-queue-full'],
  healthy: false,
  phase: 'established-at-client',
  culprit: 'server-app',
}

export const BACKLOG_CASES: readonly Case[] = [
  {
    name: 'backlog_full_syn_drop',
    title: 'the queue is full of connections that nobody accepts: SYNs are dropped',
    languages: PYTHON_SERVER,
    setup: ['c: sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0 net.ipv4.tcp_syn_retries=3'],
    client: [
      { op: 'connect', port: PORT, on: 'first' },
      { op: 'connect', port: PORT, on: 'second' },
      { op: 'connect', port: PORT, on: 'third' },
      { op: 'hold' },
    ],
    server: neverAccepts,
    seen: { client: ['ETIMEDOUT'] },
    truth: {
      verdict: ['accept-queue-full'],
      healthy: false,
      phase: 'connect',
      culprit: ['server-app', null],
      resetBy: null,
    },
    fromServer: { ...overflow, phase: 'connect' },
  },
  {
    name: 'backlog_full_ack_dropped',
    title:
      'the queue fills between SYN and ACK: the ACK is dropped, the SYN-ACK sent again, the data reset at last',
    languages: PYTHON_ONLY,
    wire: FAR,
    setup: ['s: sysctl -qw net.ipv4.tcp_synack_retries=1'],
    client: [...three, { op: 'connectmany', n: 4, port: PORT, send: 100, timeout: 9000 }],
    server: roomForTwo,
    seen: { client: ['ECONNRESET', 'timeout'] },
    connection: 'some',
    truth: { ...overflow, resetBy: 'server-host' },
    fromServer: { ...overflow, resetBy: 'server-host' },
  },
  {
    name: 'backlog_full_abort',
    title: 'the queue fills between SYN and ACK: the server resets (tcp_abort_on_overflow)',
    languages: PYTHON_ONLY,
    wire: FAR,
    setup: ['s: sysctl -qw net.ipv4.tcp_abort_on_overflow=1'],
    client: [...three, { op: 'connectmany', n: 4, port: PORT, send: 100, timeout: 1500 }],
    server: roomForTwo,
    seen: { client: ['ECONNRESET', 'timeout'] },
    connection: 'some',
    truth: { ...overflow, resetBy: 'server-host' },
  },
  {
    name: 'backlog_full_burst_cookies',
    title: 'the queue fills between SYN and ACK, with SYN cookies: silence',
    languages: PYTHON_ONLY,
    wire: FAR,
    setup: ['s: sysctl -qw net.ipv4.tcp_syncookies=2'],
    client: [{ op: 'connectmany', n: 4, port: PORT, send: 100, timeout: 3000 }],
    server: neverAccepts,
    seen: { client: ['timeout'] },
    connection: 'some',
    // The data are never acknowledged: a path that broke just then looks the same.
    truth: {
      ...overflow,
      verdict: ['accept-queue-full', 'unacknowledged'],
      culprit: ['server-app', null],
    },
    fromServer: overflow,
  },
]
