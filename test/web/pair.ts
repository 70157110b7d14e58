/** Two hosts of the web on a link in one process, and what tests say to them. */

import assert from 'node:assert/strict'
import { LinkHost, type LinkHostOptions } from '../../src/link/host.ts'
import type { Link } from '../../src/link/link.ts'
import { loopbackPair } from '../../src/link/loopback.ts'
import { configure } from '../../src/tcp/config.ts'
import { createWeb, type Socket, type Web } from '../../src/web/index.ts'
import { until } from '../link/turn.ts'

export interface Pair {
  readonly a: Web
  readonly b: Web
  readonly hosts: readonly [LinkHost, LinkHost]
  [Symbol.dispose](): void
}

type Changes = Partial<Omit<LinkHostOptions, 'addresses'>>

/** TIME-WAIT is short. */
export const QUICK = { mslMs: 10, rtoMinMs: 10 }

/**
 * Host a is 10.0.0.1 and fd00::1, host b 10.0.0.2 and fd00::2. Their names are one address each: of a name with two, as
 * `both`, a slow machine tries the second as well, 250 ms later.
 */
export function webPair(
  changes: { readonly a?: Changes; readonly b?: Changes } = {},
  links: readonly [Link, Link] = loopbackPair(),
): Pair {
  const names = { a: ['10.0.0.1'], b: ['10.0.0.2'], both: ['10.0.0.2', 'fd00::2'] }
  const config = configure(QUICK)
  const hosts = (['a', 'b'] as const).map((name, i) => {
    const addresses = [`10.0.0.${i + 1}/24`, `fd00::${i + 1}/64`]
    return new LinkHost(links[i]!, { name, addresses, names, config, ...changes[name] })
  }) as [LinkHost, LinkHost]
  return {
    a: createWeb(hosts[0]),
    b: createWeb(hosts[1]),
    hosts,
    [Symbol.dispose]() {
      for (const host of hosts) host.close()
    },
  }
}

/** A connection of a's to b's port 80, both ends. */
export async function connected(
  { a, b }: Pick<Pair, 'a' | 'b'>,
  options: Parameters<Web['connect']>[1] = {},
): Promise<[client: Socket, server: Socket]> {
  const listener = b.listen({ port: 80, ...(options.allowHalfOpen === true ? { allowHalfOpen: true } : {}) })
  const client = a.connect('10.0.0.2:80', options)
  const { value: server } = await listener.next()
  await client.opened
  await listener.close()
  assert.ok(server)
  return [client, server]
}

export async function readText(socket: Socket): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of socket.readable) text += decoder.decode(chunk, { stream: true })
  return text
}

/** Writes and closes. */
export async function writeAll(socket: Socket, ...chunks: (string | Uint8Array)[]): Promise<void> {
  const writer = socket.writable.getWriter()
  for (const chunk of chunks) await writer.write(chunk)
  await writer.close()
}

/** Resolves when the hosts hold nothing any more; the test's own time limit is its bound. */
export function idle(...hosts: readonly LinkHost[]): Promise<void> {
  return until(() => hosts.every(({ stack }) => Object.values(stack.occupancy).every((held) => held === 0)))
}
