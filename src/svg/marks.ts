/** The signs that pictures of TCP are made of, as path data. */

import { decimal, element } from './markup.ts'

/** A filled arrow head whose tip is at (x, y), of an arrow that comes from (fromX, fromY). */
export function arrowHead(fromX: number, fromY: number, x: number, y: number, size = 8): string {
  const length = Math.hypot(x - fromX, y - fromY)
  const [ux, uy] = length === 0 ? [0, 1] : [(x - fromX) / length, (y - fromY) / length]
  const [baseX, baseY] = [x - ux * size, y - uy * size]
  const half = size * 0.42
  const left = `${decimal(baseX - uy * half)} ${decimal(baseY + ux * half)}`
  const right = `${decimal(baseX + uy * half)} ${decimal(baseY - ux * half)}`
  return `M${decimal(x)} ${decimal(y)}L${left}L${right}Z`
}

/** Two strokes across each other: lost. */
export function cross(x: number, y: number, size = 6): string {
  const [l, r, t, b] = [decimal(x - size), decimal(x + size), decimal(y - size), decimal(y + size)]
  return `M${l} ${t}L${r} ${b}M${r} ${t}L${l} ${b}`
}

export function diamond(x: number, y: number, size = 4): string {
  return `M${decimal(x)} ${decimal(y - size)}l${decimal(size)} ${decimal(size)}l${decimal(-size)} ${decimal(size)}l${decimal(-size)} ${decimal(-size)}Z`
}

/** A stroke up or down from (x, y), or across it. */
export function tick(x: number, y: number, way: 'up' | 'down' | 'across', size = 4): string {
  if (way === 'across') return `M${decimal(x - size)} ${decimal(y)}h${decimal(size * 2)}`
  return `M${decimal(x)} ${decimal(y)}v${decimal(way === 'up' ? -size : size)}`
}

/** A path with a class of the theme. */
export function path(d: string, className: string): string {
  return d === '' ? '' : element('path', { class: className, d })
}

/** The same of path data in pieces. */
export function paths(pieces: readonly string[], className: string): string {
  return pieces.map((d) => path(d, className)).join('')
}
