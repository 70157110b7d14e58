/** What the rules of resets share. */

import { type Case, type Cause, cause, type EvidenceFrame, evidence, resetText, seconds } from '../case.ts'
import type { ResetFacts, SideFacts } from '../facts.ts'

export const ELSEWHERE = 'a capture on the other host shows whether it sent this reset'
/** Octets of about one full segment, and of more than one. */
export const LARGE = 1000
export const BURST = 4096
/** Octets of a TLS alert: what a side still says when it closes. */
export const FAREWELL = 64

export const resetOf = (c: Case): ResetFacts | null => (c.opened || c.server.synAcks > 0 ? c.reset : null)

/** After the FIN of the other side it sent no more than TLS's close_notify, which its own close sends. */
export const saidGoodbye = (side: SideFacts): boolean =>
  side.framing === 'tls' && side.endsWithAlert && side.fatalAlert < 0 && side.octetsAfterFin <= FAREWELL

export function story(c: Case, reset: ResetFacts): EvidenceFrame[] {
  const { client, server } = c
  return evidence(
    [client.lastText.at < reset.at ? client.lastText : 0, 'last data of the client'],
    [server.lastText.at < reset.at ? server.lastText : 0, 'last data of the server'],
    [client.fin, 'FIN of the client'],
    [server.fin, 'FIN of the server'],
    [
      reset.frame,
      `${resetText(reset)}, ${seconds(reset.at - reset.answersAt)} after the packet before of the other side`,
    ],
  )
}

export const serverLog =
  "the server application's log at that time: a crash, a kill, an exception while it handled the request"

export function unreadCauses(): Cause[] {
  return [
    cause(
      'the server application closed without reading all of the request',
      'server-app',
      'it does so each time with the same request',
    ),
    cause(
      'its process was killed or crashed with unread input',
      'server-app',
      'all its connections end at the same moment',
    ),
    cause(
      'it aborts on purpose (SO_LINGER 0, resetAndDestroy)',
      'server-app',
      'it does so too when nothing is left unread',
    ),
  ]
}

/** All that was asked had its answer. */
export function idleCauses(): Cause[] {
  return [
    cause(
      'an idle time-out of the server, or of a load balancer in its place, that resets in place of closing',
      'server-app',
      'other connections end after the same time',
    ),
    cause(
      'the server application aborts on purpose (SO_LINGER 0, resetAndDestroy): it shuts down, or drops connections',
      'server-app',
      'all its connections end at the same moment; its log',
    ),
  ]
}

export function goneCauses(): Cause[] {
  return [
    cause('the path broke', 'path', 'other connections between the two networks fail as well'),
    cause('the other host is gone: crashed, cut off, switched off', 'server-host', 'it answers nobody'),
    cause('a firewall or NAT forgot the connection', 'middlebox', 'new connections to that host work'),
  ]
}
