/**
 * A connection as a sequence diagram of PlantUML: sockets that are created and destroyed, states in their hexagons, slanted
 * arrows, lost messages, pauses. A message that others cross is two arrows with one number.
 */

import { LIGHT } from '../../svg/theme.ts'
import type { TraceEvent } from '../../trace/events.ts'
import { wrap } from '../canvas.ts'
import { type Arrow, type ScriptOptions, type Step, scriptOf } from './steps.ts'

/** @returns the whole text of a .puml file. Slopes need PlantUML 1.2021 or later. */
export function plantuml(events: readonly TraceEvent[], options: ScriptOptions = {}): string {
  const script = scriptOf(events, options)
  const slope = slopes(script.steps)
  const lines = ['@startuml', ...LOOK]
  if (script.title.length > 0) {
    const [title = '', ...about] = script.title
    const words = [title, ...about.flatMap((line) => wrap(line, WORDS))]
    lines.push(`title ${escapedLines(words)}`)
  }
  if (script.hosts.length === 0) lines.push('participant nothing')
  for (const { name, lifelines } of script.hosts) {
    lines.push(`box "${escaped(name)}" ${LIGHT.panel}`)
    for (const each of lifelines) lines.push(`participant ${each.name} as ${each.id}`)
    lines.push('end box')
  }
  for (const step of script.steps) lines.push(lineOf(step, slope))
  return `${[...lines, '@enduml'].join('\n')}\n`
}

const LOOK = [
  'hide footbox',
  'skinparam shadowing false',
  'skinparam BoxPadding 12',
  'skinparam maxMessageSize 460',
]
/** Characters of a line of words. */
const WORDS = 100

/** The usual flight falls by so many pixels, and none by more than the most. */
const USUAL_FALL = 20
const MOST_FALL = 80

function slopes(steps: readonly Step[]): (transitUs: number) => string {
  const transits = steps.flatMap((step) =>
    step.kind === 'arrow' && step.transitUs > 0 ? [step.transitUs] : [],
  )
  const usual = transits.sort((a, b) => a - b)[transits.length >> 1] ?? 1
  return (transitUs) => {
    const fall = Math.min(MOST_FALL, Math.round((transitUs / usual) * USUAL_FALL))
    return fall < 1 ? '' : `(${fall})`
  }
}

function lineOf(step: Step, slope: (transitUs: number) => string): string {
  switch (step.kind) {
    case 'arrow':
      // Only a plain head may stand at the end of a slope.
      return `${step.from} ${shaft(step)}${step.end === 'arrives' ? slope(step.transitUs) : ''} ${step.to} : ${escapedLines(step.label)}`
    case 'state':
      return `hnote over ${step.at} : ${step.state}`
    case 'note': {
      const colour = step.isBad ? ` ${BAD_PAPER}` : ''
      return `note over ${step.over.join(', ')}${colour} : ${escapedLines(step.lines)}`
    }
    case 'heading':
      return `== ${escaped(step.text)} ==`
    case 'gap':
      return `...${escaped(step.text)}...`
    default:
      return `${step.kind} ${step.who}`
  }
}

const BAD_PAPER = '#FADCD9'

function shaft({ from, to, dashed, end }: Arrow): string {
  const isCall = from.startsWith('app') || to.startsWith('app')
  const colour = isCall
    ? LIGHT.accent
    : end === 'lost' || end === 'rejected'
      ? LIGHT.bad
      : from === 'tcp1'
        ? LIGHT.rightward
        : LIGHT.leftward
  const head = end === 'leaves' ? '>o' : end === 'arrives' ? '>' : '>x'
  return `${dashed ? '--' : '-'}[${colour}]${head}`
}

const escapedLines = (lines: readonly string[]): string => lines.map(escaped).join('\\n')

/** All that PlantUML's wiki text, preprocessor or grammar could take for its own is written by its number. */
function escaped(words: string): string {
  return words.replace(UNSAFE, (character) => {
    const number = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
    return `<U+${number}>`
  })
}
/** A hyphen is safe where no other one follows. */
const UNSAFE = /[^\p{L}\p{N} .,:;()+…·–→←µ×-]|\.(?=\.\.)|-(?=-)|(?<=-)-/gu
