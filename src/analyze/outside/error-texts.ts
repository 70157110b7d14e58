/**
 * What the error of an application means to TCP, and which verdicts of a capture lead to it. Texts of java.net in both
 * generations (up to JDK 8 on Windows, and since), of Node, Python and C; a text is found by the words in it.
 */

import { type CaptureVerdict, VERDICTS } from './verdicts.ts'

export interface ErrorMeaning {
  /** errno of Linux; null where the application decided, or no call failed. */
  readonly errno: string | null
  readonly meaning: string
  /** What a capture says of such connections; none where nothing is on the wire. */
  readonly verdicts: readonly CaptureVerdict[]
}

interface Row extends ErrorMeaning {
  readonly words: RegExp
}

const REFUSALS: readonly CaptureVerdict[] = ['refused', 'refused-by-middlebox', 'port-unreachable']
const RESETS: readonly CaptureVerdict[] = [
  'unread-data',
  'reset-by-server',
  'reset-by-middlebox',
  'state-lost',
  'connection-forgotten',
  'accept-queue-full',
  'old-connection-in-the-way',
]
const SILENCES: readonly CaptureVerdict[] = [
  'unacknowledged',
  'state-lost-silently',
  'path-mtu-black-hole',
  'keep-alive-timeout',
  'unreachable-midway',
]

/** The first that fits. */
const ROWS: readonly Row[] = [
  {
    words: /jvm_bind|address already in use(?!: connect)|eaddrinuse/i,
    errno: 'EADDRINUSE',
    meaning:
      'bind or listen: another socket has that port, or connections of an earlier run are in TIME-WAIT and SO_REUSEADDR is not set',
    verdicts: [],
  },
  {
    words:
      /no buffer space|maximum connections reached|enobufs|10055|cannot assign requested address|eaddrnotavail|address already in use: connect/i,
    errno: 'EADDRNOTAVAIL',
    meaning:
      'connect: this host has no free port left for that destination, most often as all are in TIME-WAIT or leaked; nothing is sent',
    verdicts: [],
  },
  {
    words: /too many open files|emfile|enfile/i,
    errno: 'EMFILE',
    meaning:
      'this process has no descriptor left: sockets are not closed (CLOSE-WAIT), or the limit is low; a server that cannot accept leaves its clients waiting',
    verdicts: ['no-response', 'accept-queue-full'],
  },
  {
    words: /connection refused|econnrefused|10061/i,
    errno: 'ECONNREFUSED',
    meaning:
      'connect: the SYN was answered by a reset, or by ICMP port unreachable; on an open connection: that ICMP error came instead of acknowledgments',
    verdicts: [...REFUSALS, 'unreachable-midway'],
  },
  {
    words: /connect timed out/i,
    errno: null,
    meaning: "connect: the application's own time-out ended before the kernel's",
    verdicts: ['connect-timeout', 'accept-queue-full', 'syn-ack-lost', 'slow-connect'],
  },
  {
    words: /read timed out|socket timeout|esockettimedout|^timed out$/i,
    errno: null,
    meaning: "read: nothing came within the application's own time-out",
    verdicts: ['no-response', 'accept-queue-full', ...SILENCES, 'slow-server'],
  },
  {
    words: /connection timed out|etimedout|10060/i,
    errno: 'ETIMEDOUT',
    meaning:
      'connect: no SYN was answered; or on an open connection: what was sent was never acknowledged, or keep-alive found nobody',
    verdicts: ['connect-timeout', 'accept-queue-full', 'syn-ack-lost', ...SILENCES],
  },
  {
    words: /no route to host|ehostunreach|10065/i,
    errno: 'EHOSTUNREACH',
    meaning:
      'a router or this host itself does not reach the other: ICMP, or nobody answers on the local network',
    verdicts: ['host-unreachable', 'prohibited', 'routing-loop', 'no-neighbour', 'unreachable-midway'],
  },
  {
    words: /network is unreachable|enetunreach|10051/i,
    errno: 'ENETUNREACH',
    meaning: 'no route to that network: here (then nothing is sent) or at a router',
    verdicts: ['network-unreachable', 'unreachable-midway'],
  },
  {
    words: /permission denied|eacces/i,
    errno: 'EACCES',
    meaning:
      'connect: ICMPv6 says that a firewall forbids it (java.net calls it a BindException); bind: a port below 1024 without the right to it',
    verdicts: ['prohibited', 'unreachable-midway'],
  },
  {
    words: /broken pipe|epipe|connection closed by remote host|10053/i,
    errno: 'EPIPE',
    meaning:
      'write: the other side had closed, and what was written after it was answered by a reset; a read would have said end of file',
    verdicts: [
      'broken-pipe',
      'close-race',
      'unread-data',
      'rejected-early',
      'download-aborted',
      'no-response',
    ],
  },
  {
    words:
      /wrong version number|unrecognized ssl message|packet length too long|http request was sent to https/i,
    errno: null,
    meaning: 'TLS: what the other side says is no TLS, or it got something else than TLS from this side',
    verdicts: ['protocol-mismatch'],
  },
  {
    words: /socket hang up|eofexception|end of file/i,
    errno: null,
    meaning: 'the other side closed in order, before all that was expected had come',
    verdicts: ['premature-end', 'closed-without-answer', 'closed-at-once', 'closed-while-idle'],
  },
  {
    words:
      /socket closed|socket is closed|socket output is shutdown|bad file descriptor|ebadf|write_after_end/i,
    errno: 'EBADF',
    meaning:
      'this program closed the socket, or its sending half, itself and used it afterwards; nothing is wrong on the wire',
    verdicts: ['healthy'],
  },
  {
    words: /connection reset|econnreset|10054/i,
    errno: 'ECONNRESET',
    meaning: 'a reset arrived, and no FIN before it',
    verdicts: RESETS,
  },
]

/** What an error text or code says; null where it is none of a socket. */
export function explainError(text: string): ErrorMeaning | null {
  const row = ROWS.find(({ words }) => words.test(text.trim()))
  if (row === undefined) return null
  const { errno, meaning, verdicts } = row
  return { errno, meaning, verdicts }
}

/** The sentence of each verdict that leads to it. */
export const verdictLines = ({ verdicts }: ErrorMeaning): string[] =>
  verdicts.map((verdict) => `${verdict}: ${VERDICTS[verdict].sentence}`)
