/** Resets of the client, and requests that it gave up waiting for. */

import { counted } from '../../../trace/counted.ts'
import type { Outcome } from '../application-errors.ts'
import { type Case, cause, evidence, isLive, type Rule, resetText, seconds } from '../case.ts'
import type { ResetFacts, SideFacts } from '../facts.ts'
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
  const isShort = server.octets > 0 && client.sinceAnswer <= FAREWELL && server.lastText.at < closedAt
  // So few octets are a last word, but where each word before had its answer.
  if (isShort && client.segments !== server.answers + 1) return false
  if (isOneWay(c, closedAt) || tellsOnly(client) || tookAnswer(c, closedAt)) return false
  const answered =
    server.lastText.happened &&
    server.lastText.at > client.lastText.at &&
    server.firstText.at < closedAt &&
    !lateAnswer(c, closedAt)
  const patience = client.fin.happened ? SOON : SOON_BY_RESET
  return !answered && closedAt - client.lastText.at >= patience && client.una === clientTextEnd(c)
}

/** What the server said behind the client's FIN was acknowledged: the client had ended its side, and still read. */
const tookAnswer = ({ client, server, reset }: Case, closedAt: number): boolean =>
  client.fin.happened &&
  reset?.fromClient !== true &&
  server.lastText.at > closedAt &&
  server.lastAcked.at >= server.lastText.at

/** It speaks again and again without an answer: messages, lines of a log, commands. */
export const tellsOnly = ({ monologues }: SideFacts): boolean => monologues >= 2

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
    server: serverAfterwards(c, never),
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
      ...(late
        ? []
        : [
            cause(
              'the answer is lost on its way, as where its segments are larger than the path takes (path MTU black hole)',
              'path',
              'a capture at the server shows it, sent again and again',
            ),
          ]),
    ],
    next: [
      'a stack dump of the server application while a request waits',
      'its log: when does it get the request, when does it answer?',
    ],
  }
}

/** A reset without a FIN before it is an error to whoever reads; behind one only to whoever writes. */
function serverAfterwards({ client, reset }: Case, neverAccepted: boolean): Outcome | null {
  if (reset?.fromClient === true) return client.fin.happened ? 'broken-pipe' : 'reset'
  return neverAccepted ? null : 'end-of-file'
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
    detail: `of ${counted(c.server.octets, 'octet')} that the server had sent ${c.reset!.victimPending} were not acknowledged`,
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
  return reset.afterVictimFin && !isStillRead(c, reset) && !(asked && server.octets === 0)
}

/** The client has ended its own side and takes what the server says all the same: had it closed, its host would reset. */
function isStillRead({ client, server, rtt }: Case, reset: ResetFacts): boolean {
  const wasTaken = server.lastAcked.at > client.fin.at && server.lastText.at - client.fin.at > rtt
  return wasTaken && server.lastText.at < reset.at && !server.fin.happened
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
    // Whoever waits for the next request there reads an error in place of the end.
    server: c.reset!.fromClient && !c.client.fin.happened && !c.server.fin.happened ? 'reset' : 'nothing',
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
