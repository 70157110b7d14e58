/** `elko read` with filters: tcpdump's behind the file, Wireshark's with -Y. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { snapped } from '../flows/snapped.ts'
import { elko, temporaryFolder } from './elko.ts'

/** A capture that Elko made itself: the classic connection. */
const folder = temporaryFolder()
const capture = join(folder, 'demo.pcapng')
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

test('of a header that was cut behind its ports these are there, as in tshark, and nothing else', () => {
  const rows = (file: string, ...filter: string[]): string[] => {
    const names = ['tcp.srcport', 'tcp.dstport', 'tcp.port', 'tcp.seq', 'tcp.stream', '_ws.col.Protocol']
    const fields = names.flatMap((name) => ['-e', name])
    const { code, stdout } = elko(['read', '-T', 'fields', ...fields, ...filter, file])
    assert.equal(code, 0)
    return stdout === '' ? [] : stdout.trimEnd().split('\n')
  }
  const file = (octetsOfTcp: number): string => {
    const path = join(folder, `${octetsOfTcp}.pcapng`)
    writeFileSync(
      path,
      snapped(readFileSync(capture), () => 20 + octetsOfTcp),
    )
    return path
  }
  const whole = rows(capture)
  const ports = whole.map((row) => [...row.split('\t').slice(0, 3), '', '', 'TCP'].join('\t'))
  for (const held of [4, 15]) {
    const cut = file(held)
    assert.deepEqual(rows(cut), ports)
    assert.deepEqual(rows(cut, '-Y', 'tcp'), ports)
    const [from] = ports[0]!.split('\t')
    const sent = ports.filter((row) => row.startsWith(`${from}\t`))
    assert.deepEqual(rows(cut, '-Y', `tcp.srcport == ${from}`), sent)
    assert.deepEqual(rows(cut, '-Y', 'tcp.flags || tcp.seq || tcp.stream'), [])
  }
  assert.deepEqual(rows(file(3), '-Y', 'tcp'), [])
  const frames = rows(file(3), '-Y', 'frame')
  assert.deepEqual(
    frames,
    whole.map(() => '\t\t\t\t\tIPv4'),
  )
})
