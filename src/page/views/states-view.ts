/**
 * The state diagram with the ways that both sides took through it: each step is a link to its moment, and the states of
 * the moment that another view shows stand out. Mount `element`, then `show` events.
 */

import { layoutStates } from '../../diagram/states/layout.ts'
import { drawStates } from '../../diagram/states/state-svg.ts'
import { themeStyle } from '../../svg/theme.ts'
import { TRANSITIONS } from '../../tcp/state.ts'
import { type LadderPair, selectEvents } from '../../trace/connections.ts'
import type { TraceEvent } from '../../trace/events.ts'
import { type StatePath, statePaths } from '../../trace/state-path.ts'
import type { StateName } from '../../trace/states.ts'
import { make, setMarkup } from './dom.ts'
import { Announcer, type Moment } from './moment.ts'
import { namePicture } from './picture-name.ts'

export class StatesView {
  readonly element = make('div', { class: 'states-view' })
  readonly announcer = new Announcer()
  #paths: readonly StatePath[] = []
  #names: readonly StateName[] = []

  show(events: readonly TraceEvent[], pair: LadderPair, title: string): void {
    const ends = [pair.left, pair.right]
    const paths = statePaths(selectEvents(events, pair).map(({ event }) => event))
    this.#paths = ends.flatMap(({ host, connection }) =>
      paths.filter((path) => path.host === host && path.connection === connection),
    )
    const layout = layoutStates(TRANSITIONS, { paths: this.#paths, title })
    this.#names = layout.states.map(({ state }) => state)
    setMarkup(this.element, scoped(drawStates(layout, 'auto')))
    namePicture(this.element)
    const steps = [...this.element.querySelectorAll('.step')].slice(-layout.table.length)
    for (const [k, { side, step }] of layout.table.entries()) this.#link(steps[k]!, side, step)
    // With links in it, it is no image any more.
    this.element.querySelector('svg')?.setAttribute('role', 'group')
  }

  /** Shows which state each side was in then. */
  choose(moment: Moment | null): void {
    const states = moment === null ? [] : this.#paths.map((path) => stateAt(path, moment.at))
    for (const [k, box] of [...this.element.querySelectorAll('.state')].entries()) {
      box.classList.toggle('now', states.includes(this.#names[k]!))
    }
  }

  #link(row: Element, side: 0 | 1, step: number): void {
    const at = this.#paths[side]?.steps[step]?.at
    if (at === undefined) return
    const go = (): void => this.announcer.tell('select', { at, segment: null })
    row.setAttribute('role', 'button')
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
