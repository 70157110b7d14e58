/** One measurement in a process of its own: `node measure.js NAME` prints a number, or several by name, as JSON. */

import net from 'node:net'
import elkoNet from '../src/net/index.ts'
import * as elko from './elko.ts'
import * as sockets from './sockets.ts'

/** One number, or several by name. */
export type Figures = number | Readonly<Record<string, number>>

/** Elko's own calls, and what programs do with `node:net` in the place of the same. */
const STACKS: Readonly<Record<string, () => Promise<Figures>>> = {
  'bulk elko 65535': () => elko.bulkGbps(65535, true, 6e9),
  'bulk elko 65535 checksummed': () => elko.bulkGbps(65535, false, 3e9),
  'bulk elko 1500': () => elko.bulkGbps(1500, true, 2e9),
  'bulk elko 1500 checksummed': () => elko.bulkGbps(1500, false, 1.5e9),
  'bulk node': () => sockets.bulkGbps(net, 1, 4e9),
  'trips elko': () => elko.roundTripsPerSecond(200_000),
  'trips node': () => sockets.roundTripsPerSecond(net, 50_000),
  'setups elko': () => elko.setupsPerSecond(100_000, 100),
  'setups node': () => sockets.setupsPerSecond(net, 10_000, 100),
  'memory elko': () => elko.octetsPerIdleConnection(50_000),
  'memory node': () => sockets.octetsPerIdleConnection(net, 5_000),
  'tun receives': async () => (await import('./tun.ts')).tunGbps(true, 3),
  'tun receives bbr': async () => (await import('./tun.ts')).tunGbps(true, 3, 'bbr'),
  'tun sends': async () => (await import('./tun.ts')).tunGbps(false, 3),
}

/** The same program over `elko/net` and over `node:net`. */
function ofSockets(module: sockets.Net, name: string): Record<string, () => Promise<Figures>> {
  return {
    [`net bulk ${name}`]: () => sockets.bulkGbps(module, 1, 4e9),
    [`net bulk 100 ${name}`]: () => sockets.bulkGbps(module, 100, 3e9),
    [`net trips ${name}`]: () => sockets.roundTripsPerSecond(module, 50_000),
    [`net setups ${name}`]: () => sockets.setupsPerSecond(module, 10_000, 100),
    [`net crowd ${name}`]: () => sockets.crowd(module, 5_000, 20),
    [`net http ${name}`]: () => sockets.httpRequests(module, 15_000, 50),
  }
}

export const MEASUREMENTS: Readonly<Record<string, () => Promise<Figures>>> = {
  ...STACKS,
  ...ofSockets(elkoNet, 'elko'),
  ...ofSockets(net, 'node'),
  'net threads elko': async () => (await import('./threads.ts')).webGbps(4e9),
  'net threads node': async () => (await import('./threads.ts')).nodeGbps(4e9),
}

const name = process.argv[2]
if (name !== undefined && import.meta.filename === process.argv[1]) {
  const measurement = MEASUREMENTS[name]
  if (measurement === undefined)
    throw new Error(`no measurement "${name}": ${Object.keys(MEASUREMENTS).join(', ')}`)
  console.log(JSON.stringify(await measurement()))
  process.exit()
}
