/** Connections that were refused: by a reset, or by an ICMP error. */

import { icmpMeaning } from '../../../wire/icmp.ts'
import type { Outcome } from '../application-errors.ts'
import { type Case, type Cause, cause, evidence, icmpText, type Rule, resetText, seconds } from '../case.ts'
import type { IcmpFacts, ResetFacts } from '../facts.ts'

export const AT_SERVER = 'capture at the server: does the SYN arrive, and who answers it?'

const refusal = (c: Case): ResetFacts | null => {
  const { reset } = c
  return c.connecting && reset !== null && !reset.fromClient && c.server.synAcks === 0 ? reset : null
}

function refusalEvidence(c: Case, reset: ResetFacts): ReturnType<typeof evidence> {
  return evidence(
    [c.client.syn, 'SYN'],
    [reset.frame, `${resetText(reset)}, ${seconds(reset.at - c.client.lastSyn.at)} after the SYN`],
    [c.port.lastOpenedFrame, 'another connection to that port opened'],
  )
}

/** That a port works at another time tells why it does not now. */
function refusalCauses({ port, client }: Case): Cause[] {
  const closed = cause(
    'nothing listens on that address and port: wrong port, server not started, or listening on another address',
    'server-host',
    '`ss -ltn` on the server',
  )
  const rejects = cause(
    'a firewall on the server host itself rejects it with a reset',
    'server-host',
    'looks the same on the wire: `nft list ruleset` on the server',
  )
  if (port.firstOpenedAt > client.syn.at) {
    const late = cause(
      'the server had not been started yet',
      'server-host',
      'later connections to that port open',
    )
    return [late, rejects]
  }
  if (port.lastOpenedAt < 0) return [closed, rejects]
  const stopped = cause('the server stopped', 'server-app', 'earlier connections to that port opened')
  return [stopped, rejects]
}

const refused: Rule = {
  verdict: 'refused',
  applies: (c) => refusal(c) !== null,
  tell: (c) => {
    const reset = refusal(c)!
    const known = c.serverHost.ttl !== 0
    return {
      culprit: 'server-host',
      confidence: known ? 'certain' : 'likely',
      resetBy: 'server-host',
      detail: known ? `its TTL ${reset.ttl} is that of the server's other packets` : undefined,
      evidence: refusalEvidence(c, reset),
      client: 'connect-refused',
      server: null,
      causes: refusalCauses(c),
      next: [
        'on the server: `ss -ltn` for the port and the address it listens on, and its firewall',
        AT_SERVER,
      ],
    }
  },
}

const refusedByMiddlebox: Rule = {
  verdict: 'refused-by-middlebox',
  applies: (c) => {
    const reset = refusal(c)
    return reset !== null && c.foreign(reset) !== null
  },
  tell: (c) => {
    const reset = refusal(c)!
    return {
      culprit: 'middlebox',
      confidence: 'certain',
      resetBy: 'middlebox',
      detail: c.foreign(reset)!,
      evidence: refusalEvidence(c, reset),
      client: 'connect-refused',
      server: null,
      causes: [
        cause(
          'a firewall on the way rejects the port with a reset',
          'middlebox',
          'the server never sees the SYN',
        ),
      ],
      next: ['look for a REJECT rule on the routers between the two', AT_SERVER],
    }
  },
}

// ---- ICMP

const UNREACHABLE_V4 = 3
const CODE_NET_PROHIBITED = 9
const CODE_HOST_PROHIBITED = 10

/** As Linux has it: prohibitions of single hosts and networks are prohibitions too. */
export function meaningOf({ version, type, code }: IcmpFacts): ReturnType<typeof icmpMeaning> {
  const isProhibited = version === 4 && type === UNREACHABLE_V4 && isProhibition(code)
  return isProhibited ? 'administratively-prohibited' : icmpMeaning(version, type, code)
}

const isProhibition = (code: number): boolean => code === CODE_NET_PROHIBITED || code === CODE_HOST_PROHIBITED

/** The ICMP error of a connection that did not open. */
const refusing = (c: Case): IcmpFacts | undefined =>
  c.connecting && c.server.packets === 0 ? c.facts.icmps.find(({ aboutClient }) => aboutClient) : undefined

const isLoop = ({ version, type }: IcmpFacts): boolean => type === (version === 6 ? 3 : 11)

/** By Linux's table of errors; ICMPv6's prohibitions are EACCES. */
export function icmpOutcome(icmp: IcmpFacts): Outcome {
  const { version, code } = icmp
  if (isLoop(icmp)) return 'connect-host-unreachable'
  if (version === 6) {
    if (code === 4) return 'connect-refused'
    return code === 0
      ? 'connect-network-unreachable'
      : code === 3 || code === 2
        ? 'connect-host-unreachable'
        : 'connect-no-permission'
  }
  if (code === 3) return 'connect-refused'
  if (code === 2) return 'connect-no-protocol'
  return code === 0 || code === 6 || code === CODE_NET_PROHIBITED
    ? 'connect-network-unreachable'
    : 'connect-host-unreachable'
}

function icmpRule(
  verdict: Rule['verdict'],
  fits: (icmp: IcmpFacts) => boolean,
  about: (icmp: IcmpFacts) => Partial<ReturnType<Rule['tell']>>,
): Rule {
  return {
    verdict,
    applies: (c) => {
      const icmp = refusing(c)
      return icmp !== undefined && fits(icmp)
    },
    tell: (c) => {
      const icmp = refusing(c)!
      const delay = icmp.at - c.client.lastSyn.at
      const whose = icmp.fromTarget ? 'the server host itself' : 'not the server: a router or firewall'
      return {
        culprit: 'middlebox',
        confidence: 'certain',
        resetBy: null,
        evidence: evidence(
          [c.client.syn, 'SYN'],
          [icmp.frame, `${icmpText(icmp)} (${whose}), ${seconds(delay)} after the SYN`],
        ),
        client: icmpOutcome(icmp),
        server: null,
        causes: [],
        next: [`look at ${icmp.source}, which sent the ICMP error: its firewall and its routes`],
        ...about(icmp),
      }
    },
  }
}

const portUnreachable = icmpRule(
  'port-unreachable',
  (icmp) => meaningOf(icmp) === 'port-unreachable',
  (icmp) => ({
    culprit: icmp.fromTarget ? 'server-host' : 'middlebox',
    causes: [
      cause(
        icmp.fromTarget
          ? 'the firewall of the server host rejects the port'
          : 'a firewall on the way rejects the port',
        icmp.fromTarget ? 'server-host' : 'middlebox',
        `the sender of the ICMP error is ${icmp.source}; a closed port without a firewall answers with a reset`,
      ),
    ],
  }),
)

const prohibited = icmpRule(
  'prohibited',
  (icmp) => meaningOf(icmp) === 'administratively-prohibited',
  (icmp) => ({
    culprit: icmp.fromTarget ? 'server-host' : 'middlebox',
    causes: [
      cause(
        'a firewall forbids it',
        icmp.fromTarget ? 'server-host' : 'middlebox',
        `the ICMP error comes from ${icmp.source}`,
      ),
    ],
  }),
)

const routingLoop = icmpRule('routing-loop', isLoop, () => ({
  culprit: 'path',
  causes: [
    cause(
      'two routers send the packets to each other',
      'path',
      '`traceroute` shows the same routers again and again',
    ),
  ],
}))

const networkUnreachable = icmpRule(
  'network-unreachable',
  (icmp) => meaningOf(icmp) === 'network-unreachable',
  (icmp) => ({
    culprit: 'path',
    causes: [cause('a route is missing', 'path', `the routes of ${icmp.source}`)],
  }),
)

const hostUnreachable = icmpRule(
  'host-unreachable',
  () => true,
  (icmp) => ({
    culprit: null,
    ambiguous: true,
    causes: [
      cause(
        'the address is wrong: no such host on that network',
        'client-app',
        'no connection to that address ever worked',
      ),
      cause(
        'the server host is down or off its network',
        'server-host',
        'it worked before; a delay of about 3 s is the router asking in vain for the hardware address',
      ),
      cause('a firewall pretends it', 'middlebox', `the ICMP error comes at once, from ${icmp.source}`),
    ],
  }),
)

export const REFUSED_RULES: readonly Rule[] = [
  refusedByMiddlebox,
  refused,
  portUnreachable,
  prohibited,
  routingLoop,
  networkUnreachable,
  hostUnreachable,
]
