/**
 * Logs of what stacks were given, damaged: read and replayed, or refused with a place; the same twice, whole and in steps, with
 * every connection of the stacks in order.
 */

import { joined } from '../../src/bytes/join.ts'
import { LogCursor, LogError } from '../../src/replay/log-cursor.ts'
import { LogReader } from '../../src/replay/log-entries.ts'
import { type ReplayedRun, replayRun } from '../../src/replay/replayed-run.ts'
import { Replayer } from '../../src/replay/replayer.ts'
import type { Random } from '../../src/sim/random.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import { InputLog } from '../../src/stack/input-log.ts'
import { brokenInvariant } from '../../src/tcp/invariants.ts'
import { octetTarget } from '../make-target.ts'
import { expect, expectSame, type Probe } from '../target.ts'

const MOST = 6000
/** Branches: a poll of some octets of a log may fill a packet of 64 KiB. */
const WORK_PER_OCTET = 60_000
const WORK = 2_000_000
const SCENARIOS = ['urgent', 'reset', 'icmp-unreachable', 'address-in-use', 'half-close']

export const target = octetTarget({
  name: 'replay',
  about: "damaged logs of a stack's inputs: replayed or refused, the same twice, every connection in order",
  mostOctets: MOST,
  seeds: () => SCENARIOS.map(shortLog),
  mutateByGrammar,
  run,
})

function run(input: Uint8Array, probe: Probe): void {
  const before = probe.work()
  const first = replayed(input)
  const work = probe.work() - before
  expect(work <= WORK + WORK_PER_OCTET * input.length, () => `${work} branches for ${input.length} octets`)
  expectSame(replayed(input), first, 'the same log once more')
  if (typeof first === 'string') return
  const { problem, divergence, retelling } = first
  const place = problem?.offset ?? divergence?.offset ?? 0
  expect(place <= input.length, () => `octet ${place} of ${input.length}`)
  const inSteps = new Replayer(input)
  while (inSteps.step());
  expectSame(inSteps.index, first.replayed, 'events replayed in steps')
  expectSame(inSteps.divergence, divergence, 'where it differs, in steps')
  expectSame(inSteps.retelling, retelling, 'where it tells another thing, in steps')
  // An exception out of a stack ends the replay; what it leaves behind nobody promises.
  if (divergence?.came.startsWith('it throws') === true) return
  for (const { stack } of inSteps.stacks) {
    for (const { tcb } of stack.connections()) {
      const broken = brokenInvariant(tcb)
      expect(broken === null, () => `connection ${tcb.id}: ${broken}`)
    }
  }
}

/** The run, or why it is none. */
function replayed(log: Uint8Array): ReplayedRun | string {
  try {
    return replayRun(log)
  } catch (error) {
    if (error instanceof LogError) return error.message
    throw error
  }
}

/** What says how a stack is made, without what is as usual. */
function shortLog(name: string): Uint8Array {
  const log = new InputLog()
  runScenario(findScenario(name)!, { record: log })
  const octets = log.octets()
  const parts: Uint8Array[] = []
  let kept = 0
  const reader = new LogReader(octets)
  for (let entry = reader.next(); entry?.input.kind === 'stack'; entry = reader.next()) {
    const cursor = new LogCursor(octets)
    cursor.at = entry.offset + 1
    const { config: _, limits: __, ...made } = cursor.object()
    const short = new InputLog()
    const head = short.length
    short.text(JSON.stringify({ ...made, config: { timestamps: false }, limits: { selfQueue: 8 } }))
    parts.push(octets.subarray(kept, entry.offset + 1), short.octets().subarray(head))
    kept = cursor.at
  }
  return joined([...parts, octets.subarray(kept)]).slice(0, MOST)
}

/** Where each of a log's entries begins, as far as it can be read, and where the last one ends. */
function places(log: Uint8Array): number[] {
  const found: number[] = []
  try {
    const reader = new LogReader(log)
    for (let entry = reader.next(); entry !== null; entry = reader.next()) found.push(entry.offset)
    found.push(reader.offset)
  } catch (error) {
    if (!(error instanceof LogError)) throw error
  }
  return found
}

/** Entries are left out, doubled, put elsewhere or taken from another log; or an octet of one is another. */
function mutateByGrammar(random: Random, input: Uint8Array, other: Uint8Array): Uint8Array {
  const own = places(input)
  if (own.length < 2) return input.slice()
  const from = random.range(0, own.length - 2)
  const to = Math.min(own.length - 1, from + random.range(1, 4))
  const piece = input.subarray(own[from]!, own[to]!)
  const place = own[random.range(0, own.length - 1)]!
  switch (random.range(0, 3)) {
    case 0:
      return joined([input.subarray(0, own[from]!), input.subarray(own[to]!)])
    case 1:
      return joined([input.subarray(0, place), piece, input.subarray(place)])
    case 2: {
      const others = places(other)
      if (others.length < 2) return input.slice()
      const start = random.range(0, others.length - 2)
      const taken = other.subarray(others[start]!, others[start + 1]!)
      return joined([input.subarray(0, place), taken, input.subarray(place)])
    }
    default: {
      const changed = input.slice()
      changed[random.range(own[from]!, Math.max(own[from]!, own[to]! - 1))] = random.range(0, 255)
      return changed
    }
  }
}
