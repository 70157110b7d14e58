/** pcap, pcapng and snoop files: any octets give packets or an error with a place, and a plain second reader agrees. */

import { joined } from '../../src/bytes/join.ts'
import type { CaptureFile } from '../../src/capture/capture-file.ts'
import { CaptureReader, readCapture } from '../../src/capture/capture-reader.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import { pcapngHeader, pcapngInterface, pcapngPacket } from '../../src/capture/pcapng.ts'
import type { Random } from '../../src/sim/random.ts'
import { octetTarget } from '../make-target.ts'
import { randomOctets, replaced } from '../mutate-octets.ts'
import {
  type PlainFile,
  referencePcap,
  referencePcapng,
  referenceSnoop,
} from '../reference/capture-reference.ts'
import { expect, expectSame } from '../target.ts'

const MOST = 1000
const SOME = Uint8Array.of(0x45, 0, 0, 4, 1, 2, 3)
const EPB = 6
const SPB = 3
const OBSOLETE = 2
const IDB = 1
const NRB = 4
const ISB = 5
const DSB = 10
const SHB = 0x0a0d0d0a

export const target = octetTarget({
  name: 'capture',
  about:
    'pcap, pcapng and snoop files: packets or an error with a place, cut anywhere, in pieces, written and read again',
  mostOctets: MOST,
  seeds: () => [
    joined([pcapHeader(), pcapPacket(1_234_567, SOME, 0, SOME.length), pcapPacket(2_000_000, SOME, 1, 3)]),
    joined([pcapHeader({ nanoseconds: true }), pcapPacket(5, SOME, 0, 7, { nanoseconds: true })]),
    joined([
      pcapngHeader([{ name: 'in' }]),
      pcapngPacket(0, 1_234_567, SOME, 0, SOME.length, { comment: 'why', direction: 'inbound' }),
      pcapngInterface({ name: 'out', linkType: 1 }),
      pcapngPacket(1, 2 ** 40, SOME, 0, 5, { direction: 'outbound' }),
      block(SPB, Uint8Array.of(4, 0, 0, 0, 1, 2, 3, 4)),
      block(OBSOLETE, new Uint8Array(20)),
      block(NRB, Uint8Array.of(1, 0, 8, 0, 10, 0, 0, 1, 97, 0, 98, 0)),
      block(ISB, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 8, 0, 3, 0, 0, 0, 0, 0, 0, 0)),
      block(DSB, Uint8Array.of(0x4b, 0x53, 0x4c, 0x54, 2, 0, 0, 0, 65, 66)),
    ]),
    snoopFile(),
  ],
  mutateByGrammar,
  run,
})

/** A snoop file of two packets. */
function snoopFile(): Uint8Array {
  const file = new Uint8Array(16 + 2 * 32)
  const view = new DataView(file.buffer)
  file.set([0x73, 0x6e, 0x6f, 0x6f, 0x70])
  view.setUint32(8, 2)
  view.setUint32(12, 4)
  for (const at of [16, 48]) {
    for (const [field, value] of [60, SOME.length, 32, 0, 1_700_000_000, at].entries()) {
      view.setUint32(at + 4 * field, value)
    }
    file.set(SOME, at + 24)
  }
  return file
}

/** A pcapng block around a body, which is padded. */
function block(type: number, body: Uint8Array): Uint8Array {
  const total = 12 + 4 * Math.ceil(body.length / 4)
  const octets = new Uint8Array(total)
  const view = new DataView(octets.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, total, true)
  view.setUint32(total - 4, total, true)
  octets.set(body, 8)
  return octets
}

/** Where the blocks or records of a file start, as far as their lengths lead. */
function startsOf(input: Uint8Array): number[] {
  const view = new DataView(input.buffer, input.byteOffset, input.length)
  const isNg = input.length >= 12 && view.getUint32(0, true) === SHB
  const starts: number[] = []
  for (let at = isNg ? 0 : 24; at + 16 <= input.length; ) {
    starts.push(at)
    at += isNg ? Math.max(12, view.getUint32(at + 4, true)) : 16 + view.getUint32(at + 8, true)
  }
  return starts
}

const BLOCK_TYPES = [EPB, EPB, SPB, OBSOLETE, IDB, SHB, NRB, ISB, DSB, 0x0bad, 0x1234]
/** Options of interfaces and packets, and the lengths that they should have. */
const OPTIONS: readonly (readonly [code: number, length: number])[] = [
  [1, 5],
  [2, 4],
  [9, 1],
  [14, 8],
  [4, 8],
  [5, 8],
  [7, 8],
  [11, 6],
  [0, 0],
  [2988, 3],
]

function mutateByGrammar(random: Random, input: Uint8Array, other: Uint8Array): Uint8Array {
  const starts = startsOf(input)
  if (starts.length === 0) return other
  const at = random.pick(starts)
  const next = starts[starts.indexOf(at) + 1] ?? input.length
  const kind = random.range(0, 6)
  if (kind === 0) return replaced(input, at, next - at, new Uint8Array(0))
  if (kind === 1) return replaced(input, next, 0, input.slice(at, next), MOST)
  if (kind === 2) return replaced(input, next, 0, freshBlock(random), MOST)
  if (kind === 3) return withOption(random, input, at, next)
  if (kind === 4) return otherOrder(input, at, next)
  const changed = input.slice()
  const view = new DataView(changed.buffer)
  // A field of the block or record: lengths, times, the interface.
  const field = at + 4 * random.range(0, 8)
  if (field + 4 > changed.length) return changed
  const near = view.getUint32(field, true) + random.range(-8, 8)
  view.setUint32(
    field,
    random.chance(0.5) ? near : random.pick([0, 1, 4, 262_144, 262_145, 2 ** 32 - 1]),
    true,
  )
  return changed
}

function freshBlock(random: Random): Uint8Array {
  const type = random.pick(BLOCK_TYPES)
  if (type === IDB) {
    const body = new Uint8Array(8)
    body[4] = random.pick([0, 2, 255])
    return block(IDB, joined([body, option(random), option(random)]))
  }
  if (type === SHB) return pcapngHeader([{ name: 'more' }])
  if (type === EPB) return pcapngPacket(random.range(0, 2), random.int32() >>> 0, SOME, 0, random.range(0, 7))
  return block(type, randomOctets(random, 40))
}

function option(random: Random): Uint8Array {
  const [code, right] = random.pick(OPTIONS)
  const length = random.chance(0.8) ? right : random.range(0, 9)
  const octets = new Uint8Array(4 + 4 * Math.ceil(length / 4))
  random.fill(octets)
  octets.set([code, code >> 8, length, 0])
  return octets
}

/** An option at the end of a block, whose lengths follow. */
function withOption(random: Random, input: Uint8Array, at: number, next: number): Uint8Array {
  if (next - at < 16) return input
  const extra = option(random)
  const changed = replaced(input, next - 4, 0, extra, MOST)
  const total = next - at + extra.length
  const view = new DataView(changed.buffer)
  if (at + total > changed.length) return changed
  view.setUint32(at + 4, total, true)
  view.setUint32(at + total - 4, total, true)
  return changed
}

/** The words of a piece in the other order of octets, as a machine of the other kind writes them. */
function otherOrder(input: Uint8Array, at: number, next: number): Uint8Array {
  const changed = input.slice()
  for (let word = at; word + 4 <= next; word += 4) changed.subarray(word, word + 4).reverse()
  return changed
}

function run(input: Uint8Array): void {
  const whole = readCapture(input)
  if (whole.format === 'text' || whole.format === 'json') return checkPieces(whole, input)
  checkFile(whole, input)
  // What stands before and behind the array that was given is nobody's.
  const inside = new Uint8Array(input.length + 40).fill(0x0a)
  inside.set(input, 13)
  expectSame(
    plain(readCapture(inside.subarray(13, 13 + input.length))),
    plain(whole),
    'read elsewhere in memory',
  )
  for (const cut of [input.length - 1, input.length >> 1, (input.length * 3) >> 2, 40]) {
    if (cut >= 0 && cut < input.length) checkCut(readCapture(input.slice(0, cut)), whole, cut)
  }
  const reference = { pcap: referencePcap, pcapng: referencePcapng, snoop: referenceSnoop }[whole.format]
  expectSame(nearly(plain(whole)), nearly(reference(input)), whole.format)
  checkPieces(whole, input)
  writeAndReadAgain(whole)
}

/** Microseconds beyond what doubles hold exactly are compared by nine digits. */
function nearly(file: PlainFile): PlainFile {
  const isExact = (at: number): boolean => Math.abs(at) < 2 ** 52
  return {
    ...file,
    packets: file.packets.map((packet) =>
      isExact(packet.at) ? packet : { ...packet, at: Number(packet.at.toPrecision(9)), restNs: 0 },
    ),
  }
}

/** Octets that come in pieces give the packets and the error that they give at once. */
function checkPieces(whole: CaptureFile, input: Uint8Array): void {
  const times: number[] = []
  const lengths: number[] = []
  const reader = new CaptureReader(({ nanoseconds, length }) => {
    times.push(nanoseconds % 1000)
    lengths.push(length)
  })
  for (let at = 0; at < input.length; at += 7) reader.push(input.subarray(at, at + 7))
  reader.end()
  expectSame(
    times,
    whole.packets.map(({ restNs }) => restNs),
    'times of what came in pieces',
  )
  expectSame(
    lengths,
    whole.packets.map(({ bytes }) => bytes.length),
    'lengths of what came in pieces',
  )
  expectSame(reader.error?.message, whole.error?.message, 'the error of what came in pieces')
}

function plain({ interfaces, packets, error }: CaptureFile): PlainFile {
  return {
    interfaces: interfaces.map(({ linkType, snapLength, name }) => ({ linkType, snapLength, name })),
    packets: packets.map(({ at, restNs, linkType, interfaceIndex, bytes, ...rest }) => {
      const { originalLength, direction, comments } = rest
      const octets = [...bytes]
      return { at, restNs, linkType, interfaceIndex, originalLength, direction, comments, bytes: octets }
    }),
    isWhole: error === null,
  }
}

function checkFile({ packets, interfaces, error }: CaptureFile, input: Uint8Array): void {
  if (error !== null) {
    expect(error.offset >= 0 && error.offset <= input.length, () => `an error at ${error.offset}`)
    expect(error.expected !== '' && error.found !== '', 'an error without words')
  }
  expect(12 * interfaces.length <= input.length, 'more interfaces than octets')
  expect(12 * packets.length <= input.length, 'more packets than octets')
  for (const packet of packets) {
    const { bytes, at, restNs, interfaceIndex } = packet
    expect(bytes.buffer === input.buffer && bytes.length <= input.length, 'a packet is not in the file')
    expect(Number.isInteger(at) && restNs >= 0 && restNs < 1000, () => `a packet at ${at} us ${restNs} ns`)
    expect(interfaceIndex < interfaces.length, 'a packet of no interface')
    expect(packet.linkType === interfaces[interfaceIndex]!.linkType, 'a packet has another link type')
  }
}

/** A file cut short has the packets that it had, as far as it goes. */
function checkCut(part: CaptureFile, whole: CaptureFile, cut: number): void {
  if (part.format !== whole.format) return expect(cut < 24, 'a file that is cut is taken for another format')
  const some = plain(part).packets
  expectSame(some, plain(whole).packets.slice(0, some.length), 'packets of a file that is cut')
  const lost = whole.packets.slice(some.length)
  const start = whole.packets[0]?.bytes.buffer === undefined ? 0 : (lost[0]?.bytes.byteOffset ?? 0)
  expect(
    lost.length === 0 || start + lost[0]!.bytes.length + 4 > cut || part.error !== null,
    'a packet is lost',
  )
}

/** What was read is written as pcapng and read again: octets, times, links, directions and comments are the same. */
function writeAndReadAgain({ packets, interfaces }: CaptureFile): void {
  const kept = packets.filter(({ at, comments }) => at >= 0 && at < 2 ** 52 && comments.length < 2)
  const parts = [pcapngHeader(interfaces.map(({ linkType, name }) => ({ linkType, name })))]
  for (const { interfaceIndex, at, bytes, direction, comments } of kept) {
    const comment = comments[0]
    parts.push(
      pcapngPacket(interfaceIndex, at, bytes, 0, bytes.length, {
        ...(comment === undefined || comment === '' ? {} : { comment }),
        ...(direction === null ? {} : { direction }),
      }),
    )
  }
  const again = readCapture(joined(parts))
  expect(again.error === null, () => `what was written cannot be read: ${JSON.stringify(again.error)}`)
  const told = (file: readonly CaptureFile['packets'][number][]): unknown =>
    file.map(({ at, bytes, linkType, direction, comments }) => ({
      at,
      bytes: [...bytes],
      linkType,
      direction,
      comments: comments.filter((text) => text !== ''),
    }))
  expectSame(told(again.packets), told(kept), 'packets written and read again')
}
