/** A diagnosis as an Error, to stand as the `cause` of another. */

import type { Errno } from '../tcp/errno.ts'
import type { StateName } from '../trace/states.ts'
import type { Culprit, Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import type { Trouble } from './trouble.ts'

/** What util.inspect of Node and Deno, and through them console.log, look for. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/**
 * An Error because loggers and trackers follow `cause` through Errors alone; without a stack, as what happened on the
 * wire happened in no function. JSON.stringify gives the diagnosis as plain data.
 */
export class ElkoDiagnosis extends Error implements Diagnosis {
  override readonly name = 'ElkoDiagnosis'
  readonly reason: Trouble
  readonly sentence: string
  readonly who: Culprit
  readonly state: StateName
  readonly ended: boolean
  readonly errno: Errno | null
  readonly local: string
  readonly remote: string
  readonly at: number
  readonly evidence: Evidence
  readonly observations: readonly string[]
  readonly hint: string
  readonly #diagnosis: Diagnosis

  constructor(diagnosis: Diagnosis) {
    super(`${diagnosis.reason}: ${diagnosis.sentence}`)
    this.#diagnosis = diagnosis
    this.reason = diagnosis.reason
    this.sentence = diagnosis.sentence
    this.who = diagnosis.who
    this.state = diagnosis.state
    this.ended = diagnosis.ended
    this.errno = diagnosis.errno
    this.local = diagnosis.local
    this.remote = diagnosis.remote
    this.at = diagnosis.at
    this.evidence = diagnosis.evidence
    this.observations = diagnosis.observations
    this.hint = diagnosis.hint
    this.stack = this.toString()
  }

  /** Several lines: what, who and where; each observation; the hint. */
  override toString(): string {
    return diagnosisText(this.#diagnosis)
  }

  toJSON(): Diagnosis {
    return this.#diagnosis
  }

  [INSPECT](): string {
    return this.toString()
  }
}

/** A diagnosis in several lines, for people. */
export function diagnosisText(diagnosis: Diagnosis): string {
  const { reason, sentence } = diagnosis
  return `ElkoDiagnosis: ${reason}: ${sentence}\n${detailsText(diagnosis)}`
}

/** What stands below the sentence: who and where, each observation, the hint. */
export function detailsText({ local, remote, state, who, observations, hint }: Diagnosis): string {
  return [
    `    ${local} > ${remote}, in ${state}; by: ${WHO[who]}`,
    ...observations.map((fact) => `  - ${fact}`),
    `  hint: ${hint}`,
  ].join('\n')
}

const WHO: Readonly<Record<Culprit, string>> = {
  peer: 'the other side',
  path: 'the path, or a host that is gone',
  middlebox: 'something between the two',
  'this-side': 'this side',
}
