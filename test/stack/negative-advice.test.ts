import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Host, opened } from './host-harness.ts'

test('MUST-20: a connection that reaches R1 gives the IP layer negative advice, once until there is progress', () => {
  const host = new Host()
  const { connection, seq, ack } = opened(host, host.listen({ port: 80 }))
  connection.send(new Uint8Array(10))
  host.advance(700) // retransmitted twice: after 200 and 400 ms
  assert.equal(host.stack.negativeAdvice, 0)
  host.advance(60_000)
  assert.equal(host.stack.negativeAdvice, 1)
  host.inject({ seq, ack: ack + 10 })
  connection.send(new Uint8Array(10))
  host.advance(60_000)
  assert.equal(host.stack.negativeAdvice, 2)
})
