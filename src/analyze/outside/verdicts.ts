/**
 * The closed list of what a capture can say of a connection. Where trace/reasons.ts has a word for the same thing seen
 * from inside, `inside` names it.
 */

import type { CloseReason } from '../../trace/reasons.ts'

/** Where in a connection's life it went wrong; `none`: it did not. */
export type Phase = 'connect' | 'established-at-client' | 'data' | 'idle' | 'close' | 'none'

interface VerdictEntry {
  readonly sentence: string
  readonly phase: Phase
  /** No application sees an error. */
  readonly healthy?: true
  /** And it was slower than it could be. */
  readonly slow?: true
  readonly inside?: readonly CloseReason[]
}

const REFUSED = ['connection-refused'] as const
const RESET = ['reset-by-peer'] as const
const TIMEOUT = ['retransmission-limit', 'user-timeout', 'unanswered'] as const

export const VERDICTS = {
  // ---- opening
  refused: {
    phase: 'connect',
    sentence: 'the server host refused the connection with a reset',
    inside: REFUSED,
  },
  'refused-by-middlebox': {
    phase: 'connect',
    sentence: 'something between the two refused the connection with a reset in the name of the server',
    inside: REFUSED,
  },
  'port-unreachable': {
    phase: 'connect',
    sentence: 'an ICMP error said that nobody is at that port, which is how a firewall rejects',
    inside: ['port-unreachable'],
  },
  prohibited: {
    phase: 'connect',
    sentence: 'a firewall said by ICMP that it forbids the connection',
    inside: ['administratively-prohibited'],
  },
  'host-unreachable': {
    phase: 'connect',
    sentence: 'a router said by ICMP that it cannot reach the server host',
    inside: ['host-unreachable'],
  },
  'network-unreachable': {
    phase: 'connect',
    sentence: 'a router said by ICMP that it has no route to the network of the server',
    inside: ['network-unreachable'],
  },
  'routing-loop': {
    phase: 'connect',
    sentence: 'the packets to the server ran out of hops on their way',
    inside: ['host-unreachable'],
  },
  'no-neighbour': {
    phase: 'connect',
    sentence: 'nobody on the local network answers to that address, so that no SYN could be sent',
    inside: ['host-unreachable'],
  },
  'connect-timeout': {
    phase: 'connect',
    sentence: 'the SYN was never answered',
    inside: ['connect-timeout'],
  },
  'syn-ack-lost': {
    phase: 'connect',
    sentence: 'the server answered the SYN, and its answer does not reach the client',
    inside: ['connect-timeout'],
  },
  'accept-queue-full': {
    phase: 'established-at-client',
    sentence: 'the queue of connections that the server application has not accepted yet is full',
    inside: ['reset-by-peer', 'connect-timeout', 'retransmission-limit'],
  },
  'old-connection-in-the-way': {
    phase: 'connect',
    sentence: 'the server still had an older connection of the same ports, which had to be reset first',
    inside: RESET,
  },
  'handshake-abandoned': {
    phase: 'connect',
    sentence:
      'the client answered the SYN-ACK with a reset: it no longer wants, or never asked for, the connection',
    inside: ['closed-by-user', 'aborted-by-user'],
  },
  // ---- resets
  'reset-by-server': { phase: 'data', sentence: 'the server reset the connection', inside: RESET },
  'reset-by-client': { phase: 'data', sentence: 'the client reset the connection', inside: RESET },
  'reset-by-middlebox': {
    phase: 'data',
    sentence: 'something between the two reset the connection in the name of one of them',
    inside: RESET,
  },
  'unread-data': {
    phase: 'data',
    sentence: 'the server closed, was killed or aborted before it had read all that it had received',
    inside: ['reset-by-peer', 'unread-data'],
  },
  'connection-forgotten': {
    phase: 'data',
    sentence: 'the server host no longer knew the connection and answered with a reset',
    inside: RESET,
  },
  'state-lost': {
    phase: 'data',
    sentence: 'a firewall or NAT on the way forgot the connection and answered with a reset',
    inside: RESET,
  },
  'broken-pipe': {
    phase: 'data',
    sentence: 'one side went on writing after the other had closed',
    inside: ['reset-by-peer', 'unread-data'],
  },
  'close-race': {
    phase: 'data',
    sentence: 'a request crossed with the end of the connection',
    inside: RESET,
  },
  'rejected-early': {
    phase: 'data',
    sentence: 'the server answered and closed while the client was still sending',
    inside: RESET,
  },
  'download-aborted': {
    phase: 'data',
    sentence: 'the client aborted while the server was still sending',
    inside: ['reset-by-peer', 'aborted-by-user', 'unread-data'],
  },
  // ---- silence
  unacknowledged: {
    phase: 'data',
    sentence: 'what was sent is never acknowledged',
    inside: TIMEOUT,
  },
  'state-lost-silently': {
    phase: 'data',
    sentence: 'after a pause nothing gets through any more: a firewall or NAT forgot the connection',
    inside: TIMEOUT,
  },
  'unreachable-midway': {
    phase: 'data',
    sentence: 'nothing gets through any more, and a router says by ICMP why',
    inside: [
      'retransmission-limit',
      'host-unreachable',
      'network-unreachable',
      'administratively-prohibited',
    ],
  },
  'path-mtu-black-hole': {
    phase: 'data',
    sentence: 'small segments get through and full-sized ones do not: a path MTU black hole',
    inside: TIMEOUT,
  },
  'keep-alive-timeout': {
    phase: 'idle',
    sentence: 'the other side was gone when keep-alive asked',
    inside: ['keep-alive-timeout'],
  },
  'no-response': {
    phase: 'data',
    sentence: 'the request arrived and was not answered while the client waited',
  },
  'receiver-not-reading': {
    phase: 'data',
    sentence: 'an application does not read what it receives: its window stays closed',
  },
  // ---- closing
  'premature-end': { phase: 'data', sentence: 'the server closed in the middle of a message' },
  'protocol-mismatch': {
    phase: 'data',
    sentence: 'one side speaks TLS and the other does not',
  },
  'tls-alert': { phase: 'data', sentence: 'one side ended TLS with a fatal alert' },
  'closed-without-answer': {
    phase: 'data',
    sentence: 'the server closed instead of answering the request',
  },
  'closed-at-once': {
    phase: 'data',
    sentence: 'the server accepted the connection and closed it at once, without a word',
  },
  'close-not-finished': {
    phase: 'close',
    sentence: 'one side closed and the other never does',
    inside: ['fin-wait-2-timeout', 'reset-by-peer'],
  },
  // ---- no application sees an error
  'closed-while-idle': {
    phase: 'idle',
    healthy: true,
    sentence: 'the server closed while nothing was going on',
  },
  'ended-by-reset': {
    phase: 'none',
    healthy: true,
    sentence: 'one side ended it by a reset in place of a FIN, when nothing was left to be sent',
  },
  'slow-connect': {
    phase: 'connect',
    healthy: true,
    slow: true,
    sentence: 'it opened late, as the first SYN or its answer was lost',
  },
  'slow-server': {
    phase: 'data',
    healthy: true,
    slow: true,
    sentence: 'the time goes by in the server application',
  },
  'slow-receiver': {
    phase: 'data',
    healthy: true,
    slow: true,
    sentence: 'the receiving application reads more slowly than data arrives',
  },
  'slow-network': {
    phase: 'data',
    healthy: true,
    slow: true,
    sentence: 'the time goes by in the network: its round trips are long',
  },
  loss: {
    phase: 'data',
    healthy: true,
    slow: true,
    sentence: 'packets are lost, and the transfer is slower for it',
  },
  'delayed-ack-nagle': {
    phase: 'data',
    healthy: true,
    slow: true,
    sentence: "small writes wait for delayed acknowledgments: Nagle's algorithm against delayed ACK",
  },
  healthy: {
    phase: 'none',
    healthy: true,
    sentence: 'nothing is wrong',
    inside: ['closed-normally', 'closed-by-user'],
  },
} as const satisfies Record<string, VerdictEntry>

export type CaptureVerdict = keyof typeof VERDICTS

export const verdictEntry = (verdict: CaptureVerdict): VerdictEntry => VERDICTS[verdict]
