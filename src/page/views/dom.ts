/** Elements made in one expression. */

export type Child = Node | string | null
type Handler = (event: never) => void
export type Properties = Readonly<Record<string, string | number | boolean | null | undefined | Handler>>

/**
 * An HTML element. Attributes that are null, undefined or false are left out, true stands as an empty one; a function is
 * a listener for the event of its name.
 */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(key, value as unknown as EventListener)
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? '' : String(value))
    }
  }
  element.append(...children.filter((child) => child !== null))
  return element
}

/** Markup that this program's own code wrote: escaped where it holds words of others (svg/markup.ts). */
export function setMarkup(element: Element, markup: string): void {
  element.innerHTML = markup
}

/** A select with its label, in one line. */
export function choice<T extends string>(
  label: string,
  options: readonly (readonly [value: T, words: string])[],
  chosen: T,
  onChoice: (value: T) => void,
): HTMLLabelElement {
  const select = make('select', {
    'aria-label': label,
    change: () => onChoice(select.value as T),
  })
  for (const [value, words] of options) {
    select.append(make('option', { value, selected: value === chosen }, words))
  }
  return make('label', { class: 'choice' }, make('span', {}, label), select)
}

export function button(words: string, onClick: () => void, properties: Properties = {}): HTMLButtonElement {
  return make('button', { type: 'button', click: onClick, ...properties }, words)
}
