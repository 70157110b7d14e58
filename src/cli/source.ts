/**
 * What the commands that draw are given, whatever it is: a scenario, a capture, two captures of one connection, a
 * recorded run. Out comes the one thing that pictures are made of: events, and what to write around them.
 */

import { closeSync, existsSync, openSync, readSync } from 'node:fs'
import type { TunnelPorts } from '../dissect/tunnels.ts'
import { findScenario } from '../sim/scenarios.ts'
import type { Banner } from '../trace/banner.ts'
import type { TraceEvent } from '../trace/events.ts'
import { InputError, UsageError, wholeNumber } from './arguments.ts'
import { askedTunnels, DECODE_HELP, DECODE_OPTIONS } from './asked-tunnels.ts'
import { looksLikeRun } from './saved-run.ts'
import { nearScenario, SCENARIO_HELP, SCENARIO_OPTIONS, type ScenarioFlags } from './scenario-options.ts'
import { captureSource, twoCapturesSource } from './source-capture.ts'
import { eventsSource, logSource, looksLikeLog, scenarioSource } from './source-events.ts'

export interface Source {
  readonly events: readonly TraceEvent[]
  /** The first one opens, where one does. */
  readonly hosts: readonly string[]
  /** By host. */
  readonly addresses: Readonly<Record<string, string>>
  readonly title: string
  readonly banner: Banner | null
  /** The connection that is asked for, by its number at one of its hosts; null: there is none in the events. */
  readonly connection: { readonly host: string; readonly connection: number } | null
  /** Seen from outside, rather than told by the stacks themselves: why a segment was sent is a guess. */
  readonly isCapture: boolean
  /** The time that is 0 for the events, in microseconds since 1970; absent where there is no such time. */
  readonly epochUs?: number
  /** Packets of the connection that were left out, as there are too many. */
  readonly left: number
}

export const SOURCE_OPTIONS = {
  ...SCENARIO_OPTIONS,
  ...DECODE_OPTIONS,
  stream: { type: 'string' },
  c: { type: 'string', short: 'c' },
} as const

/** At most so many words name a source: two captures do. */
export const MOST_SOURCE_WORDS = 2

export const SOURCE_HELP = `SOURCE is one of
  NAME             a scenario, as in \`elko sim NAME\`; \`elko sim --list\`
  FILE             a capture ("-": standard input), a run that --record wrote
                   down, or what \`elko sim --json\` printed. A file with the
                   name of a scenario: ./NAME
  FILE FILE        captures of one connection from two places: each end is
                   drawn from its own, on one clock

Which connection:
  --stream N       by its tcp.stream in the (first) capture, or by its place in
                   the run (default 0)
  -c N             its first N packets
${DECODE_HELP}

A scenario's, as in \`elko sim\`:
  --seed N         decides all that chance decides; any text (default 1)
${SCENARIO_HELP}`

type Flags = ScenarioFlags & {
  readonly stream?: string | undefined
  readonly c?: string | undefined
  readonly d?: readonly string[]
}

/** What is asked of a source of any kind. */
export interface Asked {
  /** Undefined: the first connection. */
  readonly stream: number | undefined
  /** Packets that are kept. */
  readonly most: number
  readonly tunnels: TunnelPorts | null
}

const MAX_STREAM = 2 ** 31 - 1
export const MAX_PACKETS = 1_000_000

/**
 * @param usual how many packets of a capture are kept where -c does not say
 * @throws UsageError where the words name nothing, or a flag does not go with what they name.
 * @throws InputError where the file cannot be read, or has nothing to draw.
 */
export async function resolveSource(words: readonly string[], flags: Flags, usual: number): Promise<Source> {
  const [word, second] = words
  if (word === undefined)
    throw new UsageError(
      'expected a SOURCE: a scenario (`elko sim --list`), a capture file, or - for standard input',
    )
  const asked: Asked = {
    stream: wholeNumber('--stream', flags.stream, 0, MAX_STREAM),
    most: wholeNumber('-c', flags.c, 1, MAX_PACKETS) ?? usual,
    tunnels: askedTunnels(flags),
  }
  const scenario = findScenario(word)
  if (scenario !== null) {
    if (second !== undefined) throw new UsageError(`unexpected "${second}": ${word} is a scenario`)
    for (const flag of ['c', 'd'] as const)
      if (flags[flag] !== undefined)
        throw new UsageError(`-${flag}: only with a capture; ${word} is a scenario`)
    return scenarioSource(scenario, flags, asked)
  }
  for (const file of words) checkFile(file)
  for (const flag of Object.keys(SCENARIO_OPTIONS) as (keyof ScenarioFlags)[])
    if (flags[flag] !== undefined) throw new UsageError(`--${flag}: only with a scenario; ${word} is a file`)
  if (second !== undefined) return twoCapturesSource([word, second], asked)
  return fileSource(word, asked)
}

/** By what the file begins with. */
async function fileSource(path: string, asked: Asked): Promise<Source> {
  const head = headOf(path)
  if (looksLikeLog(head)) return logSource(path, asked)
  return looksLikeRun(head) ? eventsSource(path, asked) : captureSource(path, asked)
}

const HEAD = 256

/** Nothing of standard input, which cannot be read twice: it is a capture. */
function headOf(path: string): Uint8Array {
  const head = new Uint8Array(HEAD)
  if (path === '-') return head.subarray(0, 0)
  try {
    const file = openSync(path, 'r')
    try {
      return head.subarray(0, readSync(file, head, 0, HEAD, null))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw new InputError(`${path}: ${(error as Error).message}`)
  }
}

/** Who mistypes a scenario's name looks for no file. */
function checkFile(path: string): void {
  if (path === '-' || existsSync(path)) return
  const near = nearScenario(path)
  const hint = near === undefined ? '`elko sim --list` shows the scenarios' : `did you mean ${near}?`
  throw new InputError(`${path}: there is no such file, and no scenario of that name; ${hint}`)
}
