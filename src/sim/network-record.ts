/** What a network tells of its packets: a pcapng capture, an observer, and the trace of what befell them. */

import type { Direction } from '../capture/capture-file.ts'
import { pcapngHeader, pcapngInterface, pcapngPacket } from '../capture/pcapng.ts'
import type { NetworkEvent, SegmentSent } from '../trace/events.ts'
import { SEND_REASONS, type SendReason } from '../trace/reasons.ts'
import type { Recorder } from '../trace/recorder.ts'

/** A packet at a host's interface. */
export interface PacketSeen {
  /** Microseconds. */
  readonly at: number
  /** The host's number, in the order in which the hosts came. */
  readonly host: number
  readonly direction: Direction
  /** The packet's number in the run; its arrival has the same. */
  readonly number: number
  /** The event of the segment in it, where the sender's stack writes to the trace. */
  readonly sent: SegmentSent | null
  /** What the network did with it: 'lost', 'corrupted' ...; '' for nothing. */
  readonly mark: string
}

/** Sees each packet that a host sends or receives; the octets are borrowed. */
export type PacketObserver = (seen: PacketSeen, bytes: Uint8Array, length: number) => void

export interface RecordOptions {
  /** Where the network tells what it did; the hosts' stacks should write to the same recorder. */
  readonly trace?: Recorder | null
  /** Takes the octets of a pcapng file with all that each host sends and receives, an interface a host. */
  readonly capture?: ((octets: Uint8Array) => void) | null
  /** Sees the same packets, for a record of its own. */
  readonly observe?: PacketObserver | null
}

export class NetworkRecord {
  readonly trace: Recorder | null
  readonly #capture: ((octets: Uint8Array) => void) | null
  readonly #observe: PacketObserver | null
  /** Whether anybody looks at packets. */
  readonly isWatched: boolean

  constructor(options: RecordOptions) {
    this.trace = options.trace ?? null
    this.#capture = options.capture ?? null
    this.#observe = options.observe ?? null
    this.isWatched = this.#capture !== null || this.#observe !== null
    this.#capture?.(pcapngHeader())
  }

  host(name: string): void {
    this.#capture?.(pcapngInterface({ name }))
  }

  packet(seen: PacketSeen, bytes: Uint8Array, length: number): void {
    this.#observe?.(seen, bytes, length)
    if (this.#capture === null) return
    const comment = packetComment(seen.number, seen.sent?.reason ?? null, seen.mark)
    this.#capture(pcapngPacket(seen.host, seen.at, bytes, 0, length, { comment, direction: seen.direction }))
  }

  /** @param copy the number under which a duplicate arrives. */
  report(
    at: number,
    action: NetworkEvent['action'],
    host: string,
    packet: number,
    sent: SegmentSent | null,
    copy?: number,
  ): void {
    if (this.trace === null) return
    const connection = sent === null ? 0 : sent.connection
    const event = { at, kind: 'network', host, connection, action, packet } as const
    this.trace.add(copy === undefined ? event : { ...event, copy })
  }
}

/** 'packet 7, retransmission: the timer expired, lost' */
export function packetComment(number: number, reason: SendReason | null, mark: string): string {
  const words = reason === null ? '' : `${reason}: ${SEND_REASONS[reason]}`
  return [`packet ${number}`, words, mark].filter((part) => part !== '').join(', ')
}
