/** Firewalls and routes that reject or swallow, each in its own way: before a connection opens, and in the middle of it. */

import type { Case, Truth } from '../case.ts'
import { PYTHON_ONLY } from '../case.ts'
import type { Op } from '../script.ts'

const SHORT_RETRIES = 'c: sysctl -qw net.ipv4.tcp_retries2=3'

import { accept, answer, close, connect, exchange, listen, PORT, rule } from './usual-steps.ts'

const refused = (verdict: string): Truth => ({
  verdict: [verdict],
  healthy: false,
  phase: 'connect',
})
const byMiddlebox: Truth = {
  verdict: ['reset-by-middlebox', 'state-lost'],
  healthy: false,
  culprit: 'middlebox',
  resetBy: 'middlebox',
}

const firstExchange: readonly Op[] = [
  connect,
  ...exchange,
  { op: 'touch', flag: 'exchanged' },
  { op: 'wait', flag: 'cut' },
]
const cut = (text: string) => [{ wait: 'exchanged' }, { run: rule(text) }, { touch: 'cut' }] as const

/** The answer needs larger packets than the line to the client takes, and the ICMP errors that would say so are dropped. */
const answerTooBig = (errors: string) =>
  ({
    setup: [
      'm: ip link set mc mtu 1300',
      `m: nft add table inet mute; nft 'add chain inet mute o { type filter hook output priority 0; }'; nft 'add rule inet mute o ${errors} drop'`,
    ],
    client: [connect, ...exchange, { op: 'send', n: 100 }, { op: 'recv', timeout: 4000 }, close],
    server: [
      listen,
      accept,
      ...answer,
      { op: 'readfull', n: 100 },
      { op: 'send', n: 20_000 },
      { op: 'hold' },
    ],
    seen: { client: ['timeout'] },
    truth: { verdict: [], healthy: false },
    fromServer: { verdict: ['path-mtu-black-hole'], healthy: false },
  }) satisfies Partial<Case>

export const REJECTION_CASES: readonly Case[] = [
  {
    name: 'reject_host_unreachable',
    title: 'a firewall rejects with ICMP host unreachable',
    forward: ['tcp dport 8080 reject with icmp type host-unreachable'],
    client: [connect],
    server: [],
    seen: { client: ['EHOSTUNREACH'] },
    truth: refused('host-unreachable'),
  },
  {
    name: 'reject_net_prohibited',
    title: 'a firewall rejects with ICMP network prohibited',
    forward: ['tcp dport 8080 reject with icmp type net-prohibited'],
    client: [connect],
    server: [],
    seen: { client: ['ENETUNREACH'] },
    truth: refused('prohibited'),
  },
  {
    name: 'reject_host_prohibited',
    title: 'a firewall rejects with ICMP host prohibited',
    forward: ['tcp dport 8080 reject with icmp type host-prohibited'],
    client: [connect],
    server: [],
    seen: { client: ['EHOSTUNREACH'] },
    truth: refused('prohibited'),
  },
  {
    name: 'route_prohibit',
    title: 'a route of type prohibit',
    setup: ['m: ip route add prohibit 10.2.0.2/32'],
    client: [connect],
    server: [],
    seen: { client: ['EHOSTUNREACH'] },
    truth: refused('prohibited'),
  },
  {
    name: 'reject_v6_port',
    title: 'a firewall rejects with ICMPv6 port unreachable',
    family: 6,
    forward: ['tcp dport 8080 reject with icmpv6 type port-unreachable'],
    client: [connect],
    server: [],
    seen: { client: ['ECONNREFUSED'] },
    truth: refused('port-unreachable'),
  },
  {
    name: 'reject_v6_address',
    title: 'a firewall rejects with ICMPv6 address unreachable',
    family: 6,
    forward: ['tcp dport 8080 reject with icmpv6 type addr-unreachable'],
    client: [connect],
    server: [],
    seen: { client: ['EHOSTUNREACH'] },
    truth: refused('host-unreachable'),
  },
  {
    name: 'reject_v6_rst',
    title: 'a firewall refuses with a RST, IPv6; another port of that host works',
    family: 6,
    forward: ['tcp dport 8080 reject with tcp reset'],
    client: [
      { op: 'connect', port: 8081, on: 'b' },
      { op: 'send', n: 10, on: 'b' },
      { op: 'readfull', n: 10, on: 'b' },
      { op: 'close', on: 'b' },
      connect,
    ],
    server: [{ op: 'listen', port: 8081 }, accept, { op: 'readfull', n: 10 }, { op: 'send', n: 10 }, close],
    seen: { client: ['ECONNREFUSED'] },
    truth: { ...refused('refused-by-middlebox'), culprit: 'middlebox', resetBy: 'middlebox' },
  },
  {
    name: 'fw_reject_rst_midstream',
    title: 'a firewall resets a connection in the middle of it, at once and without a pause',
    forward: [],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, close],
    server: [listen, accept, ...answer, { op: 'recv', timeout: 3000 }, { op: 'hold' }],
    director: cut('tcp dport 8080 reject with tcp reset'),
    seen: { client: ['ECONNRESET'], server: ['timeout'] },
    truth: byMiddlebox,
  },
  {
    name: 'fw_reject_rst_midstream_v6',
    title: 'a firewall resets a connection in the middle of it, IPv6',
    family: 6,
    forward: [],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, close],
    server: [listen, accept, ...answer, { op: 'recv', timeout: 3000 }, { op: 'hold' }],
    director: cut('tcp dport 8080 reject with tcp reset'),
    seen: { client: ['ECONNRESET'], server: ['timeout'] },
    truth: byMiddlebox,
  },
  {
    name: 'fw_reject_rst_of_answer',
    title: 'a firewall resets the server when it answers: the client learns it from what it sends again',
    languages: PYTHON_ONLY,
    forward: [],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, close],
    server: [
      listen,
      accept,
      ...answer,
      { op: 'readfull', n: 300 },
      { op: 'send', n: 100 },
      { op: 'sleep', ms: 300 },
      { op: 'recv' },
      { op: 'hold' },
    ],
    director: cut('tcp sport 8080 tcp flags & (psh) == psh reject with tcp reset'),
    seen: { client: ['ECONNRESET'], server: ['ECONNRESET'] },
    truth: { verdict: ['connection-forgotten'], healthy: false, resetBy: 'server-host' },
    fromServer: byMiddlebox,
  },
  {
    name: 'fw_icmp_port_midstream',
    title:
      'a firewall begins to reject with ICMP port unreachable in the middle: the kernel tries until it gives up',
    setup: [SHORT_RETRIES],
    forward: [],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, close],
    server: [listen, accept, ...answer, { op: 'hold' }],
    director: cut('tcp dport 8080 reject with icmp type port-unreachable'),
    seen: { client: ['ECONNREFUSED|ETIMEDOUT'] },
    truth: { verdict: ['unreachable-midway'], healthy: false },
  },
  {
    name: 'fw_icmp_admin_midstream_v6',
    title: 'a firewall begins to reject with ICMPv6 administratively prohibited in the middle',
    family: 6,
    setup: [SHORT_RETRIES],
    forward: [],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, close],
    server: [listen, accept, ...answer, { op: 'hold' }],
    director: cut('tcp dport 8080 reject with icmpv6 type admin-prohibited'),
    seen: { client: ['EACCES|ETIMEDOUT'] },
    truth: { verdict: ['unreachable-midway'], healthy: false },
  },
  {
    ...answerTooBig('icmp type destination-unreachable'),
    name: 'mtu_blackhole_download',
    title: 'full-size segments of the answer do not fit the line to the client, and nobody says so',
    fromBoth: { verdict: ['path-mtu-black-hole'], healthy: false },
  },
  {
    ...answerTooBig('icmpv6 type packet-too-big'),
    name: 'mtu_blackhole_download_v6',
    title: 'full-size segments of the answer do not fit the line to the client, IPv6',
    family: 6,
  },
  {
    name: 'nat_forgets_reject_admin',
    title: 'a firewall has forgotten the connection and answers with ICMP administratively prohibited',
    setup: [
      SHORT_RETRIES,
      'm: sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_established=1 net.netfilter.nf_conntrack_tcp_loose=0 || true',
    ],
    forward: ['ct state invalid reject with icmp type admin-prohibited'],
    client: [...firstExchange, { op: 'send', n: 300 }, { op: 'recv' }, close],
    server: [listen, accept, ...answer, { op: 'hold' }],
    director: [{ wait: 'exchanged' }, { sleep: 3000 }, { touch: 'cut' }],
    seen: { client: ['EHOSTUNREACH'] },
    truth: { verdict: ['unreachable-midway'], healthy: false },
  },
  {
    name: 'keepalive_timeout_v6',
    title: 'keep-alive probes are not answered, IPv6',
    family: 6,
    forward: [],
    client: [
      { op: 'connect', port: PORT, keepalive: { idle: 1, interval: 1, count: 2 } },
      ...exchange,
      { op: 'touch', flag: 'exchanged' },
      { op: 'wait', flag: 'cut' },
      { op: 'recv' },
      close,
    ],
    server: [listen, accept, ...answer, { op: 'hold' }],
    languages: PYTHON_ONLY,
    director: cut('tcp sport 8080 drop'),
    seen: { client: ['ETIMEDOUT'] },
    truth: { verdict: ['keep-alive-timeout'], healthy: false, phase: 'idle' },
  },
  {
    name: 'reject_own_client_fw',
    title: "the client's own firewall drops what comes back: SYN-ACKs stand in its capture",
    setup: [
      `c: nft add table inet own; nft 'add chain inet own i { type filter hook input priority 0; }'; nft 'add rule inet own i tcp sport 8080 drop'`,
    ],
    client: [{ op: 'connect', port: PORT, timeout: 2500 }],
    server: [listen, { op: 'accept', timeout: 3000 }, { op: 'hold' }],
    seen: { client: ['timeout'] },
    truth: { verdict: [], healthy: false, phase: 'connect' },
  },
]
