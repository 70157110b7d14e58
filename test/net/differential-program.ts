/** Random programs of socket operations, for the differential test of elko/net and node:net. */

import fc from '../property.ts'

/** Ends of connections, in the order in which they came to be: the clients', and the sockets that the server accepted. */
export const ENDS = ['client 0', 'client 1', 'served 0', 'served 1'] as const
export type End = (typeof ENDS)[number]

/** What is done to one end; `octets` are made of a pattern that tells where each of them stood. */
export type Action =
  | { readonly do: 'write'; readonly octets: number; readonly tells: boolean }
  /** More than any buffer holds: where the other end is reading, else none. */
  | { readonly do: 'write much'; readonly octets: number }
  | { readonly do: 'end'; readonly octets: number }
  | { readonly do: 'read'; readonly octets: number | null }
  | { readonly do: 'destroy'; readonly error: boolean }
  | { readonly do: 'setNoDelay' | 'setKeepAlive'; readonly on: boolean }
  | { readonly do: 'setTimeout'; readonly ms: number }
  | { readonly do: 'setEncoding'; readonly encoding: 'utf8' | 'hex' | 'latin1' }
  | { readonly do: 'pipe'; readonly to: End }
  | { readonly do: Plain }

/** Methods without arguments, and what listens. */
export const PLAIN = [
  'cork',
  'uncork',
  'pause',
  'resume',
  'resetAndDestroy',
  'destroySoon',
  'unpipe',
  'ref',
  'unref',
  'address',
  'listen for data',
  'listen for readable',
  'iterate',
] as const
type Plain = (typeof PLAIN)[number]

export interface Opening {
  readonly connect: 0 | 1
  /** Where nobody listens. */
  readonly refused: boolean
  readonly allowHalfOpen: boolean
  readonly highWaterMark: number
  /** Octets go to a buffer and a callback of the user's: option `onread`. */
  readonly onread: boolean
}

export type ServerCall = 'close' | 'getConnections' | 'ref' | 'unref' | 'maxConnections'

export type Operation =
  | { readonly at: End; readonly action: Action }
  | Opening
  | { readonly server: ServerCall }
  /** An idle end hears of its time-out, and switches it off. */
  | { readonly timeOut: End }

export interface Program {
  readonly allowHalfOpen: boolean
  readonly pauseOnConnect: boolean
  readonly highWaterMark: number
  /** The operations of a step follow one another at once; both nets come to rest between steps. */
  readonly steps: readonly (readonly Operation[])[]
}

/** Small ones that fill soon, and those of Node 20 and 22. */
const highWaterMark = fc.constantFrom(1, 100, 16_384, 16_384, 65_536)
/** Few enough that a reader who pauses leaves room in the buffers of both nets: how much there is differs. */
const octets = fc.oneof(fc.constantFrom(0, 1, 99, 100, 101), fc.integer({ min: 1, max: 6000 }))

const plain = (name: Plain): fc.Arbitrary<Action> => fc.constant({ do: name })

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('write' as const), octets, tells: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('write much' as const),
      octets: fc.constantFrom(65_536, 100_000, 300_001, 1_000_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), octets }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      octets: fc.option(fc.integer({ min: 1, max: 200 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('destroy' as const), error: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('setNoDelay', 'setKeepAlive'), on: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('setTimeout' as const), ms: fc.constantFrom(0, 1e6) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('setEncoding' as const),
      encoding: fc.constantFrom('utf8', 'hex', 'latin1'),
    }),
  },
  // From the server's sockets to themselves and each other alone: elsewhere octets could go round for ever.
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pipe' as const), to: fc.constantFrom('served 0', 'served 1') }),
  },
  ...PLAIN.map((name) => ({
    weight: name === 'listen for data' || name === 'resume' ? 3 : 1,
    arbitrary: plain(name),
  })),
)

const connect = (which: 0 | 1): fc.Arbitrary<Opening> =>
  fc.record({
    connect: fc.constant(which),
    refused: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
    allowHalfOpen: fc.boolean(),
    highWaterMark,
    onread: fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, fc.constant(true)),
  })

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({ at: fc.constantFrom('client 0' as const, 'served 0' as const), action }),
  },
  { weight: 10, arbitrary: fc.record({ at: fc.constantFrom(...ENDS), action }) },
  { weight: 3, arbitrary: connect(1) },
  {
    weight: 3,
    arbitrary: fc.record({
      server: fc.constantFrom<ServerCall>('close', 'getConnections', 'ref', 'unref', 'maxConnections'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ timeOut: fc.constantFrom(...ENDS) }) },
)

const step = fc.array(operation, { minLength: 1, maxLength: 3 })

export const program: fc.Arbitrary<Program> = fc
  .record({
    allowHalfOpen: fc.boolean(),
    pauseOnConnect: fc.boolean(),
    highWaterMark,
    first: fc.tuple(connect(0), fc.array(operation, { maxLength: 2 })),
    rest: fc.array(step, { minLength: 1, maxLength: 10 }),
  })
  .map(({ first: [opening, more], rest, ...options }) => ({
    ...options,
    steps: [[opening, ...more], ...rest].map(ofOneEnd),
  }))

/**
 * What different ends do in one step could come in any order, or be one read in one net and two in the other: a step is of
 * one end. A time-out is waited for, by an end that is idle: alone in its step. Much that is written is the last of its step,
 * as what follows at once depends on how much the kernel took of it.
 */
function ofOneEnd(operations: readonly Operation[]): readonly Operation[] {
  const first = operations[0]!
  if ('timeOut' in first) return [first]
  const own = operations.filter((each) => placeOf(each) === placeOf(first))
  const much = own.findIndex((each) => 'at' in each && each.action.do === 'write much')
  return much === -1 ? own : own.slice(0, much + 1)
}

function placeOf(operation: Operation): string {
  if ('at' in operation) return operation.at
  if ('connect' in operation) return ENDS[operation.connect]!
  return 'server' in operation ? 'server' : 'time-out'
}
