/**
 * What a random run is to do: two hosts, the path between them, and the applications at both ends of each connection,
 * all drawn from one seed and all of it plain data, so that a failing run can be printed and simplified.
 */

import type { Config } from '../tcp/config.ts'
import type { ImpairmentOptions } from './impairment-options.ts'
import { Random } from './random.ts'
import { drawConnection } from './random-run-script.ts'

export interface RunPlan {
  /** Also the seed of the network's chances. */
  readonly seed: number
  readonly version: 4 | 6
  readonly hosts: readonly [HostPlan, HostPlan]
  /** The path from host 0 to host 1, and back, until `quietAtUs`. */
  readonly paths: readonly [ImpairmentOptions, ImpairmentOptions]
  /** From here on the paths lose nothing and damage nothing; what they delay and how fast they are stays. */
  readonly quietAtUs: number
  /** A time in which the paths lose everything, or null. */
  readonly silence: { readonly atUs: number; readonly forUs: number } | null
  /** Probability that a packet arrives once more, up to LATEST_COPY_US later: an old duplicate. */
  readonly lateCopies: number
  /** The connections follow each other at the same sockets, each opened when host 0 has done with the one before. */
  readonly reusesPort: boolean
  readonly connections: readonly ConnectionPlan[]
}

export interface HostPlan {
  readonly config: Partial<Config>
  /** The link's MTU, octets. */
  readonly mtu: number
  /** What comes round during the first connection: a sequence number at 2^32 or 2^31, or the timestamp at 2^32. */
  readonly wrap: 'sequence' | 'sign' | 'timestamp' | 'nothing'
  /** Octets, or milliseconds of the timestamp clock, from the opening to there. */
  readonly wrapAfter: number
}

/** Who opens: host 0 to a listener, both at once, or host 0 although nobody listens. */
export type Opening = 'passive' | 'simultaneous' | 'refused'

export interface ConnectionPlan {
  readonly opening: Opening
  /** Microseconds of the run, or after the connection before it at the same sockets, at which it is opened. */
  readonly startUs: number
  /** The applications at host 0 and at host 1. */
  readonly ends: readonly [EndPlan, EndPlan]
}

export interface EndPlan {
  readonly writes: readonly WritePlan[]
  /** Writes before it is told that the connection is synchronized. */
  readonly writesEarly: boolean
  /** Most octets that one RECEIVE asks for, and the pause after it. */
  readonly readOctets: number
  readonly readPauseUs: number
  /** After so many octets it stops reading for so long. */
  readonly stopAfter: number
  readonly stopUs: number
  /** What it waits for before it closes: its own last write, or the end of the other side's octets as well. */
  readonly closes: 'written' | 'peer-closed'
  readonly closeDelayUs: number
  /** CLOSE, and go on reading; or release, as close(2). */
  readonly ending: 'close' | 'release'
  /** Microseconds after its opening at which it aborts, if it still can; Infinity: never. */
  readonly abortAfterUs: number
  /** Microseconds after its opening at which it closes, whatever it still meant to send; Infinity: never. */
  readonly closeAfterUs: number
}

export interface WritePlan {
  readonly octets: number
  readonly push: boolean
  readonly urgent: boolean
  /** Microseconds until the next write, once this one has found room. */
  readonly pauseUs: number
}

/** The plan of a seed: the same one, always. */
export function planRun(seed: number): RunPlan {
  const random = new Random(seed).fork('plan')
  const version = random.chance(0.6) ? 4 : 6
  const hosts = [drawHost(random, version), drawHost(random, version)] as const
  const isClean = random.chance(0.15)
  const first = isClean ? cleanPath(random) : drawPath(random, version)
  const isSymmetric = isClean || random.chance(0.5)
  const paths = [first, isSymmetric ? first : drawPath(random, version)] as const
  const count = random.chance(0.75) ? 1 : random.range(2, 4)
  const reusesPort = count > 1 && random.chance(0.4)
  const connections: ConnectionPlan[] = []
  for (let i = 0; i < count; i++) {
    const connection = drawConnection(random, hosts, version, count)
    connections.push(reusesPort ? whole(connection) : hasty(connection, random.fork(`hasty ${i}`)))
  }
  const quietAtUs = random.pick([2e6, 10e6, 30e6, 60e6])
  const hasSilence = !isClean && random.chance(0.06)
  const silence = hasSilence
    ? { atUs: random.range(0, quietAtUs / 2), forUs: random.range(0, quietAtUs / 2) }
    : null
  const lateCopies = !isClean && random.chance(0.15) ? random.pick([0.02, 0.1, 0.5]) : 0
  return { seed, version, hosts, paths, quietAtUs, silence, lateCopies, reusesPort, connections }
}

/**
 * Without TIME-WAIT, which a reset skips, nothing protects the next connection from old segments of this one; and within
 * four microseconds of virtual time it would get the same initial sequence number.
 */
function whole({ startUs, ends }: ConnectionPlan): ConnectionPlan {
  const uncut = (end: EndPlan): EndPlan => ({
    ...end,
    ending: 'close',
    abortAfterUs: Number.POSITIVE_INFINITY,
  })
  return { opening: 'passive', startUs: Math.max(startUs, 5000), ends: [uncut(ends[0]), uncut(ends[1])] }
}

/** Seldom, an application closes when it has hardly opened: perhaps in SYN-SENT, perhaps in SYN-RECEIVED. */
function hasty(connection: ConnectionPlan, random: Random): ConnectionPlan {
  const draw = (end: EndPlan): EndPlan => {
    const closeAfterUs = random.range(0, random.pick([0, 2000, 100_000, 700_000]))
    return random.chance(0.05) ? { ...end, closeAfterUs } : end
  }
  return { ...connection, ends: [draw(connection.ends[0]), draw(connection.ends[1])] }
}

/** Longest time that a packet of this plan may be under way, microseconds: the MSL must not be shorter. */
const LONGEST_FLIGHT_US = 4_000_000
export const LATEST_COPY_US = 3_000_000

function drawHost(random: Random, version: 4 | 6): HostPlan {
  const mtus = version === 4 ? [296, 576, 1500, 1500, 1500, 4352, 9000] : [1280, 1400, 1500, 1500, 9000]
  return {
    config: drawConfig(random),
    mtu: random.pick(mtus),
    wrap: random.pick(['sequence', 'sequence', 'sign', 'timestamp', 'nothing'] as const),
    wrapAfter: random.pick([0, 1, 2, 3, 10, 100, 1000, 5000, 20_000, 60_000]) + random.range(0, 3),
  }
}

const SIZES = [536, 1000, 1460, 4000, 4096, 16_384, 20_000, 65_535, 65_536, 100_000, 300_000, 1 << 20]

function bufferSize(random: Random): number {
  if (random.chance(0.08)) return random.range(1, 100)
  return random.chance(0.1) ? random.range(100, 3000) : random.pick(SIZES)
}

function drawConfig(random: Random): Partial<Config> {
  return {
    sendBufferBytes: bufferSize(random),
    receiveBufferBytes: bufferSize(random),
    reassemblyRanges: random.pick([1, 2, 8, 512, 512, 512]),
    mssLimit: random.chance(0.6) ? 0 : random.pick([48, 64, 100, 512, 536, 1000, 1220, 1460]),
    windowScaling: random.chance(0.75),
    timestamps: random.chance(0.6),
    initialWindowSegments: random.pick([1, 2, 3, 4, 10, 10, 10, 50]),
    restartAfterIdle: random.chance(0.8),
    nagle: random.chance(0.6),
    overrideTimeoutMs: random.pick([100, 200, 200, 1000]),
    delayedAckMs: random.pick([0, 10, 40, 40, 200, 499]),
    segmentsPerAck: random.pick([1, 2, 2]),
    rtoInitialMs: random.pick([200, 1000, 1000, 3000]),
    rtoMinMs: random.pick([1, 20, 200, 200, 200, 1000]),
    blackHoleRetransmissions: random.pick([1, 2, 3, 3]),
    ...drawKeepAlive(random),
    mslMs: random.chance(0.7) ? 60_000 : LONGEST_FLIGHT_US / 1000,
    finWait2Ms: random.pick([5000, 60_000, 60_000]),
    challengeAckLimit: random.pick([1, 10, 10]),
  }
}

/** So many probes that loss alone does not end a connection. */
function drawKeepAlive(random: Random): Partial<Config> {
  const keepAlive = random.chance(0.15)
  const keepAliveIdleMs = random.pick([500, 5000, 30_000])
  return {
    keepAlive,
    keepAliveIdleMs,
    keepAliveIntervalMs: 2000,
    keepAliveProbes: 100,
    keepAliveGarbage: random.chance(0.3),
  }
}

function cleanPath(random: Random): ImpairmentOptions {
  return { delayUs: random.pick([0, 10, 1000, 20_000, 100_000]) }
}

function drawPath(random: Random, version: 4 | 6): ImpairmentOptions {
  const delayUs = random.pick([0, 100, 1000, 10_000, 50_000, 150_000, 300_000])
  return {
    delayUs,
    ...(random.chance(0.4) && drawRate(random)),
    ...(random.chance(0.4) && {
      jitterUs: Math.floor((delayUs * random.range(1, 100)) / 100),
      jitterReorders: random.chance(0.5),
    }),
    ...drawLoss(random),
    ...(random.chance(0.3) && {
      reorder: random.pick([0.01, 0.05, 0.3]),
      reorderByUs: random.pick([100, 5000, 30_000, 200_000]),
    }),
    ...(random.chance(0.3) && { duplicate: random.pick([0.01, 0.1, 0.3]) }),
    ...(random.chance(0.25) && { corrupt: random.pick([0.01, 0.05, 0.1]) }),
    ...(random.chance(0.15) && {
      mtu: version === 4 ? random.pick([576, 800, 1006, 1400, 1492]) : random.pick([1280, 1400, 1492]),
      mtuBlackHole: random.chance(0.4),
    }),
  }
}

/** A rate, and a queue of at most two seconds. */
function drawRate(random: Random): ImpairmentOptions {
  const rateBitsPerSecond = random.pick([256_000, 1_000_000, 10_000_000, 100_000_000])
  const queueBytes = Math.min(
    random.pick([3000, 10_000, 64_000, 1_500_000]),
    Math.floor((2 * rateBitsPerSecond) / 8),
  )
  return { rateBitsPerSecond, queueBytes }
}

function drawLoss(random: Random): ImpairmentOptions {
  const kind = random.range(0, 9)
  if (kind < 3) return {}
  if (kind < 7) return { loss: random.pick([0.005, 0.02, 0.05, 0.1, 0.2, 0.3]) }
  if (kind === 7) {
    return { burst: { enter: random.pick([0.005, 0.02, 0.05]), leave: random.pick([0.1, 0.3, 0.5]) } }
  }
  const loseList: number[] = []
  for (let n = random.range(1, 6); n > 0; n--) loseList.push(random.range(1, 40))
  return { loseList }
}
