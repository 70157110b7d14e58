/** The signs of the legend, as they look in the picture. */

import { arrowHead, cross } from '../../svg/marks.ts'
import { decimal, element } from '../../svg/markup.ts'
import type { LegendSign } from './sequence-layout.ts'

const WIDTH = 26

export function signMarkup({ kind, x, y }: LegendSign): string {
  const end = x + WIDTH
  const line = (className: string) =>
    element('path', { class: className, d: `M${decimal(x)} ${decimal(y)}H${decimal(end)}` })
  const tip = (className: string) => element('path', { class: className, d: arrowHead(x, y, end, y) })
  switch (kind) {
    case 'arrow':
    case 'again':
      return element('g', { class: kind === 'again' ? 'right again' : 'right' }, line('line'), tip('tip'))
    case 'unseen':
      return element('g', { class: 'right' }, line('line dashed'), tip('tip'))
    case 'inferred':
      return element('g', { class: 'right' }, line('line dashed'))
    case 'lost':
      return element('path', { class: 'cross', d: cross(x + WIDTH / 2, y, 5) })
    case 'returns':
      return line('call-line dashed') + tip('call-tip')
    case 'blocks':
      return element('rect', { class: 'bar', x, y: y - 4, width: WIDTH, height: 8 })
    case 'timer':
      return line('timer') + element('circle', { class: 'timer-end', cx: end, cy: y, r: 3.5 })
    case 'instant':
      return element('rect', { class: 'instant', x, y: y - 2, width: WIDTH, height: 4 })
    case 'gap':
      return element('rect', { class: 'gap-band', x, y: y - 5, width: WIDTH, height: 10 }) + line('gap-line')
    case 'fold':
      return element('rect', { class: 'fold-box', x, y: y - 5, width: WIDTH, height: 10, rx: 3 })
    default:
      return line(`socket ${kind}`)
  }
}
