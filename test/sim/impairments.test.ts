/** What a path does to packets, by chance, by list and by its limits. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Delivery, type ImpairmentOptions, Impairments } from '../../src/sim/impairments.ts'
import { PacketPool } from '../../src/sim/packet-pool.ts'
import { Random } from '../../src/sim/random.ts'
import { addressOf } from '../../src/wire/address.ts'
import { bitsThatDiffer, icmpOf, tcpPacket, verdictOf } from './packets.ts'

const A = '10.0.0.1'
const B = '10.0.0.2'
const COUNT = 20_000

interface Arrival {
  readonly at: number
  readonly packet: number
  readonly isCopy: boolean
  readonly corrupted: boolean
  readonly reordered: boolean
  readonly bytes: Uint8Array
}

/** Offers `count` packets of 100 octets, one each `everyUs`, and returns what arrives in the order of planning. */
function play(
  options: ImpairmentOptions,
  seed: number,
  count = COUNT,
  everyUs = 100,
): { path: Impairments; arrivals: Arrival[] } {
  const path = new Impairments(options, new Random(seed))
  const bytes = tcpPacket(A, B, 0, 60)
  const arrivals: Arrival[] = []
  for (let n = 0; n < count; n++) {
    for (const delivery of path.offer(n * everyUs, bytes, 0, bytes.length).deliveries) {
      arrivals.push({ ...delivery, bytes: delivery.bytes.slice(0, delivery.length) })
      path.release(delivery)
    }
  }
  assert.equal(path.heldBytes, 0)
  return { path, arrivals }
}

function near(actual: number, expected: number, within: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= within, `${what}: ${actual}, expected ${expected} +- ${within}`)
}

const HOSTILE: ImpairmentOptions = {
  rateBitsPerSecond: 20e6,
  queueBytes: 20_000,
  delayUs: 30_000,
  jitterUs: 10_000,
  loss: 0.05,
  burst: { enter: 0.01, leave: 0.3 },
  reorder: 0.02,
  duplicate: 0.03,
  corrupt: 0.04,
}

test('the same seed gives the same deliveries, bit for bit; another seed does not', () => {
  assert.deepEqual(play(HOSTILE, 1, 5000).arrivals, play(HOSTILE, 1, 5000).arrivals)
  assert.notDeepEqual(play(HOSTILE, 1, 5000).arrivals, play(HOSTILE, 2, 5000).arrivals)
})

test('without options every packet arrives at once, in order and unchanged', () => {
  const { arrivals } = play({}, 1, 100)
  const original = tcpPacket(A, B, 0, 60)
  assert.equal(arrivals.length, 100)
  for (const [n, arrival] of arrivals.entries()) {
    assert.equal(arrival.at, n * 100)
    assert.equal(arrival.packet, n + 1)
    assert.deepEqual(arrival.bytes, original)
  }
})

test('loss: as many packets are lost as the probability says', () => {
  for (const loss of [0, 0.03, 0.5, 1]) {
    const { path, arrivals } = play({ loss }, 3)
    near(path.counters.lost, COUNT * loss, 4 * Math.sqrt(COUNT * loss * (1 - loss)), `loss ${loss}`)
    assert.equal(arrivals.length + path.counters.lost, COUNT)
  }
})

test('a change of delay, or the fate of one packet, does not change which others are lost', () => {
  const survivors = (options: ImpairmentOptions): number[] =>
    play(options, 4).arrivals.map((one) => one.packet)
  const plain = survivors({ loss: 0.1 })
  assert.deepEqual(survivors({ loss: 0.1, delayUs: 5000, jitterUs: 100 }), plain)
  const lost = plain[100]!
  assert.deepEqual(
    survivors({ loss: 0.1, loseList: [lost] }),
    plain.filter((packet) => packet !== lost),
  )
})

test('burst: losses come in runs whose mean length is 1 / leave, and their share is enter / (enter + leave)', () => {
  const { arrivals } = play({ burst: { enter: 0.01, leave: 0.25 } }, 5, 100_000)
  const arrived = new Set(arrivals.map((one) => one.packet))
  let runs = 0
  let lost = 0
  for (let n = 1; n <= 100_000; n++) {
    if (arrived.has(n)) continue
    lost++
    if (arrived.has(n - 1) || n === 1) runs++
  }
  near(lost / 100_000, 0.01 / 0.26, 0.006, 'share')
  near(lost / runs, 4, 0.4, 'length of a run')
})

test('lists and fates hit exactly the packets that they name', () => {
  const fate = (packet: number): 'lose' | 'pass' | 'duplicate' | 'reorder' | 'corrupt' | null =>
    packet === 2
      ? 'lose'
      : packet === 3
        ? 'duplicate'
        : packet === 4
          ? 'reorder'
          : packet === 6
            ? 'corrupt'
            : null
  const { path, arrivals } = play({ fate, loseList: [5], delayUs: 10, reorderByUs: 250 }, 6, 7)
  assert.deepEqual(
    arrivals.map(({ packet, at, isCopy, reordered, corrupted }) => [
      packet,
      at,
      isCopy,
      reordered,
      corrupted,
    ]),
    [
      [1, 10, false, false, false],
      [3, 210, false, false, false],
      [3, 210, true, false, false],
      [4, 560, false, true, false],
      [6, 510, false, false, true],
      [7, 610, false, false, false],
    ],
  )
  assert.equal(path.counters.lost, 2)
  const spared = play({ loss: 1, corrupt: 1, duplicate: 1, reorder: 1, fate: () => 'pass' }, 1, 10).arrivals
  assert.equal(spared.length, 10)
  assert.ok(spared.every((one) => !one.corrupted && !one.reordered && !one.isCopy))
})

test('delay and jitter: evenly spread, and in order unless reordering is asked for', () => {
  for (const jitterReorders of [false, true]) {
    const { arrivals } = play({ delayUs: 30_000, jitterUs: 5000, jitterReorders }, 7)
    const delays = arrivals.map((one) => one.at - (one.packet - 1) * 100)
    assert.ok(Math.min(...delays) >= 25_000 && Math.max(...delays) <= 35_000)
    let overtakes = 0
    for (let i = 1; i < arrivals.length; i++) if (arrivals[i]!.at < arrivals[i - 1]!.at) overtakes++
    if (jitterReorders) {
      near(delays.reduce((sum, delay) => sum + delay, 0) / COUNT, 30_000, 100, 'mean delay')
      assert.ok(overtakes > COUNT / 4)
    } else {
      assert.equal(overtakes, 0)
    }
  }
  // More jitter than delay never lets a packet arrive before it was sent.
  assert.ok(
    play({ delayUs: 10, jitterUs: 1000, jitterReorders: true }, 8).arrivals.every(
      (one) => one.at >= (one.packet - 1) * 100,
    ),
  )
})

test('rate: the line sends one packet after the other and no faster than its rate', () => {
  // 100 octets at 8 Mbit/s take 100 us; offered every 50 us, the k-th leaves at 100 (k + 1).
  const { arrivals } = play({ rateBitsPerSecond: 8e6 }, 1, 100, 50)
  assert.deepEqual(
    arrivals.map((one) => one.at),
    Array.from({ length: 100 }, (_, k) => 100 * (k + 1)),
  )
  // An odd rate does not gather rounding errors: 1000 packets of 800 bits at 3 Mbit/s.
  const odd = play({ rateBitsPerSecond: 3e6 }, 1, 1000, 0).arrivals
  assert.equal(odd.at(-1)!.at, Math.ceil((1000 * 800) / 3))
})

test('queue: what does not fit behind the line is dropped from the tail', () => {
  // At once: one on the line and 4 more fit into 500 octets.
  const { path, arrivals } = play({ rateBitsPerSecond: 8e6, queueBytes: 500 }, 1, 20, 0)
  assert.deepEqual(
    arrivals.map((one) => one.packet),
    [1, 2, 3, 4, 5],
  )
  assert.equal(path.counters.queueFull, 15)
  // An idle line takes a packet even without a queue.
  assert.equal(play({ rateBitsPerSecond: 8e6, queueBytes: 0 }, 1, 20, 100).arrivals.length, 20)
  // Offered at twice the rate, half gets through in the long run.
  near(
    play({ rateBitsPerSecond: 8e6, queueBytes: 1000 }, 1, 2000, 50).arrivals.length,
    1000,
    15,
    'throughput',
  )
})

test('reorder: the share that the probability says is overtaken by those behind it', () => {
  const { path, arrivals } = play({ reorder: 0.05, reorderByUs: 350 }, 9)
  near(path.counters.reordered, COUNT * 0.05, 4 * Math.sqrt(COUNT * 0.05 * 0.95), 'reordered')
  for (const one of arrivals) assert.equal(one.at, (one.packet - 1) * 100 + (one.reordered ? 350 : 0))
})

test('duplicate: the copy is whole and arrives right behind the original', () => {
  const { path, arrivals } = play({ duplicate: 0.1, delayUs: 7 }, 10)
  near(path.counters.duplicated, COUNT * 0.1, 4 * Math.sqrt(COUNT * 0.1 * 0.9), 'duplicated')
  assert.equal(arrivals.length, COUNT + path.counters.duplicated)
  for (let i = 1; i < arrivals.length; i++) {
    if (!arrivals[i]!.isCopy) continue
    assert.equal(arrivals[i - 1]!.packet, arrivals[i]!.packet)
    assert.equal(arrivals[i - 1]!.at, arrivals[i]!.at)
    assert.deepEqual(arrivals[i - 1]!.bytes, arrivals[i]!.bytes)
  }
})

test('corrupt: the share that the probability says, one to three bits in one word, and a checksum always tells', () => {
  const { path, arrivals } = play({ corrupt: 0.5 }, 11)
  near(path.counters.corrupted, COUNT * 0.5, 4 * Math.sqrt(COUNT * 0.25), 'corrupted')
  const original = tcpPacket(A, B, 0, 60)
  const seen = new Set<number>()
  for (const arrival of arrivals) {
    const flips = bitsThatDiffer(original, arrival.bytes)
    assert.equal(flips.length > 0, arrival.corrupted)
    assert.ok(flips.length <= 3)
    assert.equal(new Set(flips.map((bit) => bit >> 4)).size, arrival.corrupted ? 1 : 0)
    for (const bit of flips) seen.add(bit)
    if (arrival.corrupted) assert.notEqual(verdictOf(arrival.bytes, arrival.bytes.length), 'ok')
  }
  // All bits but those of the first word are hit now and then.
  assert.equal(seen.size, (original.length - 2) * 8)
})

for (const [src, dst] of [
  [A, B],
  ['2001:db8::1', '2001:db8::2'],
] as const) {
  test(`mtu: the sender of a packet too big is told by ICMP (${src})`, () => {
    const path = new Impairments({ mtu: 1400 }, new Random(1))
    const fits = tcpPacket(src, dst, 5, 1400 - (src === A ? 40 : 60))
    assert.equal(fits.length, 1400)
    assert.equal(path.offer(0, fits, 0, fits.length).loss, null)
    const large = tcpPacket(src, dst, 0x89abcdef | 0, 1400)
    const shifted = new Uint8Array(large.length + 7)
    shifted.set(large, 7)
    const offer = path.offer(0, shifted, 7, large.length)
    assert.equal(offer.loss, 'too-big')
    assert.equal(offer.deliveries.length, 0)
    const { ip, message, verdict } = icmpOf(offer.answer!)
    assert.equal(verdict, 'ok')
    assert.equal(`${addressOf(ip.dst0, ip.dst1, ip.dst2, ip.dst3)}`, src)
    assert.deepEqual([message.type, message.code], src === A ? [3, 4] : [2, 0])
    assert.equal(message.mtu, 1400)
    assert.equal(message.quotedSrcPort, 1000)
    assert.equal(message.quotedDstPort, 80)
    assert.equal(message.quotedSeq, 0x89abcdef | 0)
    const { quoted } = message
    assert.equal(`${addressOf(quoted.dst0, quoted.dst1, quoted.dst2, quoted.dst3)}`, dst)

    const hole = new Impairments({ mtu: 1400, mtuBlackHole: true }, new Random(1))
    assert.equal(hole.offer(0, large, 0, large.length).answer, null)
    assert.equal(hole.counters.tooBig, 1)
  })
}

test('octets on their way are bounded, and release makes room again', () => {
  const path = new Impairments({ flightBytes: 1000, delayUs: 1e6 }, new Random(1))
  const bytes = tcpPacket(A, B, 0, 10)
  const offers = Array.from({ length: 5 }, () => path.offer(0, bytes, 0, bytes.length))
  assert.deepEqual(
    offers.map((offer) => offer.loss),
    [null, null, null, 'queue-full', 'queue-full'],
  )
  const delivery = offers[0]!.deliveries[0]!
  path.release(delivery)
  path.release(delivery)
  assert.equal(path.heldBytes, 512)
  assert.equal(path.offer(0, bytes, 0, bytes.length).loss, null)
})

test('deliveries on their way never share octets, and the pool is bounded', () => {
  const pool = new PacketPool(100_000)
  const path = new Impairments({ duplicate: 0.3 }, new Random(1), pool)
  const random = new Random(2)
  const waiting: { delivery: Delivery; content: number }[] = []
  for (let n = 0; n < 3000; n++) {
    const bytes = new Uint8Array(random.range(1, 3000)).fill(n)
    for (const delivery of path.offer(n, bytes, 0, bytes.length).deliveries)
      waiting.push({ delivery, content: n & 255 })
    while (waiting.length > 50) {
      const [{ delivery, content }] = waiting.splice(random.range(0, waiting.length - 1), 1) as [
        (typeof waiting)[0],
      ]
      assert.ok(delivery.bytes.subarray(0, delivery.length).every((octet) => octet === content))
      path.release(delivery)
    }
  }
  for (const { delivery } of waiting) path.release(delivery)
  assert.equal(path.heldBytes, 0)
  assert.ok(pool.keptBytes > 0 && pool.keptBytes <= 100_000)
})
