/**
 * What an application of the lab does, as a text with a step a line. Lines are numbered from 1; what follows a # is a
 * remark. Sizes are octets, or '20k' and '1M' (thousands and millions); times have a unit: us, ms, s or min.
 */

import { nearestWord } from '../filter/nearest.ts'
import { measured } from '../sim/impairment-options.ts'
import { MAX_BYTES } from '../sim/scenario.ts'
import { CONFIG_BOUNDS } from '../tcp/config.ts'
import { LAB_PORT } from './lab-config.ts'
import { LabError } from './lab-error.ts'
import { OPTION_VALUES, SOCKET_OPTIONS, type SocketOption } from './socket-options.ts'

export type Step =
  | { readonly kind: 'listen' | 'connect' | 'bind'; readonly port: number }
  | {
      readonly kind: 'send'
      readonly octets: number
      readonly times: number
      readonly everyUs: number
      readonly how: 'push' | 'more' | 'urgent'
    }
  /** Until so many octets are there; null: to the end of the stream. */
  | { readonly kind: 'receive'; readonly octets: number | null }
  /** A slow reader: at most so many octets at a time, to the end of the stream. */
  | { readonly kind: 'read'; readonly octets: number; readonly everyUs: number }
  | { readonly kind: 'pause'; readonly us: number }
  /** A name of SOCKET_OPTIONS, its value as `changes` takes it, and as it was written. */
  | { readonly kind: 'set'; readonly option: string; readonly value: number; readonly written: string }
  /** wait: until everything sent is acknowledged; stop and resume: reading, whatever wants to read. */
  | { readonly kind: 'wait' | 'stop' | 'resume' | 'shutdown' | 'close' | 'abort' }

/** What can be done to a socket at any time, beside its program. */
export type CallStep = Exclude<Step, { kind: 'listen' | 'connect' | 'bind' | 'pause' | 'wait' }>

export const MAX_STEPS = 200
const MAX_TIMES = 10_000
const MAX_PAUSE_US = 86_400e6

/** Each step with an example, for help and for errors. */
export const STEP_FORMS: Readonly<Record<Step['kind'], string>> = {
  listen: 'listen [PORT]',
  connect: 'connect [PORT]',
  bind: 'bind PORT',
  send: 'send OCTETS [times N] [every TIME] [more | urgent]',
  receive: 'receive OCTETS | receive to end',
  read: 'read OCTETS every TIME',
  stop: 'stop reading',
  resume: 'resume reading',
  set: 'set OPTION VALUE',
  pause: 'pause TIME',
  wait: 'wait',
  shutdown: 'shutdown',
  close: 'close',
  abort: 'abort',
}

/**
 * @param place what the text is, for errors.
 * @throws LabError naming the line and what is expected there.
 */
export function parseProgram(text: string, place = 'program'): Step[] {
  const steps: Step[] = []
  let isOpen = false
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.replace(/#.*/, '').trim().split(/\s+/).filter(Boolean)
    if (words.length === 0) continue
    const reader = new Line(words, `${place}, line ${index + 1}`)
    const step = reader.step()
    if (step.kind === 'listen' || step.kind === 'connect') {
      if (isOpen) throw reader.wrong('the program has a connection already: one connect or listen is enough')
      isOpen = true
    } else if (!isOpen && !BEFORE_OPENING.has(step.kind)) {
      throw reader.wrong(`'${step.kind}' needs a connection: expected connect or listen before it`)
    }
    steps.push(step)
    if (steps.length > MAX_STEPS) throw reader.wrong(`expected at most ${MAX_STEPS} steps`)
  }
  return steps
}

const BEFORE_OPENING: ReadonlySet<Step['kind']> = new Set(['pause', 'bind', 'set', 'stop', 'resume'])

/**
 * One step for a socket that is there.
 * @param place what the text is, for errors.
 * @throws LabError naming the place and what is expected there.
 */
export function parseCall(text: string, place: string): CallStep {
  const words = text.trim().split(/\s+/).filter(Boolean)
  const reader = new Line(words, place)
  const step = words.length === 0 ? null : reader.step()
  if (step !== null && isCall(step)) return step
  const what = step === null ? 'nothing is to be done' : `'${step.kind}' is for programs`
  throw reader.wrong(`${what}: expected one of ${CALL_KINDS.join(', ')}`)
}

const FOR_PROGRAMS: ReadonlySet<Step['kind']> = new Set(['listen', 'connect', 'bind', 'pause', 'wait'])

/** The steps that a call may be. */
export const CALL_KINDS = (Object.keys(STEP_FORMS) as Step['kind'][]).filter(
  (kind) => !FOR_PROGRAMS.has(kind),
)

function isCall(step: Step): step is CallStep {
  return !FOR_PROGRAMS.has(step.kind)
}

class Line {
  readonly #words: readonly string[]
  readonly #place: string
  #at = 1

  constructor(words: readonly string[], place: string) {
    this.#words = words
    this.#place = place
  }

  wrong(problem: string): LabError {
    return new LabError(this.#place, problem)
  }

  step(): Step {
    const [kind] = this.#words
    const step = this.#read(kind!)
    const left = this.#words[this.#at]
    if (left !== undefined) throw this.wrong(`unexpected '${left}': expected ${STEP_FORMS[step.kind]}`)
    return step
  }

  #read(kind: string): Step {
    switch (kind) {
      case 'listen':
      case 'connect':
        return { kind, port: this.#words.length > 1 ? this.#port(kind) : LAB_PORT }
      case 'bind':
        return { kind, port: this.#port(kind) }
      case 'send':
        return this.#send()
      case 'receive':
        if (!this.#takes('to')) return { kind, octets: this.#size(kind) }
        if (!this.#takes('end')) throw this.wrong(`expected ${STEP_FORMS.receive}`)
        return { kind, octets: null }
      case 'read': {
        const octets = this.#size(kind)
        if (!this.#takes('every')) throw this.wrong(`expected ${STEP_FORMS.read}`)
        return { kind, octets, everyUs: this.#time(kind) }
      }
      case 'pause':
        return { kind, us: this.#time(kind) }
      case 'set':
        return this.#set()
      case 'stop':
      case 'resume':
        if (!this.#takes('reading')) throw this.wrong(`expected ${STEP_FORMS[kind]}`)
        return { kind }
      case 'wait':
      case 'shutdown':
      case 'close':
      case 'abort':
        return { kind }
      default:
        throw this.#unknown('step', kind, Object.keys(STEP_FORMS))
    }
  }

  #send(): Step {
    const octets = this.#size('send')
    let times = 1
    let everyUs = 0
    let how: 'push' | 'more' | 'urgent' = 'push'
    for (;;) {
      if (this.#takes('times')) times = this.#count()
      else if (this.#takes('every')) everyUs = this.#time('send')
      else if (this.#takes('more')) how = 'more'
      else if (this.#takes('urgent')) how = 'urgent'
      else break
    }
    if (octets * times > MAX_BYTES) throw this.wrong(`expected at most ${MAX_BYTES} octets in all`)
    return { kind: 'send', octets, times, everyUs, how }
  }

  #set(): Step {
    const option = this.#next('set')
    const known = Object.keys(SOCKET_OPTIONS)
    if (!Object.hasOwn(SOCKET_OPTIONS, option)) throw this.#unknown('option', option, known)
    const { takes, tunable } = SOCKET_OPTIONS[option]!
    const form = `set ${option} ${OPTION_VALUES[takes]}`
    const written = this.#words[this.#at++]
    if (written === undefined) throw this.wrong(`something is missing: expected ${form}`)
    const value = optionValue(written, takes)
    if (value === null) throw this.wrong(`'${written}' is no value: expected ${form}`)
    const [low, high] = CONFIG_BOUNDS[tunable as keyof typeof CONFIG_BOUNDS] ?? [0, 1]
    if (value < low || value > high || !Number.isInteger(value)) {
      const unit = takes === 'time' ? ' whole milliseconds' : ''
      throw this.wrong(`'${written}' cannot be: expected ${low} to ${high}${unit}`)
    }
    return { kind: 'set', option, value, written }
  }

  #takes(word: string): boolean {
    if (this.#words[this.#at] !== word) return false
    this.#at++
    return true
  }

  #next(form: Step['kind']): string {
    const word = this.#words[this.#at++]
    if (word === undefined) throw this.wrong(`something is missing: expected ${STEP_FORMS[form]}`)
    return word
  }

  #port(form: Step['kind']): number {
    const word = this.#next(form)
    const port = /^\d{1,5}$/.test(word) ? Number(word) : 0
    if (port < 1 || port > 65_535) throw this.wrong(`'${word}' is no port: expected 1 to 65535`)
    return port
  }

  #count(): number {
    const word = this.#next('send')
    const count = /^\d{1,6}$/.test(word) ? Number(word) : 0
    if (count < 1 || count > MAX_TIMES) throw this.wrong(`'${word}' is no count: expected 1 to ${MAX_TIMES}`)
    return count
  }

  #size(form: Step['kind']): number {
    const word = this.#next(form)
    const size = sizeOf(word)
    if (size === null || !Number.isInteger(size) || size < 1 || size > MAX_BYTES)
      throw this.wrong(`'${word}' is no number of octets: expected 1 to ${MAX_BYTES}, such as 500 or 20k`)
    return size
  }

  #time(form: Step['kind']): number {
    const word = this.#next(form)
    const us = timeOf(word)
    if (us === null || us > MAX_PAUSE_US)
      throw this.wrong(`'${word}' is no time: expected one with its unit, such as 20ms, 1.5s or 2min`)
    return Math.round(us)
  }

  #unknown(what: string, word: string, known: readonly string[]): LabError {
    const near = nearestWord(word, known)
    const hint = near === null ? `expected one of ${known.join(', ')}` : `did you mean ${near}?`
    return this.wrong(`unknown ${what} '${word}'; ${hint}`)
  }
}

function sizeOf(word: string): number | null {
  return /^\d+$/.test(word) ? Number(word) : measured(word, { k: 1e3, m: 1e6 })
}

/** Microseconds. */
function timeOf(word: string): number | null {
  return word === '0' ? 0 : measured(word, { us: 1, µs: 1, ms: 1e3, s: 1e6, min: 60e6 })
}

function optionValue(word: string, takes: SocketOption['takes']): number | null {
  if (takes === 'switch') return word === 'on' ? 1 : word === 'off' ? 0 : null
  if (takes === 'octets') return sizeOf(word)
  if (takes === 'count') return /^\d+$/.test(word) ? Number(word) : null
  const us = timeOf(word)
  return us === null ? null : us / 1000
}
