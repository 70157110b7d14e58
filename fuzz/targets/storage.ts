/** The assembler and both buffers, side by side on one pool of rings, against models that keep each octet by itself. */

import { MIN_RING, RingPool } from '../../src/bytes/ring-pool.ts'
import { Assembler } from '../../src/storage/assembler.ts'
import { REASSEMBLY_FULL, ReceiveBuffer } from '../../src/storage/receive-buffer.ts'
import { SendBuffer } from '../../src/storage/send-buffer.ts'
import { operationTarget } from '../make-target.ts'
import { argument, type Operation, OperationList } from '../mutate-operations.ts'
import { expect, expectSame } from '../target.ts'

const FAR = 2 ** 30
const offset = argument(0, 64, 0, 1, 2, 3, 8, 16)
const wideOffset = argument(0, FAR, FAR, FAR - 1, FAR - 20, 0, 1, 2 ** 29)
const octets = argument(0, 5000, 0, 1, 2, 7, 100, 1460, 2047, 2048, 2049, 4096)
const place = argument(0, 5000, 0, 1, 2, 3, 10, 100, 1460, 2048, 4000)

const OPERATIONS = new OperationList(
  [
    { name: 'setup', arguments: [argument(0, 12, 1, 2, 4), argument(0, 9000, 0, 1, 2048, 3000, 9000)] },
    { name: 'assembler-add', arguments: [offset, offset], weight: 4 },
    { name: 'assembler-add-far', arguments: [wideOffset, argument(0, 40, 0, 1, 20)] },
    { name: 'assembler-advance', arguments: [offset] },
    { name: 'assembler-advance-far', arguments: [wideOffset] },
    { name: 'assembler-clear', arguments: [] },
    { name: 'receive-insert', arguments: [place, octets, argument(0, 255)], weight: 5 },
    { name: 'receive-read', arguments: [octets], weight: 2 },
    { name: 'receive-consume', arguments: [octets] },
    { name: 'receive-capacity', arguments: [argument(0, 9000, 0, 1, 2048, 3000, 9000)] },
    { name: 'receive-drop', arguments: [] },
    { name: 'receive-clear', arguments: [] },
    { name: 'send-write', arguments: [octets, argument(0, 255)], weight: 3 },
    { name: 'send-copy', arguments: [octets, octets] },
    { name: 'send-acknowledge', arguments: [octets], weight: 2 },
    { name: 'send-capacity', arguments: [argument(0, 9000, 0, 1, 2048, 3000, 9000)] },
    { name: 'send-clear', arguments: [] },
    { name: 'send-record', arguments: [] },
  ],
  80,
)

export const target = operationTarget(
  {
    name: 'storage',
    about: 'assembler, receive buffer and send buffer against models that keep each octet by itself',
    seeds: () => [
      OPERATIONS.read('setup 4 3000', 'assembler-add 2 3', 'assembler-add 8 4', 'assembler-advance 1'),
      OPERATIONS.read('receive-insert 10 100 1', 'receive-insert 0 20 2', 'receive-read 50'),
      OPERATIONS.read('send-write 2049 1', 'send-copy 1 7', 'send-acknowledge 100', 'send-write 7 2'),
    ],
    run,
  },
  OPERATIONS,
)

function run(input: readonly Operation[]): void {
  const first = input[0]?.[0] === 0 ? input[0] : [0, 8, 9000]
  const pool = new RingPool(1 << 16)
  const assembler = new AssemblerPair(first[1]!)
  const receive = new ReceivePair(pool, first[2]!, first[1]!)
  const send = new SendPair(pool, first[2]!)
  for (const [kind, a, b, c] of input) {
    if (kind! >= 1 && kind! <= 5) assembler.step(kind!, a!, b!)
    else if (kind! >= 6 && kind! <= 11) receive.step(kind!, a!, b!, c!)
    else if (kind! >= 12) send.step(kind!, a!, b!)
    expect(pool.lent <= 4 * MIN_RING * 8, () => `${pool.lent} octets of rings are lent`)
  }
  receive.step(11, 0, 0, 0)
  send.step(16, 0, 0)
  expect(pool.lent === 0, () => `${pool.lent} octets of rings are lent to nobody`)
}

type Range = readonly [start: number, end: number]

/** All ranges, made anew from a list: sorted, and joined where they touch. */
function joined(ranges: readonly Range[]): Range[] {
  const result: [number, number][] = []
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else result.push([start, end])
  }
  return result
}

class AssemblerPair {
  readonly #real: Assembler
  readonly #most: number
  #model: Range[] = []

  constructor(most: number) {
    this.#real = new Assembler(most)
    this.#most = most
  }

  step(kind: number, a: number, b: number): void {
    if (kind === 1) this.#add(a, a + b)
    else if (kind === 2) this.#add(Math.max(0, a - b), a)
    else if (kind === 5) {
      this.#real.clear()
      this.#model = []
    } else this.#advance(a)
    this.#check()
  }

  #add(start: number, end: number): void {
    const next = start === end ? this.#model : joined([...this.#model, [start, end]])
    const fits = next.length <= Math.max(this.#most, this.#model.length) && !(start < end && this.#most === 0)
    expect(this.#real.accepts(start, end) === fits, `accepts [${start}, ${end}) is wrong`)
    expect(this.#real.add(start, end) === fits, `add [${start}, ${end}) succeeds or fails wrongly`)
    if (!fits || start === end) return
    this.#model = next
    const recent = next.findIndex(([from, to]) => from <= start && end <= to)
    expectSame(this.#real.recent, recent, 'the most recent range')
  }

  #advance(n: number): void {
    this.#real.advance(n)
    const left = this.#model.filter(([, end]) => end > n)
    this.#model = left.map(([start, end]) => [Math.max(0, start - n), end - n])
  }

  #check(): void {
    const real = this.#real
    const ranges = Array.from({ length: real.count }, (_, i) => [real.start(i), real.end(i)])
    expectSame(ranges, this.#model, 'ranges')
    const sum = this.#model.reduce((total, [start, end]) => total + end - start, 0)
    expectSame(real.octets, sum, 'octets in ranges')
    const first = this.#model[0]
    expectSame(real.contiguous(), first?.[0] === 0 ? first[1] : 0, 'the range at the base')
    for (const at of this.#model.slice(0, 8).flatMap(([start, end]) => [start - 1, start, end - 1, end])) {
      if (at >= 0) this.#checkAt(at)
    }
  }

  #checkAt(at: number): void {
    const within = this.#model.findIndex(([start, end]) => start <= at && at < end)
    expectSame(this.#real.find(at), within, `the range at ${at}`)
    const end = at + 50
    const gap = within < 0 ? at : Math.min(end, this.#model[within]![1])
    expectSame(this.#real.nextGap(at, end), gap, `the gap after ${at}`)
    const next = this.#model.find((range) => range[1] > at)
    const covered = next === undefined ? end : Math.min(end, Math.max(at, next[0]))
    expectSame(this.#real.nextCovered(at, end), covered, `what is covered after ${at}`)
  }
}

/** Octets that differ by where they come from: i octets into what `tag` named. */
function octetsOf(tag: number, length: number): Uint8Array {
  const octets = new Uint8Array(length)
  for (let i = 0; i < length; i++) octets[i] = tag * 31 + i * 7 + (i >> 8)
  return octets
}

/** More than any buffer here has room for. */
const MOST_BEYOND = 16_384

class ReceivePair {
  readonly #real: ReceiveBuffer
  readonly #most: number
  #readable: number[] = []
  /** Octets beyond RCV.NXT by their offset from it, -1 where none has arrived. */
  readonly #beyond = new Int16Array(MOST_BEYOND).fill(-1)
  #ranges: readonly Range[] = []
  /** No octet of `#beyond` lies at this offset or behind it. */
  #reach = 0

  constructor(pool: RingPool, capacity: number, most: number) {
    this.#real = new ReceiveBuffer(pool, capacity, most)
    this.#most = most
  }

  step(kind: number, a: number, b: number, c: number): void {
    const real = this.#real
    if (kind === 6) this.#insert(a, octetsOf(c, b))
    else if (kind === 7) this.#read(a)
    else if (kind === 8) {
      const n = Math.min(a, real.readable)
      real.consume(n)
      this.#readable.splice(0, n)
    } else if (kind === 9) real.setCapacity(a)
    else if (kind === 10) {
      real.dropOutOfOrder()
      this.#beyond.fill(-1, 0, this.#reach)
    } else {
      real.clear()
      this.#readable = []
      this.#beyond.fill(-1, 0, this.#reach)
    }
    this.#check()
  }

  #insert(at: number, octets: Uint8Array): void {
    const real = this.#real
    const length = Math.min(octets.length, Math.max(0, real.free - at))
    if (at > real.free) return
    const bytes = new Uint8Array(length + 6).fill(0xee)
    bytes.set(octets.subarray(0, length), 3)
    const ranges = length === 0 ? this.#ranges : joined([...this.#ranges, [at, at + length]])
    const isRefused = at > 0 && ranges.length > Math.max(this.#most, this.#ranges.length)
    const result = real.insert(at, bytes, 3, length)
    if (isRefused || (at > 0 && length > 0 && this.#most === 0)) {
      return expectSame(result, REASSEMBLY_FULL, 'a range too many')
    }
    const beyond = this.#beyond
    this.#reach = Math.max(this.#reach, at + length)
    // The first octet to arrive at a place stays.
    for (let i = 0; i < length; i++) if (beyond[at + i]! < 0) beyond[at + i] = octets[i]!
    let advance = 0
    while (beyond[advance]! >= 0) this.#readable.push(beyond[advance++]!)
    expectSame(result, advance, 'how far RCV.NXT advances')
    if (advance === 0) return
    beyond.copyWithin(0, advance, this.#reach)
    beyond.fill(-1, this.#reach - advance, this.#reach)
    this.#reach -= advance
  }

  /** Where octets are, found by a look at each place. */
  #lookForRanges(): Range[] {
    const ranges: Range[] = []
    const beyond = this.#beyond
    // Nothing lies behind what the ranges and the last insert reach.
    for (let at = 0; at < this.#reach; at++) {
      if (beyond[at]! < 0) continue
      const start = at
      while (beyond[at]! >= 0) at++
      ranges.push([start, at])
    }
    return ranges
  }

  #read(length: number): void {
    const into = new Uint8Array(length + 2).fill(0xdd)
    const n = this.#real.read(into, 1, length)
    expectSame(n, Math.min(length, this.#readable.length), 'octets read')
    const expected = this.#readable.splice(0, n)
    for (let i = 0; i < n; i++) expect(into[i + 1] === expected[i], `octet ${i} that was read is another`)
    expect(into[0] === 0xdd && into[n + 1] === 0xdd, 'octets are written outside of what was asked for')
  }

  #check(): void {
    const real = this.#real
    const ranges = this.#lookForRanges()
    this.#ranges = ranges
    this.#reach = ranges.at(-1)?.[1] ?? 0
    const octets = ranges.reduce((total, [start, end]) => total + end - start, 0)
    expectSame(real.readable, this.#readable.length, 'readable octets')
    expectSame(real.outOfOrder, octets, 'octets out of order')
    expectSame(real.hasGaps, ranges.length > 0, 'whether there are gaps')
    expectSame(
      Array.from({ length: real.rangeCount }, (_, i) => [real.rangeStart(i), real.rangeEnd(i)]),
      ranges,
      'ranges',
    )
    const first = this.#readable.slice(0, Math.min(64, real.peekLength))
    const peeked = real.ring.subarray(real.peekOffset, real.peekOffset + first.length)
    expectSame([...peeked], first, 'octets that are peeked at')
  }
}

class SendPair {
  readonly #real: SendBuffer
  #model: number[] = []
  /** Octets from the first one held to the ends of records. */
  #records: number[] = []

  constructor(pool: RingPool, capacity: number) {
    this.#real = new SendBuffer(pool, capacity)
  }

  step(kind: number, a: number, b: number): void {
    const real = this.#real
    if (kind === 12) this.#write(octetsOf(b, a))
    else if (kind === 13) this.#copy(a, b)
    else if (kind === 14) {
      const n = Math.min(a, real.length)
      real.acknowledge(n)
      this.#model.splice(0, n)
      this.#records = this.#records.map((end) => end - n)
    } else if (kind === 15) real.setCapacity(a)
    else if (kind === 16) {
      real.clear()
      this.#model = []
      this.#records = []
    } else {
      real.endRecord()
      this.#records.push(this.#model.length)
    }
    this.#check()
  }

  #check(): void {
    const real = this.#real
    expectSame(real.length, this.#model.length, 'octets held')
    expectSame(real.free, Math.max(0, real.capacity - this.#model.length), 'octets free')
    for (const from of [0, this.#model.length >> 1]) {
      const held = Math.min(real.segmentAt(from), 64)
      const piece = real.ring.subarray(real.offsetOf(from), real.offsetOf(from) + held)
      if (held > 0) expectSame([...piece], this.#model.slice(from, from + held), `octets from ${from} on`)
      else expect(from >= this.#model.length, 'octets held are not there')
      const ends = this.#records.filter((end) => end > from).map((end) => end - from)
      expectSame(real.untilRecordEnd(from), Math.min(...ends), `the end of the record at ${from}`)
    }
  }

  #write(octets: Uint8Array): void {
    const real = this.#real
    const accepted = Math.min(octets.length, real.free)
    expectSame(real.write(octets, 0, octets.length), accepted, 'octets accepted')
    for (let i = 0; i < accepted; i++) this.#model.push(octets[i]!)
  }

  #copy(from: number, length: number): void {
    const start = Math.min(from, this.#model.length)
    const n = Math.min(length, this.#model.length - start)
    const into = new Uint8Array(n + 2).fill(0xcc)
    this.#real.copyTo(start, into, 1, n)
    for (let i = 0; i < n; i++) expect(into[i + 1] === this.#model[start + i], `octet ${i} copied is another`)
    expect(into[0] === 0xcc && into[n + 1] === 0xcc, 'octets are written outside of what was asked for')
  }
}
