/** The clock that links and driver run by. */

/** Microseconds on the host's monotonic clock. */
export function nowUs(): number {
  return Math.floor(performance.now() * 1000)
}
