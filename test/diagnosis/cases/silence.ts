/** Connections on which nothing came back any more. */

import type { Case, Truth } from '../case.ts'
import { PYTHON_ONLY, PYTHON_SERVER } from '../case.ts'
import type { Op } from '../script.ts'
import type { Step } from '../world.ts'

const RST = 'tcp[tcpflags] & tcp-rst != 0'

/** A first exchange went well; then the router does something, and the client goes on. */
const firstExchange: readonly Op[] = [
  connect,
  { op: 'send', n: 100 },
  { op: 'readfull', n: 100 },
  { op: 'touch', flag: 'exchanged' },
  { op: 'wait', flag: 'cut' },
]
const answersOnce: readonly Op[] = [
  listen,
  { op: 'accept' },
  { op: 'readfull', n: 100 },
  { op: 'send', n: 100 },
]
const cut = (rule: string): readonly Step[] => [
  { wait: 'exchanged' },
  { run: `m: nft 'add rule inet lab f ${rule}'` },
  { touch: 'cut' },
]
/** The kernel gives up after three retransmissions, not fifteen. */
const SHORT_RETRIES = 'c: sysctl -qw net.ipv4.tcp_retries1=2 net.ipv4.tcp_retries2=3'

const unanswered: Truth = {
  // How long the pause before was is a matter of this machine.
  verdict: ['unacknowledged', 'state-lost-silently'],
  healthy: false,
  phase: 'data',
  culprit: [null, 'path', 'middlebox'],
  resetBy: null,
  ambiguous: true,
  // Whether the kernel or the application gave up is on the wire only where a FIN or the next retransmission shows it.
  sees: false,
}
/** A firewall that forgets a connection after two seconds without packets, and takes up none in the middle. */
const FORGETFUL =
  'm: sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 net.netfilter.nf_conntrack_tcp_timeout_established=2'

import { connect, listen, PORT } from './usual-steps.ts'

const slept: readonly Step[] = [{ wait: 'exchanged' }, { sleep: 4500 }, { touch: 'cut' }]

export const SILENCE_CASES: readonly Case[] = [
  {
    name: 'read_timeout_server_slow',
    title: 'the server takes the request at once and answers after the client has given up',
    client: [
      connect,
      { op: 'send', n: 300 },
      { op: 'recv', timeout: 1000 },
      { op: 'close' },
      { op: 'touch', flag: 'gone' },
      { op: 'sleep', ms: 1200 },
    ],
    server: [
      listen,
      { op: 'accept' },
      { op: 'readfull', n: 300 },
      { op: 'wait', flag: 'gone' },
      { op: 'sleep', ms: 500 },
      { op: 'send', n: 200 },
      { op: 'sleep', ms: 200 },
      { op: 'send', n: 200 },
      { op: 'close' },
    ],
    seen: { client: ['timeout'], server: ['EPIPE'] },
    onClientWire: { has: [`${RST} and dst port 8080`] },
    truth: {
      verdict: ['no-response'],
      healthy: false,
      phase: 'data',
      culprit: 'server-app',
      resetBy: 'client-host',
    },
  },
  {
    name: 'read_timeout_not_accepted',
    title: 'the server listens and never accepts',
    languages: PYTHON_SERVER,
    client: [connect, { op: 'send', n: 300 }, { op: 'recv', timeout: 1500 }, { op: 'close' }],
    server: [listen, { op: 'hold' }],
    seen: { client: ['timeout'] },
    truth: {
      verdict: ['no-response'],
      healthy: false,
      phase: 'data',
      culprit: 'server-app',
      resetBy: null,
    },
  },
  {
    name: 'read_timeout_request_lost',
    title: 'the path breaks: the request is never acknowledged, the client gives up',
    forward: [],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv', timeout: 3000 }, { op: 'close' }],
    server: [...answersOnce, { op: 'hold' }],
    director: cut('tcp dport 8080 drop'),
    seen: { client: ['timeout'] },
    truth: unanswered,
    fromBoth: { ...unanswered, culprit: ['path', 'middlebox'], ambiguous: false },
  },
  {
    name: 'write_timeout_kernel',
    title: 'the path breaks: the kernel gives up after its retransmissions',
    forward: [],
    setup: [SHORT_RETRIES],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, { op: 'close' }],
    server: [...answersOnce, { op: 'hold' }],
    director: cut('tcp dport 8080 drop'),
    seen: { client: ['ETIMEDOUT'] },
    truth: unanswered,
    fromBoth: { ...unanswered, culprit: ['path', 'middlebox'], ambiguous: false },
  },
  {
    name: 'write_timeout_kernel_v6',
    title: 'the path breaks: the kernel gives up after its retransmissions, IPv6',
    family: 6,
    forward: [],
    setup: [SHORT_RETRIES],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, { op: 'close' }],
    server: [...answersOnce, { op: 'hold' }],
    director: cut('tcp dport 8080 drop'),
    seen: { client: ['ETIMEDOUT'] },
    truth: unanswered,
  },
  {
    name: 'user_timeout',
    title: 'the path breaks: TCP_USER_TIMEOUT ends the connection',
    languages: PYTHON_ONLY,
    forward: [],
    client: [
      { op: 'connect', port: PORT, userTimeout: 1500 },
      ...firstExchange.slice(1),
      { op: 'send', n: 300 },
      { op: 'recv' },
      { op: 'close' },
    ],
    server: [...answersOnce, { op: 'hold' }],
    director: cut('tcp dport 8080 drop'),
    seen: { client: ['ETIMEDOUT'] },
    truth: unanswered,
  },
  {
    name: 'nat_state_lost_drop',
    title: 'a firewall has forgotten the idle connection and drops its packets',
    setup: [FORGETFUL, SHORT_RETRIES],
    forward: ['ct state invalid drop'],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, { op: 'close' }],
    server: [...answersOnce, { op: 'hold' }],
    director: slept,
    seen: { client: ['ETIMEDOUT'] },
    truth: { ...unanswered, verdict: ['state-lost-silently'] },
  },
  {
    name: 'nat_state_lost_rst',
    title: 'a firewall has forgotten the idle connection and answers with RST',
    setup: [FORGETFUL],
    forward: ['ct state invalid reject with tcp reset'],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, { op: 'close' }],
    server: [...answersOnce, { op: 'recv', timeout: 6000 }, { op: 'hold' }],
    director: slept,
    seen: { client: ['ECONNRESET'], server: ['timeout'] },
    onServerWire: { lacks: [RST] },
    fromBoth: {
      verdict: ['state-lost', 'reset-by-middlebox'],
      culprit: 'middlebox',
      resetBy: 'middlebox',
      ambiguous: false,
    },
    truth: {
      verdict: ['state-lost'],
      healthy: false,
      phase: ['data', 'idle'],
      culprit: 'middlebox',
      resetBy: 'middlebox',
    },
  },
  {
    name: 'icmp_unreach_midstream',
    title: 'the route is withdrawn: ICMP host unreachable, and the kernel gives up',
    setup: [SHORT_RETRIES],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, { op: 'close' }],
    server: [...answersOnce, { op: 'hold' }],
    director: [{ wait: 'exchanged' }, { run: 'm: ip route add unreachable 10.2.0.2/32' }, { touch: 'cut' }],
    seen: { client: ['EHOSTUNREACH'] },
    onClientWire: { has: ['icmp[0]=3 and icmp[1]=1'] },
    truth: {
      ...unanswered,
      verdict: ['unreachable-midway'],
      culprit: ['path', null],
      ambiguous: false,
    },
  },
  {
    name: 'response_path_dropped',
    title: 'the way back breaks: the request arrives, the answer does not',
    forward: [],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv', timeout: 3000 }, { op: 'close' }],
    server: [...answersOnce, { op: 'readfull', n: 300 }, { op: 'send', n: 200 }, { op: 'hold' }],
    director: cut('tcp sport 8080 drop'),
    seen: { client: ['timeout'] },
    truth: unanswered,
    fromBoth: { ...unanswered, culprit: ['path', 'middlebox'], ambiguous: false },
  },
  {
    name: 'pmtu_blackhole',
    title: 'full-size segments are too large for the next line, and nobody says so',
    setup: [
      'm: ip link set ms mtu 1300',
      `m: nft add table inet mute; nft 'add chain inet mute o { type filter hook output priority 0; }'; nft 'add rule inet mute o icmp type destination-unreachable drop'`,
    ],
    client: [
      connect,
      { op: 'send', n: 100 },
      { op: 'readfull', n: 100 },
      { op: 'send', n: 20_000 },
      { op: 'recv', timeout: 3000 },
      { op: 'close' },
    ],
    server: [...answersOnce, { op: 'hold' }],
    seen: { client: ['timeout'] },
    onClientWire: { lacks: ['icmp'] },
    truth: {
      ...unanswered,
      verdict: ['path-mtu-black-hole'],
      culprit: ['path', 'middlebox'],
      ambiguous: false,
      sees: false,
    },
  },
  {
    name: 'pmtu_blackhole_v6',
    title: 'full-size segments are too large for the next line, and nobody says so, IPv6',
    family: 6,
    setup: [
      'm: ip link set ms mtu 1300',
      `m: nft add table inet mute; nft 'add chain inet mute o { type filter hook output priority 0; }'; nft 'add rule inet mute o icmpv6 type packet-too-big drop'`,
    ],
    client: [
      connect,
      { op: 'send', n: 100 },
      { op: 'readfull', n: 100 },
      { op: 'send', n: 20_000 },
      { op: 'recv', timeout: 3000 },
      { op: 'close' },
    ],
    server: [...answersOnce, { op: 'hold' }],
    seen: { client: ['timeout'] },
    truth: {
      ...unanswered,
      verdict: ['path-mtu-black-hole'],
      culprit: ['path', 'middlebox'],
      ambiguous: false,
      sees: false,
    },
  },
  {
    name: 'keepalive_timeout',
    title: 'keep-alive probes are not answered: the prober resets and gives up',
    forward: [],
    client: [
      { op: 'connect', port: PORT, keepalive: { idle: 1, interval: 1, count: 2 } },
      ...firstExchange.slice(1),
      { op: 'recv' },
      { op: 'close' },
    ],
    server: [...answersOnce, { op: 'hold' }],
    director: cut('ip protocol tcp drop'),
    seen: { client: ['ETIMEDOUT'] },
    onClientWire: { has: [`${RST} and dst port 8080`] },
    truth: {
      verdict: ['keep-alive-timeout'],
      healthy: false,
      phase: 'idle',
      culprit: [null, 'path'],
      resetBy: 'client-host',
      ambiguous: true,
    },
  },
]
