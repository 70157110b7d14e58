/**
 * `headersTimeout` and `requestTimeout` of http servers on the virtual clock.
 *
 * Node's own check is an interval of the real clock, begun by `listen`, over ages that the parser in C++ measures; a server that
 * is given sockets (`emit('connection')`) is never checked. Here the parser tells when a message begins, when its header is
 * complete and when all of it is, and one timer a connection looks at the age. Servers that listen on the kernel are left to Node.
 */

import http from 'node:http'
import { Duplex } from 'node:stream'

interface HttpSocket extends Duplex {
  readonly server?: TimedServer
  readonly parser?: Parser | null
}

interface TimedServer {
  readonly headersTimeout: number
  readonly requestTimeout: number
  /** How often Node looks, milliseconds. */
  readonly connectionsCheckingInterval: number
}

type Callback = (...args: unknown[]) => unknown

/** Node's parser: numbered properties are its callbacks. */
interface Parser {
  [callback: number]: Callback | null
  readonly socket?: HttpSocket | null
}

/** What a parser is for, and what it is told. @param connections where Node's check finds it; undefined: nowhere. */
type Initialize = (
  this: Parser,
  type: number,
  resource: { readonly socket?: HttpSocket },
  maxHeaderSize: number,
  lenient: number,
  connections?: object,
) => unknown

interface ParserClass {
  readonly REQUEST: number
  readonly kOnMessageBegin: number
  readonly kOnHeadersComplete: number
  readonly kOnMessageComplete: number
  readonly prototype: { initialize: Initialize }
}

/** How far a connection's present message has come. */
interface Progress {
  readonly socket: HttpSocket
  readonly server: TimedServer
  /** When it began; of the first one, when the connection did. */
  since: number
  awaits: 'header' | 'body' | 'nothing'
  timer: NodeJS.Timeout | null
}

const progressOf = new WeakMap<Parser, Progress>()
/** Parsers that tell of headers and ends. They are used again and again. */
const told = new WeakSet<Parser>()

const HTTPParser = parserClass()
const realInitialize = HTTPParser.prototype.initialize

/** The class has no name outside of core: a server shows it on a connection. */
function parserClass(): ParserClass {
  const socket: HttpSocket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
  http.createServer().emit('connection', socket)
  const parser = socket.parser as object
  socket.destroy()
  return parser.constructor as unknown as ParserClass
}

function initialize(this: Parser, ...given: Parameters<Initialize>): unknown {
  const result = realInitialize.apply(this, given)
  const [type, { socket }, , , connections] = given
  if (type === HTTPParser.REQUEST && connections === undefined && socket?.server !== undefined) {
    const progress: Progress = {
      socket,
      server: socket.server,
      since: Date.now(),
      awaits: 'header',
      timer: null,
    }
    progressOf.set(this, progress)
    this[HTTPParser.kOnMessageBegin] = begins
    listen(this)
    watch(this, progress)
  } else progressOf.delete(this)
  return result
}

function begins(this: Parser): void {
  const progress = progressOf.get(this)
  if (progress === undefined) return
  progress.since = Date.now()
  progress.awaits = 'header'
  watch(this, progress)
}

/** Has the parser tell of its progress, before it tells http. */
function listen(parser: Parser): void {
  if (told.has(parser)) return
  told.add(parser)
  const { kOnHeadersComplete, kOnMessageComplete } = HTTPParser
  for (const [event, awaits] of [
    [kOnHeadersComplete, 'body'],
    [kOnMessageComplete, 'nothing'],
  ] as const) {
    const callback = parser[event]!
    parser[event] = function (this: Parser, ...args) {
      const progress = progressOf.get(this)
      if (progress !== undefined) progress.awaits = awaits
      return callback.apply(this, args)
    }
  }
}

/** Sees to it that somebody looks when the time of the present message is over. */
function watch(parser: Parser, progress: Progress): void {
  if (progress.timer !== null) return
  const at = deadline(progress)
  if (at === Number.POSITIVE_INFINITY) return
  progress.timer = setTimeout(() => {
    progress.timer = null
    if (progressOf.get(parser) !== progress || parser.socket !== progress.socket) return // It is another one's by now.
    if (deadline(progress) <= Date.now()) timesOut(progress.socket)
    else watch(parser, progress)
  }, at - Date.now())
}

/** When Node would see that it has taken too long: it looks at intervals. */
function deadline({ server, since, awaits }: Progress): number {
  const { headersTimeout, requestTimeout, connectionsCheckingInterval: interval } = server
  const limits = [awaits === 'header' ? headersTimeout : 0, awaits === 'nothing' ? 0 : requestTimeout]
  const limit = Math.min(...limits.map((ms) => (ms > 0 ? ms : Number.POSITIVE_INFINITY)))
  return interval > 0 ? Math.ceil((since + limit) / interval) * interval : since + limit
}

/** As in Node: 'clientError', or a response with status 408. */
function timesOut(socket: HttpSocket): void {
  const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
  const onError = socket.listeners('error').find(({ name }) => name === 'socketOnError')
  if (onError === undefined) socket.destroy(error)
  else Reflect.apply(onError, socket, [error])
}

/** The method to override, where it is. */
export const HTTP_TIMEOUTS = {
  target: HTTPParser.prototype as object,
  methods: { initialize },
} as const
