/** Where a program runs over one net: its server, its sockets, and a record of all that they say. */

import type nodeNet from 'node:net'
import {
  type Action,
  ENDS,
  type End,
  type Opening,
  type Operation,
  type Program,
} from './differential-program.ts'
import { type AnyNet, listening } from './nets.ts'

/** What a socket or the server said, one line each. */
export type Log = string[]

export class Stage {
  readonly sockets = new Map<End, nodeNet.Socket>()
  readonly logs = new Map<End | 'server', Log>()
  /** How much was said so far. */
  lines = 0
  /** Time-outs that are to come. */
  expected = 0
  readonly #net: AnyNet
  readonly #server: nodeNet.Server
  /** Octets that each end was given to write, and received. */
  readonly #written = new Map<End, number>()
  readonly #ports = new Map<number, string>()
  /** Called with each socket before anything happens to it. */
  readonly #prepare: (socket: nodeNet.Socket) => void
  #served = 0

  constructor(
    net: AnyNet,
    { steps, ...options }: Program,
    prepare: (socket: nodeNet.Socket) => void = () => {},
  ) {
    this.#net = net
    this.#prepare = prepare
    this.#server = net.createServer({ ...options, noDelay: true })
    this.#watch('server', this.#server)
    this.#server.on('error', () => {})
    this.#server.on('connection', (socket) => {
      const end = `served ${this.#served++}` as End
      this.#ports.set(socket.remotePort!, end.replace('served', 'client'))
      this.#add(end, socket)
    })
  }

  async listen(): Promise<void> {
    const { port } = await listening(this.#server)
    this.#ports.set(port, 'server')
  }

  /** What both nets must agree on whenever they are at rest. */
  get state(): Record<string, unknown> {
    const ends = ENDS.filter((end) => this.sockets.has(end)).map((end) => [
      end,
      stateOf(this.sockets.get(end)!),
    ])
    const said = [...this.logs].sort(([a], [b]) => (a < b ? -1 : 1))
    return {
      said: Object.fromEntries(said),
      ends: Object.fromEntries(ends),
      listening: this.#server.listening,
    }
  }

  /**
   * Whether the other side is gone. What is written to it is answered by a reset: by the kernel before `write` returns,
   * by another host and by Elko a moment later. More is done only after that.
   */
  isAlone(operation: Operation): boolean {
    if (!('at' in operation)) return false
    const [role, number] = operation.at.split(' ')
    const other = `${role === 'client' ? 'served' : 'client'} ${number}` as End
    return this.sockets.get(other)?.destroyed !== false
  }

  perform(operation: Operation): void {
    if ('connect' in operation) this.#connect(operation)
    else if ('server' in operation) this.#attempt('server', () => this.#onServer(operation.server))
    else {
      const end = 'at' in operation ? operation.at : operation.timeOut
      const socket = this.sockets.get(end)
      if (socket === undefined) return
      if ('at' in operation) this.#attempt(end, () => this.#act(end, socket, operation.action))
      else this.#awaitTimeOut(socket)
    }
  }

  /** One more end is no more; false where all are, the server too. */
  endOne(): boolean {
    const socket = [...this.sockets.values()].find(({ destroyed }) => !destroyed)
    if (socket !== undefined) socket.destroy()
    else if (this.#server.listening) this.#server.close()
    else return false
    return true
  }

  #connect({ connect, allowHalfOpen, highWaterMark }: Opening): void {
    const end = ENDS[connect]!
    const address = this.#server.address()
    // Where the server has closed, the port may be anybody's by now.
    if (this.sockets.has(end) || address === null) return
    const { port } = address as nodeNet.AddressInfo
    // How much a small buffer has taken in when it stops depends on how many of the pieces of an echo came by then.
    const buffers = { readableHighWaterMark: 65_536, writableHighWaterMark: highWaterMark }
    const options = { port, host: '127.0.0.1', noDelay: true, allowHalfOpen, ...buffers }
    this.#add(end, this.#net.connect(options as nodeNet.NetConnectOpts))
  }

  #add(end: End, socket: nodeNet.Socket): void {
    this.sockets.set(end, socket)
    this.#prepare(socket)
    this.#watch(end, socket)
    socket.on('error', () => {})
  }

  #watch(end: End | 'server', emitter: nodeNet.Socket | nodeNet.Server): void {
    this.logs.set(end, [])
    const emit = emitter.emit
    emitter.emit = (event: string, ...values: unknown[]): boolean => {
      if (event === 'data') this.#hear(end, values[0] as Buffer | string)
      // One 'readable' or two: that depends on how octets were cut.
      else if (event !== 'readable' || this.logs.get(end)!.at(-1) !== event) this.#say(end, event, ...values)
      return Reflect.apply(emit, emitter, [event, ...values])
    }
  }

  #say(end: End | 'server', what: string, ...values: unknown[]): void {
    this.lines++
    this.logs.get(end)!.push([what, ...values.map((each) => this.#shown(each))].join(' '))
  }

  /** Octets that come one after the other are one line, however they were cut. */
  #hear(end: End | 'server', data: Buffer | string): void {
    this.lines++
    const log = this.logs.get(end)!
    const last = log.at(-1)
    const text = typeof data === 'string' ? `text ${data}` : `octets ${data.toString('latin1')}`
    const kind = text.slice(0, text.indexOf(' ') + 1)
    if (last?.startsWith(kind)) log[log.length - 1] = last + text.slice(kind.length)
    else log.push(text)
  }

  #attempt(end: End | 'server', act: () => unknown): void {
    try {
      this.#say(end, 'returned', act())
    } catch (error) {
      this.#say(end, 'threw', error)
    }
  }

  #onServer(call: 'close' | 'getConnections' | 'unref'): unknown {
    const server = this.#server
    if (call === 'unref') return server.unref()
    const answer = (...values: unknown[]): void => this.#say('server', `${call} answered`, ...values)
    return call === 'close' ? server.close(answer) : server.getConnections(answer)
  }

  #act(end: End, socket: nodeNet.Socket, action: Action): unknown {
    switch (action.do) {
      case 'write': {
        const octets = this.#octets(end, action.octets)
        return action.tells ? socket.write(octets, this.#told(end, 'written')) : socket.write(octets)
      }
      case 'end':
        return action.octets === 0
          ? socket.end(this.#told(end, 'ended'))
          : socket.end(this.#octets(end, action.octets), this.#told(end, 'ended'))
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
      default:
        return socket[action.do]()
    }
  }

  #pipe(end: End, socket: nodeNet.Socket, to: End): unknown {
    const target = this.sockets.get(to)
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

  #told(end: End, what: string): (error?: Error | null) => void {
    return (error) => this.#say(end, what, error ?? null)
  }

  /** Each octet tells its place in what this end writes. */
  #octets(end: End, count: number): Buffer {
    const from = this.#written.get(end) ?? 0
    this.#written.set(end, from + count)
    return Buffer.from(Array.from({ length: count }, (_, i) => 32 + ((from + i) % 89)))
  }

  #shown(value: unknown): string {
    if (value instanceof Error) return this.#shownError(value)
    if (Buffer.isBuffer(value)) return value.toString('latin1')
    if (value === this.#server) return 'the server'
    for (const [end, socket] of this.sockets) if (value === socket) return end
    if (typeof value === 'number') return this.#ports.get(value) ?? String(value)
    if (typeof value === 'object' && value !== null) {
      const fields = Object.entries(value).map(([name, each]) => `${name}=${this.#port(each)}`)
      return fields.length < 5 ? fields.join(',') : value.constructor.name
    }
    return String(value)
  }

  #port(value: unknown): string {
    return typeof value === 'number' ? (this.#ports.get(value) ?? 'a port') : String(value)
  }

  #shownError(error: Error): string {
    const { name, message } = error
    const { code, errno, syscall, address, port } = error as NodeJS.ErrnoException & {
      address?: string
      port?: number
    }
    const shown = message.replace(/\d{4,5}/g, (digits) => this.#port(Number(digits)))
    return `${name} ${code} ${errno} ${syscall} ${address} ${port === undefined ? '' : this.#port(port)} ${shown}`
  }
}

function stateOf(socket: nodeNet.Socket): Record<string, unknown> {
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
