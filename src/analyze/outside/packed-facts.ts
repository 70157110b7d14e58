/**
 * Facts of connections that have closed and are judged at the end: as they lie in memory they take five kilobytes each,
 * most of which say that something never happened. Packed is only what differs from a connection that nothing is known of.
 */

import { ConnectionFacts, type IcmpFacts, Moment, type ResetFacts, type SideFacts } from './facts.ts'
import { HostFacts } from './hosts.ts'
import type { SpareFacts } from './spare-facts.ts'

/** Values of one page: 512 KB, and 128 KB for where they belong. */
const PAGE_VALUES = 1 << 16
/** Behind the last value of a connection. */
const END = 0xffff
const FRAMINGS: readonly SideFacts['framing'][] = ['none', 'http', 'tls', 'unknown']

export interface PackedFacts {
  readonly page: number
  readonly at: number
  readonly hostA: HostFacts
  readonly hostB: HostFacts
  readonly resets: ResetFacts[]
  readonly icmps: IcmpFacts[]
}

type Kind = 'number' | 'boolean' | 'framing' | 'frame' | 'at'

interface Field {
  /** Of the connection, of its side A, of its side B. */
  readonly part: 0 | 1 | 2
  readonly name: string
  /** Where it stands among the values of its part, which are had at once faster than by name. */
  readonly index: number
  readonly kind: Kind
  readonly fresh: number
}

const FIELDS: readonly Field[] = allFields()

export class FactsPacker {
  readonly #values: Float64Array[] = []
  readonly #places: Uint16Array[] = []
  #used = PAGE_VALUES

  /** Afterwards the facts may be used for another connection. */
  pack(facts: ConnectionFacts): PackedFacts {
    if (this.#used + FIELDS.length >= PAGE_VALUES) this.#addPage()
    const page = this.#values.length - 1
    const values = this.#values[page]!
    const places = this.#places[page]!
    const at = this.#used
    const parts: readonly unknown[][] = [facts, facts.a, facts.b].map(Object.values)
    let used = at
    for (let place = 0; place < FIELDS.length; place++) {
      const { part, index, kind, fresh } = FIELDS[place]!
      const value = read(parts[part]![index], kind)
      if (value === fresh) continue
      values[used] = value
      places[used++] = place
    }
    places[used++] = END
    this.#used = used
    const { hostA, hostB, resets, icmps } = facts
    facts.resets = []
    facts.icmps = []
    return { page, at, hostA, hostB, resets, icmps }
  }

  unpack({ page, at, hostA, hostB, resets, icmps }: PackedFacts, spare: SpareFacts): ConnectionFacts {
    const facts = spare.take(0, { a: hostA, b: hostB }, { a: 0, b: 0 })
    const values = this.#values[page]!
    const places = this.#places[page]!
    const parts = [facts, facts.a, facts.b] as const
    for (let k = at; places[k] !== END; k++) {
      const { part, name, kind } = FIELDS[places[k]!]!
      const value = values[k]!
      // A whole number stays one to the engine, which lays out objects by that.
      write(parts[part], name, kind, (value | 0) === value ? value | 0 : value)
    }
    facts.resets = resets
    facts.icmps = icmps
    return facts
  }

  #addPage(): void {
    this.#values.push(new Float64Array(PAGE_VALUES))
    this.#places.push(new Uint16Array(PAGE_VALUES))
    this.#used = 0
  }
}

/** All fields, as a fresh connection has them: none can be forgotten here. */
function allFields(): Field[] {
  const host = new HostFacts()
  const facts = new ConnectionFacts(0, { a: host, b: host }, { a: 0, b: 0 })
  return [...fieldsOf(facts, 0), ...fieldsOf(facts.a, 1), ...fieldsOf(facts.b, 2)]
}

function* fieldsOf(of: ConnectionFacts | SideFacts, part: Field['part']): Generator<Field> {
  for (const [index, [name, value]] of Object.entries(of).entries()) {
    for (const kind of kindsOf(value)) yield { part, name, index, kind, fresh: read(value, kind) }
  }
}

/** What is packed of a value: nothing of hosts and lists, which are kept as they are. */
function kindsOf(value: unknown): readonly Kind[] {
  if (typeof value === 'number') return ['number']
  if (typeof value === 'boolean') return ['boolean']
  if (typeof value === 'string') return ['framing']
  return value instanceof Moment ? ['frame', 'at'] : []
}

function read(value: unknown, kind: Kind): number {
  if (kind === 'number') return value as number
  if (kind === 'boolean') return value === true ? 1 : 0
  if (kind === 'framing') return FRAMINGS.indexOf(value as SideFacts['framing'])
  return (value as Moment)[kind]
}

function write(of: ConnectionFacts | SideFacts, name: string, kind: Kind, value: number): void {
  const fields = of as unknown as Record<string, number | boolean | string | Moment>
  if (kind === 'number') fields[name] = value
  else if (kind === 'boolean') fields[name] = value === 1
  else if (kind === 'framing') fields[name] = FRAMINGS[value]!
  else (fields[name] as Moment)[kind] = value
}
