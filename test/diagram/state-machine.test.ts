import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stateArt } from '../../src/diagram/state-art.ts'
import { stateMachine, stateMachineData, statePathLines } from '../../src/diagram/state-machine.ts'
import { STATE_WAITS, VISITED_PATHS, WALKS } from '../../src/diagram/state-words.ts'
import { statePaths } from '../../src/trace/state-path.ts'
import { STATE_NAMES, type Transition } from '../../src/trace/states.ts'
import { assertGolden, longestLine } from './golden.ts'
import { classic } from './stories.ts'
import { FIGURE_5 } from './transitions.ts'

const PLAIN = { ascii: false, color: false }

test('the state machine is printed as it was looked at', () => {
  assertGolden('states', stateMachine(FIGURE_5))
  assertGolden('states-80-ascii', stateMachine(FIGURE_5, { width: 80, ascii: true }))
  assert.ok(longestLine(stateMachine(FIGURE_5)) <= 100)
  const narrow = stateMachine(FIGURE_5, { width: 80, ascii: true })
  assert.ok(longestLine(narrow) <= 80)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what ASCII means.
  assert.match(narrow, /^[\x00-\x7f]*$/)
})

test('RFC 9293 3.3.2: all eleven states stand in the picture and in the table of what they wait for', () => {
  const { text } = stateArt(FIGURE_5, PLAIN)
  assert.equal(STATE_NAMES.length, 11)
  assert.equal(new Set(STATE_NAMES).size, 11)
  const all = stateMachine(FIGURE_5)
  for (const state of STATE_NAMES) {
    assert.ok(text.includes(state), state)
    assert.ok(all.replace(/\s+/g, ' ').includes(`${state} ${STATE_WAITS[state]}`), state)
  }
})

test('RFC 9293 figure 5: every arrow of it is drawn, with its event and its action', () => {
  const { text, drawn } = stateArt(FIGURE_5, PLAIN)
  const pairs = new Set([...drawn].map(({ from, to }) => `${from} ${to}`))
  for (const { from, to } of FIGURE_5) {
    const alsoBeyondTheFigure = to === 'CLOSED' && (from === 'SYN-RECEIVED' || from === 'ESTABLISHED')
    assert.equal(pairs.has(`${from} ${to}`), !alsoBeyondTheFigure, `${from} -> ${to}`)
  }
  assert.equal(drawn.size, 21)
  assert.equal(heads(text), 21)
  const words = text.replace(/[^\w,]+/g, ' ')
  for (const { event, action } of drawn) {
    for (const word of `${event} ${action}`.split(' ')) assert.ok(words.includes(word), word)
  }
})

test('every transition of the table is listed, the drawn ones with a star', () => {
  const lines = stateMachine(FIGURE_5, { width: 200 }).split('\n')
  const { drawn } = stateArt(FIGURE_5, PLAIN)
  FIGURE_5.forEach((transition, index) => {
    const { from, to, event, action, cause } = transition
    const line = lines.find((text) => text.startsWith(`(${index + 1}) `))!.replace(/\s+/g, ' ')
    const star = drawn.has(transition) ? '* ' : ''
    assert.equal(line, `(${index + 1}) ${star}${from} ${event} ${action || '-'} ${to} ${cause}`)
  })
})

test('an arrow without a transition is not drawn; a label that does not fit is a number of the list', () => {
  const one: Transition[] = [
    { from: 'LISTEN', to: 'SYN-RECEIVED', cause: 'c', event: 'rcv SYN', action: 'snd SYN,ACK' },
  ]
  assert.equal(heads(stateArt(one, PLAIN).text), 1)
  assert.equal(heads(stateArt([], PLAIN).text), 0)
  const long = one.map((row) => ({
    ...row,
    event: 'a segment with the SYN bit and much else besides arrives',
  }))
  assert.match(stateArt(long, PLAIN).text, /\(1\)/)
  assert.match(stateMachine(long, { width: 80 }).replace(/\s+/g, ' '), /much else/)
})

test('seeds 003 and 004: each step of the tables and of the paths is a transition of figure 5', () => {
  const steps = new Set(FIGURE_5.map(({ from, to }) => `${from} ${to}`))
  for (const walk of WALKS) {
    for (const side of ['client', 'server'] as const) {
      walk.rows.forEach((row, index) => {
        const { state, to } = row[side]
        if (to !== null) assert.ok(steps.has(`${state} ${to}`), `${state} -> ${to}`)
        const next = walk.rows[index + 1]
        if (next !== undefined) assert.equal(next[side].state, to ?? state)
      })
    }
  }
  assert.ok(stateMachineData(FIGURE_5).paths.every(({ possible }) => possible))
  assert.ok(stateMachineData([]).paths.every(({ possible }) => !possible))
  assert.equal(VISITED_PATHS.length, 6)
})

test('the data survives JSON', () => {
  const data = stateMachineData(FIGURE_5)
  assert.deepEqual(JSON.parse(JSON.stringify(data)), data)
  assert.equal(data.transitions.length, FIGURE_5.length)
  assert.equal(data.states.length, 11)
})

test('the paths of a run are lines with the host in front', () => {
  const lines = statePathLines(statePaths(classic().events))
  assert.deepEqual(lines, [
    'server  CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSE-WAIT -> LAST-ACK -> CLOSED',
    'client  CLOSED -> SYN-SENT -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> TIME-WAIT -> CLOSED',
  ])
})

function heads(text: string): number {
  return [...text].filter((character) => '▲▼◀▶'.includes(character)).length
}
