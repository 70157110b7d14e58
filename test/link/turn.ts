/** Resolves when the event loop has gone round: all microtasks and immediates planned before have run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}

/** Many turns: whatever hosts of this process have to do with each other is done, if nothing lets them wait. */
export async function turns(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await turn()
}

/** Waits until a condition holds; the test's own time limit is its bound. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}
