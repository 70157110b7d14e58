/** `elko states`: the picture and the tables of the state machine. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TRANSITIONS } from '../../src/tcp/state.ts'
import { STATE_NAMES } from '../../src/trace/states.ts'
import { elko, temporaryFolder } from './elko.ts'

test('the diagram, what each state waits for, both tables of steps and the paths of each side', () => {
  const { code, stdout, stderr } = elko(['states'])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  for (const state of STATE_NAMES) assert.ok(stdout.includes(state), state)
  assert.match(stdout, /What each state waits for/)
  assert.match(stdout, /^client +action +moves to +server +action +moves to$/m)
  const paths = [
    'CLOSED -> SYN-SENT -> ESTABLISHED',
    'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED',
    'CLOSED -> SYN-SENT -> SYN-RECEIVED -> ESTABLISHED',
    'ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> TIME-WAIT -> CLOSED',
    'ESTABLISHED -> CLOSE-WAIT -> LAST-ACK -> CLOSED',
    'ESTABLISHED -> FIN-WAIT-1 -> CLOSING -> TIME-WAIT -> CLOSED',
  ]
  for (const path of paths) assert.ok(stdout.includes(path), path)
  assert.doesNotMatch(stdout, /not in the table/)
})

test('--json has every transition of the machine and every state', () => {
  const data = JSON.parse(elko(['states', '--json']).stdout)
  assert.deepEqual(data.transitions, TRANSITIONS)
  assert.deepEqual(data.states.map(({ state }: { state: string }) => state).sort(), [...STATE_NAMES].sort())
  assert.ok(data.paths.every(({ possible }: { possible: boolean }) => possible))
})

test('--width and --ascii hold', () => {
  const { stdout } = elko(['states', '--width', '80', '--ascii'])
  assert.ok(stdout.split('\n').every((line) => line.length <= 80))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  assert.doesNotMatch(stdout, /[^\x00-\x7f]/)
})

const folder = temporaryFolder()

test('-o FILE.svg and .html: the diagram as a picture that needs nothing beside it', () => {
  for (const name of ['states.svg', 'states.html']) {
    const file = join(folder, name)
    const { code, stderr } = elko(['states', '-o', file])
    assert.equal(stderr, `Saved ${file}.\n`)
    assert.equal(code, 0)
    const text = readFileSync(file, 'utf8')
    for (const state of STATE_NAMES) assert.ok(text.includes(`>${state}<`), state)
    assert.doesNotMatch(text.replaceAll('http://www.w3.org/2000/svg', ''), /https?:|src=|<script/)
  }
})

test('with a scenario the way of each side, as text and as picture', () => {
  const { stdout } = elko(['states', 'simultaneous-close'])
  assert.match(stdout, /^ +4 +0\.190 s +FIN-WAIT-1 → CLOSING +rcv FIN; snd ACK$/m)
  assert.match(stdout, /^server: 7 steps$/m)
  assert.doesNotMatch(elko(['states', 'simultaneous-close', '--ascii']).stdout, /→/)
  const file = join(folder, 'way.svg')
  assert.equal(elko(['states', 'simultaneous-close', '-o', file]).code, 0)
  assert.match(readFileSync(file, 'utf8'), /FIN-WAIT-1 → CLOSING/)
  const { paths } = JSON.parse(elko(['states', 'simultaneous-close', '--json']).stdout)
  assert.deepEqual(
    paths.map(({ host, steps }: { host: string; steps: unknown[] }) => [host, steps.length]),
    [
      ['client', 7],
      ['server', 8],
    ],
  )
})

test('with a capture what its packets show of it', () => {
  const capture = join(folder, 'close.pcapng')
  assert.equal(elko(['sim', 'normal-close', '--write', capture]).code, 0)
  const { code, stdout } = elko(['states', capture])
  assert.equal(code, 0)
  assert.match(stdout, /FIN-WAIT-2 → TIME-WAIT/)
  assert.match(stdout, /CLOSE-WAIT → LAST-ACK/)
})

test('options of a source need one', () => {
  const { code, stderr } = elko(['states', '--seed', '4'])
  assert.equal(code, 2)
  assert.match(stderr, /--seed: expected a SOURCE/)
  assert.equal(elko(['states', '-o', 'states.gif']).code, 2)
})
