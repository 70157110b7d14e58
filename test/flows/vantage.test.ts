/** Where a capture was made: what its packets tell, each clue alone, and that no clue tells where it may be wrong. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldSum } from '../../src/bytes/checksum.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { CaptureRecord } from '../../src/capture/record.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { FlowRecorder } from '../../src/flows/flow-recorder.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import type { Vantage } from '../../src/trace/events.ts'
import {
  LINKTYPE_ETHERNET,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_RAW,
} from '../../src/wire/linktype.ts'
import { ACK, RST } from '../../src/wire/segment.ts'

/** Places in an IPv4 header, and in a TCP header. */
const [TTL, SOURCE, DESTINATION, FLAGS, CHECKSUM] = [8, 12, 16, 20 + 13, 20 + 16]

/** The packets of both ends, and what is done to each before it is captured. */
interface Wire {
  readonly linkType?: number
  /** Before the packet, and behind it, by whether the client sent it. */
  readonly around?: (isFromClient: boolean, packet: Uint8Array) => Uint8Array
  readonly change?: (packet: Uint8Array, isFromClient: boolean, k: number) => void
  readonly direction?: (isFromClient: boolean) => 'inbound' | 'outbound'
}

const packets = ((): Uint8Array[] => {
  const result = runScenario(findScenario('classic')!, {})
  const found: Uint8Array[] = []
  const reader = new CaptureReader((record) => {
    assert.equal(record.linkType, LINKTYPE_RAW)
    found.push(record.bytes.slice(record.start, record.start + record.length))
  })
  reader.readWhole(result.capture(result.hosts[0]!).octets)
  return found
})()
const clientsOctet = packets[0]![SOURCE + 3]!

function vantageOf({ linkType = LINKTYPE_RAW, around, change, direction }: Wire): Vantage | undefined {
  const flow = new FlowRecorder(100)
  const analysis = new SequenceAnalysis()
  const dissector = new Dissector((packet, tcp) => flow.packet(packet, tcp, analysis.analyze(packet, tcp)))
  for (const [k, original] of packets.entries()) {
    const isFromClient = original[SOURCE + 3] === clientsOctet
    const packet = original.slice()
    change?.(packet, isFromClient, k)
    const bytes = around?.(isFromClient, packet) ?? packet
    const record = new CaptureRecord()
    record.number = k + 1
    record.linkType = linkType
    record.bytes = bytes
    record.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    record.length = record.originalLength = bytes.length
    record.direction = direction?.(isFromClient) ?? null
    dissector.dissect(record)
  }
  const sent = flow.events.filter((event) => event.kind === 'sent')
  assert.equal(sent.length, packets.length)
  assert.ok(sent.slice(1).every(({ vantage }) => vantage === undefined))
  return sent[0]!.vantage
}

const placeOf = (wire: Wire): string => {
  const told = vantageOf(wire)
  return told === undefined
    ? 'nothing'
    : `${told.isNear ? 'near ' : ''}${told.at.join(' and ') || 'on the way'}`
}

const ttls =
  (client: number, server: number) =>
  (packet: Uint8Array, isFromClient: boolean): void => {
    packet[TTL] = isFromClient ? client : server
  }

test('the TTL: no router behind one side, behind both, behind none', () => {
  assert.equal(placeOf({ change: ttls(64, 63) }), 'near client')
  assert.equal(placeOf({ change: ttls(50, 128) }), 'near server')
  assert.equal(placeOf({ change: ttls(127, 250) }), 'on the way')
  assert.equal(placeOf({ change: ttls(64, 64) }), 'nothing')
  // 90 is too far below 128 and above 64.
  assert.equal(placeOf({ change: ttls(90, 64) }), 'nothing')
  assert.equal(
    vantageOf({ change: ttls(64, 126) })?.because,
    'by their TTL the packets of the client came over no router, those of the server over 2 routers',
  )
  // Who is refused sees no more of the server than a reset; one that came over no router may be a firewall's.
  const refused = (client: number, server: number) => (packet: Uint8Array, isFromClient: boolean) => {
    ttls(client, server)(packet, isFromClient)
    if (!isFromClient) packet[FLAGS] = RST | ACK
  }
  assert.equal(placeOf({ change: refused(64, 63) }), 'near client')
  assert.equal(placeOf({ change: refused(63, 64) }), 'nothing')
  // A middlebox speaks in the name of the server, now and then.
  const mixed = (packet: Uint8Array, isFromClient: boolean, k: number): void =>
    ttls(64, k === 1 ? 50 : 60)(packet, isFromClient)
  assert.equal(placeOf({ change: mixed }), 'nothing')
})

/** As Linux hands packets to a card that sums by itself: the field holds the sum of the pseudo-header. */
function unfinished(packet: Uint8Array): void {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
  let sum = 6 + packet.length - 20
  for (let at = SOURCE; at < 20; at += 2) sum += view.getUint16(at)
  view.setUint16(CHECKSUM, foldSum(sum))
}

test('checksums that are not filled in yet: one side has them, or both, as between virtual machines', () => {
  const atServer = (packet: Uint8Array, isFromClient: boolean): void => {
    ttls(64, 64)(packet, isFromClient)
    if (!isFromClient) unfinished(packet)
  }
  assert.equal(placeOf({ change: atServer }), 'server')
  const atBoth = (packet: Uint8Array, isFromClient: boolean): void => {
    atServer(packet, isFromClient)
    unfinished(packet)
  }
  assert.equal(placeOf({ change: atBoth }), 'nothing')
  // A router of virtual machines passes them on as they are: the TTL shows it.
  const routed = (packet: Uint8Array, isFromClient: boolean): void => {
    atServer(packet, isFromClient)
    ttls(64, 63)(packet, isFromClient)
  }
  assert.equal(placeOf({ change: routed }), 'near client')
})

const ethernet = (packet: Uint8Array, isFilled: boolean): Uint8Array => {
  const frame = new Uint8Array(isFilled ? Math.max(60, 14 + packet.length) : 14 + packet.length)
  frame.set([8, 0], 12)
  frame.set(packet, 14)
  return frame
}

test('short frames: filled up where they came over the wire', () => {
  const change = ttls(64, 64)
  const framed = (isFilled: (isFromClient: boolean) => boolean): Wire => ({
    linkType: LINKTYPE_ETHERNET,
    change,
    around: (isFromClient, packet) => ethernet(packet, isFilled(isFromClient)),
  })
  assert.equal(placeOf(framed((isFromClient) => !isFromClient)), 'client')
  assert.equal(placeOf(framed((isFromClient) => isFromClient)), 'server')
  assert.equal(placeOf(framed(() => true)), 'nothing')
  assert.equal(placeOf(framed(() => false)), 'nothing')
})

test('the direction: of cooked captures and of pcapng', () => {
  const change = ttls(64, 64)
  const cooked =
    (length: number, typeAt: number, protocolAt: number) => (isOut: boolean, packet: Uint8Array) => {
      const frame = new Uint8Array(length + packet.length)
      frame[typeAt] = isOut ? 4 : 0
      frame.set([8, 0], protocolAt)
      frame.set(packet, length)
      return frame
    }
  const v1 = cooked(16, 1, 14)
  assert.equal(placeOf({ linkType: LINKTYPE_LINUX_SLL, change, around: v1 }), 'client')
  const v2 = cooked(20, 10, 0)
  assert.equal(
    placeOf({ linkType: LINKTYPE_LINUX_SLL2, change, around: (is, packet) => v2(!is, packet) }),
    'server',
  )
  assert.equal(placeOf({ change, direction: (is) => (is ? 'outbound' : 'inbound') }), 'client')
  // A router's, of one of its lines.
  const routed = ttls(63, 64)
  assert.equal(placeOf({ change: routed, direction: (is) => (is ? 'outbound' : 'inbound') }), 'near server')
  assert.equal(placeOf({ change, direction: () => 'outbound' }), 'nothing')
})

test('loopback: both ends are one host', () => {
  const change = (packet: Uint8Array): void => {
    packet[SOURCE] = 127
    packet[DESTINATION] = 127
  }
  assert.equal(placeOf({ change }), 'client and server')
  // With one loopback address it is a capture that somebody has changed.
  const one = (packet: Uint8Array, isFromClient: boolean): void => {
    packet[isFromClient ? SOURCE : DESTINATION] = 127
  }
  assert.equal(placeOf({ change: one }), 'nothing')
})
