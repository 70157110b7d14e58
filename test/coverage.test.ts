/** scripts/coverage.mjs: which lines count, and when it fails. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = new URL('../../', import.meta.url)
const { belowGate, codeLines, roomsOf, table } = await import(new URL('scripts/coverage.mjs', root).href)

const TEXT = [
  '/** A comment. */',
  "import { a } from './a.ts'",
  '',
  'export interface I {',
  '  x: number',
  '}',
  'type T = string |',
  '  number',
  '// Another.',
  'export function f(',
  '  x: number,',
  '): T {',
  '  if (x > 1) {',
  "    return 'a'",
  '  }',
  '  return [',
  '    x,',
  '  ][0]!',
  '}',
  'class C {',
  '  y: number',
  '  z = 1',
  '}',
].join('\n')

/** As c8 says it: one statement a line. */
function countsOf(file: string, idle: number[]): object {
  const statementMap: Record<string, object> = {}
  const s: Record<string, number> = {}
  TEXT.split('\n').forEach((_, at) => {
    statementMap[at] = { start: { line: at + 1, column: 0 } }
    s[at] = idle.includes(at + 1) ? 0 : 1
  })
  return { [fileURLToPath(new URL(`src/${file}`, root))]: { statementMap, s } }
}

test('a line counts where something on it exists at run time', () => {
  assert.deepEqual(codeLines(TEXT), [10, 11, 13, 14, 16, 17, 18, 20, 22])
})

test('lines of types, comments and brackets do not count as run; those that did not run are named', () => {
  const files = [{ file: 'tcp/a.ts', text: TEXT }]
  const [room] = roomsOf(files, countsOf('tcp/a.ts', [4, 5, 6, 9, 13, 14, 15, 18]))
  assert.deepEqual(room, { room: 'tcp', lines: 9, ran: 6, missed: ['tcp/a.ts: 13-14, 18'] })
})

test('a file that was never loaded did not run', () => {
  const [room] = roomsOf([{ file: 'tcp/a.ts', text: TEXT }], {})
  assert.deepEqual([room.lines, room.ran], [9, 0])
})

test('below 97 % it fails, and a room without code too', () => {
  const room = (name: string, ran: number) => ({ room: name, lines: 1000, ran, missed: [] })
  const good = [room('tcp', 970), room('storage', 1000), room('recovery', 999), room('cli', 1)]
  assert.deepEqual(belowGate(good), [])
  const bad = belowGate([room('tcp', 969), room('storage', 1000)])
  assert.deepEqual(bad, [
    'coverage of src/tcp: 96.90 % of its lines, at least 97 %',
    'coverage of src/recovery: it has no code',
  ])
  assert.match(table(good), /^tcp +1000 +970 +97\.00 % {2}at least 97$/m)
  assert.match(table(good), /^cli +1000 +1 +0\.10 %$/m)
})
