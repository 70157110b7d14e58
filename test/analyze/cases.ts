/** Ways for a connection to end, one or more for each reason. */

import { type Diagnosis, diagnose } from '../../src/analyze/index.ts'
import type { CloseReason } from '../../src/trace/reasons.ts'
import { type IcmpMeaning, IcmpMessage } from '../../src/wire/icmp.ts'
import { IpHeader, MAPPED_PREFIX } from '../../src/wire/ip-header.ts'
import { type Endpoint, established } from '../tcp/endpoint.ts'
import { reach } from '../tcp/states.ts'

/** An ICMP error about our segment at `seq`, from host `sender` of the test's network; 2 is the peer. */
export function icmp(
  ep: Endpoint,
  meaning: IcmpMeaning,
  sender: number,
  type: number,
  code: number,
): Endpoint {
  const ip = new IpHeader()
  ip.src2 = MAPPED_PREFIX
  ip.src3 = 0x0a000000 + sender
  const message = new IcmpMessage()
  message.type = type
  message.code = code
  ep.connection.handleIcmp(meaning, ep.tcb.snd.una, 0, 60, ip, message)
  return ep
}

/** A way for a connection to end, and what is to be said of it. */
export interface Case {
  readonly name: string
  readonly reason: CloseReason
  readonly who: Diagnosis['who']
  readonly errno: Diagnosis['errno']
  readonly state: Diagnosis['state']
  readonly happens: () => Endpoint
  /** Each is found in one of the observations, in this order. */
  readonly seen: readonly RegExp[]
  readonly hint: RegExp
}

export const CASES: readonly Case[] = [
  {
    name: 'a reset from a socket that was there: window, acknowledgment',
    reason: 'reset-by-peer',
    who: 'peer',
    errno: 'ECONNRESET',
    state: 'ESTABLISHED',
    happens: () => {
      const ep = established().inject({ text: 'unread' })
      ep.send('lost')
      return ep.advance(10).inject({ flags: 'RA', win: 502 })
    },
    seen: [
      /^received <SEQ=7><ACK=5><CTL=RST,ACK>, window 502, TTL 64$/,
      /had a socket for the connection/,
      /10 ms after this side's last segment/,
      /6 octets that had arrived not read/,
      /4 octets of ours never acknowledged/,
    ],
    hint: /other side's log.*SO_LINGER 0/,
  },
  {
    name: 'a reset without acknowledgment and window, in answer to data',
    reason: 'reset-by-peer',
    who: 'peer',
    errno: 'ECONNRESET',
    state: 'ESTABLISHED',
    happens: () => {
      const ep = established()
      ep.send('x')
      return ep.advance(10).inject({ flags: 'R', win: 0 })
    },
    seen: [/^received <SEQ=1><CTL=RST>, window 0/, /no ACK and window 0/, /1 octet of ours never/],
    hint: /no longer knows the connection.*or its application aborted/,
  },
  {
    name: 'the same, but long after anything that it could answer',
    reason: 'reset-by-peer',
    who: 'peer',
    errno: 'ECONNRESET',
    state: 'ESTABLISHED',
    happens: () => established().advance(60_000).inject({ flags: 'R', win: 0 }),
    seen: [/spoke unasked/, /60\.0 s after this side's last segment/],
    hint: /other side's log/,
  },
  {
    name: 'the same, in answer to a keep-alive probe',
    reason: 'reset-by-peer',
    who: 'peer',
    errno: 'ECONNRESET',
    state: 'ESTABLISHED',
    happens: () =>
      established({ keepAlive: true, keepAliveIdleMs: 10_000 })
        .advance(10_020)
        .inject({ flags: 'R', win: 0 }),
    seen: [/no ACK and window 0/, /20 ms after this side's last segment/],
    hint: /no longer knows the connection/,
  },
  {
    name: 'a reset in answer to data for a side that had closed',
    reason: 'reset-by-peer',
    who: 'peer',
    errno: 'ECONNRESET',
    state: 'CLOSE-WAIT',
    happens: () => {
      const { ep } = reach('CLOSE-WAIT')
      ep.send('late')
      return ep.inject({ flags: 'R', win: 0 })
    },
    seen: [/other side had closed \(FIN\) before/],
    hint: /pooled connection/,
  },
  {
    name: 'a reset whose TTL is not that of the peer',
    reason: 'reset-by-peer',
    who: 'middlebox',
    errno: 'ECONNRESET',
    state: 'ESTABLISHED',
    happens: () => established().inject({ text: 1, ttl: 57 }).inject({ flags: 'RA', win: 502, ttl: 63 }),
    seen: [/TTL 63$/, /before it came with TTL 57/],
    hint: /firewall, proxy or NAT/,
  },
  {
    name: 'a reset to the SYN',
    reason: 'connection-refused',
    who: 'peer',
    errno: 'ECONNREFUSED',
    state: 'SYN-SENT',
    happens: () => reach('SYN-SENT', { irs: 0 }).ep.inject({ flags: 'RA', seq: 0, ack: 1, win: 0 }),
    seen: [/^received <SEQ=0><ACK=1><CTL=RST,ACK>, window 0/],
    hint: /Is the server running/,
  },
  {
    name: 'the peer says by ICMP that nobody is at that port',
    reason: 'port-unreachable',
    who: 'peer',
    errno: 'ECONNREFUSED',
    state: 'SYN-SENT',
    happens: () => icmp(reach('SYN-SENT').ep, 'port-unreachable', 2, 3, 3),
    seen: [/ICMP type 3 code 3 from 10\.0\.0\.2 \(the other host itself\)$/],
    hint: /Is the server running.*firewall's rather than a closed port's/,
  },
  {
    name: 'a firewall on the way says so in its name',
    reason: 'port-unreachable',
    who: 'middlebox',
    errno: 'ECONNREFUSED',
    state: 'SYN-SENT',
    happens: () => icmp(reach('SYN-SENT').ep, 'port-unreachable', 9, 3, 3),
    seen: [/from 10\.0\.0\.9 \(not the other host/],
    hint: /packet filter forbids it at 10\.0\.0\.9/,
  },
  {
    name: 'a firewall forbids it',
    reason: 'administratively-prohibited',
    who: 'middlebox',
    errno: 'EHOSTUNREACH',
    state: 'SYN-SENT',
    happens: () => icmp(reach('SYN-SENT').ep, 'administratively-prohibited', 9, 3, 13),
    seen: [/type 3 code 13 from 10\.0\.0\.9/],
    hint: /packet filter forbids it at 10\.0\.0\.9/,
  },
  {
    name: "the peer's own firewall forbids it",
    reason: 'administratively-prohibited',
    who: 'peer',
    errno: 'EHOSTUNREACH',
    state: 'SYN-SENT',
    happens: () => icmp(reach('SYN-SENT').ep, 'administratively-prohibited', 2, 3, 10),
    seen: [/the other host itself/],
    hint: /packet filter/,
  },
  {
    name: 'a host that does not speak TCP',
    reason: 'protocol-unreachable',
    who: 'peer',
    errno: 'ENOPROTOOPT',
    state: 'SYN-SENT',
    happens: () => icmp(reach('SYN-SENT').ep, 'protocol-unreachable', 2, 3, 2),
    seen: [/type 3 code 2/],
    hint: /does not speak TCP/,
  },
  {
    name: 'the same, says a router',
    reason: 'protocol-unreachable',
    who: 'middlebox',
    errno: 'ENOPROTOOPT',
    state: 'SYN-SENT',
    happens: () => icmp(reach('SYN-SENT').ep, 'protocol-unreachable', 9, 3, 2),
    seen: [/type 3 code 2/],
    hint: /does not speak TCP/,
  },
  {
    name: 'no answer at all to the SYN',
    reason: 'connect-timeout',
    who: 'path',
    errno: 'ETIMEDOUT',
    state: 'SYN-SENT',
    happens: () => reach('SYN-SENT').ep.advance(1000_000),
    seen: [/min \d+ s before is unacknowledged, retransmitted \d+ times/, /nothing was ever heard/],
    hint: /firewall that drops.*accept queue/,
  },
  {
    name: 'the same, and a router had said why',
    reason: 'host-unreachable',
    who: 'path',
    errno: 'EHOSTUNREACH',
    state: 'SYN-SENT',
    happens: () => icmp(reach('SYN-SENT').ep, 'host-unreachable', 9, 3, 1).advance(1000_000),
    seen: [/type 3 code 1 from 10\.0\.0\.9 .*min \d+ s before$/, /ended by connect-timeout/, /retransmitted/],
    hint: /10\.0\.0\.9 has no way to that host/,
  },
  {
    name: 'a packet that ran out of hops',
    reason: 'host-unreachable',
    who: 'path',
    errno: 'EHOSTUNREACH',
    state: 'SYN-SENT',
    happens: () => icmp(reach('SYN-SENT').ep, 'time-exceeded', 9, 11, 0).advance(1000_000),
    seen: [/type 11 code 0/],
    hint: /routing loop/,
  },
  {
    name: 'no route, says a router',
    reason: 'network-unreachable',
    who: 'path',
    errno: 'ENETUNREACH',
    state: 'SYN-SENT',
    happens: () => icmp(reach('SYN-SENT').ep, 'network-unreachable', 9, 3, 0).advance(1000_000),
    seen: [/type 3 code 0/],
    hint: /check its routes/,
  },
  {
    name: 'segments that do not answer the SYN',
    reason: 'connect-timeout',
    who: 'path',
    errno: 'ETIMEDOUT',
    state: 'SYN-SENT',
    happens: () => reach('SYN-SENT').ep.inject({ flags: 'F', seq: 3 }).advance(1000_000),
    seen: [/last heard/],
    hint: /none that answers the SYN/,
  },
  {
    name: 'data into silence',
    reason: 'retransmission-limit',
    who: 'path',
    errno: 'ETIMEDOUT',
    state: 'ESTABLISHED',
    happens: () => {
      const ep = established()
      ep.send('x')
      return ep.advance(3000_000)
    },
    seen: [/unacknowledged, retransmitted \d+ times/, /last heard \d+ min/, /1 octet of ours/],
    hint: /went away without a word/,
  },
  {
    name: 'data that is not acknowledged by a peer that is heard',
    reason: 'retransmission-limit',
    who: 'path',
    errno: 'ETIMEDOUT',
    state: 'ESTABLISHED',
    happens: () => {
      const ep = established()
      ep.send('x')
      for (let i = 0; i < 600 && ep.connection.closeReason === null; i++) {
        ep.advance(5000)
        if (ep.connection.closeReason === null) ep.inject({ ack: 1, text: 1 })
      }
      return ep
    },
    seen: [/unacknowledged/, /last heard \d+(\.\d)? m?s before/],
    hint: /heard but does not acknowledge/,
  },
  {
    name: 'full-sized segments vanish and small ones do not',
    reason: 'retransmission-limit',
    who: 'path',
    errno: 'ETIMEDOUT',
    state: 'ESTABLISHED',
    happens: () => {
      const ep = established({ blackHoleDetection: false })
      ep.send('small')
      ep.inject({})
      ep.send(5000)
      return ep.advance(3000_000)
    },
    seen: [/no segment of 1460 octets was ever acknowledged, only smaller ones/],
    hint: /path MTU black hole/,
  },
  {
    name: 'a window that stays closed, and then silence',
    reason: 'retransmission-limit',
    who: 'path',
    errno: 'ETIMEDOUT',
    state: 'ESTABLISHED',
    happens: () => {
      const ep = established()
      ep.inject({ win: 0 })
      ep.send('x')
      return ep.advance(3000_000)
    },
    seen: [/window of the other side was closed/],
    hint: /stopped reading/,
  },
  {
    name: 'the user timeout',
    reason: 'user-timeout',
    who: 'path',
    errno: 'ETIMEDOUT',
    state: 'ESTABLISHED',
    happens: () => {
      const ep = established({ userTimeoutMs: 5000 })
      ep.send('x')
      return ep.advance(60_000)
    },
    seen: [/5\.0 s before is unacknowledged/],
    hint: /went away without a word/,
  },
  {
    name: 'keep-alive',
    reason: 'keep-alive-timeout',
    who: 'path',
    errno: 'ETIMEDOUT',
    state: 'ESTABLISHED',
    happens: () => established({ keepAlive: true, keepAliveProbes: 3 }).advance(20 * 3600_000),
    seen: [/3 keep-alive probes without an answer/, /last heard 2 h \d+ min before/],
    hint: /NAT or firewall drops idle connections/,
  },
  {
    name: 'an orphan whose peer does not close',
    reason: 'fin-wait-2-timeout',
    who: 'this-side',
    errno: 'ETIMEDOUT',
    state: 'FIN-WAIT-2',
    happens: () => reach('FIN-WAIT-2').ep.release().advance(3600_000),
    seen: [/last heard/],
    hint: /never closed/,
  },
  {
    name: 'an abort here',
    reason: 'aborted-by-user',
    who: 'this-side',
    errno: 'ECONNABORTED',
    state: 'ESTABLISHED',
    happens: () => established().abort(),
    seen: [/0 octets received, 0 octets sent/],
    hint: /resetAndDestroy/,
  },
  {
    name: 'a close before the connection was open',
    reason: 'closed-by-user',
    who: 'this-side',
    errno: null,
    state: 'SYN-SENT',
    happens: () => reach('SYN-SENT').ep.close(),
    seen: [],
    hint: /before it was open/,
  },
  {
    name: 'a close with unread data',
    reason: 'unread-data',
    who: 'this-side',
    errno: 'ECONNABORTED',
    state: 'ESTABLISHED',
    happens: () => established().inject({ text: 5 }).release(),
    seen: [/5 octets that had arrived not read/],
    hint: /read to the end first/,
  },
  {
    name: 'the end of the stack',
    reason: 'stack-closed',
    who: 'this-side',
    errno: 'ECONNABORTED',
    state: 'ESTABLISHED',
    happens: () => {
      const ep = established()
      ep.connection.abort('stack-closed')
      return ep
    },
    seen: [/sent in all/],
    hint: /host was closed here/,
  },
]

/** Who is held responsible in the cases of a reason. */
export function culpritsSeen(reason: CloseReason): ReadonlySet<string> {
  const cases = CASES.filter((each) => each.reason === reason)
  const doubt = reason === 'unanswered' ? [unanswered()] : []
  return new Set(
    [...cases.map(({ happens }) => happens()), ...doubt].map((ep) => diagnose(ep.connection)!.who),
  )
}

/** A connection that goes on, with R1 reached. */
export function unanswered(): Endpoint {
  const ep = established()
  ep.send('x')
  return ep.advance(5000)
}
