/**
 * Captured frames of every link type: taken apart, analysed and printed without an exception, and alike wherever they lie in
 * memory. An input is a list of frames: which link type, how many octets, how many more there were on the wire, and the octets.
 */

import { joined } from '../../src/bytes/join.ts'
import { CaptureRecord } from '../../src/capture/record.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { ByteStreams } from '../../src/flows/byte-streams.ts'
import { FRAME_FIELDS, TCP_FIELDS, type TcpView } from '../../src/flows/fields.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { TcpdumpPrinter } from '../../src/print/tcpdump-line.ts'
import type { Random } from '../../src/sim/random.ts'
import { octetTarget } from '../make-target.ts'
import { randomOctets, replaced } from '../mutate-octets.ts'
import { expect, expectSame } from '../target.ts'
import { hex, INNER, TUNNELS } from '../tunnel-frames.ts'

const MOST = 600
const HEAD = 3
const LINK_TYPES = [1, 0, 101, 113, 276, 9, 104, 10, 105, 127, 242, 7, 129, 228, 229, 108, 204, 51, 239, 192]

const IPV4 = [0x45, 0, 0, 0, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
const IPV6 = [0x60, 0, 0, 0, 0, 24, 6, 64, ...new Array(15).fill(0), 1, ...new Array(15).fill(0), 2]
const ipv4 = (protocol: number): number[] => [...IPV4.slice(0, 9), protocol, ...IPV4.slice(10)]
const TCP = [4, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x60, 2, 255, 255, 0, 0, 0, 0, 2, 4, 5, 180]
const ETHERNET = new Array(12).fill(2)
/** What may stand between a link and TCP, by the octets that announce and make it. */
const LAYERS: readonly (readonly number[])[] = [
  [...ETHERNET, 8, 0, ...IPV4, ...TCP],
  [...ETHERNET, 0x81, 0, 0, 5, 0x86, 0xdd, ...IPV6, ...TCP],
  [...ETHERNET, 0x88, 0x47, 0, 0, 0x11, 64, ...IPV4, ...TCP],
  [...ETHERNET, 0x88, 0x64, 0x11, 0, 0, 1, 0, 0x2e, 0, 0x21, ...IPV4, ...TCP],
  [...ETHERNET, 0, 0x34, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...IPV4, ...TCP],
  [...ETHERNET, 8, 0, ...ipv4(47), 0, 0, 0x65, 0x58, ...ETHERNET, 8, 0, ...IPV4, ...TCP],
  [...ETHERNET, 8, 0, ...ipv4(41), ...IPV6, ...TCP],
  [...ETHERNET, 8, 0, ...ipv4(1), 3, 1, 0, 0, 0, 0, 0, 0, ...IPV4, ...TCP],
  [
    ...ETHERNET,
    8,
    0,
    ...ipv4(17),
    0x12,
    0xb5,
    0x12,
    0xb5,
    0,
    0,
    0,
    0,
    8,
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    ...ETHERNET,
    8,
    0,
    ...IPV4,
  ],
  [...ETHERNET, 8, 0, ...ipv4(17), 8, 104, 8, 104, 0, 0, 0, 0, 0x30, 255, 0, 44, 0, 0, 0, 1, ...IPV4, ...TCP],
  [
    ...ETHERNET,
    8,
    0,
    ...ipv4(17),
    0x17,
    0xc1,
    0x17,
    0xc1,
    0,
    0,
    0,
    0,
    0,
    0,
    0x65,
    0x58,
    0,
    0,
    1,
    0,
    ...ETHERNET,
    8,
    0,
    ...IPV4,
  ],
  [
    ...ETHERNET,
    8,
    0,
    ...ipv4(17),
    0x14,
    0x7f,
    0x14,
    0x7f,
    0,
    0,
    0,
    0,
    0,
    0x10,
    2,
    0,
    0,
    0,
    0,
    0,
    ...ETHERNET,
    8,
    0,
    ...IPV4,
  ],
  [...ETHERNET, 8, 0, ...IPV4.slice(0, 6), 0x20, ...IPV4.slice(7), ...TCP],
]
/** Frames of other links. */
const OTHER_LINKS: readonly (readonly [link: number, octets: readonly number[]])[] = [
  [0, [2, 0, 0, 0, ...IPV4, ...TCP]],
  [101, [...IPV6, ...TCP]],
  [113, [...new Array(14).fill(0), 8, 0, ...IPV4, ...TCP]],
  [276, [8, 0, ...new Array(18).fill(0), ...IPV4, ...TCP]],
  [9, [0xff, 3, 0, 0x21, ...IPV4, ...TCP]],
  [104, [15, 0, 8, 0, ...IPV4, ...TCP]],
  [10, [...new Array(13).fill(1), 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...IPV4, ...TCP]],
  [105, [0x88, 2, ...new Array(22).fill(0), 0, 0, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...IPV4, ...TCP]],
  [
    127,
    [0, 0, 8, 0, 0, 0, 0, 0, 8, 2, ...new Array(22).fill(0), 0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...IPV4, ...TCP],
  ],
  [242, [...new Array(40).fill(0), 8, 0, 0, 0, ...IPV4, ...TCP]],
  [7, [1, 2, 212, 0, 0, 0, ...IPV4, ...TCP]],
  [129, [1, 2, 0, 0, 212, 0, 0, 0, ...IPV4, ...TCP]],
  [239, [...hex('02000000 08000100 00000300 05000a00 00000000'), 44, 0, 9, 0, ...INNER]],
  [192, [...hex('00000c00 01000000 00000000'), ...ETHERNET, 8, 0, ...INNER]],
]

const frame = (link: number, octets: readonly number[]): Uint8Array =>
  Uint8Array.of(LINK_TYPES.indexOf(link), octets.length, 0, ...octets)

export const target = octetTarget({
  name: 'frames',
  about: 'captured frames of every link type: taken apart, analysed and printed, alike wherever they lie',
  mostOctets: MOST,
  seeds: () => [
    ...LAYERS.map((octets) => frame(1, octets)),
    ...Object.values(TUNNELS).map((octets) => frame(1, octets)),
    ...OTHER_LINKS.map(([link, octets]) => frame(link, octets)),
    joined([frame(1, LAYERS[0]!), frame(1, LAYERS[0]!), frame(1, LAYERS[0]!)]),
  ],
  mutateByGrammar,
  run,
})

/** Where the frames of an input start. */
function startsOf(input: Uint8Array): number[] {
  const starts: number[] = []
  for (let at = 0; at + HEAD <= input.length; at += HEAD + input[at + 1]!) starts.push(at)
  return starts
}

/** Puts in, takes out, repeats a frame, or changes a field of one. */
function mutateByGrammar(random: Random, input: Uint8Array, other: Uint8Array): Uint8Array {
  const starts = startsOf(input)
  if (starts.length === 0) return other
  const at = random.pick(starts)
  const next = starts[starts.indexOf(at) + 1] ?? input.length
  const kind = random.range(0, 4)
  if (kind === 0) return replaced(input, at, next - at, new Uint8Array(0))
  if (kind === 1) return replaced(input, next, 0, input.slice(at, next), MOST)
  if (kind === 2) return replaced(input, next, 0, other.slice(0, 200), MOST)
  if (kind === 3) return replaced(input, next, 0, randomOctets(random, 60), MOST)
  const changed = input.slice()
  const field = random.range(at, next - 1)
  changed[field] = random.chance(0.5)
    ? changed[field]! + random.range(-2, 2)
    : random.pick([0, 1, 127, 128, 255])
  return changed
}

function run(input: Uint8Array): void {
  const first = read(input, 0, 0)
  expectSame(read(input, 29, 0x45), first, "what stands around a frame is nobody's")
}

/** Everything that is said of the frames, in a memory of their own among other octets. */
function read(input: Uint8Array, margin: number, filling: number): string[] {
  const said: string[] = []
  const analysis = new SequenceAnalysis()
  const printers = [
    new TcpdumpPrinter(),
    new TcpdumpPrinter({ verbose: 3, link: true, numeric: false, octets: 'hex-and-text' }),
  ]
  const streams = new ByteStreams((stream, isFromA) => ({
    text: (octets) => said.push(`${stream} ${isFromA} ${octets.join()}`),
    missing: (length) => said.push(`${stream} ${isFromA} ${length} missing`),
  }))
  const dissector = new Dissector((packet, tcp) => {
    const { textAt, textHeld, textLength } = tcp
    expect(
      textHeld >= 0 && (textHeld === 0 || textAt + textHeld <= packet.end),
      'text beyond what was captured',
    )
    expect(textHeld <= Math.max(0, textLength), 'more text than there was')
    const view: TcpView = { packet, tcp, analysis: analysis.analyze(packet, tcp) }
    streams.packet(packet, tcp, view.analysis)
    for (const { read } of Object.values({ ...FRAME_FIELDS, ...TCP_FIELDS })) said.push(String(read(view)))
  })
  const record = new CaptureRecord()
  for (const at of startsOf(input)) {
    const octets = input.subarray(at + HEAD, at + HEAD + input[at + 1]!)
    const bytes = new Uint8Array(octets.length + 2 * margin).fill(filling)
    bytes.set(octets, margin)
    record.bytes = bytes
    record.view = new DataView(bytes.buffer)
    record.start = margin
    record.length = octets.length
    record.originalLength = octets.length + input[at + 2]!
    record.linkType = LINK_TYPES[input[at]! % LINK_TYPES.length]!
    record.number++
    record.seconds = at
    dissector.dissect(record)
    for (const printer of printers) said.push(printer.line(record))
  }
  return said
}
