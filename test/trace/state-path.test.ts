import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statePaths, statePathText } from '../../src/trace/state-path.ts'
import { classic } from '../diagram/stories.ts'
import { Story } from '../diagram/story.ts'

test('seed 004: the states visited by each side of the classic connection', () => {
  const paths = new Map(statePaths(classic().events).map((path) => [path.host, statePathText(path)]))
  assert.equal(
    paths.get('client'),
    'CLOSED -> SYN-SENT -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> TIME-WAIT -> CLOSED',
  )
  assert.equal(
    paths.get('server'),
    'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSE-WAIT -> LAST-ACK -> CLOSED',
  )
})

test('connections of one host have a path each, with times and causes', () => {
  const story = new Story({})
  story.state('a', 'CLOSED', 'LISTEN', 'passive-open')
  story.connections = { a: 2 }
  story.now = 5
  story.state('a', 'CLOSED', 'SYN-SENT', 'active-open')
  assert.deepEqual(
    statePaths(story.events).map(({ connection, steps }) => ({ connection, steps })),
    [
      {
        connection: 1,
        steps: [
          { at: 0, state: 'CLOSED', cause: '' },
          { at: 0, state: 'LISTEN', cause: 'passive-open' },
        ],
      },
      {
        connection: 2,
        steps: [
          { at: 5, state: 'CLOSED', cause: '' },
          { at: 5, state: 'SYN-SENT', cause: 'active-open' },
        ],
      },
    ],
  )
})

test('a gap in the record is bridged by the state before the next change', () => {
  const story = new Story({})
  story.state('a', 'CLOSED', 'SYN-SENT')
  story.state('a', 'ESTABLISHED', 'FIN-WAIT-1')
  assert.equal(statePathText(statePaths(story.events)[0]!), 'CLOSED -> SYN-SENT -> ESTABLISHED -> FIN-WAIT-1')
  assert.deepEqual(statePaths([]), [])
})
