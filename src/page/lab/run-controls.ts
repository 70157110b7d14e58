/** The run as a whole: seed, IP version, limit of time, octets of a lesson, and back to where it began. */

import { DEFAULT_LAB, lessonOf, MAX_UNTIL_MS } from '../../lab/index.ts'
import { MAX_BYTES } from '../../sim/scenario.ts'
import { findScenario } from '../../sim/scenarios.ts'
import { button, make } from '../views/dom.ts'
import { check, numberField, section } from './fields.ts'
import type { LabState } from './lab-state.ts'

const MOST_SEED = 2 ** 32 - 1

export class RunControls {
  readonly element: HTMLElement

  constructor(state: LabState) {
    const seed = numberField({
      ...{
        label: 'Seed',
        title: 'Decides all that chance decides',
        unit: '',
        min: 0,
        max: MOST_SEED,
        step: 1,
      },
      onChange: (value) => state.change({ seed: value }),
    })
    const limit = numberField({
      ...{
        label: 'Ends at the latest after',
        title: '0: where the lesson ends, or after ten minutes',
        unit: 'ms',
      },
      ...{ min: 0, max: MAX_UNTIL_MS, step: 1 },
      onChange: (value) => state.change({ untilMs: value === 0 ? null : value }),
    })
    const bytes = numberField({
      ...{
        label: 'Octets sent',
        title: '0: the lesson’s own number',
        unit: '',
        min: 0,
        max: MAX_BYTES,
        step: 1,
      },
      onChange: (value) => state.change({ bytes: value === 0 ? null : value }),
    })
    const ipv6 = check('IPv6', false, (on) => state.change({ ipv6: on }))
    const box = ipv6.querySelector('input')!
    const another = button('Another seed', () => state.change({ seed: (state.config.seed % MOST_SEED) + 1 }))
    const reset = button(
      'Back to how it was',
      () => state.load(lessonOf(state.config)?.config ?? DEFAULT_LAB),
      {
        title: 'As the lesson begins',
      },
    )
    this.element = section(
      'Run',
      true,
      make('div', { class: 'fields' }, seed.element, limit.element, bytes.element, ipv6),
      make('div', { class: 'actions' }, another, reset),
    )
    const draw = (): void => {
      const { config } = state
      seed.set(config.seed, config.seed === DEFAULT_LAB.seed)
      limit.set(config.untilMs ?? 0, config.untilMs === null)
      bytes.set(config.bytes ?? 0, config.bytes === null)
      const scenario = config.lesson === null ? null : findScenario(config.lesson)
      bytes.element.hidden = scenario?.accepts.includes('bytes') !== true
      box.checked = config.ipv6
    }
    state.on('config', draw)
    draw()
  }
}
