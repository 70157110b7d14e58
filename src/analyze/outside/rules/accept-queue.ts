/** The queue of connections that the server application has to accept is full: four faces of it. */

import {
  type Case,
  type Cause,
  cause,
  evidence,
  isAnswer,
  type Rule,
  resetEvidence,
  resetText,
} from '../case.ts'
import type { SilentConnection } from '../hosts.ts'
import { connectTimeout, synSilence } from './syn-silence.ts'

/** Connections to the same port that opened before and were never answered. */
function silentBefore({ port, facts, stream }: Case): SilentConnection[] {
  return port.silent.filter(
    (other) =>
      other.stream !== stream &&
      other.firstAt <= facts.first.at &&
      other.lastAt + SILENT_FOR > facts.first.at,
  )
}
/** How long an opened connection without a word counts as waiting to be accepted, seconds. */
const SILENT_FOR = 120

const queueFullSilence: Rule = {
  verdict: 'accept-queue-full',
  applies: (c) => synSilence(c) && silentBefore(c).length > 0,
  tell: (c) => {
    const waiting = silentBefore(c)
    return {
      ...connectTimeout.tell(c),
      culprit: 'server-app',
      confidence: 'likely',
      phase: 'connect',
      ambiguous: true,
      detail: `${waiting.length} earlier ${waiting.length === 1 ? 'connection' : 'connections'} to that port opened and never got a word of the server, and now its host drops SYNs`,
      evidence: evidence(
        ...waiting
          .slice(0, 3)
          .map(
            (other) =>
              [other.handshakeFrame, `stream ${other.stream} opened; the server never sends a word`] as const,
          ),
        [c.client.syn, 'first SYN, unanswered'],
        [c.client.syns > 1 ? c.client.lastSyn : 0, 'last SYN, unanswered'],
      ),
      causes: queueCauses(),
      next: queueNext(),
    }
  },
}

function queueCauses(): Cause[] {
  return [
    cause(
      'the server application does not call accept often enough: it hangs, is overloaded, or is out of descriptors',
      'server-app',
      '`ss -ltn` shows Recv-Q at or above Send-Q for the port; `nstat TcpExtListenOverflows` grows',
    ),
    cause('its backlog is too small for bursts', 'server-app', 'it recovers by itself between bursts'),
  ]
}

const queueNext = (): string[] => [
  'on the server: `ss -ltn` (Recv-Q, Send-Q of the listener), `nstat -az TcpExtListenOverflows TcpExtListenDrops`',
  'a stack dump of the server application: what does the thread do that should accept?',
]

/** The server goes on as if the client's ACK had not come: its kernel dropped it for want of room in the queue. */
const queueFullAckDropped: Rule = {
  verdict: 'accept-queue-full',
  applies: ({ server, client, nothingAcknowledged }) =>
    nothingAcknowledged &&
    server.synAcks > client.syns &&
    (server.lateSynAcks >= 2 || (server.lateSynAcks >= 1 && client.pendingAgain >= 1)),
  tell: (c) => {
    const { client, server, reset, facts } = c
    const isReset = reset !== null && !reset.fromClient
    return {
      culprit: 'server-app',
      confidence: 'certain',
      resetBy: isReset ? 'server-host' : reset === null ? null : 'client-host',
      detail: 'the server repeats its SYN-ACK although the client has acknowledged it, and takes no data',
      evidence: evidence(
        [facts.handshake, 'the client acknowledges the SYN-ACK: open in its eyes'],
        [client.firstText, 'data of the client, never acknowledged'],
        [server.lastSynAck, 'SYN-ACK once more: the ACK was dropped'],
        [client.lastRetransmission, 'the data once more'],
        resetEvidence(c),
      ),
      client: isReset ? 'reset' : 'read-timeout',
      server: null,
      causes: queueCauses(),
      next: queueNext(),
    }
  },
}

/** tcp_abort_on_overflow: the final ACK is answered by a reset. */
const queueFullAborted: Rule = {
  verdict: 'accept-queue-full',
  applies: (c) => {
    const { facts, server, reset } = c
    if (!facts.handshake.happened || reset === null || reset.fromClient || !isAnswer(reset, c.rtt))
      return false
    return (
      c.nothingAcknowledged &&
      server.packets === server.synAcks + facts.resets.filter(({ fromClient }) => !fromClient).length &&
      reset.answersAt - facts.handshake.at <= 3 * c.rtt + 0.1 &&
      c.foreign(reset) === null
    )
  },
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    resetBy: 'server-host',
    detail: 'its host answers the end of the handshake with a reset (tcp_abort_on_overflow)',
    evidence: evidence(
      [c.facts.handshake, 'the client acknowledges the SYN-ACK'],
      [c.reset!.frame, resetText(c.reset!)],
    ),
    client: 'reset',
    server: null,
    causes: [
      ...queueCauses(),
      cause(
        'a SYN proxy in front of a server that is not there',
        'middlebox',
        'a capture at the server shows no handshake',
      ),
    ],
    next: queueNext(),
  }),
}

/** With SYN cookies nothing is remembered of a connection that finds no room at its final ACK. */
const queueFullCookies: Rule = {
  verdict: 'accept-queue-full',
  applies: (c) => {
    const { facts, server, client } = c
    if (!facts.handshake.happened || !c.nothingAcknowledged || client.pendingAgain < 2) return false
    return server.packets === server.synAcks && silentBefore(c).length > 0
  },
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    ambiguous: true,
    detail:
      'its host forgot the connection after the SYN-ACK (SYN cookies); earlier ones to that port wait for a word of the server as well',
    evidence: evidence(
      [c.facts.handshake, 'the client acknowledges the SYN-ACK'],
      [c.client.firstText, 'data of the client, never acknowledged'],
      [c.client.lastRetransmission, 'the data once more'],
    ),
    client: 'read-timeout',
    server: null,
    causes: [
      ...queueCauses(),
      cause('the path lost everything after the handshake', 'path', 'a capture at the server'),
    ],
    next: queueNext(),
  }),
}

/** It drops SYNs; to be asked before the SYN's silence itself. */
export const QUEUE_RULES: readonly Rule[] = [queueFullSilence]
/** The client believes that it is connected. */
export const HALF_OPEN_RULES: readonly Rule[] = [queueFullAckDropped, queueFullAborted, queueFullCookies]
