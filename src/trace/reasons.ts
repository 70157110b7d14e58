/**
 * The one vocabulary of reasons: why a segment was sent, why a packet was dropped, why a connection ended.
 *
 * The same words stand in live errors, counters, pcapng comments, ladders and diagnoses. Each has one sentence and
 * its source. A word is a string constant: comparing two of them compares two pointers.
 */

import { VERDICTS, type Verdict } from '../wire/verdict.ts'

/** Why a segment was sent. `chooseSegment` returns one of these, so "is there work?" and "what work?" cannot disagree. */
export const SEND_REASONS = {
  syn: 'active OPEN: asks for a connection (RFC 9293 3.10.1)',
  'syn-ack': 'answers a SYN with our own (RFC 9293 3.10.7.2)',
  'handshake-ack': 'acknowledges the SYN of the other side (RFC 9293 3.10.7.3)',
  'new-data': 'data that was never sent before (RFC 9293 3.10.2)',
  fin: 'CLOSE: no more data to send (RFC 9293 3.10.4)',
  'retransmission-timeout': 'the retransmission timer expired (RFC 6298 5.4)',
  'loss-recovery': 'outstanding at a retransmission timeout and taken as lost (RFC 5681 3.1)',
  'fast-retransmit': 'three duplicate acknowledgments (RFC 5681 3.2)',
  'partial-ack': 'an acknowledgment in fast recovery that stops short of the recovery point (RFC 6582 3.2)',
  'limited-transmit': 'new data on the first two duplicate acknowledgments (RFC 3042)',
  'zero-window-probe': 'the window is closed: asks whether it has opened (RFC 9293 3.8.6.1)',
  'silly-window-override': 'the override timer let a small segment go (RFC 9293 3.8.6.2.1)',
  'delayed-ack': 'the delayed-ACK timer expired (RFC 9293 3.8.6.3)',
  'quick-ack': 'acknowledges at once while the other side begins or begins again (RFC 5681 4.2)',
  'second-segment-ack': 'at least every second full-sized segment is acknowledged (RFC 9293 3.8.6.3)',
  'out-of-order-ack': 'duplicate acknowledgment for a segment beyond a gap (RFC 5681 3.2)',
  'gap-filled-ack': 'acknowledges at once a segment that fills a gap (RFC 5681 4.2)',
  'fin-ack': 'acknowledges the FIN of the other side (RFC 9293 3.10.7.4)',
  'window-update': 'the application read enough to open the window (RFC 9293 3.8.6.2.2)',
  'unacceptable-ack': 'answers a segment outside the window with where we stand (RFC 9293 3.10.7.4)',
  'challenge-syn': 'challenge ACK: a SYN on a synchronized connection (RFC 5961 4.2)',
  'challenge-rst': 'challenge ACK: a RST in the window but not at RCV.NXT (RFC 5961 3.2)',
  'challenge-ack': 'challenge ACK: an acknowledgment out of range (RFC 5961 5.2)',
  'paws-ack': 'answers a segment whose timestamp is older than the last (RFC 7323 5.3)',
  'time-wait-ack': 'answers a retransmitted FIN in TIME-WAIT (RFC 9293 3.10.7.4)',
  'keep-alive': 'asks whether an idle peer is still there (RFC 9293 3.8.4)',
  'urgent-notice': 'tells the other side of urgent data that its window holds back (RFC 9293 3.8.5)',
  'reset-abort': 'ABORT: the application gave the connection up (RFC 9293 3.10.5)',
  'reset-unread-data': 'closed with data that the application never read (RFC 9293 3.6.1)',
  'reset-data-after-close': 'data arrived that nobody will read any more (RFC 9293 3.6.1)',
  'reset-bad-ack':
    'acknowledges something never sent, before the connection was synchronized (RFC 9293 3.5.2)',
  'reset-no-connection': 'no connection and no listener (RFC 9293 3.10.7.1)',
  'reset-ack-to-listener': 'an acknowledgment reached a listener (RFC 9293 3.10.7.2)',
  'reset-keep-alive-timeout': 'the peer answered no keep-alive probe (RFC 9293 3.8.4)',
  'reset-user-timeout': 'the user timeout expired (RFC 9293 3.10.8)',
  'reset-fin-wait-2-timeout': 'nobody owns the connection and its peer does not close it',
} as const

export type SendReason = keyof typeof SEND_REASONS

/** Why an arriving packet, or a part of it, was not used. The decoders' verdicts are part of the same vocabulary. */
export const DROP_REASONS = {
  'empty-packet': 'no octets at all',
  'not-ip': 'neither IPv4 nor IPv6',
  'ip-truncated': 'shorter than its IP header',
  'ip-header-length': 'an IP header length that cannot be',
  'ip-total-length': 'an IP length that exceeds the packet',
  'ip-checksum': 'wrong IPv4 header checksum',
  'ip-fragment': 'a fragment: this host does not reassemble',
  'ipv6-extension-header': 'a chain of extension headers that does not end or may not be skipped',
  'other-protocol': 'neither TCP nor ICMP',
  'tcp-truncated': 'shorter than its TCP header',
  'tcp-data-offset': 'a TCP data offset that cannot be',
  'tcp-option-length': 'a TCP option with an illegal length (RFC 9293 MUST-7)',
  'tcp-checksum': 'wrong TCP checksum (RFC 9293 MUST-3)',
  'icmp-truncated': 'shorter than its ICMP header',
  'icmp-checksum': 'wrong ICMP checksum',
  'icmp-quote': 'an ICMP error that quotes no usable TCP header',
  'other-host': 'addressed to another host',
  'invalid-source': 'a source address that no host can have (RFC 9293 MUST-63)',
  'broadcast-or-multicast': 'addressed to a broadcast or multicast address (RFC 9293 MUST-57)',
  'no-connection': 'belongs to no connection and no listener',
  'rst-ignored': 'a reset that matches nothing sent (RFC 9293 3.10.7)',
  'listener-without-syn': 'neither RST, ACK nor SYN, to a listener (RFC 9293 3.10.7.2)',
  'syn-queue-full': 'the queue of half-open connections is full',
  'backlog-full': 'the queue of connections not yet accepted is full',
  'connections-full': 'the limit of connections is reached',
  'out-of-window': 'no octet of the segment lies in the receive window (RFC 9293 3.10.7.4)',
  paws: 'its timestamp is older than the last one accepted (RFC 7323 5.3)',
  'timestamp-missing': 'timestamps were negotiated and the segment has none (RFC 7323 3.2)',
  'rst-out-of-window': 'a reset outside the receive window (RFC 5961 3.2)',
  'rst-not-exact': 'a reset in the window but not at RCV.NXT: challenged (RFC 5961 3.2)',
  'syn-in-synchronized': 'a SYN on a synchronized connection: challenged (RFC 5961 4.2)',
  'ack-missing': 'no ACK bit on a synchronized connection (RFC 9293 3.10.7.4)',
  'ack-out-of-range': 'acknowledges something never sent, or far too old (RFC 5961 5.2)',
  'rst-in-time-wait': 'a reset does not end TIME-WAIT (RFC 1337)',
  'syn-sent-without-syn': 'neither SYN nor RST in SYN-SENT (RFC 9293 3.10.7.3)',
  'duplicate-text': 'octets that had already arrived',
  'beyond-window': 'octets to the right of the receive window',
  'reassembly-full': 'more gaps than the reassembly queue may hold',
  'text-after-fin': 'octets behind a FIN (RFC 9293 3.10.7.4)',
  'icmp-out-of-window': 'an ICMP error that quotes a sequence number not in flight (RFC 5927 4.1)',
  'icmp-source-quench': 'ICMP Source Quench is ignored (RFC 9293 MUST-55)',
  'icmp-unhandled': 'an ICMP message that asks nothing of TCP',
  'rate-limited': 'the answer was withheld by its rate limit',
} as const satisfies Record<Exclude<Verdict, 'ok'>, string> & Record<string, string>

export type DropReason = keyof typeof DROP_REASONS

/** The reasons of drops without their sentences, which a page that only counts need not load. */
export const DROP_NAMES: readonly DropReason[] = [
  ...VERDICTS.filter((verdict) => verdict !== 'ok'),
  'other-host',
  'invalid-source',
  'broadcast-or-multicast',
  'no-connection',
  'rst-ignored',
  'listener-without-syn',
  'syn-queue-full',
  'backlog-full',
  'connections-full',
  'out-of-window',
  'paws',
  'timestamp-missing',
  'rst-out-of-window',
  'rst-not-exact',
  'syn-in-synchronized',
  'ack-missing',
  'ack-out-of-range',
  'rst-in-time-wait',
  'syn-sent-without-syn',
  'duplicate-text',
  'beyond-window',
  'reassembly-full',
  'text-after-fin',
  'icmp-out-of-window',
  'icmp-source-quench',
  'icmp-unhandled',
  'rate-limited',
]

/** Why a connection entered CLOSED, could not be opened, or is in doubt (a soft error). */
export const CLOSE_REASONS = {
  'closed-normally': 'both sides closed and each FIN was acknowledged',
  'closed-by-user': 'CLOSE before the connection was synchronized (RFC 9293 3.10.4)',
  'aborted-by-user': 'ABORT by this side (RFC 9293 3.10.5)',
  'connection-refused': 'the other host answered the SYN with a reset (RFC 9293 3.10.7.3)',
  'reset-by-peer': 'the other side sent a reset (RFC 9293 3.10.7.4)',
  'connect-timeout': 'no answer to the SYN within R2 (RFC 9293 3.8.3)',
  'retransmission-limit': 'data went unacknowledged beyond R2 (RFC 9293 3.8.3)',
  unanswered: 'R1: what was sent is being repeated without an answer; only a warning (RFC 9293 3.8.3)',
  'user-timeout': 'data went unacknowledged beyond the user timeout (RFC 9293 3.10.8)',
  'keep-alive-timeout': 'no keep-alive probe was answered (RFC 9293 3.8.4)',
  'fin-wait-2-timeout': 'an orphan whose peer does not close',
  'network-unreachable': 'ICMP: no route to the network',
  'host-unreachable': 'ICMP: no route to the host',
  'port-unreachable': 'ICMP: nobody at that port',
  'protocol-unreachable': 'ICMP: the other host has no TCP',
  'administratively-prohibited': 'ICMP: a firewall forbids it',
  'time-wait-reused': 'a new connection took over from TIME-WAIT (RFC 6191)',
  'unread-data': 'closed with data that the application never read (RFC 9293 3.6.1)',
  'stack-closed': 'the stack was shut down',
} as const

export type CloseReason = keyof typeof CLOSE_REASONS
