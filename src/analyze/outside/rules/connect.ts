/** Connections that did not open, or only in the eyes of the client. */

import { counted } from '../../../trace/counted.ts'
import { cause, evidence, type Rule, resetText, seconds } from '../case.ts'
import { HALF_OPEN_RULES, QUEUE_RULES } from './accept-queue.ts'
import { REFUSED_RULES } from './refused.ts'
import { connectTimeout, gaveUpItself, PATIENCE } from './syn-silence.ts'

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

/** Nobody gives up connecting so soon, seconds. */
const SOONEST_TIMEOUT = 0.9

/** The answer came in good time, and the client wanted no more than to have it. */
const askedOnly: Rule = {
  verdict: 'ended-by-reset',
  applies: (c) =>
    handshakeAbandoned.applies(c) &&
    c.client.syns === 1 &&
    c.server.synAck.at - c.client.syn.at < SOONEST_TIMEOUT &&
    c.client.syn.frame < c.server.synAck.frame,
  tell: (c) => ({
    ...handshakeAbandoned.tell(c),
    culprit: 'none',
    phase: 'connect',
    detail: 'the client asked whether the port is open, and no application waits for the connection',
    client: 'nothing',
    causes: [
      cause(
        'a check of a load balancer or a monitor, or a port scan, which ask only whether the port is open',
        'none',
        'the same again and again, or many ports in a row',
      ),
      cause(
        'the client connected to several addresses at once (happy eyeballs), and another one answered first',
        'none',
        'another connection of the client opened at that moment',
      ),
      cause(
        'an application with a very short time-out gave up connecting',
        'client-app',
        `the SYN-ACK came ${seconds(c.server.synAck.at - c.client.syn.at)} after the SYN`,
      ),
    ],
    next: [],
  }),
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
      ...(c.client.syns === 0
        ? [
            cause(
              'the client asked another address, and this one answers: an address translation (DNAT, load balancer) that does not see the way back',
              'path',
              'a SYN from the same port to another address, which nobody answers',
            ),
          ]
        : []),
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
  applies: ({ facts, server, client, captureEnd, capturedAt }) =>
    !facts.handshake.happened &&
    server.synAcks > 0 &&
    client.syns > 0 &&
    client.packets === client.syns &&
    // At the client a loss shows in what comes again; where nothing does, the capture lacks the rest.
    (server.synAcks > 1 ||
      client.syns > 1 ||
      (capturedAt !== 'client' && captureEnd - server.synAck.at > PATIENCE)),
  tell: (c) => {
    const atClient = c.capturedAt === 'client'
    return {
      culprit: atClient ? 'client-host' : 'path',
      confidence: c.server.synAcks > 1 ? 'certain' : 'likely',
      detail: `${counted(c.server.synAcks, 'SYN-ACK')}, ${counted(c.client.syns, 'SYN')}`,
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
  ...REFUSED_RULES,
  ...QUEUE_RULES,
  connectTimeout,
  askedOnly,
  handshakeAbandoned,
  synAckLost,
  ...HALF_OPEN_RULES,
]
