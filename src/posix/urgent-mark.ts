/**
 * The urgent octet as BSD sockets have it: one, out of band unless SO_OOBINLINE is set, and a mark in the stream where
 * it stands (RFC 6093 2.4). The last octet before the urgent pointer is the one.
 */

import type { Connection } from '../tcp/connection.ts'
import { seqGT } from '../wire/seq.ts'

export class UrgentMark {
  /** There is a mark that no reader has passed. */
  active = false
  /** The octet was taken by MSG_OOB. */
  taken = false
  #seq = 0

  /** The urgent pointer moved. An earlier octet, taken or not, is one like any other from now on. */
  arrives(connection: Connection): void {
    const seq = (connection.tcb.rcv.up - 1) | 0
    if (this.active && seq === this.#seq) return
    this.active = true
    this.taken = false
    this.#seq = seq
  }

  /** Octets to read until the mark; Infinity where there is none. */
  distance(connection: Connection): number {
    if (!this.active) return Number.POSITIVE_INFINITY
    return (this.#seq - readFrom(connection)) | 0
  }

  /** The octet, once it has arrived in order; or null. */
  octet(connection: Connection): number | null {
    const at = this.distance(connection)
    if (at < 0 || at >= connection.readable) return null
    const { receiveBuffer } = connection.tcb
    return receiveBuffer.ring[(receiveBuffer.peekOffset + at) & (receiveBuffer.ring.length - 1)]!
  }

  /** A reader passed the mark. */
  passed(connection: Connection): void {
    if (this.active && seqGT(readFrom(connection), this.#seq)) this.active = false
  }
}

/** The number of the next octet to read. */
function readFrom({ tcb }: Connection): number {
  const { rcv, receiveBuffer } = tcb
  const end = rcv.finSeen && seqGT(rcv.nxt, rcv.fin) ? rcv.fin : rcv.nxt
  return (end - receiveBuffer.readable) | 0
}
