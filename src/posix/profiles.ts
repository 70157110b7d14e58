/**
 * Habits of other systems as configurations of Elko: what their scripts expect of TCP, and of sockets.
 *
 * Elko's own defaults are DEFAULT_CONFIG and follow the RFCs; these differ where Linux and FreeBSD do.
 */

import { type Config, configure } from '../tcp/config.ts'

/** Sizes of a buffer, octets: as tcp_wmem and tcp_rmem. */
export interface BufferSizes {
  readonly min: number
  readonly initial: number
  readonly max: number
}

export interface Profile {
  readonly name: 'linux' | 'freebsd'
  readonly config: Config
  readonly sendBuffer: BufferSizes
  readonly receiveBuffer: BufferSizes
  /** Unsent octets above which a socket is not writable: net.ipv4.tcp_notsent_lowat. */
  readonly notSentLowWater: number
  /** How often a SYN is sent again: net.ipv4.tcp_syn_retries. */
  readonly synRetries: number
}

/** What Linux and the BSDs have in common. */
const COMMON: Partial<Config> = {
  resetsAcknowledge: true,
  probesWithText: false,
}

/** Linux 6, with the switches that the field's scripts set first. */
export const LINUX: Profile = {
  name: 'linux',
  config: configure({
    ...COMMON,
    receiveBufferBytes: 270_000,
    windowShift: 8,
    restartAfterIdle: false,
    toleratesMissingTimestamps: true,
    slowStartSegmentsPerAck: 65_535,
    growsWhenHalfUsed: true,
    growsByNewsOnly: true,
    nagleSmallOnly: true,
    ackReleasesText: true,
    pushesLast: false,
    burstSegments: 2,
    quickAcks: 16,
    rtoMaxMs: 120_000,
  }),
  sendBuffer: { min: 4096, initial: 262_144, max: 4_194_304 },
  receiveBuffer: { min: 4096, initial: 540_000, max: 15 << 20 },
  notSentLowWater: 0xffffffff,
  synRetries: 5,
}

/** FreeBSD 14. */
export const FREEBSD: Profile = {
  name: 'freebsd',
  config: configure({ ...COMMON, receiveBufferBytes: 65_536, windowShift: 6, windowFollowsRoom: true }),
  sendBuffer: { min: 2048, initial: 32_768, max: 2_097_152 },
  receiveBuffer: { min: 2048, initial: 65_536, max: 2_097_152 },
  notSentLowWater: 0xffffffff,
  synRetries: 12,
}

/** How long a SYN is sent again that may go `retries` times more, milliseconds: the RTO begins at a second and doubles. */
export function synTimeMs(retries: number, { rtoMaxMs }: Config): number {
  let sum = 0
  for (let i = 0; i <= retries; i++) sum += Math.min(2 ** i * 1000, rtoMaxMs)
  return sum
}
