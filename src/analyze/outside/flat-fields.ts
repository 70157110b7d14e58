/**
 * Objects whose fields are numbers side by side in one array: a connection's facts are some 250 numbers, and as fields of
 * their own, with a box for each moment, they take five kilobytes in a hundred pieces that a packet has to wait for.
 */

/** For a moment that never was: seconds from the capture's first packet are not negative. */
export const NEVER = -1

/** Where an object's numbers stand: from `place` on, among those of others. */
export interface Flat {
  readonly page: Float64Array
  readonly place: number
}

/** A packet that mattered: where it stands and when it came. Two numbers of `page`, as they are now. */
export class Moment implements Flat {
  readonly page: Float64Array
  readonly place: number

  constructor(page: Float64Array = new Float64Array([0, NEVER]), place = 0) {
    this.page = page
    this.place = place
  }

  get frame(): number {
    return this.page[this.place]!
  }

  get at(): number {
    return this.page[this.place + 1]!
  }

  get happened(): boolean {
    return this.page[this.place] !== 0
  }

  set(frame: number, at: number): void {
    this.page[this.place] = frame
    this.page[this.place + 1] = at
  }

  clear(): void {
    this.page[this.place] = 0
    this.page[this.place + 1] = NEVER
  }
}

/** What the octets of a side look like. */
export type Framing = 'none' | 'http' | 'chunks' | 'tls' | 'unknown'
const FRAMINGS: readonly Framing[] = ['none', 'http', 'chunks', 'tls', 'unknown']

type MomentOf<T> = { [K in keyof T]: T[K] extends Moment ? K : never }[keyof T] & string

/** The two numbers of each moment as fields of their own: for each packet a `Moment` would be one object more. */
export type FlatMoments<T> = {
  [K in MomentOf<T> as `${K}Frame` | `${K}At`]: number
} & {
  readonly [K in MomentOf<T> as `set${Capitalize<K>}`]: (frame: number, at: number) => void
}

/** A class of objects with the same fields as those of another one, which are numbers of a page. */
export interface FlatClass<T> {
  readonly Fields: new (page: Float64Array, place: number) => T & FlatMoments<T> & Flat
  /** The numbers of an object as the other class makes it. */
  readonly fresh: readonly number[]
}

/** @param Template its fields are numbers, booleans, moments and framings, as they are when nothing is known. */
export function flat<T extends object>(Template: new () => T): FlatClass<T> {
  class Fields implements Flat {
    readonly page: Float64Array
    readonly place: number

    constructor(page: Float64Array, place: number) {
      this.page = page
      this.place = place
    }
  }
  const fresh: number[] = []
  for (const [name, value] of Object.entries(new Template())) {
    const offset = fresh.length
    Object.defineProperty(Fields.prototype, name, fieldAt(offset, value))
    if (value instanceof Moment) {
      Object.defineProperty(Fields.prototype, `${name}Frame`, numberAt(offset))
      Object.defineProperty(Fields.prototype, `${name}At`, numberAt(offset + 1))
      const setName = `set${name[0]!.toUpperCase()}${name.slice(1)}`
      Object.defineProperty(Fields.prototype, setName, { value: setterAt(offset) })
    }
    fresh.push(...numbersOf(value))
  }
  return { Fields: Fields as FlatClass<T>['Fields'], fresh }
}

type FlatDescriptor = PropertyDescriptor & ThisType<Flat>

function numberAt(offset: number): FlatDescriptor {
  return {
    get() {
      return this.page[this.place + offset]
    },
    set(value: number) {
      this.page[this.place + offset] = value
    },
  }
}

function setterAt(offset: number): (this: Flat, frame: number, at: number) => void {
  return function (frame, at) {
    this.page[this.place + offset] = frame
    this.page[this.place + offset + 1] = at
  }
}

/** How the field reads and writes its number, `offset` behind the first one of its object. */
function fieldAt(offset: number, fresh: unknown): FlatDescriptor {
  if (typeof fresh === 'number') return numberAt(offset)
  if (typeof fresh === 'boolean')
    return {
      get() {
        return this.page[this.place + offset] !== 0
      },
      set(value: boolean) {
        this.page[this.place + offset] = value ? 1 : 0
      },
    }
  if (fresh instanceof Moment)
    return {
      get() {
        return new Moment(this.page, this.place + offset)
      },
    }
  return {
    get() {
      return FRAMINGS[this.page[this.place + offset]!]
    },
    set(value: Framing) {
      this.page[this.place + offset] = FRAMINGS.indexOf(value)
    },
  }
}

function numbersOf(value: unknown): readonly number[] {
  if (value instanceof Moment) return [value.frame, value.at]
  return [typeof value === 'string' ? FRAMINGS.indexOf(value as Framing) : Number(value)]
}
