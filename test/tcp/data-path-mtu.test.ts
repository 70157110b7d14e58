import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { IcmpMeaning } from '../../src/wire/icmp.ts'
import { type Endpoint, type EndpointOptions, established } from './endpoint.ts'

function out(options: EndpointOptions = {}, segments = 10): Endpoint {
  const ep = established({ windowScaling: true, ...options, peer: { mss: 8960, ws: 7 } })
  ep.inject()
  ep.send(60_000)
  assert.equal(ep.takeSent().length, segments)
  return ep
}

/** An ICMP error about the segment sent with `seq`. */
function icmp(ep: Endpoint, meaning: IcmpMeaning, seq: number, mtu: number, quoted = 1500): void {
  ep.connection.handleIcmp(meaning, (ep.iss + seq) | 0, mtu, quoted)
  ep.expire()
}

test('RFC 1191 3: every packet forbids fragmentation, and the MTU that a router names is taken', () => {
  for (const version of [4, 6] as const) {
    const ep = out({ version })
    icmp(ep, 'fragmentation-needed', 1, 1300)
    const length = 1300 - (version === 4 ? 40 : 60)
    const again = ep.takeSent()
    assert.equal(again[0]!.seq, 1)
    assert.ok(again.every((p) => p.length <= length))
    assert.equal(again[0]!.length, length)
    assert.equal(ep.tcb.path.mtu, 1300)
  }
})

test('RFC 1191 6.5, RFC 5681 3.1 (e): what is outstanding goes again at once; the window keeps its segments', () => {
  const ep = out()
  const { ssthresh } = ep.tcb.congestion
  icmp(ep, 'fragmentation-needed', 1, 1000)
  const again = ep.takeSent()
  assert.ok(again.length >= 10)
  assert.deepEqual([ep.tcb.congestion.cwnd, ep.tcb.congestion.ssthresh], [10 * ep.tcb.mss, ssthresh])
  // The others of the flight met the same router.
  icmp(ep, 'fragmentation-needed', 1461, 1000)
  icmp(ep, 'fragmentation-needed', 2921, 1000)
  ep.expectNothing()
})

test('RFC 1191 3: an MTU below what every IPv4 path carries is raised to that', () => {
  const ep = out({ version: 4 })
  icmp(ep, 'fragmentation-needed', 1, 68)
  assert.equal(ep.tcb.path.mtu, 552)
})

test('RFC 8201 4: an MTU below what every IPv6 link carries is not believed', () => {
  const ep = out({ version: 6 })
  icmp(ep, 'fragmentation-needed', 1, 1279)
  ep.expectNothing()
  assert.equal(ep.tcb.path.mtu, 1500)
  icmp(ep, 'fragmentation-needed', 1, 1280)
  assert.equal(ep.tcb.path.mtu, 1280)
})

test('RFC 5927 7.2 (a): an MTU that is no smaller than the packet quoted is a lie', () => {
  const ep = out()
  icmp(ep, 'fragmentation-needed', 1, 1500)
  icmp(ep, 'fragmentation-needed', 1, 1200, 600)
  icmp(ep, 'fragmentation-needed', 1, 9000)
  ep.expectNothing()
  assert.equal(ep.tcb.path.mtu, 1500)
})

test('RFC 1191 5: a router that names no MTU is answered with a smaller packet', () => {
  const ep = out()
  icmp(ep, 'fragmentation-needed', 1, 0, 1500)
  assert.ok(ep.tcb.path.mtu < 1500)
  assert.ok(ep.takeSent().every((p) => p.length < 1460))
})

test('RFC 5927 4.1: an error that quotes nothing outstanding is not believed', () => {
  const ep = out()
  for (const seq of [0, -1000, 100_001]) icmp(ep, 'fragmentation-needed', seq, 600)
  assert.equal(ep.tcb.path.mtu, 1500)
  assert.equal(ep.tcb.lastDrop, 'icmp-out-of-window')
  ep.inject()
  ep.takeSent()
  icmp(ep, 'fragmentation-needed', 1, 600)
  assert.equal(ep.tcb.path.mtu, 1500, 'nor one about what was acknowledged')
})

test('RFC 2923 2.1: a black hole is suspected when full-sized segments vanish again and again', () => {
  for (const [version, length] of [
    [4, 536],
    [6, 1220],
  ] as const) {
    const ep = out({ version })
    const lengths = []
    for (let i = 0; i < 4; i++) {
      ep.advance(ep.untilTimeoutMs)
      lengths.push(ep.takeSent().at(-1)!.length)
    }
    assert.equal(lengths[0], version === 4 ? 1460 : 1440)
    assert.equal(lengths.at(-1), length)
    assert.equal(ep.tcb.congestion.cwnd, length, 'the window counts in the new size')
    ep.inject({ ack: 1 + length })
    assert.equal(ep.tcb.snd.una, (ep.iss + 1 + length) | 0)
  }
})

test('RFC 2923 2.1: not where the segments that vanish are small, nor where it is switched off', () => {
  const small = established()
  small.send('small')
  const off = out({ blackHoleDetection: false })
  for (const ep of [small, off]) {
    for (let i = 0; i < 6; i++) ep.advance(ep.untilTimeoutMs)
    assert.equal(ep.tcb.path.mtu, 1500)
  }
})

test('a smaller MTU in the middle of fast recovery loses nothing', () => {
  const ep = out()
  for (let i = 0; i < 4; i++) ep.inject({ ack: 1 })
  icmp(ep, 'fragmentation-needed', 1, 700)
  const arrived = new Set<number>()
  let una = 1
  for (let round = 0; round < 300 && una < 60_001; round++) {
    for (const p of ep.takeSent())
      for (let i = 0; i < p.length; i++) if (p.length <= 660) arrived.add(p.seq + i)
    while (arrived.has(una)) una++
    ep.inject({ ack: una })
    if (ep.sent.length === 0 && una < 60_001) ep.advance(ep.untilTimeoutMs)
  }
  assert.equal(una, 60_001)
})
