/** Resolves when the event loop has gone round: all microtasks and immediates planned before have run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

/** Waits until a condition holds; the test's own time limit is its bound. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}
