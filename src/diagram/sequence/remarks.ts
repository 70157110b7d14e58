/** What the column at the right says of a row: the first time that something happens, what it is and where it is written. */

import { wrapped } from '../../svg/text-width.ts'
import { CLOSE_REASONS, DROP_REASONS, SEND_REASONS, type SendReason } from '../../trace/reasons.ts'
import type { LadderItem } from '../ladder-messages.ts'
import type { Row } from '../ladder-rows.ts'
import { STATE_WAITS } from '../state-words.ts'
import { labelAt, widthOf } from './labels.ts'
import type { Label, TextRun } from './sequence-layout.ts'

interface Remark {
  /** What is spoken of; '' for what a scenario says. */
  readonly subject: string
  readonly words: string
  /** 'RFC 9293 3.10.1', or ''. */
  readonly source: string
}

export class Remarks {
  readonly #told = new Set<string>()
  readonly #items: readonly LadderItem[]
  readonly #withReasons: boolean

  constructor(items: readonly LadderItem[], withReasons: boolean) {
    this.#items = items
    this.#withReasons = withReasons
  }

  /** The remark on a row, its box beginning at 0, or null. */
  of(row: Row, x: number, width: number): Label | null {
    const remarks = this.#on(row).filter(({ subject }) => subject === '' || !this.#told.has(subject))
    for (const { subject } of remarks) this.#told.add(subject)
    if (remarks.length === 0) return null
    return labelAt(
      'remark',
      x,
      0,
      remarks.flatMap((remark) => linesOf(remark, width)),
    )
  }

  #on(row: Row): Remark[] {
    if (row.kind === 'note' && row.side === -1) return [{ subject: '', words: row.text, source: '' }]
    if (row.kind === 'state') {
      const state = row.states[row.side]
      if (state === undefined || state === 'ESTABLISHED' || state === 'CLOSED') return []
      return [{ subject: state, words: `waits for ${STATE_WAITS[state]}`, source: 'RFC 9293 3.3.2' }]
    }
    const item = this.#items[row.item]!
    if (row.kind === 'message' && row.half === 'leaves') {
      return this.#withReasons ? onReason(row.message.reason) : []
    }
    if (row.kind === 'message' && row.half === 'arrives') {
      return row.message.drops.map((drop) => ({ subject: drop, ...sourced(DROP_REASONS[drop]) }))
    }
    if (item.kind === 'event' && item.event.kind === 'signal' && item.event.reason !== undefined) {
      const { reason } = item.event
      return [{ subject: reason, ...sourced(CLOSE_REASONS[reason]) }]
    }
    return []
  }
}

function onReason(reason: SendReason | undefined): Remark[] {
  if (reason === undefined || reason === 'new-data') return []
  return [{ subject: reason, ...sourced(SEND_REASONS[reason]) }]
}

function sourced(sentence: string): { words: string; source: string } {
  const found = /^(.*?) \((RFC [^)]*)\)$/.exec(sentence)
  return found === null ? { words: sentence, source: '' } : { words: found[1]!, source: found[2]! }
}

function linesOf({ subject, words, source }: Remark, width: number): TextRun[][] {
  const whole = [subject === '' ? '' : `${subject}:`, words, source === '' ? '' : `(${source})`]
  const lines = wrapped(whole.filter((each) => each !== '').join(' '), width, (text) =>
    widthOf('remark', text, true),
  )
  return lines.map((text, n) => {
    const subjectHere = n === 0 && subject !== '' && text.startsWith(`${subject}:`)
    if (!subjectHere) return [{ text }]
    return [{ text: `${subject}:`, style: 'strong' }, { text: text.slice(subject.length + 1) }]
  })
}
