/** docs/diagnosis.md has each verdict once, as the code knows it. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { VERDICTS, verdictEntry } from '../../src/analyze/outside/verdicts.ts'

const ROW = /^\| `([a-z-]+)` +\| ([a-z-]+) +\| (yes|no) +\| (.+?) +\|$/gm

test('the table of verdicts in docs/diagnosis.md says what the code does', () => {
  const text = readFileSync(new URL('../../../docs/diagnosis.md', import.meta.url), 'utf8')
  const written = [...text.matchAll(ROW)].map((row) => row.slice(1, 5))
  const known = (Object.keys(VERDICTS) as (keyof typeof VERDICTS)[]).map((verdict) => {
    const { phase, healthy, sentence } = verdictEntry(verdict)
    return [verdict, phase, healthy === true ? 'yes' : 'no', sentence]
  })
  assert.deepEqual(written, known)
})
