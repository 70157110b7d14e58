/** Connections that a reset ended, and resets that ended none. */

import type { Case, Truth } from '../case.ts'
import { PYTHON_SERVER } from '../case.ts'
import type { Op } from '../script.ts'

const RST = 'tcp[tcpflags] & tcp-rst != 0'

const byServer: Truth = {
  verdict: ['reset-by-server'],
  healthy: false,
  phase: 'data',
  culprit: 'server-app',
  resetBy: 'server-host',
}
const byMiddlebox: Truth = {
  verdict: ['reset-by-middlebox'],
  healthy: false,
  phase: 'data',
  culprit: 'middlebox',
  resetBy: 'middlebox',
}
const healthy: Truth = { verdict: ['healthy'], healthy: true, culprit: 'none', resetBy: null }

/** The client's part around a request that a middlebox waits for. */
const marked: readonly Op[] = [
  connect,
  ...exchange,
  { op: 'sleep', ms: 100 },
  { op: 'send', n: 200, text: 'INJECTME' },
]
/** Takes one connection at the router's port 8080 and aborts it; it ends by itself in any case. */
const PROXY = `m: python3 -c '
import socket, struct, time
listener = socket.create_server(("", 8080))
listener.settimeout(20)
s, _ = listener.accept()
s.recv(1000)
time.sleep(0.3)
s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
s.close()
' > /dev/null 2>&1 &
until ss -ltn | grep -q :8080; do sleep 0.05; done`
const RESET_OR_PIPE = 'ECONNRESET|EPIPE'

import { accept, answer, connect, exchange, listen, PORT } from './usual-steps.ts'

/** Packets that a host does not send: it dies without a word. */
const mute = (host: 'c' | 's'): string =>
  `${host}: nft add table inet mute; nft 'add chain inet mute o { type filter hook output priority 0; }'; nft 'add rule inet mute o tcp flags & rst == rst drop'`
const unmute = (host: 'c' | 's'): string => `${host}: nft delete table inet mute`

export const RESET_CASES: readonly Case[] = [
  {
    name: 'half_open_server_rebooted',
    title: 'the server has forgotten the connection: a reset that knows nothing of it',
    client: [
      connect,
      ...exchange,
      { op: 'wait', flag: 'rebooted' },
      { op: 'send', n: 300 },
      { op: 'recv' },
      { op: 'close' },
    ],
    server: [
      listen,
      accept,
      ...answer,
      { op: 'touch', flag: 'answered' },
      { op: 'wait', flag: 'muted' },
      { op: 'abort' },
      { op: 'touch', flag: 'dead' },
      { op: 'hold' },
    ],
    director: [
      { wait: 'answered' },
      { sleep: 300 },
      { run: mute('s') },
      { touch: 'muted' },
      { wait: 'dead' },
      { sleep: 1500 },
      { run: unmute('s') },
      { touch: 'rebooted' },
    ],
    seen: { client: ['ECONNRESET'] },
    truth: {
      verdict: ['connection-forgotten'],
      healthy: false,
      phase: ['data', 'idle'],
      culprit: 'server-host',
      resetBy: 'server-host',
    },
  },
  {
    name: 'reset_unread_data',
    title: 'the server closes with octets of the request unread',
    languages: PYTHON_SERVER,
    fromBoth: { ...byServer, verdict: ['unread-data', 'reset-by-server'] },
    client: [
      connect,
      { op: 'send', n: 5000 },
      { op: 'touch', flag: 'sent' },
      { op: 'recv', timeout: 5000 },
      { op: 'send', n: 10 },
      { op: 'close' },
    ],
    server: [
      listen,
      accept,
      { op: 'wait', flag: 'sent' },
      { op: 'sleep', ms: 300 },
      { op: 'recv', n: 100 },
      { op: 'close' },
    ],
    seen: { client: { python: ['ECONNRESET', 'EPIPE'], node: ['ECONNRESET'] } },
    truth: { ...byServer, verdict: ['unread-data', 'reset-by-server'] },
    fromServer: { ...byServer, verdict: ['unread-data', 'reset-by-server'] },
  },
  {
    name: 'reset_unread_data_v6',
    title: 'the server closes with octets of the request unread, IPv6',
    family: 6,
    languages: PYTHON_SERVER,
    client: [
      connect,
      { op: 'send', n: 5000 },
      { op: 'touch', flag: 'sent' },
      { op: 'recv', timeout: 5000 },
      { op: 'close' },
    ],
    server: [
      listen,
      accept,
      { op: 'wait', flag: 'sent' },
      { op: 'sleep', ms: 300 },
      { op: 'recv', n: 100 },
      { op: 'close' },
    ],
    seen: { client: ['ECONNRESET'] },
    truth: { ...byServer, verdict: ['unread-data', 'reset-by-server'] },
  },
  {
    name: 'reset_linger0',
    title: 'the server aborts: SO_LINGER with 0 seconds',
    client: [connect, { op: 'send', n: 100 }, { op: 'recv', timeout: 5000 }, { op: 'close' }],
    server: [listen, accept, { op: 'readfull', n: 100 }, { op: 'sleep', ms: 300 }, { op: 'abort' }],
    seen: { client: ['ECONNRESET'] },
    truth: { ...byServer, verdict: ['unread-data', 'reset-by-server'] },
  },
  {
    name: 'server_killed_unread',
    title: 'the server process is killed with octets unread',
    languages: PYTHON_SERVER,
    client: [
      connect,
      { op: 'send', n: 5000 },
      { op: 'touch', flag: 'sent' },
      { op: 'recv', timeout: 5000 },
      { op: 'close' },
    ],
    server: [listen, accept, { op: 'wait', flag: 'sent' }, { op: 'sleep', ms: 400 }, { op: 'die' }],
    seen: { client: ['ECONNRESET'] },
    truth: { ...byServer, verdict: ['unread-data', 'reset-by-server'] },
  },
  {
    name: 'client_aborts_download',
    title: 'the client goes away in the middle of a download',
    // It reads nothing, so that in any case the server is stopped by a window, with more to send.
    client: [
      { op: 'connect', port: PORT, paused: true },
      { op: 'send', n: 100 },
      { op: 'wait', flag: 'sending' },
      { op: 'sleep', ms: 700 },
      { op: 'abort' },
    ],
    server: [
      listen,
      accept,
      { op: 'readfull', n: 100 },
      { op: 'touch', flag: 'sending' },
      { op: 'send', n: 20_000_000 },
      { op: 'close' },
    ],
    onClientWire: { has: ['src port 8080 and greater 1000'] },
    seen: { client: [], server: [RESET_OR_PIPE] },
    truth: {
      verdict: ['download-aborted', 'receiver-not-reading'],
      healthy: false,
      phase: 'data',
      culprit: 'client-app',
      resetBy: 'client-host',
    },
  },
  {
    name: 'upload_rejected_early',
    title: 'the server answers in the middle of an upload and closes without reading the rest',
    languages: PYTHON_SERVER,
    client: [
      connect,
      { op: 'send', n: 8_000_000, text: 'POST / HTTP/1.1\r\nContent-Length: 8000000\r\n\r\n' },
      { op: 'close' },
    ],
    server: [
      listen,
      accept,
      { op: 'recv', n: 1000 },
      { op: 'send', n: 120, text: 'HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\n' },
      { op: 'close' },
    ],
    seen: { client: [RESET_OR_PIPE] },
    truth: { ...byServer, verdict: ['rejected-early'], sees: false },
  },
  {
    name: 'rst_injected_both',
    title: 'a middlebox resets both sides, with numbers that it guesses and a TTL of its own',
    inject: 'both',
    client: [
      ...marked,
      { op: 'recv', timeout: 9000 },
      { op: 'touch', flag: 'reset' },
      { op: 'close' },
      { op: 'sleep', ms: 500 },
    ],
    server: [
      listen,
      accept,
      ...answer,
      { op: 'readfull', n: 200 },
      { op: 'wait', flag: 'reset' },
      { op: 'sleep', ms: 400 },
      { op: 'send', n: 300 },
      { op: 'close' },
    ],
    seen: { client: ['ECONNRESET'], server: ['ECONNRESET'] },
    truth: byMiddlebox,
    fromServer: byMiddlebox,
    fromBoth: byMiddlebox,
  },
  {
    name: 'rst_injected_stealth',
    title: 'a middlebox resets the client with a perfect copy: the server goes on',
    inject: 'stealth',
    client: [
      ...marked,
      { op: 'recv', timeout: 9000 },
      { op: 'touch', flag: 'reset' },
      { op: 'close' },
      { op: 'sleep', ms: 800 },
    ],
    server: [
      listen,
      accept,
      ...answer,
      { op: 'readfull', n: 200 },
      { op: 'wait', flag: 'reset' },
      { op: 'sleep', ms: 400 },
      { op: 'send', n: 300 },
      { op: 'close' },
    ],
    seen: { client: ['ECONNRESET'], server: [RESET_OR_PIPE] },
    onServerWire: { lacks: [`${RST} and src port 8080`] },
    truth: byMiddlebox,
    fromBoth: byMiddlebox,
  },
  {
    name: 'rst_injected_server',
    title: 'a middlebox resets the server alone; the client learns it from what it sends again',
    inject: 'server',
    client: [...marked, { op: 'recv' }, { op: 'close' }],
    server: [listen, accept, ...answer, { op: 'readfull', n: 200 }, { op: 'recv' }, { op: 'hold' }],
    seen: { client: ['ECONNRESET'], server: { python: ['ECONNRESET'], node: ['ECONNRESET|eof'] } },
    // Where data and a reset are there at once, libuv tells of the end and not of the error.
    // Here it is a server that has forgotten the connection.
    truth: {
      verdict: ['connection-forgotten'],
      healthy: false,
      phase: ['data', 'idle'],
      resetBy: 'server-host',
    },
    fromServer: byMiddlebox,
    fromBoth: byMiddlebox,
  },
  {
    name: 'proxy_without_backend',
    title:
      'a transparent proxy takes the connection in the name of the server and resets it: its server is gone',
    setup: [
      `m: nft add table ip proxy; nft 'add chain ip proxy p { type nat hook prerouting priority -100; }'; nft 'add rule ip proxy p tcp dport 8080 redirect'`,
      PROXY,
    ],
    client: [
      { op: 'connect', port: 8081 },
      ...exchange,
      { op: 'close' },
      { op: 'sleep', ms: 50 },
      connect,
      { op: 'send', n: 100 },
      { op: 'recv', timeout: 5000 },
      { op: 'close' },
    ],
    server: [{ op: 'listen', port: 8081 }, accept, ...answer, { op: 'readall' }, { op: 'close' }],
    seen: { client: ['ECONNRESET'] },
    onClientWire: { has: [`${RST} and src port 8080 and ip[8] = 64`] },
    onServerWire: { lacks: ['port 8080'] },
    truth: { ...byMiddlebox, verdict: ['reset-by-middlebox', 'unread-data', 'reset-by-server'] },
    fromServer: null,
  },
  {
    name: 'rst_blind_ignored',
    title: 'a forged reset far outside the window: nothing happens',
    inject: 'blind',
    client: [...marked, { op: 'readfull', n: 300 }, { op: 'close' }],
    server: [
      listen,
      accept,
      ...answer,
      { op: 'readfull', n: 200 },
      { op: 'sleep', ms: 200 },
      { op: 'send', n: 300 },
      { op: 'readall' },
      { op: 'close' },
    ],
    seen: { client: [], server: [] },
    onClientWire: { has: [RST] },
    truth: healthy,
  },
  {
    name: 'rst_inwindow_challenged',
    title: 'a forged reset inside the window: a challenge ACK, and nothing else',
    inject: 'window',
    client: [...marked, { op: 'readfull', n: 300 }, { op: 'close' }],
    server: [
      listen,
      accept,
      ...answer,
      { op: 'readfull', n: 200 },
      { op: 'sleep', ms: 200 },
      { op: 'send', n: 300 },
      { op: 'readall' },
      { op: 'close' },
    ],
    seen: { client: [], server: [] },
    onClientWire: { has: [RST] },
    truth: healthy,
  },
  {
    name: 'port_reuse_half_open',
    title: 'the client host crashed and uses the same port again: challenge ACK, RST, SYN',
    client: [
      { op: 'connect', port: PORT, local: 40_000 },
      ...exchange,
      { op: 'touch', flag: 'answered' },
      { op: 'wait', flag: 'muted' },
      { op: 'abort' },
      { op: 'touch', flag: 'dead' },
      { op: 'wait', flag: 'rebooted' },
      { op: 'connect', port: PORT, local: 40_000 },
      ...exchange,
      { op: 'close' },
    ],
    server: [
      listen,
      { op: 'accept', on: 'old' },
      { op: 'readfull', n: 100, on: 'old' },
      { op: 'send', n: 100, on: 'old' },
      accept,
      ...answer,
      { op: 'recv', on: 'old', timeout: 3000 },
      { op: 'readall' },
      { op: 'close' },
    ],
    director: [
      { wait: 'answered' },
      { sleep: 200 },
      { run: mute('c') },
      { touch: 'muted' },
      { wait: 'dead' },
      { sleep: 300 },
      { run: unmute('c') },
      { touch: 'rebooted' },
    ],
    seen: { client: [], server: ['ECONNRESET'] },
    onClientWire: { has: [RST] },
    connection: 'some',
    truth: { verdict: ['old-connection-in-the-way'] },
  },
]
