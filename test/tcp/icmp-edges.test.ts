/** ICMP errors at the edges of what is believed. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoint, established } from './endpoint.ts'

/** `fragmentation-needed` about an outstanding segment: the path MTU afterwards. */
function mtuAfter(mtu: number, quoted: number, version: 4 | 6 = 4): number {
  const ep = established({ version })
  ep.send(1000)
  ep.takeSent()
  ep.connection.handleIcmp('fragmentation-needed', (ep.iss + 1) | 0, mtu, quoted)
  return ep.tcb.path.mtu
}

test('where nobody is connected an ICMP error has no receiver', () => {
  for (const ep of [new Endpoint(), new Endpoint().listen()]) {
    ep.connection.handleIcmp('port-unreachable', ep.tcb.snd.una, 0, 1500)
    assert.equal(ep.tcb.lastDrop, 'icmp-unhandled')
    assert.equal(ep.tcb.softError, null)
  }
})

test('RFC 1191 5: a router that names no MTU is taken to carry one octet less than was quoted, or than is believed', () => {
  assert.equal(mtuAfter(0, 1400), 1399)
  assert.equal(mtuAfter(0, 1600), 1499)
  assert.equal(mtuAfter(0, 1500), 1499)
  assert.equal(mtuAfter(0, 0), 552)
})

test('RFC 5927 7.2 (a): the MTU must be smaller than the path is believed to carry, and than what was quoted', () => {
  assert.equal(mtuAfter(1499, 1500), 1499)
  assert.equal(mtuAfter(1500, 1600), 1500)
  assert.equal(mtuAfter(1300, 1301), 1300)
  assert.equal(mtuAfter(1300, 1300), 1500)
  assert.equal(mtuAfter(1300, 0), 1300)
})

test('RFC 1191 3, RFC 8201 4: no path is believed to carry less than the least; who says so of IPv6 is not believed at all', () => {
  assert.equal(mtuAfter(552, 1500), 552)
  assert.equal(mtuAfter(551, 1500), 552)
  assert.equal(mtuAfter(1280, 1500, 6), 1280)
  assert.equal(mtuAfter(1279, 1500, 6), 1500)
  assert.equal(mtuAfter(0, 1500, 6), 1500)
})

test('MUST-18: what goes again because it was too big is not timed', () => {
  const ep = established()
  ep.send(1000)
  assert.ok(ep.tcb.timed.active)
  ep.connection.handleIcmp('fragmentation-needed', (ep.iss + 1) | 0, 600, 1500)
  assert.equal(ep.tcb.timed.active, false)
})
