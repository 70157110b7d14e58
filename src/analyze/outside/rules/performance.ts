/** Connections that work, slower than they could: judged by what it costs, never by the presence of a retransmission. */

import { cause, evidence, type Rule, seconds } from '../case.ts'
import { neededNot } from '../duplicate-sacks.ts'
import type { SideFacts } from '../facts.ts'

/** Retransmissions in this part of all segments, and so many of them, slow a transfer down. */
const LOSS_RATE = 0.01
const LOSSES = 3
/** Answers that take longer than this, and longer than so many round trips, are the application's; seconds. */
const THINK = 0.8
const THINK_ROUND_TRIPS = 4
const SLOW_RTT = 0.25
const STALL = 0.5
const NAGLE_WAITS = 2
const PATIENCE = 0.9

export const lossOf = (side: SideFacts): number => {
  const { retransmitted, segments } = side
  const lost = retransmitted - neededNot(side)
  return lost < LOSSES ? 0 : lost / (segments + lost)
}

const healthy = { confidence: 'likely', client: 'nothing', server: 'nothing', next: [] as string[] } as const

const slowConnect: Rule = {
  verdict: 'slow-connect',
  applies: ({ client, server, facts }) =>
    facts.handshake.happened &&
    client.syns > 0 &&
    facts.handshake.at - client.syn.at > PATIENCE &&
    (client.syns > 1 || server.synAcks > 1),
  tell: (c) => ({
    ...healthy,
    culprit: 'path',
    detail: `${seconds(c.facts.handshake.at - c.client.syn.at)} in place of ${seconds(c.facts.rtt)}`,
    evidence: evidence(
      [c.client.syn, 'SYN'],
      [c.client.syns > 1 ? c.client.lastSyn : 0, 'SYN again'],
      [c.server.lastSynAck, 'SYN-ACK'],
    ),
    causes: [
      cause('a lost packet', 'path', 'it happens to few connections'),
      cause(
        'the queue of the server was full for a moment',
        'server-app',
        'it happens to many connections at the same time',
      ),
    ],
  }),
}

const slowServer: Rule = {
  verdict: 'slow-server',
  applies: ({ server, rtt }) => server.longestThink >= THINK && server.longestThink > THINK_ROUND_TRIPS * rtt,
  tell: (c) => ({
    ...healthy,
    culprit: 'server-app',
    detail: `its slowest answer took ${seconds(c.server.longestThink)}, where the round trip takes ${seconds(c.rtt)}`,
    evidence: evidence([
      c.server.slowest,
      `first data of the answer, ${seconds(c.server.longestThink)} after the request`,
    ]),
    causes: [
      cause(
        'the server application takes its time, or had nothing to say',
        'server-app',
        'its host acknowledged the request at once',
      ),
    ],
  }),
}

const slowReceiver: Rule = {
  verdict: 'slow-receiver',
  applies: (c) => Math.max(c.server.longestZero, c.client.longestZero) >= STALL,
  tell: (c) => {
    const byClient = c.client.longestZero >= c.server.longestZero
    const side = byClient ? c.client : c.server
    return {
      ...healthy,
      culprit: byClient ? 'client-app' : 'server-app',
      detail: `its window was closed for up to ${seconds(side.longestZero)}`,
      evidence: evidence(
        [side.zeroWindow, 'window closed for the first time'],
        [side.lastZero, 'for the last time'],
      ),
      causes: [
        cause(
          'the receiving application reads slowly',
          byClient ? 'client-app' : 'server-app',
          'its window closes and opens again',
        ),
      ],
    }
  },
}

const loss: Rule = {
  verdict: 'loss',
  // What a router found too big was not lost by chance.
  applies: (c) =>
    Math.max(lossOf(c.client), lossOf(c.server)) >= LOSS_RATE && !c.facts.icmps.some(({ mtu }) => mtu > 0),
  tell: (c) => {
    const byClient = lossOf(c.client) > lossOf(c.server)
    const side = byClient ? c.client : c.server
    return {
      ...healthy,
      culprit: 'path',
      detail: `${side.retransmitted} of ${side.segments + side.retransmitted} segments of the ${byClient ? 'client' : 'server'} were sent again (${(100 * lossOf(side)).toFixed(1)} %)`,
      evidence: evidence(
        [side.firstRetransmission, 'first retransmission'],
        [side.lastRetransmission, 'last one'],
      ),
      causes: [
        cause(
          'a congested or faulty link on the way',
          'path',
          'loss of many connections at the same time, error counters of interfaces',
        ),
      ],
    }
  },
}

const slowNetwork: Rule = {
  verdict: 'slow-network',
  applies: ({ facts }) => facts.rtt >= SLOW_RTT,
  tell: (c) => ({
    ...healthy,
    culprit: 'path',
    detail: `the handshake took ${seconds(c.facts.rtt)}`,
    evidence: evidence([c.client.lastSyn, 'SYN'], [c.facts.handshake, 'end of the handshake']),
    causes: [
      cause('distance, or queues on the way', 'path', 'round trips that grow with the load are queues'),
    ],
  }),
}

const nagle: Rule = {
  verdict: 'delayed-ack-nagle',
  applies: (c) => Math.max(c.client.nagleWaits, c.server.nagleWaits) >= NAGLE_WAITS,
  tell: (c) => {
    const byClient = c.client.nagleWaits >= c.server.nagleWaits
    const side = byClient ? c.client : c.server
    return {
      ...healthy,
      culprit: byClient ? 'client-app' : 'server-app',
      detail: `${side.nagleWaits} times, ${seconds(side.nagleTotal)} in all`,
      evidence: evidence([side.nagle, 'data that had waited for an acknowledgment']),
      causes: [
        cause(
          'it writes small pieces one by one',
          byClient ? 'client-app' : 'server-app',
          'TCP_NODELAY, or one write in place of several, ends it',
        ),
      ],
    }
  },
}

export const PERFORMANCE_RULES: readonly Rule[] = [
  slowReceiver,
  loss,
  slowConnect,
  slowServer,
  nagle,
  slowNetwork,
]
