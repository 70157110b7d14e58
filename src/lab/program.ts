/**
 * What an application of the lab does, as a text with a step a line. Lines are numbered from 1; what follows a # is a
 * remark. Sizes are octets, or '20k' and '1M' (thousands and millions); times have a unit: us, ms, s or min.
 */

import { nearestWord } from '../filter/nearest.ts'
import { measured } from '../sim/impairment-options.ts'
import { MAX_BYTES } from '../sim/scenario.ts'
import { LAB_PORT } from './lab-config.ts'
import { LabError } from './lab-error.ts'

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
  /** wait: until everything sent is acknowledged. */
  | { readonly kind: 'wait' | 'shutdown' | 'close' | 'abort' }

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
    } else if (!isOpen && step.kind !== 'pause' && step.kind !== 'bind') {
      throw reader.wrong(`'${step.kind}' needs a connection: expected connect or listen before it`)
    }
    steps.push(step)
    if (steps.length > MAX_STEPS) throw reader.wrong(`expected at most ${MAX_STEPS} steps`)
  }
  return steps
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
      case 'wait':
      case 'shutdown':
      case 'close':
      case 'abort':
        return { kind }
      default:
        throw this.#unknown(kind)
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
    const size = /^\d+$/.test(word) ? Number(word) : measured(word, { k: 1e3, m: 1e6 })
    if (size === null || !Number.isInteger(size) || size < 1 || size > MAX_BYTES)
      throw this.wrong(`'${word}' is no number of octets: expected 1 to ${MAX_BYTES}, such as 500 or 20k`)
    return size
  }

  #time(form: Step['kind']): number {
    const word = this.#next(form)
    const us = word === '0' ? 0 : measured(word, { us: 1, µs: 1, ms: 1e3, s: 1e6, min: 60e6 })
    if (us === null || us > MAX_PAUSE_US)
      throw this.wrong(`'${word}' is no time: expected one with its unit, such as 20ms, 1.5s or 2min`)
    return Math.round(us)
  }

  #unknown(word: string): LabError {
    const known = Object.keys(STEP_FORMS)
    const near = nearestWord(word, known)
    const hint = near === null ? `expected one of ${known.join(', ')}` : `did you mean ${near}?`
    return this.wrong(`unknown step '${word}'; ${hint}`)
  }
}
