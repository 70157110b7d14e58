/**
 * The turns and timers of an event loop, as Node and as a browser have them.
 *
 * Node has setImmediate, and can keep a timer from holding its process. A browser has neither; there a message to oneself
 * comes soonest, as timers wait at least 4 ms once they nest, and up to a minute in a page that nobody sees.
 */

/** One call that is due after the event loop has turned, planned again and again. A new one holds the process. */
export interface Turn {
  /** The call is made in the next turn, once, however often it is planned before. */
  plan(): void
  cancel(): void
  ref(): void
  unref(): void
}

export function turnOf(run: () => void): Turn {
  return typeof setImmediate === 'function' ? new ImmediateTurn(run) : new MessageTurn(run)
}

/** Turns in a row that hold the process though they should not; the next one does not. */
const TURNS_IN_A_ROW = 64

/**
 * Node's event loop does not turn for an immediate that is not to hold the process: it waits for what does, however long.
 * So most turns hold it, each for itself; but one in many does not, and a timer of next to nothing, which does not either,
 * ends the wait. Without anything else that holds the process it ends there.
 */
class ImmediateTurn implements Turn {
  readonly #fire: () => void
  #planned: ReturnType<typeof setImmediate> | null = null
  #inARow = 0
  #isRef = true

  constructor(run: () => void) {
    this.#fire = () => {
      this.#planned = null
      run()
    }
  }

  plan(): void {
    if (this.#planned !== null) return
    this.#planned = setImmediate(this.#fire)
    if (this.#isRef || ++this.#inARow < TURNS_IN_A_ROW) return
    this.#inARow = 0
    this.#planned.unref()
    this.#nudge(this.#planned)
  }

  /** Where the host is slow the timer fires before the loop begins to wait: then another one ends the wait. */
  #nudge(planned: ReturnType<typeof setImmediate>): void {
    release(
      setTimeout(() => {
        if (this.#planned === planned) this.#nudge(planned)
      }, 0),
    )
  }

  cancel(): void {
    if (this.#planned !== null) clearImmediate(this.#planned)
    this.#planned = null
  }

  ref(): void {
    this.#isRef = true
    this.#planned?.ref()
  }

  unref(): void {
    this.#isRef = false
  }
}

/** Nothing holds a page: it lives until it is closed. */
class MessageTurn implements Turn {
  readonly #run: () => void
  #isPlanned = false
  #isQueued = false

  constructor(run: () => void) {
    this.#run = run
  }

  plan(): void {
    this.#isPlanned = true
    if (this.#isQueued) return
    this.#isQueued = true
    queue.push(this)
    bell ??= newBell()
    bell.postMessage(null)
  }

  cancel(): void {
    this.#isPlanned = false
  }

  ref(): void {}

  unref(): void {}

  fire(): void {
    this.#isQueued = false
    if (!this.#isPlanned) return
    this.#isPlanned = false
    this.#run()
  }
}

/** Those whose message is on its way, in order; one message for each. */
const queue: MessageTurn[] = []
let bell: BrowserPort | null = null

function newBell(): BrowserPort {
  // Node's types know its own MessageChannel only, with the events of an EventEmitter.
  const { port1, port2 } = new MessageChannel() as unknown as Record<'port1' | 'port2', BrowserPort>
  port1.onmessage = () => queue.shift()?.fire()
  return port2
}

interface BrowserPort {
  onmessage: (() => void) | null
  postMessage(message: null): void
}

/** setTimeout cannot wait longer. */
const LONGEST_TIMEOUT_MS = 0x7fffffff

/** One timer, set again and again. A new one holds the process while it is set. */
export class Alarm {
  readonly #fire: () => void
  #timer: ReturnType<typeof setTimeout> | null = null
  #isRef = true

  constructor(run: () => void) {
    this.#fire = () => {
      this.#timer = null
      run()
    }
  }

  /** Calls in so many milliseconds, and not when it was set for before. 25 days at most: early, if it is to be later. */
  set(inMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    const timer = setTimeout(this.#fire, Math.min(inMs, LONGEST_TIMEOUT_MS))
    if (!this.#isRef) release(timer)
    this.#timer = timer
  }

  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  ref(): void {
    this.#isRef = true
    if (typeof this.#timer === 'object') this.#timer?.ref()
  }

  unref(): void {
    this.#isRef = false
    if (this.#timer !== null) release(this.#timer)
  }
}

/** A browser's timer is a number. */
function release(timer: ReturnType<typeof setTimeout>): void {
  if (typeof timer === 'object') timer.unref()
}
