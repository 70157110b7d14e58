/** Resets that end a silence, and those of the server. */

import { counted } from '../../../trace/counted.ts'
import { type Case, type Cause, cause, evidence, isAnswer, type Rule, resetText, seconds } from '../case.ts'
import type { ResetFacts, SideFacts } from '../facts.ts'
import { endedInOrder } from './reset-client.ts'
import {
  BURST,
  ELSEWHERE,
  goneCauses,
  idleCauses,
  resetOf,
  serverLog,
  story,
  unreadCauses,
} from './reset-story.ts'

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

/** The reset comes when the next probe would: who sends it has heard no answer, although there were some. */
const probesAnsweredInVain = (c: Case): SideFacts | null => {
  const reset = resetOf(c)
  if (reset === null) return null
  const side = c.side(reset.fromClient)
  if (side.keepAlivesInRow < 2 || side.fin.happened) return null
  const late = reset.at - side.lastUnanswered.at - side.keepAliveGap
  return Math.abs(late) <= Math.max(PUNCTUAL, side.keepAliveGap / 10) ? side : null
}
/** Seconds by which a timer may be late. */
const PUNCTUAL = 0.05

const keepAliveUnheard: Rule = {
  verdict: 'keep-alive-timeout',
  applies: (c) => probesAnsweredInVain(c) !== null,
  tell: (c) => {
    const reset = c.reset!
    const side = probesAnsweredInVain(c)!
    const who = reset.fromClient ? 'client' : 'server'
    return {
      culprit: 'path',
      confidence: 'likely',
      ambiguous: true,
      resetBy: reset.fromClient ? 'client-host' : 'server-host',
      detail: `${counted(side.keepAlivesInRow, 'keep-alive probe')} of the ${who} were answered here, and its reset came when the next was due: the answers did not reach it`,
      evidence: evidence(
        [side.lastUnanswered, `last keep-alive probe, ${seconds(side.keepAliveGap)} after the one before`],
        [reset.frame, `${resetText(reset)}, ${seconds(reset.at - side.lastUnanswered.at)} after it`],
      ),
      client: reset.fromClient ? 'timed-out' : 'reset',
      server: reset.fromClient ? 'reset' : 'timed-out',
      causes: [
        cause(
          `the answers to the ${who} are lost on the way`,
          'path',
          `a capture at the ${who} shows probes without an answer`,
        ),
        cause(
          `the ${who} application aborted at that moment`,
          reset.fromClient ? 'client-app' : 'server-app',
          `its log; or the capture at the ${who} shows the answers arrive`,
        ),
      ],
      next: [`a capture at the ${who}: do the answers to its probes arrive?`],
    }
  },
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
      detail: `${counted(reset.senderPending, 'octet')} sent again ${reset.senderAgain} times, then given up`,
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

/** A client that is in the middle of sending may wait so long for a window, seconds. */
const BLOCKED = 0.3

const rejectedEarly: Rule = {
  verdict: 'rejected-early',
  applies: (c) => {
    const reset = resetOf(c)
    const { client, server } = c
    if (reset === null || reset.fromClient || server.octets === 0) return false
    // It read on after it had ended its own side: what it reset was no upload that it did not want.
    if (reset.afterSenderFin && client.afterFinKnown && client.octetsAfterFin >= BURST) return false
    const isBlocked = !client.fin.happened && server.firstText.at - client.lastText.at < BLOCKED
    const stillSending = reset.victimPending > 0 || client.lastText.at >= server.lastText.at || isBlocked
    return (
      stillSending &&
      client.octets > server.octets &&
      // Many small requests, each answered, are no upload.
      client.octets >= BURST * Math.max(1, server.answers) &&
      client.lastText.at > server.firstText.at - Math.max(2 * c.rtt, BLOCKED) &&
      reset.at - server.lastText.at < 5
    )
  },
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    resetBy: 'server-host',
    detail: `${counted(c.server.octets, 'octet')} of an answer, with ${counted(c.reset!.victimPending, 'octet')} of the client on the way`,
    evidence: [...evidence([c.server.firstText, 'answer of the server']), ...story(c, c.reset!)],
    client: c.reset!.afterSenderFin ? 'broken-pipe' : 'reset-while-writing',
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

/** Who writes waits so long for room, before a time-out of its own, seconds. */
const GIVES_UP = 5

/** As often as its window was closed before, that it is closed is nothing unusual. */
const USUAL = 2

/** Who reads a download in its own time closes its window again and again: that it goes away then is the news. */
const leaves = (client: SideFacts, { fromClient, at }: ResetFacts): boolean =>
  fromClient && at - client.zeroSince < Math.max(GIVES_UP, USUAL * client.longestZero)

/** The server stopped reading long before. */
const resetWhileBlocked: Rule = {
  verdict: 'receiver-not-reading',
  applies: (c) => {
    const reset = resetOf(c)
    return (
      reset !== null && (c.server.zeroSince >= 0 || (c.client.zeroSince >= 0 && !leaves(c.client, reset)))
    )
  },
  tell: (c) => {
    const reset = c.reset!
    const serverStuck = c.server.zeroSince >= 0
    const stuck = serverStuck ? c.server : c.client
    const who = serverStuck ? 'server' : 'client'
    // Whether it still waited when the reset came is not on the wire; few give up so soon.
    const stillWrites = !reset.fromClient && reset.at - stuck.zeroSince < GIVES_UP
    const clientSees = serverStuck
      ? stillWrites
        ? 'reset-while-writing'
        : 'write-blocked'
      : reset.fromClient
        ? 'nothing'
        : 'reset'
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
      client: clientSees,
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

/** A pause after which NATs are known to forget, in tests at least, seconds. */
const PAUSE = 1
const natCause = (who: string): Cause =>
  cause(
    `a NAT forgot the connection in the pause before, and what comes now reaches the ${who} from another port, which it does not know`,
    'middlebox',
    `a capture at the ${who} shows it come from another port or address`,
  )

const forgotten: Rule = {
  verdict: 'connection-forgotten',
  applies: (c) => {
    const reset = resetOf(c)
    return (
      reset !== null &&
      isAnswer(reset, c.rtt) &&
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
    // Who had closed has no application any more.
    const victimSees = reset.afterVictimFin ? 'nothing' : 'reset'
    return {
      culprit: host,
      confidence: c.side(reset.fromClient).ttl === 0 ? 'possible' : 'likely',
      resetBy: host,
      detail: `the ${who} host answers the data as one that has no such connection, without a FIN before`,
      evidence: story(c, reset),
      client: reset.fromClient ? 'nothing' : victimSees,
      server: reset.fromClient ? victimSees : 'nothing',
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
        ...(reset.idle >= PAUSE ? [natCause(who)] : []),
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
      !isAnswer(reset, c.rtt) &&
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

/** Nothing had been said for a while; a connection on which nothing was said begins with its handshake. */
function wasIdle({ client, server, facts, reset }: Case): boolean {
  const since = Math.max(client.lastText.at, server.lastText.at, facts.handshake.at)
  return (since < 0 ? reset!.idle : reset!.at - since) > 1
}

const resetByServer: Rule = {
  verdict: 'reset-by-server',
  applies: (c) => resetOf(c)?.fromClient === false && !endedInOrder(c, c.reset!),
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    phase: wasIdle(c) ? 'idle' : 'data',
    resetBy: 'server-host',
    evidence: story(c, c.reset!),
    client: c.server.fin.happened ? 'broken-pipe' : 'reset',
    server: 'nothing',
    causes: wasIdle(c) && !c.requestOpen ? idleCauses() : unreadCauses(),
    next: [serverLog],
  }),
}

export const TIMEOUT_RULES: readonly Rule[] = [
  keepAliveGaveUp,
  keepAliveUnheard,
  retransmissionGaveUp,
  resetWhileBlocked,
]
export const SERVER_RULES: readonly Rule[] = [forgotten, unreadData]
export { rejectedEarly, resetByServer }
