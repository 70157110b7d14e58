/** The scenarios of `npm run explore`. */

import type { Config } from '../tcp/config.ts'
import type { Scenario, SidePlan } from './plan.ts'

/** Octets of text in a segment: as few as the smallest IPv4 packet has room for that a script can ask for. */
const MSS = 20
const SEGMENTS: Partial<Config> = { mssLimit: MSS, sendBufferBytes: 3 * MSS, receiveBufferBytes: 3 * MSS }
/** The numbers of both sides wrap within the first segments: at 2^32, and at 2^31 where an int32 does. */
const ISS_A = -6
const ISS_B = 0x7ffffffb

function side(plan: Partial<SidePlan>, config: Partial<Config> = {}): SidePlan {
  return { opens: 'active', iss: ISS_A, sends: [], ...plan, config: { ...SEGMENTS, ...config } }
}

function other(plan: Partial<SidePlan>, config: Partial<Config> = {}): SidePlan {
  return side({ opens: 'passive', iss: ISS_B, ...plan }, config)
}

const THREE = [MSS, MSS, MSS]
/** Everything may overtake everything. */
const ANY = Infinity

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'handshake',
    about: 'open and close without a word between, packets in any order',
    sides: [side({}), other({})],
    bounds: { losses: 1, copies: 1, overtakings: ANY, timeouts: 1, underWay: 6 },
  },
  {
    name: 'one-way',
    about: 'three segments from a to b, which closes when a has; packets in any order',
    sides: [side({ sends: THREE }), other({ closes: 'after-peer' })],
    bounds: { losses: 1, copies: 0, overtakings: ANY, timeouts: 1, underWay: 6 },
  },
  {
    name: 'one-way-lossy',
    about: 'three segments from a to b; losses and deadlines',
    sides: [side({ sends: THREE }), other({ closes: 'after-peer' })],
    bounds: { losses: 2, copies: 0, overtakings: 0, timeouts: 3, underWay: 6 },
  },
  {
    name: 'both-ways',
    about: 'three segments each way',
    sides: [side({ sends: THREE }), other({ sends: THREE })],
    bounds: { losses: 0, copies: 0, overtakings: 1, timeouts: 1, underWay: 6 },
  },
  {
    name: 'both-ways-lossy',
    about: 'three segments each way',
    sides: [side({ sends: THREE }), other({ sends: THREE, closes: 'after-peer' })],
    bounds: { losses: 1, copies: 0, overtakings: 0, timeouts: 1, underWay: 6 },
  },
  {
    name: 'simultaneous-open',
    about: 'both open actively and send a segment',
    sides: [side({ sends: [MSS] }), side({ iss: ISS_B, sends: [MSS] })],
    bounds: { losses: 1, copies: 0, overtakings: 1, timeouts: 1, underWay: 6 },
  },
  {
    name: 'fin-with-text',
    about: 'CLOSE right behind SEND, on both sides, so that text and FIN share segments',
    sides: [side({ sends: [MSS, 3] }), other({ sends: [3] })],
    bounds: { losses: 1, copies: 0, overtakings: 1, timeouts: 1, underWay: 6 },
    sendsLater: true,
  },
  {
    name: 'half-close',
    about: 'a closes at once, b sends three segments after that',
    sides: [side({}), other({ sends: THREE, closes: 'after-peer' })],
    bounds: { losses: 1, copies: 0, overtakings: 1, timeouts: 2, underWay: 6 },
  },
  {
    name: 'close-any-time',
    about: 'both may close at any moment, before they have sent all and before the connection is there',
    sides: [
      side({ sends: [MSS, MSS], sendsEarly: true, closes: 'any-time' }),
      other({ sends: [MSS], closes: 'any-time' }),
    ],
    bounds: { losses: 1, copies: 0, overtakings: 1, timeouts: 1, underWay: 6 },
  },
  {
    name: 'abort',
    about: 'a may abort at any moment; a reset that is lost is made good by keep-alive',
    sides: [side({ sends: [MSS, MSS], aborts: true }), other({ sends: [MSS] }, { keepAlive: true })],
    bounds: { losses: 1, copies: 0, overtakings: 1, timeouts: 1, underWay: 6 },
  },
  {
    name: 'release',
    about: 'a goes away as close(2) does, whatever b still sends',
    sides: [side({ sends: [MSS, MSS], releases: true }), other({ sends: [MSS, MSS] })],
    bounds: { losses: 1, copies: 0, overtakings: 1, timeouts: 1, underWay: 6 },
  },
  {
    name: 'window-of-one',
    about: 'a window of one segment, and a reader that takes half of it at any moment',
    sides: [
      side({ sends: THREE }),
      other({ reads: MSS / 2, closes: 'after-peer' }, { receiveBufferBytes: MSS }),
    ],
    bounds: { losses: 1, copies: 0, overtakings: 1, timeouts: 2, underWay: 6 },
  },
  {
    name: 'window-of-two',
    about: 'a window of two segments each way, both read at any moment',
    sides: [
      side({ sends: [MSS, MSS], reads: MSS }, { receiveBufferBytes: 2 * MSS }),
      other({ sends: THREE, reads: MSS, closes: 'after-peer' }, { receiveBufferBytes: 2 * MSS }),
    ],
    bounds: { losses: 0, copies: 0, overtakings: 0, timeouts: 1, underWay: 6 },
  },
  {
    name: 'small-writes',
    about: "single octets, without Nagle's algorithm and acknowledged one by one",
    sides: [
      side({ sends: [1, 1, 1] }, { nagle: false }),
      other({ closes: 'after-peer' }, { segmentsPerAck: 1 }),
    ],
    bounds: { losses: 1, copies: 0, overtakings: 1, timeouts: 2, underWay: 6 },
  },
  {
    name: 'urgent',
    about: 'the second of three segments is urgent',
    sides: [side({ sends: THREE, urgent: 1 }), other({ reads: MSS, closes: 'after-peer' })],
    bounds: { losses: 1, copies: 0, overtakings: 1, timeouts: 1, underWay: 6 },
  },
  {
    name: 'timestamps',
    about: 'three segments with timestamps, so with PAWS',
    sides: [
      side({ sends: THREE }, { timestamps: true, mssLimit: MSS + 12 }),
      other({ closes: 'after-peer' }, { timestamps: true, mssLimit: MSS + 12 }),
    ],
    bounds: { losses: 1, copies: 1, overtakings: 1, timeouts: 2, underWay: 6 },
  },
  {
    name: 'sends-later',
    about: 'more may arrive before what is due is sent: a host that takes packets in by batches',
    sides: [side({ sends: THREE }), other({ sends: [MSS], closes: 'after-peer' })],
    bounds: { losses: 1, copies: 0, overtakings: 0, timeouts: 1, underWay: 6 },
    sendsLater: true,
  },
]
