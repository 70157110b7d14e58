/** Wireshark's `udp.stream`. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foldChecksum, sumWords } from '../../src/bytes/checksum.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { UdpStreams } from '../../src/flows/udp-streams.ts'

const word = (value: number): number[] => [value >> 8, value & 0xff]

function udp(from: number, to: number, text: readonly number[] = [0x2e]): number[] {
  return [...word(from), ...word(to), ...word(8 + text.length), 0, 0, ...text]
}

function ipv4(from: number, to: number, text: readonly number[], fragment = 0): number[] {
  const head = [0x45, 0, ...word(20 + text.length), 0, 1, ...word(fragment), 64, 17]
  const addresses = [10, 0, 0, from, 10, 0, 0, to]
  const sum = foldChecksum(sumWords(Uint8Array.from([...head, 0, 0, ...addresses]), 0, 20, 0))
  return [...head, ...word(sum), ...addresses, ...text]
}

/** With a fragment header where `fragment` is given: offset and whether more comes. */
function ipv6(from: number, to: number, text: readonly number[], fragment?: number): number[] {
  const inner = fragment === undefined ? text : [17, 0, ...word(fragment), 0, 0, 0, 1, ...text]
  const address = (last: number): number[] => [0xfd, ...Array<number>(14).fill(0), last]
  const next = fragment === undefined ? 17 : 44
  return [0x60, 0, 0, 0, ...word(inner.length), next, 64, ...address(from), ...address(to), ...inner]
}

function streamsOf(...packets: readonly number[][]): number[][] {
  const streams = new UdpStreams()
  const dissector = new Dissector(() => {})
  const told: number[][] = []
  const reader = new CaptureReader((record) => {
    dissector.dissect(record)
    told.push([...streams.of(dissector.packet)])
    assert.deepEqual(streams.of(dissector.packet), told.at(-1), 'twice is as once')
  })
  const octets = packets.map((packet, k) => pcapPacket(k * 1e6, Uint8Array.from(packet), 0, packet.length))
  reader.readWhole(Buffer.concat([pcapHeader(), ...octets]))
  return told
}

test('a stream is a pair of addresses and ports, in whichever direction', () => {
  const told = streamsOf(
    ipv4(1, 2, udp(1000, 53)),
    ipv4(1, 2, udp(1001, 53)),
    ipv4(2, 1, udp(53, 1000)),
    ipv6(1, 2, udp(1000, 53)),
    ipv4(1, 3, udp(1000, 53)),
    ipv6(2, 1, udp(53, 1000)),
  )
  assert.deepEqual(told, [[0], [1], [0], [2], [3], [2]])
})

test('both streams of a tunnel, from the outside in', () => {
  const ethernet = [...Array<number>(12).fill(2), 0x08, 0]
  const vxlan = [8, 0, 0, 0, 0, 0, 7, 0, ...ethernet, ...ipv4(7, 8, udp(5000, 53))]
  const told = streamsOf(ipv4(1, 2, udp(40_000, 4789, vxlan)), ipv4(7, 8, udp(5000, 53)))
  assert.deepEqual(told, [[0, 1], [1]])
})

test('a fragment is of no stream, the datagram is', () => {
  const whole = udp(1000, 53, Array<number>(24).fill(0x2e))
  const [first, second] = [whole.slice(0, 16), whole.slice(16)]
  const MORE = 1
  assert.deepEqual(streamsOf(ipv6(1, 2, first, MORE), ipv6(1, 2, second, 16)), [[], [0]])
  assert.deepEqual(streamsOf(ipv4(1, 2, first, 0x2000), ipv4(1, 2, second, 2)), [[], [0]])
})
