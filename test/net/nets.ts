/** node:net and elko/net side by side: what a test says of both is not only our opinion of node:net. */

import { once } from 'node:events'
import nodeNet from 'node:net'
import { describe, test } from 'node:test'
import { createNet } from '../../src/net/create-net.ts'
import { loopbackHost } from '../../src/net/default-host.ts'

/** What the tests use of both. */
export type AnyNet = typeof nodeNet

/** A net of a new host that is alone, and the host's end. */
export function elkoNet(): { net: AnyNet; end: () => void } {
  const host = loopbackHost()
  return { net: createNet(host) as unknown as AnyNet, end: () => host.close() }
}

/** The same test for node:net and for elko/net. */
export function onBoth(name: string, run: (net: AnyNet) => Promise<void> | void): void {
  describe(name, () => {
    test('node:net', () => run(nodeNet))
    test('elko/net', async () => {
      const { net, end } = elkoNet()
      await run(net)
      end()
    })
  })
}

/** Listens, and returns where. */
export async function listening(
  server: nodeNet.Server,
  options: nodeNet.ListenOptions = { port: 0, host: '127.0.0.1' },
): Promise<nodeNet.AddressInfo> {
  server.listen(options)
  await once(server, 'listening')
  return server.address() as nodeNet.AddressInfo
}

/** All that an error says, as a plain object. */
export function fieldsOf(error: unknown): Record<string, unknown> {
  const { name, message } = error as Error
  return { name, message, ...(error as object) }
}
