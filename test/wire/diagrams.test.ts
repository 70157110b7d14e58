import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as icmp from '../../src/wire/icmp.ts'
import * as ipv4 from '../../src/wire/ipv4.ts'
import * as ipv6 from '../../src/wire/ipv6.ts'
import { ACK, CWR, ECE, FIN, PSH, RST, Segment, SYN, URG } from '../../src/wire/segment.ts'
import * as tcp from '../../src/wire/tcp.ts'
import { type DiagramField, diagramsOf, fieldNamed } from './header-diagram.ts'

/** A field that starts at an octet: [name, octet offset, bits]. */
type OctetField = readonly [name: string, offset: number, bits: number]

function assertOctetFields(diagram: DiagramField[], fields: readonly OctetField[]): void {
  for (const [name, offset, bits] of fields) {
    assert.deepEqual(fieldNamed(diagram, name), { name, bit: 8 * offset, bits })
  }
}

test('RFC 9293 3.1: the constants of tcp.ts lie where the header diagram has its fields', () => {
  const [diagram] = diagramsOf('tcp.ts')
  assertOctetFields(diagram!, [
    ['Source Port', tcp.TCP_SOURCE_PORT, 16],
    ['Destination Port', tcp.TCP_DESTINATION_PORT, 16],
    ['Sequence Number', tcp.TCP_SEQUENCE, 32],
    ['Acknowledgment Number', tcp.TCP_ACKNOWLEDGMENT, 32],
    ['Data Offset', tcp.TCP_OFFSET_FLAGS, 16 - tcp.TCP_DATA_OFFSET_SHIFT],
    ['Window', tcp.TCP_WINDOW, 16],
    ['Checksum', tcp.TCP_CHECKSUM, 16],
    ['Urgent Pointer', tcp.TCP_URGENT_POINTER, 16],
  ])
  const last = fieldNamed(diagram!, 'Urgent Pointer')
  assert.equal(last.bit + last.bits, 8 * tcp.TCP_HEADER_LENGTH)
})

test('RFC 9293 3.1: each control bit lies where the header diagram has it', () => {
  const [diagram] = diagramsOf('tcp.ts')
  for (const [name, flag] of Object.entries({ CWR, ECE, URG, ACK, PSH, RST, SYN, FIN })) {
    // Bit 0 of the diagram is the upper bit of the word.
    const bit = 8 * tcp.TCP_OFFSET_FLAGS + 15 - Math.log2(flag)
    assert.deepEqual(fieldNamed(diagram!, name), { name, bit, bits: 1 })
  }
  const reserved = fieldNamed(diagram!, 'Rsrvd')
  const lowestReserved = 8 * tcp.TCP_OFFSET_FLAGS + 15 - Math.log2(tcp.TCP_FLAGS_MASK + 1) + 1
  assert.equal(reserved.bit + reserved.bits - 1, lowestReserved, 'AE is the last reserved bit')
})

test('RFC 791 3.1: the constants of ipv4.ts lie where the header diagram has its fields', () => {
  const [diagram] = diagramsOf('ipv4.ts')
  assertOctetFields(diagram!, [
    ['Version', ipv4.IPV4_VERSION_IHL, 4],
    ['Type of Service', ipv4.IPV4_TOS, 8],
    ['Total Length', ipv4.IPV4_TOTAL_LENGTH, 16],
    ['Identification', ipv4.IPV4_IDENTIFICATION, 16],
    ['Flags', ipv4.IPV4_FLAGS_FRAGMENT, 3],
    ['Time to Live', ipv4.IPV4_TTL, 8],
    ['Protocol', ipv4.IPV4_PROTOCOL, 8],
    ['Header Checksum', ipv4.IPV4_CHECKSUM, 16],
    ['Source Address', ipv4.IPV4_SOURCE, 32],
    ['Destination Address', ipv4.IPV4_DESTINATION, 32],
  ])
  assert.deepEqual(fieldNamed(diagram!, 'IHL'), { name: 'IHL', bit: 8 * ipv4.IPV4_VERSION_IHL + 4, bits: 4 })
  const fragment = fieldNamed(diagram!, 'Fragment Offset')
  assert.equal(fragment.bit, 8 * ipv4.IPV4_FLAGS_FRAGMENT + 3)
  assert.equal(ipv4.IPV4_FRAGMENT_OFFSET, 2 ** fragment.bits - 1)
  assert.equal(ipv4.IPV4_MORE_FRAGMENTS, 2 ** fragment.bits)
  const last = fieldNamed(diagram!, 'Destination Address')
  assert.equal(last.bit + last.bits, 8 * ipv4.IPV4_HEADER_LENGTH)
})

test('RFC 8200 3: the constants of ipv6.ts lie where the header diagram has its fields', () => {
  const [diagram] = diagramsOf('ipv6.ts')
  assertOctetFields(diagram!, [
    ['Version', ipv6.IPV6_VERSION_CLASS_FLOW, 4],
    ['Payload Length', ipv6.IPV6_PAYLOAD_LENGTH, 16],
    ['Next Header', ipv6.IPV6_NEXT_HEADER, 8],
    ['Hop Limit', ipv6.IPV6_HOP_LIMIT, 8],
    ['Source Address', ipv6.IPV6_SOURCE, 128],
    ['Destination Address', ipv6.IPV6_DESTINATION, 128],
  ])
  assert.deepEqual(fieldNamed(diagram!, 'Traffic Class'), { name: 'Traffic Class', bit: 4, bits: 8 })
  assert.deepEqual(fieldNamed(diagram!, 'Flow Label'), { name: 'Flow Label', bit: 12, bits: 20 })
  const last = fieldNamed(diagram!, 'Destination Address')
  assert.equal(last.bit + last.bits, 8 * ipv6.IPV6_HEADER_LENGTH)
})

test('RFC 792, 1191, 4443: the constants of icmp.ts lie where the diagrams have their fields', () => {
  const [needed, tooBig, echo] = diagramsOf('icmp.ts')
  const unreachable = `Type = ${icmp.ICMP4_UNREACHABLE}`
  const fragmentation = `Code = ${icmp.ICMP4_CODE_FRAGMENTATION_NEEDED}`
  assertOctetFields(needed!, [
    [unreachable, icmp.ICMP_TYPE, 8],
    [fragmentation, icmp.ICMP_CODE, 8],
    ['Checksum', icmp.ICMP_CHECKSUM, 16],
    ['Next-Hop MTU', icmp.ICMP_MTU_V4, 16],
    ['Internet Header + 64 bits of Original Datagram Data', icmp.ICMP_QUOTE, 32],
  ])
  assertOctetFields(tooBig!, [
    [`Type = ${icmp.ICMP6_PACKET_TOO_BIG}`, icmp.ICMP_TYPE, 8],
    ['MTU', icmp.ICMP_MTU_V6, 32],
    ['invoking packet', icmp.ICMP_QUOTE, 32],
  ])
  assertOctetFields(echo!, [
    ['Identifier', icmp.ICMP_ECHO_ID, 16],
    ['Sequence Number', icmp.ICMP_ECHO_SEQUENCE, 16],
    ['Data', icmp.ICMP_HEADER_LENGTH, 32],
  ])
})

/** What a diagram says the written octets are, its named values filled in. */
function octetsOf(diagram: DiagramField[], values: Record<string, number>): number[] {
  const octets: number[] = []
  for (const { name, bits } of diagram) {
    const fixed = /^(?:Kind|Length)=(\d+)$/.exec(name)
    const value = fixed === null ? values[name] : Number(fixed[1])
    assert.notEqual(value, undefined, `no value for '${name}'`)
    for (let shift = bits - 8; shift >= 0; shift -= 8) octets.push((value! >>> shift) & 255)
  }
  return octets
}

test('RFC 7323, RFC 2018: options are written as the diagrams of tcp-options.ts draw them', () => {
  const [syn, other] = diagramsOf('tcp-options.ts')
  const segment = new Segment()
  segment.mss = 1460
  segment.windowScale = 7
  segment.sackPermitted = true
  segment.hasTimestamps = true
  segment.tsVal = 0x01020304
  segment.tsEcr = 0x05060708
  const values = {
    'Maximum Segment Size': 1460,
    'TS Value (TSval)': 0x01020304,
    'TS Echo Reply (TSecr)': 0x05060708,
    'shift.cnt': 7,
    'Left Edge of 1st Block': 0x11223344,
    'Right Edge of 1st Block': 0x11223390,
  }
  const frame = new Uint8Array(60)
  const view = new DataView(frame.buffer)
  assert.equal(tcp.writeTcpHeader(view, 0, segment), 40)
  assert.deepEqual([...frame.subarray(20, 40)], octetsOf(syn!, values))

  segment.mss = -1
  segment.windowScale = -1
  segment.sackPermitted = false
  segment.sackBlocks = 1
  segment.sackEdges[0] = 0x11223344
  segment.sackEdges[1] = 0x11223390
  assert.equal(tcp.writeTcpHeader(view, 0, segment), 44)
  assert.deepEqual([...frame.subarray(20, 44)], octetsOf(other!, values))
})
