/**
 * Plays a script: takes up one event after the other, acts at its time, and compares what the stack under test does with
 * what the script has. It neither waits nor sends: it asks a stage (stage.ts).
 */

import { call, collect, collectReturned } from './play-calls.ts'
import { runCode } from './play-code.ts'
import { resetPackets } from './play-end.ts'
import { expectPacket, failed, inject } from './play-packets.ts'
import { type Play, Run } from './run.ts'
import { type Due, dueAt, dueText, inTime, seconds, toleranceOf } from './schedule.ts'
import type { Code, Command, Place, Script, ScriptEvent } from './script.ts'
import type { Settings } from './settings.ts'
import { ScriptError } from './source-errors.ts'
import { Stop, type Verdict } from './verdict.ts'

/** A play under way: ask `verdict` by driving it, and look at `run` for the packets that passed. */
export interface Played {
  readonly run: Run
  readonly play: Play<Verdict>
}

/** Begins the play of a script with settings made from it (settings.ts). */
export function play(script: Script, settings: Settings): Played {
  const run = new Run(settings)
  return { run, play: playScript(run, script) }
}

function* playScript(run: Run, script: Script): Play<Verdict> {
  let verdict: Verdict
  try {
    if (script.init !== null) yield* command(run, script.init)
    for (const event of script.events) yield* playEvent(run, event)
    yield* collect(run)
    verdict = { kind: 'passed', ...said(run) }
  } catch (error) {
    verdict = stopped(run, error, script)
  }
  run.isOver = true
  yield* end(run, script)
  return verdict
}

/** A cleanup command runs after a failure, too, and whatever is still open is reset. */
function* end(run: Run, script: Script): Play<void> {
  if (script.cleanup !== null) yield* run.ask({ kind: 'command', text: script.cleanup.text }, 'commanded')
  for (const packet of resetPackets(run)) yield* run.ask({ kind: 'inject', packet }, 'done')
}

function* playEvent(run: Run, event: ScriptEvent): Play<void> {
  const { action } = event
  const isPacketIn = action.kind === 'packet' && action.direction === 'in'
  const due = dueAt(event.time, isPacketIn && run.anchor !== null ? run.anchor : run.now)
  run.event = event
  run.due = due
  const tolerance = toleranceOf(run.settings, due.from, run.previousDue)
  try {
    yield* act(run, event, due, tolerance)
  } catch (error) {
    if (!(error instanceof Stop) || error.failure === null || !mayDiffer(run, event)) throw error
    run.note(`not fatal: ${error.failure.what}`)
  }
  run.previousDue = due.from
  run.anchor = isPacketIn ? due.from : null
}

function* act(run: Run, event: ScriptEvent, due: Due, tolerance: number): Play<void> {
  const { action } = event
  if (action.kind === 'packet' && action.direction === 'out') {
    return yield* expectPacket(run, action, due, tolerance)
  }
  yield* waitUntil(run, due, tolerance)
  if (action.kind === 'packet') yield* inject(run, action)
  else if (action.kind === 'call') yield* call(run, event, action, due)
  else if (action.kind === 'command') yield* command(run, action)
  else yield* code(run, action)
}

/** `--non_fatal`: a script can do without some of what it expects. */
function mayDiffer({ settings: { nonFatal } }: Run, { action }: ScriptEvent): boolean {
  if (action.kind === 'packet') return nonFatal.packets && action.direction === 'out'
  return nonFatal.calls && action.kind === 'call'
}

function* waitUntil(run: Run, due: Due, tolerance: number): Play<void> {
  if (due.from > run.now) yield* run.ask({ kind: 'sleep', until: due.from }, 'done')
  if (inTime(due, run.now, tolerance)) return
  const expected = dueText(due, tolerance)
  throw failed(run, 'the time of the event has passed', [
    { field: 'time', expected, actual: `${seconds(run.now)} s` },
  ])
}

function* command(run: Run, { text, place }: Command): Play<void> {
  const answer = yield* run.ask({ kind: 'command', text }, 'commanded')
  for (const note of answer.notes) run.note(note, place)
  if (answer.unsupported !== null) throw Stop.unsupported(answer.unsupported)
  if (answer.failed !== null) throw failed(run, `the command fails: ${answer.failed}`, [])
}

function* code(run: Run, action: Code): Play<void> {
  yield* collectReturned(run)
  const fd = run.under?.fd ?? -1
  const live = run.fds.get(fd)
  const answer = live === undefined ? null : yield* run.ask({ kind: 'info', fd: live }, 'info')
  runCode(run, action, answer?.fields ?? null)
}

/** Only what the script is to blame for, or the stack under test, is a verdict. */
function stopped(run: Run, error: unknown, script: Script): Verdict {
  if (error instanceof ScriptError) {
    const { place, reason, kind } = error
    const source = run.event?.source ?? ''
    if (kind === 'unsupported') return { kind, place, source, reason, failure: null, ...said(run) }
    const failure = { what: reason, differences: [], expected: null, actual: null, at: run.now }
    return { kind: 'failed', place, source, failure, ...said(run) }
  }
  if (!(error instanceof Stop)) throw error
  const { failure, reason } = error
  const start: Place = { file: script.file, line: 1, column: 1 }
  const place = run.event?.place ?? script.init?.place ?? start
  const source = run.event?.source ?? script.init?.text ?? ''
  if (reason !== null) return { kind: 'unsupported', place, source, reason, failure: null, ...said(run) }
  return { kind: 'failed', place, source, failure: { ...failure!, at: run.now }, ...said(run) }
}

function said(run: Run): Pick<Verdict, 'notes' | 'output' | 'endUs'> {
  return { notes: run.notes, output: run.output, endUs: run.now }
}
