/** A thread of `elko diagnose`: reads the whole file, looks at the connections of its shard, and tells what it says of them. */

import { readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { CaptureDiagnoser } from '../analyze/outside/capture-diagnoser.ts'
import type { Gathered, Share } from '../analyze/outside/gathered.ts'
import type { Shard } from '../analyze/outside/shard.ts'
import { captureReader } from './capture-input.ts'
import {
  connectionText,
  placeOf,
  type ReportForm,
  separatorOf,
  VerdictCounts,
  type VerdictRow,
} from './diagnosis-report.ts'

export interface ThreadTask {
  /** A descriptor of the process; each thread reads at places of its own. */
  readonly file: number
  readonly octets: number
  readonly shard: Shard
  readonly form: ReportForm
  /** Octets and packets read so far. */
  readonly progress: Float64Array
  /** How many of the thread's texts have been taken. */
  readonly taken: Int32Array
}

/** The file has been read, as far as it can be. */
export interface ReadMessage {
  readonly kind: 'read'
  readonly offset: number
  /** What the reader made up or passed over. */
  readonly sentences: readonly string[]
  /** Null: to its end. */
  readonly error: string | null
  readonly gathered: Gathered
}

/** Texts of connections one behind the other, a separator before each, with its place in the report and its end among the octets. */
export interface TextsMessage {
  readonly kind: 'texts'
  readonly places: Float64Array
  readonly ends: Int32Array
  /** Borrowed until they have been taken. */
  readonly octets: Uint8Array
}

/** All connections have been told. */
export interface ToldMessage {
  readonly kind: 'told'
  readonly counts: readonly VerdictRow[]
  readonly sick: number
}

export type ThreadMessage = ReadMessage | TextsMessage | ToldMessage

/** Octets of texts that are passed on together. */
const ENOUGH = 128 * 1024
/** So many times as much may wait to be taken: the thread that writes may be slower. */
const AHEAD = 4
/** Of a character of a string in UTF-8. */
const MOST_OCTETS = 3

const task = workerData as ThreadTask
const port = parentPort!

const send = (message: ThreadMessage, buffers: readonly ArrayBufferLike[]): void =>
  port.postMessage(message, buffers as ArrayBuffer[])

function read(): CaptureDiagnoser {
  const { file, octets, shard, progress } = task
  const diagnoser = new CaptureDiagnoser(null, null, shard)
  const reader = captureReader((record) => diagnoser.take(record))
  let error: string | null = null
  try {
    for (let position = 0; reader.error === null && position < octets; ) {
      const room = reader.room()
      const length = readSync(file, room, 0, Math.min(room.length, octets - position), position)
      if (length === 0) break
      position += length
      reader.filled(length)
      progress[0] = reader.offset
      progress[1] = reader.packets
    }
    reader.end()
    error = reader.error?.message ?? null
  } catch (thrown) {
    error = (thrown as Error).message
  }
  diagnoser.noteDrops(reader.drops)
  const gathered = diagnoser.gathered()
  const { begins, hosts, ports, silent, asks } = gathered
  const columns = [
    begins,
    hosts,
    ports,
    silent,
    asks.places,
    asks.ats,
    asks.servers,
    asks.clients,
    asks.ports,
  ]
  const { offset, notes } = reader
  send(
    { kind: 'read', offset, sentences: notes.sentences, error, gathered },
    columns.map(({ buffer }) => buffer),
  )
  return diagnoser
}

/**
 * Gathers texts in memory that both threads see, and waits where too many have not been taken: buffers that are moved from thread to
 * thread are 200 MB of garbage for a large report.
 */
class Texts {
  readonly #slots = Array.from({ length: AHEAD }, () => Buffer.from(new SharedArrayBuffer(ENOUGH)))
  #octets = this.#slots[0]!
  #length = 0
  #places: number[] = []
  #ends: number[] = []
  #sent = 0

  add(place: number, text: string): void {
    const most = MOST_OCTETS * text.length
    if (this.#length + most > this.#octets.length) this.pass()
    if (most > this.#octets.length) this.#octets = Buffer.from(new SharedArrayBuffer(most))
    this.#length += this.#octets.write(text, this.#length)
    this.#places.push(place)
    this.#ends.push(this.#length)
  }

  pass(): void {
    if (this.#places.length === 0) return
    const octets = this.#octets
    const places = Float64Array.from(this.#places)
    const ends = Int32Array.from(this.#ends)
    send({ kind: 'texts', places, ends, octets }, [])
    this.#sent++
    // The next slot is free once all but the latest have been taken.
    const { taken } = task
    for (let had = Atomics.load(taken, 0); this.#sent - had >= AHEAD; had = Atomics.load(taken, 0)) {
      Atomics.wait(taken, 0, had)
    }
    this.#octets = this.#slots[this.#sent % AHEAD]!
    this.#length = 0
    this.#places = []
    this.#ends = []
  }
}

function tell(diagnoser: CaptureDiagnoser, share: Share): void {
  const { form } = task
  const texts = new Texts()
  const counts = new VerdictCounts()
  const before = `${separatorOf(form)}\n`
  for (const diagnosis of diagnoser.judged(share, form.isJson || form.showsAll)) {
    counts.add(diagnosis)
    const text = connectionText(form, diagnosis)
    if (text !== null) texts.add(placeOf(diagnosis.stream), `${before}${text}`)
  }
  texts.pass()
  send({ kind: 'told', counts: counts.rows, sick: counts.sick }, [])
}

const diagnoser = read()
port.once('message', (share: Share) => tell(diagnoser, share))
