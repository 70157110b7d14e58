/** Connections that ended by FIN, sooner than one side expected. */

import { counted } from '../../../trace/counted.ts'
import { type Case, cause, evidence, type Rule, seconds } from '../case.ts'
import { asks } from '../first-words.ts'
import { missingAt } from '../framing.ts'
import { tellsOnly } from './no-response.ts'
import { BURST } from './reset-story.ts'

/** A closing side that says no more than this says only farewell (a TLS alert). */
const FAREWELL = 64
/** A FIN so long after the last data came while the connection was idle, seconds. */
const IDLE = 1
/** How long one side may stay open behind the other's FIN with nothing going on, seconds. */
const LEAK = 60

const serverClosedFirst = ({ server, client, reset }: Case): boolean =>
  reset === null && server.fin.happened && (!client.fin.happened || client.fin.frame > server.fin.frame)

function missingText({ server }: Case): string {
  const octets = counted(missingAt(server), 'octet')
  if (server.framing === 'chunks') return `${octets} of its chunks never came, at least`
  return `${octets} of ${server.framing === 'http' ? 'the length that its header announced' : 'a TLS record'} never came`
}

const prematureEnd: Rule = {
  verdict: 'premature-end',
  applies: (c) =>
    c.reset === null &&
    !(c.client.fin.happened && c.client.fin.frame < c.server.fin.frame) &&
    missingAt(c.server) > 0,
  tell: (c) => ({
    culprit: 'server-app',
    confidence: c.server.framing === 'tls' ? 'likely' : 'certain',
    detail: missingText(c),
    evidence: evidence(
      [c.server.firstText, 'the answer begins'],
      [c.server.lastText, 'last data of the server'],
      [c.server.fin, 'FIN of the server'],
    ),
    client: 'end-in-message',
    server: 'nothing',
    causes: [
      cause(
        'the server process died or was killed while it answered',
        'server-app',
        'all its connections end at the same moment',
      ),
      cause('the server application failed in the middle of the answer and closed', 'server-app', 'its log'),
      cause('a proxy in front of it lost the server behind', 'server-app', "the proxy's log"),
    ],
    next: ["the server application's log at that time"],
  }),
}

/** A last word is answered by the end at once. */
const hasWaited = ({ client, server, rtt }: Case): boolean =>
  client.lastText.at > server.lastText.at && server.fin.at - client.lastText.at > 2 * rtt + AT_ONCE
const AT_ONCE = 0.2

/** The client began, and each of its requests had its answer but the last. */
const askedOneByOne = ({ client, server }: Case): boolean =>
  client.firstText.at < server.firstText.at &&
  server.answers > 0 &&
  server.monologues === 0 &&
  client.segments === server.answers + 1

/** It goes on for a while without a pause and without a word of the server, which has read all of it: a copy, a measurement. */
function streams(c: Case): boolean {
  const { client, server } = c
  const lasts = client.lastText.at - client.firstText.at >= STREAM && client.octets >= BURST
  return lasts && server.octets === 0 && !asks(client, server) && !hasWaited(c)
}
/** Seconds. */
const STREAM = 0.5

const closedWithoutAnswer: Rule = {
  verdict: 'closed-without-answer',
  applies: (c) => {
    const { client, server } = c
    return (
      serverClosedFirst(c) &&
      c.facts.handshake.happened &&
      client.lastText.happened &&
      client.lastText.at < server.fin.at &&
      !tellsOnly(c) &&
      !streams(c) &&
      (server.octets === 0 ? client.octets > FAREWELL || hasWaited(c) : hasWaited(c) && askedOneByOne(c))
    )
  },
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    evidence: evidence(
      [c.client.lastText, 'request'],
      [c.server.fin, `FIN of the server, ${seconds(c.server.fin.at - c.client.lastText.at)} later`],
    ),
    client: 'end-in-message',
    server: 'nothing',
    causes: [
      cause('the server application refused or failed on the request and closed', 'server-app', 'its log'),
      cause('its process ended', 'server-app', 'all its connections end at the same moment'),
      cause(
        'another protocol is spoken there (TLS, or not)',
        'client-app',
        'the first octets of the request',
      ),
    ],
    next: ["the server application's log at that time"],
  }),
}

const closedAtOnce: Rule = {
  verdict: 'closed-at-once',
  applies: (c) =>
    serverClosedFirst(c) &&
    c.facts.handshake.happened &&
    c.client.octets === 0 &&
    c.server.octets === 0 &&
    (c.client.finAnswers || !c.client.fin.happened) &&
    c.server.finIdle < IDLE,
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    evidence: evidence(
      [c.facts.handshake, 'open'],
      [c.server.fin, `FIN of the server, ${seconds(c.server.finIdle)} later`],
    ),
    client: 'end-of-file',
    server: 'nothing',
    causes: [
      cause('a load balancer or proxy has no server behind it', 'server-app', 'its log, its health checks'),
      cause(
        'the server has reached a limit of connections, or does not want this client',
        'server-app',
        'its log',
      ),
    ],
    next: ['the log of the server, or of the load balancer in its place'],
  }),
}

const closedWhileIdle: Rule = {
  verdict: 'closed-while-idle',
  applies: (c) => serverClosedFirst(c) && c.opened && c.server.finIdle >= IDLE && !c.requestOpen,
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    detail: `after ${seconds(c.server.finIdle)} without data`,
    evidence: evidence([c.server.fin, 'FIN of the server'], [c.client.fin, 'FIN of the client']),
    client: 'end-of-file',
    server: 'nothing',
    causes: [
      cause(
        'an idle time-out of the server or of a load balancer in its place',
        'server-app',
        'other connections end after the same time',
      ),
    ],
    next: [],
  }),
}

const notFinished: Rule = {
  verdict: 'close-not-finished',
  applies: (c) => {
    const { client, server } = c
    if (c.reset !== null || client.fin.happened === server.fin.happened) return false
    const closed = client.fin.happened ? client : server
    const quiet = c.captureEnd - c.facts.last.at
    return closed.finAcked.happened && quiet >= LEAK
  },
  tell: (c) => {
    const byClient = c.client.fin.happened
    const fin = byClient ? c.client.fin : c.server.fin
    const open = byClient ? 'server' : 'client'
    const culprit = byClient ? 'server-app' : 'client-app'
    return {
      culprit,
      confidence: 'possible',
      detail: `the ${open} is in CLOSE-WAIT and the other in FIN-WAIT-2 for ${seconds(c.captureEnd - c.facts.last.at)} or more`,
      evidence: evidence(
        [fin, `FIN of the ${byClient ? 'client' : 'server'}`],
        [byClient ? c.client.finAcked : c.server.finAcked, 'acknowledged, and no FIN in return'],
      ),
      client: 'nothing',
      server: 'nothing',
      causes: [
        cause(
          `the ${open} application does not close its socket after end of file: it leaks descriptors`,
          culprit,
          `\`ss -tn state close-wait\` on the ${open} grows`,
        ),
      ],
      next: [`\`ss -tnp state close-wait\` on the ${open}`],
    }
  },
}

export const CLOSE_RULES: readonly Rule[] = [
  prematureEnd,
  closedWithoutAnswer,
  closedAtOnce,
  closedWhileIdle,
  notFinished,
]
