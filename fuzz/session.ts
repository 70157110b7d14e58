/** One target fuzzed for a time in a process of its own, which tells its parent how it goes. */

import { load } from './build.ts'
import { readInputs, smallestCover, type TargetModule, writeCorpus, writeCrash } from './corpus.ts'
import { Loop } from './loop.ts'
import type { AnyTarget } from './target.ts'
import { entryOf, type TargetName } from './targets/names.ts'

/** What a session is asked to do: the first argument of its process, as JSON. */
export interface SessionOptions {
  readonly target: TargetName
  readonly seed: number
  /** When to end, milliseconds since the epoch; null: after `runs`. */
  readonly untilMs: number | null
  readonly runs: number | null
  /** Whether to put what was found worth keeping in the place of the committed corpus. */
  readonly save: boolean
}

export interface SessionCrash {
  readonly message: string
  readonly file: string
}

/** What it tells: now and then, and once at its end. */
export interface SessionReport {
  readonly target: TargetName
  readonly seed: number
  readonly done: boolean
  readonly seconds: number
  readonly runs: number
  /** Inputs worth keeping at the start, and now. */
  readonly corpusBefore: number
  readonly corpus: number
  readonly features: number
  /** Branches taken, of those that there are. */
  readonly branches: number
  readonly allBranches: number
  readonly crashes: readonly SessionCrash[]
  /** Files in the corpus, where it was saved. */
  readonly saved: number | null
}

const REPORT_MS = 1000

export async function fuzzTarget(
  options: SessionOptions,
  tell: (report: SessionReport) => void,
): Promise<void> {
  const loaded = await load<TargetModule>(entryOf(options.target))
  const { target } = loaded.module
  const loop = new Loop(target, loaded.counters, { seed: options.seed })
  loop.add(target.seeds())
  for (const shelf of ['regressions', 'corpus'] as const) {
    loop.add(readInputs(target, shelf).map(({ input }) => input))
  }
  const started = performance.now()
  const corpusBefore = loop.corpus.length
  const report = (done: boolean, saved: number | null): SessionReport => ({
    target: options.target,
    seed: options.seed,
    done,
    seconds: (performance.now() - started) / 1000,
    runs: loop.runs,
    corpusBefore,
    corpus: loop.corpus.length,
    features: loop.features.found,
    branches: loaded.places.filter((_, slot) => loop.features.wasSeen(slot)).length,
    allBranches: loaded.places.length,
    crashes: done ? shrunkCrashes(loop, target) : [],
    saved,
  })
  let toldAt = started
  const isOver = (): boolean => {
    if (performance.now() - toldAt >= REPORT_MS) {
      toldAt = performance.now()
      tell(report(false, null))
    }
    return options.untilMs !== null && Date.now() >= options.untilMs
  }
  loop.run(options.runs ?? Number.POSITIVE_INFINITY, isOver)
  const saved = options.save
    ? writeCorpus(target, smallestCover(loaded, target, [...loop.corpus, ...target.seeds()]))
    : null
  tell(report(true, saved))
}

function shrunkCrashes<I>(loop: Loop<I>, target: AnyTarget): SessionCrash[] {
  return loop.crashes.map((crash) => {
    const { input, message } = loop.shrink(crash)
    return { message, file: writeCrash(target, input) }
  })
}

if (process.argv[1]?.endsWith('session.js') && process.send !== undefined) {
  const options = JSON.parse(process.argv[2]!) as SessionOptions
  await fuzzTarget(options, (report) => process.send!(report))
  process.disconnect()
}
