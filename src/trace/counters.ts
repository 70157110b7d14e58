/** Counts by reason: every packet or segment that was not used has one. */

import { DROP_NAMES, type DropReason } from './reasons.ts'

export class DropCounters {
  /** Drops by reason, every reason present. */
  readonly byReason: Record<DropReason, number>

  constructor() {
    const zeros = DROP_NAMES.map((reason) => [reason, 0])
    this.byReason = Object.fromEntries(zeros) as Record<DropReason, number>
  }

  count(reason: DropReason): void {
    this.byReason[reason]++
  }

  get total(): number {
    return Object.values(this.byReason).reduce((sum, n) => sum + n, 0)
  }
}
