/** A diagram as the lines of its minimap. */

import type { LayoutIndex } from './layout-window.ts'
import type { MinimapMark } from './minimap.ts'

export function minimapMarks({ layout }: LayoutIndex): MinimapMark[] {
  const { top } = layout
  const marks: MinimapMark[] = []
  layout.marks.forEach(({ arrow, fold, state, labels, side, y }) => {
    if (fold !== undefined) {
      const { box } = fold
      const [x2, y2] = [box.x + box.width, box.y + box.height - top]
      marks.push({ x1: box.x, y1: box.y - top, x2, y2, role: 'fold' })
    } else if (arrow !== undefined) {
      const role = arrow.end === 'cross' ? 'bad' : arrow.message.from === 0 ? 'rightward' : 'leftward'
      marks.push({ x1: arrow.x1, y1: arrow.y1 - top, x2: arrow.x2, y2: arrow.y2 - top, role })
    } else if (state !== undefined && side >= 0) {
      const { x, width } = labels[0]!.box
      marks.push({ x1: x, y1: y - top, x2: x + width, y2: y - top, role: 'state' })
    }
  })
  return marks
}
