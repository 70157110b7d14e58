/** Two captures of the same connections, taken at both their ends: which they share, and each as one story. */

import { CLIENT, SERVER } from '../../flows/flow-recorder.ts'
import type { TraceEvent } from '../../trace/events.ts'
import { bothEnds } from './both-ends.ts'
import type { StreamRecording } from './stream-recording.ts'
import {
  type ComparedConnection,
  type Comparison,
  compareCaptures,
  inBoth,
  type PlaceCapture,
} from './two-captures.ts'

/** A connection that is in both captures. */
export interface SharedConnection {
  readonly compared: ComparedConnection
  /** Its number in each, in the order in which the captures were given. */
  readonly streams: readonly [number, number]
}

export interface JoinedConnection {
  readonly events: readonly TraceEvent[]
  /** By host, 'client' and 'server'. */
  readonly addresses: Readonly<Record<string, string>>
}

export class JoinedCaptures {
  /** Which of the two is nearer to the clients. */
  readonly nearClient: 0 | 1
  readonly shared: readonly SharedConnection[]
  readonly #places: readonly [PlaceCapture, PlaceCapture]
  readonly #aheadUs: number

  /** @param places both read to their ends. */
  constructor(places: readonly [PlaceCapture, PlaceCapture]) {
    this.#places = places
    const { nearClient, clockOffset, connections }: Comparison = compareCaptures(...places)
    this.nearClient = nearClient
    this.#aheadUs = Math.round((nearClient === 0 ? clockOffset : -clockOffset) * 1e6)
    this.shared = connections.flatMap((compared) => {
      const { client, server } = compared.streams
      if (client === null || server === null) return []
      return [
        { compared, streams: nearClient === 0 ? ([client, server] as const) : ([server, client] as const) },
      ]
    })
  }

  /** @param recordings of the connection's stream in each capture, read to their ends. */
  join(
    { compared, streams }: SharedConnection,
    recordings: readonly [StreamRecording, StreamRecording],
  ): JoinedConnection {
    const [atClient, atServer] = [this.nearClient, this.nearClient === 0 ? 1 : 0] as const
    const leg = (index: 0 | 1) => this.#places[index].legs.get(streams[index])!
    const [client, server] = [recordings[atClient], recordings[atServer]]
    const aheadUs = this.#aheadUs
    const same = inBoth(leg(atClient), leg(atServer))
    const events = bothEnds({ client: client.end, server: server.end, ...same, aheadUs })
    return {
      events: [...remarks(compared, aheadUs), ...events],
      addresses: {
        [CLIENT]: client.recorder.addresses[CLIENT]!,
        [SERVER]: server.recorder.addresses[SERVER]!,
      },
    }
  }
}

/** What the way has changed. */
function remarks({ changed, hops }: ComparedConnection, aheadUs: number): TraceEvent[] {
  const remark = { kind: 'remark', at: 0, host: CLIENT, connection: 0 } as const
  const told = changed.map((text) => ({ ...remark, text: `Changed on the way: ${text}.` }))
  if (hops !== null && hops > 0)
    told.unshift({
      ...remark,
      text: `${hops} ${hops === 1 ? 'router lies' : 'routers lie'} between the two captures.`,
    })
  const ms = Math.abs(aheadUs) / 1000
  if (ms >= 0.001) {
    const way = aheadUs > 0 ? 'ahead' : 'behind'
    told.unshift({ ...remark, text: `The server's clock is ${ms.toFixed(3)} ms ${way}; here both go alike.` })
  }
  return told
}
