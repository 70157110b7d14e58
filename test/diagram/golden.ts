/** Compares a text with the file that keeps it; UPDATE_GOLDEN=1 rewrites the file. */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'

/** test/diagram/golden, seen from dist/test/diagram. */
const DIRECTORY = new URL('../../../test/diagram/golden/', import.meta.url)

export function assertGolden(name: string, text: string, ending = 'txt'): void {
  const file = new URL(`${name}.${ending}`, DIRECTORY)
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(DIRECTORY, { recursive: true })
    writeFileSync(file, text)
  }
  assert.equal(text, readFileSync(file, 'utf8'), `golden/${name}.${ending} (UPDATE_GOLDEN=1 rewrites it)`)
}

/** The longest line, in code points. */
export function longestLine(text: string): number {
  return Math.max(...text.split('\n').map((line) => [...line].length))
}
