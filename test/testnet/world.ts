/** Two hosts with sockets like node:net's, and how a socket of theirs ends. */

import type { Socket } from 'node:net'
import {
  network,
  type PathOptions,
  type TestHost,
  type TestNetwork,
  type TestNetworkOptions,
} from '../../src/testnet/index.ts'

export interface World {
  readonly net: TestNetwork
  readonly a: TestHost
  readonly b: TestHost
}

/** Nothing is written where a run fails. */
export function world(
  path: PathOptions = { delay: '10ms' },
  seed: number | string = 1,
  options: TestNetworkOptions = {},
): World {
  const net = network({ seed, failures: null, ...options })
  const a = net.host('10.0.0.1', 'fd00::1', { name: 'a' })
  const b = net.host('10.0.0.2', 'fd00::2', { name: 'b' })
  net.path(a, b, path)
  return { net, a, b }
}

/** Reads a socket to its end: 'closed', or the code of its error. */
export function ending(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let code = 'closed'
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? error.message))
    socket.on('close', () => resolve(code))
    socket.resume()
  })
}

/** The endings of the sockets that a host accepts on a port, in order. Each sends back what it receives. */
export function echoes(host: TestHost, port = 7): Promise<string>[] {
  const endings: Promise<string>[] = []
  host.net
    .createServer((socket) => {
      endings.push(ending(socket))
      socket.pipe(socket)
    })
    .listen(port)
  return endings
}
