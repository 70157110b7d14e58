/** What all commands share in what they print: style of the terminal, ladders, state paths, verdicts, captures, JSON. */

import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { ladder } from '../diagram/ladder.ts'
import { statePathLines } from '../diagram/state-machine.ts'
import { verdict } from '../diagram/verdict.ts'
import type { ScenarioResult } from '../sim/scenario.ts'
import { story } from '../sim/scenarios/story.ts'
import { connectionOf, connectionsIn } from '../trace/connections.ts'
import { counted } from '../trace/counted.ts'
import type { TraceEvent } from '../trace/events.ts'
import { InputError, wholeNumber } from './arguments.ts'
import { fileTrouble } from './whole-file.ts'

/** Flags of every command that draws. */
export const DRAWING_OPTIONS = {
  width: { type: 'string' },
  ascii: { type: 'boolean' },
  relative: { type: 'boolean' },
} as const

export const DRAWING_HELP = `  --width N        columns, 80 to 400 (default: the terminal's, or 100)
  --ascii          only ASCII characters
  --relative       sequence numbers counted from each side's SYN`

export interface Drawing {
  readonly width: number
  readonly ascii: boolean
  readonly color: boolean
  readonly relative: boolean
}

/** Connections that are drawn; the rest are only named. */
const MOST_DRAWN = 6

export function drawing(values: { width?: string; ascii?: boolean; relative?: boolean }): Drawing {
  const { stdout, env } = process
  const isTerminal = stdout.isTTY === true
  const own = isTerminal ? Math.min(400, Math.max(80, stdout.columns ?? 100)) : 100
  return {
    width: wholeNumber('--width', values.width, 80, 400) ?? own,
    ascii: values.ascii === true,
    relative: values.relative === true,
    color: isTerminal && !env.NO_COLOR && env.TERM !== 'dumb',
  }
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** What is drawn of a run: a scenario's, or one that is replayed. */
export interface Pictured extends Pick<ScenarioResult, 'events' | 'addresses' | 'paths'> {
  readonly scenario: Pick<ScenarioResult['scenario'], 'title' | 'onePicture'>
}

/** Title, ladders, the states of each side and a sentence on each connection. */
export function pictureOf(result: Pictured, how: Drawing): string {
  const { scenario, addresses } = result
  const events = storyOf(result)
  const pairs = connectionsIn(events)
  const drawn = pairs.slice(0, MOST_DRAWN).map((pair, index) =>
    ladder(events, {
      width: how.width,
      ascii: how.ascii,
      color: how.color,
      numbers: how.relative ? 'relative' : 'absolute',
      addresses,
      connection: connectionOf(pair),
      legend: index === Math.min(pairs.length, MOST_DRAWN) - 1,
      ...(index === 0 && { title: scenario.title }),
    }),
  )
  if (pairs.length > MOST_DRAWN)
    drawn.push(`... and ${counted(pairs.length - MOST_DRAWN, 'connection')} more.\n`)
  // A path is one line, however long, so that it can be searched for.
  const paths = statePathLines(result.paths, Number.POSITIVE_INFINITY)
  return [...drawn, `${paths.join('\n')}\n`, `${verdictsOf(result).join('\n')}\n`].join('\n')
}

/** One sentence on each connection. */
export function verdictsOf(result: Pictured): string[] {
  const events = storyOf(result)
  const last = result.scenario.onePicture === true ? lastOpening(events) : 0
  const judged = events.slice(last)
  return connectionsIn(judged).map((pair) => `${verdict(judged, pair)}`)
}

/**
 * Saves what passed one host ('all': every host), and says so in a sentence.
 * @param host default the one that opens.
 */
export function saveCapture(file: string, result: ScenarioResult, host = result.hosts[0]!): string {
  const { octets, packets } = host === 'all' ? result.capture() : result.capture(host)
  saveFile(file, octets)
  return `Saved ${counted(packets, 'packet')}, as seen at ${host === 'all' ? 'all hosts' : host}, to ${file}.`
}

/** Makes the folder where it is missing. */
export function saveFile(file: string, content: Uint8Array | string): void {
  try {
    makeFolder(dirname(file))
    writeFileSync(file, content)
  } catch (error) {
    throw new InputError(`cannot write ${file}: ${fileTrouble(error, 'there can be no such folder')}`)
  }
}

/** Opens a file to be written from its start; makes the folder where it is missing. @throws InputError */
export function openFile(file: string): number {
  try {
    makeFolder(dirname(file))
    return openSync(file, 'w')
  } catch (error) {
    throw new InputError(`cannot write ${file}: ${fileTrouble(error, 'there can be no such folder')}`)
  }
}

/** With those above it. Not `recursive: true`: Node 20 never returns from it below /proc. */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder)
}

/** JSON for people and programs: an event a line, sequence numbers as on the wire. */
export function jsonOf(head: object, events: readonly TraceEvent[]): string {
  const opened = JSON.stringify(head, null, 2).replace(/\n\}$/, '')
  const lines = events.map((event) => `    ${JSON.stringify(event, unsignedNumbers)}`)
  return `${opened},\n  "events": [\n${lines.join(',\n')}\n  ]\n}\n`
}

function unsignedNumbers(key: string, value: unknown): unknown {
  const isNumber = key === 'seq' || key === 'ack' || key === 'val' || key === 'ecr'
  return isNumber && typeof value === 'number' ? value >>> 0 : value
}

function storyOf({ events, scenario }: Pictured): TraceEvent[] {
  return story(events, { oneConnection: scenario.onePicture === true })
}

/** Where the last incarnation of a connection begins. */
export function lastOpening(events: readonly TraceEvent[]): number {
  for (let i = events.length - 1; i >= 0; i--) {
    const event = events[i]!
    if (event.kind === 'state' && event.to === 'SYN-SENT') return i
  }
  return 0
}
