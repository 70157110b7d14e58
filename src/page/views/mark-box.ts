/** How much of a diagram a mark takes. */

import type { Box, Mark } from '../../diagram/sequence/sequence-layout.ts'

/** Its words, with its arrow or without, but not its time and its remark; null where nothing is drawn of it. */
export function markBox({ labels, arrow }: Mark, withArrow: boolean): Box | null {
  const near = labels.filter(({ role }) => role !== 'time' && role !== 'remark')
  const isBare = near.length === 0 && arrow === undefined
  // Some marks say something beside the picture only.
  const boxes = (isBare ? labels : near).map(({ box }) => box)
  const xs = boxes.flatMap(({ x, width }) => [x, x + width])
  const ys = boxes.flatMap(({ y: top, height }) => [top, top + height])
  if (arrow !== undefined && (withArrow || boxes.length === 0)) {
    xs.push(arrow.x1, arrow.x2)
    ys.push(arrow.y1, arrow.y2)
  }
  if (ys.length === 0) return null
  const [x, y] = [Math.min(...xs), Math.min(...ys)]
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y }
}
