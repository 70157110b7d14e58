/**
 * What applications see of how a connection fares: errno of Linux, `err.code` and message of Node, exception and message of
 * java.net. Measured on Linux 6.18 with Java 17, Python 3.11 and Node 20.
 */

export interface NodeError {
  readonly code: string
  readonly message: string
}

export interface JavaError {
  readonly exception: string
  readonly message: string
}

/** What one application sees; null where its calls give no error. */
export interface Seen {
  readonly outcome: Outcome
  readonly errno: string | null
  readonly node: NodeError | null
  readonly java: JavaError | null
  readonly text: string
}

interface Row {
  readonly errno: string | null
  /** `CODE syscall`, or a message of its own. */
  readonly node: readonly [code: string, call: 'connect' | 'read' | 'write' | string] | null
  readonly java: readonly [exception: string, message: string] | null
  readonly text: string
}

const CONNECT = 'java.net.ConnectException'
const SOCKET = 'java.net.SocketException'
const TIMEOUT = 'java.net.SocketTimeoutException'

const ROWS = {
  'connect-refused': {
    errno: 'ECONNREFUSED',
    node: ['ECONNREFUSED', 'connect'],
    java: [CONNECT, 'Connection refused'],
    text: 'connect fails at once: connection refused',
  },
  'connect-timeout': {
    errno: 'ETIMEDOUT',
    node: ['ETIMEDOUT', 'connect'],
    java: [CONNECT, 'Connection timed out'],
    text: 'connect fails after the last SYN: connection timed out; with a time-out of its own, the application gives up before (java.net.SocketTimeoutException: Connect timed out)',
  },
  'connect-own-timeout': {
    errno: null,
    node: null,
    java: [TIMEOUT, 'Connect timed out'],
    text: 'the application gave up by a time-out of its own before the kernel did: no errno',
  },
  'connect-host-unreachable': {
    errno: 'EHOSTUNREACH',
    node: ['EHOSTUNREACH', 'connect'],
    java: ['java.net.NoRouteToHostException', 'No route to host'],
    text: 'connect fails: no route to host',
  },
  'connect-network-unreachable': {
    errno: 'ENETUNREACH',
    node: ['ENETUNREACH', 'connect'],
    java: [SOCKET, 'Network is unreachable'],
    text: 'connect fails: network is unreachable',
  },
  'connect-no-protocol': {
    errno: 'ENOPROTOOPT',
    node: ['ENOPROTOOPT', 'connect'],
    java: [SOCKET, 'Protocol not available'],
    text: 'connect fails: protocol not available',
  },
  'connect-no-permission': {
    errno: 'EACCES',
    node: ['EACCES', 'connect'],
    java: ['java.net.BindException', 'Permission denied'],
    text: 'connect fails: permission denied (java.net calls it a BindException)',
  },
  reset: {
    errno: 'ECONNRESET',
    node: ['ECONNRESET', 'read'],
    java: [SOCKET, 'Connection reset'],
    text: 'the next read fails: connection reset; writes after it: broken pipe',
  },
  'reset-while-writing': {
    errno: 'ECONNRESET',
    node: ['ECONNRESET', 'read'],
    java: [SOCKET, 'Broken pipe'],
    text: 'a write or read fails: connection reset, then broken pipe; java.net says "Broken pipe", or "Connection reset by peer", at once',
  },
  'broken-pipe': {
    errno: 'EPIPE',
    node: ['EPIPE', 'write'],
    java: [SOCKET, 'Broken pipe'],
    text: 'a read gives end of file, never an error; the first write after the FIN succeeds, the one after the reset fails: broken pipe',
  },
  'timed-out': {
    errno: 'ETIMEDOUT',
    node: ['ETIMEDOUT', 'read'],
    java: [SOCKET, 'Connection timed out'],
    text: 'a read or write fails when the kernel gives up: connection timed out; a read time-out of the application comes before (java.net.SocketTimeoutException: Read timed out)',
  },
  'host-unreachable': {
    errno: 'EHOSTUNREACH',
    node: ['EHOSTUNREACH', 'read'],
    java: [SOCKET, 'No route to host'],
    text: 'when the kernel gives up, a read or write fails: no route to host; a read time-out of the application comes before (java.net.SocketTimeoutException: Read timed out)',
  },
  'network-unreachable': {
    errno: 'ENETUNREACH',
    node: ['ENETUNREACH', 'read'],
    java: [SOCKET, 'Network is unreachable'],
    text: 'when the kernel gives up, a read or write fails: network is unreachable; a read time-out of the application comes before (java.net.SocketTimeoutException: Read timed out)',
  },
  'refused-midway': {
    errno: 'ECONNREFUSED',
    node: ['ECONNREFUSED', 'read'],
    java: [SOCKET, 'Connection refused'],
    text: 'when the kernel gives up, a read or write fails: connection refused, though it was open; a read time-out of the application comes before (java.net.SocketTimeoutException: Read timed out)',
  },
  'no-permission': {
    errno: 'EACCES',
    node: ['EACCES', 'read'],
    java: [SOCKET, 'Permission denied'],
    text: 'when the kernel gives up, a read or write fails: permission denied; a read time-out of the application comes before (java.net.SocketTimeoutException: Read timed out)',
  },
  'read-timeout': {
    errno: null,
    node: null,
    java: [TIMEOUT, 'Read timed out'],
    text: "a read waits until the application's own time-out: read timed out; Node has only a 'timeout' event",
  },
  'write-blocked': {
    errno: null,
    node: null,
    java: null,
    text: 'writes block (in Node: pile up) until the application gives up; java.net then says "Socket closed" where another thread closes it',
  },
  'end-of-file': {
    errno: null,
    node: null,
    java: null,
    text: 'a read gives end of file: -1 or 0 octets; Node emits end',
  },
  'end-in-message': {
    errno: null,
    node: ['ECONNRESET', 'socket hang up'],
    java: ['java.io.EOFException', 'end of file in the middle of a message'],
    text: 'a read gives end of file before the message is whole: EOFException where exactly so many octets were asked for, "socket hang up" or "aborted" of http',
  },
  unaware: {
    errno: null,
    node: null,
    java: null,
    text: 'nothing: as far as it knows, the connection is open',
  },
  nothing: { errno: null, node: null, java: null, text: 'no error' },
} as const satisfies Record<string, Row>

export type Outcome = keyof typeof ROWS
export const OUTCOMES = Object.keys(ROWS) as readonly Outcome[]

/**
 * @param target '10.0.0.2:80' or 'fd00::2:80', as Node writes it behind `connect`.
 */
export function seenAs(outcome: Outcome, target: string): Seen {
  const { errno, node, java, text }: Row = ROWS[outcome]
  return {
    outcome,
    errno,
    node: node === null ? null : { code: node[0], message: nodeMessage(node[0], node[1], target) },
    java: java === null ? null : { exception: java[0], message: java[1] },
    text,
  }
}

function nodeMessage(code: string, call: string, target: string): string {
  if (call === 'connect') return `connect ${code} ${target}`
  return call === 'read' || call === 'write' ? `${call} ${code}` : call
}
