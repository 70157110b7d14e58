/** Which end of a captured connection is the client: told by a SYN, guessed without one. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TcpFields } from '../../src/dissect/packet.ts'
import { ClientSide, senderIsClient } from '../../src/flows/client-side.ts'
import { ACK, RST, SYN } from '../../src/wire/segment.ts'

function header(flags: number, sourcePort: number, destinationPort: number): TcpFields {
  return Object.assign(new TcpFields(), { flags, sourcePort, destinationPort })
}

test('who sends a SYN is the client, whatever the ports; who answers one is not', () => {
  assert.equal(senderIsClient(header(SYN, 80, 50_000)), true)
  assert.equal(senderIsClient(header(SYN | ACK, 50_000, 80)), false)
})

test('without a SYN the higher port is the client; a reset alone comes from the server', () => {
  assert.equal(senderIsClient(header(ACK, 50_000, 80)), true)
  assert.equal(senderIsClient(header(ACK, 80, 50_000)), false)
  assert.equal(senderIsClient(header(ACK, 80, 80)), true)
  assert.equal(senderIsClient(header(RST | ACK, 50_000, 80)), false)
})

test('a guess holds until a SYN tells it, and what a SYN told holds', () => {
  const side = new ClientSide()
  side.packet(true, header(ACK, 80, 50_000))
  assert.deepEqual([side.isA, side.isSeen], [false, false])
  // Later packets without a SYN are no better.
  side.packet(false, header(ACK, 80, 50_000))
  assert.deepEqual([side.isA, side.isSeen], [false, false])
  side.packet(false, header(SYN | ACK, 50_000, 80))
  assert.deepEqual([side.isA, side.isSeen], [true, true])
  side.packet(false, header(SYN, 50_000, 80))
  assert.deepEqual([side.isA, side.isSeen], [true, true])
})
