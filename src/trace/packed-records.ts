/**
 * Many records of few shapes as columns: a log of a connection has a hundred thousand events, of which each says little
 * that the one before it did not say.
 *
 * Records with the same fields, of the same kinds and with the same constants, are one shape; each field of a shape is a
 * column. `order` says which shape the next record has.
 */

import { fromBase64, toBase64 } from '../bytes/base64.ts'
import { IntegerReader, IntegerWriter, MOST } from './integer-column.ts'

/** The name of a field, or the names of a field of a field. */
export type Path = readonly string[]

/**
 * `integer` by its difference; `word` by its place in a table; `numbered` a word with one number in it; `constant` the
 * same in every record of the shape; `other` any value as JSON, by its place in the table.
 */
export type PackedField =
  | readonly [path: Path, kind: 'integer' | 'word' | 'other', column: string]
  | readonly [path: Path, kind: 'numbered', column: string, numbers: string]
  | readonly [path: Path, kind: 'constant', value: string | number | boolean | null]

export interface PackedRecords {
  readonly count: number
  readonly order: string
  readonly shapes: readonly (readonly PackedField[])[]
}

export interface Packing {
  /** Fields whose values make shapes of their own, by their path joined with dots: kind, host. */
  readonly constants: ReadonlySet<string>
  /** Integers whose difference is taken to the last record of any shape: the time, the number of a packet. */
  readonly shared: ReadonlySet<string>
}

/** Words, each once. */
export class WordTable {
  readonly words: string[] = []
  readonly #places = new Map<string, number>()

  place(word: string): number {
    const known = this.#places.get(word)
    if (known !== undefined) return known
    this.#places.set(word, this.words.length)
    return this.words.push(word) - 1
  }
}

type Kind = PackedField[1]
interface Column {
  readonly path: Path
  readonly name: string
  readonly kind: Kind
  readonly writer: IntegerWriter
  readonly numbers: IntegerWriter
  readonly isShared: boolean
  readonly constant: unknown
  last: number
  lastNumber: number
}
interface Shape {
  readonly number: number
  readonly columns: readonly Column[]
}

/** An integer that stands for the record's field of a name. */
interface Substitute {
  readonly name: string
  readonly value: number
}

/** What records have in common so far, field by field: where it ends, it is a shape. */
class Branch {
  readonly #next = new Map<unknown, Branch>()
  shape: Shape | null = null

  /** @param step a field's name, its kind, its constant, or where a record within the record begins and ends. */
  to(step: unknown): Branch {
    const known = this.#next.get(step)
    if (known !== undefined) return known
    const branch = new Branch()
    this.#next.set(step, branch)
    return branch
  }
}
const [BEGIN, END] = [Symbol('begin'), Symbol('end')]

export class RecordPacker {
  readonly #packing: Packing
  readonly #words: WordTable
  readonly #shapes: Shape[] = []
  readonly #root = new Branch()
  readonly #order = new IntegerWriter()
  readonly #last = new Map<string, number>()
  /** The values of the record at hand. */
  readonly #values: unknown[] = []
  #lastShape = 0
  #count = 0

  constructor(packing: Packing, words: WordTable) {
    this.#packing = packing
    this.#words = words
  }

  add(record: object, substitute: Substitute | null = null): void {
    this.#values.length = 0
    const branch = this.#walk(record, '', this.#root, substitute)
    let { shape } = branch
    if (shape === null) {
      shape = { number: this.#shapes.length, columns: this.#columnsOf(record, [], substitute) }
      this.#shapes.push(shape)
      branch.shape = shape
    }
    this.#order.put(shape.number - this.#lastShape)
    this.#lastShape = shape.number
    this.#count++
    for (let i = 0; i < shape.columns.length; i++) this.#put(shape.columns[i]!, this.#values[i])
  }

  finish(): PackedRecords {
    const shapes = this.#shapes.map(({ columns }) => columns.map(packedColumn))
    return { count: this.#count, order: toBase64(this.#order.finish()), shapes }
  }

  /** Lists the values of a record, those of records within it too. @returns where its shape is kept. */
  #walk(record: object, prefix: string, from: Branch, substitute: Substitute | null): Branch {
    let branch = from
    for (const key in record) {
      const own = (record as Readonly<Record<string, unknown>>)[key]
      const value = key === substitute?.name ? substitute.value : own
      if (value === undefined) continue
      branch = branch.to(key)
      if (isRecord(value)) {
        branch = this.#walk(value, `${prefix}${key}.`, branch.to(BEGIN), null).to(END)
        continue
      }
      const kind = this.#kindOf(prefix === '' ? key : prefix + key, value)
      this.#values.push(value)
      branch = branch.to(kind)
      if (kind === 'constant') branch = branch.to(value)
    }
    return branch
  }

  #columnsOf(record: object, path: Path, substitute: Substitute | null): Column[] {
    return Object.entries(record).flatMap(([key, own]: [string, unknown]) => {
      const value = key === substitute?.name ? substitute.value : own
      if (value === undefined) return []
      if (isRecord(value)) return this.#columnsOf(value, [...path, key], null)
      const name = [...path, key].join('.')
      return {
        path: [...path, key],
        name,
        kind: this.#kindOf(name, value),
        writer: new IntegerWriter(),
        numbers: new IntegerWriter(),
        isShared: this.#packing.shared.has(name),
        constant: value,
        last: 0,
        lastNumber: 0,
      }
    })
  }

  #kindOf(name: string, value: unknown): Kind {
    return this.#packing.constants.has(name) ? 'constant' : kindOf(value)
  }

  #put(column: Column, value: unknown): void {
    switch (column.kind) {
      case 'integer':
        return this.#putInteger(column, value as number)
      case 'word':
        return this.#putInteger(column, this.#words.place(value as string))
      case 'other':
        return this.#putInteger(column, this.#words.place(jsonOf(value)))
      case 'numbered': {
        const [, before, digits, behind] = NUMBERED.exec(value as string)!
        this.#putInteger(column, this.#words.place(`${before}\u0000${behind}`))
        column.numbers.put(Number(digits) - column.lastNumber)
        column.lastNumber = Number(digits)
      }
    }
  }

  #putInteger(column: Column, value: number): void {
    const last = column.isShared ? (this.#last.get(column.name) ?? 0) : column.last
    column.writer.put(value - last)
    if (column.isShared) this.#last.set(column.name, value)
    else column.last = value
  }
}

function packedColumn({ path, kind, writer, numbers, constant }: Column): PackedField {
  if (kind === 'constant') return [path, kind, constant as string]
  const column = toBase64(writer.finish())
  return kind === 'numbered' ? [path, kind, column, toBase64(numbers.finish())] : [path, kind, column]
}

/** A word whose first digits are a number that is written so and not otherwise. */
const NUMBERED = /^([^0-9\0]*)(0|[1-9][0-9]{0,14})(?![0-9])([^\0]*)$/

function kindOf(value: unknown): Kind {
  if (typeof value === 'boolean' || value === null) return 'constant'
  if (typeof value === 'string') return NUMBERED.test(value) ? 'numbered' : 'word'
  const isExact = Number.isInteger(value) && Math.abs(value as number) <= MOST && !Object.is(value, -0)
  return isExact ? 'integer' : 'other'
}

/** JSON, and the numbers that it lacks under their names. */
function jsonOf(value: unknown): string {
  return typeof value !== 'number' ? JSON.stringify(value) : Object.is(value, -0) ? '-0' : String(value)
}

function jsonValue(text: string): unknown {
  return /^(NaN|-?Infinity)$/.test(text) ? Number(text) : JSON.parse(text)
}

function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  for (const _ in value) return true
  return false
}

interface Source {
  readonly path: Path
  readonly next: () => unknown
}

/** The records again. @throws where they cannot be: a word outside the table, a column that ends too early. */
export function unpackRecords(packed: PackedRecords, packing: Packing, words: readonly string[]): object[] {
  const last = new Map<string, number>()
  const shapes = packed.shapes.map((fields) => fields.map((field) => sourceOf(field, packing, words, last)))
  const order = new IntegerReader(fromBase64(packed.order))
  const records: object[] = []
  let shape = 0
  for (let i = 0; i < packed.count; i++) {
    shape += order.next()
    const sources = shapes[shape]
    if (sources === undefined) throw new RangeError(`packed records have no shape ${shape}`)
    records.push(recordOf(sources))
  }
  return records
}

function recordOf(sources: readonly Source[]): object {
  const record: Record<string, unknown> = {}
  for (const { path, next } of sources) {
    if (path.length === 1) {
      record[path[0]!] = next()
      continue
    }
    let inner = record
    for (const name of path.slice(0, -1)) inner = (inner[name] ??= {}) as Record<string, unknown>
    inner[path.at(-1)!] = next()
  }
  return record
}

function sourceOf(
  field: PackedField,
  packing: Packing,
  words: readonly string[],
  shared: Map<string, number>,
): Source {
  const [path, kind] = field
  if (field[1] === 'constant') return { path, next: () => field[2] }
  const reader = new IntegerReader(fromBase64(field[2] as string))
  const name = path.join('.')
  const integer = packing.shared.has(name) ? sharedIntegers(reader, name, shared) : ownIntegers(reader)
  if (kind === 'integer') return { path, next: integer }
  const word = () => words[integer()] ?? missingWord()
  if (kind === 'word') return { path, next: word }
  if (kind === 'other') return { path, next: () => jsonValue(word()) }
  const number = ownIntegers(new IntegerReader(fromBase64(field[3]!)))
  return { path, next: () => word().replace('\u0000', () => String(number())) }
}

function ownIntegers(reader: IntegerReader): () => number {
  let last = 0
  return () => (last += reader.next())
}

function sharedIntegers(reader: IntegerReader, name: string, last: Map<string, number>): () => number {
  return () => {
    const value = (last.get(name) ?? 0) + reader.next()
    last.set(name, value)
    return value
  }
}

function missingWord(): never {
  throw new RangeError('packed records name a word that is not in their table')
}
