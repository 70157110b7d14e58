/** Resets behind a FIN: of data that came too late, of input that nobody read, of a close that was never answered. */

import { type Case, cause, isLive, isStateless, type Rule, seconds } from '../case.ts'
import type { ResetFacts } from '../facts.ts'
import { resetOf, saidGoodbye, serverLog, story, unreadCauses } from './reset-story.ts'

/** What a side says that is about to close, octets. */
const LAST_WORDS = 256

/** The server closed, the client wrote on, the server host knew nothing any more. */
const afterServerFin = (c: Case): ResetFacts | null => {
  const reset = resetOf(c)
  const { client } = c
  // A last word just before its own FIN: the application was about to close and sees no error.
  const isFarewell =
    client.fin.happened && client.octetsAfterFin <= LAST_WORDS && client.fin.at - client.afterFin.at < c.rtt
  if (isFarewell || saidGoodbye(client)) return null
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

/** What the client had sent before the FIN came met a server that was closed. */
const crossedFin = (c: Case): boolean => {
  const reset = resetOf(c)
  if (reset === null || reset.fromClient || !reset.afterSenderFin || !isStateless(reset)) return false
  return reset.victimPending > (reset.afterVictimFin ? 1 : 0) && !c.client.afterFin.happened
}

const closeRace: Rule = {
  verdict: 'close-race',
  applies: (c) => afterServerFin(c) !== null || crossedFin(c),
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

/** The FIN was acknowledged and never answered by one, until its sender had enough of waiting. */
export const neverClosed: Rule = {
  verdict: 'close-not-finished',
  applies: (c) => {
    const reset = resetOf(c)
    if (reset === null || !reset.afterSenderFin || reset.afterVictimFin) return false
    const { fin, finAcked } = c.side(reset.fromClient)
    const lastText = Math.max(c.client.lastText.at, c.server.lastText.at)
    return finAcked.happened && reset.at - Math.max(fin.at, lastText) >= LEAK
  },
  tell: (c) => {
    const reset = c.reset!
    const culprit = reset.fromClient ? 'server-app' : 'client-app'
    const waited = reset.at - c.side(reset.fromClient).fin.at
    return {
      culprit,
      confidence: 'likely',
      resetBy: reset.fromClient ? 'client-host' : 'server-host',
      detail: `no FIN came back in the ${seconds(waited)} until the reset`,
      evidence: story(c, reset),
      client: reset.fromClient ? 'nothing' : 'reset',
      server: reset.fromClient ? 'reset' : 'nothing',
      causes: [
        cause(
          'the application does not close its socket after end of file: it leaks descriptors',
          culprit,
          'connections in CLOSE-WAIT grow there',
        ),
      ],
      next: [`\`ss -tnp state close-wait\` on the ${reset.fromClient ? 'server' : 'client'}`],
    }
  },
}
/** How long a FIN waits for the other one before somebody leaks, seconds. */
const LEAK = 30

export const AFTER_CLOSE_RULES: readonly Rule[] = [brokenPipe, closeRace]
export const UNREAD_AT_CLOSE_RULES: readonly Rule[] = [finThenReset]
