/** Healthy runs of the test network, and the packets that each end saw. */

import { CaptureReader } from '../../src/capture/index.ts'
import type { CaptureRecord } from '../../src/capture/record.ts'
import { network, type PathOptions, Random } from '../../src/testnet/index.ts'
import { PROGRAMS } from './healthy-programs.ts'

export const RUNS = 110
const DELAYS_US = [100, 500, 2000, 8000, 20_000, 40_000, 90_000, 150_000]
/** Up to one in a hundred. */
const LOSSES = [0, 0, 0.001, 0.003, 0.005, 0.01]

function pathOf(random: Random): PathOptions {
  const delayUs = random.pick(DELAYS_US)
  return {
    delayUs,
    jitterUs: random.chance(0.5) ? Math.floor(delayUs / 10) : 0,
    loss: random.pick(LOSSES),
    reorder: random.chance(0.3) ? 0.005 : 0,
    reorderByUs: Math.floor(delayUs / 4) + 50,
    duplicate: random.chance(0.2) ? 0.005 : 0,
    ...(random.chance(0.3) ? { rateBitsPerSecond: 20_000_000 } : {}),
  }
}

/** A run's packets as they stand in one capture with two interfaces: 0 is the client's, 1 the server's. */
export async function packetsOf(seed: number): Promise<Uint8Array> {
  const random = new Random(`healthy ${seed}`)
  const net = network({ seed: `healthy ${seed}`, failures: null })
  const client = net.host('10.0.0.1', 'fd00::1', { name: 'client' })
  const server = net.host('10.0.0.2', 'fd00::2', { name: 'server' })
  net.path(client, server, pathOf(random))
  const programs = Object.values(PROGRAMS)
  const program = programs[seed % programs.length]!
  const address = random.chance(0.5) ? '10.0.0.2' : 'fd00::2'
  await net.run(() => program({ client, server, address, random }))
  const octets = net.pcapng()
  net.close()
  return octets
}

/** Calls with each packet of one end. */
export function eachPacket(octets: Uint8Array, end: number, take: (record: CaptureRecord) => void): void {
  const reader = new CaptureReader((record) => {
    if (record.interfaceIndex === end) take(record)
  })
  reader.push(octets)
  reader.end()
}
