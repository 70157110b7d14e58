/**
 * `elko diagnose` in several threads (docs/decisions/0014-threads.md): each reads the whole file and looks at the connections of
 * its shard; this one joins what concerns all of them, and puts their texts in order. The report is that of one thread.
 */

import { closeSync, fstatSync, openSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { whole } from '../analyze/outside/gathered.ts'
import { CaptureReader } from '../capture/capture-reader.ts'
import { EXIT_FINDINGS, EXIT_FINE, InputError, UsageError } from './arguments.ts'
import { ReadingProgress, sayNotes } from './capture-input.ts'
import type { ReadMessage, TextsMessage, ThreadMessage, ThreadTask, ToldMessage } from './diagnose-worker.ts'
import { type ReportForm, reportEnd, reportHead, separatorOf, VerdictCounts } from './diagnosis-report.ts'
import { headOf, isReadOnce, packingOf } from './packing.ts'
import { REWRITTEN_MS } from './terminal-line.ts'

export const MOST_THREADS = 16

/**
 * A thread has to read all packets, whosever they are: with more than four what each does for itself no longer becomes less by
 * much.
 */
const USUAL_THREADS = 4
/** A smaller file is read before threads have started and warmed up. */
const WORTH_OCTETS = 24_000_000
/**
 * What is new in a thread dies at once, or stays: of Node's own 48 MB for it in each thread the whole takes 400 MB for 5 million
 * packets of 450,000 connections, with so many megabytes for all threads together two take 356 MB.
 */
const YOUNG_MEGABYTES = 32
/** Octets that are gathered before they are written. */
const ENOUGH = 1 << 20

const WORKER = new URL('./diagnose-worker.js', import.meta.url)

/** A file that threads share. */
export interface SharedFile {
  readonly file: number
  readonly octets: number
  readonly threads: number
}

/**
 * Opens a file, to be closed by the caller; null where one thread is to read it, because it can be read only once, or more do
 * not pay.
 * @param asked threads; undefined: as many as pay.
 * @throws UsageError where threads are asked for that cannot be.
 */
export function openForThreads(
  path: string,
  asked: number | undefined,
  processors = availableParallelism(),
): SharedFile | null {
  const most = asked ?? Math.min(processors, USUAL_THREADS)
  if (most === 1) return null
  if (isReadOnce(path)) return refused(path, asked)
  const file = openIfThere(path)
  if (file === null) return null
  const octets = fstatSync(file).size
  const head = headOf(file)
  const isPlain = packingOf(head) === null
  const isWorth = asked !== undefined || (octets >= WORTH_OCTETS && isOfRecords(head))
  if (isPlain && isWorth) return { file, octets, threads: most }
  closeSync(file)
  return isPlain ? null : refused(path, asked)
}

/** Who reads it alone says what is wrong with it. */
function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r')
  } catch {
    return null
  }
}

function refused(path: string, asked: number | undefined): null {
  if (asked === undefined) return null
  throw new UsageError(`--threads: expected a plain file, which each thread can read, not ${path}`)
}

/** Of a listing the text takes longer to be read than its packets to be looked at. */
function isOfRecords(head: Uint8Array): boolean {
  const reader = new CaptureReader(() => {})
  reader.push(head)
  return reader.format === 'pcap' || reader.format === 'pcapng'
}

/**
 * @param worker the program of the threads.
 * @returns the exit code.
 * @throws InputError as for one thread; Error where a thread failed.
 */
export async function diagnoseInThreads(
  form: ReportForm,
  shared: SharedFile,
  worker = WORKER,
): Promise<number> {
  const progress = new Float64Array(new SharedArrayBuffer(16 * shared.threads))
  const threads = Array.from({ length: shared.threads }, (_, index) => {
    const own = progress.subarray(2 * index, 2 * index + 2)
    return new ShardThread(worker, shared, index, form, own)
  })
  try {
    const { parts, trouble } = await readParts(form.path, shared, threads, progress)
    const { shares, ...report } = whole(parts)
    for (const [index, share] of shares.entries()) threads[index]!.tell(share)
    const counts = VerdictCounts.of(report.plain, form)
    const out = new OctetWriter()
    for (const line of reportHead(form, report)) await out.write(`${line}\n`)
    await writeInOrder(threads, out, separatorOf(form).length + 1)
    for (const { told } of threads) counts.join(told!.counts, told!.sick)
    for (const line of reportEnd(form, report.packets, counts)) await out.write(`${line}\n`)
    await out.flush()
    if (trouble !== null) throw trouble
    return counts.sick > 0 ? EXIT_FINDINGS : EXIT_FINE
  } finally {
    await Promise.all(threads.map((thread) => thread.end()))
  }
}

async function readParts(
  path: string,
  { octets }: SharedFile,
  threads: readonly ShardThread[],
  read: Float64Array,
): Promise<{ parts: ReadMessage['gathered'][]; trouble: InputError | null }> {
  const progress = new ReadingProgress(octets)
  const least = (column: number): number => Math.min(...threads.map((_, index) => read[2 * index + column]!))
  const show = (): void => {
    // Threads take their time to start.
    if (least(1) > 0) progress.show({ offset: least(0), packets: least(1) })
  }
  const timer = setInterval(show, REWRITTEN_MS)
  let parts: ReadMessage[]
  try {
    parts = await Promise.all(threads.map((thread) => thread.reading()))
  } finally {
    clearInterval(timer)
    progress.end()
  }
  const [first] = parts as [ReadMessage]
  sayNotes(path, first.sentences)
  const trouble = first.error === null ? null : new InputError(`${path}: ${first.error}`)
  if (trouble !== null && first.gathered.packets === 0) throw trouble
  const isSame = ({ offset, error, gathered }: ReadMessage): boolean =>
    error === first.error && offset === first.offset && gathered.packets === first.gathered.packets
  if (!parts.every(isSame)) throw new InputError(`${path}: was changed while it was read`)
  return { parts: parts.map(({ gathered }) => gathered), trouble }
}

/** Texts of all threads by their places. @param separator octets before each of them; the first one stands without. */
async function writeInOrder(
  threads: readonly ShardThread[],
  out: OctetWriter,
  separator: number,
): Promise<void> {
  await Promise.all(threads.map((thread) => thread.more()))
  let passedOver = separator
  for (;;) {
    let next: ShardThread | null = null
    let limit = Number.POSITIVE_INFINITY
    for (const thread of threads) {
      if (thread.place < (next?.place ?? Number.POSITIVE_INFINITY)) {
        limit = next?.place ?? limit
        next = thread
      } else if (thread.place < limit) limit = thread.place
    }
    if (next === null) break
    if (!next.take(out, limit, passedOver)) await out.flush()
    passedOver = 0
    if (next.isTaken) await next.more()
  }
  if (passedOver === 0) await out.write('\n')
}

/** One thread, and those of its texts that are to be written next. */
class ShardThread {
  /** Once all its texts have been taken. */
  told: ToldMessage | null = null
  /** Where the next text belongs; infinite: there is none. */
  place = Number.POSITIVE_INFINITY
  readonly #worker: Worker
  readonly #taken = new Int32Array(new SharedArrayBuffer(4))
  readonly #messages: ThreadMessage[] = []
  #failure: Error | null = null
  #wake: () => void = () => {}
  #texts: TextsMessage | null = null
  #index = 0

  constructor(
    program: URL,
    { file, octets, threads }: SharedFile,
    index: number,
    form: ReportForm,
    progress: Float64Array,
  ) {
    const shard = { index, count: threads }
    const task: ThreadTask = { file, octets, shard, form, progress, taken: this.#taken }
    this.#worker = new Worker(program, {
      workerData: task,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES / threads },
    })
    this.#worker.on('message', (message: ThreadMessage) => {
      this.#messages.push(message)
      this.#wake()
    })
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.on('exit', (code) => this.#fail(new Error(`a thread ended early, with exit code ${code}`)))
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#wake()
  }

  /** @throws Error of the thread. */
  async #next(): Promise<ThreadMessage> {
    for (;;) {
      const message = this.#messages.shift()
      if (message !== undefined) return message
      if (this.#failure !== null) throw this.#failure
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async reading(): Promise<ReadMessage> {
    const message = await this.#next()
    if (message.kind !== 'read') throw new Error(`a thread said "${message.kind}" before it had read`)
    return message
  }

  tell(share: ReturnType<typeof whole>['shares'][number]): void {
    this.#worker.postMessage(share)
  }

  /** The next texts, or the end of them. */
  async more(): Promise<void> {
    const message = await this.#next()
    if (message.kind === 'told') {
      this.told = message
      this.place = Number.POSITIVE_INFINITY
    } else if (message.kind === 'texts') {
      this.#texts = message
      this.#index = 0
      this.place = message.places[0]!
    }
  }

  /** Whether `more` has to be asked for. */
  get isTaken(): boolean {
    return this.#texts === null
  }

  /** Gives the next text, and those behind it that stand before `limit`; false: the writer is full. */
  take(out: OctetWriter, limit: number, passedOver: number): boolean {
    const { places, ends, octets } = this.#texts!
    const start = this.#index === 0 ? 0 : ends[this.#index - 1]!
    do this.#index++
    while (this.#index < places.length && places[this.#index]! < limit)
    const isTaken = out.add(octets, start + passedOver, ends[this.#index - 1]!)
    if (this.#index < places.length) this.place = places[this.#index]!
    else {
      this.#texts = null
      Atomics.add(this.#taken, 0, 1)
      Atomics.notify(this.#taken, 0)
    }
    return isTaken
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }
}

/** Octets to standard output, gathered into large writes. */
class OctetWriter {
  #octets = Buffer.allocUnsafeSlow(ENOUGH)
  #length = 0

  /** @returns false where it is time to flush. */
  add(octets: Uint8Array, start: number, end: number): boolean {
    const length = end - start
    if (this.#length + length > this.#octets.length) {
      const more = Buffer.allocUnsafeSlow(2 * this.#octets.length + length)
      more.set(this.#octets.subarray(0, this.#length))
      this.#octets = more
    }
    this.#octets.set(octets.subarray(start, end), this.#length)
    this.#length += length
    return this.#length < ENOUGH / 2
  }

  async write(text: string): Promise<void> {
    const octets = Buffer.from(text)
    if (!this.add(octets, 0, octets.length)) await this.flush()
  }

  /** Waits until all has been taken. */
  async flush(): Promise<void> {
    const octets = this.#octets.subarray(0, this.#length)
    await new Promise<void>((resolve) => process.stdout.write(octets, () => resolve()))
    this.#length = 0
  }
}
