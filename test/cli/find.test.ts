/** `elko find`: text, octets and expressions in streams and in packets. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const capture = join(folder, 'data.pcapng')
assert.equal(elko(['sim', 'data-transfer', '--mss', '100', '--write', capture]).code, 0)
/** What the client sent. */
const client = join(folder, 'client.bin')
const flags = ['--stream', '0', '--side', 'client', '-o', client]
assert.equal(elko(['follow', ...flags, capture]).code, 0)
const sent = readFileSync(client)

interface Find {
  readonly stream: number
  readonly offset: number
  readonly frame: number
  readonly hex: string
}

const finds = (...args: string[]): Find[] => {
  const { stdout } = elko(['find', '--json', ...args, capture])
  return stdout === ''
    ? []
    : stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Find)
}

test('octets across the border of two segments, which no packet has by itself', () => {
  const border = sent.subarray(90, 110).toString('hex')
  const found = finds('--hex', border).find(({ offset }) => offset === 90)
  assert.deepEqual([found!.stream, found!.hex], [0, border])
  const inPackets = finds('--hex', '--packets', border).map(({ offset }) => offset)
  assert.ok(inPackets.length > 0 && !inPackets.includes(90))
})

test('an expression in slashes finds what the text of its match finds', () => {
  const text = sent.subarray(10, 20)
  const expression = [...text].map((octet) => `\\x${octet.toString(16).padStart(2, '0')}`).join('')
  assert.deepEqual(
    finds(`/${expression}/`).map(({ offset }) => offset),
    finds('--hex', text.toString('hex')).map(({ offset }) => offset),
  )
})

test('nothing found is exit code 1, a mistake 2', () => {
  assert.equal(elko(['find', 'this is nowhere', capture]).code, 1)
  const cases: [argv: string[], message: RegExp][] = [
    [[], /expected a pattern and a capture file/],
    [['x'], /expected a capture file/],
    [['--hex', 'abc', capture], /--hex: expected pairs of hexadecimal digits/],
    [['/(/', capture], /Invalid regular expression/],
    [['/a/y', capture], /expected flags among i, m and s, not "y"/],
  ]
  for (const [argv, message] of cases) {
    const { code, stderr } = elko(['find', ...argv])
    assert.equal(code, 2, argv.join(' '))
    assert.match(stderr, message)
  }
})
