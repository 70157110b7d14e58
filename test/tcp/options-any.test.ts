import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeIp, ipHeaderLength } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { Segment } from '../../src/wire/segment.ts'
import { decodeTcp, TCP_CHECKSUM, tcpChecksum } from '../../src/wire/tcp.ts'
import { Endpoint, established } from './endpoint.ts'
import { buildPacket, bytesOf, flagsOf } from './segments.ts'

const UNKNOWN = [77, 6, 1, 2, 3, 4]
const NOP = 1
const EOL = 0

interface Given {
  readonly flags: string
  readonly seq: number
  readonly ack?: number
  readonly text?: string
}

/** A packet from the peer whose options are these octets, padded with zeros to a multiple of four. */
function packetWith(ep: Endpoint, options: readonly number[], given: Given): Uint8Array {
  const padded = [...options]
  while (padded.length % 4 !== 0) padded.push(EOL)
  const seg = new Segment()
  seg.srcPort = 80
  seg.dstPort = ep.tcb.path.localPort
  seg.flags = flagsOf(given.flags)
  seg.seq = (ep.irs + given.seq) | 0
  seg.ack = (ep.iss + (given.ack ?? 0)) | 0
  seg.window = 65_535
  const text = bytesOf(given.text ?? '')
  const packet = buildPacket(ep.version, seg, Uint8Array.of(...padded, ...text))
  // The options were built as text: now they are counted into the header.
  const tcpAt = ipHeaderLength(ep.version)
  packet[tcpAt + 12] = (packet[tcpAt + 12]! & 0x0f) | ((5 + padded.length / 4) << 4)
  const view = new DataView(packet.buffer, packet.byteOffset)
  view.setUint16(tcpAt + TCP_CHECKSUM, 0)
  const ip = new IpHeader()
  assert.equal(decodeIp(packet, 0, packet.length, ip), 'ok')
  view.setUint16(tcpAt + TCP_CHECKSUM, tcpChecksum(packet, ip, tcpAt, packet.length - tcpAt))
  return packet
}

test('MUST-5: options may stand in any segment: in SYN, text, FIN and RST', () => {
  for (const version of [4, 6] as const) {
    const ep = new Endpoint({ version })
    ep.connect()
    ep.deliver(packetWith(ep, [...UNKNOWN, 2, 4, 4, 0], { flags: 'SA', seq: 0, ack: 1 }))
    assert.equal(ep.state, 'ESTABLISHED')
    assert.equal(ep.tcb.mss, 1024)
    ep.deliver(packetWith(ep, UNKNOWN, { flags: 'PA', seq: 1, ack: 1, text: 'text' }))
    assert.equal(ep.receiveText(), 'text')
    ep.deliver(packetWith(ep, UNKNOWN, { flags: 'FA', seq: 5, ack: 1 }))
    assert.equal(ep.state, 'CLOSE-WAIT')
    ep.deliver(packetWith(ep, UNKNOWN, { flags: 'RA', seq: 6, ack: 1 }))
    assert.equal(ep.state, 'CLOSED')
  }
})

test('MUST-6, MUST-68: options that nobody knows are passed over without an error, those behind them count', () => {
  const ep = new Endpoint()
  ep.connect()
  const options = [254, 4, 1, 1, 99, 2, 150, 10, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4, 3, 0xe8]
  ep.deliver(packetWith(ep, options, { flags: 'SA', seq: 0, ack: 1 }))
  assert.equal(ep.tcb.mss, 1000)
})

test('MUST-4: End of Option List, No-Operation and MSS are supported', () => {
  const ep = new Endpoint()
  ep.connect()
  ep.deliver(packetWith(ep, [NOP, NOP, NOP, 2, 4, 3, 0xe8, EOL, 2, 4, 0, 1], { flags: 'SA', seq: 0, ack: 1 }))
  assert.equal(ep.tcb.mss, 1000, 'what stands behind the end of the list does not count')
})

test('MUST-64: options need not be aligned', () => {
  const ep = new Endpoint({ timestamps: true, windowScaling: true })
  ep.connect()
  const options = [NOP, 3, 3, 5, 8, 10, 0, 0, 3, 0xe8, 0, 0, 0, 0, NOP, 2, 4, 3, 0xe8]
  ep.deliver(packetWith(ep, options, { flags: 'SA', seq: 0, ack: 1 }))
  assert.deepEqual([ep.tcb.mss, ep.tcb.sndScale, ep.tcb.tsRecent, ep.tcb.timestamps], [988, 5, 1000, true])
})

test('MUST-7: an illegal length is a verdict of the decoder, so the connection never sees the segment', () => {
  for (const options of [
    [77, 0],
    [77, 1],
    [77, 40],
    [2, 3, 1],
    [2, 0, 1, 1],
  ]) {
    const ep = established()
    const packet = packetWith(ep, options, { flags: 'PA', seq: 1, ack: 1, text: 'text' })
    const ip = new IpHeader()
    assert.equal(decodeIp(packet, 0, packet.length, ip), 'ok')
    assert.equal(decodeTcp(packet, ip, new Segment(), true), 'tcp-option-length')
  }
})

test('MUST-69: our options are padded to a multiple of four octets, with nothing but zeros or NOP', () => {
  const ep = new Endpoint({ timestamps: true, windowScaling: true })
  const seen: Uint8Array[] = []
  ep.carrier = (bytes) => seen.push(bytes)
  ep.connect()
  const packet = seen[0]!
  const headerLength = (packet[20 + 12]! >>> 4) * 4
  const options = [...packet.slice(40, 20 + headerLength)]
  assert.equal(options.length % 4, 0)
  const kinds = []
  for (let at = 0; at < options.length; at += options[at]! <= 1 ? 1 : options[at + 1]!)
    kinds.push(options[at])
  const end = kinds.indexOf(EOL)
  assert.ok(end < 0 || kinds.slice(end).every((kind) => kind === EOL))
  assert.deepEqual(
    kinds.filter((kind) => kind! > NOP).sort((a, b) => a! - b!),
    [2, 3, 8],
  )
})
