/** What the page shows at a time: a run of the lab, a capture or a script, all in one form. */

import { verdict } from '../../diagram/verdict.ts'
import type { LabConfig, SentPacket } from '../../lab/index.ts'
import {
  isAsBegun,
  LabRun,
  lessonOf,
  type Outcome,
  outcomeOf,
  Timeline,
  type Tracks,
} from '../../lab/index.ts'
import { connectionsIn, type LadderPair } from '../../trace/connections.ts'
import type { TraceEvent } from '../../trace/events.ts'

export interface Shown {
  readonly kind: 'run' | 'capture' | 'script' | 'replay'
  readonly title: string
  /** A lesson's words, a diagnosis, a script's verdict: paragraphs. */
  readonly words: readonly string[]
  readonly timeline: Timeline
  readonly pairs: readonly LadderPair[]
  /** Names, the left one first. */
  readonly hosts: readonly string[]
  readonly addresses: Readonly<Record<string, string>>
  /** The variables of the connections; null where only packets are known. */
  readonly tracks: Tracks | null
  readonly outcome: Outcome
  /** Why it ends where it ends; '' where that goes without saying. */
  readonly end: string
  /** How a packet is named by who wants to drop it; null: nobody can. */
  readonly sender: (packet: number) => SentPacket | null
  /** A pcapng file, and the name it should have; null where a page was saved without the packets. */
  readonly capture: (() => { readonly name: string; readonly octets: Uint8Array }) | null
  /** Of two captures both, by the ends at which they were taken: each numbers its frames for itself. */
  readonly captures?: Readonly<Record<'client' | 'server', Uint8Array>>
}

/** Steps of a run between two looks at the clock: some milliseconds. */
const SLICE_STEPS = 1500

const ENDS = {
  idle: '',
  until: 'The run would go on: it was stopped at its limit of time.',
  steps: 'The run has more events than the lab keeps: only the first ones are shown.',
} as const

/** Runs a configuration, a slice at a time, so that the page stays alive meanwhile. */
export class Runner {
  #turn = 0

  /** Nobody wants to hear of the latest run any more. */
  stop(): void {
    this.#turn++
  }

  /** @param done gets the run when it is over; a later call takes its place. */
  start(config: LabConfig, done: (shown: Shown) => void, progress: (steps: number) => void): void {
    const turn = ++this.#turn
    const run = new LabRun(config)
    const goOn = (): void => {
      if (turn !== this.#turn) return
      if (run.advance(SLICE_STEPS)) done(shownRun(run))
      else {
        progress(run.steps)
        setTimeout(goOn)
      }
    }
    goOn()
  }
}

export function shownRun(run: LabRun): Shown {
  const timeline = run.timeline()
  const pairs = connectionsIn(timeline.events)
  const lesson = lessonOf(run.config)
  const { end, defect } = run
  return {
    kind: 'run',
    title:
      lesson === null
        ? run.scenario.title
        : `${lesson.title}${isAsBegun(run.config, lesson) ? '' : ' (changed)'}`,
    words: [lesson?.words ?? '', ...verdicts(timeline.events, pairs)].filter((each) => each !== ''),
    timeline,
    pairs,
    hosts: run.hosts,
    addresses: run.addresses,
    tracks: run.tracks,
    outcome: outcomeOf(run.trace),
    end: end === 'defect' ? `Elko broke a rule of its own: ${defect}` : end === null ? '' : ENDS[end],
    sender: (packet) => run.sender(packet),
    capture: () => ({ name: `${run.scenario.name}.pcapng`, octets: run.capture(run.hosts[0]).octets }),
  }
}

/** What only the events tell of: nobody's variables are known, and no packet can be dropped any more. */
export function shownEvents(
  events: readonly TraceEvent[],
): Pick<Shown, 'timeline' | 'pairs' | 'tracks' | 'outcome' | 'sender'> {
  return {
    timeline: new Timeline(events, (_event, index) => index),
    pairs: connectionsIn(events),
    tracks: null,
    outcome: outcomeOf(events),
    sender: () => null,
  }
}

/** Connections that are judged; a capture may have thousands. */
const MOST_JUDGED = 5

export function verdicts(events: readonly TraceEvent[], pairs: readonly LadderPair[]): string[] {
  return pairs.slice(0, MOST_JUDGED).map((pair) => sentence(verdict(events, pair)))
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
