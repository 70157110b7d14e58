/** The state diagram in a page, with the way of each side of the connection through it. */

import { layoutStates } from '../../diagram/states/layout.ts'
import { drawStates, STATE_STYLE } from '../../diagram/states/state-svg.ts'
import { BASE_STYLE } from '../../svg/theme.ts'
import { TRANSITIONS } from '../../tcp/state.ts'
import { type LadderPair, selectEvents } from '../../trace/connections.ts'
import type { TraceEvent } from '../../trace/events.ts'
import { pathsOf } from '../../trace/state-path.ts'
import { make, setMarkup } from './dom.ts'
import { namePicture } from './picture-name.ts'

export class StatesView {
  readonly element = make('div', {
    class: 'states-picture',
    tabindex: 0,
    role: 'group',
    'aria-label': 'State diagram',
  })

  constructor() {
    document.head.append(
      make(
        'style',
        {},
        `.states-picture{overflow:auto;height:100%;svg{max-width:100%;height:auto}${BASE_STYLE}${STATE_STYLE}}`,
      ),
    )
  }

  show(events: readonly TraceEvent[], pair: LadderPair, title: string): void {
    const own = selectEvents(events, pair).map(({ event }) => event)
    const layout = layoutStates(TRANSITIONS, { paths: pathsOf(own, [pair.left, pair.right]), title })
    setMarkup(this.element, drawStates(layout, ''))
    namePicture(this.element)
  }
}
