/** A fold in the picture: a box, and how much went each way in the course of its time. */

import { decimal, element } from '../../svg/markup.ts'
import type { FoldBlock } from './sequence-layout.ts'

const BARS = { width: 96, height: 12 } as const

export function foldMarkup({ box, density, canUnfold }: FoldBlock): string {
  const { x, y, width, height } = box
  const parts = [element('rect', { class: 'fold-box', x, y, width, height, rx: 6 })]
  const left = x + width - BARS.width - 12
  const middle = y + height / 2
  for (const [side, values] of density.entries()) {
    const d = values
      .map((value, n) => {
        const step = BARS.width / values.length
        const tall = value * BARS.height * (side === 0 ? -1 : 1)
        return value === 0
          ? ''
          : `M${decimal(left + n * step)} ${decimal(middle)}v${decimal(tall)}h${decimal(step * 0.8)}v${decimal(-tall)}Z`
      })
      .join('')
    if (d !== '') parts.push(element('path', { class: `fold-bars ${side === 0 ? 'right' : 'left'}`, d }))
  }
  if (canUnfold) {
    parts.push(
      element('path', {
        class: 'rule',
        fill: 'none',
        d: `M${decimal(x + 12)} ${decimal(middle)}h10m-5 -5v10`,
      }),
    )
  }
  return parts.join('')
}
