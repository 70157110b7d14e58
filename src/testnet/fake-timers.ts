/**
 * @sinonjs/fake-timers, as far as the virtual clock uses it. `npm run build` replaces what becomes of this file by the
 * package itself, bundled (scripts/bundle-fake-timers.mjs, decision 7): Elko depends on nothing at run time. So nothing
 * else may be written here, and no type of the package may leave it.
 */

import fakeTimers from '@sinonjs/fake-timers'

/** Timers that wait on a clock that stands until somebody moves it. */
export interface FakeClock {
  /** What Date.now() says: whole milliseconds. */
  now: number
  /** As while timers run: a timer without delay then waits for a millisecond, as Node's always do. */
  duringTick?: boolean
  /** What setInterval, wherever it is called, calls. */
  setInterval(call: (...args: unknown[]) => void, ms?: number, ...args: unknown[]): unknown
  /** The timers that wait; made with the first one. */
  readonly timerHeap?: TimerHeap
  /** Runs the first timer, at its time. What it throws comes through. */
  next(): number
}

/** A binary heap: the first timer is due first. */
export interface TimerHeap {
  readonly timers: HeapTimer[]
  remove(timer: HeapTimer): boolean
  /** Moves the timer at this place to where it belongs, among those before it or behind it. */
  bubbleUp(index: number): void
  bubbleDown(index: number): void
}

export interface HeapTimer {
  readonly callAt: number
  heapIndex?: number
}

export interface FakeTimers {
  install(config: {
    readonly now: number
    readonly toFake: readonly string[]
    readonly shouldClearNativeTimers: boolean
    readonly ignoreMissingTimers: boolean
  }): FakeClock
}

export const withGlobal: (global: object) => FakeTimers = fakeTimers.withGlobal as never
