/**
 * The state diagram with the ways that both sides took through it: each step is a link to its moment, and the states of
 * the moment that another view shows stand out. Mount `element`, then `show` events.
 */

import { type Badge, layoutStates } from '../../diagram/states/layout.ts'
import { drawStates } from '../../diagram/states/state-svg.ts'
import { themeStyle } from '../../svg/theme.ts'
import { TRANSITIONS } from '../../tcp/state.ts'
import { type LadderPair, selectEvents } from '../../trace/connections.ts'
import type { TraceEvent } from '../../trace/events.ts'
import { pathsOf, type StatePath } from '../../trace/state-path.ts'
import type { StateName } from '../../trace/states.ts'
import { make, setMarkup } from './dom.ts'
import { Announcer, type Moment } from './moment.ts'
import { namePicture } from './picture-name.ts'

interface Step {
  readonly row: Element
  readonly side: 0 | 1
  readonly at: number
}

export class StatesView {
  readonly element = make('div', { class: 'states-view' })
  readonly announcer = new Announcer()
  #paths: readonly StatePath[] = []
  #names: readonly StateName[] = []
  /** The steps of the table below the picture. */
  #steps: readonly Step[] = []

  show(events: readonly TraceEvent[], pair: LadderPair, title: string): void {
    this.#paths = pathsThrough(events, pair)
    const layout = layoutStates(TRANSITIONS, { paths: this.#paths, title })
    this.#names = layout.states.map(({ state }) => state)
    setMarkup(this.element, scoped(drawStates(layout, 'auto')))
    namePicture(this.element)
    const badges = [...this.element.querySelectorAll('.step')]
    const rows = badges.splice(-layout.table.length, layout.table.length)
    this.#steps = layout.table.flatMap(({ side, step }, k) => {
      const at = this.#paths[side]?.steps[step]?.at
      return at === undefined ? [] : [{ row: rows[k]!, side, at }]
    })
    for (const { row, at } of this.#steps) this.#link(row, at)
    for (const [k, badge] of layout.badges.entries()) this.#linkBadge(badges[k], badge)
    // With links in it, it is no image any more.
    this.element.querySelector('svg')?.setAttribute('role', 'group')
  }

  /** Shows which state each side was in then. */
  choose(moment: Moment | null): void {
    const states = moment === null ? [] : this.#paths.map((path) => stateAt(path, moment.at))
    for (const [k, box] of [...this.element.querySelectorAll('.state')].entries()) {
      box.classList.toggle('now', states.includes(this.#names[k]!))
    }
    for (const side of [0, 1]) {
      const own = this.#steps.filter((step) => step.side === side)
      const current = moment === null ? undefined : own.filter(({ at }) => at <= moment.at).at(-1)
      for (const step of own) {
        step.row.classList.toggle('current', step === current)
        step.row.classList.toggle('ahead', moment !== null && step.at > moment.at)
      }
    }
  }

  #go(at: number): void {
    this.announcer.tell('select', { at, segment: null })
  }

  /** A number on an arrow leads to the first time that it was taken; the table has each, also by keyboard. */
  #linkBadge(badge: Element | undefined, { side, text }: Badge): void {
    const at = this.#paths[side]?.steps[Number.parseInt(text, 10)]?.at
    if (badge === undefined || at === undefined) return
    badge.classList.add('linked')
    badge.addEventListener('click', () => this.#go(at))
  }

  #link(row: Element, at: number): void {
    const go = (): void => this.#go(at)
    row.setAttribute('role', 'button')
    const texts = [...row.querySelectorAll('text')]
    row.setAttribute('aria-label', texts.map((text) => text.textContent).join(' '))
    // Neighbours in a picture have no space between them, which who reads the words aloud needs.
    for (const text of texts) text.after(' ')
    row.setAttribute('tabindex', '0')
    row.classList.add('linked')
    row.addEventListener('click', go)
    row.addEventListener('keydown', (event) => {
      if (!['Enter', ' '].includes((event as KeyboardEvent).key)) return
      event.preventDefault()
      go()
    })
  }
}

/** The ways that both sides took through the states, as far as the events tell. */
export function pathsThrough(events: readonly TraceEvent[], pair: LadderPair): StatePath[] {
  const own = selectEvents(events, pair).map(({ event }) => event)
  return pathsOf(own, [pair.left, pair.right])
}

/** The last state that was entered by then, or the one that it started from. */
function stateAt({ steps }: StatePath, at: number): StateName | undefined {
  const entered = steps.filter((step) => step.at <= at)
  return (entered.at(-1) ?? steps[0])?.state
}

/** A picture's style holds for all of a page: this one's for this picture only, in the page's colours. */
function scoped(svg: string): string {
  return svg.replace(/<style>(.*?)<\/style>/s, (_, style: string) => {
    return `<style>.states-view{${style.replace(themeStyle('svg'), '')}}</style>`
  })
}
