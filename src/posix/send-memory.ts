/**
 * How much a write may queue, as Linux counts: memory of whole chunks, not octets.
 *
 * What a process writes is cut into chunks of up to 64 KiB or half the largest window of the other side, whole segments
 * each. A write goes on while the memory in use is below the limit when a chunk begins, so it may overshoot by one
 * chunk; a chunk once begun is filled by later writes. Whoever wants to know when there is room again is told once a
 * third of the memory is free. Without a limit set by the process the memory grows with the congestion window.
 */

import type { Connection } from '../tcp/connection.ts'
import { flightSize } from '../tcp/tcb.ts'
import { seqGE, seqGT } from '../wire/seq.ts'
import type { BufferSizes } from './profiles.ts'

/** The largest chunk: what one packet of IP can hold, less room for headers, octets. */
const LARGEST_CHUNK = 65_215
/** The other side's window counts only where it has shown one larger than the least packet of text. */
const LEAST_WINDOW = 536
/** The kernel's own memory for a chunk; and for one segment beside its text: headers, and what describes it. */
const CHUNK_OVERHEAD = 1280
const HEADER_ROOM = 640
const DESCRIPTION = 256
/** Congestion windows that fit into the memory of a connection without a limit of its own; segments of the least one. */
const WINDOWS = 2
const LEAST_SEGMENTS = 10

/** A piece of a write that goes into one chunk. */
export interface Piece {
  readonly length: number
  /** The chunk is full: the next octet begins another. */
  readonly endsChunk: boolean
}

export class SendMemory {
  /** SO_SNDBUF: the limit, octets. */
  limit: number
  /** The process set the limit itself. */
  fixed = false
  /** The process met the limit and was not yet told of room. */
  wantsRoom = false
  /** Unsent octets from which on there is no room. */
  notSentLowWater: number
  readonly #most: number
  /** Where each chunk ends that is not wholly acknowledged. */
  #ends: number[] = []
  /** Where the last chunk begins, and whether later writes may fill it. */
  #tailStart = 0
  #tailOpen = false

  constructor(sizes: BufferSizes, notSentLowWater: number) {
    this.limit = sizes.initial
    this.#most = sizes.max
    this.notSentLowWater = notSentLowWater
  }

  /** The same for a connection that a listener with this memory accepts. */
  inherited(sizes: BufferSizes): SendMemory {
    const copy = new SendMemory(sizes, this.notSentLowWater)
    copy.limit = this.limit
    copy.fixed = this.fixed
    return copy
  }

  /** How a write of `length` octets is taken, up to the limit: its pieces in their order. */
  take(connection: Connection, length: number): Piece[] {
    const chunk = chunkOctets(connection)
    let { end, nxt } = connection.tcb.snd
    let memory = this.#inUse(connection)
    const edge = sendableEdge(connection)
    if (seqGE(nxt, end)) this.#tailOpen = false
    else if (seqGT(nxt, this.#tailStart)) this.#tailStart = nxt
    const pieces: Piece[] = []
    for (let left = length; left > 0; ) {
      if (!this.#tailOpen) {
        if (memory >= this.limit || ((end - nxt) | 0) >= this.notSentLowWater) break
        memory += CHUNK_OVERHEAD
        this.#ends.push(end)
        this.#tailStart = end
        this.#tailOpen = true
      }
      const room = Math.max(chunk - ((end - this.#tailStart) | 0), 1)
      const piece = Math.min(left, room)
      end = (end + piece) | 0
      memory += piece
      left -= piece
      this.#ends[this.#ends.length - 1] = end
      pieces.push({ length: piece, endsChunk: piece === room })
      if (piece < room) continue
      // A full chunk goes as far as it can while the write is still going on, and its rest is filled again.
      if (seqGT(edge, nxt)) nxt = seqGT(edge, end) ? end : edge
      if (seqGT(nxt, this.#tailStart) && seqGT(end, nxt)) this.#tailStart = nxt
      else this.#tailOpen = false
    }
    return pieces
  }

  /** The next octet begins a chunk: a record ended (MSG_EOR). */
  endChunk(): void {
    this.#tailOpen = false
  }

  /** Whether a process that waits for room is told: a third is free, and what is unsent is half its low-water mark. */
  isWritable(connection: Connection): boolean {
    const used = this.#inUse(connection)
    if (this.limit - used < used / 2) return false
    return unsentOctets(connection) * 2 < this.notSentLowWater
  }

  /**
   * The connection was opened, or acknowledged something while the process waits: the memory follows cwnd, unless cwnd is
   * what holds the sender back.
   */
  expand(connection: Connection): void {
    const { tcb } = connection
    if (this.fixed || tcb.mss === 0 || flightSize(tcb) > tcb.congestion.cwnd - tcb.mss) return
    const perSegment = nextPowerOfTwo(Math.max(tcb.mss, tcb.peerMss) + HEADER_ROOM) + DESCRIPTION
    const segments = Math.max(LEAST_SEGMENTS, Math.floor(tcb.congestion.cwnd / tcb.mss))
    this.limit = Math.max(this.limit, Math.min(WINDOWS * segments * perSegment, this.#most))
  }

  #inUse(connection: Connection): number {
    const { una } = connection.tcb.snd
    while (this.#ends.length > 0 && seqGE(una, this.#ends[0]!)) this.#ends.shift()
    return connection.queued + this.#ends.length * CHUNK_OVERHEAD
  }
}

/** Octets that SEND took and that were never sent. */
export function unsentOctets(connection: Connection): number {
  const { snd } = connection.tcb
  return Math.max(0, (snd.end - snd.nxt) | 0)
}

/** Up to where the two windows let whole segments go now. */
function sendableEdge({ tcb }: Connection): number {
  const { snd, congestion } = tcb
  const allowed = Math.max(0, Math.min(congestion.cwnd, snd.wnd) - flightSize(tcb))
  return (snd.nxt + allowed - (allowed % Math.max(tcb.mss, 1))) | 0
}

function chunkOctets({ tcb }: Connection): number {
  const { mss } = tcb
  const half = tcb.snd.max > LEAST_WINDOW ? tcb.snd.max >>> 1 : tcb.snd.max
  const most = half > 0 ? Math.min(LARGEST_CHUNK, half) : LARGEST_CHUNK
  return Math.max(Math.floor(most / Math.max(mss, 1)) * mss, mss, 1)
}

function nextPowerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(n))
}
