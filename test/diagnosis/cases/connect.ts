/** Connections that never came to be. */

import type { Case, Truth } from '../case.ts'
import type { Op } from '../script.ts'

const PORT = 8080
const connect: Op = { op: 'connect', port: PORT }
const listenInVain: readonly Op[] = [
  { op: 'listen', port: PORT },
  { op: 'accept', timeout: 500 },
]
/** A server on another port of the same host, so that its own packets are known. */
const reference = {
  client: [
    { op: 'connect', port: 8081 },
    { op: 'send', n: 100 },
    { op: 'readfull', n: 200 },
    { op: 'close' },
    { op: 'sleep', ms: 50 },
  ] satisfies Op[],
  server: [
    { op: 'listen', port: 8081 },
    { op: 'accept' },
    { op: 'readfull', n: 100 },
    { op: 'send', n: 200 },
    { op: 'readall' },
    { op: 'close' },
  ] satisfies Op[],
}
const REFUSED = ['ECONNREFUSED']
const RST = 'tcp[tcpflags] & tcp-rst != 0'

/** Linux sends the SYN again after 1, 3 and 7 s, and gives up after 15: fewer, and it might have been the application. */
const CLASSIC_SYN = 'c: sysctl -qw net.ipv4.tcp_syn_linear_timeouts=0 net.ipv4.tcp_syn_retries=3'
const LINEAR_SYN = 'c: sysctl -qw net.ipv4.tcp_syn_linear_timeouts=4 net.ipv4.tcp_syn_retries=2'
const QUICK_ARP = (device: string): string =>
  `sysctl -qw net.ipv4.neigh.${device}.retrans_time_ms=200 net.ipv6.neigh.${device}.retrans_time_ms=200`

const refusedByServer: Truth = {
  verdict: ['refused'],
  healthy: false,
  phase: 'connect',
  culprit: 'server-host',
  resetBy: 'server-host',
}
const unreachable: Truth = {
  verdict: ['host-unreachable'],
  healthy: false,
  phase: 'connect',
  culprit: 'path',
  resetBy: null,
}
/** Nothing came back: the wire at the client does not say who is silent. */
const silence: Truth = {
  verdict: ['connect-timeout'],
  healthy: false,
  phase: 'connect',
  culprit: [null, 'middlebox', 'path'],
  resetBy: null,
  ambiguous: true,
}

export const CONNECT_CASES: readonly Case[] = [
  {
    name: 'refused_closed_port',
    title: 'nobody listens on the port',
    client: [connect],
    server: [],
    seen: { client: REFUSED },
    truth: { ...refusedByServer, culprit: ['server-host', 'server-app'] },
  },
  {
    name: 'refused_closed_port_v6',
    title: 'nobody listens on the port, IPv6',
    family: 6,
    client: [connect],
    server: [],
    seen: { client: REFUSED },
    truth: { ...refusedByServer, culprit: ['server-host', 'server-app'] },
  },
  {
    name: 'refused_closed_port_ref',
    title: 'nobody listens on the port; another port of that host works',
    client: [...reference.client, connect],
    server: reference.server,
    seen: { client: REFUSED },
    truth: { ...refusedByServer, culprit: ['server-host', 'server-app'] },
  },
  {
    name: 'refused_fw_reject_rst',
    title: 'a firewall refuses with a RST; another port of that host works',
    forward: ['tcp dport 8080 reject with tcp reset'],
    client: [...reference.client, connect],
    server: reference.server,
    seen: { client: REFUSED },
    onServerWire: { lacks: ['port 8080'] },
    truth: {
      ...refusedByServer,
      verdict: ['refused-by-middlebox'],
      culprit: 'middlebox',
      resetBy: 'middlebox',
    },
    fromServer: null,
  },
  {
    name: 'refused_server_own_fw',
    title: "the server's own firewall refuses with a RST",
    setup: [
      `s: nft add table inet own; nft 'add chain inet own i { type filter hook input priority 0; }'; nft 'add rule inet own i tcp dport 8080 reject with tcp reset'`,
    ],
    client: [...reference.client, connect],
    server: [...reference.server, ...listenInVain],
    seen: { client: REFUSED },
    onServerWire: { has: [`${RST} and port 8080`] },
    // Whether nobody listens or a rule refuses is not on the wire.
    truth: { ...refusedByServer, culprit: ['server-host', 'server-app'] },
  },
  {
    name: 'refused_icmp_port_unreach',
    title: 'a firewall refuses with ICMP port unreachable',
    forward: ['tcp dport 8080 reject with icmp type port-unreachable'],
    client: [connect],
    server: [],
    seen: { client: REFUSED },
    onClientWire: { has: ['icmp[0]=3 and icmp[1]=3'] },
    truth: { ...refusedByServer, verdict: ['port-unreachable'], culprit: 'middlebox', resetBy: null },
  },
  {
    name: 'server_started_late',
    title: 'the server listens only later: refused first, then all is well',
    client: [
      connect,
      { op: 'touch', flag: 'refused' },
      { op: 'wait', flag: 'listening' },
      connect,
      { op: 'send', n: 100 },
      { op: 'readfull', n: 100 },
      { op: 'close' },
    ],
    server: [
      { op: 'touch', flag: 'starting' },
      { op: 'wait', flag: 'refused' },
      { op: 'listen', port: PORT },
      { op: 'touch', flag: 'listening' },
      { op: 'accept' },
      { op: 'readfull', n: 100 },
      { op: 'send', n: 100 },
      { op: 'readall' },
      { op: 'close' },
    ],
    seen: { client: REFUSED },
    connection: 0,
    truth: { ...refusedByServer, culprit: ['server-app', 'server-host'] },
  },
  {
    name: 'unreach_icmp_admin_prohibited',
    title: 'a firewall answers with ICMP administratively prohibited',
    forward: ['tcp dport 8080 reject with icmp type admin-prohibited'],
    client: [connect],
    server: [],
    seen: { client: ['EHOSTUNREACH'] },
    onClientWire: { has: ['icmp[0]=3 and icmp[1]=13'] },
    truth: { ...unreachable, verdict: ['prohibited'], culprit: 'middlebox' },
  },
  {
    name: 'unreach_icmp6_adm',
    title: 'a firewall answers with ICMPv6 administratively prohibited',
    family: 6,
    forward: ['tcp dport 8080 reject with icmpv6 type admin-prohibited'],
    client: [connect],
    server: [],
    seen: { client: ['EACCES'] },
    truth: { ...unreachable, verdict: ['prohibited'], culprit: 'middlebox' },
  },
  {
    name: 'unreach_icmp_net',
    title: 'a router has no route',
    client: [{ op: 'connect', port: PORT, host: '10.9.0.1' }],
    server: [],
    seen: { client: ['ENETUNREACH'] },
    onClientWire: { has: ['icmp[0]=3 and icmp[1]=0'] },
    truth: { ...unreachable, verdict: ['network-unreachable'], culprit: ['path', 'middlebox'] },
  },
  {
    name: 'unreach_no_route_v6',
    title: 'a router has no route, IPv6',
    family: 6,
    client: [{ op: 'connect', port: PORT, host: 'fd00:9::1' }],
    server: [],
    seen: { client: ['ENETUNREACH'] },
    truth: { ...unreachable, verdict: ['network-unreachable'], culprit: ['path', 'middlebox'] },
  },
  {
    name: 'wrong_ip_remote_subnet',
    title: "no such host behind the router: the router's ARP fails",
    setup: [`m: ${QUICK_ARP('ms')}`],
    client: [{ op: 'connect', port: PORT, host: '10.2.0.77' }],
    server: [],
    seen: { client: ['EHOSTUNREACH'] },
    onClientWire: { has: ['icmp[0]=3 and icmp[1]=1'] },
    onServerWire: { has: ['arp host 10.2.0.77'] },
    truth: { ...unreachable, culprit: ['path', 'client-app', null] },
  },
  {
    name: 'wrong_ip_remote_subnet_v6',
    title: "no such host behind the router, IPv6: the router's neighbour discovery fails",
    family: 6,
    setup: [`m: ${QUICK_ARP('ms')}`],
    client: [{ op: 'connect', port: PORT, host: 'fd00:2::77' }],
    server: [],
    seen: { client: ['EHOSTUNREACH'] },
    truth: { ...unreachable, culprit: ['path', 'client-app', null] },
  },
  {
    name: 'wrong_ip_same_subnet',
    title: 'no such host on the own subnet: ARP is not answered, no SYN leaves',
    setup: [`c: ${QUICK_ARP('c0')}`],
    client: [{ op: 'connect', port: PORT, host: '10.1.0.77' }],
    server: [],
    seen: { client: ['EHOSTUNREACH'] },
    onClientWire: { has: ['arp host 10.1.0.77'], lacks: ['tcp'] },
    truth: {
      ...unreachable,
      verdict: ['no-neighbour'],
      culprit: ['path', 'server-host', 'client-app', null],
      sees: 'code',
    },
    port: 0,
  },
  {
    name: 'ttl_exceeded',
    title: 'two routers send the packet back and forth until its time to live is over',
    setup: ['m: ip route add 10.9.0.0/24 via 10.2.0.2', 's: sysctl -qw net.ipv4.ip_forward=1'],
    client: [{ op: 'connect', port: PORT, host: '10.9.0.1' }],
    server: [],
    seen: { client: ['EHOSTUNREACH'] },
    onClientWire: { has: ['icmp[0]=11 and icmp[1]=0'] },
    truth: { ...unreachable, verdict: ['routing-loop'], culprit: 'path' },
  },
  {
    name: 'fw_drop_syn',
    title: 'a firewall drops the SYN; it is sent again after 1, 2 and 4 s',
    setup: [CLASSIC_SYN],
    forward: ['tcp dport 8080 drop'],
    client: [connect],
    server: [],
    seen: { client: ['ETIMEDOUT'] },
    onServerWire: { lacks: ['tcp'] },
    truth: silence,
  },
  {
    name: 'fw_drop_syn_v6',
    title: 'a firewall drops the SYN, IPv6',
    family: 6,
    setup: [CLASSIC_SYN],
    forward: ['tcp dport 8080 drop'],
    client: [connect],
    server: [],
    seen: { client: ['ETIMEDOUT'] },
    truth: silence,
  },
  {
    name: 'fw_drop_syn_linear',
    title: 'a firewall drops the SYN; it is sent again each second first, as Linux 6.5 does',
    setup: [LINEAR_SYN],
    forward: ['tcp dport 8080 drop'],
    client: [connect],
    server: [],
    seen: { client: ['ETIMEDOUT'] },
    truth: silence,
  },
  {
    name: 'fw_drop_syn_ref',
    title: 'a firewall drops the SYN; another port of that host works',
    setup: [CLASSIC_SYN],
    forward: ['tcp dport 8080 drop'],
    client: [...reference.client, connect],
    server: reference.server,
    seen: { client: ['ETIMEDOUT'] },
    // The host lives: a filter, or a backlog that is full.
    truth: { ...silence, culprit: [null, 'middlebox'] },
  },
  {
    name: 'wrong_ip_blackhole',
    title: 'a route that leads nowhere, in silence',
    setup: [CLASSIC_SYN, 'm: ip route add blackhole 10.9.0.0/24'],
    client: [{ op: 'connect', port: PORT, host: '10.9.0.1' }],
    server: [],
    seen: { client: ['ETIMEDOUT'] },
    truth: silence,
  },
  {
    name: 'app_connect_timeout',
    title: 'a firewall drops the SYN and the application gives up before the kernel',
    forward: ['tcp dport 8080 drop'],
    client: [{ op: 'connect', port: PORT, timeout: 2500 }],
    server: [],
    seen: { client: ['timeout'] },
    truth: silence,
  },
  {
    name: 'fw_drop_synack',
    title: "a firewall drops the server's SYN-ACK",
    setup: [CLASSIC_SYN],
    forward: ['tcp sport 8080 tcp flags & (syn|ack) == (syn|ack) drop'],
    client: [connect],
    server: [{ op: 'listen', port: PORT }, { op: 'accept', timeout: 2000 }, { op: 'hold' }],
    seen: { client: ['ETIMEDOUT'], server: ['timeout'] },
    onClientWire: { lacks: ['src port 8080'] },
    onServerWire: { has: ['src port 8080'] },
    truth: silence,
    fromServer: {
      verdict: ['syn-ack-lost'],
      phase: 'connect',
      culprit: [null, 'middlebox', 'path'],
    },
    fromBoth: {
      verdict: ['syn-ack-lost'],
      phase: 'connect',
      culprit: ['middlebox', 'path'],
      ambiguous: false,
    },
  },
]
