/** The verdict of npm run mutate on samples. */

import assert from 'node:assert/strict'
import { test } from 'node:test'

const { findingsOf, judge, scoreOf, textOf } = await import(
  new URL('../../../mutate/report.mjs', import.meta.url).href
)

const FILE = 'src/storage/ring.ts'
const result = (name: string, status: string, file = FILE) => ({
  id: `${name}-id`,
  file,
  line: 1,
  name,
  status,
})
const many = (count: number, status: string, file?: string) =>
  Array.from({ length: count }, (_, i) => result(`${status}${i}`, status, file))

test('killed and endless count as killed; survived and uncovered do not; explained survivors still live', () => {
  assert.equal(scoreOf({ killed: 6, timeout: 2, survived: 1, noCoverage: 1 }), 80)
  const results = [...many(17, 'Killed'), ...many(1, 'Survived'), ...many(2, 'NoCoverage')]
  const verdict = judge(results, { [FILE]: { Survived0: 'the same by another way' } }, {})
  assert.deepEqual(verdict.rooms, { storage: { killed: 17, timeout: 0, survived: 1, noCoverage: 2 } })
  assert.deepEqual(findingsOf(verdict), ['2 survivors are neither killed nor explained'])
})

test('a room below 85 % is a finding, though another be above and all survivors be explained', () => {
  const low = 'src/tcp/window.ts'
  const results = [...many(100, 'Killed'), ...many(84, 'Timeout', low), ...many(16, 'Survived', low)]
  const why = Object.fromEntries(many(16, 'Survived').map(({ name }) => [name, 'equivalent']))
  const verdict = judge(results, { [low]: why }, {})
  assert.deepEqual(findingsOf(verdict), ['tcp/ has 84.0 %, at least 85 % are asked for'])
})

test('an explanation is stale where its mutant is gone or killed, not where it was not tried', () => {
  const explained = {
    [FILE]: { gone: 'why', Killed0: 'why', untried: 'why' },
    'src/tcp/other.ts': { any: 'why' },
  }
  const verdict = judge(many(1, 'Killed'), explained, { [FILE]: ['Killed0', 'untried'] })
  assert.deepEqual(findingsOf(verdict), [
    `stale explanation, no such mutant: ${FILE} gone`,
    `stale explanation, a test kills it: ${FILE} Killed0`,
  ])
})

test('a mutant without result is a finding and counts neither way', () => {
  const verdict = judge([...many(9, 'Killed'), result('x', 'RuntimeError')], {}, {})
  assert.deepEqual(findingsOf(verdict), [`no result (RuntimeError): ${FILE} x`])
  assert.equal(scoreOf(verdict.rooms.storage), 100)
})

test('the text names survivors that nobody explained, and all of them where asked', () => {
  const explained = { [FILE]: { Survived0: 'the same by another way' } }
  const verdict = judge([...many(98, 'Killed'), ...many(2, 'Survived')], explained, {})
  const text: string = textOf(verdict)
  assert.match(text, /survived {2}Survived1-id src\/storage\/ring\.ts:1 Survived1\n/)
  assert.doesNotMatch(text, /Survived0/)
  assert.match(text, / 98\.0 % +98 +0 +2 +1 +0 {2}storage\//)
  assert.match(text, /1 survivors are neither killed nor explained$/)
  assert.match(textOf(verdict, { all: true }), /Survived0-id/)
  assert.match(textOf(judge(many(3, 'Killed'), {}, {})), /Nothing found\.$/)
})
