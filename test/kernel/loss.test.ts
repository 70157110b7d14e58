/**
 * 100 MB through a link that loses, reorders, duplicates and corrupts packets both ways, in both directions and both
 * versions of IP at once. Most of the time is spent waiting for retransmission timers, so the runs go side by side.
 *
 * At 10 % it shows that neither side has SACK yet. The kernel as a sender repairs little without a timeout, its timers
 * are never shorter than some 10 ms, and with timestamps its round trips, and so its timeouts, grow with each
 * acknowledgment lost: hence larger packets, no timestamps and no delayed acknowledgments where it sends.
 */

import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import type { PathCounters } from '../../src/sim/impairments.ts'
import { requirements } from './netns.ts'
import {
  blocks,
  connected,
  FAMILIES,
  type Family,
  hashOfBlocks,
  hashStream,
  listen,
  type Peers,
  type PeersOptions,
  serveBlocks,
  untilListening,
  withPeers,
} from './peer.ts'

const LENGTH = 100_000_000
const LIMIT_MS = 1_200_000
const lacks = requirements('curl', 'socat', 'nstat', 'ss', 'sha256sum')

function impaired(percent: number, more: PeersOptions): PeersOptions {
  const path = { loss: percent / 100, reorder: 0.02, reorderByUs: 500, duplicate: 0.01, corrupt: 0.01 }
  return { impair: { toLink: path, fromLink: path }, seed: 7, ...more }
}

const route = ['rto_min 5ms', 'congctl cubic', 'quickack 1']
const AT_3_PERCENT = impaired(3, { config: { rtoMinMs: 5 }, route })
const AT_10_PERCENT = impaired(10, { config: { rtoMinMs: 5 }, route })
const AT_10_PERCENT_KERNEL_SENDS = impaired(10, {
  mtu: 16_000,
  config: { rtoMinMs: 5, segmentsPerAck: 1, timestamps: false },
  route,
})

/** The link did what it was told to, or the test proves nothing. */
function assertImpaired({ impaired }: Peers): void {
  const { toLinkCounters, fromLinkCounters } = impaired!
  for (const counters of [toLinkCounters, fromLinkCounters] as PathCounters[]) {
    for (const what of ['lost', 'reordered', 'duplicated', 'corrupted'] as const) {
      assert.ok(counters[what] > 0, `no packet was ${what}`)
    }
  }
}

async function curlFetches(peers: Peers, family: Family): Promise<void> {
  const { ns, net } = peers
  listen(net, 80, (stream) => void serveBlocks(stream, LENGTH))
  const command = `curl -sS http://${family.elkoHost}/ | sha256sum`
  const { stdout } = await ns.run('sh', ['-c', command], { timeoutMs: LIMIT_MS })
  assert.equal(stdout.split(' ')[0], hashOfBlocks(LENGTH))
}

async function elkoFetches(peers: Peers, family: Family): Promise<void> {
  const { ns, net } = peers
  const file = join(ns.directory, 'served')
  await pipeline(Readable.from(blocks(LENGTH)), createWriteStream(file))
  const listen = `${family.socat}-LISTEN:5000`
  ns.spawn('socat', ['-u', '-b65536', `OPEN:${file}`, listen], { stdio: 'ignore' })
  await untilListening(ns, 5000)
  const stream = await connected(net, family, 5000)
  assert.deepEqual(await hashStream(stream), { octets: LENGTH, hash: hashOfBlocks(LENGTH) })
  stream.end()
}

const CURL = ['curl fetches 100 MB from Elko', curlFetches] as const
const ELKO = ['Elko fetches 100 MB from the kernel', elkoFetches] as const
const CASES = [
  ['3 %', AT_3_PERCENT, ...CURL],
  ['3 %', AT_3_PERCENT, ...ELKO],
  ['10 %', AT_10_PERCENT, ...CURL],
  ['10 %', AT_10_PERCENT_KERNEL_SENDS, ...ELKO],
] as const

test('side by side', { skip: lacks, concurrency: true, timeout: LIMIT_MS }, async (t) => {
  const runs = CASES.flatMap(([rate, options, what, fetches]) =>
    FAMILIES.map((family) =>
      t.test(`${family.name}, ${rate} loss both ways: ${what}, and the hash agrees`, () =>
        withPeers(options, async (peers) => {
          await fetches(peers, family)
          assertImpaired(peers)
        }),
      ),
    ),
  )
  await Promise.all(runs)
})
