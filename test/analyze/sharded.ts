/** A capture that several readers share, without threads: what they say together. */

import { CaptureDiagnoser, type CaptureReport } from '../../src/analyze/outside/capture-diagnoser.ts'
import type { CaptureDiagnosis } from '../../src/analyze/outside/capture-diagnosis.ts'
import { whole } from '../../src/analyze/outside/gathered.ts'
import type { Shard } from '../../src/analyze/outside/shard.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'

export type WholeReport = Omit<CaptureReport, 'connections'> & { connections: readonly CaptureDiagnosis[] }

/** How a capture is read: its frames may be numbered in larger steps, as if others had been left out in between. */
export interface Reading {
  readonly withPlain: boolean
  readonly step?: number
}

function diagnoserOf(capture: Uint8Array, shard: Shard | null, step = 1): CaptureDiagnoser {
  const diagnoser = new CaptureDiagnoser(null, null, shard)
  const reader = new CaptureReader((record) => {
    record.number += step - 1
    diagnoser.take(record)
  })
  reader.readWhole(capture)
  diagnoser.noteDrops(reader.drops)
  return diagnoser
}

export function reportOfOne(capture: Uint8Array, { withPlain, step }: Reading): WholeReport {
  const report = diagnoserOf(capture, null, step).report(withPlain)
  return { ...report, connections: [...report.connections] }
}

/** What passes between the shards is cloned, as between threads. */
export function reportOfShards(
  capture: Uint8Array,
  count: number,
  { withPlain, step }: Reading,
): WholeReport {
  const shards = Array.from({ length: count }, (_, index) => diagnoserOf(capture, { index, count }, step))
  const { shares, ...report } = whole(structuredClone(shards.map((shard) => shard.gathered())))
  const told = shards.map((shard, k) => [...shard.judged(structuredClone(shares[k]!), withPlain)])
  // Each tells its own in their order; hosts without any packet of TCP come last.
  const place = ({ stream }: CaptureDiagnosis): number => (stream < 0 ? Number.POSITIVE_INFINITY : stream)
  const connections: CaptureDiagnosis[] = []
  for (;;) {
    const heads = told.filter((list) => list.length > 0)
    if (heads.length === 0) break
    const next = heads.reduce((least, list) => (place(list[0]!) < place(least[0]!) ? list : least))
    connections.push(next.shift()!)
  }
  return { ...report, connections }
}
