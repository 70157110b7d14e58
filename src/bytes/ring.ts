/**
 * Copies between plain octets and a ring: a Uint8Array whose length is a power of two, and in which octet i stands at
 * index `i & (ring.length - 1)`. Positions may be any non-negative number below 2^31; they are masked here.
 *
 * The copies throw a RangeError when they would leave either array: that is a mistake of ours, never of the network.
 */

/** What a buffer without memory points to, so that the field always has one type. */
export const NO_RING: Uint8Array = new Uint8Array(0)

/**
 * Up to this many octets a plain loop beats `set(subarray)`, whose fixed cost is the view: one short-lived object.
 * On node 20.20, 24 octets took 37 ns by the loop and 45 ns by a view, 1460 octets 2400 ns and 58 ns. The language
 * has no way to copy a part of one array into another without such a view.
 */
const LOOP_OCTETS = 24

/** Copies `length` octets from `source[from]` on to `target[at]` on. */
export function copyOctets(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  at: number,
  length: number,
): void {
  if (from < 0 || at < 0 || from + length > source.length || at + length > target.length) outside()
  if (length <= LOOP_OCTETS) {
    for (let i = 0; i < length; i++) target[at + i] = source[from + i]!
  } else if (length === source.length) {
    target.set(source, at)
  } else {
    target.set(source.subarray(from, from + length), at)
  }
}

/** Copies `length` octets (at most ring.length) of `source` into the ring at `position`, around its end if need be. */
export function ringWrite(
  ring: Uint8Array,
  position: number,
  source: Uint8Array,
  from: number,
  length: number,
): void {
  const at = position & (ring.length - 1)
  const untilEnd = ring.length - at
  if (length <= untilEnd) {
    copyOctets(source, from, ring, at, length)
  } else {
    if (length > ring.length) outside()
    copyOctets(source, from, ring, at, untilEnd)
    copyOctets(source, from + untilEnd, ring, 0, length - untilEnd)
  }
}

/** Copies `length` octets (at most ring.length) from the ring at `position` into `target`, around its end if need be. */
export function ringRead(
  ring: Uint8Array,
  position: number,
  target: Uint8Array,
  at: number,
  length: number,
): void {
  const from = position & (ring.length - 1)
  const untilEnd = ring.length - from
  if (length <= untilEnd) {
    copyOctets(ring, from, target, at, length)
  } else {
    if (length > ring.length) outside()
    copyOctets(ring, from, target, at, untilEnd)
    copyOctets(ring, 0, target, at + untilEnd, length - untilEnd)
  }
}

function outside(): never {
  throw new RangeError('octets outside of the array')
}
