/** What the lab offers to begin with: experiments of its own, and every scenario of `elko sim`, each with a few words. */

import { SCENARIO_GROUPS } from '../sim/scenarios.ts'
import type { Config } from '../tcp/config.ts'
import { RST } from '../wire/segment.ts'
import { DEFAULT_LAB, type LabConfig, type LabPath } from './lab-config.ts'
import { type Try, triesOf } from './lesson-tries.ts'

export interface Lesson {
  /** Unique; a scenario's name, or an experiment's. */
  readonly name: string
  readonly title: string
  /** What to notice, in one to three sentences. */
  readonly words: string
  readonly config: LabConfig
  /** What to do next, to see the same thing from another side. */
  readonly tries: readonly Try[]
}

export interface LessonGroup {
  readonly title: string
  readonly lessons: readonly Lesson[]
}

interface Setup {
  readonly name: string
  readonly client: string
  readonly server: string
  readonly path?: LabPath
  readonly clientTuning?: Partial<Config>
  readonly serverTuning?: Partial<Config>
  readonly more?: Partial<LabConfig>
}

const FREE_PLAY = 'free-play'
const BOTH_READ = 'listen\nreceive to end\nclose'

function setUp({
  name,
  client,
  server,
  path = {},
  clientTuning = {},
  serverTuning = {},
  more = {},
}: Setup): LabConfig {
  const [left, right] = DEFAULT_LAB.hosts
  return {
    ...DEFAULT_LAB,
    experiment: name,
    hosts: [
      { ...left, program: client, tuning: clientTuning },
      { ...right, program: server, tuning: serverTuning },
    ],
    paths: [path, path],
    ...more,
  }
}

const EXPERIMENTS: readonly Omit<Lesson, 'tries'>[] = [
  {
    name: FREE_PLAY,
    title: 'Free play: 20,000 octets and a close',
    words:
      'A client sends 20,000 octets to a server. Change anything: the programs, the path, the options; choose a packet to ' +
      'drop it or to hold it back; at the cursor let a program send, close or abort, or forge a segment.',
    config: DEFAULT_LAB,
  },
  {
    name: 'request-and-reply',
    title: 'Request and reply',
    words:
      'Three times the client asks and the server answers. The acknowledgment of a request travels with the reply; the ' +
      'pauses show the delayed ones.',
    config: setUp({
      name: 'request-and-reply',
      client:
        'connect\nsend 200\nreceive 3000\npause 80ms\nsend 200\nreceive 3000\npause 80ms\nsend 200\nreceive 3000\nclose',
      server:
        'listen\nreceive 200\nsend 3000\nreceive 200\nsend 3000\nreceive 200\nsend 3000\nreceive to end\nclose',
    }),
  },
  {
    name: 'slow-start-line',
    title: 'Slow start over a line of 10 Mbit/s',
    words:
      'The congestion window doubles each round trip. The line carries 50,000 octets in a round trip, and its queue holds ' +
      '30,000 more: the doubling beyond that loses some sixty packets at once, of which NewReno repairs one a round trip, ' +
      'until the timer ends it. From then on the window grows by about a segment a round trip: see Graphs, congestion.',
    config: setUp({
      name: 'slow-start-line',
      client: 'connect\nsend 600k\nwait\nclose',
      server: BOTH_READ,
      path: { rateBitsPerSecond: 10e6, queueBytes: 30_000 },
      clientTuning: { windowScaling: true, sendBufferBytes: 1_000_000 },
      serverTuning: { windowScaling: true, receiveBufferBytes: 1_000_000 },
    }),
  },
  {
    name: 'lossy-path',
    title: 'A path that loses 3 % of all packets',
    words:
      'Eleven packets are lost, in three ways. Where text follows, three duplicate acknowledgments tell of it; without SACK ' +
      'the next loss of the same window takes one more round trip; where too little follows only a time-out helps. An ' +
      'acknowledgment that is lost costs nothing, as the next one says the same.',
    config: setUp({
      name: 'lossy-path',
      client: 'connect\nsend 200k\nwait\nclose',
      server: BOTH_READ,
      path: { loss: 0.03 },
      more: { seed: 31 },
    }),
  },
  {
    name: 'slow-reader',
    title: 'A slow reader: the window closes',
    words:
      'The server reads 8000 octets once a second, and its buffer holds no more. It fills, the window that it offers closes ' +
      'to 0, and the client waits. As the update that opens it may be lost, the client probes with an octet of text ' +
      '(RFC 9293 3.8.6.1), which is answered and not taken.',
    config: setUp({
      name: 'slow-reader',
      client: 'connect\nsend 60k\nwait\nclose',
      server: 'listen\nread 8000 every 1s\nclose',
      serverTuning: { receiveBufferBytes: 8000 },
    }),
  },
  {
    name: 'nagle-delayed-ack',
    title: "Nagle's algorithm meets delayed acknowledgments",
    words:
      'A request in two small writes: the second waits for the acknowledgment of the first, which waits for company. The ' +
      'second run has TCP_NODELAY and shows what the wait costs.',
    config: setUp({
      name: 'nagle-delayed-ack',
      client:
        'connect\nsend 100 times 2 every 1ms\nreceive 500\npause 100ms\nsend 100 times 2 every 1ms\nreceive 500\nclose',
      server: 'listen\nreceive 200\nsend 500\nreceive 200\nsend 500\nreceive to end\nclose',
      more: { versus: [{ nagle: false }, {}] },
    }),
  },
  {
    name: 'initial-window',
    title: 'Initial window: ten segments or two',
    words:
      'The same 40,000 octets with the initial window of RFC 6928 and, in the second run, with two segments as in 1999: ' +
      'two round trips more.',
    config: setUp({
      name: 'initial-window',
      client: 'connect\nsend 40k\nwait\nclose',
      server: BOTH_READ,
      path: { delayUs: 50_000 },
      more: { versus: [{ initialWindowSegments: 2 }, {}] },
    }),
  },
  {
    name: 'fast-retransmit-or-timer',
    title: 'Three duplicate acknowledgments, or only the timer',
    words:
      'One packet in a hundred is lost, here just one. The first run takes three duplicate acknowledgments as proof of it ' +
      '(RFC 5681 3.2) and sends it again within a round trip. The second has nothing but its timer, and begins again with ' +
      'one segment: the same 200,000 octets take nearly twice as long.',
    config: setUp({
      name: 'fast-retransmit-or-timer',
      client: 'connect\nsend 200k\nwait\nclose',
      server: BOTH_READ,
      more: { seed: 6, paths: [{ loss: 0.01 }, {}], versus: [{ duplicateAckThreshold: 255 }, {}] },
    }),
  },
  {
    name: 'keep-alive-dead',
    title: 'Keep-alive finds a path that is dead',
    words:
      'After the data nothing is sent, and nothing of the client’s arrives any more. Without keep-alive it would wait for ' +
      'ever; with it, four probes without an answer end the connection. The server hears of nothing, and keeps its half.',
    config: setUp({
      name: 'keep-alive-dead',
      client: 'connect\nsend 500\nwait\nreceive to end',
      server: 'listen\nreceive to end\nclose',
      clientTuning: {
        keepAlive: true,
        keepAliveIdleMs: 5000,
        keepAliveIntervalMs: 1000,
        keepAliveProbes: 4,
      },
      more: { interventions: [4, 5, 6, 7, 8, 9, 10].map((packet) => ({ kind: 'drop', from: 0, packet })) },
    }),
  },
  {
    name: 'blind-reset',
    title: 'A forged reset, a little beside the mark',
    words:
      'Somebody who does not see the connection guesses a sequence number within the window and sends a reset. RFC 5961: it ' +
      'is answered with a challenge, and the connection goes on. Only the exact number would end it.',
    config: setUp({
      name: 'blind-reset',
      client: 'connect\nsend 5000\npause 300ms\nsend 5000\nwait\nclose',
      server: BOTH_READ,
      more: {
        hosts: [
          {
            ...DEFAULT_LAB.hosts[0],
            program: 'bind 40000\nconnect\nsend 5000\npause 300ms\nsend 5000\nwait\nclose',
          },
          { ...DEFAULT_LAB.hosts[1], program: BOTH_READ },
        ],
        interventions: [
          {
            kind: 'inject',
            atUs: 200_000,
            to: 1,
            segment: {
              srcPort: 40_000,
              dstPort: 80,
              seq: 7000,
              ack: 0,
              flags: RST,
              window: 0,
              urgentPointer: 0,
              length: 0,
            },
          },
        ],
      },
    }),
  },
  {
    name: 'overtaking',
    title: 'Jitter: packets overtake each other',
    words:
      'A fifth of the packets is held back for 30 ms. What comes too early is kept and reported by duplicate ' +
      'acknowledgments; three of them look like a loss, and some segments are sent twice for nothing.',
    config: setUp({
      name: 'overtaking',
      client: 'connect\nsend 60k\nwait\nclose',
      server: BOTH_READ,
      path: { reorder: 0.2, reorderByUs: 30_000 },
      more: { seed: 3 },
    }),
  },
]

export const LESSON_GROUPS: readonly LessonGroup[] = [
  { title: 'Experiments', lessons: EXPERIMENTS.map((one) => ({ ...one, tries: triesOf(one.name) })) },
  ...SCENARIO_GROUPS.map(({ title, scenarios }) => ({
    title,
    lessons: scenarios.map(({ name, title: what, lesson }) => ({
      name,
      title: what,
      words: lesson,
      config: { ...DEFAULT_LAB, lesson: name },
      tries: triesOf(name),
    })),
  })),
]

export const LESSONS: readonly Lesson[] = LESSON_GROUPS.flatMap(({ lessons }) => lessons)

export function findLesson(name: string): Lesson | null {
  return LESSONS.find((lesson) => lesson.name === name) ?? null
}

const OWN_EXPERIMENTS: ReadonlySet<unknown> = new Set(
  EXPERIMENTS.filter(({ config }) => config.experiment !== null).map(({ name }) => name),
)

/** Whether it names an experiment with a configuration of its own. */
export function isExperiment(name: unknown): boolean {
  return OWN_EXPERIMENTS.has(name)
}

/** The lesson that a configuration began as; null: whoever made it began with nothing. */
export function lessonOf(config: LabConfig): Lesson | null {
  const name = config.lesson ?? config.experiment
  if (name !== null) return findLesson(name)
  return JSON.stringify(config) === JSON.stringify(DEFAULT_LAB) ? findLesson(FREE_PLAY) : null
}

/** Whether nothing was changed since. */
export function isAsBegun(config: LabConfig, lesson: Lesson): boolean {
  return JSON.stringify(config) === JSON.stringify(lesson.config)
}
