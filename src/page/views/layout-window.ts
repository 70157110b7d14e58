/** The part of a laid out diagram that is seen: nobody's browser draws a hundred thousand arrows at once. */

import type { Mark, SequenceLayout } from '../../diagram/sequence/sequence-layout.ts'
import type { SegmentRecord } from '../../trace/events.ts'

interface Extent {
  readonly top: number
  readonly bottom: number
}

/** Where every mark begins and ends, so that a part is found without looking at all of them. */
export class LayoutIndex {
  readonly layout: SequenceLayout
  readonly #extents: readonly Extent[]
  /** By block of so many marks in the order of reading: the highest and the lowest that they reach. */
  readonly #blocks: readonly Extent[]

  #places: ReadonlyMap<SegmentRecord, number> | null = null
  /** Where the cursor may stop, by time; made when it is first asked for. */
  #stops: readonly Stop[] | null = null
  /** Open folds, by their ids, each from the first to the last mark that it shows. */
  readonly #open: ReadonlyMap<string, Extent>

  constructor(layout: SequenceLayout) {
    this.layout = layout
    this.#extents = layout.marks.map(extentOf)
    this.#open = openFolds(layout.marks, this.#extents)
    const blocks: { top: number; bottom: number }[] = []
    this.#extents.forEach(({ top, bottom }, place) => {
      const block = (blocks[Math.floor(place / BLOCK)] ??= { top, bottom })
      block.top = Math.min(block.top, top)
      block.bottom = Math.max(block.bottom, bottom)
    })
    this.#blocks = blocks
  }

  extent(place: number): Extent {
    return this.#extents[place]!
  }

  /** The place of a message's arrow, or -1. */
  placeOf(segment: SegmentRecord): number {
    this.#places ??= placesOf(this.layout.marks)
    return this.#places.get(segment) ?? -1
  }

  /** The place of the mark whose time is nearest, the first one of several; -1 where there is none. */
  nearest(at: number): number {
    this.#stops ??= stopsOf(this.layout.marks)
    const stops = this.#stops
    const behind = firstAtOrAfter(stops, at)
    const [next, last] = [stops[behind], stops[behind - 1]]
    if (last === undefined || (next !== undefined && next.at - at < at - last.at)) return next?.place ?? -1
    return stops[firstAtOrAfter(stops, last.at)]!.place
  }

  /** The place of the next mark at which the arrow keys stop; where there is none, of this one, or -1. */
  nextStop(from: number, by: 1 | -1): number {
    const { marks } = this.layout
    for (let place = from + by; place >= 0 && place < marks.length; place += by) {
      if (isStop(marks[place]!)) return place
    }
    return from >= 0 && from < marks.length ? from : -1
  }

  /** The places of the marks of which something lies between two heights. */
  between(top: number, bottom: number): number[] {
    const places: number[] = []
    this.#blocks.forEach((block, k) => {
      if (block.bottom < top || block.top > bottom) return
      const end = Math.min((k + 1) * BLOCK, this.#extents.length)
      for (let place = k * BLOCK; place < end; place++) {
        const extent = this.#extents[place]!
        if (extent.bottom >= top && extent.top <= bottom) places.push(place)
      }
    })
    return places
  }

  /** The open folds of which something lies between two heights. */
  openBetween(
    top: number,
    bottom: number,
  ): { readonly id: string; readonly top: number; readonly bottom: number }[] {
    return [...this.#open]
      .filter(([, extent]) => extent.bottom >= top && extent.top <= bottom)
      .map(([id, extent]) => ({ id, ...extent }))
  }

  /** The same diagram with nothing in it but what lies between two heights. */
  part(places: readonly number[], top: number, bottom: number): SequenceLayout {
    const { layout } = this
    const meets = ({ y1, y2 }: { readonly y1: number; readonly y2: number }): boolean =>
      y2 >= top && y1 <= bottom
    const { axis } = layout
    return {
      ...layout,
      frame: layout.frame.filter(({ box }) => box.y >= layout.top),
      marks: places.map((place) => layout.marks[place]!),
      lifelines: layout.lifelines.filter(meets),
      activations: layout.activations.filter(meets),
      timers: layout.timers.filter(meets),
      gaps: layout.gaps.filter(meets),
      axis: {
        ...axis,
        ticks: axis.ticks.filter(({ y }) => y >= top && y <= bottom),
        instants: axis.instants.filter(meets),
      },
    }
  }

  /** The height at which a time stands, between the marks of the axis around it. */
  heightAt(at: number): number {
    const { ticks } = this.layout.axis
    const next = firstAtOrAfter(ticks, at)
    const [before, behind] = [ticks[next - 1], ticks[next]]
    if (before === undefined || behind === undefined) return (before ?? behind)?.y ?? this.layout.top
    return before.y + ((at - before.at) / (behind.at - before.at)) * (behind.y - before.y)
  }
}

const BLOCK = 64

interface Stop {
  readonly at: number
  readonly place: number
}

/** Where the arrow keys stop: what has something to be seen besides its time. */
export function isStop({ kind, labels, arrow }: Mark): boolean {
  const hasWords = labels.some(({ role }) => role !== 'time' && role !== 'remark')
  return kind !== 'gap' && (hasWords || arrow !== undefined)
}

function stopsOf(marks: readonly Mark[]): Stop[] {
  const stops: Stop[] = []
  marks.forEach((mark, place) => {
    if (mark.kind !== 'heading' && isStop(mark)) stops.push({ at: mark.at, place })
  })
  return stops.sort((a, b) => a.at - b.at || a.place - b.place)
}

function placesOf(marks: readonly Mark[]): Map<SegmentRecord, number> {
  const places = new Map<SegmentRecord, number>()
  marks.forEach(({ arrow }, place) => {
    const segment = arrow?.message.segment
    if (segment !== undefined && !places.has(segment)) places.set(segment, place)
  })
  return places
}

/** The first place in a list by rising times that is not before a time. */
function firstAtOrAfter(list: readonly { readonly at: number }[], at: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]!.at < at) low = middle + 1
    else high = middle
  }
  return low
}

function openFolds(marks: readonly Mark[], extents: readonly Extent[]): Map<string, Extent> {
  const open = new Map<string, { top: number; bottom: number }>()
  marks.forEach(({ inside }, place) => {
    if (inside === undefined) return
    const { top, bottom } = extents[place]!
    const extent = open.get(inside)
    if (extent === undefined) open.set(inside, { top, bottom })
    else extent.bottom = Math.max(extent.bottom, bottom)
  })
  return open
}

function extentOf({ y, labels, arrow, leader, fold }: Mark): Extent {
  let [top, bottom] = [y, y]
  const reach = (from: number, to: number): void => {
    top = Math.min(top, from, to)
    bottom = Math.max(bottom, from, to)
  }
  for (const { box } of labels) reach(box.y, box.y + box.height)
  if (arrow !== undefined) reach(arrow.y1, arrow.y2)
  if (leader !== undefined) reach(leader.y1, leader.y2)
  if (fold !== undefined) reach(fold.box.y, fold.box.y + fold.box.height)
  return { top: top - 8, bottom: bottom + 8 }
}
