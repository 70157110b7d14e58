import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '../property.ts'
import { Endpoint, established } from './endpoint.ts'

test('MUST-14, SHLD-5, MAY-3: every SYN and SYN-ACK carries the MSS option', () => {
  for (const version of [4, 6] as const) {
    const active = new Endpoint({ version })
    active.connect().expect({ flags: 'S', mss: version === 4 ? 1460 : 1440 })
    const passive = new Endpoint({ version })
    passive.listen().inject({ flags: 'S', seq: 0, mss: 500 })
    passive.expect({ flags: 'SA', mss: version === 4 ? 1460 : 1440 })
    const plain = new Endpoint({ version, mtu: version === 4 ? 576 : 1280 })
    plain.connect().expect({ mss: version === 4 ? 536 : 1220 })
  }
})

test('MUST-14: the option of the other side is understood, on its SYN and on its SYN-ACK', () => {
  for (const passive of [true, false]) {
    const ep = established({ passive, peer: { mss: 700 } })
    ep.send(2000)
    ep.expect({ length: 700 })
  }
})

test('MUST-65: no other segment carries it', () => {
  const ep = established()
  ep.send('text')
  ep.inject({ text: 100, flags: 'PA' })
  ep.advance(100)
  ep.close()
  ep.inject({ flags: 'FA' })
  assert.ok(ep.takeSent().every((p) => p.mss === -1))
})

test('MUST-67: what is offered is what the link can receive, whatever the path to the peer carries', () => {
  for (const mtu of [68, 576, 1500, 9000, 65_535]) {
    const ep = new Endpoint({ mtu })
    ep.tcb.path.mtu = Math.min(mtu, 600)
    ep.connect().expect({ mss: mtu - 40 })
  }
})

test('SHLD-6: where the size of packets varies, the least that the link takes is offered', () => {
  const ep = new Endpoint()
  ep.tcb.path.mmsr = 1280
  ep.connect().expect({ mss: 1240 })
})

test('MUST-15: a peer without the option gets segments of 536 octets over IPv4, 1220 over IPv6', () => {
  for (const [version, mss] of [
    [4, 536],
    [6, 1220],
  ] as const) {
    for (const passive of [true, false]) {
      const ep = established({ version, passive, peer: { mss: -1 } })
      ep.send(3000)
      ep.expect({ length: mss })
    }
  }
})

test('MUST-16: segments are as long as the peer takes or the link carries, whichever is less', () => {
  const property = fc.property(
    fc.integer({ min: 48, max: 9000 }),
    fc.integer({ min: 576, max: 9000 }),
    fc.constantFrom(4 as const, 6 as const),
    fc.boolean(),
    (mss, mtu, version, timestamps) => {
      const peer = timestamps ? { mss, ts: [1, 0] as const } : { mss }
      const ep = established({ version, mtu, timestamps, peer })
      ep.send(20_000)
      const carried = mtu - (version === 4 ? 40 : 60)
      const length = Math.min(mss, carried) - (timestamps ? 12 : 0)
      assert.equal(ep.expect().length, length)
    },
  )
  fc.assert(property, { numRuns: 100 })
})

test('RFC 6691 2: options take their room from the text, not from the MSS that is offered', () => {
  const ep = established({ timestamps: true, peer: { mss: 1460, ts: [1, 0] } })
  ep.send(5000)
  ep.expect({ length: 1448 })
})

test('MUST-16: mssLimit bounds what is offered and what is sent', () => {
  const ep = new Endpoint({ mssLimit: 700 })
  ep.connect().expect({ mss: 700 })
  ep.inject({ flags: 'SA', seq: 0, ack: 1, mss: 1460 })
  ep.takeSent()
  ep.send(3000)
  ep.expect({ length: 700 })
})

test('MUST-16: a small limit or link is kept to, however small', () => {
  for (const options of [{ mssLimit: 10 }, { mtu: 50 }]) {
    const ep = established(options)
    ep.send(100)
    ep.expect({ length: 10 })
  }
})

test('MUST-16: a peer cannot force segments below mssMinimum on us, the defence against tiny segments', () => {
  for (const mss of [0, 1, 47]) {
    const ep = established({ peer: { mss } })
    ep.send(1000)
    ep.expect({ length: 48 })
  }
})

test('RFC 9293 3.7.1: the option in a segment other than SYN changes nothing', () => {
  const ep = established()
  ep.inject({ mss: 100, text: 10 })
  ep.send(3000)
  ep.expect({ length: 1460 })
})
