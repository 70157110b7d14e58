/** What waits to be sent for the first time: a host that closes sends it before (Connection.hasUnsent). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { established } from './endpoint.ts'

test('text that the window holds back waits; sent is sent, though nobody has acknowledged it', () => {
  const ep = established()
  assert.equal(ep.connection.hasUnsent, false)
  ep.inject({ win: 0 })
  ep.send('text')
  assert.equal(ep.connection.hasUnsent, true)
  ep.inject({ win: 100 })
  assert.equal(ep.connection.hasUnsent, false)
  assert.equal(ep.connection.queued, 4)
})

test('a FIN waits behind text that waits, and not once it was sent', () => {
  const ep = established()
  ep.inject({ win: 0 })
  ep.send('text')
  ep.close()
  assert.equal(ep.connection.hasUnsent, true)
  ep.inject({ win: 100 })
  assert.equal(ep.state, 'FIN-WAIT-1')
  assert.equal(ep.connection.hasUnsent, false)
})

test('nothing waits any more where the connection is gone', () => {
  const ep = established()
  ep.inject({ win: 0 })
  ep.send('text')
  ep.close()
  ep.abort()
  assert.equal(ep.state, 'CLOSED')
  assert.equal(ep.connection.hasUnsent, false)
})
