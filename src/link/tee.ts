/**
 * Writes what passes a link into a pcapng file, both directions, each sent packet with the reason that it was sent for.
 *
 * The link is not changed by it: where checksums are left to the other side the file shows them missing, too.
 */

import { writeSync } from 'node:fs'
import { pcapngHeader, pcapngPacket } from '../capture/pcapng.ts'
import type { Link } from './link.ts'
import { LinkBase } from './link-base.ts'

/** An open file's number, or a stream. The tee neither opens nor closes it. */
export type CaptureSink = number | CaptureStream

export interface CaptureStream {
  write(octets: Uint8Array): unknown
  /** Octets that wait to be written, as node:stream tells. */
  readonly writableLength?: number
}

export interface TeeOptions {
  /** Why the frame was made that the link has just taken; the empty text for no comment. */
  readonly reasonOf?: (frame: Uint8Array, length: number) => string
  /** The interface's name in the file. Default 'elko'. */
  readonly name?: string
  /** Microseconds since 1970; default the host's clock. */
  readonly nowUs?: () => number
}

export interface TeeLink extends Link {
  /** Packets that are not in the file, because the sink was too slow or broken. */
  readonly missed: number
  /** Hands over to the sink what the tee still holds. */
  flush(): void
}

/** Everything set on the tee acts on the link beneath, which must not be used directly any more. */
export function tee(link: Link, sink: CaptureSink, options: TeeOptions = {}): TeeLink {
  return new Tee(link, sink, options)
}

/** Octets gathered before a file is written, and how long they may wait. */
const GATHER_BYTES = 64 * 1024
const GATHER_MS = 100
/** A stream that lags by more than this misses packets. */
const MAX_LAG_BYTES = 64 * 1024 * 1024

class Tee extends LinkBase implements TeeLink {
  missed = 0
  readonly #link: Link
  readonly #sink: CaptureSink
  readonly #reasonOf: (frame: Uint8Array, length: number) => string
  readonly #nowUs: () => number
  /** What waits for the file, where the sink is a file's number. */
  #gathered: Uint8Array[] = []
  #gatheredBytes = 0
  #timer: NodeJS.Timeout | null = null
  #isBroken = false
  #isClosed = false

  constructor(link: Link, sink: CaptureSink, options: TeeOptions) {
    super(link)
    this.#link = link
    this.#sink = sink
    this.#reasonOf = options.reasonOf ?? (() => '')
    this.#nowUs = options.nowUs ?? hostNowUs
    this.#write(pcapngHeader([{ name: options.name ?? 'elko' }]))
    link.onPacket = (packet, offset, length) => {
      this.#record(packet, offset, length, 'inbound', '')
      this.onPacket?.(packet, offset, length)
    }
    link.onBatchEnd = () => this.onBatchEnd?.()
    link.onWritable = () => this.onWritable?.()
    link.onError = (error) => this.onError?.(error)
  }

  send(frame: Uint8Array, length: number): boolean {
    const taken = this.#link.send(frame, length)
    // A packet that the link refused comes again: only what it took was sent.
    if (taken) this.#record(frame, 0, length, 'outbound', this.#reasonOf(frame, length))
    return taken
  }

  override ref(): void {
    this.#link.ref()
  }

  override unref(): void {
    this.#link.unref()
  }

  close(): void {
    if (this.#isClosed) return
    this.#link.close()
    this.flush()
    this.#isClosed = true
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (typeof this.#sink !== 'number' || this.#gatheredBytes === 0) return
    const octets = Buffer.concat(this.#gathered)
    this.#gathered = []
    this.#gatheredBytes = 0
    try {
      for (let at = 0; at < octets.length; ) at += writeSync(this.#sink, octets, at)
    } catch {
      // A full disk must not take the connections with it: the file ends here, and `missed` counts what follows.
      this.#isBroken = true
    }
  }

  #record(
    packet: Uint8Array,
    offset: number,
    length: number,
    direction: 'inbound' | 'outbound',
    comment: string,
  ): void {
    if (this.#isClosed || this.#isBroken || this.#lags()) {
      this.missed++
      return
    }
    this.#write(pcapngPacket(0, this.#nowUs(), packet, offset, length, { comment, direction }))
  }

  #lags(): boolean {
    return typeof this.#sink !== 'number' && (this.#sink.writableLength ?? 0) > MAX_LAG_BYTES
  }

  #write(octets: Uint8Array): void {
    if (typeof this.#sink !== 'number') {
      this.#sink.write(octets)
      return
    }
    this.#gathered.push(octets)
    this.#gatheredBytes += octets.length
    if (this.#gatheredBytes >= GATHER_BYTES) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), GATHER_MS).unref()
  }
}

function hostNowUs(): number {
  return Math.floor((performance.timeOrigin + performance.now()) * 1000)
}
