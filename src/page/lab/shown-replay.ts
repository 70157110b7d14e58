/** A log that `record: true` or `elko sim --record` wrote, dropped on the page: run once more. */

import { joined } from '../../bytes/join.ts'
import { outcomeOf, Timeline } from '../../lab/index.ts'
import { type ReplayedRun, replayRun } from '../../replay/replayed-run.ts'
import { LOG_MAGIC } from '../../stack/log-format.ts'
import { connectionsIn } from '../../trace/connections.ts'
import { type Shown, verdicts } from './shown.ts'

export function looksLikeLog(octets: Uint8Array): boolean {
  return [...LOG_MAGIC].every((character, i) => octets[i] === character.charCodeAt(0))
}

/** @throws LogError where it is no log, or one of another version. */
export function shownReplay(name: string, octets: Uint8Array): Shown {
  const chunks: Uint8Array[] = []
  const run = replayRun(octets, { capture: (chunk) => chunks.push(chunk) })
  const { events, title, hosts, addresses, lesson } = run
  const pairs = connectionsIn(events)
  return {
    kind: 'replay',
    title: title === '' ? name : title,
    words: [lesson, ...troubles(run), ...verdicts(events, pairs)].filter((each) => each !== ''),
    timeline: new Timeline(events, (_event, index) => index),
    pairs,
    hosts,
    addresses,
    tracks: null,
    outcome: outcomeOf(events),
    end: `Replayed from ${name}: ${run.replayed} of ${run.recorded} events, recorded by ${run.elko}.`,
    sender: () => null,
    capture: () => ({ name: `${name.replace(/\.\w+$/, '')}.pcapng`, octets: joined(chunks) }),
  }
}

function troubles({ divergence, problem }: ReplayedRun): string[] {
  const found: string[] = []
  if (divergence !== null) {
    const { index, event, recorded, came } = divergence
    found.push(`Event ${index}, ${event}, is another one now: recorded ${recorded}, came ${came}.`)
  }
  if (problem !== null) found.push(problem.message)
  return found
}
