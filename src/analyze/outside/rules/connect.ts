/** Connections that did not open, or only in the eyes of the client. */

import { icmpMeaning } from '../../../wire/icmp.ts'
import type { Outcome } from '../application-errors.ts'
import {
  type Case,
  type Cause,
  cause,
  evidence,
  icmpText,
  isStateless,
  type Rule,
  resetText,
  seconds,
} from '../case.ts'
import type { ConnectionFacts, IcmpFacts, ResetFacts } from '../facts.ts'

const AT_SERVER = 'capture at the server: does the SYN arrive, and who answers it?'

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

function meaningOf({ version, type, code }: IcmpFacts): ReturnType<typeof icmpMeaning> {
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

// ---- silence

/** Connections to the same port that opened before and were never answered. */
export function silentBefore({ port, facts }: Case): ConnectionFacts[] {
  return port.silent.filter(
    (other) =>
      other !== facts &&
      other.handshake.happened &&
      other.first.at <= facts.first.at &&
      other.server.octets === 0 &&
      other.last.at + SILENT_FOR > facts.first.at,
  )
}
/** How long an opened connection without a word counts as waiting to be accepted, seconds. */
const SILENT_FOR = 120

/** Since when the client waits at least, for silence to mean something, seconds. */
const PATIENCE = 0.9

function synSilence(c: Case): boolean {
  if (!c.connecting || c.server.packets > 0 || c.reset !== null) return false
  return c.client.syns > 1 || c.captureEnd - c.client.syn.at > PATIENCE
}

/**
 * Where Linux repeats the SYN each second at first (6.5 and later), it does so four times and goes on; fewer of them are an
 * application that gave up. A doubling interval says nothing of the kind: the number of repetitions can be set.
 */
function gaveUpItself({ client }: Case): boolean {
  const { syns } = client
  const mean = (client.lastSyn.at - client.syn.at) / (syns - 1)
  return syns >= 3 && syns < LINEAR_SYNS && mean < 1.2
}
const LINEAR_SYNS = 5

const connectTimeout: Rule = {
  verdict: 'connect-timeout',
  applies: synSilence,
  tell: (c) => {
    const { client, serverHost, port } = c
    const waited = c.captureEnd - client.syn.at
    const alive = serverHost.ttl !== 0
    return {
      culprit: null,
      confidence: client.syns > 2 ? 'certain' : 'likely',
      ambiguous: true,
      detail: `${client.syns} ${client.syns === 1 ? 'SYN' : 'SYNs'} in ${seconds(client.lastSyn.at - client.syn.at)}, and nothing in the ${seconds(waited)} to the end of the capture`,
      evidence: evidence(
        [client.syn, 'first SYN'],
        [client.syns > 1 ? client.lastSyn : 0, 'last SYN'],
        [port.lastOpenedFrame, 'another connection to that port opened'],
      ),
      client: gaveUpItself(c) ? 'connect-own-timeout' : 'connect-timeout',
      server: null,
      causes: [
        cause(
          'a firewall drops it silently',
          'middlebox',
          alive ? 'other connections with that host work' : 'a capture at the server shows no SYN',
        ),
        ...(alive
          ? []
          : [
              cause(
                'the address is wrong, or the host is down',
                'path',
                'no other packet of that host in the capture: `ping`, ARP on its network',
              ),
            ]),
        cause(
          'the queue of connections to be accepted is full there',
          'server-app',
          'a capture at the server shows SYNs arrive unanswered; `nstat TcpExtListenOverflows`',
        ),
        cause(
          "the server's answer is lost on the way back",
          'path',
          'a capture at the server shows SYN-ACKs sent',
        ),
      ],
      next: [AT_SERVER],
    }
  },
}

const queueFullSilence: Rule = {
  verdict: 'accept-queue-full',
  applies: (c) => synSilence(c) && silentBefore(c).length > 0,
  tell: (c) => {
    const waiting = silentBefore(c)
    return {
      ...connectTimeout.tell(c),
      culprit: 'server-app',
      confidence: 'likely',
      phase: 'connect',
      ambiguous: true,
      detail: `${waiting.length} earlier ${waiting.length === 1 ? 'connection' : 'connections'} to that port opened and never got a word of the server, and now its host drops SYNs`,
      evidence: evidence(
        ...waiting
          .slice(0, 3)
          .map(
            (other) =>
              [other.handshake, `stream ${other.stream} opened; the server never sends a word`] as const,
          ),
        [c.client.syn, 'first SYN, unanswered'],
        [c.client.syns > 1 ? c.client.lastSyn : 0, 'last SYN, unanswered'],
      ),
      causes: queueCauses(),
      next: queueNext(),
    }
  },
}

function queueCauses(): Cause[] {
  return [
    cause(
      'the server application does not call accept often enough: it hangs, is overloaded, or is out of descriptors',
      'server-app',
      '`ss -ltn` shows Recv-Q at or above Send-Q for the port; `nstat TcpExtListenOverflows` grows',
    ),
    cause('its backlog is too small for bursts', 'server-app', 'it recovers by itself between bursts'),
  ]
}

const queueNext = (): string[] => [
  'on the server: `ss -ltn` (Recv-Q, Send-Q of the listener), `nstat -az TcpExtListenOverflows TcpExtListenDrops`',
  'a stack dump of the server application: what does the thread do that should accept?',
]

/** The server goes on as if the client's ACK had not come: its kernel dropped it for want of room in the queue. */
const queueFullAckDropped: Rule = {
  verdict: 'accept-queue-full',
  applies: ({ server, client, nothingAcknowledged }) =>
    nothingAcknowledged &&
    server.synAcks > client.syns &&
    (server.lateSynAcks >= 2 || (server.lateSynAcks >= 1 && client.pendingAgain >= 1)),
  tell: (c) => {
    const { client, server, reset, facts } = c
    const isReset = reset !== null && !reset.fromClient
    return {
      culprit: 'server-app',
      confidence: 'certain',
      resetBy: isReset ? 'server-host' : reset === null ? null : 'client-host',
      detail: 'the server repeats its SYN-ACK although the client has acknowledged it, and takes no data',
      evidence: evidence(
        [facts.handshake, 'the client acknowledges the SYN-ACK: open in its eyes'],
        [client.firstText, 'data of the client, never acknowledged'],
        [server.lastSynAck, 'SYN-ACK once more: the ACK was dropped'],
        [client.lastRetransmission, 'the data once more'],
        [reset?.frame ?? 0, reset === null ? '' : resetText(reset)],
      ),
      client: isReset ? 'reset' : 'read-timeout',
      server: null,
      causes: queueCauses(),
      next: queueNext(),
    }
  },
}

/** tcp_abort_on_overflow: the final ACK is answered by a reset. */
const queueFullAborted: Rule = {
  verdict: 'accept-queue-full',
  applies: (c) => {
    const { facts, server, reset } = c
    if (!facts.handshake.happened || reset === null || reset.fromClient || !isStateless(reset)) return false
    return (
      c.nothingAcknowledged &&
      server.packets === server.synAcks + facts.resets.filter(({ fromClient }) => !fromClient).length &&
      reset.answersAt - facts.handshake.at <= 3 * c.rtt + 0.1 &&
      c.foreign(reset) === null
    )
  },
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    resetBy: 'server-host',
    detail: 'its host answers the end of the handshake with a reset (tcp_abort_on_overflow)',
    evidence: evidence(
      [c.facts.handshake, 'the client acknowledges the SYN-ACK'],
      [c.reset!.frame, resetText(c.reset!)],
    ),
    client: 'reset',
    server: null,
    causes: [
      ...queueCauses(),
      cause(
        'a SYN proxy in front of a server that is not there',
        'middlebox',
        'a capture at the server shows no handshake',
      ),
    ],
    next: queueNext(),
  }),
}

/** With SYN cookies nothing is remembered of a connection that finds no room at its final ACK. */
const queueFullCookies: Rule = {
  verdict: 'accept-queue-full',
  applies: (c) => {
    const { facts, server, client } = c
    if (!facts.handshake.happened || !c.nothingAcknowledged || client.pendingAgain < 2) return false
    return server.packets === server.synAcks && silentBefore(c).length > 0
  },
  tell: (c) => ({
    culprit: 'server-app',
    confidence: 'likely',
    ambiguous: true,
    detail:
      'its host forgot the connection after the SYN-ACK (SYN cookies); earlier ones to that port wait for a word of the server as well',
    evidence: evidence(
      [c.facts.handshake, 'the client acknowledges the SYN-ACK'],
      [c.client.firstText, 'data of the client, never acknowledged'],
      [c.client.lastRetransmission, 'the data once more'],
    ),
    client: 'read-timeout',
    server: null,
    causes: [
      ...queueCauses(),
      cause('the path lost everything after the handshake', 'path', 'a capture at the server'),
    ],
    next: queueNext(),
  }),
}

// ---- odd handshakes

const oldConnection: Rule = {
  verdict: 'old-connection-in-the-way',
  applies: ({ server, facts }) =>
    server.challenge.happened && facts.resets.some(({ fromClient }) => fromClient),
  tell: (c) => {
    const reset = c.facts.resets.find(({ fromClient }) => fromClient)!
    return {
      culprit: 'client-host',
      confidence: 'certain',
      resetBy: 'client-host',
      evidence: evidence(
        [c.client.syn, 'SYN'],
        [
          c.server.challenge,
          'ACK instead of SYN-ACK: a challenge for a connection that the server still has (RFC 5961 4.2)',
        ],
        [reset.frame, 'the client resets that one'],
        [c.client.syns > 1 ? c.client.lastSyn : 0, 'SYN again'],
        [c.server.synAck, 'SYN-ACK'],
      ),
      client: 'nothing',
      server: 'reset',
      causes: [
        cause(
          'the client host crashed or restarted and uses the same port again',
          'client-host',
          'its uptime',
        ),
        cause(
          'a NAT gave the same port to another connection',
          'middlebox',
          'the client did not use that port before',
        ),
      ],
      next: [
        'the old connection ends with "connection reset" at the server: look for the client in its log at that time',
      ],
    }
  },
}

const handshakeAbandoned: Rule = {
  verdict: 'handshake-abandoned',
  applies: ({ facts, server, reset }) =>
    reset?.fromClient === true && server.synAcks > 0 && !facts.handshake.happened,
  tell: (c) => ({
    culprit: 'client-host',
    confidence: 'likely',
    resetBy: 'client-host',
    evidence: evidence(
      [c.client.syn, 'SYN'],
      [c.server.synAck, 'SYN-ACK'],
      [c.reset!.frame, resetText(c.reset!)],
    ),
    client: 'connect-own-timeout',
    server: null,
    causes: [
      cause(
        'the application gave up connecting before the answer came',
        'client-app',
        'the SYN-ACK came late',
      ),
      cause(
        'a port scan, which asks only whether the port is open',
        'client-host',
        'many ports or hosts in a row',
      ),
      cause('the address of the client was forged', 'path', 'the client host has no such application'),
    ],
    next: ['on the client: who connects, and with what time-out?'],
  }),
}

const synAckLost: Rule = {
  verdict: 'syn-ack-lost',
  applies: ({ facts, server, client, captureEnd }) =>
    !facts.handshake.happened &&
    server.synAcks > 0 &&
    client.syns > 0 &&
    client.packets === client.syns &&
    (server.synAcks > 1 || client.syns > 1 || captureEnd - server.synAck.at > PATIENCE),
  tell: (c) => {
    const atClient = c.capturedAt === 'client'
    return {
      culprit: atClient ? 'client-host' : 'path',
      confidence: c.server.synAcks > 1 ? 'certain' : 'likely',
      detail: `${c.server.synAcks} SYN-ACKs, ${c.client.syns} SYNs`,
      evidence: evidence(
        [c.client.syn, 'SYN'],
        [c.server.synAck, 'SYN-ACK'],
        [c.client.syns > 1 ? c.client.lastSyn : 0, 'SYN again, as if no answer had come'],
        [c.server.synAcks > 1 ? c.server.lastSynAck : 0, 'SYN-ACK again'],
      ),
      client: gaveUpItself(c) ? 'connect-own-timeout' : 'connect-timeout',
      server: null,
      causes: atClient
        ? [
            cause(
              'the firewall of the client host drops the answer',
              'client-host',
              'it stands in the capture made there',
            ),
          ]
        : [
            cause(
              'a firewall drops the answer, or it takes another way back (asymmetric route)',
              'middlebox',
              'a capture at the client',
            ),
            cause(
              'the address of the client was forged (SYN flood)',
              'path',
              'many such SYNs from many addresses',
            ),
          ],
      next: ['capture at the client: does the SYN-ACK arrive?'],
    }
  },
}

export const CONNECT_RULES: readonly Rule[] = [
  oldConnection,
  refusedByMiddlebox,
  refused,
  portUnreachable,
  prohibited,
  routingLoop,
  networkUnreachable,
  hostUnreachable,
  queueFullSilence,
  connectTimeout,
  handshakeAbandoned,
  synAckLost,
  queueFullAckDropped,
  queueFullAborted,
  queueFullCookies,
]
