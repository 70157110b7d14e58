/**
 * The process's clock while a test network runs: what the code under test calls to learn the time or to wait.
 *
 * Built on @sinonjs/fake-timers for timers and Date. What that leaves out and JavaScript can reach follows too:
 * performance.now, process.hrtime, AbortSignal.timeout, scheduler.wait, the timeouts of TLS sockets, of http servers and of
 * HTTP/2, the Date header of http. What cannot follow is listed in docs/decisions/0007-test-network.md.
 */

import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { type FakeClock, type HeapTimer, type TimerHeap, withGlobal } from './fake-timers.ts'
import { HTTP_TIMEOUTS } from './http-timeouts.ts'
import { http2Timeouts } from './http2-timeouts.ts'
import { TLS_TIMEOUTS } from './tls-timeouts.ts'

/** Captured before anything is faked: a turn of the real event loop, a real delay, the real time. */
const realSetImmediate = globalThis.setImmediate
const realSetTimeout = globalThis.setTimeout
const RealDate = globalThis.Date

/** A turn of the real event loop: what waits for a microtask, a tick or an immediate is done behind it. */
export const turn = (): Promise<void> => new Promise((resolve) => realSetImmediate(resolve))
export const realDelay = (ms: number): Promise<void> => new Promise((resolve) => realSetTimeout(resolve, ms))
export const realNow = (): number => RealDate.now()

const FAKED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'Intl', 'Temporal']
const TIMER_NAMES = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] as const

/** A property of the process that is one thing in real and another in virtual time. */
interface Slot {
  readonly target: object
  readonly key: string
  readonly real: PropertyDescriptor | undefined
  virtual: PropertyDescriptor | undefined
}

/** The clock that is installed: there is one process, so there is one. */
let installed: VirtualClock | null = null

export class VirtualClock {
  /** What Date.now() says at virtual time 0, milliseconds. */
  readonly #epochMs: number
  readonly #nowUs: () => number
  /** Made at the first installation and kept: timers outlive the run that set them. */
  #clock: FakeClock | null = null
  #slots: readonly Slot[] = []

  /** @param nowUs the virtual time in microseconds, from 0. */
  constructor(epochMs: number, nowUs: () => number) {
    this.#epochMs = epochMs
    this.#nowUs = nowUs
  }

  /** When the next timer is due, microseconds of virtual time; Infinity: none waits. */
  get nextAt(): number {
    const first = this.#clock?.timerHeap?.timers[0]
    return first === undefined ? Number.POSITIVE_INFINITY : (first.callAt - this.#epochMs) * 1000
  }

  /** Timers that wait. */
  get size(): number {
    return this.#clock?.timerHeap?.timers.length ?? 0
  }

  /** Lets Date follow. To be called whenever virtual time has passed and code under test may run. */
  follow(): void {
    if (this.#clock !== null) this.#clock.now = this.#epochMs + Math.floor(this.#nowUs() / 1000)
  }

  /** Runs the timer that is due first. What its callback throws comes through. */
  runNext(): void {
    const clock = this.#clock
    if (clock === null) return
    try {
      clock.next()
    } finally {
      clock.duringTick = true
    }
  }

  /**
   * From here to `uninstall` the process lives in virtual time.
   * @throws Error where it already does, by this or by another clock.
   */
  install(): void {
    if (installed !== null) throw new Error('network: another test network is running in this process')
    if (this.#clock === null) this.#make()
    else for (const slot of this.#slots) put(slot, slot.virtual)
    installed = this
    this.follow()
    syncBuiltinESMExports()
  }

  uninstall(): void {
    if (installed !== this) return
    installed = null
    for (const slot of this.#slots) {
      slot.virtual = Object.getOwnPropertyDescriptor(slot.target, slot.key)
      put(slot, slot.real)
    }
    syncBuiltinESMExports()
  }

  #make(): void {
    const slots = everySlot()
    let clock: FakeClock
    try {
      clock = withGlobal(globalThis).install({
        now: this.#epochMs,
        toFake: FAKED,
        shouldClearNativeTimers: true,
        ignoreMissingTimers: true,
      })
    } catch (error) {
      const hint = "are another library's fake timers in use (jest.useFakeTimers, vi.useFakeTimers, sinon)?"
      throw new Error(`network: the clock cannot be made virtual; ${hint}`, { cause: error })
    }
    clock.duringTick = true
    const { setInterval: every } = clock
    clock.setInterval = (call, ms, ...args) => every.call(clock, call, nodesDelay(ms), ...args)
    clearTimeout(setTimeout(() => {}, 1)) // The heap is made with the first timer.
    keepOrder(clock.timerHeap!)
    this.#clock = clock
    this.#slots = slots
    this.#coverTheRest()
  }

  /** What fake-timers leaves to others, each in terms of the virtual clock. */
  #coverTheRest(): void {
    const nowUs = this.#nowUs
    const hrtime = Object.assign(
      (since?: [number, number]): [number, number] => {
        const us = nowUs() - (since === undefined ? 0 : since[0] * 1e6 + since[1] / 1e3)
        const seconds = Math.floor(us / 1e6)
        return [seconds, Math.round((us - seconds * 1e6) * 1e3)]
      },
      { bigint: (): bigint => BigInt(Math.round(nowUs())) * 1000n },
    )
    override(performance, 'now', () => nowUs() / 1000)
    override(process, 'hrtime', hrtime)
    override(AbortSignal, 'timeout', abortAfter)
    const wait = (delay?: number, options?: object): Promise<void> =>
      timersPromises.setTimeout(delay, undefined, options)
    override(timersPromises.scheduler, 'wait', wait)
    override(http.OutgoingMessage.prototype, '_storeHeader', storeHeader)
    for (const { target, methods } of timeouts()) {
      for (const [key, method] of Object.entries(methods)) override(target, key, method)
    }
  }
}

/**
 * `refresh` of fake-timers 15.5 gives a timer its new time before it takes it out of the heap, which then compares the one that
 * takes its place with the wrong time, and may leave it ahead of timers that are due before it.
 */
function keepOrder(heap: TimerHeap): void {
  heap.remove = (timer: HeapTimer): boolean => {
    const { timers } = heap
    const { heapIndex: index } = timer
    if (index === undefined || timers[index] !== timer) return false
    const last = timers.pop()!
    if (last !== timer) {
      timers[index] = last
      last.heapIndex = index
      heap.bubbleUp(index)
      heap.bubbleDown(last.heapIndex)
    }
    delete timer.heapIndex
    return true
  }
}

interface Timeouts {
  readonly target: object
  readonly methods: Readonly<Record<string, unknown>>
}

let allTimeouts: readonly Timeouts[] | null = null

/** Timeouts of core's own, in terms of the virtual clock. HTTP/2 takes its time to load, and is not before there is a run. */
function timeouts(): readonly Timeouts[] {
  allTimeouts ??= [TLS_TIMEOUTS, HTTP_TIMEOUTS, ...http2Timeouts()]
  return allTimeouts
}

/** Everything that changes between real and virtual time, as it is now. */
function everySlot(): Slot[] {
  const places: [target: object, keys: readonly string[]][] = [
    [globalThis, FAKED],
    [timers, TIMER_NAMES],
    [timersPromises, ['setTimeout', 'setInterval']],
    [timersPromises.scheduler, ['wait']],
    [performance, ['now']],
    [process, ['hrtime']],
    [AbortSignal, ['timeout']],
    [http.OutgoingMessage.prototype, ['_storeHeader']],
    ...timeouts().map(({ target, methods }): [object, readonly string[]] => [target, Object.keys(methods)]),
  ]
  return places.flatMap(([target, keys]) =>
    keys.map((key) => ({
      target,
      key,
      real: Object.getOwnPropertyDescriptor(target, key),
      virtual: undefined,
    })),
  )
}

function put({ target, key }: Slot, descriptor: PropertyDescriptor | undefined): void {
  if (descriptor === undefined) Reflect.deleteProperty(target, key)
  else Object.defineProperty(target, key, descriptor)
}

function override(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true, enumerable: false })
}

/** Node waits for a millisecond where it cannot wait for what it is given; an interval of 0 would let no time pass. */
function nodesDelay(ms: number | undefined): number {
  const delay = Number(ms)
  return delay >= 1 && delay <= 0x7fffffff ? Math.trunc(delay) : 1
}

/** AbortSignal.timeout (DOM 3.1.1) on the virtual clock; Node's own waits on a timer that nobody can reach. */
function abortAfter(ms: number): AbortSignal {
  const controller = new AbortController()
  const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  setTimeout(() => controller.abort(reason), ms)
  return controller.signal
}

interface StoringMessage {
  sendDate?: boolean
  _header: string | null
}

type StoreHeader = (this: StoringMessage, firstLine: string, headers: unknown) => void
const realStoreHeader = (http.OutgoingMessage.prototype as unknown as { _storeHeader: StoreHeader })
  ._storeHeader

/** http takes its Date header from a cache of its own on the real clock: a header that it added is put right. */
function storeHeader(this: StoringMessage, firstLine: string, headers: unknown): void {
  realStoreHeader.call(this, firstLine, headers)
  if (this.sendDate !== true || typeof this._header !== 'string') return
  this._header = this._header.replace(/\r\nDate: ([^\r]*)\r\n/, (line, date: string) => {
    const isOfCore = Math.abs(RealDate.parse(date) - RealDate.now()) < CACHED_DATE_MS
    return isOfCore ? `\r\nDate: ${new Date().toUTCString()}\r\n` : line
  })
}

/** How old a Date header of http may be: cached for a second, and cut to whole ones; then some, for a busy machine. */
const CACHED_DATE_MS = 10_000
