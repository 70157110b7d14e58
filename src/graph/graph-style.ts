/** How the marks of graphs look, by class, within `.graph`. Each differs from the others by more than its colour. */

import { FIXED_FONT, SIZES, WORDS_FONT } from '../svg/theme.ts'
import { LETTER_SIZE } from './letters.ts'

const RULES: readonly (readonly [classes: string, rule: string])[] = [
  ['data', 'stroke:var(--ink);stroke-width:1.25'],
  ['control', 'stroke:var(--leftward);stroke-width:1.5'],
  ['again', 'stroke:var(--bad);stroke-width:2.5'],
  ['late', 'stroke:var(--accent);stroke-width:2.5'],
  ['probe', 'stroke:var(--leftward);stroke-width:2'],
  ['empty', 'stroke:var(--dim);stroke-width:1'],
  ['push', 'stroke:var(--ink);stroke-width:1'],
  ['lost', 'stroke:var(--bad);stroke-width:2'],
  ['ack', 'stroke:var(--good);stroke-width:1.75'],
  ['window', 'stroke:var(--warn);stroke-width:1.5;stroke-dasharray:7 2'],
  ['sack', 'stroke:var(--accent);stroke-width:2'],
  ['cwnd', 'stroke:var(--rightward);stroke-width:2'],
  ['ssthresh', 'stroke:var(--leftward);stroke-width:1.5;stroke-dasharray:2 3'],
  ['flight', 'stroke:var(--dim);stroke-width:1'],
  ['srtt', 'stroke:var(--leftward);stroke-width:2'],
  ['rto', 'stroke:var(--accent);stroke-width:2'],
  ['expiry', 'stroke:var(--bad);stroke-width:1.5;stroke-dasharray:4 3'],
]

export const GRAPH_STYLE =
  `${RULES.map(([name, rule]) => `.graph path.${name}{fill:none;${rule}}`).join('')}` +
  '.graph .flight-area{fill:var(--dim);opacity:.18}.graph .hover{fill:transparent}' +
  '.graph .sample{stroke:none;fill:var(--rightward)}.graph path.sample.timestamp{fill:none;stroke:var(--accent)}' +
  '.graph path.sample.again{stroke:none;fill:var(--bad)}' +
  '.graph .phase{opacity:.1;fill:var(--good)}.graph .phase.strip{opacity:.28}' +
  '.graph .avoidance{fill:var(--rightward)}.graph .fast-recovery{fill:var(--warn)}.graph .loss-recovery{fill:var(--bad)}' +
  `.graph text.letter{font:bold ${LETTER_SIZE}px ${FIXED_FONT};paint-order:stroke;stroke:var(--paper);stroke-width:2.5px}` +
  '.graph text.phase-name{font-weight:normal;stroke:none}' +
  '.graph .letter.again{fill:var(--bad)}.graph .letter.late,.graph .letter.note,.graph .letter.sack{fill:var(--accent)}' +
  '.graph .letter.control,.graph .letter.probe{fill:var(--leftward)}.graph .letter.ack{fill:var(--good)}' +
  `.graph text.key{font:${SIZES.label}px ${WORDS_FONT}}`
