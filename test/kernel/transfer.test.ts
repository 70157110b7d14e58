/** 100 MB through a clean link, both ways: every octet in its place, no wrong checksum, no retransmission. */

import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import type { TcpStream } from '../../src/cli/stream.ts'
import { requirements } from './netns.ts'
import {
  assertClean,
  blocks,
  captureAll,
  connected,
  FAMILIES,
  hashOfBlocks,
  hashStream,
  untilListening,
  withPeers,
  writeBlocks,
} from './peer.ts'

const LENGTH = 100_000_000
const lacks = requirements('curl', 'socat', 'tcpdump', 'tshark', 'nstat', 'sha256sum')

/** As much of HTTP as curl needs. */
async function serve(stream: TcpStream, length: number): Promise<void> {
  let request = ''
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    request += chunk
    if (request.includes('\r\n\r\n')) break
  }
  stream.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`)
  await writeBlocks(stream, length)
}

for (const family of FAMILIES) {
  test(
    `${family.name}: curl fetches 100 MB from a server on Elko, and the hash agrees`,
    {
      skip: lacks,
    },
    () =>
      withPeers({}, async ({ ns, tun, host }) => {
        host.listen(
          { port: 80 },
          (stream) => void serve(stream, LENGTH).catch((error) => stream.destroy(error)),
        )
        const capture = await captureAll(ns, tun)
        const { stdout } = await ns.run('sh', ['-c', `curl -sS http://${family.elkoHost}/ | sha256sum`])
        assert.equal(stdout.split(' ')[0], hashOfBlocks(LENGTH))
        assert.equal(await host.settle(5000), true)
        await assertClean(ns, capture)
      }),
  )

  test(`${family.name}: Elko fetches 100 MB from the kernel, and the hash agrees`, { skip: lacks }, () =>
    withPeers({}, async ({ ns, tun, host }) => {
      const file = join(ns.directory, 'served')
      await pipeline(Readable.from(blocks(LENGTH)), createWriteStream(file))
      ns.spawn('socat', ['-u', '-b65536', `OPEN:${file}`, `${family.socat}-LISTEN:5000`], { stdio: 'ignore' })
      await untilListening(ns, 5000)
      const capture = await captureAll(ns, tun)
      const stream = await connected(host, family, 5000)
      assert.deepEqual(await hashStream(stream), { octets: LENGTH, hash: hashOfBlocks(LENGTH) })
      stream.end()
      assert.equal(await host.settle(5000), true)
      await assertClean(ns, capture)
    }),
  )
}
