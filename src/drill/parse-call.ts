/** System calls in a script and their arguments: `accept(3, ..., ...) = 4`. */

import type { Cursor } from './cursor.ts'
import type { CallAction, Expression, Place, StructField } from './script.ts'
import { unsupported, wrong } from './source-errors.ts'

const MAX_DEPTH = 32
const NOTE = /[^)\n]*/y
const ERROR_NAME = /^E[A-Z0-9]+$/
/** Protocols that Elko does not have: a script of theirs is not one of TCP. */
const FOREIGN_CALL = /^(sctp|psp)_/
const FOREIGN_SYMBOL = /^IPPROTO_(SCTP|UDPLITE)$/

/** From the name of the call on. `blocksUntil` as in CallAction. */
export function parseCall(cursor: Cursor, blocksUntil: number | null): CallAction {
  const place = cursor.place()
  if (cursor.token.kind !== 'word')
    cursor.fail("a packet ('<' or '>'), a system call, a `command` or %{ code }%")
  const name = cursor.next().text
  const foreign = FOREIGN_CALL.exec(name)
  if (foreign !== null) throw unsupported(place, `${foreign[1]!.toUpperCase()} (${name})`)
  cursor.expectMark('(', `'(' after the name of the call, ${name}`)
  const args = parseList(cursor, ')', 0)
  cursor.expectMark('=', "'=' and the call's result")
  const result = parseExpression(cursor, 0, true)
  const errno = parseErrno(cursor)
  const notes: string[] = []
  while (cursor.isMark('(')) notes.push(parseNote(cursor))
  return {
    kind: 'call',
    name,
    args,
    blocksUntil,
    result: result.kind === 'ellipsis' ? null : result,
    errno,
    note: notes.length === 0 ? null : notes.filter((note) => note !== '').join(' '),
  }
}

/** A word with a note behind it, or at least one that looks like an error's name. */
function parseErrno(cursor: Cursor): string | null {
  if (cursor.token.kind !== 'word') return null
  const { text } = cursor.next()
  if (!ERROR_NAME.test(text) && !cursor.isMark('(')) cursor.fail(`'(' and what ${text} means`)
  return text
}

/** e.g. `(Operation now in progress)`: words for the reader. */
function parseNote(cursor: Cursor): string {
  cursor.expectMark('(')
  const note = cursor.lexer.raw(NOTE) ?? ''
  cursor.expectMark(')')
  return note.replace(/\s+/g, ' ').trim()
}

/** Expressions with commas between them up to a closing mark, which is taken. */
function parseList(cursor: Cursor, close: string, depth: number): Expression[] {
  const items: Expression[] = []
  if (cursor.takeMark(close)) return items
  for (;;) {
    const item = parseExpression(cursor, depth, false)
    if (cursor.isMark('=')) throw unsupported(cursor.place(), 'an assignment outside a structure')
    items.push(item)
    if (cursor.takeMark(close)) return items
    cursor.expectMark(',', `',' or '${close}'`)
  }
}

/** `isResult`: brackets behind a word are a note, not arguments. */
function parseExpression(cursor: Cursor, depth: number, isResult: boolean): Expression {
  const place = cursor.place()
  if (depth > MAX_DEPTH) throw wrong(place, 'an expression in too many others', `at most ${MAX_DEPTH} levels`)
  const first = parseOperand(cursor, depth, isResult)
  if (!cursor.isMark('|')) return first
  const operands = [first]
  while (cursor.takeMark('|')) operands.push(parseOperand(cursor, depth, isResult))
  return { kind: 'or', operands, place }
}

function parseOperand(cursor: Cursor, depth: number, isResult: boolean): Expression {
  const place = cursor.place()
  const { kind, text } = cursor.token
  if (kind === 'integer' || kind === 'hex') {
    const value = Number(text)
    if (!Number.isSafeInteger(value)) throw unsupported(place, `a number beyond 2^53 (${text})`)
    cursor.next()
    return { kind: 'integer', value, place }
  }
  if (kind === 'string') return parseStrings(cursor)
  if (kind === 'word') return parseWord(cursor, depth, isResult)
  if (cursor.takeMark('...')) return { kind: 'ellipsis', place }
  if (cursor.takeMark('[')) return { kind: 'list', items: parseList(cursor, ']', depth + 1), place }
  if (cursor.takeMark('{')) return { kind: 'struct', fields: parseFields(cursor, depth + 1), place }
  return cursor.fail('a value')
}

function parseWord(cursor: Cursor, depth: number, isResult: boolean): Expression {
  const place = cursor.place()
  const name = cursor.next().text
  if (FOREIGN_SYMBOL.test(name)) throw unsupported(place, name)
  if (isResult || !cursor.takeMark('(')) return { kind: 'symbol', name, place }
  return { kind: 'call', name, args: parseList(cursor, ')', depth + 1), place }
}

/** One string or several, which are one. */
function parseStrings(cursor: Cursor): Expression {
  const place = cursor.place()
  const parts: string[] = []
  while (cursor.token.kind === 'string') {
    const partPlace = cursor.place()
    parts.push(characters(cursor.next().text, partPlace))
  }
  return { kind: 'string', value: parts.join(''), filled: cursor.takeMark('...'), place }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  '"': '"',
  "'": "'",
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** The characters that a string stands for; `\x41` is the octet 0x41. */
function characters(text: string, place: Place): string {
  if (!text.includes('\\')) return text
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g,
    (written, hex: string | undefined, one: string) => {
      const character = hex === undefined ? ESCAPES[one] : String.fromCharCode(Number.parseInt(hex, 16))
      if (character !== undefined) return character
      throw wrong(place, `${written} in a string`, '\\\\, \\", \\f, \\n, \\r, \\t, \\v or \\x and two digits')
    },
  )
}

/** After the `{`. */
function parseFields(cursor: Cursor, depth: number): StructField[] {
  if (cursor.isMark('(')) throw unsupported(cursor.place(), 'a stack of MPLS labels')
  const fields: StructField[] = []
  if (cursor.takeMark('}')) return fields
  for (;;) {
    fields.push(parseField(cursor, depth))
    if (cursor.takeMark('}')) return fields
    cursor.expectMark(',', "',' or '}'")
  }
}

function parseField(cursor: Cursor, depth: number): StructField {
  const { kind, text } = cursor.token
  const name = cursor.place()
  const value = parseExpression(cursor, depth, false)
  if (kind === 'word' && text === 'flags' && (cursor.isMark('[') || cursor.token.kind === 'integer')) {
    throw unsupported(name, 'a GRE header')
  }
  if (!cursor.isMark('=')) return { name: null, argument: null, value }
  if (value.kind === 'symbol') {
    cursor.next()
    return { name: value.name, argument: null, value: parseExpression(cursor, depth, false) }
  }
  if (value.kind !== 'call' || value.args.length !== 1) cursor.fail("',' or '}'")
  cursor.next()
  return { name: value.name, argument: value.args[0]!, value: parseExpression(cursor, depth, false) }
}
