/**
 * A link over a WebSocket: one IP packet in each binary message, as relays of virtual machines and tunnels have it. A
 * browser's WebSocket, Node's own, and those of packages will do.
 */

import { Alarm } from './event-loop.ts'
import type { Link } from './link.ts'
import { LinkBase } from './link-base.ts'

/** What the link needs of a WebSocket. */
export interface WebSocketLike {
  binaryType: string
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number
  /** Octets that were given to `send` and have not gone. */
  readonly bufferedAmount: number
  send(packet: Uint8Array<ArrayBuffer>): void
  close(): void
  addEventListener(type: string, listener: (event: object) => void): void
  removeEventListener(type: string, listener: (event: object) => void): void
}

export interface WebSocketLinkOptions {
  /** Default 1500: what is behind the relay is often an Ethernet. */
  readonly mtu?: number
  /** Whether checksums are left out, which both sides must say; default false, as relays pass packets on. */
  readonly checksumOffload?: boolean
  /** Octets that may wait in the WebSocket before the link is full, at least one packet; default 262144. */
  readonly maxBufferedBytes?: number
}

/**
 * The WebSocket belongs to the link from here on; it may still be connecting, and is full until it has. Nothing but itself
 * says whether it keeps a process alive: `ref` and `unref` do nothing.
 */
export function webSocketLink(socket: WebSocketLike, options: WebSocketLinkOptions = {}): Link {
  return new WebSocketLink(socket, options)
}

const CONNECTING = 0
const OPEN = 1
const MAX_BUFFERED_BYTES = 256 * 1024
/** A WebSocket does not tell when it has room: it is asked. */
const ASK_AGAIN_MS = 4

class WebSocketLink extends LinkBase {
  readonly #socket: WebSocketLike
  readonly #maxBuffered: number
  readonly #listeners: ReadonlyArray<readonly [type: string, listener: (event: object) => void]>
  readonly #alarm = new Alarm(() => this.#askForRoom())
  #refused = false
  #batchEndPlanned = false
  #isClosed = false

  constructor(socket: WebSocketLike, options: WebSocketLinkOptions) {
    const mtu = options.mtu ?? 1500
    super({ mtu, maxPacket: mtu, checksumOffload: options.checksumOffload ?? false })
    this.#maxBuffered = Math.max(options.maxBufferedBytes ?? MAX_BUFFERED_BYTES, mtu)
    this.#socket = socket
    this.#listeners = [
      ['message', (event) => this.#messageArrives((event as { readonly data: unknown }).data)],
      ['open', () => this.#askForRoom()],
      ['close', (event) => this.#socketEnds(event)],
    ]
    for (const [type, listener] of this.#listeners) socket.addEventListener(type, listener)
    socket.binaryType = 'arraybuffer'
  }

  send(frame: Uint8Array, length: number): boolean {
    const { readyState, bufferedAmount } = this.#socket
    if (this.#isClosed || readyState > OPEN) return true
    if (readyState === CONNECTING || bufferedAmount + length > this.#maxBuffered) {
      this.#refused = true
      if (readyState === OPEN) this.#alarm.set(ASK_AGAIN_MS)
      return false
    }
    this.#socket.send(frame.slice(0, length)) // a copy: not every WebSocket takes one of its own
    return true
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#alarm.clear()
    for (const [type, listener] of this.#listeners) this.#socket.removeEventListener(type, listener)
    this.forgetCallbacks()
    this.#socket.close()
  }

  /** Half of the room must be free, lest it be asked for each packet. */
  #askForRoom(): void {
    if (!this.#refused || this.#isClosed) return
    if (this.#socket.bufferedAmount * 2 > this.#maxBuffered) {
      this.#alarm.set(ASK_AGAIN_MS)
      return
    }
    this.#refused = false
    this.onWritable?.()
  }

  /** What else comes through the WebSocket is no packet: texts. */
  #messageArrives(data: unknown): void {
    if (!(data instanceof ArrayBuffer) || data.byteLength === 0) return
    this.onPacket?.(new Uint8Array(data), 0, data.byteLength)
    if (this.#batchEndPlanned) return
    this.#batchEndPlanned = true
    queueMicrotask(() => {
      this.#batchEndPlanned = false
      this.onBatchEnd?.()
    })
  }

  #socketEnds(event: object): void {
    const { code, reason } = event as { readonly code?: number; readonly reason?: string }
    this.#alarm.clear()
    this.tellError(
      new Error(`the WebSocket closed: code ${code ?? 'unknown'}${reason ? `, "${reason}"` : ''}`),
    )
  }
}
