/** Filters: any text is a filter or an error with a place in it, in linear time; a filter never throws over a packet. */

import { CaptureRecord } from '../../src/capture/record.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { BpfMachine } from '../../src/filter/bpf-machine.ts'
import { JUMP, MAX_INSTRUCTIONS } from '../../src/filter/bpf-program.ts'
import { compileBpf } from '../../src/filter/capture-filter.ts'
import { DisplayFilter } from '../../src/filter/display-filter.ts'
import { FilterError } from '../../src/filter/filter-error.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { textTarget } from '../make-target.ts'
import { expect, type Probe } from '../target.ts'

const MOST = 400
/** Branches for each letter, and once: names are compared with all that are known. */
const WORK_PER_LETTER = 20_000
const WORK = 200_000

const DICTIONARY =
  `tcp udp ip ip6 arp icmp icmp6 ether vlan mpls pppoes host net port portrange src dst and or not && || ! ( ) proto \\tcp
  10.0.0.1 10.0.0.0/8 192.168 mask 255.0.0.0 fe80::/10 ::1 00:11:22:33:44:55 80 1-1024 http domain less greater len byte
  tcp[13] tcp[tcpflags] tcp-syn ip[0] & | ^ + - * / % << >> = == != > < >= <= [ ] : multicast broadcast inbound
  tcp.port tcp.len ip.addr ip.src eth.src ipv6.addr tcp.payload frame.time frame.time_delta tcp.flags.syn tcp.flags.str
  tcp.analysis.retransmission contains matches ~ in {80,443} {1..5} any all eq ne [0:4] [-1] #1 #[1-2] "GET" r"a.b" 'a' \\x41
  len( count( lower( max( string( True 0x10 017 1.5 "2026-11-21" === !== ~= , ..`.split(/\s+/)

export const target = textTarget({
  name: 'filter',
  about:
    'capture and display filters: a filter or an error with its place, in linear time; none throws over a packet',
  mostLetters: MOST,
  dictionary: DICTIONARY,
  seeds: () => [
    'tcp port (80 or 443) and not host 10.0.0.1 or net fe80::/10',
    'ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2) != 0 and tcp[tcpflags] & tcp-syn = 0',
    'vlan 5 and mpls 3 or ether src 00:11:22:33:44:55 and portrange 1-1024',
    'tcp.port in {80, 1000..2000} && !(ip.addr#1 == 10.0.0.0/8) or tcp.payload[0:4] == 47:45:54:20',
    'any tcp.flags & 2 != 0 and frame.time_delta > 1.5 and len(tcp.payload) > 3 and tcp matches r"^get\\s"',
  ],
  run,
})

const LINK_TYPES = [1, 113, 101, 0]

function run(input: string, probe: Probe): void {
  const before = probe.work()
  for (const linkType of LINK_TYPES) capture(input, linkType)
  display(input)
  const work = probe.work() - before
  expect(work <= WORK + WORK_PER_LETTER * input.length, () => `${work} branches for ${input.length} letters`)
}

/** null where there is an error, whose place is checked. */
function made<T>(input: string, make: () => T): T | null {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    const { column } = error
    expect(column >= 1 && column <= input.length + 1, () => `an error in column ${column} of ${input.length}`)
    expect(error.reason !== '', 'an error without words')
    return null
  }
}

function capture(input: string, linkType: number): void {
  const program = made(input, () => compileBpf(input, linkType))
  if (program === null) return
  expect(program.length <= MAX_INSTRUCTIONS, 'a program that is too long')
  for (const [at, { code, jt, jf, k }] of program.entries()) {
    const isJump = (code & 7) === (JUMP & 7)
    const farthest = Math.max(jt, jf, code === JUMP ? k : 0)
    expect(jt <= 255 && jf <= 255, 'a branch that goes too far')
    expect(!isJump || at + 1 + farthest < program.length, 'a jump out of the program')
  }
  const machine = new BpfMachine(program)
  for (const length of [0, 13, 40, PACKET.length]) machine.run(PACKET, 0, length, PACKET.length)
}

/** Ethernet, IPv4, a TCP header with options, and text. */
const PACKET = Uint8Array.from([
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 8, 0],
  ...[0x45, 0, 0, 52, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
  ...[0x1f, 0x90, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x70, 0x18, 1, 0, 0, 0, 0, 0, 2, 4, 5, 0xb4, 1, 1, 1, 0],
  ...[0x47, 0x45, 0x54, 0x20],
])

function display(input: string): void {
  const filter = made(input, () => new DisplayFilter(input))
  if (filter === null) return
  const record = Object.assign(new CaptureRecord(), {
    number: 1,
    linkType: 1,
    bytes: PACKET,
    view: new DataView(PACKET.buffer),
    length: PACKET.length,
    originalLength: PACKET.length,
  })
  const analysis = new SequenceAnalysis()
  const dissector = new Dissector((packet, tcp) => {
    filter.tcp({ packet, tcp, analysis: analysis.analyze(packet, tcp) })
  })
  filter.begin()
  dissector.dissect(record)
  filter.matches({ packet: dissector.packet, record })
}
