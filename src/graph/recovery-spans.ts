/** When a sender was repairing losses, as it tells or, where it does not, as it seems: for graphs that have no room for bands. */

import type { GraphDirection } from './series.ts'

export interface RecoverySpan {
  readonly fromUs: number
  /** Undefined: nothing tells of its end. */
  readonly toUs: number | undefined
  readonly phase: 'fast-recovery' | 'loss-recovery'
  readonly isInferred: boolean
}

export function recoverySpans({ recovery, inferred }: GraphDirection): RecoverySpan[] {
  const isInferred = recovery.length === 0
  const told: readonly { readonly at: number; readonly phase: string }[] = isInferred ? inferred : recovery
  const spans: {
    fromUs: number
    toUs: number | undefined
    phase: RecoverySpan['phase']
    isInferred: boolean
  }[] = []
  let before = ''
  for (const { at, phase } of told) {
    if (phase === before) continue
    before = phase
    const last = spans.at(-1)
    if (last !== undefined) last.toUs ??= at
    if (phase === 'fast-recovery' || phase === 'loss-recovery')
      spans.push({ fromUs: at, toUs: undefined, phase, isInferred })
  }
  return spans
}
