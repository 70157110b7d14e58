/** A link to the run that is shown; what a link cannot hold is saved as a page instead. */

import { button, make } from '../views/dom.ts'
import { openDialog } from './dialogs.ts'
import { linkOf } from './exports.ts'
import type { LabState } from './lab-state.ts'

/** @param save saves all that is shown as a page */
export function shareDialog(state: LabState, save: () => void): void {
  if (!state.showsRun) return offerPage(save)
  const link = linkOf(state)
  history.replaceState(null, '', link)
  const field = make('input', {
    type: 'text',
    readonly: true,
    value: link,
    'aria-label': 'Link',
    class: 'link',
  })
  const told = make('p', { class: 'note', role: 'status' }, '')
  const copy = button('Copy', () => {
    navigator.clipboard?.writeText(link).then(
      () => told.replaceChildren('Copied.'),
      () => told.replaceChildren('The browser does not allow it: the link is selected, copy it by hand.'),
    )
    field.select()
  })
  openDialog(
    'Share',
    make(
      'p',
      {},
      'The configuration and the seed are in the link itself: whoever opens it sees this very run.',
    ),
    make('div', { class: 'actions' }, field, copy),
    told,
  )
  field.select()
}

function offerPage(save: () => void): void {
  const close = openDialog(
    'Share',
    make(
      'p',
      {},
      'A link holds the configuration of a run, and no configuration leads to what was opened here. A page holds it: one file, which opens in any browser without a network.',
    ),
    make(
      'div',
      { class: 'actions' },
      button(
        'Save it as a page',
        () => {
          close()
          save()
        },
        { class: 'primary', autofocus: true },
      ),
    ),
  )
}
