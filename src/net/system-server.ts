/** What a server of Elko's listens with on a path or a descriptor, in a program that `elko/register` runs. */

import type nodeNet from 'node:net'
import type { Handle } from './server.ts'

/** What it needs of the server. */
interface Front extends NodeJS.EventEmitter {
  _handle: Handle | null
  _connections: number
  _emitCloseIfDrained(): void
}

/** `server._handle` over a server of node:net's. */
export class SystemHandle implements Handle {
  readonly #server: nodeNet.Server

  constructor(server: nodeNet.Server) {
    this.#server = server
  }

  address(): string | nodeNet.AddressInfo | null {
    return this.#server.address()
  }

  ref(): void {
    this.#server.ref()
  }

  unref(): void {
    this.#server.unref()
  }

  close(): void {
    this.#server.close()
  }
}

/** @param args what `listen` was called with. */
export function listenOnSystem(Server: typeof nodeNet.Server, front: Front, args: unknown[]): void {
  const { allowHalfOpen, pauseOnConnect, highWaterMark } = front as nodeNet.ServerOpts
  const server = new Server({ allowHalfOpen, pauseOnConnect, highWaterMark } as nodeNet.ServerOpts)
  const handle = new SystemHandle(server)
  server.on('error', (error) => {
    if (front._handle === handle) front._handle = null
    front.emit('error', error)
  })
  server.on('listening', () => {
    if (front._handle === handle) front.emit('listening')
  })
  server.on('connection', (socket) => {
    front._connections++
    Object.assign(socket, { server: front })
    socket.once('close', () => {
      front._connections--
      front._emitCloseIfDrained()
    })
    front.emit('connection', socket)
  })
  // The callback was taken for a listener of ours.
  Reflect.apply(server.listen, server, typeof args.at(-1) === 'function' ? args.slice(0, -1) : args)
  front._handle = handle
}
