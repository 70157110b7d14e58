/** Capture filters as tcpdump takes them: compiled for each link layer of a capture when its first packet comes. */

import type { CaptureRecord } from '../capture/record.ts'
import { assemble } from './bpf-assemble.ts'
import { ALWAYS } from './bpf-condition.ts'
import { BpfMachine } from './bpf-machine.ts'
import { type BpfInstruction, MAX_INSTRUCTIONS } from './bpf-program.ts'
import type { BpfExpression } from './bpf-syntax.ts'
import { conditionOf } from './compile-bpf.ts'
import { FilterError } from './filter-error.ts'
import { parseBpf } from './parse-bpf.ts'

/** What tcpdump asks for: more than any packet has. */
const ALL_OF_IT = 262_144

/**
 * A program for the kernel, or for `BpfMachine`.
 *
 * @param linkType LINKTYPE_ value of the packets.
 * @throws FilterError
 */
export function compileBpf(
  expression: string,
  linkType: number,
  wanted: number = ALL_OF_IT,
): BpfInstruction[] {
  return programOf(parseBpf(expression), expression, linkType, wanted)
}

function programOf(
  parsed: BpfExpression | null,
  expression: string,
  linkType: number,
  wanted: number,
): BpfInstruction[] {
  const program = assemble(parsed === null ? ALWAYS : conditionOf(parsed, linkType, expression), wanted)
  if (program.length <= MAX_INSTRUCTIONS) return program
  throw new FilterError(
    expression,
    1,
    `a program of ${program.length} instructions; at most ${MAX_INSTRUCTIONS} run`,
  )
}

export class CaptureFilter {
  readonly #expression: string
  readonly #parsed: BpfExpression | null
  readonly #machines = new Map<number, BpfMachine>()
  #linkType = -1
  #machine: BpfMachine | null = null

  /** @throws FilterError */
  constructor(expression: string) {
    this.#expression = expression
    this.#parsed = parseBpf(expression)
  }

  /** Whether a packet passes. @throws FilterError where the filter cannot be of packets of its link layer. */
  matches(record: CaptureRecord): boolean {
    const { linkType } = record
    if (linkType !== this.#linkType || this.#machine === null) this.#machine = this.#machineOf(linkType)
    return this.#machine.run(record.bytes, record.start, record.length, record.originalLength) !== 0
  }

  #machineOf(linkType: number): BpfMachine {
    let machine = this.#machines.get(linkType)
    if (machine === undefined) {
      machine = new BpfMachine(programOf(this.#parsed, this.#expression, linkType, ALL_OF_IT))
      this.#machines.set(linkType, machine)
    }
    this.#linkType = linkType
    return machine
  }
}
