/** A script against Elko's own stack, from its text to its verdict. */

import type { InputLog } from '../stack/input-log.ts'
import { MAX_SHIFT } from '../tcp/tcb.ts'
import type { TraceEvent } from '../trace/events.ts'
import { RUNNER_DEFINITIONS } from './definitions.ts'
import { ElkoStage } from './elko-stage.ts'
import { NEEDS_CUBIC, needInComment, needOf, needsCubic, offeredScale } from './needs.ts'
import { type Platform, parseScript } from './parse-script.ts'
import { play } from './player.ts'
import type { Run } from './run.ts'
import type { Script } from './script.ts'
import { platformOf, type Setting, type Settings, settingsOf } from './settings.ts'
import { ScriptError } from './source-errors.ts'
import type { Failure, Passed, Verdict } from './verdict.ts'

export interface DrillOptions {
  /** What words of the script stand for: a number, a word, `"text"` or `` `command` ``. */
  readonly defines?: Readonly<Record<string, string>>
  /** Options as in the first lines of a script, e.g. { name: 'ip_version', value: 'ipv6' }; these win. */
  readonly settings?: readonly Setting[]
  /** Whose habits; by default the script's commands tell. */
  readonly platform?: Platform
  /** Decides what chance decides: initial sequence numbers and ports. Default 1. */
  readonly seed?: number
  /** Takes what Elko's stack is given: `elko replay`. */
  readonly record?: InputLog
}

export interface DrillResult {
  readonly file: string
  readonly verdict: Verdict
  /** Every packet between the script and the stack. */
  readonly packets: readonly Passed[]
  /** What happened on the stack, up to the verdict. */
  readonly events: readonly TraceEvent[]
  /** Addresses of both sides; null where the script was not played. */
  readonly addresses: { readonly local: string; readonly remote: string } | null
}

/** A script with what it is played with. */
export interface Playable {
  readonly script: Script
  readonly settings: Settings
}

/**
 * Plays one script. What is wrong with the script, or missing in Elko, is a verdict and no exception.
 *
 * @param file its name, for places and reports.
 */
export function drill(text: string, file: string, options: DrillOptions = {}): DrillResult {
  const read = playable(text, file, options)
  return 'verdict' in read ? read : drillScript(text, read, options)
}

/** The script of a text, or the result of one that cannot be played. */
export function playable(text: string, file: string, options: DrillOptions): Playable | DrillResult {
  const platform = options.platform ?? platformOf(text, file)
  try {
    const { script } = parseScript(text, file, { platform, defines: definitionsFor(text, options) })
    return { script, settings: settingsOf(script, options.settings ?? [], platform) }
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    const { kind, place, reason } = error
    const said = { notes: [], output: [], endUs: 0 }
    const verdict: Verdict =
      kind === 'syntax'
        ? { kind: 'invalid', place, reason, ...said }
        : { kind: 'unsupported', place, source: '', reason, failure: null, ...said }
    return { file, verdict, packets: [], events: [], addresses: null }
  }
}

/** What words stand for: what the field's runners define, but for what the script or the caller defines. */
function definitionsFor(text: string, { defines, settings }: DrillOptions): Record<string, string> {
  const given = settings?.find(({ name }) => name === 'ip_version')?.value
  const version = given ?? /^\s*--ip_version="?([\w-]+)/m.exec(text)?.[1]
  const usual = Object.entries(RUNNER_DEFINITIONS[version === 'ipv6' ? 'ipv6' : 'ipv4'])
  const own = usual.filter(([name]) => !text.includes(`--define=${name}=`) && !text.includes(`-D ${name}=`))
  return { ...Object.fromEntries(own), ...defines }
}

function drillScript(text: string, { script, settings }: Playable, options: DrillOptions): DrillResult {
  const stage = new ElkoStage(settings, options.seed, options.record)
  const { run, play: steps } = play(script, settings)
  const scale = offeredScale(script)
  if (scale !== null && scale <= MAX_SHIFT && stage.offerScale(scale)) {
    run.note(
      `the script names no buffer sizes: Elko offers its window scale ${scale}`,
      script.events[0]!.place,
    )
  }
  let told = -1
  let step = steps.next()
  while (step.done !== true) {
    if (run.isOver && told < 0) told = stage.events.length
    try {
      step = steps.next(stage.answer(step.value))
    } catch (error) {
      return broken(run, script, error, stage.events)
    }
  }
  const verdict = excused(text, script, step.value, stage.lacks)
  const addresses = { local: `${settings.local}`, remote: `${settings.remote}` }
  return {
    file: script.file,
    verdict,
    packets: run.passed,
    events: told < 0 ? stage.events : stage.events.slice(0, told),
    addresses,
  }
}

/** The stack under test has met a state that must not be. One script less, and the finding of the day. */
function broken(run: Run, script: Script, error: unknown, events: readonly TraceEvent[]): DrillResult {
  const what = `the stack under test breaks: ${error instanceof Error ? error.message : error}`
  const failure = { what, differences: [], expected: null, actual: null, at: run.now }
  const place = run.event?.place ?? { file: script.file, line: 1, column: 1 }
  const { notes, output, now: endUs } = run
  const source = run.event?.source ?? ''
  const verdict: Verdict = { kind: 'failed', place, source, failure, notes, output, endUs }
  return { file: script.file, verdict, packets: run.passed, events, addresses: null }
}

/** A failure of a script that needed what Elko does not have is no failure of what it has. */
function excused(text: string, script: Script, verdict: Verdict, lacks: readonly string[]): Verdict {
  if (verdict.kind !== 'failed') return verdict
  const { failure, place, source, notes, output, endUs } = verdict
  const need = needInComment(text, place) ?? needOf(script, place)
  const cubic = needsCubic(text, script.file, source) ? NEEDS_CUBIC : undefined
  const reason = need?.reason ?? cubic ?? lacks[0]
  if (reason === undefined) return verdict
  return {
    kind: 'unsupported',
    place,
    source,
    reason,
    failure: needing(failure, need?.place.line),
    notes,
    output,
    endUs,
  }
}

function needing(failure: Failure, line: number | undefined): Failure {
  return line === undefined ? failure : { ...failure, what: `${failure.what} (needed in line ${line})` }
}
