/** What every forged packet has: where and when it arrives, and from whom; and the numbers that its receiver expects. */

import { type Side, VARIABLES } from '../../lab/index.ts'
import { choice, make } from '../views/dom.ts'
import type { LabState } from './lab-state.ts'

export interface Arrival {
  readonly atUs: number
  readonly to: Side
  readonly from?: string
}

export class ArrivalFields {
  readonly elements: readonly HTMLElement[]
  to: Side
  readonly #at = make('input', { type: 'number', id: 'forge-at', min: 0, step: 'any', required: true })
  readonly #from = make('input', { type: 'text', id: 'forge-from', spellcheck: 'false', autocomplete: 'off' })
  readonly #state: LabState

  /** @param to where it arrives unless the reader wants it elsewhere. */
  constructor(state: LabState, to: Side, onSide: () => void) {
    this.#state = state
    this.to = to
    this.#at.value = String(state.nextUs / 1000)
    const sides = ([1, 0] as const).map((side) => [String(side), state.hostName(side)] as const)
    const where = choice('It arrives at', sides, String(to), (chosen) => {
      this.to = chosen === '0' ? 0 : 1
      this.#named()
      onSide()
    })
    this.#named()
    this.elements = [
      where,
      field('forge-at', 'At, in ms of the run', this.#at),
      field('forge-from', 'It claims to come from', this.#from),
    ]
  }

  get value(): Arrival {
    const from = this.#from.value.trim()
    return {
      atUs: Math.round(this.#at.valueAsNumber * 1000),
      to: this.to,
      ...(from !== '' && { from }),
    }
  }

  /** Left empty, it is the other host. */
  #named(): void {
    const name = this.#state.hostName(this.to === 0 ? 1 : 0)
    this.#from.placeholder = `${name}, ${this.#state.shown?.addresses[name] ?? ''}`
  }
}

export function field(id: string, label: string, input: HTMLElement): HTMLElement {
  return make('div', { class: 'field' }, make('label', { for: id }, label), input)
}

export interface Numbers {
  readonly localPort: number
  readonly remotePort: number
  readonly una: number
  readonly snd: number
  readonly rcv: number
}

/** One side's connection as it stands at the cursor; zeros where there is none. */
export function numbersOf(state: LabState, side: Side): Numbers {
  const { pair } = state
  // The connection's left end is not always the left host.
  const isSwapped = pair !== null && pair.left.host === state.hostName(1)
  const own: Side = isSwapped ? (side === 0 ? 1 : 0) : side
  const values = state.snapshots(own)?.now.values
  const value = (name: string): number =>
    (values?.[VARIABLES.findIndex((one) => one.name === name)] ?? 0) >>> 0
  const [local, remote] = own === 0 ? [pair?.left, pair?.right] : [pair?.right, pair?.left]
  return {
    localPort: Math.max(0, local?.port ?? 0),
    remotePort: Math.max(0, remote?.port ?? 0),
    una: value('SND.UNA'),
    snd: value('SND.NXT'),
    rcv: value('RCV.NXT'),
  }
}
