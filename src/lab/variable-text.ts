/** Values of variables as the lab writes them. */

import { durationText } from '../svg/scale.ts'
import { UNBOUNDED, type Variable } from './variables.ts'

export interface ValueContext {
  /** Microseconds of the run, for timers: how long they still have. */
  readonly now: number
  /** What sequence numbers are counted from; null: as on the wire. */
  readonly bases: { readonly iss: number; readonly irs: number } | null
}

export function valueText({ kind, base, name }: Variable, value: number, context: ValueContext): string {
  switch (kind) {
    case 'sequence': {
      const first =
        context.bases === null || base === '' || name === 'ISS' || name === 'IRS' ? 0 : context.bases[base]
      return String((value - first) >>> 0)
    }
    case 'deadline':
      return value === Number.POSITIVE_INFINITY ? '–' : `in ${durationText(Math.max(0, value - context.now))}`
    case 'duration':
      return value === 0 ? '–' : durationText(Math.round(value))
    case 'flag':
      return value === 0 ? 'no' : 'yes'
    default:
      return value >= UNBOUNDED ? '∞' : String(Math.round(value))
  }
}
