/**
 * 100 MB through a clean link, both ways: every octet in its place and nothing sent twice. 10 MB of the same kind are
 * captured, and tshark finds no wrong checksum and no retransmission.
 */

import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { requirements } from './netns.ts'
import {
  assertClean,
  assertNothingAgain,
  assertSettles,
  blocks,
  captureAll,
  connected,
  FAMILIES,
  type Family,
  hashOfBlocks,
  hashStream,
  listen,
  type Peers,
  serveBlocks,
  untilListening,
  withPeers,
} from './peer.ts'

const LENGTH = 100_000_000
const CAPTURED_LENGTH = 10_000_000
const lacks = requirements('curl', 'socat', 'tcpdump', 'tshark', 'nstat', 'ss', 'sha256sum')

async function curlFetches({ ns, host, net }: Peers, family: Family, length: number): Promise<void> {
  const server = listen(net, 80, (stream) => void serveBlocks(stream, length))
  const { stdout } = await ns.run('sh', ['-c', `curl -sS http://${family.elkoHost}/ | sha256sum`])
  assert.equal(stdout.split(' ')[0], hashOfBlocks(length))
  await assertSettles(host)
  server.close()
}

async function elkoFetches({ ns, host, net }: Peers, family: Family, length: number): Promise<void> {
  const file = join(ns.directory, `${length}`)
  const port = length === LENGTH ? 5001 : 5000
  await pipeline(Readable.from(blocks(length)), createWriteStream(file))
  ns.spawn('socat', ['-u', '-b65536', `OPEN:${file}`, `${family.socat}-LISTEN:${port}`], { stdio: 'ignore' })
  await untilListening(ns, port)
  const stream = await connected(net, family, port)
  assert.deepEqual(await hashStream(stream), { octets: length, hash: hashOfBlocks(length) })
  stream.end()
  await assertSettles(host)
}

for (const family of FAMILIES) {
  const way = {
    'curl fetches 100 MB from a server on Elko': curlFetches,
    'Elko fetches 100 MB from the kernel': elkoFetches,
  }
  for (const [what, fetches] of Object.entries(way)) {
    test(`${family.name}: ${what}, and the hash agrees`, { skip: lacks }, () =>
      withPeers({}, async (peers) => {
        const capture = await captureAll(peers.ns, peers.tun)
        await fetches(peers, family, CAPTURED_LENGTH)
        await assertClean(peers.ns, capture)
        await fetches(peers, family, LENGTH)
        await assertNothingAgain(peers)
      }),
    )
  }
}
