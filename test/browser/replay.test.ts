/** A host in Chromium is recorded, replayed in the page and in Node: the same log, the same events. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replayRun } from '../../src/replay/replayed-run.ts'
import { lacksBrowser, withPage } from './page.ts'

const skip = { skip: lacksBrowser, timeout: 300_000 }

interface Globals {
  readonly link: typeof import('../../src/link/portable.ts')
  readonly web: typeof import('../../src/web/index.ts')
  readonly replay: typeof import('../../src/replay/index.ts')
}

test('sockets of a page are recorded, and replay in the page and in Node bit for bit', skip, async () => {
  const { octets, inPage } = await withPage(['link/portable', 'web', 'replay'], (page) =>
    page.evaluate(async () => {
      const { link, web, replay } = globalThis as unknown as Globals
      const { port1, port2 } = new MessageChannel()
      const log = new replay.InputLog()
      const hosts = [port1, port2].map(
        (port, i) =>
          new link.LinkHost(link.messagePortLink(port), {
            name: i === 0 ? 'client' : 'server',
            addresses: [`10.0.0.${i + 1}/24`],
            record: log,
          }),
      )
      const [client, server] = hosts.map((host) => web.createWeb(host))
      const listener = server!.listen({ port: 7 })
      void (async () => {
        for await (const socket of listener) void socket.readable.pipeTo(socket.writable)
      })()
      const socket = client!.connect('10.0.0.2:7')
      const writer = socket.writable.getWriter()
      void writer.write(new Uint8Array(100_000).fill(7)).then(() => writer.close())
      let back = 0
      for await (const chunk of socket.readable as unknown as AsyncIterable<Uint8Array>) back += chunk.length
      for (const host of hosts) host.close()
      log.end()
      const { divergence, retelling, end, replayed, events } = replay.replayRun(log.octets())
      const inPage = { back, divergence, retelling, end, replayed, events }
      return { octets: [...log.octets()], inPage: JSON.parse(JSON.stringify(inPage)) as typeof inPage }
    }),
  )
  assert.equal(inPage.back, 100_000)
  const { divergence, retelling, end, replayed, events } = replayRun(Uint8Array.from(octets))
  assert.deepEqual([divergence, retelling, end], [null, null, 'ended'])
  assert.ok(replayed > 30, `${replayed} events`)
  assert.deepEqual(inPage, {
    back: 100_000,
    ...JSON.parse(JSON.stringify({ divergence, retelling, end, replayed, events })),
  })
})
