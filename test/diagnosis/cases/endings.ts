/** Connections that a FIN ended, at the wrong time or to the wrong side; and those that nobody ended. */

import type { Case, Truth } from '../case.ts'
import { NODE_ONLY, PYTHON_ONLY } from '../case.ts'

const RST = 'tcp[tcpflags] & tcp-rst != 0'
/** Both ends are so far away that what they send at once crosses. */
const FAR = { toServer: { delayUs: 250_000 }, toClient: { delayUs: 250_000 } }

const staleConnection: Truth = {
  verdict: ['broken-pipe'],
  healthy: false,
  phase: ['data', 'close'],
  resetBy: 'server-host',
}
const cutShort: Truth = {
  verdict: ['premature-end'],
  healthy: false,
  phase: ['data', 'close'],
  culprit: 'server-app',
  resetBy: null,
  // Sockets see the end, HTTP makes an error of it.
  sees: false,
}
const healthy: Truth = { verdict: ['healthy'], healthy: true, culprit: 'none', resetBy: null }
const HEADER = 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'
const REQUEST = 'GET / HTTP/1.1\r\nHost: s\r\n\r\n'

import { accept, answer, connect, exchange, listen, PORT } from './usual-steps.ts'

export const ENDING_CASES: readonly Case[] = [
  {
    name: 'premature_eof',
    title: 'the server closes in the middle of its answer',
    client: [
      connect,
      { op: 'send', n: REQUEST.length, text: REQUEST },
      { op: 'readfull', n: 5000 },
      { op: 'close' },
    ],
    server: [
      listen,
      accept,
      { op: 'readfull', n: REQUEST.length },
      { op: 'send', n: 1500, text: HEADER },
      { op: 'close' },
    ],
    seen: { client: ['eof'] },
    truth: cutShort,
  },
  {
    name: 'server_killed_mid_response',
    title: 'the server process is killed in the middle of its answer',
    client: [
      connect,
      { op: 'send', n: REQUEST.length, text: REQUEST },
      { op: 'readfull', n: 5000 },
      { op: 'close' },
    ],
    server: [
      listen,
      accept,
      { op: 'readfull', n: REQUEST.length },
      { op: 'send', n: 1500, text: HEADER },
      { op: 'sleep', ms: 200 },
      { op: 'die' },
    ],
    seen: { client: ['eof'] },
    truth: cutShort,
  },
  {
    name: 'peer_closed_idle',
    title: 'the server closes an idle connection',
    client: [connect, ...exchange, { op: 'recv' }, { op: 'close' }],
    server: [listen, accept, ...answer, { op: 'sleep', ms: 1500 }, { op: 'close' }],
    seen: { client: ['eof'] },
    truth: { verdict: ['healthy', 'closed-while-idle'], healthy: true, resetBy: null },
  },
  {
    name: 'accept_then_close',
    title: 'the server accepts and closes at once: a balancer without a backend',
    client: [connect, { op: 'recv' }, { op: 'close' }],
    server: [listen, accept, { op: 'close' }],
    seen: { client: ['eof'] },
    truth: {
      verdict: ['closed-at-once'],
      healthy: false,
      phase: ['established-at-client', 'close', 'data'],
      culprit: ['server-app', 'middlebox'],
      resetBy: null,
    },
  },
  {
    name: 'broken_pipe',
    title: 'the server has closed; the client writes twice',
    client: [
      connect,
      { op: 'send', n: 100 },
      { op: 'wait', flag: 'closed' },
      { op: 'sleep', ms: 200 },
      { op: 'send', n: 100 },
      { op: 'sleep', ms: 300 },
      { op: 'send', n: 100 },
      { op: 'close' },
    ],
    server: [listen, accept, { op: 'readfull', n: 100 }, { op: 'close' }, { op: 'touch', flag: 'closed' }],
    seen: { client: ['EPIPE'] },
    truth: { ...staleConnection, culprit: ['server-app', 'client-app'] },
  },
  {
    name: 'broken_pipe_v6',
    title: 'the server has closed; the client writes twice, IPv6',
    family: 6,
    client: [
      connect,
      { op: 'send', n: 100 },
      { op: 'wait', flag: 'closed' },
      { op: 'sleep', ms: 200 },
      { op: 'send', n: 100 },
      { op: 'sleep', ms: 300 },
      { op: 'send', n: 100 },
      { op: 'close' },
    ],
    server: [listen, accept, { op: 'readfull', n: 100 }, { op: 'close' }, { op: 'touch', flag: 'closed' }],
    seen: { client: ['EPIPE'] },
    truth: { ...staleConnection, culprit: ['server-app', 'client-app'] },
  },
  {
    name: 'read_after_reset_in_close_wait',
    title: 'the server has closed; the client writes once and reads: the end of the stream, and no error',
    languages: PYTHON_ONLY,
    client: [
      connect,
      { op: 'send', n: 100 },
      { op: 'wait', flag: 'closed' },
      { op: 'sleep', ms: 200 },
      { op: 'send', n: 100 },
      { op: 'sleep', ms: 300 },
      { op: 'recv' },
      { op: 'close' },
    ],
    server: [listen, accept, { op: 'readfull', n: 100 }, { op: 'close' }, { op: 'touch', flag: 'closed' }],
    seen: { client: ['eof'] },
    onClientWire: { has: [RST] },
    // The reset is there, whether anybody writes again is not on the wire.
    truth: { ...staleConnection, culprit: ['server-app', 'client-app'], sees: false },
  },
  {
    name: 'keepalive_race',
    title: 'a request and the FIN of a server that was idle for too long cross',
    wire: FAR,
    client: [
      connect,
      ...exchange,
      { op: 'wait', flag: 'closing' },
      { op: 'send', n: 150 },
      { op: 'sleep', ms: 1200 },
      { op: 'send', n: 100 },
      { op: 'close' },
    ],
    server: [
      listen,
      accept,
      ...answer,
      { op: 'sleep', ms: 1000 },
      { op: 'close' },
      { op: 'touch', flag: 'closing' },
    ],
    seen: { client: ['EPIPE'] },
    onClientWire: {
      has: [RST],
      order: ['dst port 8080 and ip[2:2] = 202', 'src port 8080 and tcp[tcpflags] & tcp-fin != 0'],
    },
    truth: {
      verdict: ['close-race'],
      healthy: false,
      phase: ['data', 'close', 'idle'],
      resetBy: 'server-host',
    },
  },
  {
    name: 'shutdown_then_write',
    title: 'the client writes after it has ended its side: its own mistake, not on the wire',
    languages: PYTHON_ONLY,
    client: [
      connect,
      { op: 'send', n: 100 },
      { op: 'shutdown' },
      { op: 'send', n: 100 },
      { op: 'readall' },
      { op: 'close' },
    ],
    server: [listen, accept, { op: 'readall' }, { op: 'send', n: 100 }, { op: 'close' }],
    seen: { client: ['EPIPE'] },
    truth: { ...healthy, sees: false },
  },
  {
    name: 'half_close',
    title: 'the client ends its side and reads the answer',
    client: [connect, { op: 'send', n: 100 }, { op: 'shutdown' }, { op: 'readall' }, { op: 'close' }],
    server: [
      listen,
      accept,
      { op: 'readall' },
      { op: 'sleep', ms: 300 },
      { op: 'send', n: 5000 },
      { op: 'close' },
    ],
    seen: { client: [], server: [] },
    truth: healthy,
  },
  {
    name: 'close_wait_leak',
    title: 'the server never closes what the client has closed',
    client: [connect, ...exchange, { op: 'close' }, { op: 'sleep', ms: 2500 }],
    server: [listen, accept, ...answer, { op: 'hold' }],
    setup: ['c: sysctl -qw net.ipv4.tcp_fin_timeout=1'],
    seen: { client: [] },
    // The capture may only have ended too early.
    truth: { verdict: ['close-not-finished', 'healthy'], resetBy: null },
  },
  {
    name: 'fin_wait2_leak',
    title: 'the client never closes what the server has closed',
    client: [connect, ...exchange, { op: 'sleep', ms: 2500 }, { op: 'hold' }],
    server: [listen, accept, ...answer, { op: 'close' }, { op: 'hold' }],
    setup: ['s: sysctl -qw net.ipv4.tcp_fin_timeout=1'],
    seen: { client: [] },
    truth: { verdict: ['close-not-finished', 'healthy'], resetBy: null },
  },
  {
    name: 'time_wait_port_reused',
    title: 'the client uses a port again that is in TIME-WAIT at the server: taken at once',
    client: [
      { op: 'connect', port: PORT, local: 40_000 },
      ...exchange,
      { op: 'recv' },
      { op: 'close' },
      { op: 'sleep', ms: 200 },
      { op: 'connect', port: PORT, local: 40_000 },
      ...exchange,
      { op: 'recv' },
      { op: 'close' },
    ],
    server: [listen, accept, ...answer, { op: 'close' }, accept, ...answer, { op: 'close' }],
    seen: { client: ['eof'] },
    truth: { ...healthy, verdict: ['healthy', 'closed-while-idle'] },
  },
  {
    name: 'time_wait_exhaustion',
    title: 'all ten ports of the client are in TIME-WAIT: the eleventh connection has none',
    setup: ["c: sysctl -qw net.ipv4.ip_local_port_range='40000 40009' net.ipv4.tcp_tw_reuse=0"],
    client: [{ op: 'repeat', n: 10, ops: [connect, ...exchange, { op: 'close' }] }, connect],
    server: [listen, { op: 'repeat', n: 10, ops: [accept, ...answer, { op: 'readall' }, { op: 'close' }] }],
    seen: { client: ['EADDRNOTAVAIL'] },
    // The error is not on the wire; each of the ten went well.
    truth: { ...healthy, sees: false },
  },
  {
    name: 'simultaneous_close',
    title: 'both ends close at once',
    wire: FAR,
    client: [connect, ...exchange, { op: 'touch', flag: 'bye' }, { op: 'close' }],
    server: [listen, accept, ...answer, { op: 'wait', flag: 'bye' }, { op: 'close' }],
    settleMs: 1500,
    seen: { client: [], server: [] },
    truth: { ...healthy, verdict: ['healthy', 'slow-network'], culprit: ['none', 'path'] },
  },
  {
    name: 'simultaneous_open',
    title: 'both ends connect to each other',
    languages: PYTHON_ONLY,
    wire: { toServer: { delayUs: 400_000 }, toClient: { delayUs: 400_000 } },
    client: [
      { op: 'touch', flag: 'ready' },
      { op: 'connect', port: PORT, local: 8081 },
      ...exchange,
      { op: 'close' },
    ],
    server: [
      { op: 'touch', flag: 'there' },
      { op: 'wait', flag: 'ready' },
      { op: 'connect', host: '10.1.0.2', port: 8081, local: PORT },
      ...answer,
      { op: 'readall' },
      { op: 'close' },
    ],
    settleMs: 800,
    seen: { client: [], server: [] },
    truth: { ...healthy, verdict: ['healthy', 'slow-network'], culprit: ['none', 'path'] },
  },
  {
    name: 'tls_alert',
    title: 'the server refuses the TLS handshake with an alert and closes',
    languages: NODE_ONLY,
    client: [{ op: 'connect', port: PORT, tls: 'none' }],
    server: [{ op: 'listen', port: PORT, tls: 'none' }, { op: 'hold' }],
    seen: {
      client: ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE|ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE'],
      server: ['ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM|ERR_SSL_NO_SHARED_CIPHER'],
    },
    truth: {
      verdict: ['tls-alert', 'closed-without-answer', 'premature-end'],
      healthy: false,
      phase: ['data', 'close'],
      sees: false,
    },
  },
]
