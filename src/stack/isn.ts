/**
 * Initial sequence numbers and timestamp offsets (RFC 9293 3.4.1, RFC 6528 3, RFC 7323 5.4).
 *
 * Both are a function of the connection's two sockets and a secret: whoever owns other sockets learns nothing of
 * them, while a new incarnation of one connection goes on where the clock has carried the old one.
 */

import type { Path } from '../tcp/path.ts'
import { PURPOSE, SipHash } from './siphash.ts'

/** One tick of the sequence number clock. */
const ISN_TICK_US = 4

/** Of a path it reads the two sockets. Keeps nothing per connection. */
export class InitialNumbers {
  readonly #siphash: SipHash

  /** @param secret 16 octets, kept for the life of the stack: MUST-9 rests on nobody outside knowing them. */
  constructor(secret: Uint8Array) {
    this.#siphash = new SipHash(secret)
  }

  /**
   * ISN = M + F(local socket, remote socket, secret), int32. // MUST-8 SHLD-1 MUST-9 RFC 6528 3 (a, b)
   *
   * M ticks every four microseconds and comes round every 4.77 hours.
   */
  sequenceNumber(path: Path, nowUs: number): number {
    return (Math.floor(nowUs / ISN_TICK_US) + this.#hash(path, PURPOSE.initialSequenceNumber)) | 0
  }

  /**
   * What a connection adds to its timestamp clock, int32: TSval = clock + offset (RFC 7323 5.4, 7.1 and RFC 7323 7).
   *
   * It hides how long this host has been up. The same sockets get the same offset again, so timestamps go on
   * rising from one incarnation to the next, as PAWS and RFC 6191 want, and a SYN cookie need not remember it.
   */
  timestampOffset(path: Path): number {
    return this.#hash(path, PURPOSE.timestampOffset)
  }

  #hash(path: Path, purpose: number): number {
    return this.#siphash.hash10(
      path.local0,
      path.local1,
      path.local2,
      path.local3,
      path.remote0,
      path.remote1,
      path.remote2,
      path.remote3,
      (path.localPort << 16) | path.remotePort,
      purpose,
    )
  }
}
