/**
 * The last phase of a turn of libuv's loop: handles that were closed say so, after callbacks that wait by then, and whoever
 * was closed last comes first.
 */

/** Handles that were closed since the phase before. */
let closing: (() => void)[] = []

/** Calls in the coming phase. */
export function planClosing(tell: () => void): void {
  closing.push(tell)
  // One for each: what one callback leaves to do (ticks, promises) is done before the next one comes.
  setImmediate(tellLast, closing)
}

function tellLast(closed: (() => void)[]): void {
  if (closed === closing) closing = []
  closed.pop()!()
}
