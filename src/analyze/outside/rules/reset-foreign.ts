/** Resets that neither of the two sent. */

import { FIN } from '../../../wire/segment.ts'
import { type Case, cause, evidence, isNearer, isStateless, type Rule, seconds } from '../case.ts'
import type { ResetFacts } from '../facts.ts'
import { ELSEWHERE, resetOf, story } from './reset-story.ts'

const reasonForeign = (c: Case): string | null => {
  const reset = resetOf(c)
  return reset === null ? null : c.foreign(reset)
}

/** It answers a keep-alive probe: nobody had anything to say. */
const wasProbed = (c: Case, { fromClient }: ResetFacts): boolean => c.side(!fromClient).keepAlivesInRow > 0

/** Without a pause before it nothing is forgotten, seconds. */
const PAUSE = 0.5

const stateLost: Rule = {
  verdict: 'state-lost',
  applies: (c) => {
    const reset = resetOf(c)
    return (
      reset !== null &&
      isStateless(reset) &&
      (reset.answersLength > 0 || (reset.answersFlags & FIN) !== 0 || wasProbed(c, reset)) &&
      reset.answersAck &&
      (c.facts.longestIdle >= PAUSE || wasProbed(c, reset)) &&
      reasonForeign(c) !== null &&
      reset.senderAfter === 0
    )
  },
  tell: (c) => {
    const reset = c.reset!
    // Who had closed already has no application any more.
    const victimSees = reset.afterVictimFin ? 'nothing' : 'reset'
    return {
      culprit: 'middlebox',
      confidence: 'certain',
      resetBy: 'middlebox',
      ...(wasProbed(c, reset) ? { phase: 'idle' as const } : {}),
      detail: reasonForeign(c)!,
      evidence: story(c, reset),
      client: reset.fromClient ? 'unaware' : victimSees,
      server: reset.fromClient ? victimSees : 'unaware',
      causes: [
        cause(
          'a firewall or NAT lost its state of the connection: its idle time-out, a restart, a failover',
          'middlebox',
          `the connection had been idle for ${seconds(wasProbed(c, reset) ? c.facts.longestIdle : reset.idle)}; the other host never sees this reset and keeps the connection open`,
        ),
        cause(
          'a firewall rule was added that rejects the connection',
          'middlebox',
          'new connections to that port are refused as well',
        ),
      ],
      next: [
        'the idle time-out of firewalls and NATs between the two; keep-alive or an application ping more often than that',
        ELSEWHERE,
      ],
    }
  },
}

/** All that is seen of the server is a SYN-ACK from nearer than its reset: of two hosts, and the farther one does not want it. */
const isBehindProxy = (c: Case): boolean => {
  const reset = resetOf(c)
  const { server, serverHost } = c
  if (reset === null || reset.fromClient || server.packets !== server.synAcks + resetsOf(c)) return false
  const isFarther = isNearer(server.ttl, reset.ttl)
  return isFarther && (serverHost.ttl === server.ttl || serverHost.ttl === reset.ttl) && c.nothingAcknowledged
}
const resetsOf = ({ facts }: Case): number => facts.resets.filter(({ fromClient }) => !fromClient).length

const refusedBehindProxy: Rule = {
  verdict: 'refused',
  applies: isBehindProxy,
  tell: (c) => {
    const reset = c.reset!
    return {
      culprit: 'server-host',
      confidence: 'likely',
      ambiguous: true,
      phase: 'established-at-client',
      resetBy: 'server-host',
      detail: `something nearer had answered the SYN in its name (a SYN proxy: TTL ${c.server.ttl}), and the reset comes from farther away (TTL ${reset.ttl})`,
      evidence: [
        ...evidence([c.server.synAck, `SYN-ACK with TTL ${c.server.ttl}: it has passed no router`]),
        ...story(c, reset),
      ],
      client: 'reset',
      server: null,
      causes: [
        cause(
          'nothing listens behind the SYN proxy: server not started, or on another port',
          'server-host',
          '`ss -ltn` on the server',
        ),
        cause('the proxy and the server disagree, or another device resets', 'middlebox', ELSEWHERE),
      ],
      next: ['capture at the server: does the SYN arrive, and who answers it?'],
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
        ...(isStateless(reset)
          ? [
              cause(
                'a firewall rule was added that rejects the connection, or the firewall restarted and forgot it',
                'middlebox',
                'new connections to that port are refused as well, or work',
              ),
            ]
          : []),
        cause('a load balancer or proxy in the path gave the connection up', 'middlebox', 'its log'),
      ],
      next: [ELSEWHERE, 'compare what was sent just before with what works'],
    }
  },
}

export const FOREIGN_RULES: readonly Rule[] = [refusedBehindProxy, stateLost, injected]
