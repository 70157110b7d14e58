/** For each lesson a few changes of one click: what a teacher would ask next. */

import type { Config } from '../tcp/config.ts'
import type { Intervention, LabConfig, LabPath, Side } from './lab-config.ts'

export interface Try {
  /** 'Without Nagle' */
  readonly label: string
  readonly change: (config: LabConfig) => LabConfig
}

function tuned(label: string, changes: Partial<Config>, ...sides: readonly Side[]): Try {
  const change = (config: LabConfig): LabConfig => {
    const [left, right] = config.hosts.map((host, side) =>
      sides.includes(side as Side) ? { ...host, tuning: { ...host.tuning, ...changes } } : host,
    )
    return { ...config, hosts: [left!, right!] }
  }
  return { label, change }
}

function onPath(label: string, changes: LabPath): Try {
  const change = (config: LabConfig): LabConfig => {
    const [there, back] = config.paths
    return {
      ...config,
      paths: [
        { ...there, ...changes },
        { ...back, ...changes },
      ],
    }
  }
  return { label, change }
}

function programmed(label: string, side: Side, program: string): Try {
  const change = (config: LabConfig): LabConfig => {
    const [left, right] = config.hosts.map((host, index) => (index === side ? { ...host, program } : host))
    return { ...config, hosts: [left!, right!] }
  }
  return { label, change }
}

function done(label: string, one: Intervention): Try {
  return { label, change: (config) => ({ ...config, interventions: [...config.interventions, one] }) }
}

/** The forged segment of the lesson has another number. */
function aimed(label: string, seq: number): Try {
  const change = (config: LabConfig): LabConfig => ({
    ...config,
    interventions: config.interventions.map((one) =>
      one.kind === 'inject' ? { ...one, segment: { ...one.segment, seq } } : one,
    ),
  })
  return { label, change }
}

const ANOTHER_SEED: Try = {
  label: 'Other packets lost: the next seed',
  change: (config) => ({ ...config, seed: config.seed + 1 }),
}

const ONLY_TIMER = tuned('No fast retransmit: only the timer', { duplicateAckThreshold: 255 }, 0)

const TRIES: Readonly<Record<string, readonly Try[]>> = {
  'free-play': [
    done('Drop the client’s fourth packet', { kind: 'drop', from: 0, packet: 4 }),
    done('The server aborts at 100 ms', { kind: 'call', atUs: 100_000, host: 1, step: 'abort' }),
    onPath('A line of 1 Mbit/s', { rateBitsPerSecond: 1e6 }),
  ],
  'request-and-reply': [
    tuned('Acknowledge at once', { delayedAckMs: 0 }, 0, 1),
    onPath('A path of 100 ms', { delayUs: 100_000 }),
  ],
  'slow-start-line': [
    onPath('A long queue: nothing is lost, and everything waits', { queueBytes: 300_000 }),
    tuned(
      'A receive buffer of 50,000 octets: the window stops it in time',
      { receiveBufferBytes: 50_000 },
      1,
    ),
  ],
  'lossy-path': [ANOTHER_SEED, ONLY_TIMER],
  'slow-reader': [
    programmed(
      'Read 2000 octets every 50 ms: the window never closes',
      1,
      'listen\nread 2000 every 50ms\nclose',
    ),
    tuned('A buffer of 65,535 octets', { receiveBufferBytes: 65_535 }, 1),
  ],
  'nagle-delayed-ack': [tuned('The server acknowledges at once', { delayedAckMs: 0 }, 1)],
  'initial-window': [onPath('A path of 5 ms: does it matter?', { delayUs: 5000 })],
  'fast-retransmit-or-timer': [onPath('A path of 100 ms', { delayUs: 100_000 })],
  'keep-alive-dead': [tuned('Without keep-alive', { keepAlive: false }, 0)],
  'blind-reset': [
    aimed('Aim exactly: RCV.NXT is 5101', 5101),
    aimed('Far outside of the window', 3_000_000_000),
  ],
  overtaking: [tuned('Believe in a loss after twenty duplicates', { duplicateAckThreshold: 20 }, 0)],
  'data-transfer': [tuned('Segments of 536 octets', { mssLimit: 536 }, 0)],
  nagle: [tuned('No delayed ACK', { delayedAckMs: 0 }, 1)],
  'delayed-ack': [tuned('Acknowledge at once', { delayedAckMs: 0 }, 0, 1)],
  retransmission: [onPath('A path of 200 ms', { delayUs: 200_000 })],
  'fast-retransmit': [ONLY_TIMER, tuned('One duplicate is proof', { duplicateAckThreshold: 1 }, 0)],
  reordering: [onPath('Held back for 400 ms: longer than the RTO', { reorderByUs: 400_000 })],
  'slow-start': [onPath('A path of 100 ms', { delayUs: 100_000 })],
  'window-scaling': [tuned('Without window scaling', { windowScaling: false }, 0, 1)],
  'path-mtu': [onPath('A path that carries everything', { mtu: 0 })],
  'mtu-black-hole': [tuned('Without detection', { blackHoleDetection: false }, 0, 1)],
  'time-wait': [tuned('An MSL of one second', { mslMs: 1000 }, 0, 1)],
  'keep-alive': [tuned('Ask after ten minutes', { keepAliveIdleMs: 600_000 }, 0, 1)],
}

/** @param name of a lesson. */
export function triesOf(name: string): readonly Try[] {
  return TRIES[name] ?? []
}
