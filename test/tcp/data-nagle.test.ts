import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure, DEFAULT_CONFIG } from '../../src/tcp/config.ts'
import { established } from './endpoint.ts'

const MSS = 1000

test('SHLD-7: short segments wait while anything is outstanding, and then go together', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send('a')
  ep.expect({ text: 'a' })
  for (const letter of 'bcdef') ep.send(letter)
  ep.expectNothing()
  ep.inject().expect({ seq: 2, text: 'bcdef' })
})

test('SHLD-7: a full-sized segment does not wait', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send('a')
  ep.takeSent()
  ep.send(MSS - 1)
  ep.expectNothing()
  ep.send(2)
  ep.expect({ seq: 2, length: MSS })
  ep.expectNothing()
})

test('SHLD-7: with nothing outstanding the first short segment goes at once', () => {
  const ep = established()
  ep.send('a')
  ep.expect({ text: 'a' })
})

test('MUST-17: one connection switches it off, also later, and what waits goes at once', () => {
  const off = established({ nagle: false })
  for (const letter of 'abc') off.send(letter)
  assert.equal(off.takeSent().length, 3)
  const ep = established()
  ep.send('a')
  ep.send('b')
  assert.equal(ep.takeSent().length, 1)
  ep.connection.reconfigure(configure({ nagle: false }, ep.tcb.config))
  ep.expire()
  ep.expect({ text: 'b' })
})

test('Nagle does not hold the last short segment of a closed stream: it carries the FIN', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send(MSS + 1)
  assert.equal(ep.takeSent().length, 1)
  ep.close()
  ep.expect({ flags: 'FPA', seq: 1001, length: 1 })
})

test('MUST-60, MUST-61: PSH stands in the last segment of what was queued', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send(3 * MSS)
  assert.deepEqual(
    ep.takeSent().map((p) => p.flags),
    ['A', 'A', 'PA'],
  )
})

test('SHLD-27: successive pushes are collapsed into full-sized segments', () => {
  const ep = established({ peer: { mss: MSS } }).inject({ win: 0 })
  for (let i = 0; i < 30; i++) ep.send(100)
  ep.inject({ win: 60_000 })
  assert.deepEqual(
    ep.takeSent().map((p) => [p.length, p.flags.includes('P')]),
    [
      [1000, false],
      [1000, false],
      [1000, true],
    ],
  )
})

test('SHLD-27: PSH of a retransmission covers what is pushed within it', () => {
  const ep = established({ nagle: false, peer: { mss: MSS } })
  ep.send(100)
  ep.send(100)
  ep.takeSent()
  ep.advance(ep.untilTimeoutMs)
  ep.expect({ seq: 1, length: 200, flags: 'PA' })
})

test('SHLD-28: pushed or not, what fills segments goes in full-sized ones', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send(2500, { push: false })
  assert.deepEqual(
    ep.takeSent().map((p) => p.length),
    [1000, 1000],
  )
})

test('MAY-15, MAY-16: data without PUSH may wait for more', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send('one ', { push: false })
  ep.send('two ', { push: false })
  ep.expectNothing()
  ep.send('three')
  ep.expect({ text: 'one two three', flags: 'PA' })
})

test('MUST-60: but not for ever: the override timer lets them go', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send('one', { push: false })
  ep.advance(DEFAULT_CONFIG.overrideTimeoutMs - 1)
  ep.expectNothing()
  ep.advance(1)
  ep.expect({ text: 'one', flags: 'PA' })
  ep.inject()
  assert.equal(ep.untilTimeoutMs, Infinity)
})

test('MUST-60: the override timer stops when what waited was sent: Nagle holds what comes after', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send('one', { push: false })
  ep.advance(DEFAULT_CONFIG.overrideTimeoutMs - 50)
  ep.send('two')
  ep.expect({ text: 'onetwo' })
  ep.send('three')
  ep.advance(100)
  ep.expectNothing()
})

test('MUST-60: nor behind data that are outstanding: the timer starts when those are acknowledged', () => {
  const ep = established({ nagle: false, peer: { mss: MSS } })
  ep.send('one')
  ep.send('two', { push: false })
  ep.takeSent()
  ep.inject().expectNothing()
  ep.advance(DEFAULT_CONFIG.overrideTimeoutMs)
  ep.expect({ text: 'two' })
})

test('MUST-60: CLOSE pushes what waits', () => {
  const ep = established({ peer: { mss: MSS } })
  ep.send('one', { push: false })
  ep.close().expect({ flags: 'FPA', text: 'one' })
})

test('MAY-17: RECEIVE says where the sender pushed', async () => {
  const { received } = await import('../../src/tcp/user-calls.ts')
  const ep = established()
  ep.inject({ text: 'abc', flags: 'A' })
  ep.receive()
  assert.equal(received.push, false)
  ep.inject({ text: 'def', flags: 'PA' })
  ep.receive(2)
  assert.equal(received.push, false)
  ep.receive()
  assert.equal(received.push, true)
})

test('a thousand one-octet writes on a slow wire make few segments', () => {
  const ep = established({ peer: { mss: MSS } })
  for (let i = 0; i < 1000; i++) {
    ep.send('x')
    ep.advance(1)
    if (i % 100 === 99) ep.inject()
  }
  ep.inject()
  ep.inject()
  assert.ok(ep.takeSent().length <= 12)
  assert.equal(ep.tcb.snd.una, ep.tcb.snd.end)
})
