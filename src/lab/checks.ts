/** Plain data that anybody may have written, looked at piece by piece: each throws LabError with place and expectation. */

import type { Side } from './lab-config.ts'
import { LabError } from './lab-error.ts'

export type Data = Readonly<Record<string, unknown>>

export const UINT32 = 2 ** 32 - 1
/** The latest that anything of a run can happen, microseconds: a day. */
export const MAX_AT_US = 86_400_000_000

/** @param known names that it may have; null: any. */
export function object(given: unknown, place: string, known: readonly string[] | null): Data {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new LabError(place, `expected fields, not ${shown(given)}`)
  const unknown = known === null ? undefined : Object.keys(given).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new LabError(place, `unknown field '${unknown}'; expected ${known!.join(', ')}`)
  return given as Data
}

export function list(given: unknown, place: string, most: number): readonly unknown[] {
  if (!Array.isArray(given) || given.length > most)
    throw new LabError(place, `expected a list of at most ${most}`)
  return given
}

export function pair(given: unknown, place: string): readonly [unknown, unknown] {
  if (given === undefined) return [{}, {}]
  if (!Array.isArray(given) || given.length !== 2)
    throw new LabError(place, 'expected a list of two: left and right')
  return [given[0], given[1]]
}

export function side(given: unknown, place: string): Side {
  if (given !== 0 && given !== 1)
    throw new LabError(place, `expected 0 (left) or 1 (right), not ${shown(given)}`)
  return given
}

export function whole(given: unknown, place: string, low: number, high: number): number {
  if (typeof given !== 'number' || !Number.isInteger(given) || given < low || given > high)
    throw new LabError(place, `expected a whole number from ${low} to ${high}, not ${shown(given)}`)
  return given
}

export function flag(given: unknown, place: string): boolean {
  if (typeof given !== 'boolean') throw new LabError(place, `expected true or false, not ${shown(given)}`)
  return given
}

export function shown(given: unknown): string {
  if (given === undefined) return 'nothing'
  const text = JSON.stringify(given) ?? String(given)
  return text.length > 40 ? `${text.slice(0, 40)}...` : text
}
