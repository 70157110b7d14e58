import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../property.ts'
import { established, patternOf } from './endpoint.ts'

/** A piece of the stream, and how far it reaches. */
const piece = fc.record({
  from: fc.integer({ min: 0, max: 400 }),
  length: fc.integer({ min: 1, max: 120 }),
  pushed: fc.boolean(),
})

test('SHLD-31: any segmentation, order, duplication and overlap delivers the same octets', () => {
  const property = fc.property(
    fc.array(piece, { maxLength: 60 }),
    fc.constantFrom(-200, 0x7fff_ff00, 5),
    fc.boolean(),
    fc.boolean(),
    (pieces, irs, reads, fin) => {
      const ep = established({ irs })
      const arrived = new Set<number>()
      const got: number[] = []
      let next = 0
      const take = (from: number, length: number, flags: string) => {
        ep.inject({ seq: 1 + from, text: length, flags })
        for (let i = from; i < from + length; i++) arrived.add(i)
        while (arrived.has(next)) next++
        assert.equal((ep.tcb.rcv.nxt - ep.irs - 1) | 0, next, 'RCV.NXT is the first octet missing')
        if (reads) got.push(...ep.receive(50))
      }
      for (const { from, length, pushed } of pieces) take(from, length, pushed ? 'PA' : 'A')
      if (fin) ep.inject({ seq: 1 + 520, flags: 'FA' })
      assert.equal(ep.state, 'ESTABLISHED', 'a FIN beyond a gap does not count yet')
      // What is missing comes at last, in pieces of 97.
      for (let from = 0; from < 520; from += 97) ep.inject({ seq: 1 + from, text: Math.min(97, 520 - from) })
      got.push(...ep.receive())
      assert.deepEqual(Uint8Array.from(got), patternOf(1, 520))
      assert.equal(ep.state, fin ? 'CLOSE-WAIT' : 'ESTABLISHED')
      ep.advance(500)
      assert.equal(ep.takeSent().at(-1)!.ack, fin ? 522 : 521)
    },
  )
  fc.assert(property, { numRuns: 300 })
})

test('RFC 9293 3.10.7.4: a segment that overlaps with new octets brings exactly those', () => {
  const ep = established()
  ep.inject({ seq: 1, text: 'abcde' })
  ep.inject({ seq: 3, text: 'CDEfgh' })
  assert.equal(ep.receiveText(), 'abcdefgh')
})

test('RFC 9293 3.10.7.4: octets that lie beyond a gap are not overwritten by a later copy', () => {
  const ep = established()
  ep.inject({ seq: 4, text: 'def' })
  ep.inject({ seq: 3, text: 'cDEFg' })
  ep.inject({ seq: 1, text: 'ab' })
  assert.equal(ep.receiveText(), 'abcdefg')
})

test('two swapped segments: the second waits, the first releases both', () => {
  const ep = established()
  ep.inject({ seq: 6, text: 'world' })
  ep.expect({ flags: 'A', ack: 1 })
  assert.equal(ep.receive().length, 0)
  ep.inject({ seq: 1, text: 'hello' })
  ep.expect({ flags: 'A', ack: 11 })
  assert.equal(ep.receiveText(), 'helloworld')
})

test('a FIN that overtakes the text counts when the text is here, and not before', () => {
  const ep = established()
  ep.inject({ seq: 6, text: 'world', flags: 'FPA' })
  ep.expect({ ack: 1 })
  assert.equal(ep.state, 'ESTABLISHED')
  ep.inject({ seq: 1, text: 'hello' })
  ep.expect({ ack: 12 })
  assert.equal(ep.state, 'CLOSE-WAIT')
  assert.equal(ep.receiveText(), 'helloworld')
  assert.equal(ep.connection.atEndOfStream, true)
})

test('octets behind a FIN are refused, and those before it kept', () => {
  const ep = established()
  ep.inject({ seq: 4, flags: 'FA' })
  ep.inject({ seq: 1, text: 'abcdef' })
  assert.equal(ep.state, 'CLOSE-WAIT')
  assert.equal(ep.receiveText(), 'abc')
})

test('SHLD-31: a full reassembly queue drops what would need another range, never what is in order', () => {
  const ep = established({ reassemblyRanges: 3 })
  for (let i = 1; i <= 6; i++) ep.inject({ seq: 1 + i * 20, text: 10 })
  assert.equal(ep.tcb.receiveBuffer.rangeCount, 3)
  assert.equal(ep.tcb.lastDrop, 'reassembly-full')
  for (let from = 0; from < 130; from += 10) ep.inject({ seq: 1 + from, text: 10 })
  assert.deepEqual(ep.receive(), patternOf(1, 130))
})

test('MUST-59: all segments that wait are processed before an acknowledgment is sent', () => {
  const ep = established()
  ep.injectAll({ seq: 1, text: 100 }, { seq: 101, text: 100 }, { seq: 201, text: 100 })
  ep.advance(500)
  ep.expect({ flags: 'A', ack: 301 })
  ep.expectNothing()
})

test('MUST-59: a gap that is filled in the same batch leaves one acknowledgment, no duplicates of the new number', () => {
  const ep = established()
  ep.send(3000)
  ep.takeSent()
  ep.injectAll(
    { seq: 101, text: 100, ack: 1 },
    { seq: 201, text: 100, ack: 1 },
    { seq: 301, text: 100, ack: 1 },
    { seq: 401, text: 100, ack: 1 },
    { seq: 1, text: 100, ack: 1 },
  )
  ep.expect({ flags: 'A', ack: 501 })
  ep.expectNothing()
})

test('text is taken in FIN-WAIT-1 and FIN-WAIT-2 as in ESTABLISHED', () => {
  const ep = established()
  ep.close()
  ep.inject({ text: 'one', ack: 1 })
  ep.inject({ text: 'two' })
  assert.equal(ep.state, 'FIN-WAIT-2')
  ep.inject({ text: 'three' })
  assert.equal(ep.receiveText(), 'onetwothree')
})
