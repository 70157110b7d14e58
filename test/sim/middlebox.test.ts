/** What stands on paths: rewriting with right checksums, firewalls, translators, memory of connections. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Firewall, type FirewallAction } from '../../src/sim/firewall.ts'
import { FLOW_TIMEOUTS_US, FlowTable, hasEnded } from '../../src/sim/flow-table.ts'
import { type Direction, Transit } from '../../src/sim/middlebox.ts'
import { Nat } from '../../src/sim/nat.ts'
import { OptionStripper, optionKind } from '../../src/sim/option-stripper.ts'
import { blankOptions, setSocket } from '../../src/sim/packet-rewrite.ts'
import { Resetter } from '../../src/sim/resets.ts'
import { tooBigAnswer } from '../../src/sim/too-big.ts'
import { parseAddress, setAddresses } from '../../src/wire/address.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { ACK, FIN, RST, Segment, SYN } from '../../src/wire/segment.ts'
import { tcpPacketOf } from '../../src/wire/tcp-packet.ts'
import fc from '../property.ts'
import { icmpOf, verdictOf } from './packets.ts'

const HOSTS = { 4: ['10.0.0.1', '192.0.2.7'], 6: ['fd00::1', '2001:db8::7'] } as const

interface Sent {
  readonly version?: 4 | 6
  readonly direction?: Direction
  readonly flags?: number
  readonly seq?: number
  readonly ack?: number
  readonly ports?: readonly [near: number, far: number]
  readonly text?: number
  readonly withOptions?: boolean
  readonly hosts?: readonly [near: string, far: string]
}

/** A packet between the hosts near and far; 'back' is from far to near. */
function packetOf(sent: Sent): Uint8Array {
  const { version = 4, direction = 'out', flags = ACK, seq = 1, ack = 1, ports = [1000, 80], text = 0 } = sent
  const [near, far] = (sent.hosts ?? HOSTS[version]).map((address) => parseAddress(address)!)
  const ip = new IpHeader()
  ip.version = version
  ip.ttl = 64
  const segment = new Segment()
  const isOut = direction === 'out'
  setAddresses(ip, isOut ? near! : far!, isOut ? far! : near!)
  segment.srcPort = ports[isOut ? 0 : 1]
  segment.dstPort = ports[isOut ? 1 : 0]
  segment.seq = seq
  segment.ack = ack
  segment.flags = flags
  if (sent.withOptions === true) {
    segment.mss = 1460
    segment.windowScale = 7
    segment.sackPermitted = true
    segment.hasTimestamps = true
    segment.tsVal = 12345
  }
  return tcpPacketOf(ip, segment, new Uint8Array(text).fill(7))
}

function transitOf(bytes: Uint8Array, direction: Direction = 'out', now = 0): Transit {
  const transit = new Transit()
  transit.load(now, direction, bytes, bytes.length)
  return transit
}

function sending(sent: Sent, now = 0): Transit {
  return transitOf(packetOf(sent), sent.direction, now)
}

describe('rewriting', () => {
  test('a socket is replaced, all checksums are right, and what was damaged stays so', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4 as const, 6 as const),
        fc.constantFrom('source' as const, 'destination' as const),
        fc.nat(0xffff),
        fc.nat(100),
        fc.option(fc.nat(19), { nil: null }),
        (version, end, port, text, damage) => {
          const bytes = packetOf({ version, text })
          const tcpAt = version === 4 ? 20 : 40
          // Not the data offset, without which nothing is a TCP packet.
          if (damage !== null && damage !== 12) bytes[tcpAt + damage]! ^= 0x11
          const before = verdictOf(bytes, bytes.length)
          const transit = transitOf(bytes)
          const to = parseAddress(version === 4 ? '203.0.113.200' : '2001:db8:ffff::1')!
          setSocket(transit, end, to, port)
          assert.equal(verdictOf(bytes, bytes.length), before)
          assert.equal(end === 'source' ? transit.segment.srcPort : transit.segment.dstPort, port)
          assert.equal(end === 'source' ? transit.ip.src3 : transit.ip.dst3, to.w3)
        },
      ),
    )
  })

  test('options become No-Operation, whatever their place, with a right checksum', () => {
    fc.assert(
      fc.property(fc.subarray([2, 3, 4, 8]), fc.constantFrom(4 as const, 6 as const), (kinds, version) => {
        const bytes = packetOf({ version, withOptions: true, text: 3 })
        const transit = transitOf(bytes)
        assert.equal(
          blankOptions(transit, (kind) => kinds.includes(kind)),
          kinds.length,
        )
        assert.equal(verdictOf(bytes, bytes.length), 'ok')
        const { mss, windowScale, sackPermitted, hasTimestamps, textLength } = transit.segment
        assert.deepEqual(
          [mss >= 0, windowScale >= 0, sackPermitted, hasTimestamps, textLength],
          [!kinds.includes(2), !kinds.includes(3), !kinds.includes(4), !kinds.includes(8), 3],
        )
      }),
    )
  })

  test('a stripper takes out what it was told, or all', () => {
    const left = (box: OptionStripper): (number | boolean)[] => {
      const transit = sending({ withOptions: true })
      assert.equal(box.handlePacket(transit), true)
      return [transit.segment.mss, transit.segment.windowScale, transit.segment.hasTimestamps]
    }
    assert.deepEqual(left(new OptionStripper([optionKind('window-scale')])), [1460, -1, true])
    assert.deepEqual(left(new OptionStripper()), [-1, -1, false])
    assert.throws(() => optionKind('mms'), RangeError)
  })
})

describe('a firewall', () => {
  const said = (action: FirewallAction, sent: Sent): [passes: boolean, Transit] => {
    const firewall = new Firewall()
    firewall.add({ action })
    const transit = sending(sent)
    return [firewall.handlePacket(transit), transit]
  }

  test('says nothing, a reset as of the destination, or resets to both', () => {
    for (const version of [4, 6] as const) {
      const [passes, dropped] = said('drop', { version })
      assert.deepEqual([passes, dropped.speaks], [false, false])
      const syn = said('reject', { version, flags: SYN, seq: 500 })[1].answers[0]!
      assert.equal(verdictOf(syn, syn.length), 'ok')
      const { segment } = transitOf(syn)
      assert.deepEqual([segment.flags, segment.seq, segment.ack], [RST | ACK, 0, 501])
      const [, both] = said('reset', { version, seq: 500, ack: 900, text: 10 })
      const [answer, onward] = [transitOf(both.answers[0]!), transitOf(both.onwards[0]!)]
      assert.deepEqual([answer.segment.flags, answer.segment.seq], [RST, 900])
      assert.deepEqual([onward.segment.flags, onward.segment.seq], [RST | ACK, 500])
      assert.deepEqual([onward.segment.srcPort, onward.ip.dst3], [1000, both.ip.dst3])
    }
  })

  test('prohibits by ICMP, except what may not be answered', () => {
    for (const version of [4, 6] as const) {
      const [, transit] = said('prohibit', { version })
      const { message, verdict } = icmpOf(transit.answers[0]!)
      assert.deepEqual([verdict, message.code, message.quotedSrcPort], ['ok', version === 4 ? 13 : 1, 1000])
    }
    const firewall = new Firewall()
    firewall.add({ action: 'prohibit' })
    const noise = transitOf(Uint8Array.of(1, 2, 3))
    assert.deepEqual([firewall.handlePacket(noise), noise.speaks], [false, false])
  })

  test('rules are tried in order, hold as often as they say, and can be taken back', () => {
    const firewall = new Firewall()
    const rule = firewall.add({ action: 'drop', port: 80, only: 'syn', times: 2 })
    firewall.add({ action: 'drop', direction: 'back', only: 'data' })
    const passes = (sent: Sent): boolean => firewall.handlePacket(sending(sent))
    assert.deepEqual(
      [1, 2, 3].map(() => passes({ flags: SYN })),
      [false, false, true],
    )
    assert.equal(passes({ flags: SYN | ACK, direction: 'back' }), true)
    assert.equal(passes({ text: 1 }), true)
    assert.equal(passes({ text: 1, direction: 'back' }), false)
    rule.left = 1
    firewall.remove(rule)
    firewall.remove(rule)
    assert.equal(passes({ flags: SYN }), true)
  })
})

describe('the memory of connections', () => {
  test('knows what each side sent and acknowledged, and when all is over', () => {
    const table = new FlowTable()
    const pass = (sent: Sent) => table.track(sending(sent))
    pass({ flags: SYN, seq: 100 })
    pass({ flags: SYN | ACK, seq: 300, ack: 101, direction: 'back' })
    pass({ seq: 101, ack: 301, text: 50 })
    const flow = pass({ seq: 101, ack: 301, text: 20 })
    assert.deepEqual(flow.sides.out, { next: 151, ack: 301, fin: false })
    assert.deepEqual(flow.sides.back, { next: 301, ack: 101, fin: false })
    assert.deepEqual([flow.opener, flow.near.port, flow.far.port, table.size], ['out', 1000, 80, 1])
    pass({ flags: FIN | ACK, seq: 151, ack: 301 })
    pass({ flags: FIN | ACK, seq: 301, ack: 152, direction: 'back' })
    assert.equal(hasEnded(flow), false)
    pass({ seq: 152, ack: 302 })
    assert.equal(hasEnded(flow), true)
    const next = pass({ flags: SYN, seq: 9000 })
    assert.notEqual(next, flow)
    assert.deepEqual([next.sides.out.next, table.size], [9001, 1])
  })

  test('is bounded: who was silent for longest is forgotten; sockets never get mixed up', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(40), fc.nat(3)), { minLength: 1, maxLength: 200 }), (packets) => {
        const table = new FlowTable(10)
        const model = new Map<string, number>()
        packets.forEach(([port, last], now) => {
          const hosts = [`10.0.0.${last + 1}`, '192.0.2.7'] as const
          const flow = table.track(
            transitOf(packetOf({ hosts, ports: [1000 + port, 80], seq: now }), 'out', now),
          )
          assert.deepEqual([`${flow.near.address}`, flow.near.port], [hosts[0], 1000 + port])
          const key = `${last}/${port}`
          model.delete(key)
          if (model.size === 10) model.delete(model.keys().next().value!)
          model.set(key, now)
          assert.equal(table.size, model.size)
        })
        const kept = [...table.flows()].map(({ lastAt }) => lastAt).sort((a, b) => a - b)
        assert.deepEqual(kept, [...model.values()])
        for (const flow of [...table.flows()]) table.forget(flow)
        assert.deepEqual([table.size, [...table.flows()].length], [0, 0])
      }),
    )
  })

  test("lasts as long as conntrack's: by what has passed so far", () => {
    const syn: Sent = { flags: SYN, seq: 100, ack: 0 }
    const synAck: Sent = { flags: SYN | ACK, seq: 300, ack: 101, direction: 'back' }
    const fin: Sent = { flags: FIN | ACK, seq: 101, ack: 301 }
    const finBack: Sent = { flags: FIN | ACK, seq: 301, ack: 102, direction: 'back' }
    const stages: readonly (readonly [keyof typeof FLOW_TIMEOUTS_US, readonly Sent[]])[] = [
      ['opening', [syn]],
      ['open', [syn, synAck]],
      ['open', [syn, synAck, fin]],
      ['open', [syn, synAck, fin, finBack]],
      ['closed', [syn, synAck, fin, finBack, { seq: 102, ack: 302 }]],
      ['reset', [syn, { flags: RST | ACK, seq: 0, ack: 101, direction: 'back' }]],
    ]
    for (const [stage, packets] of stages) {
      for (const late of [0, 1]) {
        const table = new FlowTable()
        const [flow] = packets.map((sent) => table.track(sending(sent, 7)))
        const next = table.track(sending({ seq: 102, ack: 302 }, 7 + FLOW_TIMEOUTS_US[stage] + late))
        assert.equal(next === flow, late === 0, `${stage}, ${packets.length} packets, ${late} us late`)
        assert.equal(table.size, 1)
      }
    }
  })

  test('does not grow with the connections that were', () => {
    const table = new FlowTable()
    const open = table.track(sending({ flags: SYN, ports: [999, 80] }))
    table.track(sending({ flags: SYN | ACK, ports: [999, 80], direction: 'back' }))
    let most = 0
    for (let i = 0; i < 20_000; i++) {
      const ports = [1000 + i, 80] as const
      const now = i * 1e6 // One connection a second: ten of them are younger than the timeout of a reset one.
      table.track(sending({ flags: SYN, ports }, now))
      table.track(sending({ flags: RST | ACK, ports, direction: 'back' }, now))
      most = Math.max(most, table.size)
    }
    assert.equal(most, 64)
    assert.ok([...table.flows()].includes(open))
  })

  test('forges resets that each side must believe, with the number sent last and the one acknowledged last', () => {
    const resetter = new Resetter()
    const pass = (sent: Sent): void => assert.ok(resetter.handlePacket(sending(sent)))
    pass({ flags: SYN, seq: 100, ack: 0 })
    const early = resetter.forge(() => true)
    assert.deepEqual(
      early.map(({ direction, packet }) => {
        const { segment } = transitOf(packet)
        return [direction, segment.flags, segment.seq, segment.ack]
      }),
      [
        ['out', RST, 101, 0],
        ['back', RST | ACK, 0, 101],
      ],
    )
    pass({ flags: SYN | ACK, seq: 300, ack: 101, direction: 'back' })
    pass({ seq: 101, ack: 301, text: 50 })
    const forged = resetter
      .forge(({ far }) => far.port === 80, 'out')
      .map(({ packet }) => transitOf(packet).segment)
    assert.deepEqual(
      forged.map(({ seq }) => seq),
      [101, 151],
    )
    assert.deepEqual(
      resetter.forge(({ far }) => far.port === 81),
      [],
    )
    pass({ flags: RST, seq: 151 })
    assert.deepEqual(
      resetter.forge(() => true),
      [],
    )
  })
})

describe('a translator', () => {
  const OUTSIDE = { 4: parseAddress('203.0.113.1')!, 6: parseAddress('2001:db8:aaaa::1')! } as const
  const make = (options: { idleUs?: number; mappings?: number } = {}, version: 4 | 6 = 4): Nat =>
    new Nat({ address: OUTSIDE[version], ...options })
  /** Translates a packet going out and returns its port outside; null where it was dropped. */
  const goOut = (nat: Nat, sent: Sent, now = 0): number | null => {
    const transit = sending(sent, now)
    return nat.handlePacket(transit) ? transit.segment.srcPort : null
  }
  const comeBack = (nat: Nat, port: number, now = 0, version: 4 | 6 = 4): Transit | null => {
    const hosts = [`${OUTSIDE[version]}`, HOSTS[version][1]] as const
    const bytes = packetOf({ version, direction: 'back', hosts, ports: [port, 80], text: 5 })
    const transit = transitOf(bytes, 'back', now)
    if (!nat.handlePacket(transit)) return null
    assert.equal(verdictOf(bytes, bytes.length), 'ok')
    return transit
  }

  test('gives a socket inside one port outside, and finds it again', () => {
    for (const version of [4, 6] as const) {
      const nat = make({}, version)
      const first = goOut(nat, { version })!
      assert.equal(goOut(nat, { version, text: 4 }), first)
      const second = goOut(nat, { version, ports: [1001, 80] })!
      assert.notEqual(second, first)
      const back = comeBack(nat, second, 0, version)!
      assert.deepEqual([back.segment.dstPort, back.ip.dst3], [1001, parseAddress(HOSTS[version][0])!.w3])
      assert.equal(comeBack(nat, 9999, 0, version), null)
      const hosts = [`${OUTSIDE[version]}`, HOSTS[version][1]] as const
      const toFirst = packetOf({ version, direction: 'back', hosts, ports: [first, 80] })
      assert.equal(`${nat.insideOf(toFirst, toFirst.length)}`, HOSTS[version][0])
      assert.equal(nat.insideOf(Uint8Array.of(0x45), 1), null)
      assert.equal(goOut(nat, { version: version === 4 ? 6 : 4 }), null)
    }
  })

  test('forgets what is idle, and everything where it starts anew', () => {
    const nat = make({ idleUs: 1000 })
    const port = goOut(nat, {})!
    assert.ok(comeBack(nat, port, 900))
    assert.ok(comeBack(nat, port, 1900))
    assert.equal(comeBack(nat, port, 2901), null)
    const fresh = goOut(nat, {}, 3000)!
    assert.notEqual(fresh, port)
    nat.rebind()
    assert.deepEqual([comeBack(nat, fresh, 3000), nat.size], [null, 0])
  })

  test('has a bound, within which idle mappings make room', () => {
    const nat = make({ idleUs: 1000, mappings: 3 })
    const ports = [1, 2, 3, 4].map((port) => goOut(nat, { ports: [port, 80] }))
    assert.deepEqual(
      ports.map((port) => port !== null),
      [true, true, true, false],
    )
    assert.notEqual(goOut(nat, { ports: [4, 80] }, 1001), null)
    assert.equal(nat.size, 1)
  })

  test('translates ICMP errors about what it sent, with right checksums, and drops others', () => {
    for (const version of [4, 6] as const) {
      const nat = make({}, version)
      const bytes = packetOf({ version, text: 1000 })
      assert.ok(nat.handlePacket(transitOf(bytes)))
      const answer = tooBigAnswer(bytes, 0, bytes.length, 1280)!
      assert.ok(nat.handlePacket(transitOf(answer, 'back')))
      const { ip, message, verdict } = icmpOf(answer)
      const inside = parseAddress(HOSTS[version][0])!
      assert.equal(verdict, 'ok')
      assert.deepEqual([ip.dst3, message.quoted.src3, message.quotedSrcPort], [inside.w3, inside.w3, 1000])
      nat.rebind()
      const late = tooBigAnswer(bytes, 0, bytes.length, 1280)!
      assert.equal(nat.handlePacket(transitOf(late, 'back')), false)
      assert.equal(nat.handlePacket(transitOf(Uint8Array.of(0x45, 0, 0), 'back')), false)
    }
  })
})
