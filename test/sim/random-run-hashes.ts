/** What a seed's run leaves behind, as hashes. Run as a program it prints those of its arguments. */

import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { randomRun } from '../../src/sim/random-run.ts'
import { Recorder } from '../../src/trace/recorder.ts'

export interface RunHashes {
  readonly seed: number
  readonly failure: string | null
  readonly digest: number
  readonly events: string
  readonly capture: string
}

export function hashesOf(seed: number): RunHashes {
  const trace = new Recorder()
  const capture = createHash('sha256')
  const { failure, digest } = randomRun(seed, { trace, capture: (octets) => capture.update(octets) })
  const events = createHash('sha256').update(JSON.stringify(trace.events)).digest('hex')
  return { seed, failure, digest, events, capture: capture.digest('hex') }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(process.argv.slice(2).map((seed) => hashesOf(Number(seed)))))
}
