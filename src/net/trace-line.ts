/** A happening in one line, as NODE_DEBUG=elko-tcp prints it; segments look as tcpdump shows them. */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import type { SegmentRecord, TraceEvent } from '../trace/events.ts'
import { tcpdumpSegmentText } from '../trace/segment-text.ts'

/** 'client#3 snd 10.0.0.1:49152 > 10.0.0.2:80: Flags [S], seq 1, win 65535, length 0 (syn)'. */
export function traceLine(event: TraceEvent, connection: HostedConnection | null): string {
  const who = event.connection === 0 ? event.host : `${event.host}#${event.connection}`
  return `${who} ${happening(event, connection)}`
}

function happening(event: TraceEvent, connection: HostedConnection | null): string {
  switch (event.kind) {
    case 'sent':
      return `snd ${direction(event.segment, connection, 'sent')}: ${tcpdumpSegmentText(event.segment)} (${event.reason})`
    case 'received':
      return `rcv ${direction(event.segment, connection, 'received')}: ${tcpdumpSegmentText(event.segment)}`
    case 'dropped':
      return `dropped: ${event.reason}`
    case 'state':
      return `${event.from} -> ${event.to} (${event.cause})`
    case 'call':
      return ['call', event.call, event.octets, event.detail].filter((word) => word !== undefined).join(' ')
    case 'signal':
      return event.reason === undefined ? `signal ${event.signal}` : `signal ${event.signal}: ${event.reason}`
    case 'timer':
      return event.inUs === undefined
        ? `timer ${event.timer} ${event.action}`
        : `timer ${event.timer} ${event.action}, in ${event.inUs / 1000} ms`
    case 'recovery':
      return `${event.phase}: cwnd ${event.cwnd}, ssthresh ${event.ssthresh}, in flight ${event.flight}, rto ${event.rtoUs / 1000} ms`
    case 'network':
      return `packet ${event.packet} ${event.action}`
    default:
      return event.text
  }
}

/** 'source > destination' of a segment. */
function direction(
  { srcPort, dstPort }: SegmentRecord,
  connection: HostedConnection | null,
  way: 'sent' | 'received',
): string {
  if (connection === null) return `port ${srcPort} > port ${dstPort}`
  const { path } = connection.tcb
  const ends = [path.localText, path.remoteText]
  return (way === 'sent' ? ends : ends.reverse()).join(' > ')
}
