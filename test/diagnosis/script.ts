/**
 * What the two applications of a provoked case do: a script of calls for each, as data. peer.py plays it with Python's
 * sockets, peer.ts with Node's, and both print what each call gave, one JSON object a line.
 */

/** A call. `on` names the connection where an application has several; default `a`. Times are milliseconds. */
export type Op =
  /** backlog: of listen(2). rcvbuf: SO_RCVBUF in octets. tls: Node's only. */
  | { op: 'listen'; port: number; backlog?: number; rcvbuf?: number; tls?: Tls }
  /** paused: a Node socket reads nothing until it is told to, as Python's never does. */
  | { op: 'accept'; timeout?: number; paused?: boolean; on?: string }
  /** local: the port to connect from. syncnt: TCP_SYNCNT. userTimeout: TCP_USER_TIMEOUT. */
  | {
      op: 'connect'
      port: number
      host?: string
      local?: number
      timeout?: number
      rcvbuf?: number
      userTimeout?: number
      keepalive?: KeepAlive
      paused?: boolean
      tls?: Tls
      on?: string
    }
  /** n octets: `text`, then x; without a timeout it waits until the kernel has taken all of them. */
  | { op: 'send'; n: number; text?: string; timeout?: number; on?: string }
  /** One read: some octets, or the end. */
  | { op: 'recv'; n?: number; timeout?: number; on?: string }
  | { op: 'readfull'; n: number; timeout?: number; on?: string }
  | { op: 'readall'; timeout?: number; on?: string }
  | { op: 'shutdown' | 'close' | 'abort'; on?: string }
  /** The process is killed, with all that it has. */
  | { op: 'die' }
  /** The script is over; the process and its sockets stay until the world ends. */
  | { op: 'hold' }
  | { op: 'sleep'; ms: number }
  | { op: 'touch'; flag: string }
  | { op: 'wait'; flag: string }
  /** n connections at once, each: connect, send, one read, close after all have ended. */
  | { op: 'connectmany'; n: number; port: number; send: number; timeout: number }
  | { op: 'repeat'; n: number; ops: readonly Op[] }

/** psk: both have the same key. none: there is no cipher that both could use, and the handshake fails. */
export type Tls = 'psk' | 'none'

export interface KeepAlive {
  /** Whole seconds. */
  readonly idle: number
  readonly interval: number
  readonly count: number
}

/** What one call gave. `late`: none did; n is how late the process was at the latest, milliseconds. */
export interface Result {
  readonly op: string
  readonly ok: boolean
  readonly n?: number
  readonly eof?: boolean
  /** The application's own timer ended the call. */
  readonly timedOut?: boolean
  /** The name of the errno, `ECONNRESET`; of Node the error's `code`. */
  readonly code?: string
  readonly message?: string
  /** Of `connectmany`, one for each connection. */
  readonly results?: readonly Result[]
}

export type Language = 'python' | 'node'

/** What a peer process is started with, as JSON. */
export interface PeerTask {
  readonly script: readonly Op[]
  /** Where flags stand, as files. */
  readonly flags: string
  /** The server's address. */
  readonly host: string
}

/** What the applications saw, in a word for each: `ECONNRESET`, `timeout`, `eof`; what went well is not said. */
export function outcomes(results: readonly Result[]): string[] {
  const words: string[] = []
  for (const result of results) {
    const several = result.results?.map((one) => outcome(one) ?? 'ok').sort()
    for (const word of several ?? [outcome(result)]) {
      // A Node socket tells of an error once as an event and again at each later call.
      if (word !== null && !AFTERMATH.has(word) && words.at(-1) !== word) words.push(word)
    }
  }
  return words
}

function outcome(result: Result): string | null {
  if (result.timedOut === true) return 'timeout'
  if (!result.ok) return result.code ?? result.message ?? 'failed'
  return result.eof === true ? 'eof' : null
}

const AFTERMATH = new Set(['ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END', 'not open'])

/** The first error with a name that the kernel gave, or null. */
export function firstError(results: readonly Result[]): Result | null {
  const flat = results.flatMap((one) => one.results ?? [one])
  return flat.find(({ ok, code }) => !ok && code !== undefined && !AFTERMATH.has(code)) ?? null
}
