/** Requests that the client gave up waiting for. */

import { counted } from '../../../trace/counted.ts'
import type { Outcome } from '../application-errors.ts'
import { type Case, type Cause, cause, evidence, type Rule, resetEvidence, seconds } from '../case.ts'
import { NEVER } from '../facts.ts'
import { asks, publishes, TLS_WORDS } from '../first-words.ts'
import { openAt } from '../framing.ts'
import { FAREWELL } from './reset-story.ts'

/** A close that follows so soon upon an answer belongs to it, seconds. */
const SOON = 0.9
/** Who gives up waiting closes; a reset is a decision of another kind, unless it comes late. */
const SOON_BY_RESET = 1.5

/** The client had asked, waited, and closed; what came then found nobody. */
export function gaveUpWaiting(c: Case): boolean {
  const { client, server } = c
  const closedAt = client.fin.happened ? client.fin.at : c.reset?.fromClient === true ? c.reset.at : -1
  if (closedAt < 0) return false
  if (client.octets === 0) return waitedForGreeting(c)
  if (server.fin.happened && server.fin.at < closedAt) return false
  const stalled = stalledAt(c, closedAt)
  const patience = client.fin.happened ? SOON : SOON_BY_RESET
  if (stalled >= 0) return closedAt - stalled >= patience
  const isShort = server.octets > 0 && client.sinceAnswer <= FAREWELL && server.lastText.at < closedAt
  // So few octets are a last word, but where each word before had its answer.
  if (isShort && client.segments !== server.answers + 1) return false
  if (isOneWay(c, closedAt) || tellsOnly(c) || tookAnswer(c, closedAt)) return false
  const answered =
    server.lastText.happened &&
    server.lastText.at > client.lastText.at &&
    server.firstText.at < closedAt &&
    !lateAnswer(c, closedAt)
  return !answered && closedAt - client.lastText.at >= patience && client.una === client.next
}

/** Since when the server, in the middle of a message, says no more, although the client takes all that comes; -1: it does not. */
function stalledAt({ client, server }: Case, closedAt: number): number {
  const { lastText, una, next } = server
  const isTaken = una === next && client.zeroSince < 0 && lastText.at < closedAt
  return openAt(server) > 0 && isTaken && lastText.at > client.lastText.at ? lastText.at : -1
}

/** Nobody said a word; the client waited for one, and the server does not even notice that it has gone. */
const waitedForGreeting = (c: Case): boolean =>
  c.facts.handshake.happened && isLeftOpen(c) && c.client.fin.at - c.facts.handshake.at >= SOON

/** What the server said behind the client's FIN was acknowledged: the client had ended its side, and still read. */
const tookAnswer = ({ client, server, reset }: Case, closedAt: number): boolean =>
  client.fin.happened &&
  reset?.fromClient !== true &&
  server.lastText.at > closedAt &&
  server.lastAcked.at >= server.lastText.at

/** It speaks again and again without an answer: messages, lines of a log, commands. */
export const tellsOnly = (c: Case): boolean => {
  const { client, server } = c
  if (asks(client, server) || isLeftOpen(c)) return false
  return client.monologues >= 2 || publishes(client, server)
}

/** Its client has closed, and the server, which never said a word, does not: who reads sees the end and closes. */
const isLeftOpen = ({ client, server }: Case): boolean =>
  client.finAcked.happened && server.octets === 0 && !server.fin.happened

/** A server that never says a word and closes as soon as the client has: it read, and had nothing to say. */
const isOneWay = ({ client, server, port, rtt }: Case, closedAt: number): boolean =>
  !asks(client, server) &&
  port.answered === 0 &&
  server.octets === 0 &&
  server.fin.happened &&
  server.fin.at - closedAt < 3 * rtt

/** All text of the server since the last request came after the client had closed. */
const lateAnswer = ({ server, client }: Case, closedAt: number): boolean =>
  server.lastText.at > closedAt && server.answers <= client.answers + 1 && server.slowest.at > closedAt

/** When the client gave up; the end of the capture, where it still waits. */
const waitedUntil = ({ client, reset, captureEnd }: Case): number =>
  client.fin.happened ? client.fin.at : (reset?.at ?? captureEnd)

export function noResponse(c: Case): ReturnType<Rule['tell']> {
  const { client, server, reset } = c
  const closedAt = waitedUntil(c)
  const gaveUp = client.fin.happened || reset !== null
  const late = server.lastText.at > closedAt
  const stalled = stalledAt(c, closedAt) >= 0
  if (client.octets === 0) return noGreeting(c, closedAt)
  return {
    culprit: 'server-app',
    confidence: late ? 'certain' : gaveUp ? 'likely' : 'possible',
    resetBy: reset === null ? null : reset.fromClient ? 'client-host' : 'server-host',
    detail: stalled
      ? `its answer stops ${counted(openAt(server), 'octet')} before the end of a message, and nothing came in the ${seconds(closedAt - server.lastText.at)} until the client gave up`
      : `acknowledged at once by the server host, and no answer in the ${seconds(closedAt - client.lastText.at)} ${gaveUp ? 'until the client gave up' : 'to the end of the capture'}${late ? `; it came ${seconds(server.lastText.at - client.lastText.at)} after the request` : ''}`,
    evidence: evidence(
      [client.lastText, 'request'],
      [stalled ? 0 : client.lastAcked, 'acknowledged by the server host'],
      [stalled ? server.lastText : 0, 'last data of the answer, which is not whole'],
      [client.fin, 'the client gives up: FIN'],
      [late ? server.lastText : 0, 'the answer comes too late'],
      resetEvidence(c),
    ),
    client: 'read-timeout',
    server: serverAfterwards(c),
    causes: causesOf(c, closedAt),
    next: [
      'a stack dump of the server application while a request waits',
      'its log: when does it get the request, when does it answer?',
    ],
  }
}

function noGreeting(c: Case, closedAt: number): ReturnType<Rule['tell']> {
  const { client, facts } = c
  return {
    culprit: 'server-app',
    confidence: 'possible',
    detail: `nobody said a word in the ${seconds(closedAt - facts.handshake.at)} until the client closed, and the server does not close in return`,
    evidence: evidence(
      [facts.handshake, 'open'],
      [client.fin, 'FIN of the client'],
      [client.finAcked, 'acknowledged by the server host; no FIN of its application'],
    ),
    client: 'read-timeout',
    server: null,
    causes: causesOf(c, closedAt),
    next: [
      'on the server: `ss -ltn` (is Recv-Q above 0?), a stack dump of the server application',
      'does the protocol begin with a greeting of the server?',
    ],
  }
}

/** Nothing of an application ever came from that port. */
const neverSpoke = ({ server, port }: Case): boolean => server.octets === 0 && port.answered === 0

function causesOf(c: Case, closedAt: number): Cause[] {
  const { client, server } = c
  const late = server.lastText.at > closedAt
  const causes: Cause[] = []
  if (neverSpoke(c)) {
    causes.push(
      cause(
        'the server application never accepted the connection: it hangs, is out of threads or descriptors (too many open files)',
        'server-app',
        'not one octet of an application came from that port in the whole capture; `ss -ltn` shows a Recv-Q above 0',
      ),
    )
  }
  causes.push(
    cause(
      'the server application is slow or hangs on this request',
      'server-app',
      late ? 'the answer came after all' : 'other requests are answered',
    ),
    cause(
      'the time-out of the client is too short',
      'client-app',
      `it waited ${seconds(closedAt - Math.max(client.lastText.at, late ? NEVER : server.lastText.at, c.facts.handshake.at))}`,
    ),
  )
  if (asks(client, server) && client.firstWords === TLS_WORDS) {
    causes.push(
      cause(
        'the server speaks no TLS on that port, and waits for the rest of what it takes for a request of its own protocol',
        'client-app',
        'the client begins with a TLS handshake: what is the port meant to speak?',
      ),
    )
  }
  if (!late && client.octets > 0) {
    causes.push(
      cause(
        'the answer is lost on its way, as where its segments are larger than the path takes (path MTU black hole)',
        'path',
        'a capture at the server shows it, sent again and again',
      ),
    )
  }
  return causes
}

/** A reset without a FIN before it is an error to whoever reads; behind one only to whoever writes. */
function serverAfterwards(c: Case): Outcome | null {
  const { client, reset } = c
  if (reset?.fromClient === true) return client.fin.happened ? 'broken-pipe' : 'reset'
  return neverSpoke(c) ? null : 'end-of-file'
}
