/** The folds of a picture: their words, and where in them everything stands that they hide. */

import { canUnfold, type Fold } from '../fold.ts'
import { countFold, foldDensity, foldLine, foldTitle } from '../fold-words.ts'
import type { Row } from '../ladder-rows.ts'
import type { Columns } from './columns.ts'
import { labelAt } from './labels.ts'
import type { Mark } from './sequence-layout.ts'
import type { Stage } from './stage.ts'

const HEIGHT = 46
/** Left of its words stands the sign that unfolds it. */
const WORDS_AT = 32
const BINS = 32

interface Hidden {
  readonly from: number
  readonly to: number
  readonly fromUs: number
  readonly toUs: number
  readonly y1: number
  readonly y2: number
}

export class FoldBlocks {
  readonly #rows: readonly Row[]
  /** In the order of the rows. */
  readonly #hidden: Hidden[] = []

  constructor(rows: readonly Row[]) {
    this.#rows = rows
  }

  /** Puts the block of a fold below what stands already. */
  stand(fold: Fold, stage: Stage, columns: Columns): Mark {
    const counts = countFold(this.#rows, fold)
    const { fromUs, toUs } = counts
    const { y, time } = stage.block(HEIGHT, toUs)
    this.#hidden.push({ from: fold.from, to: fold.to, fromUs, toUs, y1: y, y2: y + HEIGHT })
    const x = columns.axis + 8
    const box = { x, y, width: columns.right - 6 - x, height: HEIGHT }
    const title = foldTitle(fold, counts)
    const line = foldLine(counts)
    const label = labelAt('fold', x + WORDS_AT, y + 7, [[{ text: title, style: 'strong' }], line])
    const density = foldDensity(this.#rows, fold, BINS)
    const { id } = fold
    const block = {
      id,
      kind: fold.kind,
      box,
      from: this.#rows[fold.from]!.item,
      to: this.#rows[fold.to - 1]!.item + 1,
      messages: counts.messages,
      canUnfold: canUnfold(fold),
      density,
    }
    const about = [title, line, ...(block.canUnfold ? ['folded: unfold to see each'] : [])].join('\n')
    return {
      kind: 'fold',
      item: block.from,
      at: fromUs,
      side: -1,
      y,
      labels: time === null ? [label] : [label, time],
      fold: block,
      about,
    }
  }

  /** The height of a row in the block that hides it, by its index; null: it is not hidden. */
  heightOf(index: number): number | null {
    let low = 0
    let high = this.#hidden.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const { from, to, fromUs, toUs, y1, y2 } = this.#hidden[middle]!
      if (index < from) high = middle - 1
      else if (index >= to) low = middle + 1
      else {
        const part = toUs === fromUs ? 0.5 : (this.#rows[index]!.at - fromUs) / (toUs - fromUs)
        return y1 + part * (y2 - y1)
      }
    }
    return null
  }

  /** Whether a line from one height to another stays within one block. */
  hides(y1: number, y2: number): boolean {
    let low = 0
    let high = this.#hidden.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const block = this.#hidden[middle]!
      if (y1 < block.y1) high = middle - 1
      else if (y1 > block.y2) low = middle + 1
      else return y2 <= block.y2
    }
    return false
  }
}
