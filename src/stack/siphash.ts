/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a pseudorandom function with a key of 128 bits, 64 bits wide.
 *
 * Everything here that an outsider must not foretell comes from it: initial sequence numbers, timestamp offsets,
 * ephemeral ports, the places in the table of connections. A 64-bit word is two int32 halves, because a BigInt
 * allocates. The result stands in `lo` and `hi` until the next call.
 */

/**
 * What a hash is for: the last word of each message, so that one secret serves many purposes and a value that is
 * seen on the wire tells nothing of another.
 */
export const PURPOSE = {
  initialSequenceNumber: 1,
  timestampOffset: 2,
  ephemeralPort: 3,
  demux: 4,
  synCookie: 5,
} as const

/** Octets of a secret (RFC 6528 3 (c)). */
export const SECRET_LENGTH = 16

export class SipHash {
  /** The lower and the upper 32 bits of the last hash, int32. */
  lo = 0
  hi = 0
  readonly #k0lo: number
  readonly #k0hi: number
  readonly #k1lo: number
  readonly #k1hi: number
  readonly #words = new Int32Array(10)

  /** @param secret 16 octets from a good source of randomness; copied. A RangeError if the length differs. */
  constructor(secret: Uint8Array) {
    if (secret.length !== SECRET_LENGTH) {
      throw new RangeError(`a SipHash secret has ${SECRET_LENGTH} octets, not ${secret.length}`)
    }
    this.#k0lo = littleEndianWord(secret, 0)
    this.#k0hi = littleEndianWord(secret, 4)
    this.#k1lo = littleEndianWord(secret, 8)
    this.#k1hi = littleEndianWord(secret, 12)
  }

  /** Hashes ten words: two addresses, a pair of ports and a purpose. Sets `lo` and `hi`; returns `lo`. */
  hash10(
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    w4: number,
    w5: number,
    w6: number,
    w7: number,
    w8: number,
    w9: number,
  ): number {
    const words = this.#words
    words[0] = w0
    words[1] = w1
    words[2] = w2
    words[3] = w3
    words[4] = w4
    words[5] = w5
    words[6] = w6
    words[7] = w7
    words[8] = w8
    words[9] = w9
    return this.hash(words, 40)
  }

  /**
   * Hashes the first `octets` octets of little-endian words. Sets `lo` and `hi`; returns `lo`.
   *
   * @param words at least ceil(octets / 4) words; bits of the last word beyond `octets` must be zero.
   * @param octets length of the message, 0 to 4 * words.length.
   */
  hash(words: Int32Array, octets: number): number {
    let v0lo = this.#k0lo ^ 0x70736575
    let v0hi = this.#k0hi ^ 0x736f6d65
    let v1lo = this.#k1lo ^ 0x6e646f6d
    let v1hi = this.#k1hi ^ 0x646f7261
    let v2lo = this.#k0lo ^ 0x6e657261
    let v2hi = this.#k0hi ^ 0x6c796765
    let v3lo = this.#k1lo ^ 0x79746573
    let v3hi = this.#k1hi ^ 0x74656462
    const length = (octets + 3) >> 2
    // The last block of the message holds its length; the turn after it is the finalization.
    const last = octets >> 3
    for (let block = 0; block <= last + 1; block++) {
      let mlo = 0
      let mhi = 0
      let rounds = 4
      if (block <= last) {
        if (2 * block < length) mlo = words[2 * block]!
        if (2 * block + 1 < length) mhi = words[2 * block + 1]!
        if (block === last) mhi |= octets << 24
        v3lo ^= mlo
        v3hi ^= mhi
        rounds = 2
      } else v2lo ^= 0xff
      for (; rounds > 0; rounds--) {
        let lo = (v0lo + v1lo) | 0
        v0hi = (v0hi + v1hi + carry(v0lo, v1lo, lo)) | 0
        v0lo = lo
        lo = ((v1lo << 13) | (v1hi >>> 19)) ^ v0lo
        v1hi = ((v1hi << 13) | (v1lo >>> 19)) ^ v0hi
        v1lo = lo
        lo = (v2lo + v3lo) | 0
        v2hi = (v2hi + v3hi + carry(v2lo, v3lo, lo)) | 0
        v2lo = lo
        lo = ((v3lo << 16) | (v3hi >>> 16)) ^ v2lo
        v3hi = ((v3hi << 16) | (v3lo >>> 16)) ^ v2hi
        v3lo = lo
        // v0 is rotated by 32 here, which exchanges its halves.
        lo = (v0hi + v3lo) | 0
        v0hi = (v0lo + v3hi + carry(v0hi, v3lo, lo)) | 0
        v0lo = lo
        lo = ((v3lo << 21) | (v3hi >>> 11)) ^ v0lo
        v3hi = ((v3hi << 21) | (v3lo >>> 11)) ^ v0hi
        v3lo = lo
        // So is v2 after this addition.
        lo = (v2lo + v1lo) | 0
        v2hi = (v2hi + v1hi + carry(v2lo, v1lo, lo)) | 0
        v2lo = lo
        lo = ((v1lo << 17) | (v1hi >>> 15)) ^ v2lo
        v1hi = ((v1hi << 17) | (v1lo >>> 15)) ^ v2hi
        v1lo = lo
        lo = v2hi
        v2hi = v2lo
        v2lo = lo
      }
      v0lo ^= mlo
      v0hi ^= mhi
    }
    this.hi = v0hi ^ v1hi ^ v2hi ^ v3hi
    this.lo = v0lo ^ v1lo ^ v2lo ^ v3lo
    return this.lo
  }
}

/** The carry out of bit 31 of a + b, where `sum` is (a + b) | 0. */
function carry(a: number, b: number, sum: number): number {
  return ((a & b) | ((a | b) & ~sum)) >>> 31
}

function littleEndianWord(octets: Uint8Array, at: number): number {
  return octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24)
}
