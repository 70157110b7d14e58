/** Packets that nobody sent: what is asked for stands in their octets, and hosts treat them as they deserve. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSegment } from '../../src/lab/check-forged.ts'
import {
  type ForgedError,
  type ForgedSegment,
  forgedError,
  forgedPacket,
  ICMP_ERRORS,
  type IcmpError,
} from '../../src/lab/forged.ts'
import { DEFAULT_LAB, type LabConfig } from '../../src/lab/lab-config.ts'
import { LabRun } from '../../src/lab/lab-run.ts'
import { VARIABLES } from '../../src/lab/variables.ts'
import { decodeIcmp, IcmpMessage, icmpMeaning } from '../../src/wire/icmp.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { ACK, CWR, ECE, Segment } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'

const PLAIN: ForgedSegment = {
  ...{ srcPort: 4000, dstPort: 80, seq: 201, ack: 301 },
  ...{ flags: ACK, window: 100, urgentPointer: 0, length: 3 },
}
const ENDS = { 4: ['192.0.2.1', '192.0.2.2'], 6: ['2001:db8::1', '2001:db8::2'] } as const

test('every field that is asked for stands in the packet, over both versions of IP', () => {
  const forged: ForgedSegment = {
    ...PLAIN,
    ...{ seq: 2 ** 32 - 1, ack: 2 ** 31, flags: ACK | ECE | CWR | 0x100, urgentPointer: 9, length: 0 },
    ...{ text: 'naïve', mss: 536, windowScale: 7, sackPermitted: true, timestamps: [5, 2 ** 32 - 2] },
    ...{ sack: [[1000, 2000]], options: '1e04ab' },
  }
  assert.deepEqual(checkSegment(forged, ''), forged)
  for (const ends of Object.values(ENDS)) {
    const [from, to] = ends
    const packet = forgedPacket(forged, from, to)
    const [ip, segment] = [new IpHeader(), new Segment()]
    assert.equal(decodeIp(packet, 0, packet.length, ip, true), 'ok')
    assert.equal(decodeTcp(packet, ip, segment, true), 'ok')
    const { seq, ack, flags, urgentPointer, mss, windowScale, sackPermitted, tsVal, tsEcr } = segment
    assert.deepEqual(
      { seq: seq >>> 0, ack: ack >>> 0, flags, urgentPointer, mss, windowScale, sackPermitted },
      {
        ...{ seq: 2 ** 32 - 1, ack: 2 ** 31, flags: forged.flags, urgentPointer: 9 },
        mss: 536,
        windowScale: 7,
        sackPermitted: true,
      },
    )
    assert.deepEqual(
      [tsVal, tsEcr >>> 0, segment.sackBlocks, segment.sackEdges[1]],
      [5, 2 ** 32 - 2, 1, 2000],
    )
    assert.notEqual(segment.otherOptions, 0)
    const text = packet.subarray(segment.textOffset, segment.textOffset + segment.textLength)
    assert.equal(new TextDecoder().decode(text), 'naïve')
  }
})

test('what is wrong on purpose is wrong, and nothing else is', () => {
  const [from, to] = ENDS[4]
  const right = forgedPacket(PLAIN, from, to)
  const differing = (changes: Partial<ForgedSegment>): number[] => {
    const packet = forgedPacket({ ...PLAIN, ...changes }, from, to)
    assert.equal(packet.length, right.length)
    return [...packet.keys()].filter((i) => packet[i] !== right[i])
  }
  const [flagsAt, checksumAt] = [20 + 12, 20 + 16]
  assert.deepEqual(differing({ badChecksum: true }), [checksumAt, checksumAt + 1])
  assert.deepEqual(differing({ badChecksum: false, dataOffset: 5 }), [])
  assert.ok(differing({ dataOffset: 15 }).includes(flagsAt))
  assert.ok(differing({ flags: ACK | 0xe00 }).includes(flagsAt))
  // With a sum of its own: it is the reserved bits that are wrong, not the checksum.
  const ip = new IpHeader()
  const reserved = forgedPacket({ ...PLAIN, flags: ACK | 0xe00 }, from, to)
  decodeIp(reserved, 0, reserved.length, ip, true)
  assert.equal(decodeTcp(reserved, ip, new Segment(), true), 'ok')
})

test('each ICMP error says what it is named after, quotes the segment, and comes in any name', () => {
  for (const [version, [to, about]] of Object.entries(ENDS)) {
    for (const [says, { v4, v6 }] of Object.entries(ICMP_ERRORS)) {
      const words = version === '4' ? v4 : v6
      if (words === null) continue
      assert.equal(icmpMeaning(Number(version), ...words), says)
      const forged: ForgedError = {
        says: says as IcmpError,
        mtu: 1280,
        srcPort: 5,
        dstPort: 6,
        seq: 2 ** 31,
        length: 0,
      }
      const sender = version === '4' ? '198.51.100.7' : '2001:db8::7'
      const packet = forgedError(forged, sender, about, to)
      const [ip, message] = [new IpHeader(), new IcmpMessage()]
      assert.equal(decodeIp(packet, 0, packet.length, ip, true), 'ok')
      assert.equal(decodeIcmp(packet, ip, message, true), 'ok')
      const { quotedSrcPort, quotedDstPort, quotedSeq, mtu } = message
      assert.deepEqual([quotedSrcPort, quotedDstPort, quotedSeq >>> 0], [5, 6, 2 ** 31], says)
      assert.equal(mtu, says === 'fragmentation-needed' ? 1280 : -1)
    }
  }
})

function played(more: Partial<LabConfig>): LabRun {
  const [left, right] = DEFAULT_LAB.hosts
  const hosts = [
    { ...left, program: 'bind 4000\nconnect\nsend 20000\nwait\npause 1s\nsend 100\nclose' },
    { ...right, program: 'listen\nreceive to end\nclose' },
  ] as const
  const run = new LabRun({ ...DEFAULT_LAB, hosts, ...more })
  run.advance()
  assert.equal(run.defect, '')
  return run
}

const reasons = (run: LabRun): string[] =>
  run.trace.flatMap((event) => (event.kind === 'dropped' ? [event.reason] : []))

test('a host drops what is wrong, and what comes from a stranger touches no connection', () => {
  const forged = (segment: Partial<ForgedSegment>, from?: string): LabRun =>
    played({
      interventions: [
        {
          ...{ kind: 'inject', atUs: 500_000, to: 1 },
          ...(from !== undefined && { from }),
          segment: { ...PLAIN, seq: 20_101, flags: ACK, length: 3, ...segment },
        },
      ],
    })
  const isRead = (run: LabRun): boolean =>
    run.trace.some((event) => event.kind === 'application' && event.text === 'read() returns 3')
  assert.ok(isRead(forged({})))
  for (const [reason, run] of [
    ['tcp-checksum', forged({ badChecksum: true })],
    ['tcp-data-offset', forged({ dataOffset: 4 })],
    ['no-connection', forged({}, '192.0.2.77')],
  ] as const) {
    assert.ok(!isRead(run), reason)
    assert.equal(reasons(run)[0], reason)
  }
})

test('fragmentation needed about what is in flight makes segments smaller, about anything else it does not', () => {
  const mss = VARIABLES.findIndex(({ name }) => name === 'Eff.snd.MSS')
  const told = (seq: number, length: number, from?: string): number => {
    const error = { says: 'fragmentation-needed', mtu: 576, srcPort: 4000, dstPort: 80, seq, length } as const
    const run = played({
      interventions: [{ kind: 'icmp', atUs: 60_000, to: 0, error, ...(from !== undefined && { from }) }],
    })
    return run.tracks.of('client', 1)!.at(run.steps)!.values[mss]!
  }
  assert.equal(told(101, 1460), 536)
  assert.equal(told(101, 1460, '198.51.100.7'), 536)
  assert.equal(told(100_000, 1460), 1460)
  // RFC 5927 7.2: a packet of 540 octets was never too big for 576.
  assert.equal(told(101, 500), 1460)
})
