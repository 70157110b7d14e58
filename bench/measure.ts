/** One measurement in a process of its own: `node measure.js NAME` prints a number. */

import * as elko from './elko.ts'
import * as node from './node-net.ts'

export const MEASUREMENTS: Readonly<Record<string, () => Promise<number>>> = {
  'bulk elko 65535': () => elko.bulkGbps(65535, true, 6e9),
  'bulk elko 65535 checksummed': () => elko.bulkGbps(65535, false, 3e9),
  'bulk elko 1500': () => elko.bulkGbps(1500, true, 2e9),
  'bulk elko 1500 checksummed': () => elko.bulkGbps(1500, false, 1.5e9),
  'bulk node': () => node.bulkGbps(4e9),
  'trips elko': () => elko.roundTripsPerSecond(200_000),
  'trips node': () => node.roundTripsPerSecond(50_000),
  'setups elko': () => elko.setupsPerSecond(100_000, 100),
  'setups node': () => node.setupsPerSecond(10_000, 100),
  'memory elko': () => elko.octetsPerIdleConnection(50_000),
  'memory node': () => node.octetsPerIdleConnection(5_000),
  'tun receives': async () => (await import('./tun.ts')).tunGbps(true, 3),
  'tun receives bbr': async () => (await import('./tun.ts')).tunGbps(true, 3, 'bbr'),
  'tun sends': async () => (await import('./tun.ts')).tunGbps(false, 3),
}

const name = process.argv[2]
if (name !== undefined && import.meta.filename === process.argv[1]) {
  const measurement = MEASUREMENTS[name]
  if (measurement === undefined)
    throw new Error(`no measurement "${name}": ${Object.keys(MEASUREMENTS).join(', ')}`)
  console.log(await measurement())
  process.exit()
}
