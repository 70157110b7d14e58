/** Ways to make sockets and servers fail, to be played on node:net and on Elko's. */

import { once } from 'node:events'
import type nodeNet from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { turns } from '../link/turn.ts'

/** What both have. */
export type AnyNet = Pick<
  typeof nodeNet,
  'connect' | 'createServer' | 'Socket' | 'Server' | 'createConnection'
>

export interface Situation {
  readonly name: string
  /** Elko's word for it in `err.reason`: why a connection ended, or a call was refused; null for other errors. */
  readonly reason: string | null
  /** It takes ::1. */
  readonly needsIpv6?: true
  /** @param port one that nobody listens on, in the kernel and in Elko. */
  readonly happens: (net: AnyNet, port: number) => Promise<unknown>
}

const LOCAL = '127.0.0.1'
/** Long enough for a segment over a loopback to be answered, also where this process stands still meanwhile. */
async function soon(): Promise<void> {
  await sleep(50)
  await turns()
}

async function failure(emitter: NodeJS.EventEmitter): Promise<unknown> {
  return new Promise((resolve) => emitter.once('error', resolve))
}

/** What a call throws. */
async function thrown(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

interface Ends {
  readonly client: nodeNet.Socket
  readonly accepted: nodeNet.Socket
  readonly server: nodeNet.Server
}

async function established(
  net: AnyNet,
  run: (ends: Ends) => Promise<unknown>,
  options: Partial<nodeNet.TcpNetConnectOpts> = {},
  pauseOnConnect = false,
): Promise<unknown> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect })
  server.listen(0, LOCAL)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = net.connect({ host: LOCAL, port, ...options })
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [nodeNet.Socket],
    unknown,
  ]
  accepted.on('error', () => {})
  try {
    return await run({ client, accepted, server })
  } finally {
    client.on('error', () => {})
    client.destroy()
    accepted.destroy()
    server.close()
  }
}

/** A lookup that answers with these addresses whatever is asked. */
const lookup =
  (...addresses: readonly { address: string; family: number }[]): nodeNet.LookupFunction =>
  (_name, options, callback) => {
    const { address, family } = addresses[0]!
    if (options.all === true) process.nextTick(callback, null, addresses)
    else process.nextTick(callback, null, address, family)
  }

export const SITUATIONS: readonly Situation[] = [
  {
    name: 'a port that nobody listens on',
    reason: 'connection-refused',
    happens: (net, port) => failure(net.connect(port, LOCAL)),
  },
  {
    name: 'the same over IPv6',
    reason: 'connection-refused',
    needsIpv6: true,
    happens: (net, port) => failure(net.connect(port, '::1')),
  },
  {
    name: 'the same by a name with addresses of both families',
    reason: null,
    needsIpv6: true,
    happens: (net, port) => {
      const both = lookup({ address: '::1', family: 6 }, { address: LOCAL, family: 4 })
      return failure(
        net.connect({
          host: 'both.test',
          port,
          lookup: both,
          autoSelectFamily: true,
          autoSelectFamilyAttemptTimeout: 60_000,
        }),
      )
    },
  },
  {
    name: 'a reset while nothing is on its way: read',
    reason: 'reset-by-peer',
    happens: (net) =>
      established(net, async ({ client, accepted }) => {
        client.resume()
        accepted.resetAndDestroy()
        return failure(client)
      }),
  },
  {
    name: 'the other side closes with octets unread: read',
    reason: 'reset-by-peer',
    happens: (net) =>
      established(
        net,
        async ({ client, accepted }) => {
          client.resume()
          client.write('unread')
          await soon()
          accepted.destroy()
          return failure(client)
        },
        {},
        true,
      ),
  },
  {
    name: 'writing on after the other side closed: EPIPE',
    reason: 'reset-by-peer',
    happens: (net) =>
      established(
        net,
        async ({ client, accepted }) => {
          client.resume()
          accepted.destroy()
          await once(client, 'end')
          client.write('answered by a reset')
          await soon()
          client.write('fails')
          return failure(client)
        },
        { allowHalfOpen: true },
      ),
  },
  {
    name: 'a port that somebody listens on',
    reason: 'address-in-use',
    happens: async (net, port) => {
      const first = net.createServer().listen(port, LOCAL)
      await once(first, 'listening')
      const error = await failure(net.createServer().listen(port, LOCAL))
      first.close()
      return error
    },
  },
  {
    name: 'listening on an address of somebody else',
    reason: 'address-not-available',
    happens: (net) => failure(net.createServer().listen(5000, '8.8.8.8')),
  },
  {
    name: 'a local address of somebody else',
    reason: 'address-not-available',
    happens: (net, port) => failure(net.connect({ port, host: LOCAL, localAddress: '9.9.9.9' })),
  },
  {
    name: 'an abort signal while connecting',
    reason: null,
    happens: async (net, port) => {
      const controller = new AbortController()
      const socket = new net.Socket({ signal: controller.signal })
      const failed = failure(socket)
      socket.connect(port, LOCAL)
      controller.abort()
      return failed
    },
  },
  {
    name: 'an abort signal while connected',
    reason: null,
    happens: async (net) => {
      const controller = new AbortController()
      return established(
        net,
        async ({ client }) => {
          const failed = failure(client)
          controller.abort(new Error('enough'))
          return failed
        },
        { signal: controller.signal } as Partial<nodeNet.TcpNetConnectOpts>,
      )
    },
  },
  {
    name: 'write after end',
    reason: null,
    happens: (net) =>
      established(net, async ({ client }) => {
        client.end()
        client.write('late')
        return failure(client)
      }),
  },
  {
    name: 'write after destroy',
    reason: null,
    happens: (net) =>
      established(net, async ({ client }) => {
        client.destroy()
        return new Promise((resolve) => client.write('late', resolve))
      }),
  },
  {
    name: 'write after the other side ended, without allowHalfOpen',
    reason: null,
    happens: (net) =>
      established(net, async ({ client, accepted }) => {
        client.resume()
        accepted.end()
        await once(client, 'end')
        client.write('late')
        return failure(client)
      }),
  },
  {
    name: 'resetAndDestroy of a socket that is not connected',
    reason: null,
    happens: (net) => failure(new net.Socket().resetAndDestroy()),
  },
  {
    name: 'destroy with an error of the user',
    reason: null,
    happens: (net) => failure(new net.Socket().destroy(Object.assign(new TypeError('mine'), { extra: 1 }))),
  },
  {
    name: 'a port out of range',
    reason: null,
    happens: (net) => thrown(() => net.connect(70_000, LOCAL)),
  },
  {
    name: 'connect without a port',
    reason: null,
    happens: (net) => thrown(() => net.connect({} as nodeNet.TcpNetConnectOpts)),
  },
  {
    name: 'a time-out that is no number',
    reason: null,
    happens: (net) => thrown(() => new net.Socket().setTimeout('soon' as unknown as number)),
  },
  {
    name: 'a negative time-out',
    reason: null,
    happens: (net) => thrown(() => new net.Socket().setTimeout(-1)),
  },
  {
    name: 'a chunk of no type that can be written',
    reason: null,
    happens: (net) => thrown(() => new net.Socket().write(1 as unknown as string)),
  },
  {
    name: 'a local address that is none',
    reason: null,
    happens: (net, port) =>
      thrown(() => net.connect({ port, host: LOCAL, localAddress: 'nonsense' } as nodeNet.TcpNetConnectOpts)),
  },
  {
    name: 'listening twice',
    reason: null,
    happens: async (net) => {
      const server = net.createServer().listen(0, LOCAL)
      await once(server, 'listening')
      const error = await thrown(() => server.listen(0, LOCAL))
      server.close()
      return error
    },
  },
  {
    name: 'closing a server that is not running',
    reason: null,
    happens: (net) => new Promise((resolve) => net.createServer().close(resolve)),
  },
  {
    name: 'listen without anything to listen on',
    reason: null,
    happens: (net) => thrown(() => net.createServer().listen({} as nodeNet.ListenOptions)),
  },
  {
    name: 'a server port out of range',
    reason: null,
    happens: (net) => thrown(() => net.createServer().listen(-1)),
  },
  {
    name: 'options of a server that are none',
    reason: null,
    happens: (net) => thrown(() => net.createServer('options' as unknown as nodeNet.ServerOpts)),
  },
  {
    name: 'a lookup that fails',
    reason: null,
    happens: (net, port) => {
      const failing = ((_name, _options, callback) =>
        process.nextTick(
          callback,
          Object.assign(new Error('no'), { code: 'EAI_FAIL' }),
        )) as nodeNet.LookupFunction
      return failure(net.connect({ host: 'x.test', port, lookup: failing }))
    },
  },
  {
    name: 'a lookup that answers with no address',
    reason: null,
    happens: (net, port) =>
      failure(
        net.connect({ host: 'x.test', port, family: 4, lookup: lookup({ address: 'nonsense', family: 4 }) }),
      ),
  },
]
