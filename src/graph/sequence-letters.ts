/** The letters of the time-sequence graph: what of a connection is worth a look, found once and written into every part of it. */

import { URG } from '../wire/segment.ts'
import { Letters } from './letters.ts'
import type { Panel } from './panel.ts'
import type { GraphAcknowledgment, GraphDirection, GraphSegment } from './series.ts'
import { greatest, within } from './timeline.ts'

interface Letter {
  readonly at: number
  /** The number beside which it stands. */
  readonly number: number
  readonly words: string
  readonly className: string
  readonly isBelow: boolean
  /** Pixels to the right of its time. */
  readonly aside: number
}

export class SequenceLetters {
  /** The rare ones first: they find room where there is little. Each list in order of time. */
  readonly #lists: readonly (readonly Letter[])[]

  constructor({ segments, acknowledgments, resets }: GraphDirection) {
    const ends: Letter[] = []
    const marked: Letter[] = []
    for (const segment of segments) {
      const { kind, at, end, first, again } = segment
      if (kind === 'syn' || kind === 'fin') {
        const name = kind === 'syn' ? 'SYN' : 'FIN'
        ends.push(
          again > 0 ? letter(at, end, `R ${name}`, 'letter again') : letter(at, end, name, 'letter control'),
        )
        continue
      }
      const found = letterOf(segment)
      if (found === undefined) continue
      const [words, className, isBelow] = found
      marked.push(letter(at, isBelow ? first : end, words, `letter ${className}`, isBelow))
    }
    const torn = resets.map(({ at, number, way }) =>
      letter(at, number, way === 'out' ? 'RST' : 'RST in', 'letter note'),
    )
    this.#lists = [torn, ends, marked, answersOf(acknowledgments)]
  }

  draw(panel: Panel): string {
    const { x, y } = panel
    const letters = new Letters(panel)
    for (const list of this.#lists) {
      for (const { at, number, words, className, isBelow, aside } of within(list, x.from, x.to)) {
        letters.put(x.at(at) + aside, y.at(number), words, className, isBelow)
      }
    }
    return letters.markup()
  }
}

function answersOf(acknowledgments: readonly GraphAcknowledgment[]): Letter[] {
  const letters: Letter[] = []
  let isRun = false
  for (const { at, ack, window, duplicate, blocks } of acknowledgments) {
    if (window === 0) letters.push(letter(at, ack, 'Z', 'letter note'))
    if (duplicate === 3) letters.push({ ...letter(at, ack, '3', 'letter ack', true), aside: 8 })
    // Blocks come in runs, which one letter names.
    if (blocks.length > 0 && !isRun) {
      const top = greatest(blocks, ({ end }) => end)
      letters.push(letter(at, top, 'S', 'letter sack'))
    }
    isRun = blocks.length > 0
  }
  return letters
}

function letter(at: number, number: number, words: string, className: string, isBelow = false): Letter {
  return { at, number, words, className, isBelow, aside: 0 }
}

function letterOf({
  kind,
  flags,
  again,
  isLate,
}: GraphSegment): readonly [words: string, className: string, isBelow: boolean] | undefined {
  if (kind === 'probe') return ['P', 'probe', true]
  if (kind === 'keep-alive') return ['K', 'probe', true]
  if (kind === 'rst') return undefined
  if (again > 0) return ['R', 'again', false]
  if (isLate) return ['O', 'late', false]
  return (flags & URG) !== 0 ? ['U', 'again', false] : undefined
}
