/** The names of hosts and columns again, where a long picture would leave its reader without them: on paper nothing scrolls along. */

import type { LadderPair } from '../../trace/connections.ts'
import type { SeenAt } from '../seen-at.ts'
import type { Columns } from './columns.ts'
import { HEADS_HEIGHT, headsAt } from './frame.ts'
import type { Label } from './sequence-layout.ts'
import type { Stage } from './stage.ts'

/** Pixels without names after which they stand before the next section or fold, or before whatever comes. */
const SOON = 900
const AT_LAST = 1300
const PADDING = 3

export class RepeatedHeads {
  readonly labels: Label[] = []
  readonly bands: { readonly y1: number; readonly y2: number }[] = []
  readonly #stage: Stage
  readonly #labelsAt: (top: number) => Label[]
  readonly #isOn: boolean
  #last: number

  constructor(stage: Stage, pair: LadderPair, columns: Columns, place: SeenAt | null, isOn = true) {
    this.#stage = stage
    this.#labelsAt = (top) => headsAt(pair, columns, place, top)
    this.#isOn = isOn
    this.#last = stage.bottom
  }

  /** Called before a row or fold is placed. @param isPlain whether it begins nothing: no section and no fold. */
  before(isPlain: boolean): void {
    if (!this.#isOn || this.#stage.bottom - this.#last < (isPlain ? AT_LAST : SOON)) return
    const height = HEADS_HEIGHT + 2 * PADDING
    const top = this.#stage.band(height, 8, 6)
    this.labels.push(...this.#labelsAt(top + PADDING))
    this.bands.push({ y1: top, y2: top + height })
    this.#last = top + height
  }
}
