/** What every layout of a sequence diagram must keep, whatever it shows. */

import assert from 'node:assert/strict'
import {
  type Box,
  type Label,
  labelsOf,
  type SequenceLayout,
} from '../../src/diagram/sequence/sequence-layout.ts'

/** Asserts that no labels overlap, that nothing leaves the picture, and that time only runs down. */
export function checkLayout(layout: SequenceLayout, name: string): void {
  const labels = labelsOf(layout)
  for (const label of labels) assertInside(label.box, layout, `${name}: ${wordsOf(label)}`)
  const clash = overlapping(labels)
  assert.equal(clash, null, `${name}: labels overlap: ${clash?.map(wordsOf).join(' | ')}`)
  let at = Number.NEGATIVE_INFINITY
  let y = Number.NEGATIVE_INFINITY
  for (const tick of layout.axis.ticks) {
    assert.ok(tick.at > at && tick.y >= y, `${name}: the axis runs back at ${tick.at}`)
    at = tick.at
    y = tick.y
  }
  for (const { arrow } of layout.marks) {
    if (arrow === undefined) continue
    for (const [x, height] of [
      [arrow.x1, arrow.y1],
      [arrow.x2, arrow.y2],
    ] as const) {
      assertInside({ x, y: height, width: 0, height: 0 }, layout, `${name}: an arrow`)
    }
    assert.ok(arrow.y2 >= arrow.y1 - 1e-9, `${name}: an arrow runs back in time`)
  }
  for (const { y1, y2 } of [...layout.lifelines, ...layout.activations, ...layout.timers]) {
    assert.ok(y1 <= y2 && y2 <= layout.height, `${name}: a bar from ${y1} to ${y2}`)
  }
}

export function wordsOf(label: Label): string {
  return label.lines.map(({ runs }) => runs.map(({ text }) => text).join('')).join(' / ')
}

/** The first two labels whose boxes have more than an edge in common, or null. */
export function overlapping(labels: readonly Label[]): [Label, Label] | null {
  const sorted = [...labels].sort((a, b) => a.box.y - b.box.y)
  let open: Label[] = []
  for (const label of sorted) {
    open = open.filter(({ box }) => box.y + box.height > label.box.y + 1e-6)
    for (const other of open) {
      const apart =
        other.box.x + other.box.width <= label.box.x + 1e-6 ||
        label.box.x + label.box.width <= other.box.x + 1e-6
      if (!apart) return [other, label]
    }
    open.push(label)
  }
  return null
}

function assertInside({ x, y, width, height }: Box, layout: SequenceLayout, what: string): void {
  const inside = x >= 0 && y >= 0 && x + width <= layout.width && y + height <= layout.height
  assert.ok(inside, `${what} leaves the picture: ${x},${y} ${width}x${height}`)
}
