/** TCP options: both walks over them, held against a list made the plain way, with anything before and behind them. */

import type { Random } from '../../src/sim/random.ts'
import { Segment } from '../../src/wire/segment.ts'
import { writeTcpHeader } from '../../src/wire/tcp.ts'
import { decodeTcpOptions, forEachTcpOption } from '../../src/wire/tcp-options.ts'
import { octetTarget } from '../make-target.ts'
import { replaced } from '../mutate-octets.ts'
import { Octets } from '../reference/ip-reference.ts'
import { type OptionFields, OTHER_OPTIONS, referenceOptions } from '../reference/tcp-reference.ts'
import { expect, expectSame } from '../target.ts'

const MOST = 40
const KINDS = [0, 1, 2, 3, 4, 5, 8, 19, 28, 29, 30, 34, 172, 174, 253, 254, 69, 255]
const LENGTHS: Readonly<Record<number, readonly number[]>> = {
  2: [4],
  3: [3],
  4: [2],
  5: [10, 18, 26, 34],
  8: [10],
  19: [18],
  28: [4],
  29: [4, 16],
  30: [3, 12],
  34: [2, 6, 10, 18],
  172: [2, 5, 8, 11],
  174: [2, 5, 8, 11],
  253: [2, 4, 8],
  254: [2, 4, 8],
}
const EXPERIMENTS = [0xf989, 0xacc0, 0xacc1]

export const target = octetTarget({
  name: 'options',
  about: 'TCP options: both walks against a plain list, and what was read written and read again',
  mostOctets: MOST,
  seeds: () => [
    Uint8Array.of(2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7),
    Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1, 5, 10, 0, 0, 0, 9, 0, 0, 0, 12),
    Uint8Array.of(34, 2, 1, 0),
  ],
  mutateByGrammar,
  run,
})

/** Puts in, takes out or changes one whole option. */
function mutateByGrammar(random: Random, input: Uint8Array): Uint8Array {
  const starts = startsOf(input)
  const which = random.range(0, starts.length - 1)
  const at = starts[which]!
  const length = (starts[which + 1] ?? input.length) - at
  const kind = random.range(0, 3)
  if (kind === 0) return replaced(input, at, length, new Uint8Array(0))
  if (kind === 1) return replaced(input, at, length, optionOf(random), MOST)
  if (kind === 2) return replaced(input, at, 0, input.slice(at, at + length), MOST)
  return replaced(input, at, 0, optionOf(random), MOST)
}

function optionOf(random: Random): Uint8Array {
  const kind = random.chance(0.9) ? random.pick(KINDS) : random.range(0, 255)
  if (kind < 2) return Uint8Array.of(kind)
  const right = random.pick(LENGTHS[kind] ?? [random.range(2, 12)])
  const length = random.chance(0.8) ? right : random.range(0, 40)
  const option = new Uint8Array(Math.max(2, random.chance(0.9) ? length : right))
  random.fill(option)
  option[0] = kind
  option[1] = length
  if (kind >= 253 && option.length >= 4 && random.chance(0.6)) {
    const experiment = random.pick(EXPERIMENTS)
    option[2] = experiment >> 8
    option[3] = experiment
  }
  return option
}

/** Where options start, as far as they can be followed. */
function startsOf(octets: Uint8Array): number[] {
  const starts = [0]
  for (let at = 0; at < octets.length; ) {
    at += octets[at]! < 2 ? 1 : Math.max(2, octets[at + 1] ?? 2)
    if (at < octets.length) starts.push(at)
  }
  return starts
}

function run(input: Uint8Array): void {
  const expected = referenceOptions(new Octets(input))
  for (const around of [0x00, 0xff, 0x02]) {
    const bytes = new Uint8Array(input.length + 64).fill(around)
    bytes.set(input, 17)
    const segment = clearSegment()
    const isGood = decodeTcpOptions(bytes, 17, 17 + input.length, segment)
    expectSame(isGood ? optionFields(segment) : null, expected, 'options')
    walk(bytes, 17, 17 + input.length, input)
    if (isGood) writeAndReadAgain(segment)
  }
}

/** The walk for printers goes on where a decoder has given up, over the same lengths. */
function walk(bytes: Uint8Array, from: number, end: number, input: Uint8Array): void {
  let next = from
  let ended = false
  const isGood = forEachTcpOption(bytes, from, end, (kind, at, length) => {
    expect(!ended, 'an option is visited behind the end of the list')
    expect(bytes[next] === kind, 'an option is visited elsewhere than where it starts')
    expect(at === next + (kind < 2 ? 1 : 2) && at + length <= end, 'a value lies outside of its option')
    expect(kind < 2 ? length === 0 : length === bytes[next + 1]! - 2, 'a value has another length')
    next = at + length
    ended = kind === 0
  })
  const isWhole = ended || next === end
  expect(isGood === isWhole, 'the walk says another thing than where it stopped')
  if (referenceOptions(new Octets(input)) !== null) expect(isGood, 'what was decoded cannot be walked over')
}

/** What a segment's options say, as the reference says it. */
export function optionFields(segment: Segment): OptionFields {
  const { hasTimestamps, sackBlocks, sackEdges, otherOptions } = segment
  return {
    mss: segment.mss,
    windowScale: segment.windowScale,
    sackPermitted: segment.sackPermitted,
    timestamps: hasTimestamps ? [segment.tsVal >>> 0, segment.tsEcr >>> 0] : null,
    sack: [...sackEdges.subarray(0, 2 * sackBlocks)].map((edge) => edge >>> 0),
    others: OTHER_OPTIONS.filter((_, bit) => (otherOptions & (1 << bit)) !== 0),
  }
}

function clearSegment(): Segment {
  const segment = new Segment()
  segment.sackEdges.fill(0x5a5a5a5a)
  return segment
}

/** Writes the known options and reads them again: the same, less the SACK blocks that find no room. */
export function writeAndReadAgain(segment: Segment): void {
  const fields = optionFields(segment)
  const header = new Uint8Array(60)
  const length = writeTcpHeader(new DataView(header.buffer), 0, segment)
  expect(length >= 20 && length <= 60 && length % 4 === 0, () => `a header of ${length} octets is written`)
  expect(header[12]! >> 4 === length / 4, 'the data offset is not the length that was written')
  const again = clearSegment()
  expect(decodeTcpOptions(header, 20, length, again), 'what was written is not well-formed')
  const room = again.sackBlocks
  const cut = { ...fields, others: [], sack: fields.sack.slice(0, 2 * room) }
  expectSame(optionFields(again), cut, 'options written and read again')
  const before = 20 + roomBeforeSack(fields)
  const most = Math.min(segment.sackBlocks, Math.floor(Math.max(0, 60 - before - 4) / 8))
  expect(room === most, () => `${room} of ${segment.sackBlocks} SACK blocks are written, ${most} fit`)
}

function roomBeforeSack({ mss, windowScale, sackPermitted, timestamps }: OptionFields): number {
  const times = timestamps === null ? (sackPermitted ? 4 : 0) : 12
  return times + (mss >= 0 ? 4 : 0) + (windowScale >= 0 ? 4 : 0)
}
