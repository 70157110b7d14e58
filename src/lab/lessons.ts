/** What the lab offers to begin with: experiments of its own, and every scenario of `elko sim`, each with a few words. */

import { SCENARIO_GROUPS } from '../sim/scenarios.ts'
import type { Config } from '../tcp/config.ts'
import { RST } from '../wire/segment.ts'
import { DEFAULT_LAB, type LabConfig, type LabPath } from './lab-config.ts'

export interface Lesson {
  /** Unique; a scenario's name, or an experiment's. */
  readonly name: string
  readonly title: string
  /** What to notice, in one to three sentences. */
  readonly words: string
  readonly config: LabConfig
}

export interface LessonGroup {
  readonly title: string
  readonly lessons: readonly Lesson[]
}

interface Setup {
  readonly client: string
  readonly server: string
  readonly path?: LabPath
  readonly clientTuning?: Partial<Config>
  readonly serverTuning?: Partial<Config>
  readonly more?: Partial<LabConfig>
}

const BOTH_READ = 'listen\nreceive to end\nclose'

function setUp({
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
    hosts: [
      { ...left, program: client, tuning: clientTuning },
      { ...right, program: server, tuning: serverTuning },
    ],
    paths: [path, path],
    ...more,
  }
}

const EXPERIMENTS: readonly Lesson[] = [
  {
    name: 'free-play',
    title: 'Free play: 20,000 octets and a close',
    words:
      'A client sends 20,000 octets to a server. Change anything: the programs, the path, the options; click a segment to ' +
      'drop it or to delay it, or forge one.',
    config: DEFAULT_LAB,
  },
  {
    name: 'request-and-reply',
    title: 'Request and reply',
    words:
      'Three times the client asks and the server answers. The acknowledgment of a request travels with the reply; the ' +
      'pauses show the delayed ones.',
    config: setUp({
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
      'The congestion window doubles each round trip until the queue before the line is full and packets are dropped; ' +
      'then it is halved and grows by a segment a round trip.',
    config: setUp({
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
      'Single losses are found by three duplicate acknowledgments, several in one window without SACK take a round trip ' +
      'each, and what nobody reports costs a time-out. Another seed loses other packets.',
    config: setUp({
      client: 'connect\nsend 200k\nwait\nclose',
      server: BOTH_READ,
      path: { loss: 0.03 },
      more: { seed: 7 },
    }),
  },
  {
    name: 'slow-reader',
    title: 'A slow reader: the window closes',
    words:
      'The server reads 2000 octets every 50 ms. Its buffer fills, the window it offers shrinks to nothing, and the client ' +
      'waits, probing, until there is room again.',
    config: setUp({
      client: 'connect\nsend 60k\nwait\nclose',
      server: 'listen\nread 2000 every 50ms\nclose',
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
      'two round trips more on every page.',
    config: setUp({
      client: 'connect\nsend 40k\nwait\nclose',
      server: BOTH_READ,
      path: { delayUs: 50_000 },
      more: { versus: [{ initialWindowSegments: 2 }, {}] },
    }),
  },
  {
    name: 'keep-alive-dead',
    title: 'Keep-alive finds a path that is dead',
    words:
      'After the data nothing is sent, and from the eighth packet on the path is dead. Without keep-alive the client would ' +
      'wait for ever; with it, unanswered probes end the connection.',
    config: setUp({
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
      client: 'connect\nsend 60k\nwait\nclose',
      server: BOTH_READ,
      path: { reorder: 0.2, reorderByUs: 30_000 },
      more: { seed: 3 },
    }),
  },
]

export const LESSON_GROUPS: readonly LessonGroup[] = [
  { title: 'Experiments', lessons: EXPERIMENTS },
  ...SCENARIO_GROUPS.map(({ title, scenarios }) => ({
    title,
    lessons: scenarios.map(({ name, title: what, lesson }) => ({
      name,
      title: what,
      words: lesson,
      config: { ...DEFAULT_LAB, lesson: name },
    })),
  })),
]

export const LESSONS: readonly Lesson[] = LESSON_GROUPS.flatMap(({ lessons }) => lessons)

export function findLesson(name: string): Lesson | null {
  return LESSONS.find((lesson) => lesson.name === name) ?? null
}

/** The lesson that a configuration began as: its scenario, or the experiment that it still is. */
export function lessonOf(config: LabConfig): Lesson | null {
  if (config.lesson !== null) return findLesson(config.lesson)
  const text = JSON.stringify(config)
  return EXPERIMENTS.find((one) => JSON.stringify(one.config) === text) ?? null
}
