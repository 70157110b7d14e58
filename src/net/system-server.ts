/** What a server of Elko's listens with on a path or a descriptor, in a program that `elko/register` runs: a server of node:net's. */

import type nodeNet from 'node:net'
import type { SystemNet } from './system-net.ts'

/** What Node's servers do not show. */
interface Inner {
  readonly _handle: unknown
  readonly _connectionKey: string | undefined
  _connections: number
}

/** What it needs of Elko's server. */
interface Front extends NodeJS.EventEmitter {
  _handle: unknown
  _connectionKey: string | undefined
  _system: nodeNet.Server | null
  _unref: boolean
  readonly allowHalfOpen: boolean
  readonly pauseOnConnect: boolean
  readonly highWaterMark: number
  readonly noDelay: boolean
  readonly keepAlive: boolean
  /** Whole seconds. */
  readonly keepAliveInitialDelay: number
  readonly maxConnections: number | undefined
}

/**
 * `front._handle` is the system's own, so that `child.send` and `stdio` take it; the sockets and their number are the other
 * server's, which knows of those that were sent to other processes.
 *
 * @param args what `listen` was called with.
 */
export function listenOnSystem({ Server }: SystemNet, front: Front, args: unknown[]): void {
  const { allowHalfOpen, pauseOnConnect, highWaterMark, noDelay, keepAlive } = front
  const keepAliveInitialDelay = 1000 * front.keepAliveInitialDelay
  const options = { allowHalfOpen, pauseOnConnect, highWaterMark, noDelay, keepAlive, keepAliveInitialDelay }
  const server = new Server(options)
  Object.defineProperty(server, 'maxConnections', { get: () => front.maxConnections })
  front._system = server
  const inner = server as unknown as Inner
  // What core counts when it sends a socket away, it counts at `socket.server`.
  Object.defineProperty(front, '_connections', {
    get: () => inner._connections,
    set: (count: number) => {
      inner._connections = count
    },
    enumerable: true,
    configurable: true,
  })
  const takeHandle = (): void => {
    front._handle = inner._handle
    front._connectionKey = inner._connectionKey
  }
  server.on('error', (error) => {
    if (front._system !== server) return
    front._system = null
    front.emit('error', error)
  })
  server.on('listening', () => {
    takeHandle()
    front.emit('listening')
  })
  server.on('connection', (socket) => {
    Object.assign(socket, { server: front })
    front.emit('connection', socket)
  })
  server.on('drop', (data) => front.emit('drop', data))
  server.on('close', () => {
    if (front._system !== server) return
    front._system = null
    front._handle = null
    Object.defineProperty(front, '_connections', { value: 0, writable: true })
    front.emit('close')
  })
  if (front._unref) server.unref()
  // The callback was taken for a listener of ours.
  Reflect.apply(server.listen, server, typeof args.at(-1) === 'function' ? args.slice(0, -1) : args)
  takeHandle() // There is none yet in a worker of a cluster, which asks its primary.
}
