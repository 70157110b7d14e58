import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure } from '../../src/tcp/config.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { Segment } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'
import { Endpoint, established } from './endpoint.ts'
import { buildPacket } from './segments.ts'

test('MUST-49: the TTL is configurable, one to 255, and stands in every packet', () => {
  for (const version of [4, 6] as const) {
    const ep = new Endpoint({ version, ttl: 7 })
    ep.connect().expect({ flags: 'S', ttl: 7 })
    ep.inject({ flags: 'SA', seq: 0, ack: 1 }).expect({ ttl: 7 })
    ep.abort().expect({ flags: 'R', ttl: 7 })
    new Endpoint({ version }).connect().expect({ ttl: 64 })
  }
  assert.throws(() => configure({ ttl: 0 }), RangeError)
  assert.throws(() => configure({ ttl: 256 }), RangeError)
})

test('MUST-48, SHLD-22: the DiffServ codepoint of a connection stands in every packet, the ECN bits are clear', () => {
  for (const version of [4, 6] as const) {
    const ep = established({ version, dscp: 46 })
    ep.send('x')
    ep.expect({ tos: 46 << 2 })
    ep.abort().expect({ flags: 'R', tos: 46 << 2 })
  }
})

test('SHLD-21: it can be changed while the connection lives', () => {
  const ep = established({ nagle: false })
  ep.send('x')
  ep.expect({ tos: 0 })
  ep.connection.reconfigure(configure({ dscp: 8 }, ep.tcb.config))
  ep.send('y')
  ep.expect({ tos: 8 << 2 })
})

test('MAY-9: the DiffServ field of the last segment received is passed up', () => {
  const ep = established()
  ep.inject({ text: 'x', tos: 0xb8 })
  assert.equal(ep.connection.status().receivedDiffServ, 46)
})

test('MUST-50: options of IP that we do not know are ignored: the segment behind them is received', () => {
  const ep = established()
  const seg = new Segment()
  seg.srcPort = 80
  seg.dstPort = 49152
  seg.flags = 0x18
  seg.seq = (ep.irs + 1) | 0
  seg.ack = (ep.iss + 1) | 0
  seg.window = 1000
  const text = Uint8Array.of(104, 105)
  const plain = buildPacket(4, seg, text)
  const options = [0x99, 8, 1, 2, 3, 4, 5, 6] // option 25 of the control class, with a length
  const packet = Uint8Array.of(...plain.slice(0, 20), ...options, ...plain.slice(20))
  packet[0] = 0x47
  packet[3] = packet.length
  packet[10] = packet[11] = 0
  let sum = 0
  for (let i = 0; i < 28; i += 2) sum += packet[i]! * 256 + packet[i + 1]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  packet[10] = (~sum >>> 8) & 255
  packet[11] = ~sum & 255
  const ip = new IpHeader()
  assert.equal(decodeIp(packet, 0, packet.length, ip), 'ok')
  assert.equal(decodeTcp(packet, ip, new Segment(), true), 'ok')
  ep.deliver(packet)
  assert.equal(ep.receiveText(), 'hi')
})
