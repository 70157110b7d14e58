/** One line on a terminal's stderr that tells how a run goes, and the summary of it at the end. */

import { CLOSED } from '../tcp/state.ts'
import type { Followed } from './followed.ts'
import { REWRITTEN_MS, TerminalLine } from './terminal-line.ts'

/** What is known of one connection. Times in microseconds, octets as the application counts them. */
export interface ConnectionSummary {
  readonly local: string
  readonly remote: string
  readonly state: string
  /** Why it ended, in Elko's word; null while it has not, and in TIME-WAIT. */
  readonly reason: string | null
  readonly bytesRead: number
  readonly bytesWritten: number
  readonly seconds: number
  readonly srttUs: number
  readonly rttvarUs: number
  readonly minRttUs: number | null
  readonly mss: number
  readonly cwnd: number
  readonly retransmissions: number
  readonly segmentsDropped: number
}

/** Counts the connections of a run. Those that ended are kept as numbers, the first `MOST_KEPT` of them. */
export class Progress {
  readonly #live = new Map<Followed, number>()
  readonly #ended: ConnectionSummary[] = []
  readonly #timer: NodeJS.Timeout | null
  #total = 0
  #endedBytes = { read: 0, written: 0 }
  #last = { at: performance.now(), read: 0, written: 0 }
  readonly #line = new TerminalLine()

  constructor() {
    this.#timer = this.#line.isSeen ? setInterval(() => this.#show(), REWRITTEN_MS).unref() : null
  }

  add(followed: Followed): void {
    this.#total++
    this.#live.set(followed, performance.now())
  }

  /** To be called once the connection needs nothing more. */
  remove(followed: Followed): void {
    const since = this.#live.get(followed)
    if (since === undefined) return
    this.#live.delete(followed)
    this.#endedBytes.read += followed.socket.bytesRead
    this.#endedBytes.written += followed.socket.bytesWritten
    const summary = summaryOf(followed, since)
    if (summary !== null && this.#ended.length < MOST_KEPT) this.#ended.push(summary)
  }

  /** Ends the line. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#line.end()
  }

  summary(): { connections: ConnectionSummary[]; total: number; bytesRead: number; bytesWritten: number } {
    const live = [...this.#live].map(([followed, since]) => summaryOf(followed, since))
    const { read, written } = this.#count()
    return {
      connections: [...this.#ended, ...live.filter((summary) => summary !== null)],
      total: this.#total,
      bytesRead: read,
      bytesWritten: written,
    }
  }

  #count(): { read: number; written: number } {
    let { read, written } = this.#endedBytes
    for (const { socket } of this.#live.keys()) {
      read += socket.bytesRead
      written += socket.bytesWritten
    }
    return { read, written }
  }

  #show(): void {
    const at = performance.now()
    const { read, written } = this.#count()
    const seconds = (at - this.#last.at) / 1000
    const parts = [
      `received ${sizeText(read)} (${sizeText((read - this.#last.read) / seconds)}/s)`,
      `sent ${sizeText(written)} (${sizeText((written - this.#last.written) / seconds)}/s)`,
    ]
    this.#last = { at, read, written }
    const [followed] = this.#live.keys()
    if (this.#live.size > 1) parts.push(`${this.#live.size} connections`)
    else if (followed !== undefined) parts.push(...conditionOf(followed))
    this.#line.show(parts.join(', '))
  }
}

const MOST_KEPT = 1000

function conditionOf({ connection }: Followed): string[] {
  if (connection === null) return []
  const { tcb } = connection
  if (!tcb.rtt.measured) return [connection.stateName]
  return [
    `rtt ${(tcb.rtt.srttUs / 1000).toFixed(2)} ms`,
    `cwnd ${sizeText(tcb.congestion.cwnd)}`,
    `${tcb.totalRetransmissions} resent`,
  ]
}

/** Null where no connection was begun. */
function summaryOf({ connection, socket }: Followed, since: number): ConnectionSummary | null {
  if (connection === null) return null
  const { tcb } = connection
  return {
    local: tcb.path.localText,
    remote: tcb.path.remoteText,
    state: connection.stateName,
    reason: connection.state === CLOSED ? connection.closeReason : null,
    bytesRead: socket.bytesRead,
    bytesWritten: socket.bytesWritten,
    seconds: Math.round(performance.now() - since) / 1000,
    srttUs: Math.round(tcb.rtt.srttUs),
    rttvarUs: Math.round(tcb.rtt.rttvarUs),
    minRttUs: Number.isFinite(tcb.rtt.minUs) ? tcb.rtt.minUs : null,
    mss: tcb.mss,
    cwnd: tcb.congestion.cwnd,
    retransmissions: tcb.totalRetransmissions,
    segmentsDropped: tcb.drops,
  }
}

/** 999 B, 1.2 kB, 34.5 MB. */
function sizeText(octets: number): string {
  if (octets < 1000) return `${Math.round(octets)} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = octets
  let unit = -1
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value.toFixed(1)} ${units[unit]}`
}
