/** `elko states`: the picture and the tables of the state machine. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TRANSITIONS } from '../../src/tcp/state.ts'
import { STATE_NAMES } from '../../src/trace/states.ts'
import { elko } from './elko.ts'

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
