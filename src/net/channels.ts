/**
 * What sockets and servers tell diagnostics_channel, in Node's shapes: under Elko's names, and under Node's own, so that
 * whoever listens to node:net hears of these as well.
 *
 * | channel                                     | message                                                    |
 * | ------------------------------------------- | ---------------------------------------------------------- |
 * | `elko.client.socket`, `net.client.socket`   | `{ socket }`: `connect` made it and will open it           |
 * | `elko.server.socket`, `net.server.socket`   | `{ socket }`: accepted, and about to be emitted            |
 * | `tracing:elko.server.listen:asyncStart`     | `{ server, options }`: `listen` was called                 |
 * | `tracing:elko.server.listen:asyncEnd`       | `{ server }`: the server listens                           |
 * | `tracing:elko.server.listen:error`          | `{ server, error }`: it cannot                             |
 *
 * The last three also as `tracing:net.server.listen:*`. trace-channels.ts has what TCP does.
 */

import { channel } from 'node:diagnostics_channel'

const both = (name: string) => [channel(`elko.${name}`), channel(`net.${name}`)] as const
const tracing = (event: string) =>
  [channel(`tracing:elko.server.listen:${event}`), channel(`tracing:net.server.listen:${event}`)] as const

const clientSocket = both('client.socket')
const serverSocket = both('server.socket')
const listenStart = tracing('asyncStart')
const listenEnd = tracing('asyncEnd')
const listenError = tracing('error')

export function announceClientSocket(socket: unknown): void {
  for (const each of clientSocket) if (each.hasSubscribers) each.publish({ socket })
}

export function announceServerSocket(socket: unknown): void {
  for (const each of serverSocket) if (each.hasSubscribers) each.publish({ socket })
}

/** @param options as `listen` was given them. */
export function announceListen(server: unknown, options: unknown): void {
  for (const each of listenStart) if (each.hasSubscribers) each.publish({ server, options })
}

export function announceListening(server: unknown): void {
  for (const each of listenEnd) if (each.hasSubscribers) each.publish({ server })
}

export function announceListenFailure(server: unknown, error: unknown): void {
  for (const each of listenError) if (each.hasSubscribers) each.publish({ server, error })
}
