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
      try {
        await run(net)
      } finally {
        end() // A host with sockets would hold the process of a test that failed.
      }
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

/** A busy machine is no address that is silent, which is given up after 250 ms. */
export const PATIENT = { autoSelectFamilyAttemptTimeout: 60_000 }

/** A port that is free on every address, in the system and in Elko, and stays so: `port: 0` is never answered with it. */
export async function unusedPort(): Promise<number> {
  for (;;) {
    // Below those that the system gives to whoever asks for any; other processes of this file's kind begin elsewhere.
    const port = FIRST_UNUSED + ((process.pid * PORTS_EACH + unused++) % UNUSED_PORTS)
    const server = nodeNet.createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}

const FIRST_UNUSED = 10_000
const UNUSED_PORTS = 20_000
const PORTS_EACH = 50
let unused = 0

/** All that an error says, as a plain object. */
export function fieldsOf(error: unknown): Record<string, unknown> {
  const { name, message } = error as Error
  return { name, message, ...(error as object) }
}
