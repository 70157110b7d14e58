/** Windows, delays, losses: what makes a connection slow, and what only looks like trouble. */

import type { Case, Truth } from '../case.ts'
import { PYTHON_ONLY, PYTHON_SERVER } from '../case.ts'
import { accept, connect, listen, PORT } from './usual-steps.ts'

const healthy: Truth = { verdict: ['healthy'], healthy: true, culprit: 'none', resetBy: null }
/** Slow, and nobody gets an error. */
const slow: Truth = {
  verdict: ['healthy', 'slow-server', 'slow-network', 'loss', 'slow-connect'],
  resetBy: null,
}

const download = (n: number): Pick<Case, 'client' | 'server'> => ({
  client: [connect, { op: 'send', n: 100 }, { op: 'readfull', n }, { op: 'close' }],
  server: [listen, accept, { op: 'readfull', n: 100 }, { op: 'send', n }, { op: 'readall' }, { op: 'close' }],
})
const upload = (n: number): Pick<Case, 'client' | 'server'> => ({
  client: [connect, { op: 'send', n }, { op: 'shutdown' }, { op: 'readall' }, { op: 'close' }],
  server: [listen, accept, { op: 'readall' }, { op: 'send', n: 100 }, { op: 'close' }],
})
const rounds = (n: number, serverMs = 0): Pick<Case, 'client' | 'server'> => ({
  client: [
    connect,
    {
      op: 'repeat',
      n,
      ops: [
        { op: 'send', n: 100 },
        { op: 'readfull', n: 2000 },
      ],
    },
    { op: 'close' },
  ],
  server: [
    listen,
    accept,
    {
      op: 'repeat',
      n,
      ops: [
        { op: 'readfull', n: 100 },
        { op: 'sleep', ms: serverMs },
        { op: 'send', n: 2000 },
      ],
    },
    { op: 'readall' },
    { op: 'close' },
  ],
})
const FINE = { client: [], server: [] }

export const STALL_CASES: readonly Case[] = [
  {
    name: 'server_not_reading',
    title: 'the server accepts and never reads: its window closes, the write blocks',
    languages: PYTHON_SERVER,
    client: [connect, { op: 'send', n: 20_000_000, timeout: 3000 }, { op: 'close' }],
    server: [{ op: 'listen', port: PORT, rcvbuf: 16_384 }, accept, { op: 'hold' }],
    seen: { client: ['timeout'] },
    truth: {
      verdict: ['receiver-not-reading'],
      healthy: false,
      phase: 'data',
      culprit: 'server-app',
      resetBy: null,
    },
    fromServer: { verdict: ['receiver-not-reading'], healthy: false, phase: 'data', culprit: 'server-app' },
  },
  {
    name: 'client_not_reading',
    title: 'the client reads late: its window closes for a while',
    languages: PYTHON_ONLY,
    client: [
      { op: 'connect', port: PORT, rcvbuf: 16_384 },
      { op: 'send', n: 100 },
      { op: 'sleep', ms: 1500 },
      { op: 'readfull', n: 300_000 },
      { op: 'close' },
    ],
    server: download(300_000).server,
    seen: FINE,
    truth: {
      verdict: ['slow-receiver'],
      culprit: ['client-app', 'none'],
      resetBy: null,
      findings: ['zero-window'],
    },
  },
  {
    name: 'client_not_reading_server_timeout',
    title: 'the client does not read and the server gives up',
    languages: PYTHON_ONLY,
    client: [
      { op: 'connect', port: PORT, rcvbuf: 16_384 },
      { op: 'send', n: 100 },
      { op: 'wait', flag: 'gone' },
      { op: 'sleep', ms: 200 },
      { op: 'readall', timeout: 5000 },
      { op: 'close' },
    ],
    server: [
      listen,
      accept,
      { op: 'readfull', n: 100 },
      { op: 'send', n: 20_000_000, timeout: 1500 },
      { op: 'abort' },
      { op: 'touch', flag: 'gone' },
    ],
    seen: { client: ['ECONNRESET'], server: ['timeout'] },
    truth: {
      verdict: ['receiver-not-reading'],
      healthy: false,
      phase: 'data',
      culprit: 'client-app',
      resetBy: 'server-host',
    },
  },
  {
    name: 'offload_capture',
    title: 'segments larger than the MSS and checksums not yet there: the network card would do it',
    setup: [
      'c: ip link set c0 gso_max_segs 65535',
      's: ip link set s0 gso_max_segs 65535',
      'm: ip link set ms gso_max_segs 65535; ip link set mc gso_max_segs 65535',
    ],
    ...download(500_000),
    capturesWhole: true,
    onClientWire: { has: ['greater 3000'] },
    seen: FINE,
    truth: healthy,
  },
  {
    name: 'pmtu_discovery_ok',
    title: 'a router tells the MTU of the next line, and all goes on with smaller segments',
    setup: ['m: ip link set ms mtu 1300'],
    ...upload(50_000),
    onClientWire: { has: ['icmp[0]=3 and icmp[1]=4'] },
    seen: FINE,
    truth: healthy,
  },
  {
    name: 'pmtu_discovery_ok_v6',
    title: 'a router tells the MTU of the next line, IPv6',
    family: 6,
    setup: ['m: ip link set ms mtu 1300'],
    ...upload(50_000),
    onClientWire: { has: ['icmp6 and ip6[40]=2'] },
    seen: FINE,
    truth: healthy,
  },
  {
    name: 'slow_network',
    title: 'a round trip takes 300 ms',
    wire: { toServer: { delayUs: 150_000 }, toClient: { delayUs: 150_000 } },
    ...rounds(3),
    seen: FINE,
    truth: { ...slow, culprit: ['none', 'path'], findings: ['handshake-rtt'] },
  },
  {
    name: 'slow_server',
    title: 'the server thinks for 1.5 s',
    ...rounds(2, 1500),
    seen: FINE,
    truth: { ...slow, culprit: ['none', 'server-app'], findings: ['think-time'] },
  },
  {
    name: 'slow_connect_syn_lost',
    title: 'the first SYN is lost: the connection takes a second',
    forward: ['tcp dport 8080 tcp flags & (syn|ack) == syn numgen inc mod 1000 == 0 drop'],
    ...rounds(2),
    seen: FINE,
    truth: { ...slow, verdict: ['slow-connect'] },
  },
  {
    name: 'lossy_download',
    title: 'each fiftieth segment of a download is lost',
    wire: {
      toServer: { delayUs: 5000 },
      toClient: { delayUs: 5000, loseList: [...Array(20)].map((_, i) => 50 * i + 40) },
    },
    ...download(1_000_000),
    seen: FINE,
    truth: { ...slow, culprit: ['none', 'path'], findings: ['loss'] },
  },
  {
    name: 'reordering',
    title: 'segments of a download overtake each other',
    wire: {
      toServer: { delayUs: 5000 },
      toClient: { delayUs: 5000, reorder: 0.05, reorderByUs: 2000 },
      seed: 3,
    },
    ...download(500_000),
    seen: FINE,
    truth: { ...slow, culprit: ['none', 'path'] },
  },
  {
    name: 'duplication',
    title: 'the network brings packets twice',
    wire: { toClient: { delayUs: 2000, duplicate: 0.05 }, seed: 4 },
    ...download(300_000),
    seen: FINE,
    truth: { ...slow, culprit: ['none', 'path'] },
  },
  {
    name: 'nagle_delayed_ack',
    title: 'each request is written in two pieces: Nagle waits for the ACK that the server delays',
    client: [
      connect,
      {
        op: 'repeat',
        n: 12,
        ops: [
          { op: 'send', n: 100 },
          { op: 'send', n: 100 },
          { op: 'readfull', n: 100 },
        ],
      },
      { op: 'close' },
    ],
    server: [
      listen,
      accept,
      {
        op: 'repeat',
        n: 12,
        ops: [
          { op: 'readfull', n: 200 },
          { op: 'send', n: 100 },
        ],
      },
      { op: 'readall' },
      { op: 'close' },
    ],
    seen: FINE,
    truth: {
      ...slow,
      verdict: ['delayed-ack-nagle', 'healthy', 'slow-server'],
      culprit: ['none', 'client-app'],
      findings: ['delayed-ack-nagle'],
    },
  },
  {
    name: 'small_mss',
    title: 'the server offers an MSS of 256 octets',
    setup: ['s: ip route change default via 10.2.0.1 dev s0 congctl cubic advmss 256'],
    ...upload(20_000),
    seen: FINE,
    truth: { ...slow, verdict: ['healthy', 'small-mss'], findings: ['small-mss'] },
  },
  {
    name: 'lost_window_scale',
    title: "a middlebox takes the window scale out of the server's SYN-ACK: the window looks tiny",
    forward: ['tcp sport 8080 tcp flags & syn == syn reset tcp option window'],
    ...upload(30_000),
    seen: FINE,
    truth: {
      verdict: ['lost-window-scale', 'healthy'],
      culprit: ['middlebox', 'none'],
      resetBy: null,
      findings: ['lost-window-scale'],
    },
  },
  {
    name: 'keepalive_answered',
    title: 'an idle connection with keep-alive probes, all answered',
    client: [
      { op: 'connect', port: PORT, keepalive: { idle: 1, interval: 1, count: 2 } },
      { op: 'send', n: 100 },
      { op: 'readfull', n: 100 },
      { op: 'sleep', ms: 3500 },
      { op: 'send', n: 100 },
      { op: 'readfull', n: 100 },
      { op: 'close' },
    ],
    server: [
      listen,
      accept,
      { op: 'readfull', n: 100 },
      { op: 'send', n: 100 },
      { op: 'readfull', n: 100 },
      { op: 'send', n: 100 },
      { op: 'readall' },
      { op: 'close' },
    ],
    seen: FINE,
    truth: healthy,
  },
]
