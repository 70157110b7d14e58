/** Open connections that a reset ended. */

import {
  type Case,
  type Cause,
  cause,
  type EvidenceFrame,
  evidence,
  isLive,
  isStateless,
  type Rule,
  resetText,
  seconds,
} from '../case.ts'
import type { ResetFacts } from '../facts.ts'

const ELSEWHERE = 'a capture on the other host shows whether it sent this reset'
/** A close that follows so soon upon an answer belongs to it, seconds. */
const SOON = 0.9
/** Who gives up waiting closes; a reset is a decision of another kind, unless it comes late. */
const SOON_BY_RESET = 1.5
/** Octets of about one full segment, and of more than one. */
const LARGE = 1000
const BURST = 4096
/** Octets of a TLS alert: what a side still says when it closes. */
const FAREWELL = 64
const LAST_WORDS = 256

const resetOf = (c: Case): ResetFacts | null => (c.opened || c.server.synAcks > 0 ? c.reset : null)

function story(c: Case, reset: ResetFacts): EvidenceFrame[] {
  const { client, server } = c
  return evidence(
    [client.lastText.at < reset.at ? client.lastText : 0, 'last data of the client'],
    [server.lastText.at < reset.at ? server.lastText : 0, 'last data of the server'],
    [client.fin, 'FIN of the client'],
    [server.fin, 'FIN of the server'],
    [
      reset.frame,
      `${resetText(reset)}, ${seconds(reset.at - reset.answersAt)} after the packet before of the other side`,
    ],
  )
}

const serverLog =
  "the server application's log at that time: a crash, a kill, an exception while it handled the request"

// ---- another than the two

const reasonForeign = (c: Case): string | null => {
  const reset = resetOf(c)
  return reset === null ? null : c.foreign(reset)
}

const stateLost: Rule = {
  verdict: 'state-lost',
  applies: (c) => {
    const reset = resetOf(c)
    return (
      reset !== null &&
      isStateless(reset) &&
      reset.answersLength > 0 &&
      reset.answersAck &&
      reasonForeign(c) !== null &&
      reset.senderAfter === 0
    )
  },
  tell: (c) => {
    const reset = c.reset!
    return {
      culprit: 'middlebox',
      confidence: 'certain',
      resetBy: 'middlebox',
      detail: reasonForeign(c)!,
      evidence: story(c, reset),
      client: reset.fromClient ? 'unaware' : 'reset',
      server: reset.fromClient ? 'reset' : 'unaware',
      causes: [
        cause(
          'a firewall or NAT lost its state of the connection: its idle time-out, a restart, a failover',
          'middlebox',
          `the connection had been idle for ${seconds(reset.idle)}; the other host never sees this reset and keeps the connection open`,
        ),
      ],
      next: [
        'the idle time-out of firewalls and NATs between the two; keep-alive or an application ping more often than that',
        ELSEWHERE,
      ],
    }
  },
}

const injected: Rule = {
  verdict: 'reset-by-middlebox',
  applies: (c) => reasonForeign(c) !== null,
  tell: (c) => {
    const reset = c.reset!
    const both = c.facts.resets.some(
      (other) => other.fromClient !== reset.fromClient && c.foreign(other) !== null,
    )
    return {
      culprit: 'middlebox',
      confidence: 'certain',
      resetBy: 'middlebox',
      detail: reasonForeign(c)!,
      evidence: [
        ...story(c, reset),
        ...evidence([
          reset.senderAfterFrame,
          `the ${reset.fromClient ? 'client' : 'server'} goes on, as it did not send the reset`,
        ]),
      ],
      client: reset.fromClient && !both ? 'unaware' : 'reset',
      server: reset.fromClient || both || reset.senderAfter > 0 ? 'reset' : 'unaware',
      causes: [
        cause(
          'a firewall, intrusion prevention or censoring device tears the connection down',
          'middlebox',
          'it happens after certain contents, or to certain hosts',
        ),
        cause('a load balancer or proxy in the path gave the connection up', 'middlebox', 'its log'),
      ],
      next: [ELSEWHERE, 'compare what was sent just before with what works'],
    }
  },
}

// ---- after a FIN

/** The server closed, the client wrote on, the server host knew nothing any more. */
const afterServerFin = (c: Case): ResetFacts | null => {
  const reset = resetOf(c)
  const { client } = c
  // A last word just before its own FIN: the application was about to close and sees no error.
  const isFarewell =
    client.fin.happened && client.octetsAfterFin <= LAST_WORDS && client.fin.at - client.afterFin.at < c.rtt
  if (isFarewell) return null
  return reset !== null &&
    !reset.fromClient &&
    reset.afterSenderFin &&
    client.afterFin.happened &&
    isStateless(reset)
    ? reset
    : null
}

const brokenPipe: Rule = {
  verdict: 'broken-pipe',
  applies: (c) =>
    afterServerFin(c) !== null && (c.client.afterFinKnown || c.client.afterFin.at - c.server.fin.at > c.rtt),
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'certain',
    resetBy: 'server-host',
    detail: `the client sent data ${seconds(c.client.afterFin.at - c.server.fin.at)} after the server's FIN had arrived`,
    evidence: story(c, c.reset!),
    client: 'broken-pipe',
    server: 'nothing',
    causes: [
      cause(
        'the client used a pooled connection that the server had closed when its idle time-out was over',
        'server-app',
        `the FIN came after ${seconds(c.server.finIdle)} without data`,
      ),
      cause(
        'the client never looks for the end of the stream before it writes',
        'client-app',
        'it had the FIN in its hands and did not close',
      ),
    ],
    next: [
      'keep pooled connections at the client for less time than the server does, and try again on a new one',
      'the client should read (or listen for end) before it writes: a read says end of file, never an error',
    ],
  }),
}

const closeRace: Rule = {
  verdict: 'close-race',
  applies: (c) => afterServerFin(c) !== null,
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'certain',
    resetBy: 'server-host',
    detail: "the request left before the server's FIN had been seen",
    evidence: story(c, c.reset!),
    client: 'broken-pipe',
    server: 'nothing',
    causes: [
      cause(
        'the idle time-out of the server ran out just when the client used the connection again',
        'server-app',
        `the FIN came after ${seconds(c.server.finIdle)} without data`,
      ),
    ],
    next: [
      'keep pooled connections at the client for less time than the server does',
      'the request may be sent again: the server has not read it',
    ],
  }),
}

/** JDK 13 and later close with a FIN although there is unread input; the reset follows. */
const finThenReset: Rule = {
  verdict: 'unread-data',
  applies: (c) => {
    const reset = resetOf(c)
    return (
      reset !== null &&
      !reset.fromClient &&
      reset.afterSenderFin &&
      !reset.afterVictimFin &&
      isLive(reset) &&
      c.client.octets > 0
    )
  },
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    resetBy: 'server-host',
    detail: 'a FIN, then a reset of the live socket: so closes Java with unread input',
    evidence: story(c, c.reset!),
    client: 'broken-pipe',
    server: 'nothing',
    causes: unreadCauses(),
    next: [serverLog],
  }),
}

function unreadCauses(): Cause[] {
  return [
    cause(
      'the server application closed without reading all of the request',
      'server-app',
      'it does so each time with the same request',
    ),
    cause(
      'its process was killed or crashed with unread input',
      'server-app',
      'all its connections end at the same moment',
    ),
    cause(
      'it aborts on purpose (SO_LINGER 0, resetAndDestroy)',
      'server-app',
      'it does so too when nothing is left unread',
    ),
  ]
}

// ---- time-outs that end with a reset

const keepAliveGaveUp: Rule = {
  verdict: 'keep-alive-timeout',
  applies: (c) => {
    const reset = resetOf(c)
    return reset !== null && reset.senderProbes >= 2
  },
  tell: (c) => {
    const reset = c.reset!
    const side = c.side(reset.fromClient)
    return {
      culprit: 'path',
      confidence: 'certain',
      ambiguous: true,
      resetBy: reset.fromClient ? 'client-host' : 'server-host',
      detail: `${reset.senderProbes} keep-alive probes without an answer`,
      evidence: evidence(
        [side.firstUnanswered, 'first keep-alive probe without an answer'],
        [side.lastUnanswered, 'last one'],
        [reset.frame, resetText(reset)],
      ),
      client: reset.fromClient ? 'timed-out' : 'unaware',
      server: reset.fromClient ? 'unaware' : 'timed-out',
      causes: goneCauses(),
      next: ['is the other host up? a capture there shows whether the probes arrive'],
    }
  },
}

export function goneCauses(): Cause[] {
  return [
    cause('the path broke', 'path', 'other connections between the two networks fail as well'),
    cause('the other host is gone: crashed, cut off, switched off', 'server-host', 'it answers nobody'),
    cause('a firewall or NAT forgot the connection', 'middlebox', 'new connections to that host work'),
  ]
}

const retransmissionGaveUp: Rule = {
  verdict: 'unacknowledged',
  applies: (c) => {
    const reset = resetOf(c)
    return (
      reset !== null &&
      reset.senderAgain >= 2 &&
      reset.senderPending > 0 &&
      c.side(!reset.fromClient).zeroSince < 0
    )
  },
  tell: (c) => {
    const reset = c.reset!
    const side = c.side(reset.fromClient)
    return {
      culprit: 'path',
      confidence: 'certain',
      ambiguous: true,
      resetBy: reset.fromClient ? 'client-host' : 'server-host',
      detail: `${reset.senderPending} octets sent again ${reset.senderAgain} times, then given up`,
      evidence: evidence(
        [side.pending, 'first sent'],
        [side.pendingLast, 'sent again for the last time'],
        [reset.frame, resetText(reset)],
      ),
      client: reset.fromClient ? 'timed-out' : 'unaware',
      server: reset.fromClient ? 'unaware' : 'timed-out',
      causes: goneCauses(),
      next: ['a capture at the other host: does the data arrive there?'],
    }
  },
}

// ---- the server

const rejectedEarly: Rule = {
  verdict: 'rejected-early',
  applies: (c) => {
    const reset = resetOf(c)
    const { client, server } = c
    if (reset === null || reset.fromClient || server.octets === 0) return false
    const stillSending = reset.victimPending > 0 || client.lastText.at >= server.lastText.at
    return (
      stillSending &&
      client.octets > server.octets &&
      client.octets >= BURST &&
      client.lastText.at > server.firstText.at - 2 * c.rtt &&
      reset.at - server.lastText.at < 5
    )
  },
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    resetBy: 'server-host',
    detail: `${c.server.octets} octets of an answer while ${c.reset!.victimPending} octets of the client were on their way`,
    evidence: [...evidence([c.server.firstText, 'answer of the server']), ...story(c, c.reset!)],
    client: 'reset-while-writing',
    server: 'nothing',
    causes: [
      cause(
        'the server refused the request by its headers (too large, not allowed) and closed without reading the rest',
        'server-app',
        'the answer, which may be read after the error: an HTTP status such as 413',
      ),
    ],
    next: [
      "read the server's answer in spite of the write error",
      'limits of the server or proxy for the size of requests',
    ],
  }),
}

/** The server stopped reading long before. */
const resetWhileBlocked: Rule = {
  verdict: 'receiver-not-reading',
  applies: (c) => {
    const reset = resetOf(c)
    return reset !== null && (c.server.zeroSince >= 0 || c.client.zeroSince >= 0)
  },
  tell: (c) => {
    const reset = c.reset!
    const serverStuck = c.server.zeroSince >= 0
    const stuck = serverStuck ? c.server : c.client
    const who = serverStuck ? 'server' : 'client'
    return {
      culprit: serverStuck ? 'server-app' : 'client-app',
      confidence: 'certain',
      resetBy: reset.fromClient ? 'client-host' : 'server-host',
      detail: `the ${who} kept its window closed for ${seconds(reset.at - stuck.zeroSince)}`,
      evidence: evidence(
        [stuck.zeroWindow, `the ${who} closes its window`],
        [stuck.lastZero, 'it is still closed'],
        [reset.frame, resetText(reset)],
      ),
      client: serverStuck ? 'write-blocked' : reset.fromClient ? 'nothing' : 'reset',
      server: serverStuck ? (reset.fromClient ? 'reset' : 'nothing') : 'write-blocked',
      causes: [
        cause(
          `the ${who} application does not read: it hangs, waits for something else, or is slower than what it is sent`,
          serverStuck ? 'server-app' : 'client-app',
          `a stack dump of the ${who} application`,
        ),
      ],
      next: [`what does the ${who} application wait for while its window is closed?`],
    }
  },
}

const forgotten: Rule = {
  verdict: 'connection-forgotten',
  applies: (c) => {
    const reset = resetOf(c)
    return (
      reset !== null &&
      isStateless(reset) &&
      !reset.afterSenderFin &&
      reset.answersAck &&
      c.foreign(reset) === null &&
      (c.side(reset.fromClient).last.happened || c.client.octets > 0)
    )
  },
  tell: (c) => {
    const reset = c.reset!
    const who = reset.fromClient ? 'client' : 'server'
    const host = reset.fromClient ? 'client-host' : 'server-host'
    return {
      culprit: host,
      confidence: c.side(reset.fromClient).ttl === 0 ? 'possible' : 'likely',
      resetBy: host,
      detail: `the ${who} host answers the data as one that has no such connection, without a FIN before`,
      evidence: story(c, reset),
      client: reset.fromClient ? 'nothing' : 'reset',
      server: reset.fromClient ? 'reset' : 'nothing',
      causes: [
        cause(
          `the ${who} host restarted, or another one took over its address`,
          host,
          'its uptime; all its connections ended so',
        ),
        cause(
          `the ${who}'s process ended, and its FIN or reset was lost on the way`,
          reset.fromClient ? 'client-app' : 'server-app',
          'its log',
        ),
        cause('a middlebox with the same TTL as the host answers', 'middlebox', ELSEWHERE),
      ],
      next: [`uptime and log of the ${who} host`, ELSEWHERE],
    }
  },
}

const unreadData: Rule = {
  verdict: 'unread-data',
  applies: (c) => {
    const reset = resetOf(c)
    return (
      reset !== null &&
      !reset.fromClient &&
      !isStateless(reset) &&
      !reset.afterVictimFin &&
      c.requestOpen &&
      c.client.octets > 0
    )
  },
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    resetBy: 'server-host',
    detail:
      c.reset!.victimPending === 0 ? 'the server host had acknowledged all data of the client' : undefined,
    evidence: story(c, c.reset!),
    client: c.reset!.victimPending > 0 ? 'reset-while-writing' : 'reset',
    server: 'nothing',
    causes: unreadCauses(),
    next: [
      serverLog,
      'whether it was read is not on the wire: `strace` or a stack dump of the server application',
    ],
  }),
}

const resetByServer: Rule = {
  verdict: 'reset-by-server',
  applies: (c) => resetOf(c)?.fromClient === false && !endedInOrder(c, c.reset!),
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    phase: c.reset!.at - Math.max(c.client.lastText.at, c.server.lastText.at) > 1 ? 'idle' : 'data',
    resetBy: 'server-host',
    evidence: story(c, c.reset!),
    client: c.server.fin.happened ? 'broken-pipe' : 'reset',
    server: 'nothing',
    causes: unreadCauses(),
    next: [serverLog],
  }),
}

// ---- the client

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
  applies: (c) => resetOf(c)?.fromClient === true && gaveUpWaiting(c),
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
  const unread = isLive(reset) && reset.senderWindow >= 0 && 2 * reset.senderWindow < client.largestWindow
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
function endedInOrder(c: Case, reset: ResetFacts): boolean {
  const { client, server, facts } = c
  if (facts.packets === facts.resetCount) return true
  const asked = c.requestOpen && (server.octets === 0 || client.sinceAnswer > FAREWELL)
  if (reset.fromClient) return !asked || client.octets === 0 || client.fin.happened || server.fin.happened
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

export const RESET_RULES: readonly Rule[] = [
  stateLost,
  injected,
  keepAliveGaveUp,
  retransmissionGaveUp,
  resetWhileBlocked,
  brokenPipe,
  closeRace,
  rejectedEarly,
  finThenReset,
  forgotten,
  unreadData,
  answerTooLate,
  downloadAborted,
  resetByServer,
  endedByReset,
  resetByClient,
]
