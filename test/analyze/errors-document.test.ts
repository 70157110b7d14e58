/** docs/errors.md has each reason once, with the sentence, errno and culprits that the code gives it. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isTrouble } from '../../src/analyze/trouble.ts'
import { ERRNO_OF_END } from '../../src/tcp/errno.ts'
import { CLOSE_REASONS, type CloseReason } from '../../src/trace/reasons.ts'
import { culpritsSeen } from './cases.ts'

const ROW = /^\| `([a-z0-9-]+)` +\| (`[A-Z]+`|none) +\| ([a-z, -]+?) +\| (.+?) +\|$/gm

test('the table of reasons in docs/errors.md says what the code does', () => {
  const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(ROW)].map(([, reason, code, who, sentence]) => ({
    reason,
    code,
    who,
    sentence,
  }))
  const sorted = (words: readonly string[]): string => [...words].sort().join(', ')
  const written = rows.map(({ who, ...row }) => ({ ...row, who: sorted(who!.split(', ')) }))
  const expected = (Object.keys(CLOSE_REASONS) as CloseReason[]).map((reason) => ({
    reason,
    code: ERRNO_OF_END[reason] === null ? 'none' : `\`${ERRNO_OF_END[reason]}\``,
    who: isTrouble(reason) ? sorted([...culpritsSeen(reason)]) : 'no diagnosis',
    sentence: CLOSE_REASONS[reason].replace(/ \(RFC [^)]*\)$/, ''),
  }))
  const byReason = (a: { reason?: string }, b: { reason?: string }): number =>
    a.reason! < b.reason! ? -1 : 1
  assert.deepEqual(written.sort(byReason), expected.sort(byReason))
})
