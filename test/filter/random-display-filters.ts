/** Display filters by chance, of fields of every type, nearly all of which say something of real frames. */

import type { Random } from '../../src/sim/random.ts'

const NUMBERS: Readonly<Record<string, string>> = {
  'tcp.port': '80 443 22 25 1024 0x50',
  'tcp.srcport': '80 443 22 25 1024',
  'udp.port': '53 67 138',
  'tcp.len': '0 1 100 1000 1460',
  'tcp.seq': '0 1 2 1000',
  'tcp.ack': '0 1 2 1000',
  'tcp.flags': '0x02 0x10 0x12 0x18 0x11 2',
  'tcp.hdr_len': '20 32 40',
  'tcp.window_size': '0 8192 65535',
  'tcp.stream': '0 1 2 5',
  'tcp.option_kind': '1 2 3 8',
  'tcp.options.mss_val': '1460 536',
  'tcp.analysis.bytes_in_flight': '1 1000 1460',
  'ip.ttl': '1 64 128 255',
  'ip.len': '40 60 1500',
  'ip.proto': '1 6 17 TCP',
  'ip.id': '0 0x1234',
  'ip.version': '4 6',
  'ip.hdr_len': '20 24',
  'ip.dsfield.dscp': '0 8',
  'ipv6.hlim': '64 255',
  'ipv6.nxt': '6 17 58',
  'icmp.type': '0 3 8',
  'icmpv6.type': '128 135',
  'eth.type': '0x0800 0x86dd 0x0806',
  'vlan.id': '1 100',
  'frame.number': '1 5 20',
  'frame.len': '60 66 100 1514',
  'ip.flags.df': '0 1 True',
  'tcp.flags.syn': '0 1 False',
  'eth.dst.ig': '0 1',
}
const ADDRESSES: Readonly<Record<string, string>> = {
  'ip.addr': '10.0.0.1 10.0.0.0/8 192.168.0.0/16 127.0.0.1 172.16.0.0/12',
  'ip.src': '10.0.0.0/8 192.168.0.0/16 172.16.0.0/12 127.0.0.1',
  'ip.dst': '10.0.0.0/9 192.168.1.0/24 224.0.0.0/4',
  'ipv6.addr': 'fe80::/10 2000::/3 ::1 ff02::/16',
  'eth.addr': '00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 00-11-22-33-44-55',
}
const TIMES: Readonly<Record<string, string>> = {
  'frame.time_relative': '0 0.5 1 10.25',
  'frame.time_delta': '0 0.001 0.5',
  'tcp.time_delta': '0 0.001 0.5',
  'tcp.time_relative': '0 0.1 2',
  'tcp.analysis.ack_rtt': '0.001 0.1',
}
const OCTETS = 'tcp.payload tcp eth.src ip frame tcp.options eth.dst'.split(' ')
const PRESENT =
  `tcp ip ipv6 udp icmp eth vlan frame icmpv6 tcp.payload tcp.options.mss tcp.analysis.retransmission
  tcp.analysis.duplicate_ack tcp.analysis.flags tcp.connection.syn tcp.options.timestamp tcp.analysis.ack_rtt`.split(
    /\s+/,
  )
const COMPARISONS = '== != === !== > >= < <= eq ne gt le any_ne all_eq'.split(' ')

export function randomDisplayFilter(random: Random): string {
  return condition(random, random.range(0, 3))
}

function condition(random: Random, depth: number): string {
  if (depth === 0 || random.chance(0.3)) return primitive(random)
  const left = condition(random, depth - 1)
  const kind = random.range(0, 5)
  if (kind === 0) return `${random.pick(['not ', '!'])}(${left})`
  if (kind === 1) return `(${left})`
  return `${left} ${random.pick(['and', 'or', '&&', '||'])} ${condition(random, depth - 1)}`
}

function primitive(random: Random): string {
  switch (random.range(0, 8)) {
    case 0:
      return random.pick(PRESENT)
    case 1:
      return octets(random)
    case 2:
      return compared(random, ADDRESSES)
    case 3:
      return compared(random, TIMES)
    case 4:
      return membership(random)
    case 5:
      return calculated(random)
    default:
      return compared(random, NUMBERS)
  }
}

function compared(random: Random, fields: Readonly<Record<string, string>>): string {
  const [field, values] = random.pick(Object.entries(fields))
  const quantifier = random.pick(['', '', '', 'any ', 'all '])
  return `${quantifier}${field} ${random.pick(COMPARISONS)} ${random.pick(values.split(' '))}`
}

function membership(random: Random): string {
  const [field, values] = random.pick([...Object.entries(NUMBERS), ...Object.entries(ADDRESSES)])
  const all = values.split(' ')
  const [a, b] = [random.pick(all), random.pick(all)]
  const not = random.chance(0.2) ? 'not ' : ''
  return `${field} ${not}in {${a}, ${random.chance(0.5) && !/[/A-Za-z]/.test(a + b) ? `${a}..${b}` : b}}`
}

function calculated(random: Random): string {
  const fields = Object.keys(NUMBERS).filter((name) => /len|seq|port|ttl|id$|number/.test(name))
  const field = random.pick(fields)
  switch (random.range(0, 4)) {
    case 0:
      return `${field} & ${random.pick(['1', '0x10', '0xff'])}`
    case 1:
      return `${field} ${random.pick(['+', '*', '%', '/'])} ${random.range(1, 10)} ${random.pick(COMPARISONS)} ${random.range(0, 2000)}`
    case 2:
      return `${random.pick(['len(tcp.payload)', 'count(ip.addr)', `max(${field})`, 'count(tcp.port)', 'len(eth.src)'])} > ${random.range(0, 8)}`
    default:
      return `${field} ${random.pick(COMPARISONS)} ${random.pick(fields)}`
  }
}

function octets(random: Random): string {
  const field = random.pick(OCTETS)
  const range = random.pick(['0', '0:2', '1-2', '-2:2', ':3', '2:', '0:1,3:1'])
  const hex = Array.from({ length: random.range(1, 3) }, () => random.pick(['00', '45', '47', '80', 'ff']))
  switch (random.range(0, 3)) {
    case 0:
      return `${field} contains ${random.pick([hex.join(':'), '"GET"', '"HTTP"', '"\\x00\\x50"'])}`
    case 1:
      return `${random.pick(['tcp.payload', 'tcp', 'frame'])} ${random.pick(['matches', '~'])} ${random.pick(['"^get"', 'r"http/\\d"', '"[a-z]{4}"', 'r"\\x00\\x01"', '"host.*ok"'])}`
    default:
      return `${field}[${range}] ${random.pick(COMPARISONS)} ${random.pick([hex.join(':'), hex.join('-')])}`
  }
}
