/**
 * The loop: take an input of the corpus, change it, run it, and keep it where it did what none before it did. All follows
 * from the seed: the same target, corpus and seed try the same inputs in the same order.
 */

import v8 from 'node:v8'
import vm from 'node:vm'
import { Random } from '../src/sim/random.ts'
import { OWN_SLOTS } from './build.ts'
import { type Entry, Features } from './features.ts'
import type { Probe, Target } from './target.ts'

/** How long one input may take, milliseconds: the slowest honest ones take a hundredth of it. */
const INPUT_LIMIT_MS = 15_000
/** What runs under one watchdog, milliseconds. */
const BATCH_MS = 100
/** What may be held after a collection, octets, beyond what was held at the start. */
const MEMORY_LIMIT = 512 << 20
const SHRINK_TRIES = 3000

/** An input with which something is wrong. */
export interface Crash<I> {
  readonly input: I
  /** The first line says what. */
  readonly message: string
}

export interface LoopOptions {
  readonly seed: number | string
  /** How long one input may take, milliseconds; default 5000. */
  readonly inputLimitMs?: number
}

export class Loop<I> {
  /** Inputs that were run. */
  runs = 0
  readonly crashes: Crash<I>[] = []
  readonly features: Features<I>
  readonly #target: Target<I>
  readonly #random: Random
  readonly #probe: Probe
  readonly #limitMs: number
  readonly #entries: Entry<I>[] = []
  readonly #kinds = new Set<string>()
  #running: I | null = null

  /** @param counters of the instrumented copy that `target` was loaded from. */
  constructor(target: Target<I>, counters: Uint16Array, options: LoopOptions) {
    const own = counters.length - OWN_SLOTS
    this.#target = target
    this.#random = new Random(options.seed)
    this.#limitMs = options.inputLimitMs ?? INPUT_LIMIT_MS
    this.features = new Features(counters)
    this.#probe = {
      feature(n) {
        counters[own + (n % OWN_SLOTS)]!++
      },
      work: () => counters.reduce((sum, count) => sum + count, 0),
    }
  }

  /** The inputs that are kept, the smallest for each feature. */
  get corpus(): I[] {
    return this.#entries.map(({ input }) => input)
  }

  /** Runs inputs from elsewhere: seeds, files. */
  add(inputs: readonly I[]): void {
    let next = 0
    while (next < inputs.length)
      this.#guarded(() => {
        while (next < inputs.length) this.#try(inputs[next++]!)
      })
  }

  /** Tries `count` inputs of its own making; fewer where `isOver` says so, which is asked now and then. */
  run(count: number, isOver: () => boolean = () => false): void {
    const end = this.runs + count
    while (this.runs < end && !isOver()) {
      const until = performance.now() + BATCH_MS
      this.#guarded(() => {
        while (this.runs < end && performance.now() < until) this.#try(this.#next())
      })
    }
  }

  #next(): I {
    const random = this.#random
    // The later ones reach further: the better of two.
    const last = this.#entries.length - 1
    const at = Math.max(random.range(0, last), random.range(0, last))
    let input = this.#entries[at]!.input
    do {
      const other = this.#entries[random.range(0, last)]!.input
      input = this.#target.mutate(random, input, other)
    } while (random.chance(0.4))
    return input
  }

  #try(input: I): void {
    this.#running = input
    this.runs++
    this.features.clear()
    try {
      this.#target.run(input, this.#probe)
    } catch (error) {
      this.#report(input, error)
      this.#running = null
      return
    }
    const size = this.#target.size(input)
    if (this.features.collect(size) > 0) this.#keep({ input, size, owned: 0 })
    this.#running = null
  }

  #keep(entry: Entry<I>): void {
    const gone = this.features.own(entry)
    this.#entries.push(entry)
    for (const old of gone) this.#entries.splice(this.#entries.indexOf(old), 1)
  }

  /** One of each kind: the first is made smaller, the others say nothing new. */
  #report(input: I, error: unknown): void {
    const message = textOf(error)
    const kind = kindOf(message)
    if (this.#kinds.has(kind)) return
    this.#kinds.add(kind)
    this.crashes.push({ input, message })
  }

  /** Runs a piece of work that ends by itself within BATCH_MS and one input. */
  #guarded(work: () => void): void {
    const before = heldOctets()
    if (!withinTime(work, this.#limitMs + BATCH_MS)) {
      const input = this.#running!
      // A machine that stood still is no hang: the input gets another chance, alone.
      if (!withinTime(() => this.#try(input), this.#limitMs)) {
        this.#report(input, new Error(`an input runs for more than ${this.#limitMs} ms`))
      }
    }
    if (heldOctets() - before < MEMORY_LIMIT) return
    collectGarbage()
    if (heldOctets() - before < MEMORY_LIMIT) return
    this.#report(this.corpus.at(-1)!, new Error('memory grows: this input, or one of the hundred before it'))
  }

  /** A smaller input that goes wrong in the same way. */
  shrink({ input, message }: Crash<I>): Crash<I> {
    const kind = kindOf(message)
    let best: Crash<I> = { input, message }
    let tries = 0
    for (let progress = true; progress; ) {
      progress = false
      for (const smaller of this.#target.smaller(best.input)) {
        if (++tries > SHRINK_TRIES) return best
        const failure = failureOf(this.#target, smaller, this.#limitMs)
        if (failure === null || kindOf(failure) !== kind) continue
        best = { input: smaller, message: failure }
        progress = true
        break
      }
    }
    return best
  }
}

/** For a run that nobody learns from. */
const UNGUIDED: Probe = { feature() {}, work: () => 0 }

/** What is wrong with an input, or null. */
export function failureOf<I>(target: Target<I>, input: I, limitMs = INPUT_LIMIT_MS): string | null {
  let failure: string | null = null
  const inTime = withinTime(() => {
    try {
      target.run(input, UNGUIDED)
    } catch (error) {
      failure = textOf(error)
    }
  }, limitMs)
  return inTime ? failure : `an input runs for more than ${limitMs} ms`
}

/** What went wrong without where: the first line, its numbers left out. */
export function kindOf(message: string): string {
  return message.split('\n')[0]!.replace(/-?\b\d[\d.]*/g, '#')
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at .*\/(fuzz|src)\//.test(line))
  const places = frames.map((line) =>
    line.replace(/\(?(file:\/\/)?\/.*?\/(fuzz\/build\/[\d-]+|dist)\//, '(dist/'),
  )
  const name = error.name === 'Finding' ? '' : `${error.name}: `
  return [`${name}${error.message}`, ...places.slice(0, 8)].join('\n')
}

/** Calls `work`, which is ended by V8's own watchdog after `limitMs`. @returns false where that happened. */
function withinTime(work: () => void, limitMs: number): boolean {
  Object.assign(globalThis, { [WORK_GLOBAL]: work })
  try {
    CALL.runInThisContext({ timeout: limitMs })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false
    throw error
  }
}

const WORK_GLOBAL = '$elkoFuzzWork'
const CALL = new vm.Script(`${WORK_GLOBAL}()`)

function heldOctets(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

let gc: (() => void) | null = null

function collectGarbage(): void {
  if (gc === null) {
    v8.setFlagsFromString('--expose-gc')
    gc = vm.runInNewContext('gc') as () => void
  }
  gc()
}
