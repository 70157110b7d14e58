/** Sliders for the path: each way by itself, or both together. */

import { DEFAULT_PATH, type LabPath } from '../../lab/index.ts'
import { make } from '../views/dom.ts'
import { check, type NumberField, numberField, section } from './fields.ts'
import type { LabState } from './lab-state.ts'

interface Knob {
  readonly name: Exclude<keyof LabPath, 'mtuBlackHole'>
  readonly label: string
  readonly title: string
  readonly unit: string
  /** What the field shows for one of the configuration. */
  readonly scale: number
  readonly max: number
  readonly step: number
  readonly slider: number
}

const KNOBS: readonly Knob[] = [
  {
    name: 'delayUs',
    label: 'Delay',
    title: 'One way, from the end of sending to the arrival',
    unit: 'ms',
    scale: 1000,
    max: 3_600_000,
    step: 1,
    slider: 500,
  },
  {
    name: 'rateBitsPerSecond',
    label: 'Rate',
    title: 'Of the line; 0: a packet takes no time to send',
    unit: 'Mbit/s',
    scale: 1e6,
    max: 1e9,
    step: 0.5,
    slider: 100,
  },
  {
    name: 'queueBytes',
    label: 'Queue',
    title: 'What may wait before the line, where it has a rate; the rest is dropped',
    unit: 'kB',
    scale: 1000,
    max: 1e9,
    step: 1,
    slider: 500,
  },
  {
    name: 'jitterUs',
    label: 'Jitter',
    title: 'The delay varies by so much; the order stays',
    unit: 'ms',
    scale: 1000,
    max: 3_600_000,
    step: 1,
    slider: 100,
  },
  {
    name: 'loss',
    label: 'Loss',
    title: 'Packets lost',
    unit: '%',
    scale: 0.01,
    max: 100,
    step: 0.5,
    slider: 50,
  },
  {
    name: 'reorder',
    label: 'Reorder',
    title: 'Packets held back, so that others overtake them',
    unit: '%',
    scale: 0.01,
    max: 100,
    step: 0.5,
    slider: 50,
  },
  {
    name: 'reorderByUs',
    label: 'Held for',
    title: 'How long those packets are held back',
    unit: 'ms',
    scale: 1000,
    max: 3_600_000,
    step: 1,
    slider: 200,
  },
  {
    name: 'duplicate',
    label: 'Duplicate',
    title: 'Packets that arrive twice',
    unit: '%',
    scale: 0.01,
    max: 100,
    step: 0.5,
    slider: 50,
  },
  {
    name: 'corrupt',
    label: 'Corrupt',
    title: 'Packets damaged, such that the checksum tells',
    unit: '%',
    scale: 0.01,
    max: 100,
    step: 0.5,
    slider: 50,
  },
  {
    name: 'mtu',
    label: 'MTU',
    title: 'Largest packet, from 68; 0: what the hosts\u2019 links carry',
    unit: 'octets',
    scale: 1,
    max: 65_535,
    step: 4,
    slider: 1500,
  },
]

const LOCKED = 'both ways alike'

export class PathControls {
  readonly element: HTMLElement
  readonly #state: LabState
  readonly #fields: readonly [Map<string, NumberField>, Map<string, NumberField>]
  readonly #backPart: HTMLElement
  readonly #titles = [make('h3'), make('h3')] as const
  readonly #lock: HTMLInputElement
  readonly #silent: HTMLInputElement

  constructor(state: LabState) {
    this.#state = state
    const lock = check(LOCKED, true, () => this.#locked())
    this.#lock = lock.querySelector('input')!
    const silent = check('too big packets vanish without a word', false, (on) =>
      this.#set(0, { mtuBlackHole: on }),
    )
    this.#silent = silent.querySelector('input')!
    const [there, back] = [this.#part(0), this.#part(1)]
    this.#fields = [there.fields, back.fields]
    this.#backPart = make('div', {}, this.#titles[1], back.element)
    this.element = section('Path', true, lock, this.#titles[0], there.element, silent, this.#backPart)
    state.on('config', () => this.#configured())
    state.on('shown', () => this.#configured())
    this.#configured()
  }

  #part(way: 0 | 1): { element: HTMLElement; fields: Map<string, NumberField> } {
    const fields = new Map<string, NumberField>()
    for (const { name, scale, slider, ...knob } of KNOBS) {
      fields.set(
        name,
        numberField({
          ...{ ...knob, min: 0, slider: { min: 0, max: slider } },
          onChange: (value) => this.#set(way, { [name]: rounded(name, value * scale) }),
        }),
      )
    }
    return {
      element: make('div', { class: 'fields' }, ...[...fields.values()].map(({ element }) => element)),
      fields,
    }
  }

  #set(way: 0 | 1, changes: LabPath): void {
    const [there, back] = this.#state.config.paths
    const isBoth = this.#lock.checked
    this.#state.change({
      paths: [
        way === 0 || isBoth ? { ...there, ...changes } : there,
        way === 1 || isBoth ? { ...back, ...changes } : back,
      ],
    })
  }

  #locked(): void {
    if (!this.#lock.checked) return this.#configured()
    const [there] = this.#state.config.paths
    this.#state.change({ paths: [there, there] })
  }

  #configured(): void {
    const { config } = this.#state
    const [there, back] = config.paths
    if (JSON.stringify(there) !== JSON.stringify(back)) this.#lock.checked = false
    const isBoth = this.#lock.checked
    this.#backPart.hidden = isBoth
    this.#titles[0].hidden = isBoth
    const [left, right] = [this.#state.hostName(0), this.#state.hostName(1)]
    this.#titles[0].textContent = `${left} → ${right}`
    this.#titles[1].textContent = `${right} → ${left}`
    this.#silent.checked = there.mtuBlackHole === true
    for (const way of [0, 1] as const) {
      for (const { name, scale } of KNOBS) {
        const own = config.paths[way][name]
        const value = own ?? DEFAULT_PATH[name]
        this.#fields[way].get(name)!.set(Math.round((value / scale) * 1000) / 1000, own === undefined)
      }
    }
  }
}

/** Octets, bits and microseconds are whole; probabilities are not. */
function rounded(name: Knob['name'], value: number): number {
  const isShare = name === 'loss' || name === 'reorder' || name === 'duplicate' || name === 'corrupt'
  return isShare ? Math.min(1, Number(value.toFixed(6))) : Math.round(value)
}
