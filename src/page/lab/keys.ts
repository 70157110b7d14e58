/** The whole page by the keyboard: what a key means where no field and no list has it first. */

export interface KeyActions {
  readonly [key: string]: (event: KeyboardEvent) => void
}

export function listenToKeys(actions: KeyActions): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (document.querySelector('dialog[open]') !== null) return
    const action = actions[event.key]
    if (action === undefined || isTakenBy(event.target, event.key)) return
    event.preventDefault()
    action(event)
  })
}

const TYPED_INTO = 'input:not([type=range]):not([type=checkbox]):not([type=file]), textarea, select'

/** Fields take what is typed; buttons, boxes and headings of sections take space and Enter; sliders, tabs and lists arrows. */
function isTakenBy(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false
  if (target.closest(TYPED_INTO) !== null) return true
  if (key === ' ' || key === 'Enter') {
    return target.closest('button, input, summary, a, [role=listbox], [role=option]') !== null
  }
  const isMove = key.startsWith('Arrow') || key === 'Home' || key === 'End'
  return isMove && target.closest('input, [role=tab], [role=listbox], .graph-plot') !== null
}
