/** Which controls a page has, by the names that everybody hears, and which of them a test has used. */

import type { Page } from 'playwright-core'

/**
 * As text: the tests know nothing of a page's document. A control is known by where it is (its dialog, its tab, its section),
 * what it is, and its name; those of one name are numbered in their order, those of a list count as one.
 */
const WATCH = `(() => {
  const CONTROLS = 'button, input, select, textarea, summary, a[href], [tabindex="0"]'
  const LISTS = 'li, dd, svg, .tries, .details a'
  const words = (element) => (element?.textContent ?? '').replace(/\\s+/g, ' ').trim()
  const namedBy = (element) => words(document.getElementById(element.getAttribute('aria-labelledby') ?? ''))
  const nameOf = (element) =>
    element.getAttribute('aria-label') || namedBy(element) || [...(element.labels ?? [])].map(ownWords).join(' ') ||
    (element.matches('button, summary, a, [role=button]') ? words(element) : '') || element.title || ''
  const ownWords = (label) => {
    const copy = label.cloneNode(true)
    for (const field of copy.querySelectorAll('select, textarea')) field.remove()
    return words(copy)
  }
  const summaryOf = (details) => words(details.querySelector('summary')).replace(/: .*/, '')
  const placeOf = (element) => {
    const dialog = element.closest('dialog')
    if (dialog !== null) return words(dialog.querySelector('h2')).replace(/\\d+/, 'N')
    const panel = element.closest('[role=tabpanel]')
    if (panel !== null) return namedBy(panel)
    const sections = []
    for (let at = element.closest('details'); at !== null; at = at.parentElement?.closest('details')) sections.unshift(summaryOf(at))
    return sections.join(', ')
  }
  const kindOf = (element) =>
    element.getAttribute('role') ?? (element.localName === 'input' ? element.type : element.localName)
  const plainKey = (element) => {
    const isListed = element.closest(LISTS) !== null
    const name = element.localName === 'summary' ? summaryOf(element.parentElement) : nameOf(element)
    const inPicture = element.closest('svg, .tries, .details a') !== null
    const said = inPicture ? 'each' : isListed ? element.className || name.replace(/:.*/, '') : name
    return [placeOf(element), kindOf(element) + ' "' + said + '"'].filter((part) => part !== '').join(' / ')
  }
  const keysNow = () => {
    const alike = new Map()
    for (const element of document.querySelectorAll(CONTROLS)) {
      const plain = plainKey(element)
      alike.set(plain, [...(alike.get(plain) ?? []), element])
    }
    return (element) => {
      const plain = plainKey(element)
      const others = alike.get(plain) ?? []
      const isOne = others.length < 2 || element.closest(LISTS) !== null
      return isOne ? plain : plain + ' ' + (others.indexOf(element) + 1)
    }
  }
  const keyOf = (element) => keysNow()(element)
  const used = new Set()
  let last = null
  const note = ({ type, target }) => {
    const control = target instanceof Element ? target.closest(CONTROLS) : null
    if (control === null) return
    // What has a value is used when that is another; a key that moves the focus uses nothing.
    const hasValue = control.matches('select, textarea, input:not([readonly])')
    if (hasValue !== (type === 'input' || type === 'change')) return
    // To name it, all of them are named: not again where a field says for a second time that it has another value.
    if (type !== 'change' || control !== last) used.add(keyOf(control))
    last = control
  }
  for (const type of ['click', 'input', 'change']) addEventListener(type, note, true)
  addEventListener('keydown', (event) => {
    const { target, key } = event
    if (key !== 'Tab' && target instanceof Element && target.matches('[tabindex="0"]:not(button)')) note(event)
  }, true)
  globalThis.controls = {
    used: () => [...used],
    seen: (keyOf = keysNow()) => [...document.querySelectorAll(CONTROLS)]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled)
      .map((element) => ({
        key: keyOf(element), name: nameOf(element), isTabbed: element.tabIndex >= 0, html: element.outerHTML.slice(0, 120),
      })),
    focused: () => {
      const element = document.activeElement
      if (element === null || element === document.body) return null
      // What scrolls shows it around what is in it.
      const isShown = [element, element.parentElement].some((each) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each)
        return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'
      })
      return { key: keyOf(element), isShown }
    },
  }
})()`

export interface SeenControl {
  readonly key: string
  /** What a screen reader calls it. */
  readonly name: string
  /** Whether the Tab key leads to it; arrows lead to the others. */
  readonly isTabbed: boolean
  readonly html: string
}

/** From now on what is used is noted; once for each page. */
export async function watchControls(page: Page): Promise<void> {
  await page.evaluate(WATCH)
}

export function usedControls(page: Page): Promise<readonly string[]> {
  return page.evaluate('controls.used()')
}

/** What may be used just now; what a dialog covers, too. */
export function seenControls(page: Page): Promise<readonly SeenControl[]> {
  return page.evaluate('controls.seen()')
}

/** What has the focus, and whether that is seen; null: nothing of the page. */
export function focusedControl(
  page: Page,
): Promise<{ readonly key: string; readonly isShown: boolean } | null> {
  return page.evaluate('controls.focused()')
}
