/** Resets of the client. */

import { counted } from '../../../trace/counted.ts'
import type { Outcome } from '../application-errors.ts'
import { type Case, cause, isLive, type Rule } from '../case.ts'
import type { ResetFacts } from '../facts.ts'
import { openAt } from '../framing.ts'
import { gaveUpWaiting, noResponse } from './no-response.ts'
import { BURST, FAREWELL, LARGE, resetOf, saidGoodbye, story } from './reset-story.ts'

/** The client closed while the server was sending, and not just a last word. */
function isAbortedDownload(c: Case, reset: ResetFacts): boolean {
  const { server, client } = c
  if (!reset.fromClient || server.octets === 0) return false
  if (server.fin.happened && server.fin.at < reset.at) return reset.victimPending > BURST
  if (client.fin.happened && server.octetsAfterFin > 0)
    return server.octetsAfterFin >= BURST || openAt(server) > 0
  // A window that shrank holds data that nobody reads; a close then is a reset.
  const shrank = reset.senderWindow >= 0 && 5 * reset.senderWindow < 4 * client.largestWindow
  const unread = isLive(reset) && shrank && server.sinceAnswer >= BURST
  const goesOn = reset.victimAfter > 0 && server.lastText.at > reset.at
  return unread || reset.victimPending >= LARGE || (goesOn && server.octets >= BURST)
}

const answerTooLate: Rule = {
  verdict: 'no-response',
  applies: (c) => resetOf(c) !== null && gaveUpWaiting(c),
  tell: (c) => noResponse(c),
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

/** Whoever waits for the next request there reads an error in place of the end; who writes on learns it then. */
function seenByServer({ client, server, reset }: Case): Outcome {
  if (!reset!.fromClient || server.fin.happened) return 'nothing'
  if (!client.fin.happened) return 'reset'
  const isFarewell = server.framing === 'tls' && server.octetsAfterFin <= FAREWELL
  return server.octetsAfterFin > 0 && !isFarewell ? 'broken-pipe' : 'nothing'
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
    server: seenByServer(c),
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
