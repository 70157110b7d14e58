/** Capture filters by chance: each a sentence of pcap-filter(7)'s grammar, nearly all of which say something of real packets. */

import type { Random } from '../../src/sim/random.ts'

const PROTOCOLS = 'tcp udp icmp icmp6 ip ip6 arp rarp sctp igmp'.split(' ')
const LOADED = 'ip ip6 tcp udp icmp icmp6 ether arp'.split(' ')
const HOSTS = '10.0.0.1 192.168.1.1 192.168.0.2 127.0.0.1 255.255.255.255 fe80::1 ::1 ff02::1'.split(' ')
const NETS =
  '10 10.0.0.0/8 192.168 192.168.0.0/16 172.16.0.0/12 0.0.0.0/0 127.0.0.0/8 fe80::/10 2000::/3 10.0.0.0/9'.split(
    ' ',
  )
const PORTS = '80 443 22 53 25 21 8080 1024 0 65535 0x50 http domain ssh'.split(' ')
const RELATIONS = '= == != > < >= <='.split(' ')
const OPERATORS = '+ - * / % & | ^ << >>'.split(' ')
const NUMBERS = '0 1 2 4 5 6 8 17 20 64 128 255 0x40 0xf0 0x1fff 1500 65535 0xffffffff'.split(' ')
const DIRECTIONS = ['', '', 'src ', 'dst ', 'src or dst ', 'src and dst ']
const FIXED =
  `tcp[tcpflags] & (tcp-syn|tcp-fin) != 0;icmp[icmptype] = icmp-echo;icmp6[icmp6type] = icmp6-echo;ip multicast;
  ip6 multicast;ip broadcast;ip proto \\tcp;ip6 proto \\udp;ether proto \\ip;less 100;greater 500;len > 60`
    .split(';')
    .map((filter) => filter.trim())
/** What moves the places of all that follows, and is not of every link layer. */
const MOVING = [
  'vlan',
  'vlan 100',
  'mpls',
  'pppoes',
  'inbound',
  'ether multicast',
  'ether broadcast',
  'stp',
  'ipx',
]

export function randomFilter(random: Random): string {
  return condition(random, random.range(0, 3))
}

function condition(random: Random, depth: number): string {
  if (depth === 0 || random.chance(0.3)) return primitive(random)
  const kind = random.range(0, 5)
  const left = condition(random, depth - 1)
  if (kind === 0) return `not ${left.startsWith('-') ? `(${left})` : left}`
  if (kind === 1) return `(${left})`
  const word = random.pick(['and', 'or', '&&', '||'])
  const right = condition(random, depth - 1)
  return `${left} ${word} ${right}`
}

function primitive(random: Random): string {
  switch (random.range(0, 9)) {
    case 0:
      return random.pick(PROTOCOLS)
    case 1:
      return `${random.pick(['', '', 'ip ', 'arp '])}${random.pick(DIRECTIONS)}host ${random.pick(HOSTS.slice(0, 5))}`
    case 2:
      return `${random.pick(DIRECTIONS)}net ${random.pick(NETS)}`
    case 3:
      return `${random.pick(['', '', 'tcp ', 'udp '])}${random.pick(DIRECTIONS)}port ${ports(random)}`
    case 4:
      return `${random.pick(['', 'tcp '])}${random.pick(DIRECTIONS)}portrange ${random.range(0, 1024)}-${random.range(1, 65535)}`
    case 5:
      return `${random.pick(['ip ', 'ip6 ', ''])}proto ${random.pick(['1', '6', '17', '58'])}`
    case 6:
      return random.pick(FIXED)
    case 7:
      return random.chance(0.3) ? random.pick(MOVING) : `host ${random.pick(HOSTS)}`
    default:
      return relation(random)
  }
}

function ports(random: Random): string {
  const port = random.pick(PORTS)
  if (random.chance(0.8)) return port
  return `${random.chance(0.5) ? '(' : ''}${port} or ${random.pick(PORTS)}`.replace(/^\((.*)$/, '($1)')
}

function relation(random: Random): string {
  const left = arithmetic(random, random.range(0, 2))
  const right = random.chance(0.7) ? random.pick(NUMBERS) : arithmetic(random, 1)
  return `${left} ${random.pick(RELATIONS)} ${right}`
}

function arithmetic(random: Random, depth: number): string {
  if (depth > 0 && random.chance(0.5)) {
    const operator = random.pick(OPERATORS)
    const right =
      operator === '<<' || operator === '>>' ? `${random.range(0, 31)}` : arithmetic(random, depth - 1)
    const text = `${arithmetic(random, depth - 1)} ${operator} ${right}`
    return random.chance(0.5) ? `(${text})` : text
  }
  if (random.chance(0.15)) return 'len'
  const index = random.chance(0.1) && depth > 0 ? arithmetic(random, depth - 1) : `${random.range(0, 44)}`
  return `${random.pick(LOADED)}[${index}${random.pick(['', '', ':1', ':2', ':4'])}]`
}
