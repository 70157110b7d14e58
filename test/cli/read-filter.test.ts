/** `elko read` with filters: tcpdump's behind the file, Wireshark's with -Y. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { elko, temporaryFolder } from './elko.ts'

/** A capture that Elko made itself: the classic connection. */
const capture = join(temporaryFolder(), 'demo.pcapng')
assert.equal(elko(['sim', 'classic', '--write', capture]).code, 0)

const linesOf = (...argv: string[]): string[] => {
  const { code, stdout, stderr } = elko(['read', '-n', '-t', ...argv])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  return stdout.trimEnd().split('\n')
}

test('words behind the file are a filter as tcpdump has it', () => {
  const all = linesOf(capture)
  const some = linesOf(capture, 'tcp[tcpflags]', '&', 'tcp-syn', '!=', '0')
  assert.deepEqual(
    some,
    all.filter((line) => /Flags \[S/.test(line)),
  )
  assert.deepEqual(linesOf(capture, 'tcp[tcpflags] & tcp-syn != 0'), some)
})

test('-Y shows some of the packets, and their analysis knows the others', () => {
  const all = linesOf(capture)
  const some = linesOf('-Y', 'tcp.flags.syn == 0 && tcp.len > 0', capture)
  assert.ok(some.length > 0 && some.length < all.length)
  assert.ok(some.every((line) => all.includes(line) && !line.endsWith('length 0')))
  const rows = elko([
    'read',
    '-T',
    'fields',
    '-e',
    'frame.number',
    '-e',
    'tcp.seq',
    '-Y',
    'tcp.seq > 0',
    capture,
  ])
  assert.match(rows.stdout, /^\d+\t[1-9]/)
})

test('what is wrong with a filter is shown with its place, and is the exit code 2', () => {
  const wrong: [argv: string[], text: string][] = [
    [
      [capture, 'tcp', 'prt', '80'],
      'expected "and", "or" or the end, not "prt" (column 5)\n  tcp prt 80\n      ^',
    ],
    [['-Y', 'tcp.prt', capture], 'did you mean tcp.port? (column 1)\n  tcp.prt\n  ^'],
    [[capture, 'ether', 'broadcast'], 'not of packets of this link type'],
  ]
  for (const [argv, text] of wrong) {
    const { code, stderr } = elko(['read', ...argv])
    assert.equal(code, 2, stderr)
    assert.ok(stderr.includes(text), stderr)
  }
})
