/** What the other cases provoke, brought about in another way: other rules, other order, the other family, the other side. */

import type { Case, Truth } from '../case.ts'
import { NODE_ONLY, PYTHON_ONLY, PYTHON_SERVER } from '../case.ts'
import { accept, answer, close, connect, exchange, listen, PORT, rule } from './usual-steps.ts'

const byServer: Truth = {
  verdict: ['reset-by-server'],
  healthy: false,
  culprit: 'server-app',
  resetBy: 'server-host',
}
const byClient: Truth = { verdict: ['reset-by-client'], healthy: false, resetBy: 'client-host' }
const fine: Truth = { verdict: ['healthy'], healthy: true, culprit: 'none', resetBy: null }
const noError: Truth = { verdict: [], healthy: true }

/** A program of Python's own that listens or does what scripts cannot; ready when `port` listens. */
const python = (host: 'm' | 's', port: number, text: string): string =>
  `${host}: python3 -c '
import socket, struct, time, threading
L = socket.create_server(("", ${port}))
L.settimeout(20)
${text}
' > /dev/null 2>&1 &
until ss -ltn | grep -q :${port}; do sleep 0.05; done`

export const VARIANT_CASES: readonly Case[] = [
  {
    name: 'client_aborts_request',
    title: 'the client aborts after its request, before the answer',
    client: [
      connect,
      { op: 'send', n: 300 },
      { op: 'touch', flag: 'sent' },
      { op: 'sleep', ms: 300 },
      { op: 'abort' },
    ],
    server: [listen, accept, { op: 'readfull', n: 300 }, { op: 'recv' }, close],
    seen: { client: [], server: ['ECONNRESET'] },
    truth: { ...byClient, culprit: 'client-app' },
  },
  {
    name: 'client_closes_unread',
    title: 'the client closes with an answer unread: its kernel resets',
    languages: PYTHON_ONLY,
    client: [connect, { op: 'send', n: 300 }, { op: 'sleep', ms: 400 }, { op: 'recv', n: 10 }, close],
    server: [
      listen,
      accept,
      { op: 'readfull', n: 300 },
      { op: 'send', n: 4000 },
      { op: 'sleep', ms: 1000 },
      { op: 'recv' },
      close,
    ],
    seen: { client: [], server: ['ECONNRESET'] },
    truth: { verdict: ['ended-by-reset'], healthy: true, resetBy: 'client-host', culprit: 'none' },
  },
  {
    name: 'server_aborts_after_answer',
    title: 'the server aborts after its answer was read: the next read fails',
    client: [
      connect,
      { op: 'send', n: 100 },
      { op: 'readfull', n: 100 },
      { op: 'touch', flag: 'got' },
      { op: 'recv' },
      close,
    ],
    server: [
      listen,
      accept,
      ...answer,
      { op: 'wait', flag: 'got' },
      { op: 'sleep', ms: 300 },
      { op: 'abort' },
    ],
    seen: { client: ['ECONNRESET'] },
    truth: { ...byServer },
  },
  {
    name: 'half_close_late_answer',
    title: 'the client ends its side; the answer comes in three parts, each late',
    client: [connect, { op: 'send', n: 300 }, { op: 'shutdown' }, { op: 'readall' }, close],
    server: [
      listen,
      accept,
      { op: 'readall' },
      { op: 'send', n: 500 },
      { op: 'sleep', ms: 700 },
      { op: 'send', n: 500 },
      { op: 'sleep', ms: 700 },
      { op: 'send', n: 500 },
      close,
    ],
    seen: { client: [] },
    truth: noError,
  },
  {
    name: 'server_ends_first_upload_goes_on',
    title: 'the server ends its side first, and the client goes on to upload',
    languages: PYTHON_ONLY,
    client: [connect, { op: 'send', n: 100 }, { op: 'readall' }, { op: 'send', n: 200_000 }, close],
    server: [
      listen,
      accept,
      { op: 'readfull', n: 100 },
      { op: 'send', n: 100 },
      { op: 'shutdown' },
      { op: 'readall' },
      close,
    ],
    seen: { client: [] },
    truth: noError,
  },
  {
    name: 'listener_dies_with_queue',
    title: 'the process dies that listens: who waits in its queue is reset',
    client: [connect, { op: 'send', n: 100 }, { op: 'touch', flag: 'sent' }, { op: 'recv' }, close],
    server: [listen, { op: 'wait', flag: 'sent' }, { op: 'sleep', ms: 300 }, { op: 'die' }],
    languages: PYTHON_SERVER,
    seen: { client: ['ECONNRESET'] },
    truth: {
      verdict: ['reset-by-server', 'unread-data', 'never-accepted'],
      healthy: false,
      resetBy: 'server-host',
    },
  },
  {
    name: 'last_ack_of_handshake_lost',
    title: 'the third segment of the handshake is lost: the request opens the connection',
    forward: [
      'tcp dport 8080 tcp flags & (syn|ack|psh|fin) == ack meta length < 60 numgen inc mod 1000 == 0 drop',
    ],
    client: [connect, ...exchange, close],
    server: [listen, accept, ...answer, { op: 'recv' }, close],
    seen: { client: [], server: ['eof'] },
    truth: fine,
    // The handshake takes as long as the client needs to ask, on a busy machine.
    fromServer: { verdict: ['healthy', 'slow-network'], healthy: true, resetBy: null },
  },
  {
    name: 'fin_lost',
    title: "the client's FIN is lost and comes again",
    forward: ['tcp dport 8080 tcp flags & fin == fin numgen inc mod 1000 == 0 drop'],
    client: [connect, ...exchange, close],
    server: [listen, accept, ...answer, { op: 'recv' }, close],
    seen: { client: [], server: ['eof'] },
    truth: noError,
    fromServer: noError,
  },
  {
    name: 'answer_lost_once',
    title: 'the only segment of the answer is lost and comes again',
    forward: ['tcp sport 8080 tcp flags & psh == psh numgen inc mod 1000 == 0 drop'],
    client: [connect, ...exchange, close],
    server: [listen, accept, ...answer, { op: 'recv' }, close],
    seen: { client: [], server: ['eof'] },
    truth: noError,
    fromServer: noError,
  },
  {
    name: 'blackout',
    title: 'for two seconds in the middle of a download nothing gets through',
    forward: [],
    wire: {
      toServer: { delayUs: 10_000, rateBitsPerSecond: 16e6 },
      toClient: { delayUs: 10_000, rateBitsPerSecond: 8e6 },
    },
    client: [
      connect,
      { op: 'send', n: 100 },
      { op: 'readfull', n: 300_000 },
      { op: 'touch', flag: 'exchanged' },
      { op: 'readall' },
      close,
    ],
    server: [listen, accept, { op: 'readfull', n: 100 }, { op: 'send', n: 2_000_000 }, close],
    director: [
      { wait: 'exchanged' },
      { run: rule('tcp sport 8080 drop') },
      { sleep: 2000 },
      { run: 'm: nft flush chain inet lab f' },
    ],
    seen: { client: [] },
    truth: { verdict: ['loss', 'healthy'], healthy: true },
  },
  {
    name: 'heavy_loss',
    title: 'one segment in eight of a download is lost',
    wire: { toServer: { delayUs: 5000 }, toClient: { delayUs: 5000, loss: 0.12 }, seed: 7 },
    client: [connect, { op: 'send', n: 100 }, { op: 'readall' }, close],
    server: [listen, accept, { op: 'readfull', n: 100 }, { op: 'send', n: 300_000 }, close],
    seen: { client: [] },
    truth: { verdict: ['loss', 'slow-connect'], healthy: true },
  },
  {
    name: 'nat_rewrites',
    title: 'the router rewrites the addresses and ports of both ends',
    setup: [
      `m: nft add table ip nat; nft 'add chain ip nat pre { type nat hook prerouting priority -100; }'; nft 'add chain ip nat post { type nat hook postrouting priority 100; }'; nft 'add rule ip nat pre tcp dport 8080 dnat to 10.2.0.2:8081'; nft 'add rule ip nat post oif ms masquerade'`,
    ],
    client: [connect, ...exchange, close],
    server: [{ op: 'listen', port: 8081 }, accept, ...answer, { op: 'recv' }, close],
    seen: { client: [], server: ['eof'] },
    truth: fine,
  },
  {
    name: 'proxy_closes_without_answer',
    title: 'a proxy whose backend refuses closes after the request',
    setup: [python('m', 8080, 's, _ = L.accept()\ns.recv(1000)\ntime.sleep(0.1)\ns.close()')],
    client: [{ op: 'connect', port: PORT, host: '10.1.0.1' }, { op: 'send', n: 100 }, { op: 'recv' }, close],
    server: [],
    seen: { client: ['eof'] },
    truth: { sees: false, verdict: ['closed-without-answer'], healthy: false, culprit: 'server-app' },
  },
  {
    name: 'server_stops_reading_side',
    title: 'the server shuts its reading side (SHUT_RD) and goes on to answer',
    setup: [
      python(
        's',
        8080,
        's, _ = L.accept()\ns.recv(1000)\ns.shutdown(socket.SHUT_RD)\ns.send(b"x" * 500)\ntime.sleep(0.5)\ns.close()',
      ),
    ],
    client: [connect, { op: 'send', n: 100 }, { op: 'readall' }, close],
    server: [],
    seen: { client: [] },
    truth: noError,
  },
  {
    name: 'window_shrinks_slow_reader',
    title: 'the client reads a long answer in drops: the window closes again and again',
    languages: PYTHON_ONLY,
    client: [
      { op: 'connect', port: PORT, rcvbuf: 8192 },
      { op: 'send', n: 100 },
      {
        op: 'repeat',
        n: 30,
        ops: [
          { op: 'recv', n: 2000 },
          { op: 'sleep', ms: 60 },
        ],
      },
      { op: 'readall' },
      close,
    ],
    server: [listen, accept, { op: 'readfull', n: 100 }, { op: 'send', n: 100_000 }, close],
    seen: { client: [] },
    truth: { verdict: ['slow-receiver', 'healthy'], healthy: true },
    fromServer: { verdict: ['slow-receiver', 'healthy'], healthy: true },
  },
  {
    name: 'nagle_at_server',
    title:
      "the server writes each answer in two pieces: Nagle's algorithm against the client's delayed ACK, IPv6",
    family: 6,
    setup: [],
    languages: PYTHON_ONLY,
    client: [
      connect,
      {
        op: 'repeat',
        n: 10,
        ops: [
          { op: 'send', n: 50 },
          { op: 'readfull', n: 60 },
        ],
      },
      close,
    ],
    server: [
      listen,
      accept,
      {
        op: 'repeat',
        n: 10,
        ops: [
          { op: 'readfull', n: 50 },
          { op: 'send', n: 20 },
          { op: 'send', n: 40 },
        ],
      },
      { op: 'recv' },
      close,
    ],
    seen: { client: [], server: ['eof'] },
    truth: { verdict: ['delayed-ack-nagle', 'healthy'], healthy: true },
  },
  {
    name: 'tls_alert_from_client',
    title: 'the client does not trust the certificate: it sends the alert',
    setup: [
      `s: openssl req -x509 -newkey rsa:2048 -nodes -keyout "$HERE/key" -out "$HERE/crt" -days 2 -subj /CN=x 2>/dev/null`,
      python(
        's',
        8080,
        'import os, ssl\nx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\nx.load_cert_chain(os.environ["HERE"] + "/crt", os.environ["HERE"] + "/key")\ns, _ = L.accept()\ntry:\n  t = x.wrap_socket(s, server_side=True)\n  t.recv(10)\nexcept Exception:\n  pass\ns.close()',
      ),
    ],
    languages: PYTHON_ONLY,
    client: [{ op: 'wait', flag: 'done' }],
    server: [],
    director: [
      {
        run: `c: python3 -c 'import socket, ssl\ns = socket.create_connection(("10.2.0.2", 8080))\ntry:\n  ssl.create_default_context().wrap_socket(s, server_hostname="x")\nexcept ssl.SSLError:\n  pass\ns.close()'`,
      },
      { sleep: 300 },
      { touch: 'done' },
    ],
    seen: { client: [] },
    truth: {
      verdict: ['tls-alert', 'reset-by-server', 'reset-by-client', 'closed-without-answer', 'premature-end'],
      healthy: false,
    },
  },
  {
    name: 'http_chunked_cut',
    title: 'an HTTP answer in chunks ends before its last chunk',
    setup: [
      python(
        's',
        8080,
        's, _ = L.accept()\ns.recv(1000)\ns.send(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n400\\r\\n" + b"x" * 300)\ntime.sleep(0.2)\ns.close()',
      ),
    ],
    client: [
      connect,
      { op: 'send', n: 60, text: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' },
      { op: 'readall' },
      close,
    ],
    server: [],
    seen: { client: [] },
    truth: { verdict: ['premature-end'], healthy: false, culprit: 'server-app', sees: false },
  },
  {
    name: 'syn_ack_lost_twice',
    title: 'the SYN-ACK is lost twice: the connection takes three seconds',
    forward: [
      'tcp sport 8080 tcp flags & (syn|ack) == (syn|ack) limit rate over 20/minute burst 1 packets counter',
      'tcp sport 8080 tcp flags & (syn|ack) == (syn|ack) numgen inc mod 1000 < 2 drop',
    ],
    client: [connect, ...exchange, close],
    server: [listen, accept, ...answer, { op: 'recv' }, close],
    seen: { client: [], server: ['eof'] },
    truth: { verdict: ['slow-connect'], healthy: true },
    fromServer: { verdict: ['slow-connect'], healthy: true },
  },
  {
    name: 'client_gives_up_read_v6',
    title: 'the server takes the request and never answers, IPv6; the client aborts',
    family: 6,
    client: [connect, { op: 'send', n: 300 }, { op: 'recv', timeout: 1500 }, { op: 'abort' }],
    server: [listen, accept, { op: 'readfull', n: 300 }, { op: 'recv' }, close],
    seen: { client: ['timeout'], server: ['ECONNRESET'] },
    truth: { verdict: ['no-response'], healthy: false, culprit: 'server-app' },
  },
  {
    name: 'many_requests_then_abort',
    title: 'the server aborts after a hundred exchanges, in the middle of the next',
    languages: NODE_ONLY,
    client: [connect, { op: 'repeat', n: 100, ops: exchange }, { op: 'send', n: 100 }, { op: 'recv' }, close],
    server: [
      listen,
      accept,
      { op: 'repeat', n: 100, ops: answer },
      { op: 'readfull', n: 100 },
      { op: 'abort' },
    ],
    seen: { client: ['ECONNRESET'] },
    truth: { ...byServer, verdict: ['reset-by-server', 'unread-data'], phase: 'data' },
  },
]
