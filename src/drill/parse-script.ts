/**
 * The parser of packetdrill scripts, in the dialects of google/packetdrill and of nplab/packetdrill (FreeBSD's tests).
 *
 *   script := { --option[=value] } [ `init` ] event { event } [ `cleanup` ]
 *   event  := time ( packet | call | `command` | %{ code }% )
 */

import { Cursor } from './cursor.ts'
import { parseCall } from './parse-call.ts'
import { parsePacket } from './parse-packet.ts'
import type { Command, EventTime, Script, ScriptEvent, ScriptOption } from './script.ts'
import { wrong } from './source-errors.ts'

/** What `#ifdef` knows each platform by. */
const PLATFORM_NAMES = {
  linux: 'Linux',
  freebsd: 'FreeBSD',
  netbsd: 'NetBSD',
  openbsd: 'OpenBSD',
  darwin: 'Apple',
} as const
export type Platform = keyof typeof PLATFORM_NAMES

export interface ParseOptions {
  /** What words stand for: a number, a word, `"text"` or `` `command` ``. They go before the script's own --define. */
  readonly defines?: Readonly<Record<string, string>>
  /** Whose name `#ifdef` finds defined; none by default. */
  readonly platform?: Platform
}

const MICROSECONDS = 1_000_000
/** Two of these are still exact when they are added. */
const MAX_TIME = 2 ** 51
const VALUE = /[^\s"`]+/y
const EQUALS = /=/y

/**
 * A script as data.
 *
 * @param file its name, for errors and reports
 * @throws ScriptError with the first place that is no script of this language ('syntax') or that Elko cannot play
 *   ('unsupported')
 */
export function parseScript(text: string, file: string, options: ParseOptions = {}): { script: Script } {
  const given = new Map(Object.entries(options.defines ?? {}))
  for (const [name, value] of given) {
    if (DEFINABLE.test(value)) continue
    throw wrong({ file, line: 1, column: 1 }, `${name}=${value}`, MEANINGS)
  }
  const definitions = new Map(given)
  if (options.platform !== undefined) definitions.set(PLATFORM_NAMES[options.platform], '')
  const cursor = new Cursor(text, file, definitions)
  const scriptOptions: ScriptOption[] = []
  while (cursor.token.kind === 'option') {
    const option = parseOption(cursor)
    scriptOptions.push(option)
    if (option.name === 'define') define(option, given, definitions)
  }
  const init = cursor.token.kind === 'command' ? parseCommand(cursor) : null
  const events: ScriptEvent[] = []
  while (cursor.token.kind !== 'end' && (events.length === 0 || cursor.token.kind !== 'command')) {
    events.push(parseEvent(cursor))
  }
  if (events.length === 0) cursor.fail('an event: a time and what happens then')
  const cleanup = cursor.token.kind === 'command' ? parseCommand(cursor) : null
  if (cursor.token.kind !== 'end') cursor.fail('the end of the script behind its last command')
  return { script: { file, options: scriptOptions, init, events, cleanup } }
}

function define(
  option: ScriptOption,
  given: ReadonlyMap<string, string>,
  definitions: Map<string, string>,
): void {
  const [, name, value] = /^(\w+)(?:=(.*))?$/s.exec(option.value ?? '') ?? []
  if (name === undefined) throw wrong(option.place, `--define=${option.value ?? ''}`, '--define=NAME=VALUE')
  if (!DEFINABLE.test(value ?? '')) throw wrong(option.place, `--define=${option.value}`, MEANINGS)
  if (!given.has(name)) definitions.set(name, value ?? '')
}

/** What a word can stand for: one token, or nothing. */
const DEFINABLE = /^(-?\w+|"[^"]*"|`[^`]*`|)$/s
const MEANINGS = 'a number, a word, "text" or `command` behind --define=NAME='

function parseOption(cursor: Cursor): ScriptOption {
  const place = cursor.place()
  const name = cursor.next().text
  if (cursor.lexer.raw(EQUALS) === null) return { name, value: null, place }
  if (cursor.token.kind === 'string') return { name, value: cursor.next().text, place }
  return { name, value: parseValue(cursor), place }
}

/** Up to the next blank; `NAME="text with blanks"` is one value. */
function parseValue(cursor: Cursor): string {
  const { lexer } = cursor
  let value = lexer.raw(VALUE) ?? cursor.fail("a value behind '='")
  while (!lexer.isBlankNext()) {
    const more = lexer.raw(VALUE)
    if (more !== null) value += more
    else if (cursor.token.kind === 'string') value += `"${cursor.next().text}"`
    else value += `\`${cursor.next().text}\``
  }
  return value
}

function parseCommand(cursor: Cursor): Command {
  const place = cursor.place()
  return { kind: 'command', text: cursor.next().text, place }
}

function parseEvent(cursor: Cursor): ScriptEvent {
  const { lexer } = cursor
  const place = cursor.place()
  const from = lexer.mark()
  const time = parseEventTime(cursor)
  const actionPlace = cursor.place()
  const action = parseAction(cursor, time)
  const isExpected = action.kind === 'packet' && action.direction === 'out'
  if (!isExpected && time.kind !== 'absolute' && time.kind !== 'relative') {
    throw wrong(
      actionPlace,
      `${time.kind === 'any' ? '*' : 'a range'} as the time of what is done`,
      "a packet out ('>')",
    )
  }
  return { place, time, action, source: lexer.source(from) }
}

function parseAction(cursor: Cursor, time: EventTime): ScriptEvent['action'] {
  const { kind } = cursor.token
  if (kind === 'command') return parseCommand(cursor)
  if (kind === 'code') {
    const place = cursor.place()
    return { kind: 'code', text: cursor.next().text, place }
  }
  if (cursor.takeMark('<')) return parsePacket(cursor, 'in')
  if (cursor.takeMark('>')) return parsePacket(cursor, 'out')
  return parseCall(cursor, parseBlocksUntil(cursor, time))
}

/** `...0.3`: until when a call blocks. */
function parseBlocksUntil(cursor: Cursor, time: EventTime): number | null {
  const place = cursor.place()
  if (!cursor.takeMark('...')) return null
  if (time.kind !== 'absolute' && time.kind !== 'relative') throw wrong(place, 'two ranges of time', 'one')
  if (time.kind === 'relative') cursor.takeMark('+')
  const until = parseTime(cursor)
  if (until < time.at) throw wrong(place, 'the call returns before it is made', 'a later time')
  return until
}

function parseEventTime(cursor: Cursor): EventTime {
  if (cursor.takeMark('*')) return { kind: 'any' }
  const isRelative = cursor.takeMark('+')
  const place = cursor.place()
  const at = parseTime(cursor)
  if (!cursor.takeMark('~')) return { kind: isRelative ? 'relative' : 'absolute', at }
  if (isRelative) cursor.expectMark('+')
  const to = parseTime(cursor)
  if (to < at) throw wrong(place, 'a range of time that ends before it starts', 'the earlier time first')
  return { kind: isRelative ? 'relative-range' : 'absolute-range', from: at, to }
}

/** Seconds in the script, microseconds here; digits beyond them are rounded. */
function parseTime(cursor: Cursor): number {
  const { kind, text } = cursor.token
  const place = cursor.place()
  if (kind !== 'integer' && kind !== 'float') cursor.fail("a time in seconds, '+' and a time, or '*'")
  if (text.startsWith('-')) throw wrong(place, 'a negative time', 'a time from 0 on')
  const [whole, fraction = ''] = text.split('.')
  const at = Number(whole) * MICROSECONDS + Math.round(Number(`0.${fraction}`) * MICROSECONDS)
  if (at > MAX_TIME) throw wrong(place, `${text} seconds`, 'a time of less than seventy years')
  cursor.next()
  return at
}
