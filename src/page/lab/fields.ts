/** Form fields with their labels, in one expression each. */

import { make } from '../views/dom.ts'

export function check(label: string, checked: boolean, onChange: (on: boolean) => void): HTMLLabelElement {
  const box = make('input', { type: 'checkbox', checked, change: () => onChange(box.checked) })
  return make('label', { class: 'check' }, box, make('span', {}, label))
}

export interface NumberField {
  readonly element: HTMLElement
  set(value: number, isUsual: boolean): void
}

export interface NumberOptions {
  readonly label: string
  readonly title: string
  readonly unit: string
  readonly min: number
  readonly max: number
  readonly step: number
  /** The slider's ends where they are narrower than what may be typed; absent: no slider. */
  readonly slider?: { readonly min: number; readonly max: number }
  readonly onChange: (value: number) => void
}

let count = 0

/** A slider and a number that say the same; what was typed counts, also beyond the slider. */
export function numberField(options: NumberOptions): NumberField {
  const { label, title, unit, min, max, step, slider, onChange } = options
  const id = `field-${++count}`
  const number = make('input', { type: 'number', id, min, max, step: 'any', title })
  number.addEventListener('change', () => {
    if (number.value === '' || !number.checkValidity()) number.reportValidity()
    else onChange(number.valueAsNumber)
  })
  const parts: HTMLElement[] = [make('label', { for: id, title }, label)]
  let range: HTMLInputElement | null = null
  if (slider !== undefined) {
    range = make('input', {
      type: 'range',
      min: slider.min,
      max: slider.max,
      step,
      'aria-label': `${label}, slider`,
    })
    range.addEventListener('input', () => {
      number.value = range!.value
      onChange(range!.valueAsNumber)
    })
    parts.push(range)
  }
  parts.push(make('span', { class: 'with-unit' }, number, make('span', { class: 'unit' }, unit)))
  const element = make('div', { class: slider === undefined ? 'field' : 'field with-slider' }, ...parts)
  return {
    element,
    set(value, isUsual) {
      // Not under the fingers of who is typing.
      if (document.activeElement !== number) number.value = String(value)
      if (range !== null) range.value = String(value)
      element.classList.toggle('own', !isUsual)
    },
  }
}

/** A part of the side panel that opens and closes. */
export function section(
  title: string,
  isOpen: boolean,
  ...children: readonly (Node | string)[]
): HTMLDetailsElement {
  return make('details', { open: isOpen, class: 'section' }, make('summary', {}, title), ...children)
}
