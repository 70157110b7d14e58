/** The time axis, the lifelines, what blocks and what is timed on them. */

import { decimal, element } from '../../svg/markup.ts'
import type { StateName } from '../../trace/states.ts'
import { isInferred } from '../seen-at.ts'
import type { Activation, SequenceLayout, TimeAxis, TimerBar } from './sequence-layout.ts'

export function lifelinesMarkup(layout: SequenceLayout): string {
  const { columns, top, bottom, pair, seenAt } = layout
  if (pair === null) return ''
  const parts = [axisMarkup(layout.axis, top, bottom)]
  for (const side of [0, 1] as const) {
    const application = columns.application[side]
    if (application !== null) parts.push(vertical('application', application, top, bottom))
    if (!columns.shown[side]) parts.push(vertical('network', columns.socket[side], top, bottom))
  }
  for (const { side, state, y1, y2 } of layout.lifelines) {
    const x = columns.socket[side]
    const known = isInferred(seenAt, side) ? ' inferred' : ''
    parts.push(vertical(`socket ${lifelineClass(state)}${known}`, x, y1, y2))
    // A socket is created where its lifeline begins, and deleted where it enters CLOSED.
    if (state === 'CLOSED' && y1 > top) {
      parts.push(element('path', { class: 'cap', d: `M${decimal(x - 7)} ${decimal(y1)}h14` }))
    }
  }
  for (const bar of layout.activations) parts.push(activationMarkup(bar, columns.application[bar.side]))
  for (const bar of layout.timers) parts.push(timerMarkup(bar))
  return element('g', { class: 'lifelines', 'aria-hidden': 'true' }, ...parts)
}

function lifelineClass(state: StateName | undefined): string {
  return state === undefined ? 'unknown' : stateClass(state)
}

/** How a state looks: there is no connection, it is being opened, it is open, or it is being closed. */
export function stateClass(state: StateName): 'closed' | 'opening' | 'open' | 'closing' {
  if (state === 'CLOSED') return 'closed'
  if (state === 'LISTEN' || state === 'SYN-SENT' || state === 'SYN-RECEIVED') return 'opening'
  return state === 'ESTABLISHED' ? 'open' : 'closing'
}

function vertical(className: string, x: number, y1: number, y2: number): string {
  return element('path', { class: className, d: `M${decimal(x)} ${decimal(y1)}V${decimal(y2)}` })
}

function axisMarkup({ x, ticks, instants }: TimeAxis, top: number, bottom: number): string {
  const marks = ticks.map(({ y }) =>
    element('path', { class: 'axis-line', d: `M${decimal(x - 5)} ${decimal(y)}h5` }),
  )
  const spread = instants
    .filter(({ y1, y2 }) => y2 - y1 > 2)
    .map(({ y1, y2 }) => element('rect', { class: 'instant', x: x - 2, y: y1, width: 4, height: y2 - y1 }))
  return element('g', { class: 'time-axis' }, ...spread, vertical('axis-line', x, top, bottom), ...marks)
}

function activationMarkup({ y1, y2, call, open }: Activation, x: number | null): string {
  if (x === null) return ''
  const about = element('title', {}, `${call}() blocks${open ? ' and does not return' : ''}`)
  const bar = element('rect', { class: 'bar', x: x - 4, y: y1, width: 8, height: Math.max(2, y2 - y1) })
  return element('g', {}, about, bar)
}

/** A bar with a foot where it starts, and a filled sign where it expires. */
function timerMarkup({ x, y1, y2, end, about }: TimerBar): string {
  const d = `M${decimal(x - 3)} ${decimal(y1)}h6M${decimal(x)} ${decimal(y1)}V${decimal(y2)}`
  const line = element('path', { class: end === 'stopped' ? 'timer stopped' : 'timer', d })
  const sign = end === 'expired' ? element('circle', { class: 'timer-end', cx: x, cy: y2, r: 3.5 }) : ''
  return element('g', { class: 'timer-bar' }, element('title', {}, about), line, sign)
}
