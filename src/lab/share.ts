/**
 * A configuration as a link's fragment and back: a version, a point, and base64url of the JSON of what differs from the
 * defaults. The version is 1; a later one that means something else by the same fields will say so there.
 */

import { fromBase64, toBase64 } from '../bytes/base64.ts'
import { decodeUtf8, encodeUtf8 } from '../capture/utf8.ts'
import { checkConfig } from './check-config.ts'
import { DEFAULT_LAB, type LabConfig } from './lab-config.ts'
import { LabError } from './lab-error.ts'

const VERSION = '1'
/** What browsers take. A thousand forged segments fit; who sends more sends something else. */
const MAX_LENGTH = 2_000_000
/** Configurations have half as many levels; who nests deeper wants the stack to overflow. */
const MAX_DEPTH = 16

/** The fragment without '#'; '' for the defaults. */
export function shareText(config: LabConfig): string {
  const changes = differences(config, DEFAULT_LAB)
  return changes === undefined ? '' : `${VERSION}.${base64url(encodeUtf8(JSON.stringify(changes)))}`
}

/**
 * @param text the fragment, with '#' or without.
 * @throws LabError where it is none of ours, of another version, or says what cannot be.
 */
export function sharedConfig(text: string): LabConfig {
  const fragment = text.replace(/^#/, '')
  if (fragment === '') return DEFAULT_LAB
  const [, version, coded] = /^(\w+)\.(.*)$/s.exec(fragment) ?? []
  if (version === undefined || coded === undefined || fragment.length > MAX_LENGTH)
    throw new LabError('link', 'expected a fragment such as #1.eyJzZWVkIjo3fQ, made by "share"')
  if (version !== VERSION)
    throw new LabError('link', `it is of version ${version}; this lab reads version ${VERSION}`)
  return checkConfig(withDefaults(parsed(octetsOf(coded)), DEFAULT_LAB))
}

function parsed(octets: Uint8Array): unknown {
  let value: unknown
  try {
    value = JSON.parse(decodeUtf8(octets, 0, octets.length))
  } catch {
    throw new LabError('link', 'it is damaged: what it holds cannot be read')
  }
  if (isDeeper(value, MAX_DEPTH))
    throw new LabError('link', `it holds lists in lists, more than ${MAX_DEPTH} levels`)
  return value
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1))
}

/** What of a value differs from the usual one, field by field; undefined where nothing does. */
function differences(value: unknown, usual: unknown): unknown {
  if (isPair(usual) && Array.isArray(value)) {
    const both = [differences(value[0], usual[0]) ?? 0, differences(value[1], usual[1]) ?? 0]
    return both[0] === 0 && both[1] === 0 ? undefined : both
  }
  if (isFields(value) && isFields(usual)) {
    const changed = Object.entries(value)
      .map(([name, one]) => [name, differences(one, usual[name])] as const)
      .filter(([, one]) => one !== undefined)
    return changed.length === 0 ? undefined : Object.fromEntries(changed)
  }
  return JSON.stringify(value) === JSON.stringify(usual) ? undefined : value
}

/** The inverse: in a list of two, 0 stands for what does not differ. */
function withDefaults(changes: unknown, usual: unknown): unknown {
  if (isPair(usual) && Array.isArray(changes)) {
    return changes.map((one, side) => (one === 0 ? usual[side] : withDefaults(one, usual[side])))
  }
  if (!isFields(changes) || !isFields(usual)) return changes
  const laid = Object.entries(changes).map(([name, one]) => [name, withDefaults(one, usual[name])])
  return { ...usual, ...Object.fromEntries(laid) }
}

/** Lists of two stand for the two sides; the only other list of the defaults is empty. */
function isPair(value: unknown): value is readonly [unknown, unknown] {
  return Array.isArray(value) && value.length === 2
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function base64url(octets: Uint8Array): string {
  return toBase64(octets).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** A last character alone holds no octet. */
function octetsOf(text: string): Uint8Array {
  const digits = text.replace(/=+$/, '')
  const [wrong] = /[^\w-]/u.exec(digits) ?? []
  if (wrong !== undefined) throw new LabError('link', `it is damaged: '${wrong}' cannot stand in it`)
  const whole = digits.length % 4 === 1 ? digits.slice(0, -1) : digits
  const padded = whole.padEnd(4 * Math.ceil(whole.length / 4), '=')
  return fromBase64(padded.replaceAll('-', '+').replaceAll('_', '/'))
}
