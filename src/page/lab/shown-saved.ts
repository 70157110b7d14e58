/** What no configuration leads to, kept in a saved page: a capture, a script, a replay, as the events that were shown. */

import { inlineJson } from '../../svg/html-file.ts'
import { type PackedEvents, packEvents, unpackEvents } from '../../trace/packed-events.ts'
import { make } from '../views/dom.ts'
import { type Shown, shownEvents } from './shown.ts'

interface SavedShown extends Pick<Shown, 'kind' | 'title' | 'words' | 'hosts' | 'addresses' | 'end'> {
  readonly packed: PackedEvents
}

const SAVED_ID = 'shown'

/** The element that carries it; put it before the page's script. */
export function savedElement(shown: Shown): HTMLScriptElement {
  const { kind, title, words, hosts, addresses, end, timeline } = shown
  const saved: SavedShown = {
    ...{ kind, title, words, hosts, addresses, end },
    packed: packEvents(timeline.events),
  }
  const element = make('script', { type: 'application/json', id: SAVED_ID })
  element.textContent = inlineJson(saved)
  return element
}

/** A page that is saved carries what is shown now, not what it was opened with. */
export function forgetSaved(page: ParentNode): void {
  page.querySelector(`#${SAVED_ID}`)?.remove()
}

/** What this page was saved with; null: it was not, or with a run. */
export function shownSaved(): Shown | null {
  const text = document.getElementById(SAVED_ID)?.textContent ?? ''
  if (text === '') return null
  const { packed, ...saved } = JSON.parse(text) as SavedShown
  return {
    ...saved,
    ...shownEvents(unpackEvents(packed)),
    capture: null,
  }
}
