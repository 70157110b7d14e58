/** The layers that are compared: what their programs are, and where they run. */

import fc from '../property.ts'
import { type HttpProgram, httpProgram } from './differential-http-program.ts'
import { HttpStage } from './differential-http-stage.ts'
import { type Program, program } from './differential-program.ts'
import { report } from './differential-report.ts'
import { type Difference, runOnBoth, type Settings } from './differential-run.ts'
import { SocketStage } from './differential-stage.ts'

export interface Layer<P> {
  readonly programs: fc.Arbitrary<P>
  run(program: P, settings?: Settings): Promise<Difference | null>
}

const sockets: Layer<Program> = {
  programs: program,
  run: (one, settings) =>
    runOnBoth(one.steps, (net, prepare) => new SocketStage(net, one, prepare), settings),
}

const http: Layer<HttpProgram> = {
  programs: httpProgram,
  run: (one, settings) => runOnBoth(one.steps, (net, prepare) => new HttpStage(net, one, prepare), settings),
}

export const LAYERS = { sockets, http }
export type LayerName = keyof typeof LAYERS

/**
 * A busy machine's kernel hands over on loopback when it comes to it, though mostly at once. What Elko does depends on no time: a
 * difference that is its own shows each time.
 */
const ATTEMPTS = 3

export interface Search extends Settings {
  readonly runs: number
  readonly seed: number
  /** The smallest program that shows it, instead of the first. */
  readonly shrink: boolean
  /** Of a program that was found before. */
  readonly path?: string | undefined
  /** Called after each program. */
  readonly onProgram?: () => void
}

export interface Found {
  readonly report: string
  /** Where fast-check finds the program again. */
  readonly path: string
}

/** Runs programs until both nets disagree on one; null: they never did. */
export function search(layer: LayerName, settings: Search): Promise<Found | null> {
  return layer === 'sockets' ? searchIn(sockets, settings) : searchIn(http, settings)
}

async function searchIn<P extends { readonly steps: readonly unknown[] }>(
  layer: Layer<P>,
  { runs, seed, shrink, path, onProgram, ...settings }: Search,
): Promise<Found | null> {
  let last: Found['report'] = ''
  const property = fc.asyncProperty(layer.programs, async (one) => {
    let difference: Difference | null = null
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      difference = await layer.run(one, settings)
      if (difference === null) break
    }
    onProgram?.()
    if (difference === null) return true
    last = report(one, difference)
    return false
  })
  const replay = path === undefined ? {} : { path }
  const result = await fc.check(property, { numRuns: runs, seed, endOnFailure: !shrink, ...replay })
  if (!result.failed) return null
  if (last === '') throw result.errorInstance
  return { report: last, path: result.counterexamplePath! }
}
