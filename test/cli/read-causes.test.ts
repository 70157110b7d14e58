/** `elko read -e elko.analysis.cause`: Elko's own judgement beside Wireshark's, and where the two differ. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()

function rows(scenario: string, ...names: string[]): string[][] {
  const file = join(folder, `${scenario}.pcapng`)
  assert.equal(elko(['sim', scenario, '--write', file]).code, 0)
  const fields = names.flatMap((name) => ['-e', name])
  const { code, stdout } = elko(['read', '-T', 'fields', ...fields, file])
  assert.equal(code, 0)
  return stdout
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split('\t'))
}

test('a retransmission has its cause, its evidence, and the side of its loss', () => {
  const found = rows(
    'retransmission',
    'elko.analysis.cause',
    'elko.analysis.lost',
    'elko.analysis.evidence',
    'elko.analysis.original_frame',
  ).filter(([cause]) => cause !== '')
  assert.ok(found.length > 0)
  for (const [cause, lost, evidence, original] of found) {
    assert.equal(cause, 'timeout')
    assert.equal(lost, 'after')
    assert.match(evidence!, /nothing told of a loss/)
    assert.ok(Number(original) > 0)
  }
})

test('what Wireshark calls otherwise says so; where nothing came again, nothing is said', () => {
  const names = ['elko.analysis.cause', 'elko.analysis.differs', 'tcp.analysis.fast_retransmission']
  const fast = rows('fast-retransmit', ...names).filter(([cause]) => cause === 'fast-retransmit')
  assert.ok(fast.length > 0)
  for (const [, differs, flag] of fast) assert.equal(differs === '', flag === '1')
  for (const row of rows('classic', ...names)) assert.deepEqual(row, ['', '', ''])
})
