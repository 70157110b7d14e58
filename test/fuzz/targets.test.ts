/**
 * Each target on its corpus, on the inputs that once showed a defect, and on some thousand inputs of its own making.
 * `npm run fuzz` goes on where this ends.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Loaded, load } from '../../fuzz/build.ts'
import { readInputs, type TargetModule } from '../../fuzz/corpus.ts'
import { failureOf, Loop } from '../../fuzz/loop.ts'
import { entryOf, TARGET_NAMES, type TargetName } from '../../fuzz/targets/names.ts'
import { parseScript } from '../../src/drill/parse-script.ts'
import { evaluate } from '../../src/drill/python-run.ts'
import { Random } from '../../src/sim/random.ts'

/** Inputs besides the corpus: about a second's worth for each. .ci/run tries up to twenty times as many, the same each time. */
const RUNS: Readonly<Record<TargetName, number>> = {
  packet: 5000,
  options: 15_000,
  storage: 1500,
  connection: 2000,
  stack: 700,
  capture: 5000,
  listing: 400,
  frames: 1500,
  filter: 700,
  diagnose: 700,
  drill: 1700,
  python: 1700,
  replay: 400,
}

/** What the corpus reaches, in percent of a file's branches: less means that it has to be made anew (--save). */
const REACHED: readonly (readonly [target: TargetName, file: string, percent: number])[] = [
  ['options', 'src/wire/tcp-options.js', 95],
  ['packet', 'src/wire/ipv4.js', 85],
  ['packet', 'src/wire/ipv6.js', 90],
  ['packet', 'src/wire/icmp.js', 90],
  ['storage', 'src/storage/assembler.js', 90],
  ['storage', 'src/storage/receive-buffer.js', 80],
  ['connection', 'src/tcp/acceptance.js', 85],
  ['connection', 'src/tcp/ack-arrives.js', 85],
  ['connection', 'src/tcp/text-arrives.js', 85],
  ['connection', 'src/tcp/output.js', 80],
  ['stack', 'src/stack/arrivals.js', 80],
  ['capture', 'src/capture/read-pcapng.js', 90],
  ['capture', 'src/capture/read-pcap.js', 80],
  ['capture', 'src/capture/read-snoop.js', 80],
  ['capture', 'src/capture/pcapng-blocks.js', 80],
  ['listing', 'src/capture/read-text.js', 80],
  ['listing', 'src/capture/text-line.js', 80],
  ['listing', 'src/capture/text-numbers.js', 60],
  ['listing', 'src/capture/read-json.js', 80],
  ['frames', 'src/dissect/link-layers.js', 80],
  ['frames', 'src/dissect/network-layers.js', 70],
  ['filter', 'src/filter/parse-bpf.js', 75],
  ['filter', 'src/filter/parse-display.js', 75],
  ['drill', 'src/drill/parse-packet.js', 60],
]

/** Seeds that are no input of the language would teach nothing. */
const SEEDS_HOLD: Readonly<Record<string, (seed: string) => unknown>> = {
  drill: (seed) => parseScript(seed, 'seed.pkt'),
  python: (seed) => evaluate(seed, new Map(), { file: 'seed.pkt', line: 1, column: 1 }),
}

for (const [name, read] of Object.entries(SEEDS_HOLD)) {
  test(`${name}: its seeds are right`, async () => {
    const { target } = (await load<TargetModule>(entryOf(name as TargetName))).module
    for (const seed of target.seeds()) assert.doesNotThrow(() => read(seed), seed)
  })
}

/** The share of a file's branches that a loop has seen, in percent. */
function reached({ places }: Loaded<TargetModule>, loop: Loop<unknown>, file: string): number {
  const slots = places.flatMap((place, slot) => (place.file === file ? [slot] : []))
  assert.ok(slots.length > 0, `${file} is part of the target`)
  return (100 * slots.filter((slot) => loop.features.wasSeen(slot)).length) / slots.length
}

for (const name of TARGET_NAMES) {
  test(`${name}: what it once found holds now`, async () => {
    const { target } = (await load<TargetModule>(entryOf(name))).module
    for (const { path, input } of readInputs(target, 'regressions')) {
      assert.equal(failureOf(target, input), null, path)
    }
  })

  test(`${name}: the corpus and ${RUNS[name]} inputs more hold, and the corpus reaches what it should`, async () => {
    const loaded = await load<TargetModule>(entryOf(name))
    const { target } = loaded.module
    const loop = new Loop<unknown>(target, loaded.counters, { seed: name })
    loop.add(target.seeds())
    const corpus = readInputs(target, 'corpus')
    assert.ok(corpus.length > 0, 'there is a corpus')
    loop.add(corpus.map(({ input }) => input))
    for (const [one, file, percent] of REACHED) {
      const share = one === name ? reached(loaded, loop, file) : 100
      assert.ok(share >= percent, `the corpus takes ${share.toFixed(0)} % of the branches of ${file}`)
    }
    loop.run(RUNS[name])
    const found = loop.crashes.map((crash) => {
      const { message, input } = loop.shrink(crash)
      return `${message}\n${Buffer.from(target.toFile(input)).toString(target.extension === 'txt' ? 'utf8' : 'hex')}`
    })
    assert.deepEqual(found, [])
  })

  test(`${name}: an input is not changed by what is made of it, and is the same from a file`, async () => {
    const { target } = (await load<TargetModule>(entryOf(name))).module
    const random = new Random(name)
    let [input, other] = target.seeds()
    for (let i = 0; i < 300; i++) {
      const before = target.toFile(input).slice()
      const next = target.mutate(random, input, other)
      assert.deepEqual(target.toFile(input), before)
      assert.deepEqual(target.fromFile(target.toFile(next)), next)
      other = input
      input = next
    }
  })
}
