/** What a graph shows, as data: for programs, and for tests that hold pictures against it. */

import { GRAPH_NAMES, type GraphOptions } from './graph-svg.ts'
import { type GraphDirection, type GraphSeries, mainSide } from './series.ts'
import { ratesOf } from './throughput-painter.ts'

/** Plain data: times in microseconds on the clock of the run, numbers counted from the SYN. */
export function graphData(series: GraphSeries, options: GraphOptions): Record<string, unknown> {
  const direction = series.directions[options.side ?? mainSide(series)]
  const { sender, receiver, ports, isSeenAtSender, incarnations } = direction
  const base = incarnations.at(-1)?.base
  const host = (name: string, port: number) => ({ name, address: options.addresses?.[name], port })
  return {
    type: options.type,
    name: GRAPH_NAMES[options.type],
    title: options.title,
    sender: host(sender, ports.sender),
    receiver: host(receiver, ports.receiver),
    seenAt: series.isCaptured ? 'capture' : isSeenAtSender ? 'sender' : 'receiver',
    startUs: series.startUs,
    endUs: series.endUs,
    initialSequenceNumber: base === undefined ? undefined : base >>> 0,
    ...LISTS[options.type](direction, options),
  }
}

const LISTS: Readonly<
  Record<GraphOptions['type'], (direction: GraphDirection, options: GraphOptions) => Record<string, unknown>>
> = {
  'time-sequence': ({ segments, acknowledgments, resets }) => ({ segments, acknowledgments, resets }),
  throughput: (direction, options) => {
    const { windowUs, sent, acknowledged } = ratesOf(direction, options.averageUs)
    return { windowUs, sent, acknowledged }
  },
  rtt: ({ roundTrips, recovery }) => ({
    roundTrips,
    recovery: recovery.map(({ at, srttUs, rtoUs }) => ({ at, srttUs, rtoUs })),
  }),
  window: ({ flight, acknowledgments }) => ({
    flight,
    windows: acknowledgments.map(({ at, window }) => ({ at, window })),
  }),
  congestion: ({ flight, acknowledgments, roundTrips, recovery, inferred, expiries, segments }) => ({
    roundTrips,
    flight,
    windows: acknowledgments.map(({ at, window }) => ({ at, window })),
    recovery: recovery.map(({ at, phase, cwnd, ssthresh, rtoUs, srttUs }) => {
      return { at, phase, cwnd, ssthresh, rtoUs, srttUs }
    }),
    inferredRecovery: inferred,
    expiries,
    losses: segments
      .filter(({ lost }) => lost !== undefined)
      .map(({ at, packet, lost }) => ({ at, packet, lost })),
  }),
}
