/** The legend: each sign that the picture uses, and what it means. */

import { proportionalWidth } from '../../svg/text-width.ts'
import { SIZES } from '../../svg/theme.ts'
import { isAgain } from '../fold-words.ts'
import type { Message } from '../ladder-messages.ts'
import type { Columns } from './columns.ts'
import { MARGIN } from './frame.ts'
import { labelAt, lineHeight } from './labels.ts'
import type { Label, LegendSign } from './sequence-layout.ts'

export interface Legend {
  readonly signs: readonly LegendSign[]
  readonly labels: readonly Label[]
}

export interface Shown {
  readonly messages: readonly Message[]
  readonly isRelative: boolean
  /** Where a capture of one place was made, what that leaves to inference, and how it is known; empty: both ends are recorded. */
  readonly seen: readonly string[]
  readonly hasInferred: boolean
  readonly hasCalls: boolean
  readonly hasTimers: boolean
  readonly hasGaps: boolean
  readonly hasFolds: boolean
}

/** A sign takes so much, then come its words. */
const SIGN = 34
const APART = 22

export function legendOf(columns: Columns, top: number, shown: Shown): Legend {
  const signs: LegendSign[] = []
  const labels: Label[] = []
  let x = MARGIN
  let y = top
  for (const [kind, words] of entriesOf(shown)) {
    const width = proportionalWidth(words, SIZES.small) + (kind === 'none' ? 0 : SIGN)
    if (x > MARGIN && x + width > columns.width - MARGIN) {
      x = MARGIN
      y += lineHeight('legend') + 3
    }
    if (kind !== 'none') signs.push({ kind, x, y: y + lineHeight('legend') / 2 })
    labels.push(labelAt('legend', kind === 'none' ? x : x + SIGN, y, [words]))
    x += width + APART
  }
  return { signs, labels }
}

function entriesOf({ messages, isRelative, seen, ...has }: Shown): [LegendSign['kind'] | 'none', string][] {
  const fates = new Set(messages.map(({ fate }) => fate))
  const entries: [LegendSign['kind'] | 'none', string][] = [
    ['arrow', 'a segment, from its sending to its arrival'],
    ['open', 'connection open'],
    ['opening', 'opening'],
    ['closing', 'closing'],
    ['closed', 'CLOSED: no connection'],
    ['instant', 'one instant, spread out'],
  ]
  if (messages.some(isAgain)) entries.push(['again', 'sent again'])
  if (fates.has('lost') || fates.has('rejected')) entries.push(['lost', 'lost, or dropped where it arrived'])
  if (fates.has('unseen')) entries.push(['unseen', 'its other end is not recorded'])
  // Where both ends are one host, nothing is dashed.
  for (const [k, words] of seen.entries())
    entries.push([k === 0 && has.hasInferred ? 'inferred' : 'none', words])
  if (has.hasCalls)
    entries.push(['blocks', 'a call that blocks'], ['returns', 'returns, or tells the application'])
  if (has.hasTimers) entries.push(['timer', 'a timer until it expires'])
  if (has.hasGaps) entries.push(['gap', 'a pause, not to scale'])
  if (has.hasFolds) entries.push(['fold', 'folded'])
  entries.push([
    'none',
    `numbers ${isRelative ? 'relative to each SYN' : 'as on the wire'}, windows in octets`,
  ])
  return entries
}
