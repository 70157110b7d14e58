/** Where a burst ends (src/tcp/bursts.ts), seen by its PSH: RFC 9293 3.9.1.2 lets a sender set it wherever it likes. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Endpoint, type EndpointOptions, established } from './endpoint.ts'

const MSS = 1000

function bursting(options: EndpointOptions = {}, win = 60_000) {
  return established({ peer: { mss: MSS, win }, burstSegments: 2, ...options })
}

/** Segments sent since the last call, as '1000' and, with PSH, '1000P'. */
const pushed = (ep: ReturnType<typeof established>) =>
  ep.takeSent().map(({ flags, length }) => `${length}${flags.includes('P') ? 'P' : ''}`)

test('a burst ends without PSH where bursts are switched off in its midst, and none follows', () => {
  const ep = bursting()
  ep.connection.send(new Uint8Array(40_000))
  assert.ok(ep.connection.pollTransmit(new Uint8Array(1500)) > MSS)
  ep.connection.reconfigure({ ...ep.tcb.config, burstSegments: 0 })
  ep.expire()
  assert.deepEqual(pushed(ep), Array(9).fill('1000'))
})

test('a burst begins anew where bursts are switched on later, whatever other connections sent before', () => {
  bursting().send(40_000)
  const ep = bursting({ burstSegments: 0 })
  ep.send(1000)
  ep.connection.reconfigure({ ...ep.tcb.config, burstSegments: 2 })
  ep.inject().takeSent()
  ep.send(12_000)
  const half = ['1000', '1000', '1000', '1000', '1000P']
  assert.deepEqual(pushed(ep), [...half, ...half])
})

test('the longer the path, the shorter the burst: 64 KiB halved for each 512 us of the round trip', () => {
  for (const [rttMs, ends] of [
    [1, [5, 10]],
    [2.1, [4, 8, 10]],
    [3, [2, 4, 6, 8, 10]],
  ] as const) {
    const ep = new Endpoint({ burstSegments: 2 }).connect()
    ep.advance(rttMs).inject({ flags: 'SA', seq: 0, ack: 1, mss: MSS, win: 60_000 }).takeSent()
    ep.send(40_000)
    assert.deepEqual(
      pushed(ep).flatMap((one, i) => (one === '1000P' ? [i + 1] : [])),
      ends,
    )
  }
})

describe('the small segment behind full ones', () => {
  test('what the window cuts off waits, so the burst ends before it', () => {
    const ep = bursting({}, 2500)
    ep.send(10_000)
    assert.deepEqual(pushed(ep), ['1000', '1000P'])
  })

  test("SHLD-7: what Nagle's algorithm holds back is no part of the burst", () => {
    const ep = bursting()
    ep.send(2300)
    assert.deepEqual(pushed(ep), ['1000', '1000P'])
    ep.inject()
    assert.deepEqual(pushed(ep), ['300P'])
  })

  test('MUST-17: without Nagle it ends the burst', () => {
    const ep = bursting({ nagle: false })
    ep.send(2300)
    assert.deepEqual(pushed(ep), ['1000', '1000', '300P'])
  })
})

describe('records', () => {
  test('a burst ends where its record ends, and a short end of it waits for nobody', () => {
    const ep = bursting()
    // All in one event, so that the first burst sees what stands behind its record.
    ep.connection.send(new Uint8Array(2500), 0, 2500, { endOfRecord: true })
    ep.send(5000)
    assert.deepEqual(pushed(ep), ['1000', '1000', '500P', '1000', '1000', '1000', '1000', '1000P'])
  })

  test('a record of full segments ends its burst as well, though more could go', () => {
    const ep = bursting({ iss: 5_000_000 })
    ep.connection.send(new Uint8Array(3000), 0, 3000, { endOfRecord: true })
    ep.send(2000)
    assert.deepEqual(pushed(ep), ['1000', '1000', '1000P', '1000', '1000P'])
  })
})

test('RFC 5681 3.2 (4): in recovery a burst is as long as the inflated window allows', () => {
  const ep = bursting()
  ep.send(40_000)
  ep.inject({ ack: 1 }).inject({ ack: 1 }).inject({ ack: 1 }).takeSent()
  // 12 segments are out, cwnd is 5 and inflated by 3; seven more duplicates make room for three segments.
  ep.injectAll(...Array(7).fill({ ack: 1 }))
  assert.deepEqual(pushed(ep), ['1000', '1000', '1000P'])
})
