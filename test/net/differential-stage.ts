/** Where a program of socket operations runs over one net: its server, its sockets, and a record of all that they say. */

import { once } from 'node:events'
import type nodeNet from 'node:net'
import { Journal } from './differential-journal.ts'
import {
  type Action,
  ENDS,
  type End,
  type Opening,
  type Operation,
  type Program,
  type ServerCall,
} from './differential-program.ts'
import type { Stage } from './differential-run.ts'
import { type AnyNet, listening } from './nets.ts'

/** What the octets are made of; its length is prime, so that no buffer's size is a multiple. */
const PATTERN = Buffer.from(Array.from({ length: 89 }, (_, i) => 32 + i))
const LOOPBACK = '127.0.0.1'
/** As large as what libuv reads at once. */
const ONREAD_BYTES = 65_536

export class SocketStage implements Stage<readonly Operation[]> {
  /** Time-outs that are to come. */
  expected = 0
  readonly #net: AnyNet
  readonly #sockets = new Map<End, nodeNet.Socket>()
  readonly #journal = new Journal()
  readonly #server: nodeNet.Server
  /** Its port is taken, and nobody listens there: connections to it are refused. */
  readonly #refuser: nodeNet.Server
  #refusing: nodeNet.Socket | null = null
  /** Octets that each end was given to write. */
  readonly #written = new Map<End, number>()
  readonly #prepare: (socket: nodeNet.Socket) => void
  #served = 0

  constructor(net: AnyNet, program: Program, prepare: (socket: nodeNet.Socket) => void) {
    const { steps, ...options } = program
    const { ports } = this.#journal
    this.#net = net
    this.#prepare = prepare
    this.#refuser = net.createServer()
    this.#server = net.createServer({ ...options, noDelay: true })
    this.#journal.watch('server', this.#server)
    this.#server.on('error', () => {})
    this.#server.on('connection', (socket) => {
      const end = `served ${this.#served++}` as End
      ports.set(socket.remotePort!, end.replace('served', 'client'))
      this.#add(end, socket)
    })
  }

  get lines(): number {
    return this.#journal.lines
  }

  async open(): Promise<void> {
    const { port } = await listening(this.#server)
    const place = await listening(this.#refuser)
    this.#refusing = this.#net.connect(place.port, LOOPBACK)
    await once(this.#refusing, 'connect')
    this.#journal.ports.set(port, 'server').set(this.#refusing.localPort!, 'refuser')
  }

  get state(): object {
    const ends = ENDS.filter((end) => this.#sockets.has(end)).map((end) => [
      end,
      stateOf(this.#sockets.get(end)!),
    ])
    return {
      said: this.#journal.said,
      ends: Object.fromEntries(ends),
      listening: this.#server.listening,
    }
  }

  perform(step: readonly Operation[]): void {
    for (const operation of this.#isAlone(step[0]!) ? step.slice(0, 1) : step) this.#perform(operation)
  }

  endOne(): boolean {
    const socket = [...this.#sockets.values()].find(({ destroyed }) => !destroyed)
    if (socket !== undefined) socket.destroy()
    else if (this.#server.listening) this.#server.close()
    else if (this.#refuser.listening) {
      this.#refuser.close()
      this.#refusing?.destroy()
    } else return false
    return true
  }

  /**
   * Whether the other side is gone. What is written to it is answered by a reset: by the kernel before `write` returns, by
   * another host and by Elko a moment later. More is done only after that.
   */
  #isAlone(operation: Operation): boolean {
    return 'at' in operation && this.#otherOf(operation.at)?.destroyed !== false
  }

  #otherOf(end: End): nodeNet.Socket | undefined {
    const [role, number] = end.split(' ')
    return this.#sockets.get(`${role === 'client' ? 'served' : 'client'} ${number}` as End)
  }

  #perform(operation: Operation): void {
    if ('connect' in operation) this.#connect(operation)
    else if ('server' in operation) this.#journal.attempt('server', () => this.#onServer(operation.server))
    else {
      const end = 'at' in operation ? operation.at : operation.timeOut
      const socket = this.#sockets.get(end)
      if (socket === undefined) return
      if ('at' in operation) this.#journal.attempt(end, () => this.#act(end, socket, operation.action))
      else this.#awaitTimeOut(socket)
    }
  }

  #connect({ connect, refused, allowHalfOpen, highWaterMark, onread }: Opening): void {
    const end = ENDS[connect]!
    const address = this.#server.address()
    // Where the server has closed, the port may be anybody's by now.
    if (this.#sockets.has(end) || address === null) return
    const port = refused ? this.#refusing!.localPort! : (address as nodeNet.AddressInfo).port
    // How much a small buffer has taken in when it stops depends on how many of the pieces of an echo came by then.
    const buffers = { readableHighWaterMark: 65_536, writableHighWaterMark: highWaterMark }
    const reading = onread ? { onread: this.#intoBuffer(end) } : {}
    const options = { port, host: LOOPBACK, noDelay: true, allowHalfOpen, ...buffers, ...reading }
    this.#add(end, this.#net.connect(options as nodeNet.NetConnectOpts))
  }

  #intoBuffer(end: End): nodeNet.OnReadOpts {
    const callback = (octets: number, buffer: Uint8Array): boolean => {
      this.#journal.hear(end, Buffer.from(buffer.subarray(0, octets)))
      return true
    }
    return { buffer: Buffer.alloc(ONREAD_BYTES), callback }
  }

  #add(end: End, socket: nodeNet.Socket): void {
    this.#sockets.set(end, socket)
    this.#journal.watch(end, socket)
    this.#prepare(socket)
    socket.on('error', () => {})
  }

  #onServer(call: ServerCall): unknown {
    const server = this.#server
    if (call === 'ref' || call === 'unref') return server[call]()
    if (call === 'maxConnections') {
      server.maxConnections = 1
      return undefined
    }
    const answer = (...values: unknown[]): void => this.#journal.say('server', `${call} answered`, ...values)
    return call === 'close' ? server.close(answer) : server.getConnections(answer)
  }

  #act(end: End, socket: nodeNet.Socket, action: Action): unknown {
    const told = (what: string) => this.#journal.told(end, what)
    switch (action.do) {
      case 'write': {
        const octets = this.#octets(end, action.octets)
        return action.tells ? socket.write(octets, told('written')) : socket.write(octets)
      }
      case 'write much':
        return socket.writableCorked === 0 && socket.writableLength === 0 && isReading(this.#otherOf(end))
          ? socket.write(this.#octets(end, action.octets), told('written'))
          : undefined
      case 'end':
        return action.octets === 0
          ? socket.end(told('ended'))
          : socket.end(this.#octets(end, action.octets), told('ended'))
      case 'read':
        return action.octets === null ? socket.read() : socket.read(action.octets)
      case 'destroy':
        return socket.destroy(action.error ? new Error('on purpose') : undefined)
      case 'setNoDelay':
        // Nagle's algorithm would hold octets back for as long as the other side's acknowledgment is delayed.
        return socket.setNoDelay(action.on).setNoDelay(true)
      case 'setKeepAlive':
        return socket.setKeepAlive(action.on, 60_000)
      case 'setTimeout':
        return socket.setTimeout(action.ms)
      case 'setEncoding':
        return socket.setEncoding(action.encoding)
      case 'pipe':
        return this.#pipe(end, socket, action.to)
      case 'listen for data':
        return socket.on('data', () => {})
      case 'listen for readable':
        return socket.on('readable', () => {})
      case 'iterate':
        void this.#journal.iterate(end, socket)
        return undefined
      case 'resetAndDestroy':
        return reset(socket)
      default:
        return socket[action.do]()
    }
  }

  #pipe(end: End, socket: nodeNet.Socket, to: End): unknown {
    const target = this.#sockets.get(to)
    return end.startsWith('served') && target !== undefined ? socket.pipe(target) : undefined
  }

  #awaitTimeOut(socket: nodeNet.Socket): void {
    if (socket.destroyed) return
    this.expected++
    const settled = (): void => {
      socket.off('timeout', settled).off('close', settled)
      this.expected--
      socket.setTimeout(0)
    }
    socket.on('timeout', settled).on('close', settled)
    socket.setTimeout(5)
  }

  /** Each octet tells its place in what this end writes. */
  #octets(end: End, count: number): Buffer {
    const from = this.#written.get(end) ?? 0
    this.#written.set(end, from + count)
    const at = from % PATTERN.length
    return Buffer.alloc(count, Buffer.concat([PATTERN.subarray(at), PATTERN.subarray(0, at)]))
  }
}

/**
 * A reset, but not while the own end is on its way: node:net refuses that one (`reset EINVAL`), and loses a handle that keeps
 * its process busy for ever. test/net/ends.test.ts has what Elko does then.
 */
export function reset(socket: nodeNet.Socket): unknown {
  return socket.writableEnded && !socket.writableFinished ? undefined : socket.resetAndDestroy()
}

/** Whether all that is written to it comes out at once, so that the size of no buffer shows. */
function isReading(socket: nodeNet.Socket | undefined): boolean {
  if (socket === undefined || socket.destroyed || socket.readableFlowing !== true) return false
  return (socket as unknown as { _readableState: { pipes: unknown[] } })._readableState.pipes.length === 0
}

/** All that a socket shows. */
export function stateOf(socket: nodeNet.Socket): Record<string, unknown> {
  const { destroyed, closed, readyState, connecting, pending, allowHalfOpen, timeout, errored } = socket
  const { bytesRead, bytesWritten, bufferSize, localAddress, remoteAddress, remoteFamily } = socket
  const { readable, readableEnded, readableFlowing, readableLength, readableAborted, readableDidRead } =
    socket
  const { writable, writableEnded, writableFinished, writableLength, writableNeedDrain, writableCorked } =
    socket
  return {
    ...{ destroyed, closed, readyState, connecting, pending, allowHalfOpen, timeout },
    ...{ errored: errored?.message.replace(/\d{4,5}/g, 'a port') ?? null },
    ...{ bytesRead, bytesWritten, bufferSize, localAddress, remoteAddress, remoteFamily },
    ...{ readable, readableEnded, readableFlowing, readableLength, readableAborted, readableDidRead },
    ...{ writable, writableEnded, writableFinished, writableLength, writableNeedDrain, writableCorked },
    listeners: socket.eventNames().map((name) => `${String(name)} ${socket.listenerCount(name)}`),
  }
}
