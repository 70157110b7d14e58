/** Resets of the client, and requests that it gave up waiting for. */

import { type Case, cause, evidence, isLive, type Rule, resetText, seconds } from '../case.ts'
import type { ResetFacts } from '../facts.ts'
import { BURST, FAREWELL, LARGE, resetOf, saidGoodbye, story } from './reset-story.ts'

/** A close that follows so soon upon an answer belongs to it, seconds. */
const SOON = 0.9
/** Who gives up waiting closes; a reset is a decision of another kind, unless it comes late. */
const SOON_BY_RESET = 1.5

/** The client had asked, waited, and closed; what came then found nobody. */
export function gaveUpWaiting(c: Case): boolean {
  const { client, server } = c
  const closedAt = client.fin.happened ? client.fin.at : c.reset?.fromClient === true ? c.reset.at : -1
  if (closedAt < 0 || client.octets === 0) return false
  if (server.fin.happened && server.fin.at < closedAt) return false
  if (server.octets > 0 && client.sinceAnswer <= FAREWELL && server.lastText.at < closedAt) return false
  if (isOneWay(c, closedAt)) return false
  const answered =
    server.lastText.happened &&
    server.lastText.at > client.lastText.at &&
    server.firstText.at < closedAt &&
    !lateAnswer(c, closedAt)
  const patience = client.fin.happened ? SOON : SOON_BY_RESET
  return !answered && closedAt - client.lastText.at >= patience && client.una === clientTextEnd(c)
}

/** A server that never says a word and closes as soon as the client has: it read, and had nothing to say. */
const isOneWay = ({ server, port, rtt }: Case, closedAt: number): boolean =>
  port.answered === 0 && server.octets === 0 && server.fin.happened && server.fin.at - closedAt < 3 * rtt

/** All text of the server since the last request came after the client had closed. */
const lateAnswer = ({ server, client }: Case, closedAt: number): boolean =>
  server.lastText.at > closedAt && server.answers <= client.answers + 1 && server.slowest.at > closedAt

const clientTextEnd = ({ client }: Case): number => client.next

const answerTooLate: Rule = {
  verdict: 'no-response',
  applies: (c) => resetOf(c) !== null && gaveUpWaiting(c),
  tell: (c) => noResponse(c),
}

export function noResponse(c: Case): ReturnType<Rule['tell']> {
  const { client, server, reset } = c
  const never = server.octets === 0 && c.port.answered === 0
  const closedAt = client.fin.happened ? client.fin.at : (reset?.at ?? c.captureEnd)
  const late = server.lastText.at > closedAt
  return {
    culprit: 'server-app',
    confidence: late ? 'certain' : client.fin.happened || reset !== null ? 'likely' : 'possible',
    resetBy: reset === null ? null : reset.fromClient ? 'client-host' : 'server-host',
    detail: `acknowledged at once by the server host, and no answer in the ${seconds(closedAt - client.lastText.at)} ${client.fin.happened || reset !== null ? 'until the client gave up' : 'to the end of the capture'}${late ? `; it came ${seconds(server.lastText.at - client.lastText.at)} after the request` : ''}`,
    evidence: evidence(
      [client.lastText, 'request'],
      [client.lastAcked, 'acknowledged by the server host'],
      [client.fin, 'the client gives up: FIN'],
      [late ? server.lastText : 0, 'the answer comes too late'],
      [reset?.frame ?? 0, reset === null ? '' : resetText(reset)],
    ),
    client: 'read-timeout',
    server: reset?.fromClient === true ? 'broken-pipe' : never ? null : 'end-of-file',
    causes: [
      ...(never && !late
        ? [
            cause(
              'the server application never accepted the connection: it hangs, is out of threads or descriptors (too many open files)',
              'server-app',
              'not one octet of an application came from that port in the whole capture; `ss -ltn` shows a Recv-Q above 0',
            ),
          ]
        : []),
      cause(
        'the server application is slow or hangs on this request',
        'server-app',
        late ? 'the answer came after all' : 'other requests are answered',
      ),
      cause(
        'the time-out of the client is too short',
        'client-app',
        `it waited ${seconds(closedAt - client.lastText.at)}`,
      ),
    ],
    next: [
      'a stack dump of the server application while a request waits',
      'its log: when does it get the request, when does it answer?',
    ],
  }
}

/** The client closed while the server was sending, and not just a last word. */
function isAbortedDownload(c: Case, reset: ResetFacts): boolean {
  const { server, client } = c
  if (!reset.fromClient || server.octets === 0) return false
  if (server.fin.happened && server.fin.at < reset.at) return reset.victimPending > BURST
  if (client.fin.happened && server.octetsAfterFin > 0) return server.octetsAfterFin >= BURST
  // A window that shrank holds data that nobody reads; a close then is a reset.
  const shrank = reset.senderWindow >= 0 && 5 * reset.senderWindow < 4 * client.largestWindow
  const unread = isLive(reset) && shrank && server.sinceAnswer >= BURST
  const goesOn = reset.victimAfter > 0 && server.lastText.at > reset.at
  return unread || reset.victimPending >= LARGE || (goesOn && server.octets >= BURST)
}

const downloadAborted: Rule = {
  verdict: 'download-aborted',
  applies: (c) => {
    const reset = resetOf(c)
    return reset !== null && isAbortedDownload(c, reset)
  },
  tell: (c) => ({
    culprit: 'client-app',
    confidence: 'likely',
    resetBy: 'client-host',
    detail: `${c.server.octets} octets of the server had been sent, ${c.reset!.victimPending} of them not acknowledged`,
    evidence: story(c, c.reset!),
    client: 'nothing',
    server: 'reset-while-writing',
    causes: [
      cause(
        'the user or the client application aborted (a closed page, a time-out, enough read)',
        'client-app',
        'the log of the client',
      ),
      cause('the client process was killed', 'client-app', 'all its connections end at the same moment'),
    ],
    next: ['why does the client stop: its log at that time'],
  }),
}

/** Nothing was left to be sent, no request was open: a reset in place of a FIN, or behind it; or one that stands alone. */
export function endedInOrder(c: Case, reset: ResetFacts): boolean {
  const { client, server, facts } = c
  if (facts.packets === facts.resetCount) return true
  const asked = c.requestOpen && (server.octets === 0 || client.sinceAnswer > FAREWELL)
  if (reset.fromClient) return !asked || client.octets === 0 || client.fin.happened || server.fin.happened
  if (client.afterFin.happened && saidGoodbye(client)) return true
  return reset.afterVictimFin && !(asked && server.octets === 0)
}

const endedByReset: Rule = {
  verdict: 'ended-by-reset',
  applies: (c) => {
    const reset = resetOf(c)
    return reset !== null && endedInOrder(c, reset)
  },
  tell: (c) => ({
    culprit: 'none',
    confidence: 'likely',
    resetBy: c.reset!.fromClient ? 'client-host' : 'server-host',
    evidence: story(c, c.reset!),
    client: 'nothing',
    server: 'nothing',
    causes: [],
    next: [],
  }),
}

const resetByClient: Rule = {
  verdict: 'reset-by-client',
  applies: (c) => resetOf(c) !== null,
  tell: (c) => ({
    culprit: 'client-app',
    confidence: 'likely',
    resetBy: 'client-host',
    evidence: story(c, c.reset!),
    client: 'nothing',
    server: 'reset',
    causes: [
      cause(
        'the client application aborted, or closed with unread input',
        'client-app',
        'its log at that time',
      ),
      cause('its process was killed', 'client-app', 'all its connections end at the same moment'),
    ],
    next: ['the log of the client application at that time'],
  }),
}

export const CLIENT_RULES: readonly Rule[] = [answerTooLate, downloadAborted]
/** What is left. */
export const LAST_RULES: readonly Rule[] = [endedByReset, resetByClient]
