/** A host's way to itself as a link: all arrives, in order, in a later turn; and it can be impaired. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LinkHost } from '../../src/link/host.ts'
import { impair } from '../../src/link/impair.ts'
import type { Link } from '../../src/link/link.ts'
import { noLink } from '../../src/link/no-link.ts'
import { selfLink } from '../../src/link/self-link.ts'
import { configure } from '../../src/tcp/config.ts'
import { parseAddress } from '../../src/wire/address.ts'

const SELF = parseAddress('127.0.0.1')!

test('packets arrive in order, in a later turn, and those sent meanwhile in the next one', async () => {
  const link = selfLink(1500)
  const arrived: (number | string)[] = []
  link.onPacket = (packet, offset, length) => {
    arrived.push(packet[offset]!)
    assert.equal(length, 3)
    if (packet[offset] === 2) link.send(Uint8Array.of(9, 9, 9), 3)
  }
  link.onBatchEnd = () => arrived.push('end')
  const frame = new Uint8Array(10)
  for (const value of [1, 2, 3]) assert.ok(link.send(frame.fill(value), 3))
  frame.fill(0) // It is the sender's again.
  assert.deepEqual(arrived, [])
  while (arrived.length < 6) await new Promise(setImmediate)
  assert.deepEqual(arrived, [1, 2, 3, 'end', 9, 'end'])
  link.close()
  assert.ok(link.send(frame, 3))
})

test('a full one takes no packet, and says when it has room', async () => {
  const link = selfLink()
  let taken = 0
  while (link.send(new Uint8Array(20), 20)) taken++
  assert.equal(taken, 1024)
  let arrived = 0
  link.onPacket = () => arrived++
  const room = new Promise<void>((resolve) => (link.onWritable = resolve))
  await room
  assert.equal(arrived, 1024)
  assert.ok(link.send(new Uint8Array(20), 20))
  link.close()
})

/** Octets that a host sends to itself over a link, and how many segments went twice. */
async function transfer(link: Link, octets: number, rtoMinMs: number): Promise<number> {
  const config = configure({ rtoInitialMs: rtoMinMs, rtoMinMs })
  const host = new LinkHost(link, { addresses: ['127.0.0.1/8'], ownPacketsByLink: true, config })
  host.sync()
  const listener = host.stack.listen({ port: 80 })
  const client = host.stack.connect({ remoteAddress: SELF, remotePort: 80 })
  let queued = 0
  let received = 0
  const room = new Uint8Array(65_536)
  let server = null
  while (received < octets) {
    await sleep(1)
    host.sync()
    server ??= host.stack.accept(listener)
    if (server === null) continue
    if (queued < octets) queued += client.send(new Uint8Array(Math.min(20_000, octets - queued)))
    received += server.receive(room)
  }
  const { totalRetransmissions } = client.tcb
  host.close()
  return totalRetransmissions
}

test('a host speaks to itself over it', async () => {
  assert.equal(await transfer(selfLink(1500), 200_000, 60_000), 0)
})

test('impaired, it loses packets, and all octets arrive', async () => {
  const lossy = impair(selfLink(1500), { toLink: { loss: 0.05 } }, 'self')
  assert.ok((await transfer(lossy, 200_000, 20)) > 0)
})

test('a host on its own link ends without anybody’s timer', () => {
  for (const link of [noLink(), selfLink()]) {
    const host = new LinkHost(link, { addresses: ['127.0.0.1/8'] })
    host.hold()
    host.close() // If it left a timer behind, this file would not end.
  }
})
