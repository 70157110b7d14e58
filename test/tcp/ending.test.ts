/** What the control block keeps of its end, and of ICMP errors, for a diagnosis (tcp/ending.ts). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IcmpNote } from '../../src/tcp/ending.ts'
import { ESTABLISHED, LAST_ACK, SYN_SENT } from '../../src/tcp/state.ts'
import { IcmpMessage } from '../../src/wire/icmp.ts'
import { IpHeader, MAPPED_PREFIX } from '../../src/wire/ip-header.ts'
import { ACK, RST } from '../../src/wire/segment.ts'
import { type Endpoint, established } from './endpoint.ts'
import { reach } from './states.ts'

const VERSIONS = [4, 6] as const

/** The sender of an ICMP message: host `number` of the test's network. */
function icmpFrom(ep: Endpoint, number: number, type: number, code: number): [IpHeader, IcmpMessage] {
  const ip = new IpHeader()
  const isV4 = ep.version === 4
  ip.version = ep.version
  ip.src0 = isV4 ? 0 : 0x20010db8
  ip.src2 = isV4 ? MAPPED_PREFIX : 0
  ip.src3 = (isV4 ? 0x0a000000 : 0) + number
  const message = new IcmpMessage()
  message.version = ep.version
  message.type = type
  message.code = code
  return [ip, message]
}

test('a connection that lives keeps nothing of an end', () => {
  const ep = established()
  ep.inject({ text: 10 }).advance(500)
  assert.equal(ep.tcb.ending, null)
  assert.equal(ep.tcb.icmp, null)
})

for (const version of VERSIONS) {
  test(`the reset that ends a connection is kept as it came, and how things stood, IPv${version}`, () => {
    const ep = established({ version })
    ep.inject({ text: 'unread', ttl: 57 })
    ep.send('lost')
    ep.advance(10).inject({ flags: 'RA', win: 502, ttl: 63 })
    const { ending, receivedTtl } = ep.tcb
    assert.equal(receivedTtl, 57)
    assert.deepEqual(
      { ...ending },
      {
        state: ESTABLISHED,
        at: 10_000,
        unacknowledged: 4,
        unread: 6,
        segment: {
          flags: RST | ACK,
          seq: (ep.irs + 7) | 0,
          ack: (ep.iss + 5) | 0,
          window: 502,
          hasTimestamps: false,
          ttl: 63,
          identification: 0,
        },
      },
    )
    assert.equal(ep.receiveText(), 'unread')
  })

  test(`the reset that refuses a SYN is kept, IPv${version}`, () => {
    const { ep } = reach('SYN-SENT', { version })
    ep.inject({ flags: 'RA', seq: 0, ack: 1, win: 0 })
    assert.equal(ep.connection.closeReason, 'connection-refused')
    assert.equal(ep.tcb.ending?.state, SYN_SENT)
    assert.equal(ep.tcb.ending.segment?.window, 0)
    assert.equal(ep.tcb.receivedTtl, 0)
  })
}

test('resets that are not believed leave nothing behind', () => {
  const ep = established()
  ep.inject({ flags: 'R', seq: 100 }).expect({ flags: 'A' })
  assert.equal(ep.tcb.ending, null)
})

test('an end without a segment has none: a time-out, an abort, the acknowledgment of the last FIN', () => {
  const silent = established({ r2Ms: 10_000 })
  silent.send('x')
  silent.advance(60_000)
  assert.equal(silent.connection.closeReason, 'retransmission-limit')
  assert.deepEqual([silent.tcb.ending?.segment, silent.tcb.ending?.unacknowledged], [null, 1])

  const aborted = established()
  aborted.inject({ text: 3 }).abort()
  assert.deepEqual([aborted.tcb.ending?.segment, aborted.tcb.ending?.unread], [null, 3])

  const { ep } = reach('LAST-ACK')
  ep.inject({})
  assert.equal(ep.connection.closeReason, 'closed-normally')
  assert.deepEqual([ep.tcb.ending?.state, ep.tcb.ending?.segment], [LAST_ACK, null])
})

for (const version of VERSIONS) {
  test(`an ICMP error that is believed is kept with its sender, others are not, IPv${version}`, () => {
    const { ep } = reach('SYN-SENT', { version })
    const { connection, tcb } = ep
    connection.handleIcmp('host-unreachable', (ep.iss + 9) | 0, 0, 60, ...icmpFrom(ep, 9, 3, 1))
    assert.equal(tcb.icmp, null, 'it quotes what was never sent')
    connection.handleIcmp('source-quench', ep.iss, 0, 60, ...icmpFrom(ep, 9, 4, 0))
    assert.equal(tcb.icmp, null)
    connection.handleIcmp('other', ep.iss, 0, 60, ...icmpFrom(ep, 9, 3, 15))
    assert.equal(tcb.icmp, null, 'it asks nothing of TCP')
    const [ip, message] = icmpFrom(ep, 9, 3, 1)
    connection.handleIcmp('host-unreachable', ep.iss, 0, 60, ip, null)
    connection.handleIcmp('host-unreachable', ep.iss, 0, 60, null, message)
    assert.equal(tcb.icmp, null, 'nobody knows who sent what')

    ep.advance(5)
    connection.handleIcmp('host-unreachable', ep.iss, 0, 60, ...icmpFrom(ep, 9, 3, 1))
    const source = version === 4 ? '10.0.0.9' : '2001:db8::9'
    assert.deepEqual(tcb.icmp, { version, type: 3, code: 1, source, fromPeer: false, at: 5000 })

    connection.handleIcmp('port-unreachable', ep.iss, 0, 60, ...icmpFrom(ep, 2, 3, 3))
    assert.equal((tcb.icmp as IcmpNote | null)?.fromPeer, true)
    assert.deepEqual([tcb.ending?.state, tcb.ending?.segment], [SYN_SENT, null])
  })
}

test('a router is not taken for the other host, whichever word of its address differs', () => {
  for (const word of ['src0', 'src1', 'src2', 'src3'] as const) {
    const { ep } = reach('SYN-SENT', { version: 6 })
    const [ip, message] = icmpFrom(ep, 2, 1, 0)
    ip[word] ^= 1
    ep.connection.handleIcmp('network-unreachable', ep.iss, 0, 60, ip, message)
    assert.equal(ep.tcb.icmp?.fromPeer, false, word)
  }
})
