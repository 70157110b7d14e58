/** Where a program of http runs over one net: an agent's requests, a raw client, a server that answers step by step. */

import http from 'node:http'
import type nodeNet from 'node:net'
import type { Duplex } from 'node:stream'
import type {
  Asking,
  HttpOperation,
  HttpProgram,
  ReaderAction,
  ServerAction,
  Which,
  WriterAction,
} from './differential-http-program.ts'
import { Journal } from './differential-journal.ts'
import type { Stage } from './differential-run.ts'
import { reset, stateOf } from './differential-stage.ts'
import { type AnyNet, listening } from './nets.ts'

const LOOPBACK = '127.0.0.1'
const PATTERN = Buffer.from(Array.from({ length: 89 }, (_, i) => 32 + i))
/** A request on its way through both sides. */
interface Exchange {
  request: http.ClientRequest | null
  response: http.IncomingMessage | null
  incoming: http.IncomingMessage | null
  outgoing: http.ServerResponse | null
}

class NetAgent extends http.Agent {
  readonly #connect: () => Duplex

  constructor(connect: () => Duplex, options: http.AgentOptions) {
    super(options)
    this.#connect = connect
  }

  override createConnection(): Duplex {
    return this.#connect()
  }
}

export class HttpStage implements Stage<readonly HttpOperation[]> {
  readonly expected = 0
  readonly #net: AnyNet
  readonly #journal = new Journal()
  readonly #prepare: (socket: nodeNet.Socket) => void
  readonly #exchanges = new Map<Which, Exchange>()
  readonly #sockets = new Map<string, nodeNet.Socket>()
  readonly #http: http.Server
  readonly #server: nodeNet.Server
  readonly #agent: http.Agent
  #raw: nodeNet.Socket | null = null
  #port = 0

  constructor(net: AnyNet, program: HttpProgram, prepare: (socket: nodeNet.Socket) => void) {
    const { maxSockets, scheduling, answers } = program
    this.#net = net
    this.#prepare = prepare
    this.#agent = new NetAgent(() => this.#connect('client socket'), {
      keepAlive: true,
      maxSockets,
      scheduling,
    })
    this.#journal.watch('agent', this.#agent as never)
    // Nothing here ends by time.
    const patient = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 }
    this.#http = http.createServer(patient)
    this.#journal.watch('http', this.#http, new Set(['connection']))
    for (const event of ['request', 'checkContinue'] as const) {
      this.#http.on(event, (incoming, outgoing) => this.#arrives(incoming, outgoing, answers))
    }
    this.#http.on('clientError', (_error, socket) => socket.destroy())
    this.#server = net.createServer({ noDelay: true }, (socket) => {
      const name = this.#add('server socket', socket)
      this.#journal.ports.set(socket.remotePort!, `of ${name}`)
      this.#http.emit('connection', socket)
      // http reads Node's own sockets past their events, and a body past the ticks of its request, until somebody else listens
      // to them too. So it reads both nets' sockets alike.
      socket.on('data', () => {})
    })
    this.#journal.watch('server', this.#server)
  }

  get lines(): number {
    return this.#journal.lines
  }

  get state(): object {
    const sockets = [...this.#sockets].map(([name, socket]) => [name, stateOf(socket)])
    const exchanges = [...this.#exchanges].map(([which, exchange]) => [which, exchangeState(exchange)])
    const { sockets: used, freeSockets, requests } = this.#agent
    const count = (lists: NodeJS.ReadOnlyDict<unknown[]>): number =>
      Object.values(lists).reduce((sum, list) => sum + list!.length, 0)
    return {
      said: this.#journal.said,
      sockets: Object.fromEntries(sockets),
      exchanges: Object.fromEntries(exchanges),
      agent: { used: count(used), free: count(freeSockets), waiting: count(requests) },
      listening: this.#server.listening,
    }
  }

  async open(): Promise<void> {
    this.#port = (await listening(this.#server)).port
    this.#journal.ports.set(this.#port, 'server')
  }

  perform(step: readonly HttpOperation[]): void {
    for (const operation of step) this.#perform(operation)
  }

  endOne(): boolean {
    const open = [...this.#sockets.values()].find(({ destroyed }) => !destroyed)
    const waiting = [...this.#exchanges.values()].find(({ request }) => request?.destroyed === false)
    if (open !== undefined) open.destroy()
    else if (waiting !== undefined) waiting.request!.destroy()
    else if (this.#server.listening) this.#server.close()
    else return false
    return true
  }

  #perform(operation: HttpOperation): void {
    if ('ask' in operation) this.#ask(operation)
    else if ('raw' in operation) this.#speak(operation.raw)
    else if ('agent' in operation) this.#agent.destroy()
    else if ('server' in operation) {
      if (operation.server === 'close') this.#server.close()
      else this.#http[operation.server]()
    } else {
      const { of, which, action } = operation
      const target = this.#exchanges.get(which)?.[of]
      if (target == null) return
      this.#journal.attempt(`${of} ${which}`, () =>
        target instanceof http.IncomingMessage
          ? this.#read(`${of} ${which}`, target, action as ReaderAction)
          : this.#write(`${of} ${which}`, target, action as ServerAction),
      )
    }
  }

  // ---- the clients

  #connect(role: string): nodeNet.Socket {
    const socket = this.#net.connect({ port: this.#port, host: LOOPBACK, noDelay: true })
    this.#add(role, socket)
    return socket
  }

  #add(role: string, socket: nodeNet.Socket): string {
    const count = [...this.#sockets.keys()].filter((each) => each.startsWith(role)).length
    const name = `${role} ${count}`
    this.#sockets.set(name, socket)
    this.#journal.watch(name, socket)
    this.#prepare(socket)
    socket.on('error', () => {})
    return name
  }

  #ask({ ask, method, body, keepAlive, expects }: Asking): void {
    if (this.#exchanges.has(ask)) return
    const headers = { ...(expects ? { expect: '100-continue' } : {}), host: 'elko', 'x-request': String(ask) }
    // Without an agent a request has a connection of its own.
    const way = keepAlive
      ? { agent: this.#agent }
      : { createConnection: () => this.#connect('client socket') as Duplex }
    const request = http.request({
      ...way,
      host: LOOPBACK,
      port: this.#port,
      method,
      path: `/${ask}`,
      headers,
    })
    const exchange: Exchange = { request, response: null, incoming: null, outgoing: null }
    this.#exchanges.set(ask, exchange)
    this.#journal.watch(`request ${ask}`, request)
    request.on('error', () => {})
    request.on('response', (response) => {
      exchange.response = response
      this.#journal.watch(`response ${ask}`, response)
      response.on('error', () => {})
    })
    if (body !== null) this.#journal.attempt(`request ${ask}`, () => request.end(octetsOf(body)))
  }

  #speak(how: Extract<HttpOperation, { raw: string }>['raw']): void {
    if (how === 'connect' && this.#raw === null) {
      this.#raw = this.#connect('raw socket')
      const name = [...this.#sockets].find(([, socket]) => socket === this.#raw)![0]
      const { hear } = this.#journal
      this.#raw.on('data', (data) => Reflect.apply(hear, this.#journal, [name, data]))
    }
    const raw = this.#raw
    if (raw === null) return
    if (how === 'destroy') raw.destroy()
    else if (how === 'reset') reset(raw)
    else if (how === 'end') raw.end()
    else if (how !== 'connect') raw.write(SAID[how])
  }

  // ---- the server

  #arrives(incoming: http.IncomingMessage, outgoing: http.ServerResponse, answers: boolean): void {
    outgoing.sendDate = false
    const which = Number(incoming.headers['x-request']) as Which
    const exchange = this.#exchanges.get(which)
    if (exchange === undefined || exchange.incoming !== null) {
      outgoing.end(`to ${incoming.url}`) // one of those that were written by hand
      return
    }
    exchange.incoming = incoming
    exchange.outgoing = outgoing
    this.#journal.watch(`incoming ${which}`, incoming)
    this.#journal.watch(`outgoing ${which}`, outgoing)
    incoming.on('error', () => {})
    outgoing.on('error', () => {})
    if (answers) outgoing.end(`to ${which}`)
  }

  // ---- both

  #write(
    name: string,
    target: http.ClientRequest | http.ServerResponse,
    action: ServerAction | WriterAction | { do: 'abort' },
  ): unknown {
    switch (action.do) {
      case 'write':
        return target.write(octetsOf(action.octets), this.#journal.told(name, 'written'))
      case 'end':
        return target.end(octetsOf(action.octets), this.#journal.told(name, 'ended'))
      case 'destroy':
        return target.destroy(action.error ? new Error('on purpose') : undefined)
      case 'destroy socket':
        return target.socket?.destroy()
      case 'reset socket':
        return target.socket === null ? null : reset(target.socket)
      case 'end socket':
        return target.socket?.end()
      case 'writeHead':
        return writeHead(target as http.ServerResponse, action)
      case 'addTrailers':
        return target.addTrailers({ 'x-trailer': 'last' })
      default:
        return (target as http.ClientRequest & http.ServerResponse)[action.do]()
    }
  }

  #read(name: string, target: http.IncomingMessage, action: ReaderAction): unknown {
    switch (action.do) {
      case 'destroy':
        return target.destroy(action.error ? new Error('on purpose') : undefined)
      case 'read':
        return action.octets === null ? target.read() : target.read(action.octets)
      case 'listen for data':
        return target.on('data', () => {})
      case 'listen for readable':
        return target.on('readable', () => {})
      case 'iterate':
        void this.#journal.iterate(name, target)
        return undefined
      default:
        return target[action.do]()
    }
  }
}

const octetsOf = (count: number): Buffer => Buffer.alloc(count, PATTERN)

function writeHead(
  outgoing: http.ServerResponse,
  { status, length, closes }: Extract<ServerAction, { do: 'writeHead' }>,
): http.ServerResponse {
  return outgoing.writeHead(status, {
    ...(length ? { 'content-length': 1000 } : {}),
    ...(closes ? { connection: 'close' } : {}),
  })
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: elko\r\n\r\n`
/** What is written by hand. */
const SAID = {
  pipeline: get('/a') + get('/b') + get('/c'),
  half: 'GET /half HTTP/1.1\r\nHo',
  rest: 'st: elko\r\n\r\n',
  nonsense: 'no such thing\r\n\r\n',
  upgrade: 'GET /u HTTP/1.1\r\nHost: elko\r\nConnection: upgrade\r\nUpgrade: elko\r\n\r\n',
} as const

function exchangeState({ request, response, incoming, outgoing }: Exchange): object {
  return {
    request: request && { ...writerState(request), reused: request.reusedSocket, aborted: request.aborted },
    response: response && readerState(response),
    incoming: incoming && readerState(incoming),
    outgoing: outgoing && { ...writerState(outgoing), head: outgoing.headersSent },
  }
}

function writerState(message: http.ClientRequest | http.ServerResponse): object {
  const { destroyed, closed, errored, finished, writableEnded, writableFinished, writableLength } = message
  const { headersSent, writableNeedDrain, socket } = message
  return {
    ...{ destroyed, closed, finished, writableEnded, writableFinished, writableLength, writableNeedDrain },
    ...{ headersSent, errored: errored?.message ?? null, hasSocket: socket != null },
    headers: message.getHeaderNames(),
  }
}

function readerState(message: http.IncomingMessage): object {
  const { destroyed, closed, errored, aborted, complete, statusCode, statusMessage, method, url } = message
  const { headers, trailers, readableEnded, readableFlowing, readableLength, readableAborted } = message
  return {
    ...{ destroyed, closed, aborted, complete, statusCode, statusMessage, method, url },
    ...{ headers: { ...headers }, trailers, errored: errored?.message ?? null },
    ...{ readableEnded, readableFlowing, readableLength, readableAborted },
  }
}
