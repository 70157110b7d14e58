/** What the applications of a random run do: how they open, write, read and end each connection. */

import { DEFAULT_CONFIG } from '../tcp/config.ts'
import type { Random } from './random.ts'
import type { ConnectionPlan, EndPlan, HostPlan, Opening, WritePlan } from './random-run-plan.ts'

type Hosts = readonly [HostPlan, HostPlan]

export function drawConnection(random: Random, hosts: Hosts, version: 4 | 6, count: number): ConnectionPlan {
  const kind = random.range(0, 99)
  const opening: Opening = kind < 82 ? 'passive' : kind < 97 ? 'simultaneous' : 'refused'
  const ends = [
    drawEnd(random, segmentBetween(hosts, 0, version), count),
    drawEnd(random, segmentBetween(hosts, 1, version), count),
  ] as const
  // Two that wait for each other would wait for ever.
  const isDeadlock = ends[0].closes === 'peer-closed' && ends[1].closes === 'peer-closed'
  const firstEnd = isDeadlock ? ({ ...ends[0], closes: 'written' } as const) : ends[0]
  const startUs = random.chance(0.7) ? 0 : random.range(0, 3_000_000)
  return { opening, startUs, ends: [firstEnd, ends[1]] }
}

/** About how many octets a segment of this host can carry: with them the length of a run is bounded. */
function segmentBetween(hosts: Hosts, sender: 0 | 1, version: 4 | 6): number {
  const headers = version === 4 ? 52 : 72
  const mss = hosts.map(({ mtu, config }) => Math.min(mtu - headers, config.mssLimit || 0xffff))
  const { receiveBufferBytes = DEFAULT_CONFIG.receiveBufferBytes } = hosts[1 - sender]!.config
  const { sendBufferBytes = DEFAULT_CONFIG.sendBufferBytes } = hosts[sender]!.config
  return Math.max(1, Math.min(...mss, receiveBufferBytes, sendBufferBytes))
}

function drawEnd(random: Random, segment: number, count: number): EndPlan {
  const segments = random.pick([0, 1, 3, 10, 10, 30, 30, 60, 60, 200]) / count
  const most = Math.min(Math.ceil(segments * segment), 1_000_000)
  const total = most === 0 ? 0 : random.range(1, most)
  const readsSlowly = random.chance(0.2)
  const stops = random.chance(0.15)
  return {
    writes: drawWrites(random, total, segment),
    writesEarly: random.chance(0.2),
    readOctets: readsSlowly ? Math.max(1, Math.ceil(most / random.range(2, 30))) : 1 << 20,
    readPauseUs: readsSlowly ? random.pick([1000, 20_000, 300_000]) : 0,
    stopAfter: stops ? random.range(0, total) : Number.POSITIVE_INFINITY,
    stopUs: stops ? random.pick([500_000, 5_000_000, 60_000_000, 600_000_000]) : 0,
    closes: random.chance(0.4) ? 'peer-closed' : 'written',
    closeDelayUs: random.chance(0.7) ? 0 : random.range(0, 3_000_000),
    ending: random.chance(0.85) ? 'close' : 'release',
    abortAfterUs: random.chance(0.05)
      ? random.range(0, random.pick([1000, 300_000, 5_000_000]))
      : Number.POSITIVE_INFINITY,
    closeAfterUs: Number.POSITIVE_INFINITY,
  }
}

const MOST_WRITES = 60

function drawWrites(random: Random, total: number, segment: number): WritePlan[] {
  const size = random.pick([1, 10, segment >> 1, segment, segment + 1, 3 * segment, 100_000, 1_000_000])
  const least = Math.ceil(total / MOST_WRITES)
  const pauses = random.chance(0.35)
  const pushes = random.chance(0.7)
  const urgent = random.chance(0.06)
  const writes: WritePlan[] = []
  for (let left = total; left > 0; ) {
    const octets = Math.min(left, Math.max(least, 1, random.chance(0.5) ? size : random.range(1, size || 1)))
    left -= octets
    writes.push({
      octets,
      push: pushes || random.chance(0.3),
      urgent: urgent && random.chance(0.3),
      pauseUs: pauses && random.chance(0.5) ? random.pick([100, 5000, 100_000, 400_000, 2_000_000]) : 0,
    })
  }
  return writes
}
