/** Where to look next: one or two sentences for each reason, by what was seen. */

import type { Evidence } from './evidence.ts'
import type { Known } from './observations.ts'
import type { Trouble } from './trouble.ts'

export function hintFor(known: Known): string {
  return HINTS[known.reason](known)
}

type Hint = (known: Known) => string

const ELSEWHERE =
  'Compare with a capture on the other host: if it did not send this reset, look for the firewall, proxy or NAT that did.'

function afterReset({ who, evidence }: Known): string {
  const { segment, peerClosed } = evidence
  if (who === 'middlebox') return ELSEWHERE
  if (peerClosed) {
    return 'The other side had closed and this side went on sending: was a pooled connection used after its idle time-out there? Stop at the end of its stream, or retry on a new connection.'
  }
  if (segment?.sender === 'stateless') {
    return 'Either the other host no longer knows the connection (a restart, a failover, a NAT or firewall that forgot it while it was idle), or its application aborted: look into its log at that time.'
  }
  return "Look into the other side's log at that time: it closed without reading all that it had received, was killed, or chose to abort (SO_LINGER 0)."
}

const refused: Hint = ({ who }) =>
  who === 'middlebox'
    ? ELSEWHERE
    : 'Is the server running, and does it listen on this very address and port (127.0.0.1 is not 0.0.0.0, nor ::1)? A firewall that rejects looks the same.'

const nothingCameBack: Hint = ({ evidence }) =>
  evidence.segmentsReceived > 0
    ? 'Segments arrive but none that answers the SYN: look at a capture for what they are.'
    : 'Check address and port, then for a firewall that drops (here, on the way, or there) and for a full accept queue over there; a capture on the other host shows whether the SYN arrives.'

function dataUnanswered(known: Known): string {
  const { unprovenMss, peerWindow, silentUs, waitingUs, synchronized } = known.evidence
  if (!synchronized) return nothingCameBack(known)
  if (peerWindow === 0) return 'The application over there has stopped reading: look for what it waits for.'
  if (unprovenMss !== null) {
    return 'Small segments pass and full-sized ones do not: suspect a path MTU black hole (a tunnel or VPN whose ICMP is filtered); try a smaller MTU.'
  }
  if (silentUs !== null && waitingUs !== null && silentUs < waitingUs) {
    return 'The other side is heard but does not acknowledge: what this side sends is lost on the way there, so look at that direction.'
  }
  return 'The other host or the path to it went away without a word: check both, and for a NAT or firewall that forgot the connection if it had been idle.'
}

const fromRouter: Hint = ({ evidence }) =>
  evidence.icmp === null
    ? 'Check the routes to that address.'
    : `${evidence.icmp.source} has no way to that host: check its routes, and whether the host is up on its network${isLoop(evidence) ? '; the packet ran out of hops, so look for a routing loop' : ''}.`

const isLoop = ({ icmp }: Evidence): boolean => icmp !== null && icmp.type === (icmp.version === 6 ? 3 : 11)

const rejected: Hint = ({ evidence }) =>
  `A packet filter forbids it${evidence.icmp === null ? '' : ` at ${evidence.icmp.source}`}: ask for a rule that allows this address and port.`

const HINTS: Readonly<Record<Trouble, Hint>> = {
  'reset-by-peer': afterReset,
  'connection-refused': refused,
  'port-unreachable': (known) =>
    known.who === 'middlebox'
      ? rejected(known)
      : `${refused(known)} An ICMP answer is a firewall's rather than a closed port's.`,
  'protocol-unreachable': () => 'That host, or a filter in its name, does not speak TCP: check the address.',
  'administratively-prohibited': rejected,
  'connect-timeout': nothingCameBack,
  'retransmission-limit': dataUnanswered,
  'user-timeout': dataUnanswered,
  unanswered: dataUnanswered,
  'keep-alive-timeout': () =>
    'The peer vanished while the connection was idle: check that host and the path, and whether a NAT or firewall drops idle connections sooner than keep-alive asks.',
  'network-unreachable': fromRouter,
  'host-unreachable': fromRouter,
  'fin-wait-2-timeout': () =>
    'The other side acknowledged our end and never closed: its application leaks connections, or waits for something.',
  'aborted-by-user': () =>
    'The application here aborted it: look for destroy, resetAndDestroy or an abort signal.',
  'closed-by-user': () => 'The application here closed it before it was open.',
  'unread-data': () =>
    'The application here closed without reading what had arrived, so the other side was told by a reset; read to the end first.',
  'stack-closed': () => 'The host was closed here while the connection was open.',
}
