/** A log that `record: true` or `elko sim --record` wrote, dropped on the page: run once more. */

import { joined } from '../../bytes/join.ts'
import { EventSteps, Timeline, Tracks } from '../../lab/index.ts'
import { type ReplayedRun, replayRun } from '../../replay/replayed-run.ts'
import { story } from '../../sim/scenarios/story.ts'
import { LOG_MAGIC } from '../../stack/log-format.ts'
import { type Shown, shownEvents, verdicts } from './shown.ts'

export function looksLikeLog(octets: Uint8Array): boolean {
  return [...LOG_MAGIC].every((character, i) => octets[i] === character.charCodeAt(0))
}

/** @throws LogError where it is no log, or one of another version. */
export function shownReplay(name: string, octets: Uint8Array): Shown {
  const chunks: Uint8Array[] = []
  const steps = new EventSteps()
  const tracks = new Tracks()
  const run = replayRun(octets, {
    capture: (chunk) => chunks.push(chunk),
    onEvent: ({ index, entry, stacks }, told) => {
      steps.take(index, entry!.at, told)
      tracks.take(index, stacks)
    },
  })
  const { title, hosts, addresses, lesson, onePicture } = run
  tracks.isOnePicture = onePicture
  const events = story(run.events, { oneConnection: onePicture })
  const told = shownEvents(events)
  return {
    kind: 'replay',
    title: title === '' ? name : title,
    words: [lesson, ...troubles(run), ...verdicts(events, told.pairs)].filter((each) => each !== ''),
    ...told,
    timeline: new Timeline(events, (event) => steps.of(event)),
    tracks,
    hosts,
    addresses,
    end: `Replayed from ${name}: ${run.replayed} of ${run.recorded} events, recorded by ${run.elko}.`,
    capture: () => ({ name: `${name.replace(/\.[\w-]+$/, '')}.pcapng`, octets: joined(chunks) }),
  }
}

function troubles({ divergence, retelling, problem, end }: ReplayedRun): string[] {
  const found: string[] = []
  for (const differs of [retelling, divergence]) {
    if (differs === null) continue
    const { index, event, recorded, came } = differs
    found.push(`Event ${index}, ${event}, is another one now: recorded ${recorded}, came ${came}.`)
  }
  if (problem !== null) found.push(problem.message)
  if (end === 'changed') found.push('The log was changed after it was written.')
  return found
}
