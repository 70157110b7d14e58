/**
 * A link carries IP packets into and out of a stack: the loopback, a TUN device, a tee, an impairment. The driver is
 * its one user. A link owns no protocol: it neither reads nor changes what it carries.
 */

/** What a link can do, so that the stack above builds packets that suit it. */
export interface LinkCapabilities {
  /** Largest IP packet on the wire, in octets: 576 (IPv4 only) or 1280 to 65535. */
  readonly mtu: number
  /** Largest packet that may be handed to `send` at once; above `mtu` where the link splits (segmentation offload). */
  readonly maxPacket: number
  /** true: checksums of sent packets may be left 0 and received ones need no check (memory). */
  readonly checksumOffload: boolean
}

export interface Link extends LinkCapabilities {
  /**
   * Called with each arriving packet, never from inside `send`. The bytes are borrowed for the call: copy what is kept.
   * Set by the driver; while it is null arriving packets are dropped.
   */
  onPacket: ((packet: Uint8Array, offset: number, length: number) => void) | null
  /** Called after a batch of one or more arrived packets: the time to answer all of them at once. */
  onBatchEnd: (() => void) | null
  /**
   * Sends one IP packet: frame[0..length). The frame may be reused at once. Returns false where the link is full: the
   * packet was not taken, and may be tried again after `onWritable`. A packet that the link took and lost returns true,
   * as does every packet after `onError` or `close`: on a network, nobody is told of a loss.
   */
  send(frame: Uint8Array, length: number): boolean
  /** Called once the link has room again after a `send` that returned false. */
  onWritable: (() => void) | null
  /** Called once, when the link has died (the device was deleted). Only `close` is useful after it. */
  onError: ((error: Error) => void) | null
  /** Keeps the host's event loop alive (the state of a new link) or not. */
  ref(): void
  unref(): void
  /** Frees everything; no callback follows. A second call does nothing. */
  close(): void
}
