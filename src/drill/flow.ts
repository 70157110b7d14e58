/**
 * A connection as the script knows it and as it is on the wire: its four numbers of addresses and ports, what a
 * sequence number of the script stands for, and what a time stamp.
 *
 * A script counts from the initial sequence number of each side, which only a SYN shows as it is. So the numbers of a
 * SYN differ from those on the wire by the distance of the two initial numbers, all others by the live one.
 */

import type { Address } from '../wire/address.ts'
import type { Ports } from './script.ts'

/** How far a flow has come, as far as the script shows it. */
export type FlowState =
  | 'new'
  | 'listening'
  /** connect() was called, and its SYN not seen yet. */
  | 'connecting'
  | 'syn-sent'
  /** A packet came for it from outside, and no SYN-ACK was seen yet. */
  | 'called'
  | 'answered'
  | 'open'

export interface End {
  readonly address: Address
  /** 0: not known yet. */
  port: number
}

/** The script's number and the live one. */
interface Isn {
  script: number
  live: number
}

export class Flow {
  state: FlowState
  readonly protocol: 'tcp' | 'udp'
  /** The script's descriptor; -1: nobody has accepted it. */
  fd: number
  readonly local: End
  readonly remote: End
  readonly localIsn: Isn = { script: 0, live: 0 }
  readonly remoteIsn: Isn = { script: 0, live: 0 }
  /** Whether the other side has shown its initial number. */
  remoteIsnKnown = false
  /** Of time stamps sent: the live value of each of the script's. */
  readonly #liveTs = new Map<number, number>()
  #firstTs: { readonly script: number; readonly live: number } | null = null
  /** What the other side sent last, for the reset at the end; live numbers. */
  lastIn: { readonly next: number; readonly ack: number; readonly window: number } | null = null
  lastOut: { readonly seq: number; readonly ack: number; readonly hasAck: boolean } | null = null
  /** The script's and the live flow label that were seen last; 0: none yet. */
  flowLabel: { readonly script: number; readonly live: number } = { script: 0, live: 0 }

  constructor(protocol: 'tcp' | 'udp', state: FlowState, fd: number, local: End, remote: End) {
    this.protocol = protocol
    this.state = state
    this.fd = fd
    this.local = local
    this.remote = remote
  }

  // ---- from the script to the wire

  /** A sequence number of the other side. */
  liveSeqIn(seq: number, isSyn: boolean): number {
    return (seq + offset(this.remoteIsn, isSyn)) | 0
  }

  /** An acknowledgment or an edge of a SACK block from the other side: numbers of this side. */
  liveAckIn(ack: number, isSyn: boolean): number {
    return (ack + offset(this.localIsn, isSyn)) | 0
  }

  /** What an error about a segment of this side quotes. */
  liveSeqQuoted(seq: number): number {
    return (seq + this.localIsn.live) | 0
  }

  /** The live value of a time stamp that the script has this side send; null where it sent none of that value. */
  liveTsEcr(ecr: number, scaled: boolean): number | null {
    const exact = this.#liveTs.get(ecr >>> 0)
    if (exact !== undefined) return exact
    if (!scaled || this.#firstTs === null) return null
    return (ecr - this.#firstTs.script + this.#firstTs.live) | 0
  }

  // ---- from the wire to the script

  scriptSeqOut(seq: number, isSyn: boolean): number {
    return (seq - offset(this.localIsn, isSyn)) >>> 0
  }

  scriptAckOut(ack: number, isSyn: boolean): number {
    return (ack - offset(this.remoteIsn, isSyn)) >>> 0
  }

  /** A time stamp sent, as the script counts: from the first one. */
  scriptTsVal(live: number): number {
    if (this.#firstTs === null) return live >>> 0
    return (live - this.#firstTs.live + this.#firstTs.script) >>> 0
  }

  /** The script has a value where this side sent `live`. */
  learnTs(script: number, live: number): void {
    this.#liveTs.set(script >>> 0, live)
    this.#firstTs ??= { script, live }
  }

  // ---- ports

  /** Whether a packet of these ports goes to the other side of this flow; a port not known yet fits. */
  sends(source: Address, sourcePort: number, destination: Address, destinationPort: number): boolean {
    return fits(this.local, source, sourcePort) && fits(this.remote, destination, destinationPort)
  }

  /** The ports of a packet in, where the script names none. */
  get portsIn(): Ports {
    return { source: this.remote.port, destination: this.local.port }
  }
}

function offset(isn: Isn, isSyn: boolean): number {
  return isSyn ? (isn.live - isn.script) | 0 : isn.live
}

function fits(end: End, address: Address, port: number): boolean {
  const same = end.address.version === address.version && end.address.toString() === address.toString()
  return same && (end.port === 0 || end.port === port)
}
