/**
 * Plot files for xplot, written as tcptrace writes them: a line for the kinds of the two coordinates, titles, then a
 * primitive a line. A colour alone on a line holds until the next one, one behind a primitive for that primitive.
 */

export type XplColour =
  | 'white'
  | 'green'
  | 'red'
  | 'blue'
  | 'yellow'
  | 'purple'
  | 'orange'
  | 'magenta'
  | 'pink'

/** Signs at a point. */
export type XplSign = 'dot' | 'diamond' | 'box' | 'uarrow' | 'darrow' | 'utick' | 'dtick' | 'htick'

/** Words above, below, to the right or left of a point, or around it. */
export type XplText = 'atext' | 'btext' | 'rtext' | 'ltext' | 'ctext'

export class XplFile {
  readonly #lines: string[]
  readonly #epochUs: number

  /**
   * @param epochUs what to add to times, so that they count from 1970. Values may have decimals, and be beyond 2^32.
   */
  constructor(title: string, label: string, epochUs: number) {
    // A newline would end the title, and make a primitive of the rest.
    const name = title.replace(/[\r\n]+/g, ' ')
    this.#lines = ['timeval double', 'title', name, 'xlabel', 'time', 'ylabel', label]
    this.#epochUs = epochUs
  }

  /** For what follows. */
  colour(colour: XplColour): void {
    this.#lines.push(colour)
  }

  sign(sign: XplSign, us: number, value: number, colour?: XplColour): void {
    this.#lines.push(`${sign} ${this.#time(us)} ${number(value)}${behind(colour)}`)
  }

  line(us1: number, value1: number, us2: number, value2: number): void {
    this.#lines.push(`line ${this.#time(us1)} ${number(value1)} ${this.#time(us2)} ${number(value2)}`)
  }

  text(where: XplText, us: number, value: number, words: string, colour?: XplColour): void {
    this.#lines.push(`${where} ${this.#time(us)} ${number(value)}${behind(colour)}`, words)
  }

  end(): string {
    return `${this.#lines.join('\n')}\ngo\n`
  }

  /** Seconds with six decimals: exact where a float would not be. */
  #time(us: number): string {
    const at = Math.max(0, Math.round(us + this.#epochUs))
    return `${Math.floor(at / 1e6)}.${String(at % 1e6).padStart(6, '0')}`
  }
}

function behind(colour: XplColour | undefined): string {
  return colour === undefined ? '' : ` ${colour}`
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3)
}
