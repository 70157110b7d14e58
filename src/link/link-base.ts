/** What every link has: what it can do, and the callbacks of whoever uses it. */

import type { Link, LinkCapabilities } from './link.ts'

export abstract class LinkBase implements Link {
  readonly mtu: number
  readonly maxPacket: number
  readonly checksumOffload: boolean
  onPacket: Link['onPacket'] = null
  onBatchEnd: Link['onBatchEnd'] = null
  onWritable: Link['onWritable'] = null
  onError: Link['onError'] = null

  constructor({ mtu, maxPacket, checksumOffload }: LinkCapabilities) {
    this.mtu = mtu
    this.maxPacket = maxPacket
    this.checksumOffload = checksumOffload
  }

  abstract send(frame: Uint8Array, length: number): boolean

  /** Most links have nothing of the system's that keeps an event loop alive. */
  ref(): void {}

  unref(): void {}

  abstract close(): void

  /** For `close`: no callback follows. */
  protected forgetCallbacks(): void {
    this.onPacket = null
    this.onBatchEnd = null
    this.onWritable = null
    this.onError = null
  }

  /** The link has died: told once. */
  protected tellError(error: Error): void {
    const { onError } = this
    this.onError = null
    onError?.(error)
  }
}
