/**
 * What the process does in real time while virtual time stands: files, names and child processes asked of the kernel, jobs of
 * the thread pool. Virtual time must not pass while the code under test waits for one of these, or a disk that is slow
 * for a moment would look like a network that timed out.
 */

import { createHook } from 'node:async_hooks'
import { webcrypto } from 'node:crypto'
import { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { realDelay } from './virtual-clock.ts'

type TransformMethod = (
  this: Transform,
  chunk: unknown,
  encoding: BufferEncoding,
  done: (...results: unknown[]) => void,
) => void

/** Whom each (de)compressing stream of zlib takes `_transform` from, which hands a chunk to the thread pool. */
const zlibBase: { _transform: TransformMethod } = zlibPrototype()
const realTransform = zlibBase._transform

/** What tells of its jobs by promises alone: WebCrypto (since Node 24), and the compiler of WebAssembly. */
const promising = [
  ...methodsOf(Object.getPrototypeOf(webcrypto.subtle)),
  ...methodsOf((globalThis as { WebAssembly?: object }).WebAssembly ?? {}, ['compile', 'instantiate']),
]

interface Method {
  readonly owner: object
  readonly name: string
  readonly descriptor: PropertyDescriptor
}

function methodsOf(owner: object, names: readonly string[] = Object.getOwnPropertyNames(owner)): Method[] {
  return names
    .map((name) => ({ owner, name, descriptor: Object.getOwnPropertyDescriptor(owner, name) ?? {} }))
    .filter(({ name, descriptor: { value, configurable } }) => {
      return name !== 'constructor' && typeof value === 'function' && configurable
    })
}

export class RealWork {
  /** Promises that somebody asked to wait for. */
  #promises = 0
  /** Streams with a chunk in the thread pool. */
  readonly #zlibStreams = new Set<Transform>()
  /** Jobs of crypto, by their numbers as asynchronous resources: getActiveResourcesInfo does not show them. */
  readonly #jobs = new Map<number, object>()
  #before = new Map<string, number>()
  readonly #hook = createHook({
    init: (id, type, _trigger, job) => {
      if (type.endsWith('REQUEST')) this.#jobs.set(id, job)
    },
    before: (id) => {
      if (this.#jobs.size > 0) this.#jobs.delete(id)
    },
  })

  /**
   * Waits for requests of the time before the run, such as files of the module loader, so that they are not taken for its own, nor
   * its own for them; but not for long, as one may wait for what never comes.
   */
  async settled(): Promise<void> {
    for (let waits = 0; waits < MAX_WAITS; waits++) {
      if (!process.getActiveResourcesInfo().some(isRequest)) return
      await realDelay(1)
    }
  }

  start(): void {
    this.#before = countByType(process.getActiveResourcesInfo())
    this.#hook.enable()
    const hold = (result: unknown): void => this.#hold(result)
    for (const { owner, name, descriptor } of promising) {
      const method: (...given: unknown[]) => unknown = descriptor.value
      const value = function (this: unknown, ...given: unknown[]): unknown {
        const result = method.apply(this, given)
        hold(result)
        return result
      }
      Object.defineProperty(owner, name, { ...descriptor, value })
    }
    const streams = this.#zlibStreams
    zlibBase._transform = function (chunk, encoding, done) {
      streams.add(this)
      realTransform.call(this, chunk, encoding, (...results) => {
        streams.delete(this)
        done(...results)
      })
    }
  }

  stop(): void {
    this.#hook.disable()
    zlibBase._transform = realTransform
    for (const { owner, name, descriptor } of promising) Object.defineProperty(owner, name, descriptor)
    this.#jobs.clear()
    this.#zlibStreams.clear()
  }

  /** Virtual time stands until the promise settles. */
  async waitFor<T>(promise: Promise<T>): Promise<T> {
    this.#promises++
    try {
      return await promise
    } finally {
      this.#promises--
    }
  }

  /** Virtual time stands until a promise that belongs to somebody else settles. */
  #hold(result: unknown): void {
    this.waitFor(Promise.resolve(result)).catch(() => {})
  }

  /** What must be done first: callbacks of this turn ('turn'), work elsewhere ('work'), or nothing. */
  get pending(): 'turn' | 'work' | null {
    let isWorking = this.#promises > 0 || this.#hasJobs() || this.#hasChunks()
    const resources = process.getActiveResourcesInfo()
    for (const type of resources) {
      if (type === 'Immediate') return 'turn'
      if (!isWorking && isRequest(type)) isWorking = this.#isNew(type, resources)
    }
    return isWorking ? 'work' : null
  }

  /** Handles that the process did not have when the run began: sockets of the kernel, workers, child processes. */
  get handles(): string[] {
    const now = countByType(process.getActiveResourcesInfo())
    return [...now]
      .filter(([type, count]) => !NO_HANDLES.has(type) && count > (this.#before.get(type) ?? 0))
      .map(([type]) => type)
  }

  /** A job without a callback was done within the call that made it: randomBytes(16). */
  #hasJobs(): boolean {
    for (const [id, job] of this.#jobs) if (!('ondone' in job)) this.#jobs.delete(id)
    return this.#jobs.size > 0
  }

  /** A stream that fails is destroyed, and its chunk never called back. */
  #hasChunks(): boolean {
    for (const stream of this.#zlibStreams) if (stream.destroyed) this.#zlibStreams.delete(stream)
    return this.#zlibStreams.size > 0
  }

  /** Requests that were under way before the run are not its own; as they end, fewer are excused. */
  #isNew(type: string, resources: readonly string[]): boolean {
    const excused = this.#before.get(type) ?? 0
    const count = resources.filter((other) => other === type).length
    if (count < excused) this.#before.set(type, count)
    return count > excused
  }
}

/** Milliseconds, about. */
const MAX_WAITS = 100
const NO_HANDLES = new Set(['Timeout', 'Immediate'])

/** FSReqCallback, FSReqPromise, GetAddrInfoReqWrap, QueryReqWrap, WriteWrap, ConnectWrap ... */
function isRequest(type: string): boolean {
  return /^(FSReq|CloseReq)|(ReqWrap|WriteWrap|ShutdownWrap|ConnectWrap)$/.test(type)
}

function countByType(types: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1)
  return counts
}

/** The prototype that all streams of zlib share, just above Transform's. */
function zlibPrototype(): { _transform: TransformMethod } {
  let prototype: object = zlib.Gzip.prototype
  for (let next = Object.getPrototypeOf(prototype); next !== Transform.prototype; ) {
    prototype = next
    next = Object.getPrototypeOf(next)
  }
  return prototype as { _transform: TransformMethod }
}
