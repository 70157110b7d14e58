/** `elko stats`: the numbers of tshark -z io,stat, and sums that hold. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { lacksTshark } from '../tshark.ts'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const capture = join(folder, 'slow.pcapng')
assert.equal(elko(['sim', 'slow-start', '--write', capture]).code, 0)

const rows = (...args: string[]): Record<string, number>[] =>
  elko(['stats', ...args, '--json', capture])
    .stdout.trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, number>)

test('io has the numbers of tshark -z io,stat', { skip: lacksTshark }, () => {
  const { stdout } = spawnSync('tshark', ['-q', '-r', capture, '-z', 'io,stat,0.05'], { encoding: 'utf8' })
  const theirs = stdout
    .split('\n')
    .filter((line) => line.includes('<>'))
    .map((line) => line.split('|').slice(2, 4).map(Number))
  const ours = rows('io', '--interval', '0.05').map(({ frames, bytes }) => [frames, bytes])
  assert.ok(theirs.length > 3)
  assert.deepEqual(ours, theirs)
})

test('every table counts every frame', () => {
  const all = elko(['read', '-T', 'fields', '-e', 'frame.number', capture])
    .stdout.trimEnd()
    .split('\n').length
  const sum = (table: readonly Record<string, number>[], name: string): number =>
    table.reduce((total, row) => total + row[name]!, 0)
  assert.equal(sum(rows('io'), 'frames'), all)
  assert.equal(sum(rows('lengths'), 'frames'), all)
  assert.equal(sum(rows('endpoints'), 'sentFrames'), all)
  assert.equal(sum(rows('endpoints'), 'receivedFrames'), all)
})

test('mistakes of the command line are named', () => {
  const cases: [argv: string[], message: RegExp][] = [
    [[], /expected one of io, .*, found nothing/],
    [['ios', capture], /expected one of io, .*, found "ios"/],
    [['io'], /expected a capture file/],
    [['io', '--interval', '0', capture], /--interval: expected seconds from/],
    [['lengths', '--interval', '1', capture], /--interval: only with io/],
  ]
  for (const [argv, message] of cases) {
    const { code, stderr } = elko(['stats', ...argv])
    assert.equal(code, 2, argv.join(' '))
    assert.match(stderr, message)
  }
})

test('expert sums up what is remarkable, by severity', () => {
  const { code, stdout } = elko(['stats', 'expert', capture])
  assert.equal(code, 0)
  assert.match(stdout, /^Chats \(\d+\)$/m)
  assert.match(stdout, /Connection establish request \(SYN\)/)
  const counts = rows('expert') as unknown as { severity: string; packets: number }[]
  assert.ok(counts.some(({ severity, packets }) => severity === 'chat' && packets > 0))
})
