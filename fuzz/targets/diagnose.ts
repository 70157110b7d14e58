/**
 * Connections that no stack would make: each packet is nine octets that say who sends it, its flags, numbers, lengths and time.
 * Whatever they are, each connection gets one verdict, its evidence lies in the capture, and it is the same the second time.
 */

import { diagnoseCapture } from '../../src/analyze/outside/capture-diagnoser.ts'
import type { CaptureDiagnosis } from '../../src/analyze/outside/capture-diagnosis.ts'
import { VERDICTS } from '../../src/analyze/outside/verdicts.ts'
import { joined } from '../../src/bytes/join.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import type { Random } from '../../src/sim/random.ts'
import { IpHeader, MAPPED_PREFIX } from '../../src/wire/ip-header.ts'
import { Segment } from '../../src/wire/segment.ts'
import { tcpPacketOf } from '../../src/wire/tcp-packet.ts'
import { octetTarget } from '../make-target.ts'
import { randomOctets, replaced } from '../mutate-octets.ts'
import { expect, expectSame } from '../target.ts'

const PACKET = 9
const MOST = 60 * PACKET
const CLIENT = 0x0a010002
const SERVER = 0x0a020002
/** Hundredths of a second that a step of time takes, doubling. */
const STEP = 0.01

/** side, flags, seq, ack, length, window, TTL, identification, time; numbers are signed steps from where they would stand. */
const packet = (side: number, flags: number, length = 0, time = 1, window = 200, ttl = 64): number[] => [
  side,
  flags,
  0,
  0,
  length,
  window,
  ttl,
  1,
  time,
]
const SYN = packet(0, 2)
const SYN_ACK = packet(1, 0x12)
const ACK = packet(0, 0x10)
const OPEN = [SYN, SYN_ACK, ACK]
const ASKED = [...OPEN, packet(0, 0x18, 50), packet(1, 0x10)]

const input = (packets: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(packets.flat())

export const target = octetTarget({
  name: 'diagnose',
  about: 'connections of any packets: one verdict each, proved by frames of the capture',
  mostOctets: MOST,
  seeds: () => [
    input([SYN, packet(1, 0x14, 0, 1, 0)]),
    input([SYN, SYN, SYN, SYN]),
    input([...ASKED, packet(1, 0x18, 90), ACK, packet(0, 0x11), packet(1, 0x11), ACK]),
    input([...ASKED, packet(1, 0x11), ACK, packet(0, 0x18, 9), packet(1, 4, 0, 1, 0)]),
    input([...ASKED, packet(1, 0x14), packet(1, 0x10)]),
    input([...ASKED, packet(1, 0x10, 0, 1, 0), ACK, ACK]),
    input([...OPEN, packet(0, 0x18, 99, 7), packet(0, 0x18, 99, 8), packet(0, 0x18, 99, 9)]),
  ],
  mutateByGrammar,
  run,
})

/** Puts in, takes out or repeats packets, or changes a field of one. */
function mutateByGrammar(random: Random, octets: Uint8Array, other: Uint8Array): Uint8Array {
  const count = Math.floor(octets.length / PACKET)
  if (count === 0) return other
  const at = PACKET * random.range(0, count - 1)
  const kind = random.range(0, 5)
  if (kind === 0) return replaced(octets, at, PACKET, new Uint8Array(0))
  if (kind === 1) return replaced(octets, at, 0, octets.slice(at, at + PACKET), MOST)
  if (kind === 2) return replaced(octets, at, 0, other.slice(0, PACKET * random.range(1, 4)), MOST)
  if (kind === 3) return replaced(octets, at, 0, randomOctets(random, PACKET), MOST)
  const changed = octets.slice()
  const field = at + random.range(0, PACKET - 1)
  changed[field] = random.chance(0.5)
    ? changed[field]! + random.range(-2, 2)
    : random.pick([0, 1, 127, 128, 255])
  return changed
}

function run(octets: Uint8Array): void {
  const file = captureOf(octets)
  const told = [...diagnoseCapture(file).connections]
  for (const diagnosis of told) check(diagnosis, Math.floor(octets.length / PACKET))
  const again = [...diagnoseCapture(file).connections]
  expectSame(
    again.map((one) => JSON.stringify(one)),
    told.map((one) => JSON.stringify(one)),
    'said otherwise the second time',
  )
}

function check(
  { verdict, evidence, healthy, next, sees, sentence }: CaptureDiagnosis,
  packets: number,
): void {
  expect(Object.hasOwn(VERDICTS, verdict), `no such verdict: ${verdict}`)
  expect(healthy || (evidence.length > 0 && next.length > 0), `${verdict} without evidence or advice`)
  expect(sees.client !== null, 'a client that sees nothing at all')
  expect(!/NaN|undefined|Infinity/.test(sentence), sentence)
  for (const { frame, text } of evidence) {
    expect(frame >= 1 && frame <= packets, `frame ${frame} of ${packets}`)
    expect(text !== '' && !/NaN|undefined/.test(text), `evidence "${text}"`)
  }
}

function captureOf(octets: Uint8Array): Uint8Array {
  const parts = [pcapHeader()]
  const next = [1000, 5000]
  let at = 1_700_000_000
  for (let from = 0; from + PACKET <= octets.length; from += PACKET) {
    const [who, flags, seq, ack, length, window, ttl, identification, time] = octets.subarray(
      from,
      from + PACKET,
    )
    const me = who! & 1
    at += STEP * 2 ** (time! & 15)
    const segment = new Segment()
    segment.srcPort = me === 0 ? 40_000 + (who! >> 6) : 80
    segment.dstPort = me === 0 ? 80 : 40_000 + (who! >> 6)
    segment.flags = flags! & 0x3f
    segment.seq = (next[me]! + signed(seq!)) | 0
    segment.ack = (next[1 - me]! + signed(ack!)) | 0
    segment.window = window! << 8
    segment.mss = (flags! & 2) !== 0 ? 1460 : -1
    segment.hasTimestamps = (who! & 2) !== 0
    const size = length! * ((who! & 4) !== 0 ? 30 : 1)
    if (seq === 0) next[me] = (segment.seq + size + ((flags! & 3) !== 0 ? 1 : 0)) | 0
    const ip = headerOf(me, ttl!, identification! * (from + 1))
    const packet = tcpPacketOf(ip, segment, new Uint8Array(size).fill(who!))
    parts.push(pcapPacket(Math.round(at * 1e6), packet, 0, packet.length))
  }
  return joined(parts)
}

const signed = (octet: number): number => (octet << 24) >> 20

function headerOf(me: number, ttl: number, identification: number): IpHeader {
  const ip = new IpHeader()
  ip.ttl = ttl
  ip.identification = identification & 0xffff
  ip.src2 = ip.dst2 = MAPPED_PREFIX
  ip.src3 = me === 0 ? CLIENT : SERVER
  ip.dst3 = me === 0 ? SERVER : CLIENT
  return ip
}
