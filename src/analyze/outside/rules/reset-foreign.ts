/** Resets that neither of the two sent. */

import { type Case, cause, evidence, isStateless, type Rule, seconds } from '../case.ts'
import { ELSEWHERE, resetOf, story } from './reset-story.ts'

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

export const FOREIGN_RULES: readonly Rule[] = [stateLost, injected]
