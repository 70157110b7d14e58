/**
 * A line between two TUN devices, with the delay, loss and disorder of Elko's impairing link. A process of its own, so that
 * nothing else makes it late. It takes a WireTask as JSON, says "ready" when packets pass, and for each octet of its standard
 * input how late it was at the latest, in milliseconds.
 */

import { impair } from '../../src/link/impair.ts'
import { openTun } from '../../src/link/tun.ts'
import { Lateness } from './lateness.ts'
import type { Wire } from './world.ts'

export interface WireTask {
  /** The devices' names. */
  readonly client: string
  readonly router: string
  readonly wire: Wire
}

const task: WireTask = JSON.parse(process.argv[2]!)
const { toServer, toClient, seed } = task.wire
const client = await openTun({ name: task.client, up: false })
const router = await openTun({ name: task.router, up: false })
const directions = {
  ...(toServer === undefined ? {} : { toLink: toServer }),
  ...(toClient === undefined ? {} : { fromLink: toClient }),
}
const impaired = impair(router, directions, seed ?? 1)
client.onPacket = (packet, offset, length) => {
  impaired.send(packet.slice(offset, offset + length), length)
}
impaired.onPacket = (packet, offset, length) => {
  client.send(packet.slice(offset, offset + length), length)
}
const lateness = new Lateness()
process.stdin.on('data', () => {
  lateness.look()
  process.stdout.write(`${lateness.most}\n`)
})
process.stdout.write('ready\n')
