/** Makes labels: words in lines, with the box that they take. */

import { fixedWidth, proportionalWidth } from '../../svg/text-width.ts'
import { SIZES } from '../../svg/theme.ts'
import type { Label, LabelRole, TextRun } from './sequence-layout.ts'

interface Face {
  readonly size: number
  readonly height: number
  readonly fixed: boolean
  readonly bold?: boolean
}

/** How the words of each role look; `style.ts` has the same for the picture. */
const FACES: Readonly<Record<LabelRole, Face>> = {
  title: { size: SIZES.title, height: 24, fixed: false, bold: true },
  words: { size: SIZES.words, height: 18, fixed: false },
  banner: { size: SIZES.words, height: 18, fixed: false },
  host: { size: SIZES.heading, height: 19, fixed: false, bold: true },
  head: { size: SIZES.small, height: 15, fixed: false },
  legend: { size: SIZES.small, height: 16, fixed: false },
  time: { size: SIZES.small, height: 13, fixed: true },
  heading: { size: SIZES.heading, height: 19, fixed: false, bold: true },
  message: { size: SIZES.label, height: 15, fixed: true },
  mark: { size: SIZES.small, height: 14, fixed: true },
  state: { size: SIZES.small, height: 15, fixed: true },
  call: { size: SIZES.small, height: 14, fixed: true },
  note: { size: SIZES.small, height: 14, fixed: true },
  bad: { size: SIZES.small, height: 14, fixed: true },
  remark: { size: SIZES.label, height: 15, fixed: false },
  gap: { size: SIZES.small, height: 15, fixed: true },
  fold: { size: SIZES.label, height: 16, fixed: false },
}

/** @returns pixels that words of a role take at most. */
export function widthOf(role: LabelRole, words: string, bold = false): number {
  const face = FACES[role]
  if (face.fixed) return fixedWidth(words, face.size)
  return proportionalWidth(words, face.size, face.bold === true || bold ? 'bold' : 'normal')
}

export function lineHeight(role: LabelRole): number {
  return FACES[role].height
}

export const textOf = (runs: readonly TextRun[]): string => runs.map(({ text }) => text).join('')

/** A label whose box begins at `top`; `x` is where the lines start, have their middle, or end. */
export function labelAt(
  role: LabelRole,
  x: number,
  top: number,
  lines: readonly (string | readonly TextRun[])[],
  anchor: Label['anchor'] = 'start',
): Label {
  const face = FACES[role]
  const runs = lines.map((line) => (typeof line === 'string' ? [{ text: line }] : line))
  const width = runs.reduce((most, line) => Math.max(most, runsWidth(role, line)), 0)
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2
  // The baseline leaves a quarter of the size for what hangs below it.
  const first = top + (face.height + face.size * 0.7) / 2
  return {
    role,
    anchor,
    x,
    box: { x: left, y: top, width, height: face.height * lines.length },
    lines: runs.map((line, n) => ({ y: first + n * face.height, runs: line })),
  }
}

/** The same label further down. */
export function moved(label: Label, by: number): Label {
  if (by === 0) return label
  const { role, anchor, x, box, lines } = label
  return {
    role,
    anchor,
    x,
    box: { x: box.x, y: box.y + by, width: box.width, height: box.height },
    lines: lines.map(({ y, runs }) => ({ y: y + by, runs })),
  }
}

function runsWidth(role: LabelRole, runs: readonly TextRun[]): number {
  return runs.reduce((sum, { text, style }) => sum + widthOf(role, text, style === 'strong'), 0)
}
