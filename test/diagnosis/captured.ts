/**
 * Cases that were provoked once, on Linux 6.18 in the world of world.ts, and kept as the captures of both sides (in
 * captured/, gzip): live they would wait for seconds, or need programs that are not everywhere. Each was once judged wrongly.
 */

import type { Case, Truth } from './case.ts'

/** As `Case`, without what it takes to provoke it. */
export interface Kept
  extends Pick<Case, 'name' | 'title' | 'truth' | 'fromServer' | 'fromBoth' | 'connection' | 'port'> {
  /** The error that the client's application saw, in Python; null: none of the kernel's. */
  readonly clientSaw: string | null
  /** The same of the server's application, which a capture at the server must say; undefined: it is not looked at. */
  readonly serverSaw?: string | null
}

const keepAlive: Truth = {
  verdict: ['keep-alive-timeout'],
  healthy: false,
  phase: 'idle',
  culprit: 'path',
}
const stateLost: Truth = {
  verdict: ['state-lost'],
  healthy: false,
  culprit: 'middlebox',
  resetBy: 'middlebox',
}
const byServer: Truth = {
  verdict: ['reset-by-server'],
  healthy: false,
  phase: 'data',
  culprit: 'server-app',
  resetBy: 'server-host',
}
const unread: Truth = { ...byServer, verdict: ['unread-data'] }
const fine: Truth = { verdict: ['healthy'], healthy: true }
const refusedBehind: Truth = {
  verdict: ['refused'],
  healthy: false,
  phase: 'established-at-client',
  culprit: 'server-host',
  resetBy: 'server-host',
}
const blackHole: Truth = { verdict: ['path-mtu-black-hole'], healthy: false, culprit: 'path', sees: false }
const deadPath: Truth = { verdict: ['unacknowledged'], healthy: false, culprit: 'path' }

const unanswered: Truth = {
  verdict: ['closed-without-answer'],
  healthy: false,
  phase: 'data',
  culprit: 'server-app',
  sees: false,
}

const mismatch: Truth = {
  verdict: ['protocol-mismatch'],
  healthy: false,
  phase: 'data',
  culprit: 'client-app',
  resetBy: 'client-host',
}
const noResponse: Truth = { verdict: ['no-response'], healthy: false, phase: 'data', culprit: 'server-app' }

export const KEPT: readonly Kept[] = [
  {
    name: 'keepalive_answers_lost',
    title: "the client's probes arrive and are answered, and the answers are lost: it gives up",
    clientSaw: 'ETIMEDOUT',
    serverSaw: 'ECONNRESET',
    truth: { ...keepAlive, resetBy: 'client-host' },
    fromServer: { ...keepAlive, resetBy: 'client-host', ambiguous: true },
    fromBoth: { ...keepAlive, resetBy: 'client-host', ambiguous: false },
  },
  {
    name: 'keepalive_of_server',
    title: 'the server probes in vain and gives up; nothing of it comes to the client',
    clientSaw: null,
    serverSaw: 'ETIMEDOUT',
    truth: fine,
    fromServer: { ...keepAlive, resetBy: 'server-host' },
    fromBoth: { ...keepAlive, resetBy: 'server-host', ambiguous: false },
  },
  {
    name: 'half_close_then_abort',
    title: 'the client has ended its side and still reads when the server aborts',
    clientSaw: 'ECONNRESET',
    truth: byServer,
    fromServer: byServer,
    fromBoth: byServer,
  },
  {
    name: 'half_close_of_server_then_killed',
    title: 'the server ends its side first, reads an upload, and is killed with octets unread',
    clientSaw: 'EPIPE',
    truth: unread,
    fromServer: unread,
    fromBoth: unread,
  },
  {
    name: 'client_aborts_while_idle',
    title: 'the client aborts with an answer unread, while the server waits for its next request',
    clientSaw: null,
    serverSaw: 'ECONNRESET',
    truth: { verdict: ['ended-by-reset'], healthy: true, resetBy: 'client-host' },
    fromServer: { verdict: ['ended-by-reset'], healthy: true, resetBy: 'client-host' },
  },
  {
    name: 'path_dies_behind_closed_window',
    title: 'the server does not read, and then the path dies: probes without an answer',
    clientSaw: 'ETIMEDOUT',
    truth: { ...deadPath, ambiguous: true },
    fromBoth: deadPath,
  },
  {
    name: 'syn_proxy_without_server',
    title: 'a SYN proxy (nft synproxy) answers the SYN, and behind it nobody listens',
    clientSaw: 'ECONNRESET',
    truth: refusedBehind,
    fromServer: { verdict: ['refused'], healthy: false, phase: 'connect' },
    fromBoth: refusedBehind,
  },
  {
    name: 'nat_forgot_keepalive_rejected',
    title: 'a firewall has forgotten the connection and resets the keep-alive probe',
    clientSaw: 'ECONNRESET',
    truth: { ...stateLost, phase: 'idle' },
    fromBoth: { ...stateLost, phase: 'idle' },
  },
  {
    name: 'nat_forgot_server_speaks',
    title: 'a firewall has forgotten the connection and resets what the server says late',
    clientSaw: null,
    serverSaw: 'ECONNRESET',
    truth: { ...stateLost, sees: true },
    fromServer: stateLost,
    fromBoth: stateLost,
  },
  {
    name: 'mtu_blackhole_after_small_request',
    title: 'the answer to a request of fifty octets is too big for the path',
    clientSaw: null,
    truth: { verdict: ['no-response', 'path-mtu-black-hole'], healthy: false },
    fromServer: blackHole,
    fromBoth: blackHole,
  },
  {
    name: 'killed_with_request_open',
    title: 'the server is killed while it works on the fourth request of a connection',
    clientSaw: null,
    truth: unanswered,
    fromServer: unanswered,
    fromBoth: unanswered,
  },
  {
    name: 'killed_with_short_request_open',
    title: 'Redis is killed while a client waits for BLPOP',
    port: 6379,
    clientSaw: null,
    truth: unanswered,
    fromServer: unanswered,
    fromBoth: unanswered,
  },
  {
    name: 'download_stops',
    title: 'in the middle of a download nothing comes through any more; the client closes in vain',
    clientSaw: null,
    truth: { ...deadPath, phase: 'data' },
    fromServer: { ...deadPath, phase: 'data' },
    fromBoth: { ...deadPath, phase: 'data' },
  },
  {
    name: 'download_acknowledgments_stop',
    title: "the client's acknowledgments of a download are lost from some moment on",
    clientSaw: null,
    truth: { ...deadPath, phase: 'data' },
    fromServer: { ...deadPath, phase: 'data' },
    fromBoth: { ...deadPath, phase: 'data' },
  },
  {
    name: 'killed_while_client_writes',
    title: 'the server does not read, and is killed while the client waits for room to write',
    clientSaw: 'ECONNRESET',
    truth: { verdict: ['receiver-not-reading', 'unread-data'], healthy: false, culprit: 'server-app' },
    fromServer: { verdict: ['receiver-not-reading', 'unread-data'], healthy: false },
  },
  {
    name: 'reset_overtaken',
    title: 'iperf3 ends an upload: what its host answers to late data overtakes the reset of its socket',
    port: 5201,
    connection: 1,
    clientSaw: 'ECONNRESET',
    truth: unread,
    fromServer: unread,
    fromBoth: unread,
  },
  {
    name: 'tls_to_http_port',
    title: 'curl asks for https where Node serves http: "wrong version number"',
    clientSaw: null,
    truth: mismatch,
    fromServer: mismatch,
    fromBoth: mismatch,
  },
  {
    name: 'tls13_client_certificate_missing',
    title: 'the server wants a certificate of curl, and refuses it by an alert that is encrypted (TLS 1.3)',
    clientSaw: null,
    truth: { ...mismatch, verdict: ['tls-alert'], culprit: 'server-app', resetBy: null },
    fromServer: { ...mismatch, verdict: ['tls-alert'], culprit: 'server-app', resetBy: null },
  },
  {
    name: 'tls_handshake_stalls',
    title: 'half a ServerHello, and then nothing: the client gives up',
    clientSaw: null,
    truth: noResponse,
    fromServer: noResponse,
    fromBoth: noResponse,
  },
  {
    name: 'answer_stalls_midway',
    title: 'the server stops in the middle of a body of known length: curl gives up',
    clientSaw: null,
    truth: noResponse,
    fromServer: noResponse,
    fromBoth: noResponse,
  },
  {
    name: 'upload_in_pieces_unanswered',
    title: 'a request of HTTP, sent in pieces half a second apart, is read and never answered',
    clientSaw: null,
    truth: noResponse,
    fromServer: noResponse,
    fromBoth: noResponse,
  },
  {
    name: 'upload_in_pieces_never_read',
    title: 'octets in pieces half a second apart; the server does not even notice the end',
    clientSaw: null,
    truth: noResponse,
    fromServer: noResponse,
    fromBoth: noResponse,
  },
  {
    name: 'greeting_never_comes',
    title: 'a client waits for the greeting of a server that never accepts, and closes',
    port: 25,
    clientSaw: null,
    truth: noResponse,
    fromServer: noResponse,
  },
  {
    name: 'mqtt_publish_then_close',
    title:
      'a message of MQTT that is not acknowledged by intention (QoS 0); two seconds later the client closes',
    port: 1883,
    clientSaw: null,
    truth: fine,
    fromServer: fine,
    fromBoth: fine,
  },
  {
    name: 'answer_to_loser_of_race',
    title: 'two addresses at once: the answer of the slower one finds its socket closed',
    connection: 'every',
    clientSaw: null,
    truth: { verdict: ['ended-by-reset', 'healthy'], healthy: true },
    fromServer: { verdict: ['ended-by-reset', 'healthy'], healthy: true },
    fromBoth: { verdict: ['ended-by-reset', 'healthy'], healthy: true },
  },
  {
    name: 'abort_right_after_accept',
    title: 'the server accepts and aborts (SO_LINGER 0) before anybody has said a word',
    clientSaw: 'ECONNRESET',
    truth: byServer,
    fromServer: byServer,
    fromBoth: byServer,
  },
  {
    name: 'firewall_resets_first_request',
    title: 'a firewall resets a ClientHello, at once and with the TTL of the router: nothing was forgotten',
    clientSaw: 'ECONNRESET',
    truth: { ...stateLost, verdict: ['reset-by-middlebox'], phase: 'data' },
    fromBoth: { ...stateLost, verdict: ['reset-by-middlebox'] },
  },
  {
    name: 'numbers_moved_then_abort',
    title: "a firewall moves the client's numbers; the server aborts: the reset is its own",
    clientSaw: 'ECONNRESET',
    truth: byServer,
    fromServer: byServer,
    fromBoth: byServer,
  },
  {
    name: 'captures_begin_apart',
    title: 'one capture begins half a second after the other, both in the middle; the server aborts',
    clientSaw: 'ECONNRESET',
    truth: byServer,
    fromServer: byServer,
    fromBoth: byServer,
  },
]
