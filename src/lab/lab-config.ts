/**
 * All that a run of the lab follows from, as plain data: it survives JSON, stands in a link, and gives the same run on
 * every machine, octet for octet.
 */

import type { Config } from '../tcp/config.ts'
import type { ForgedError, ForgedSegment } from './forged.ts'

/** Which host: the left one or the right one of the picture. */
export type Side = 0 | 1
export const SIDES = [0, 1] as const

export interface LabConfig {
  /** Decides all that chance decides; a whole number from 0 to 2^32 - 1. */
  readonly seed: number
  readonly ipv6: boolean
  /** The scenario of `elko sim` that is played; null: the programs of the hosts are. */
  readonly lesson: string | null
  /** The experiment of lessons.ts that it began as, whose words stand over the run; null: none, or a lesson. */
  readonly experiment: string | null
  /** Octets that the application of a lesson sends, where it takes that; null: the lesson's own number. */
  readonly bytes: number | null
  /** Where the run ends at the latest, milliseconds, 1 to 86400000; null: where the lesson ends, or after ten minutes. */
  readonly untilMs: number | null
  readonly hosts: readonly [LabHost, LabHost]
  /** From the left host to the right one, and back. */
  readonly paths: readonly [LabPath, LabPath]
  /** What a second run over the same path has differently at each host, to be compared with the first; null: none. */
  readonly versus: readonly [Partial<Config>, Partial<Config>] | null
  readonly interventions: readonly Intervention[]
}

/** The configuration of the second run, which has no second run itself; null where there is nothing to compare. */
export function versusConfig(config: LabConfig): LabConfig | null {
  const { versus, hosts } = config
  if (versus === null) return null
  const [left, right] = [0, 1].map((side) => {
    const host = hosts[side]!
    return { ...host, tuning: { ...host.tuning, ...versus[side] } }
  })
  return { ...config, hosts: [left!, right!], versus: null }
}

export interface LabHost {
  readonly name: string
  /** What its application does, a step a line (program.ts). A lesson has its own. */
  readonly program: string
  /** The initial sequence number of its connections, 0 to 2^32 - 1; null: as RFC 6528 has it. */
  readonly iss: number | null
  /** Tunables of tcp/config.ts that differ from what the lab has without them. */
  readonly tuning: Partial<Config>
}

/** Impairments of one direction: what is given here differs from the lab's path, or from the lesson's own. */
export interface LabPath {
  /** Bits per second; 0: a packet takes no time to send. */
  readonly rateBitsPerSecond?: number
  readonly queueBytes?: number
  readonly delayUs?: number
  readonly jitterUs?: number
  readonly loss?: number
  readonly reorder?: number
  readonly reorderByUs?: number
  readonly duplicate?: number
  readonly corrupt?: number
  /** Octets; 0: as large as the hosts' links carry. */
  readonly mtu?: number
  readonly mtuBlackHole?: boolean
}

/** What somebody does to the run beside its configuration. A packet is the n-th that this host sends, from 1. */
export type Intervention =
  | { readonly kind: 'drop' | 'duplicate' | 'corrupt'; readonly from: Side; readonly packet: number }
  | { readonly kind: 'delay'; readonly from: Side; readonly packet: number; readonly byUs: number }
  | {
      readonly kind: 'inject'
      /** Microseconds of the run at which it arrives. */
      readonly atUs: number
      /** The host at which it arrives. */
      readonly to: Side
      /** The address that it claims to come from; absent: that of the other host. */
      readonly from?: string
      readonly segment: ForgedSegment
    }
  | {
      readonly kind: 'icmp'
      readonly atUs: number
      readonly to: Side
      readonly from?: string
      readonly error: ForgedError
    }
  | {
      readonly kind: 'call'
      /** Microseconds of the run. */
      readonly atUs: number
      /** Whose application does it, on its newest connection and beside its program. */
      readonly host: Side
      /** A step of a program: 'send 1000', 'close', 'set nodelay on'. */
      readonly step: string
    }

const CLIENT_PROGRAM = `connect
send 20000
wait
pause 100ms
close`

const SERVER_PROGRAM = `listen
receive to end
close`

export const DEFAULT_LAB: LabConfig = {
  seed: 1,
  ipv6: false,
  lesson: null,
  experiment: null,
  bytes: null,
  untilMs: null,
  hosts: [
    { name: 'client', program: CLIENT_PROGRAM, iss: 100, tuning: {} },
    { name: 'server', program: SERVER_PROGRAM, iss: 300, tuning: {} },
  ],
  paths: [{}, {}],
  versus: null,
  interventions: [],
}

/** What a path is like where nothing else is said. */
export const DEFAULT_PATH: Required<LabPath> = {
  rateBitsPerSecond: 0,
  queueBytes: 1_500_000,
  delayUs: 20_000,
  jitterUs: 0,
  loss: 0,
  reorder: 0,
  reorderByUs: 50_000,
  duplicate: 0,
  corrupt: 0,
  mtu: 0,
  mtuBlackHole: false,
}

/** The port that servers of the lab listen on unless their program names another. */
export const LAB_PORT = 80
