/** Random programs of http over sockets, for the differential test of elko/net and node:net. */

import fc from '../property.ts'

/** Requests are told apart by their numbers. */
export const REQUESTS = [0, 1, 2] as const
export type Which = (typeof REQUESTS)[number]

/** How a request is made. */
export interface Asking {
  readonly ask: Which
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Octets that go at once with `end`; null: chunks follow, and its end. */
  readonly body: number | null
  readonly keepAlive: boolean
  /** Expect: 100-continue. */
  readonly expects: boolean
}

type Side =
  /** The client's request and what it gets, the server's and what it answers. */
  'request' | 'response' | 'incoming' | 'outgoing'

export type WriterAction =
  | { readonly do: 'write' | 'end'; readonly octets: number }
  | { readonly do: 'destroy'; readonly error: boolean }
  | { readonly do: 'cork' | 'uncork' | 'flushHeaders' | 'destroy socket' | 'reset socket' | 'end socket' }
export type ServerAction =
  | WriterAction
  | {
      readonly do: 'writeHead'
      readonly status: 200 | 204 | 304 | 404 | 500
      readonly length: boolean
      readonly closes: boolean
    }
  | { readonly do: 'writeContinue' | 'writeProcessing' | 'addTrailers' }
export type ReaderAction =
  | { readonly do: 'destroy'; readonly error: boolean }
  | { readonly do: 'read'; readonly octets: number | null }
  | {
      readonly do: 'listen for data' | 'listen for readable' | 'pause' | 'resume' | 'iterate'
    }

export type HttpOperation =
  | Asking
  | {
      readonly of: 'request'
      readonly which: Which
      readonly action: WriterAction | { readonly do: 'abort' }
    }
  | { readonly of: 'outgoing'; readonly which: Which; readonly action: ServerAction }
  | { readonly of: 'response' | 'incoming'; readonly which: Which; readonly action: ReaderAction }
  /** A client that speaks for itself: several requests in one write, half of one, nonsense. */
  | {
      readonly raw:
        | 'connect'
        | 'pipeline'
        | 'half'
        | 'rest'
        | 'nonsense'
        | 'upgrade'
        | 'end'
        | 'destroy'
        | 'reset'
    }
  | { readonly agent: 'destroy' }
  | { readonly server: 'closeIdleConnections' | 'closeAllConnections' | 'close' }

export interface HttpProgram {
  /** Of the agent: sockets at a time. */
  readonly maxSockets: number
  readonly scheduling: 'lifo' | 'fifo'
  /** What the server does with requests by itself: nothing, or an answer at once. */
  readonly answers: boolean
  readonly steps: readonly (readonly HttpOperation[])[]
}

const octets = fc.oneof(fc.constantFrom(0, 1, 1000), fc.integer({ min: 1, max: 6000 }))
/** The first request has more of all. */
const which = fc.constantFrom<Which>(0, 0, 0, 1, 1, 2)

const asking = (ask: Which): fc.Arbitrary<Asking> =>
  fc.record({
    ask: fc.constant(ask),
    method: fc.constantFrom<Asking['method']>('GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT', 'DELETE'),
    body: fc.option(octets, { freq: 2 }),
    keepAlive: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
    expects: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  })

const writer: fc.WeightedArbitrary<WriterAction>[] = [
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), octets }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('end' as const), octets }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('destroy' as const), error: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('cork', 'uncork', 'flushHeaders', 'destroy socket', 'reset socket', 'end socket'),
    }),
  },
]

const serverAction: fc.Arbitrary<ServerAction> = fc.oneof(
  ...writer,
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('writeHead' as const),
      status: fc.constantFrom(200, 200, 204, 304, 404, 500),
      length: fc.boolean(),
      closes: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('writeContinue', 'writeProcessing', 'addTrailers') }),
  },
)

const reader: fc.Arbitrary<ReaderAction> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'listen for data',
        'listen for data',
        'resume',
        'resume',
        'listen for readable',
        'pause',
        'iterate',
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('destroy' as const), error: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      octets: fc.option(fc.integer({ min: 1, max: 200 })),
    }),
  },
)

const operation: fc.Arbitrary<HttpOperation> = fc.oneof(
  { weight: 5, arbitrary: which.chain((each) => asking(each)) },
  {
    weight: 6,
    arbitrary: fc.record({
      of: fc.constant('request' as const),
      which,
      action: fc.oneof(...writer, { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const) }) }),
    }),
  },
  { weight: 12, arbitrary: fc.record({ of: fc.constant('outgoing' as const), which, action: serverAction }) },
  { weight: 4, arbitrary: fc.record({ of: fc.constant('response' as const), which, action: reader }) },
  { weight: 4, arbitrary: fc.record({ of: fc.constant('incoming' as const), which, action: reader }) },
  {
    weight: 4,
    arbitrary: fc.record({
      raw: fc.constantFrom(
        'connect',
        'connect',
        'pipeline',
        'half',
        'rest',
        'nonsense',
        'upgrade',
        'end',
        'destroy',
        'reset',
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<HttpOperation>(
      { agent: 'destroy' },
      { server: 'closeIdleConnections' },
      { server: 'closeAllConnections' },
      { server: 'close' },
    ),
  },
)

export const httpProgram: fc.Arbitrary<HttpProgram> = fc
  .record({
    maxSockets: fc.constantFrom(1, 2, 3),
    scheduling: fc.constantFrom('lifo', 'fifo'),
    answers: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
    first: asking(0),
    rest: fc.array(fc.array(operation, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 12 }),
  })
  .map(({ first, rest, ...options }) => ({ ...options, steps: [[first], ...rest].map(ofOneParty) }))

/** What client and server do in one step could come in any order: a step is of one of them, and of one request. */
function ofOneParty(operations: readonly HttpOperation[]): readonly HttpOperation[] {
  const party = partyOf(operations[0]!)
  return operations.filter((each) => partyOf(each) === party)
}

function partyOf(operation: HttpOperation): string {
  if ('raw' in operation) return 'raw'
  if ('agent' in operation || 'server' in operation) return Object.keys(operation)[0]!
  if ('ask' in operation) return `client ${operation.ask}`
  const { of, which } = operation as { of: Side; which: Which }
  return `${of === 'request' || of === 'response' ? 'client' : 'server'} ${which}`
}
