/** The tokens of the Python between `%{` and `}%`. Indentation is not looked at: there are no blocks. */

import type { Place } from './script.ts'
import { ScriptError, unsupported } from './source-errors.ts'

export interface PythonToken {
  readonly kind: 'integer' | 'float' | 'name' | 'string' | 'template' | 'operator' | 'newline' | 'end'
  /** As it stands; for strings what they stand for, for templates (f'...') what stands between the quotes. */
  readonly text: string
  readonly start: number
  readonly end: number
  /** From 1, in the snippet. */
  readonly line: number
}

const BLANK = /[ \t\r\f]*/y
/** A comment, or a line that goes on in the next one. */
const GAP = /#[^\n]*|\\\r?\n/y
const NUMBER = /0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?/y
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const OPERATOR = /\*\*=|\/\/=|<<=|>>=|\*\*|\/\/|<<|>>|[-+*/%&|^<>=!]=|[-+*/%&|^~<>=()[\]{},:;.]/y

export function pythonTokens(text: string, place: Place): PythonToken[] {
  return new PythonLexer(text, place).tokens()
}

class PythonLexer {
  private readonly text: string
  private readonly place: Place
  private position = 0
  private line = 1
  private depth = 0

  constructor(text: string, place: Place) {
    this.text = text
    this.place = place
  }

  tokens(): PythonToken[] {
    const tokens: PythonToken[] = []
    for (;;) {
      const token = this.next()
      if (token.kind !== 'newline' || this.depth === 0) tokens.push(token)
      if (token.kind === 'end') return tokens
    }
  }

  private next(): PythonToken {
    for (let gap: string | null = ''; gap !== null; gap = this.match(GAP)) {
      this.advance(gap)
      this.advance(this.match(BLANK) ?? '')
    }
    const start = this.position
    const line = this.line
    const make = (kind: PythonToken['kind'], text: string): PythonToken => {
      return { kind, text, start, end: this.position, line }
    }
    if (start >= this.text.length) return make('end', '')
    if (this.text[start] === '\n') return make('newline', this.advance('\n'))
    const number = this.match(NUMBER)
    if (number !== null) {
      const isFloat = !/^0[xXoObB]/.test(number) && /[.eE]/.test(number)
      return make(isFloat ? 'float' : 'integer', this.advance(number))
    }
    const name = this.match(NAME)
    if (name !== null) {
      const quote = this.text[start + name.length]
      if (quote !== '"' && quote !== "'") return make('name', this.advance(name))
      const prefix = name.toLowerCase()
      if (prefix !== 'f' && prefix !== 'r') throw this.unknown(`a string with the prefix ${name}`)
      this.advance(name)
      const value = this.string(prefix === 'r')
      return make(prefix === 'f' ? 'template' : 'string', value)
    }
    if (this.text[start] === '"' || this.text[start] === "'") {
      const value = this.string(false)
      return make('string', value)
    }
    const operator = this.match(OPERATOR)
    if (operator === null) throw this.unknown(`${JSON.stringify(this.text[start])} in Python`)
    if ('([{'.includes(operator)) this.depth++
    if (')]}'.includes(operator)) this.depth--
    return make('operator', this.advance(operator))
  }

  private string(isRaw: boolean): string {
    const quote = this.text[this.position]!
    if (this.text.startsWith(quote.repeat(3), this.position)) throw this.unknown('a string in three quotes')
    let at = this.position + 1
    let value = ''
    for (;;) {
      const character = this.text[at]
      if (character === undefined || character === '\n') {
        throw new ScriptError('syntax', this.here(), `this string never ends: expected ${quote}`, quote)
      }
      if (character === quote) break
      const escaped = character === '\\' && !isRaw
      value += escaped ? unescaped(this.text[at + 1] ?? '') : character
      at += escaped ? 2 : 1
    }
    this.advance(this.text.slice(this.position, at + 1))
    return value
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.position
    return pattern.exec(this.text)?.[0] ?? null
  }

  private advance(found: string): string {
    for (const character of found) if (character === '\n') this.line++
    this.position += found.length
    return found
  }

  private here(): Place {
    return placeInSnippet(this.place, this.text, this.position, this.line)
  }

  private unknown(what: string): ScriptError {
    return unsupported(this.here(), what)
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' }

/** What a backslash and a character stand for; what means nothing stands for itself, as in Python. */
function unescaped(character: string): string {
  if (`\\'"`.includes(character)) return character
  return ESCAPES[character] ?? `\\${character}`
}

/** Where in the script an offset of the snippet is: columns of the first line are not known exactly. */
export function placeInSnippet(place: Place, text: string, offset: number, line: number): Place {
  if (line === 1) return place
  return {
    file: place.file,
    line: place.line + line - 1,
    column: offset - text.lastIndexOf('\n', offset - 1),
  }
}
