/** The clocks of pcapng: ticks of 10^-n or 2^-n seconds in 64 bits, to seconds and nanoseconds, exactly. */

/** if_tsresol where an interface does not say: 10^-6 seconds. */
export const MICROSECONDS = 6

export interface Clock {
  /** Ticks of a second; 0 where there are more than doubles can divide by exactly. */
  readonly ticksPerSecond: number
  readonly exactTicksPerSecond: bigint
  readonly offsetSeconds: number
}

/** Up to here a remainder times 65,536 is exact in a double. */
const MAX_TICKS_PER_SECOND = 2 ** 37

/**
 * @param resolution if_tsresol: a power of ten, or of two where the top bit is set.
 * @param offsetSeconds if_tsoffset.
 */
export function clockOf(resolution: number, offsetSeconds: number): Clock {
  const exponent = BigInt(resolution & 0x7f)
  const exact = resolution & 0x80 ? 1n << exponent : 10n ** exponent
  const ticksPerSecond = exact <= MAX_TICKS_PER_SECOND ? Number(exact) : 0
  return { ticksPerSecond, exactTicksPerSecond: exact, offsetSeconds }
}

/** Sets `seconds` and `nanoseconds`, rounded down. @param high, low the two halves of the ticks, unsigned. */
export function setTime(
  time: { seconds: number; nanoseconds: number },
  high: number,
  low: number,
  clock: Clock,
): void {
  const each = clock.ticksPerSecond
  if (each === 0) return setExactTime(time, high, low, clock)
  let seconds: number
  let rest: number
  if (high < 0x200000) {
    const ticks = high * 0x100000000 + low
    seconds = Math.floor(ticks / each)
    rest = ticks - seconds * each
  } else {
    // Long division, sixteen bits at a time: every remainder and quotient is exact.
    seconds = Math.floor(high / each)
    rest = high - seconds * each
    for (let shift = 16; shift >= 0; shift -= 16) {
      const part = rest * 0x10000 + ((low >>> shift) & 0xffff)
      const quotient = Math.floor(part / each)
      seconds = seconds * 0x10000 + quotient
      rest = part - quotient * each
    }
  }
  time.seconds = seconds + clock.offsetSeconds
  time.nanoseconds = each === 1e9 ? rest : each === 1e6 ? rest * 1000 : exactNanoseconds(rest, each)
}

function exactNanoseconds(rest: number, ticksPerSecond: number): number {
  return Number((BigInt(rest) * 1_000_000_000n) / BigInt(ticksPerSecond))
}

function setExactTime(
  time: { seconds: number; nanoseconds: number },
  high: number,
  low: number,
  { exactTicksPerSecond, offsetSeconds }: Clock,
): void {
  const ticks = (BigInt(high) << 32n) | BigInt(low)
  time.seconds = Number(ticks / exactTicksPerSecond) + offsetSeconds
  time.nanoseconds = Number(((ticks % exactTicksPerSecond) * 1_000_000_000n) / exactTicksPerSecond)
}

/**
 * The two halves of the ticks since 1970 in microseconds, rounded down, or nanoseconds, each exact and unsigned.
 *
 * @param seconds whole, 0 to 18,446,744,073,708, of nanoseconds to a thousandth of it; @param nanoseconds 0 to 999,999,999.
 */
export function ticksOf(
  seconds: number,
  nanoseconds: number,
  inNanoseconds: boolean,
): [high: number, low: number] {
  const each = inNanoseconds ? 1e9 : 1e6
  const rest = inNanoseconds ? nanoseconds : Math.floor(nanoseconds / 1000)
  // Sixteen bits of the seconds apart: every product is below 2^53.
  const upper = Math.floor(seconds / 0x10000) * each
  const lower = (seconds % 0x10000) * each + rest
  const middle = upper + Math.floor(lower / 0x10000)
  return [Math.floor(middle / 0x10000), (middle % 0x10000) * 0x10000 + (lower % 0x10000)]
}
