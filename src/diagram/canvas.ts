/** Lines of text made of cells with a style each: what a picture is put together on before it becomes a string. */

export type Style = 'plain' | 'dim' | 'strong' | 'rightward' | 'leftward' | 'bad' | 'state' | 'call'

export interface TextStyle {
  /** Only characters below U+0080. */
  readonly ascii: boolean
  /** ANSI colours (SGR sequences). */
  readonly color: boolean
}

export class TextLine {
  readonly #cells: string[] = []
  readonly #styles: Style[] = []
  readonly #width: number

  /** @param width columns; what is put beyond them is not drawn. */
  constructor(width: number) {
    this.#width = width
  }

  put(column: number, text: string, style: Style = 'plain'): void {
    let at = column
    for (const character of text) {
      if (at >= 0 && at < this.#width) {
        while (this.#cells.length < at) this.#push(' ', 'plain')
        this.#cells[at] = character
        this.#styles[at] = style
      }
      at++
    }
  }

  /** Puts text so that its last character stands in `column`. */
  putEnd(column: number, text: string, style: Style = 'plain'): void {
    this.put(column - columns(text) + 1, text, style)
  }

  fill(from: number, to: number, character: string, style: Style = 'plain'): void {
    if (to > from) this.put(from, character.repeat(to - from), style)
  }

  /** The line without spaces at its end. */
  text(how: TextStyle): string {
    let end = this.#cells.length
    while (end > 0 && this.#cells[end - 1] === ' ') end--
    let text = ''
    let current: Style = 'plain'
    for (let i = 0; i < end; i++) {
      const style: Style = this.#cells[i] === ' ' ? current : this.#styles[i]!
      if (how.color && style !== current) text += `\u001b[0m${SGR[style]}`
      current = style
      text += how.ascii ? ascii(this.#cells[i]!) : this.#cells[i]!
    }
    return how.color && current !== 'plain' ? `${text}\u001b[0m` : text
  }

  #push(character: string, style: Style): void {
    this.#cells.push(character)
    this.#styles.push(style)
  }
}

/** Columns that a text takes: its code points. (No East Asian width: names of hosts and remarks rarely need it.) */
export function columns(text: string): number {
  // Asked for every label of a diagram: an iterator takes ten times as long.
  let count = text.length
  for (let k = 1; k < text.length; k++) if (isPair(text, k)) count--
  return count
}

/** Whether the code unit at `k` is the second half of one character. */
function isPair(text: string, k: number): boolean {
  return (text.charCodeAt(k) & 0xfc00) === 0xdc00 && (text.charCodeAt(k - 1) & 0xfc00) === 0xd800
}

/** Text of others without control characters, so that a remark cannot break a line or speak to the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{C}+/gu, ' ').trim()
}

/** Breaks text at spaces into lines of at most `width` columns; a longer word is cut. At least one line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    let rest = word
    if (line !== '' && columns(line) + 1 + columns(rest) <= width) {
      line += ` ${rest}`
      continue
    }
    if (line !== '') lines.push(line)
    while (columns(rest) > width) {
      const characters = [...rest]
      lines.push(characters.slice(0, width).join(''))
      rest = characters.slice(width).join('')
    }
    line = rest
  }
  if (line !== '' || lines.length === 0) lines.push(line)
  return lines
}

const SGR: Readonly<Record<Style, string>> = {
  plain: '',
  dim: '\u001b[2m',
  strong: '\u001b[1m',
  rightward: '\u001b[36m',
  leftward: '\u001b[32m',
  bad: '\u001b[1;31m',
  state: '\u001b[1;33m',
  call: '\u001b[35m',
}

const ASCII: Readonly<Record<string, string>> = {
  '│': '|',
  '┃': '|',
  '┊': ':',
  '┠': '+',
  '┨': '+',
  '─': '-',
  '═': '=',
  '╌': '.',
  '▶': '>',
  '◀': '<',
  '▲': '^',
  '▼': 'v',
  '┌': '+',
  '┐': '+',
  '└': '+',
  '┘': '+',
  '×': 'X',
  '…': '~',
  '·': '.',
  '–': '-',
  µ: 'u',
}

function ascii(character: string): string {
  return character < '\u0080' ? character : (ASCII[character] ?? '?')
}
