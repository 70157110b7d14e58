/** Arguments that are refused, in the words of Node's validators. */

import { badPort, invalidType, outOfRange } from './errors.ts'

export function checkBoolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== 'boolean') throw invalidType(name, 'boolean', value)
}

export function checkNumber(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, 'number', value)
}

export function checkString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, 'string', value)
}

export function checkFunction(value: unknown, name: string): asserts value is () => void {
  if (typeof value !== 'function') throw invalidType(name, 'function', value)
}

export function checkInteger(
  value: unknown,
  name: string,
  least = -2147483648,
  most = 2147483647,
): asserts value is number {
  checkNumber(value, name)
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value)
  if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value)
}

/** A port as a number, or as digits. */
export function checkPort(value: unknown, name = 'Port'): number {
  const isText = typeof value === 'string' && value.trim() !== ''
  if (!isText && typeof value !== 'number') throw badPort(name, value)
  if (+value !== +value >>> 0 || +value > 0xffff) throw badPort(name, value)
  return +value
}

const LONGEST_TIMEOUT_MS = 0x7fffffff

/** Milliseconds that a timer can wait. */
export function checkDuration(value: unknown, name: string): number {
  checkNumber(value, name)
  if (value < 0 || !Number.isFinite(value)) throw outOfRange(name, 'a non-negative finite number', value)
  if (value <= LONGEST_TIMEOUT_MS) return value
  process.emitWarning(
    `${value} does not fit into a 32-bit signed integer.\nTimer duration was truncated to ${LONGEST_TIMEOUT_MS}.`,
    'TimeoutOverflowWarning',
  )
  return LONGEST_TIMEOUT_MS
}

/** Where something is aborted from. */
export function checkSignal(value: unknown, name: string): asserts value is AbortSignal {
  if (typeof value !== 'object' || value === null || !('aborted' in value)) {
    throw invalidType(name, 'AbortSignal', value)
  }
}
