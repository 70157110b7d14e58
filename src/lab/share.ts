/**
 * A configuration as a link's fragment and back: a version, a point, and base64url of the JSON of what differs from the
 * defaults. The version is 1; a later one that means something else by the same fields will say so there.
 */

import { decodeUtf8, encodeUtf8 } from '../capture/utf8.ts'
import { checkConfig } from './check-config.ts'
import { DEFAULT_LAB, type LabConfig } from './lab-config.ts'
import { LabError } from './lab-error.ts'

const VERSION = '1'
/** Far more than any configuration takes: who sends more sends something else. */
const MAX_LENGTH = 100_000
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

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
  try {
    return JSON.parse(decodeUtf8(octets, 0, octets.length))
  } catch {
    throw new LabError('link', 'it is damaged: what it holds cannot be read')
  }
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
  let text = ''
  for (let i = 0; i < octets.length; i += 3) {
    const three = (octets[i]! << 16) | ((octets[i + 1] ?? 0) << 8) | (octets[i + 2] ?? 0)
    const characters = Math.min(4, octets.length - i + 1)
    for (let n = 0; n < characters; n++) text += ALPHABET[(three >> (18 - 6 * n)) & 63]
  }
  return text
}

function octetsOf(text: string): Uint8Array {
  const octets: number[] = []
  let bits = 0
  let held = 0
  for (const character of text.replace(/=+$/, '')) {
    const value = ALPHABET.indexOf(character)
    if (value < 0) throw new LabError('link', `it is damaged: '${character}' cannot stand in it`)
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    octets.push((held >> bits) & 255)
  }
  return Uint8Array.from(octets)
}
