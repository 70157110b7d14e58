/** Runs of Elko's own as sources of pictures: scenarios, recorded runs, and events that were saved as JSON. */

import { basename } from 'node:path'
import { isTrouble } from '../analyze/trouble.ts'
import { verdictData, verdictText } from '../diagram/verdict.ts'
import { LogError } from '../replay/log-cursor.ts'
import { type ReplayedRun, replayRun } from '../replay/replayed-run.ts'
import type { PacketObserver } from '../sim/network-record.ts'
import { runScenario, type Scenario } from '../sim/scenario.ts'
import { story } from '../sim/scenarios/story.ts'
import { findScenario } from '../sim/scenarios.ts'
import { LOG_MAGIC } from '../stack/log-format.ts'
import { ERRNO_OF_END } from '../tcp/errno.ts'
import type { Banner } from '../trace/banner.ts'
import { connectionOf, connectionsIn, type LadderPair } from '../trace/connections.ts'
import type { TraceEvent } from '../trace/events.ts'
import { CLOSE_REASONS } from '../trace/reasons.ts'
import { InputError } from './arguments.ts'
import { lastOpening } from './output.ts'
import type { PacketKeeper } from './packet-keeper.ts'
import { savedRun } from './saved-run.ts'
import { type ScenarioFlags, scenarioOptions } from './scenario-options.ts'
import type { Asked, Source } from './source.ts'

/** @throws UsageError where the scenario does not take a flag. */
export function scenarioSource(scenario: Scenario, flags: ScenarioFlags, asked: Asked): Source {
  const { keeper } = asked
  const observe: PacketObserver = ({ sent }, octets, length) => {
    if (sent !== null) keeper?.takeIp(sent.segment, octets.subarray(0, length))
  }
  const options = scenarioOptions(scenario, flags)
  const result = runScenario(scenario, keeper === null ? options : { ...options, observe })
  return runSource({
    name: scenario.name,
    title: scenario.title,
    lesson: scenario.lesson,
    isOne: scenario.onePicture === true,
    events: result.events,
    addresses: result.addresses,
    asked,
  })
}

interface Run {
  readonly name: string
  readonly title: string
  readonly lesson: string
  /** Its connections follow each other, and belong into one picture. */
  readonly isOne: boolean
  readonly events: readonly TraceEvent[]
  readonly addresses: Readonly<Record<string, string>>
  readonly asked: Asked
}

/** A run of Elko's own, whoever kept what it told. @throws InputError for a connection that is not there. */
export function runSource({ name, title, lesson, isOne, events: all, addresses, asked }: Run): Source {
  const events = story(all, { oneConnection: isOne })
  const pairs = connectionsIn(events)
  const { stream = 0, keeper } = asked
  const pair = pairs[stream]
  if (pair === undefined && pairs.length > 0)
    throw new InputError(`${name}: there is no connection ${stream}; there are 0 to ${pairs.length - 1}`)
  return {
    events,
    addresses,
    title: pairs.length <= 1 ? title : `${title} (connection ${stream} of 0 to ${pairs.length - 1})`,
    banner:
      pair === undefined
        ? null
        : bannerOfRun(isOne ? events.slice(lastOpening(events)) : events, pair, lesson),
    connection: pair === undefined ? null : connectionOf(pair),
    isCapture: false,
    left: 0,
    packetOf: keeper === null ? null : ({ segment }) => keeper.get(segment),
  }
}

/** Told from inside, by the reasons that each end was given. */
function bannerOfRun(events: readonly TraceEvent[], pair: LadderPair, lesson: string): Banner {
  const data = verdictData(events, pair)
  const { established, finished, reset, closeReasons } = data
  const trouble = closeReasons.find((reason) => reason !== undefined && isTrouble(reason))
  const isDone = finished[0] && finished[1]
  const verdict =
    trouble ??
    (reset !== undefined && !isDone
      ? 'reset'
      : isDone
        ? 'closed-normally'
        : established
          ? 'still-open'
          : 'not-opened')
  const lines = data.hosts.flatMap((host, side) => {
    const reason = closeReasons[side as 0 | 1]
    if (reason === undefined || !isTrouble(reason)) return []
    const errno = ERRNO_OF_END[reason]
    return [`${host} is told${errno === null ? '' : ` ${errno}`}: ${CLOSE_REASONS[reason]}`]
  })
  return {
    verdict,
    healthy: verdict === 'closed-normally' || verdict === 'still-open',
    sentence: verdictText(data),
    lines: [...lines, ...(lesson === '' ? [] : [lesson])],
  }
}

/** @throws InputError naming the event that is none. */
export function eventsSource(path: string, octets: Uint8Array, asked: Asked): Source {
  const { name, title, lesson, events } = savedRun(path, octets)
  return runSource({
    name: path,
    title: title ?? basename(path),
    lesson: lesson ?? '',
    isOne: findScenario(name ?? '')?.onePicture === true,
    events,
    addresses: {},
    // Events have no octets.
    asked: { ...asked, keeper: null },
  })
}

/** By what --record writes first. */
export function looksLikeLog(head: Uint8Array): boolean {
  return new TextDecoder().decode(head).startsWith(LOG_MAGIC)
}

/**
 * What a stack recorded of its inputs, replayed. Where it comes out otherwise, or the log is damaged, the picture ends there and
 * says so.
 *
 * @throws InputError where it is no log, or one of another version.
 */
export function logSource(path: string, octets: Uint8Array, asked: Asked): Source {
  const run = replayedLog(path, octets, asked.keeper)
  const { events, problem } = run
  if (problem !== null && events.length === 0) throw new InputError(`${path}: ${problem.message}`)
  return replaySource(path, run, asked)
}

/** @param path of the log. */
export function replaySource(path: string, run: ReplayedRun, asked: Asked): Source {
  const { title, lesson, onePicture, events, addresses, recorded, replayed } = run
  const why = troubleOf(run)
  const name = title === '' ? basename(path) : title
  const isPart = why === null && replayed < recorded
  return runSource({
    name: path,
    title: isPart ? `${name}: up to event ${replayed} of ${recorded}` : name,
    lesson: why === null ? lesson : `The record ${why}: see \`elko replay ${path}\`.`,
    isOne: onePicture,
    events,
    addresses,
    asked,
  })
}

/** Why the picture is not that of the recorded run, or null. */
function troubleOf({ divergence, retelling, problem, end, replayed }: ReplayedRun): string | null {
  if (divergence !== null) return `comes out otherwise than it was recorded after event ${replayed}`
  if (problem !== null || end === 'cut-off') return `is damaged after event ${replayed}`
  if (end === 'changed') return 'was changed after it was written'
  return retelling === null ? null : `is told otherwise than it was recorded from event ${retelling.index} on`
}

function replayedLog(path: string, log: Uint8Array, keeper: PacketKeeper | null): ReplayedRun {
  try {
    return replayRun(log, { onSent: keeper?.takeIp ?? null })
  } catch (error) {
    if (error instanceof LogError) throw new InputError(`${path}: ${error.message}`)
    throw error
  }
}
