import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Endpoint, established } from './endpoint.ts'

const peer = { mss: 1000 }

describe('quickAcks', () => {
  test('so many text segments are acknowledged at once, then every second one', () => {
    const ep = established({ peer, quickAcks: 3 })
    for (let i = 0; i < 3; i++) ep.inject({ text: 100 }).expect({ flags: 'A', length: 0 })
    ep.inject({ text: 100 }).expectNothing()
    assert.deepEqual(ep.reasons.slice(-3), ['quick-ack', 'quick-ack', 'quick-ack'])
  })

  test('again after an idle RTO', () => {
    const ep = established({ peer, quickAcks: 1 })
    ep.inject({ text: 100 }).takeSent()
    ep.inject({ text: 100 }).expectNothing()
    ep.advance(2000).takeSent()
    ep.inject({ text: 100 }).expect({ length: 0 })
  })

  test('who answers at once lets the answer carry the acknowledgment', () => {
    const ep = established({ peer, quickAcks: 16 })
    ep.inject({ text: 100 }).takeSent()
    ep.send(10)
    ep.takeSent()
    ep.inject({ text: 100 }).expectNothing()
  })

  test('the default acknowledges nothing at once', () => {
    established({ peer }).inject({ text: 100 }).expectNothing()
  })

  test('acknowledgeQuickly: what waits goes at once, and what comes; or is delayed again', () => {
    const ep = established({ peer, quickAcks: 1 })
    ep.inject({ text: 100 }).takeSent()
    ep.inject({ text: 100 }).expectNothing()
    ep.connection.acknowledgeQuickly(true)
    ep.expire()
    ep.expect({ length: 0 })
    ep.connection.acknowledgeQuickly(false)
    ep.inject({ text: 100 }).expectNothing()
  })
})

describe('windowShift', () => {
  test('the shift of the option stands by itself; -1 is what the buffer needs', () => {
    const shift = (config: object) =>
      new Endpoint({ windowScaling: true, receiveBufferBytes: 200_000, ...config }).connect().expect().ws
    assert.deepEqual([shift({}), shift({ windowShift: 8 }), shift({ windowShift: 0 })], [2, 8, 0])
  })

  test('RFC 7323 2.4: with a coarse unit the right edge moves left by less than that', () => {
    const ep = established({
      windowScaling: true,
      windowShift: 8,
      receiveBufferBytes: 10_000,
      peer: { ...peer, ws: 0 },
    })
    let edge = 0
    for (let i = 0; i < 12; i++) {
      ep.inject({ text: 700 + i })
      ep.advance(50)
      for (const { ack, win } of ep.takeSent()) {
        const right = ack + (win << 8)
        assert.ok(right > edge - 256, `${right} after ${edge}`)
        edge = Math.max(edge, right)
      }
    }
  })
})
