/**
 * A connection's state as a list of numbers: saved, compared and restored.
 *
 * The fields are found at run time, so one that is added to the TCB is saved without a word here; an object of a kind
 * that is not known is refused. Times are kept as distances from now, which is always NOW: a state is the same whenever
 * it occurs. What can have no influence any more is forgotten first (forget.ts).
 */

import type { Tcb } from '../tcp/tcb.ts'

/** The clock's reading in every saved state, microseconds: further from zero than any age that matters. */
export const NOW = 100_000_000_000

/** What a connection shares with its surroundings, or never changes, or keeps for a diagnosis alone. */
const NOT_STATE: ReadonlySet<string> = new Set([
  'clock',
  'config',
  'trace',
  'host',
  'id',
  'isn',
  'counters',
  'ending',
  'icmp',
])
/** What keeps its fields to itself and has its own way here. */
const OPAQUE: ReadonlySet<string> = new Set(['rtt', 'congestion', 'sendBuffer', 'receiveBuffer'])
/** The house names times so. */
const TIME_NAME = /(At|Since)$/

type Value = number | boolean | string | null
type Fields = Record<string, Value>

interface Group {
  readonly fields: Fields
  readonly numbers: readonly string[]
  readonly times: readonly string[]
  readonly booleans: readonly string[]
  /** Words of a vocabulary, or null. */
  readonly words: readonly string[]
}

/** Numbers one after the other, with a place to read from. */
export class Values {
  numbers = new Float64Array(1024)
  length = 0
  #at = 0

  rewind(): void {
    this.#at = 0
  }

  push(value: number): void {
    if (this.length === this.numbers.length) {
      const twice = new Float64Array(this.numbers.length * 2)
      twice.set(this.numbers)
      this.numbers = twice
    }
    this.numbers[this.length++] = value
  }

  next(): number {
    return this.numbers[this.#at++]!
  }
}

export class Snapshot {
  readonly #tcb: Tcb
  readonly #groups: readonly Group[]
  /** The words of `Group.words` by number; 0 is null. */
  readonly #words: string[] = ['']
  readonly #numbers = new Map<string, number>()
  readonly #scratch = new Uint8Array(1 << 16)

  /**
   * @param tcb of a connection that was just made.
   * @throws Error where a field is of a kind that cannot be saved, or a tunable makes one matter.
   */
  constructor(tcb: Tcb) {
    this.#tcb = tcb
    const own = tcb as unknown as Record<string, unknown>
    const groups = [group('tcb', own)]
    for (const [name, value] of Object.entries(own)) {
      if (isPlace(name, value)) groups.push(group(`tcb.${name}`, value as Record<string, unknown>))
    }
    this.#groups = groups
  }

  save(out: Values): void {
    for (const { fields, numbers, times, booleans, words } of this.#groups) {
      for (const name of numbers) out.push(fields[name] as number)
      for (const name of times) out.push((fields[name] as number) - NOW)
      for (const name of booleans) out.push(fields[name] === true ? 1 : 0)
      for (const name of words) out.push(this.#numberOf(fields[name] as string | null))
    }
    const { rtt, congestion } = this.#tcb
    const save = (value: number) => {
      out.push(value)
      return value
    }
    rtt.remember(save)
    congestion.remember(save)
    this.#saveBuffers(out)
  }

  restore(from: Values): void {
    for (const { fields, numbers, times, booleans, words } of this.#groups) {
      for (const name of numbers) fields[name] = from.next()
      for (const name of times) fields[name] = NOW + from.next()
      for (const name of booleans) fields[name] = from.next() === 1
      for (const name of words) {
        const word = from.next()
        fields[name] = word === 0 ? null : this.#words[word]!
      }
    }
    const { rtt, congestion } = this.#tcb
    const restore = () => from.next()
    rtt.remember(restore)
    congestion.remember(restore)
    this.#restoreBuffers(from)
  }

  /** Lets `us` microseconds pass: every time moves away from now, and TSval on (a whole number of milliseconds). */
  age(us: number): void {
    for (const { fields, times } of this.#groups) {
      for (const name of times) fields[name] = (fields[name] as number) - us
    }
    const tcb = this.#tcb
    if (tcb.config.timestamps) tcb.tsOffset = (tcb.tsOffset + us / 1000) | 0
  }

  #numberOf(word: string | null): number {
    if (word === null) return 0
    let number = this.#numbers.get(word)
    if (number === undefined) {
      number = this.#words.push(word) - 1
      this.#numbers.set(word, number)
    }
    return number
  }

  /** The octets and where they belong, not where in which ring they stand. */
  #saveBuffers(out: Values): void {
    const { sendBuffer, receiveBuffer } = this.#tcb
    const octets = this.#scratch
    out.push(sendBuffer.length)
    sendBuffer.copyTo(0, octets, 0, sendBuffer.length)
    for (let i = 0; i < sendBuffer.length; i++) out.push(octets[i]!)
    const { ring, peekOffset, readable, rangeCount } = receiveBuffer
    const saveOctets = (from: number, end: number) => {
      for (let i = from; i < end; i++) out.push(ring[(peekOffset + i) & (ring.length - 1)]!)
    }
    out.push(readable)
    saveOctets(0, readable)
    out.push(rangeCount)
    for (let i = 0; i < rangeCount; i++) {
      const start = receiveBuffer.rangeStart(i)
      const end = receiveBuffer.rangeEnd(i)
      out.push(start)
      out.push(end)
      saveOctets(readable + start, readable + end)
    }
  }

  #restoreBuffers(from: Values): void {
    const { sendBuffer, receiveBuffer } = this.#tcb
    const octets = this.#scratch
    const take = (length: number) => {
      for (let i = 0; i < length; i++) octets[i] = from.next()
      return length
    }
    sendBuffer.clear()
    sendBuffer.write(octets, 0, take(from.next()))
    receiveBuffer.clear()
    receiveBuffer.insert(0, octets, 0, take(from.next()))
    for (let ranges = from.next(); ranges > 0; ranges--) {
      const start = from.next()
      receiveBuffer.insert(start, octets, 0, take(from.next() - start))
    }
  }
}

/** An object of the TCB with fields of its own. */
function isPlace(name: string, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return !NOT_STATE.has(name) && !OPAQUE.has(name)
}

function group(path: string, object: Record<string, unknown>): Group {
  const numbers: string[] = []
  const times: string[] = []
  const booleans: string[] = []
  const words: string[] = []
  if (Object.keys(object).length === 0)
    throw new Error(`explore cannot save ${path}: it keeps its fields to itself`)
  for (const [name, value] of Object.entries(object)) {
    if (path === 'tcb' && (NOT_STATE.has(name) || OPAQUE.has(name) || isPlace(name, value))) continue
    if (typeof value === 'number') (isTime(path, name) ? times : numbers).push(name)
    else if (typeof value === 'boolean') booleans.push(name)
    else if (value === null || typeof value === 'string') words.push(name)
    else throw new Error(`explore cannot save ${path}.${name}: a field that is no number, boolean or word`)
  }
  return { fields: object as Fields, numbers, times, booleans, words }
}

function isTime(path: string, name: string): boolean {
  return path === 'tcb.timers' || TIME_NAME.test(name)
}
