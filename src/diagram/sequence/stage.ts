/**
 * Puts rows below each other: never above what happened before, at least as far down as time has gone on, and only
 * where there is room for their words.
 */

import { durationText } from '../../svg/scale.ts'
import type { TimeScale } from '../time-text.ts'
import type { Columns } from './columns.ts'
import { labelAt, moved } from './labels.ts'
import type { Pace } from './pace.ts'
import type { Box, Gap, Label, Leader, Mark } from './sequence-layout.ts'
import { Skyline } from './skyline.ts'

/** Between two labels, pixels. */
const APART = 3
/** A pause takes so much paper. */
const GAP_HEIGHT = 40
/** A remark may stand so much lower than what it speaks of. */
const DRIFT = 150
const REMARKS_APART = 9
/** So far below its tick a time still belongs to it. */
const LATE = 40

/** What a row needs, seen from its own height: y = 0 is where its arrow starts or ends. */
export interface Needs {
  readonly labels: readonly Label[]
  /** Room that must be free of words though none stand there: ends of arrows. */
  readonly keep?: readonly Box[]
  readonly remark?: Label | null
}

export interface Stood {
  readonly y: number
  readonly labels: Label[]
  readonly leader?: Leader
}

export class Stage {
  /** How far down everything reaches. */
  bottom: number
  readonly ticks: { y: number; at: number }[] = []
  readonly instants: { y1: number; y2: number; at: number }[] = []
  readonly gaps: Gap[] = []
  readonly #skyline: Skyline
  readonly #columns: Columns
  readonly #pace: Pace
  readonly #scale: TimeScale
  /** Of the row that was placed last. */
  #y: number
  #at: number
  /** Whether the present instant has its tick, and its time beside it. */
  #isTicked = false
  #isTimed = false

  /** @param first the time of the first row, microseconds. */
  constructor(columns: Columns, pace: Pace, scale: TimeScale, first: number, top: number) {
    this.#columns = columns
    this.#pace = pace
    this.#scale = scale
    this.#skyline = new Skyline(columns.width, top)
    this.#y = top
    this.#at = first
    this.bottom = top
  }

  /** Time goes on to `at`, microseconds. @returns the mark of the pause, if it is one. */
  until(at: number): Mark | null {
    const us = at - this.#at
    if (us <= 0) return null
    this.#at = at
    this.#isTicked = false
    if (us >= this.#pace.gapUs) return this.#gap(us, at)
    this.#y += us * this.#pace.pixelsPerUs
    return null
  }

  /** Finds the height for a row and takes its room. */
  stand({ labels, keep = [], remark = null }: Needs): Stood {
    let y = this.#y
    for (const { box } of labels) y = Math.max(y, this.#below(box))
    for (const box of keep) y = Math.max(y, this.#below(box))
    const { remarks } = this.#columns
    if (remark !== null && remarks !== null) {
      y = Math.max(y, this.#skyline.bottom(remarks.x, this.#columns.width) - DRIFT)
    }
    const stood = labels.map((label) => moved(label, y))
    for (const { box } of stood) this.#take(box)
    for (const box of keep) this.#take({ ...box, y: box.y + y })
    this.#y = y
    const time = this.#tick(y)
    if (time !== null) stood.push(time)
    if (remark === null || remarks === null) return { y, labels: stood }
    const { label, leader } = this.#remark(remark, y)
    return { y, labels: [...stood, label], ...(leader !== null && { leader }) }
  }

  /** A band across all lifelines, `height` high. @returns its top. */
  band(height: number, before: number, after: number): number {
    const top = Math.max(this.#y, this.#skyline.bottom(0, this.#columns.right)) + before
    this.#take({ x: 0, y: top, width: this.#columns.right, height: height + after })
    this.#y = top + height + after
    return top
  }

  /** A block that takes the place of all that happened from now to `to`, microseconds. */
  block(height: number, to: number): { y: number; time: Label | null } {
    const y = Math.max(this.#y, this.#skyline.bottom(this.#columns.axis, this.#columns.right)) + 7
    // First its time, which ends where the block begins.
    const time = this.#tick(y)
    this.#take({
      x: this.#columns.axis,
      y,
      width: this.#columns.right - this.#columns.axis,
      height: height + 5,
    })
    this.#y = y + height + 5
    this.#at = to
    this.#isTicked = false
    return { y, time }
  }

  #below({ x, y, width }: Box): number {
    return this.#skyline.bottom(x, x + width) + APART - y
  }

  #take({ x, y, width, height }: Box): void {
    this.#skyline.fill(x, x + width, y + height)
    this.bottom = Math.max(this.bottom, y + height)
  }

  #gap(us: number, at: number): Mark {
    const top = Math.max(this.#y, this.#skyline.bottom(0, this.#columns.right))
    const middle = (this.#columns.socket[0] + this.#columns.socket[1]) / 2
    const label = labelAt('gap', middle, top + 13, [`… ${durationText(us)} …`], 'middle')
    this.gaps.push({ y1: top + 6, y2: top + GAP_HEIGHT - 4 })
    this.#take({ x: 0, y: top, width: this.#columns.right, height: GAP_HEIGHT })
    this.#y = top + GAP_HEIGHT
    const about = `${durationText(us)} without events`
    return { kind: 'gap', item: -1, at, side: -1, y: top + GAP_HEIGHT / 2, labels: [label], about }
  }

  /** The first row of an instant has its time beside it; where there is no room, one that follows soon. */
  #tick(y: number): Label | null {
    if (!this.#isTicked) {
      this.#isTicked = true
      this.#isTimed = false
      this.ticks.push({ y, at: this.#at })
      this.instants.push({ y1: y, y2: y, at: this.#at })
    }
    const instant = this.instants.at(-1)!
    instant.y2 = y
    if (this.#isTimed || y > instant.y1 + LATE) return null
    const words = `${this.#scale.text(this.#at)} ${this.#scale.unit}`
    const label = labelAt('time', this.#columns.axis - 10, y - 6.5, [words], 'end')
    if (this.#skyline.bottom(label.box.x, this.#columns.axis) > label.box.y) return null
    this.#isTimed = true
    this.#take({ ...label.box, width: this.#columns.axis - label.box.x })
    return label
  }

  #remark(remark: Label, y: number): { label: Label; leader: Leader | null } {
    const { x } = this.#columns.remarks!
    const taken = this.#skyline.bottom(x, this.#columns.width)
    const label = moved(remark, Math.max(y - remark.box.height / 2 + 4, y - 12, taken + REMARKS_APART))
    this.#take({ ...label.box, x, width: this.#columns.width - x })
    const y2 = label.box.y + 9
    return { label, leader: { x1: this.#columns.right - 6, y1: y, x2: x - 8, y2 } }
  }
}
