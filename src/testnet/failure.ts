/** What a run leaves behind when it fails: seed, packets and pictures, and an error that says where they are. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isNativeError } from 'node:util/types'
import { connectionsIn, ladder } from '../diagram/index.ts'
import type { TraceEvent } from '../trace/events.ts'
import { durationWords } from './durations.ts'

/** What is known of a run that failed. */
export interface FailedRun {
  readonly name: string
  readonly seed: number | string
  /** Microseconds of virtual time. */
  readonly now: number
  readonly events: readonly TraceEvent[]
  readonly pcapng: () => readonly Uint8Array[]
  readonly addresses: Readonly<Record<string, string>>
  /** Names that the network knows, in lower case. */
  readonly names: ReadonlyMap<string, unknown>
}

/** Events that pictures are drawn from, and pictures: the newest ones. */
const MAX_EVENTS = 20_000
const MAX_PICTURES = 10

/** Writes it all into a folder of its own under `folder` and returns that. */
function saveFailure(folder: string, run: FailedRun, error: unknown): string {
  const place = join(folder, `${run.name}-seed-${run.seed}`.replace(/[^\w.-]+/g, '-'))
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'seed.txt'), `${run.seed}\n`)
  writeFileSync(join(place, 'packets.pcapng'), Buffer.concat(run.pcapng()))
  writeFileSync(join(place, 'ladder.txt'), pictures(run, error))
  return place
}

/**
 * Saves what the run left and explains the error, which is returned, or one that wraps what is none: with words on how to
 * see and repeat it at the end of its message.
 * @param folder null: nothing is saved.
 */
export function explained(error: unknown, run: FailedRun, folder: string | null): Error {
  // Not `instanceof`: jest runs tests in a realm of their own, whose Error is not Node's.
  const known = isNativeError(error)
    ? error
    : new Error(`the run failed with ${String(error)}`, { cause: error })
  if (known.message.includes(REPLAY)) return known
  const saved = folder === null ? '' : `; ${saving(folder, run, error)}`
  const words = `${strayWords(error, run)}\n\nelko: failed after ${durationWords(run.now)} of virtual time${saved}.\n${REPLAY}${run.seed}`
  if (addWords(known, words)) return known
  return new Error(`${known.message}${words}`, { cause: error })
}

/** Says so where the kernel was asked for a name of the network's: its hosts would have known it. */
function strayWords(error: unknown, { names }: FailedRun): string {
  const { code = '', hostname = '' } = Object(error) as { code?: string; hostname?: string }
  if (!['ENOTFOUND', 'EAI_AGAIN'].includes(code) || !names.has(hostname.toLowerCase())) return ''
  return (
    `\n\nelko: '${hostname}' is a name of this network, but the kernel was asked: that socket was not made by a host's net. ` +
    'Of http, give createConnection without `agent: false`, or an agent whose createConnection is host.net.connect.'
  )
}

const REPLAY = 'elko: replay with ELKO_SEED='

/** What was saved where, or why nothing was: the error of the run matters more than that of a disk. */
function saving(folder: string, run: FailedRun, error: unknown): string {
  try {
    const place = relative(process.cwd(), saveFailure(folder, run, error))
    return `${place === '' ? '.' : place} has packets.pcapng and ladder.txt`
  } catch (problem) {
    return `nothing could be saved in ${folder}: ${String(problem)}`
  }
}

/**
 * Adds to the end of an error's message, and to the message within its stack, which is what most printers show.
 * @returns false where it cannot be changed.
 */
export function addWords(error: Error, words: string): boolean {
  // V8 puts the stack together when it is read first, so that it must be read before the message changes.
  const { message, stack } = error
  try {
    error.message = `${message}${words}`
    if (stack !== undefined) error.stack = stack.replace(message, () => error.message)
    return true
  } catch {
    return false
  }
}

function pictures(run: FailedRun, error: unknown): string {
  const events = run.events.slice(-MAX_EVENTS)
  const message = isNativeError(error) ? error.message : String(error)
  const head = `Seed ${run.seed}, failed after ${durationWords(run.now)} of virtual time: ${message}\n`
  const drawn = connectionsIn(events)
    .slice(-MAX_PICTURES)
    .map(({ left: { host, connection } }) =>
      ladder(events, { connection: { host, connection }, addresses: run.addresses, reasons: 'words' }),
    )
  return [head, ...(drawn.length > 0 ? drawn : [ladder(events)])].join('\n')
}
