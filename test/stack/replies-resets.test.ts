/** Resets to segments of no connection: RFC 9293 3.5.2 group 1, 3.10.7.1 and 3.10.7.2, for every combination of flags. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configure } from '../../src/tcp/config.ts'
import { HOST, Host, PEER, VERSIONS } from './host-harness.ts'
import { flagsOf, lettersOf, type Packet, packetOf, say } from './packets-harness.ts'

const FIN = 1
const SYN = 2
const RST = 4
const ACK = 16
/** Every combination of FIN, SYN, RST, PSH, ACK, URG, and those with ECE, CWR and AE all set. */
const COMBINATIONS = Array.from({ length: 128 }, (_, i) => (i & 0x3f) | (i & 0x40 ? 0x1c0 : 0))

/** The RFC's table, in its own words: what answers a segment that reaches a host without a connection for it. */
function answerOf(flags: number, seq: number, ack: number, length: number, listening: boolean): string[] {
  if ((flags & RST) !== 0) return []
  const controls = (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)
  if ((flags & ACK) !== 0) return [`R ${ack >>> 0}(0)`]
  if (!listening) return [`RA 0(0) ack ${(seq + length + controls) >>> 0}`]
  return (flags & SYN) !== 0 ? ['SYN-ACK'] : []
}

function heard(packets: readonly Packet[]): string[] {
  return packets.map((packet) => (packet.flags === 'SA' ? 'SYN-ACK' : say(packet)))
}

for (const version of VERSIONS) {
  describe(`IPv${version}`, () => {
    for (const listening of [false, true]) {
      const to = listening ? 'a listener' : 'a closed port'
      test(`RFC 9293 3.10.7: to ${to}, each combination of flags, with and without text, gets the RFC's answer`, () => {
        for (const flags of COMBINATIONS) {
          for (const text of [0, 7]) {
            for (const seq of [0, 1000, -3]) {
              const host = new Host()
              if (listening) host.listen({ port: 80 })
              const ack = 0x9abcdef0
              const answers = host.inject({ version, flags, seq, ack, text, win: 100, urg: 3 })
              const expected = answerOf(flags, seq, ack, text, listening)
              assert.deepEqual(heard(answers), expected, `${lettersOf(flags)} ${seq}(${text})`)
            }
          }
        }
      })
    }

    test('a reset goes back the way the segment came, with the default TTL and neither window nor options', () => {
      const host = new Host()
      const [reset] = host.inject({
        version,
        flags: 'S',
        seq: 5,
        srcPort: 4321,
        dstPort: 99,
        mss: 1460,
        ws: 7,
      })
      assert.ok(reset !== undefined)
      assert.equal(
        `${reset.src}:${reset.srcPort} ${reset.dst}:${reset.dstPort}`,
        `${HOST[version]}:99 ${PEER[version]}:4321`,
      )
      assert.deepEqual([reset.ttl, reset.win, reset.length, reset.mss, reset.ws], [64, 0, 0, -1, -1])
      assert.equal(reset.bytes.length, version === 4 ? 40 : 60)
    })

    test('what nmap sends gets the answers by which a host that follows RFC 9293 is known', () => {
      const closed: [flags: string, answer: string][] = [
        ['', 'RA 0(0) ack 500'], // -sN, -O T2 on a closed port
        ['F', 'RA 0(0) ack 501'], // -sF
        ['FPU', 'RA 0(0) ack 501'], // -sX, -O T7
        ['S', 'RA 0(0) ack 501'], // -sS, -O T5
        ['A', 'R 77(0)'], // -sA, -O T6
        ['FA', 'R 77(0)'], // -sM
        ['SFUP', 'RA 0(0) ack 502'], // -O T3 on a closed port
      ]
      const open: [flags: string, answer: string | null][] = [
        ['', null], // -sN, -O T2: silence
        ['F', null], // -sF
        ['FPU', null], // -sX
        ['S', 'SYN-ACK'], // -sS, -O T1
        ['A', 'R 77(0)'], // -sA, -O T4
        ['SFUP', 'SYN-ACK'], // -O T3
      ]
      for (const [flags, answer] of closed) {
        assert.deepEqual(
          heard(new Host().inject({ version, flags, seq: 500, ack: 77 })),
          [answer],
          `closed ${flags}`,
        )
      }
      for (const [flags, answer] of open) {
        const host = new Host()
        host.listen({ port: 80 })
        const answers = host.inject({ version, flags, seq: 500, ack: 77, mss: 265, ws: 10 })
        assert.deepEqual(heard(answers), answer === null ? [] : [answer], `open ${flags}`)
      }
    })
  })
}

test('a reset never answers a reset, whoever exchanges them', () => {
  const [a, b] = [new Host(), new Host({ addresses: ['10.0.0.2/24'] })]
  let flying = a.inject({ flags: 'S', seq: 1 })
  for (let round = 0; flying.length > 0; round++) {
    assert.ok(round < 2, 'the two hosts go on for ever')
    flying = flying.flatMap((packet) => (round % 2 === 0 ? b : a).inject(packet.bytes))
  }
})

test('MUST-3: a segment with a wrong checksum is not even answered with a reset', () => {
  const host = new Host()
  const packet = packetOf({ flags: 'A', ack: 5 })
  packet[packet.length - 1]! ^= 1
  assert.deepEqual(host.inject(packet), [])
  assert.equal(host.drops('tcp-checksum'), 1)
})

describe('limits', () => {
  const limits = { repliesPerSecond: 100, replyBurst: 50, replyQueue: 1000 }
  const total = (host: Host) => host.drops('rate-limited')

  test('resets are limited by rate: a burst, then so many a second', () => {
    const host = new Host({ limits })
    const inASecond = (): number => {
      let answers = 0
      for (let i = 0; i < 1000; i++) {
        answers += host.inject({ flags: 'S', seq: i, dstPort: 1 + i }).length
        host.now += 1000
      }
      return answers
    }
    // The cost of one answer is random (rate-limit.ts), so the numbers are not exact.
    const first = inASecond()
    assert.ok(first > 120 && first < 180, `${first} in the first second`)
    const second = inASecond()
    assert.ok(second > 85 && second < 115, `${second} in the second`)
    assert.equal(total(host), 2000 - first - second)
    host.now += 10_000_000
    const rested = inASecond()
    assert.ok(rested > 120 && rested < 180, `${rested} after a rest`)
  })

  test('resets that nobody polls wait in a queue with a bound', () => {
    const host = new Host({ limits: { replyQueue: 8 } })
    for (let i = 0; i < 100; i++) host.deliver({ flags: 'S', seq: i })
    assert.equal(host.stack.occupancy.replies, 8)
    assert.equal(total(host), 92)
    assert.equal(host.poll().length, 8)
    host.assertEmpty()
  })

  test('resets do not cost what connections need: a limit of nothing leaves a listener working', () => {
    const host = new Host({ limits: { replyQueue: 0 } })
    host.listen({ port: 80 })
    assert.deepEqual(host.inject({ flags: 'S', dstPort: 81 }), [])
    assert.deepEqual(heard(host.inject({ flags: 'S' })), ['SYN-ACK'])
  })
})

test('fairness: resets go between the turns of a busy connection, neither before it nor behind it', () => {
  const host = new Host({ config: configure({ initialWindowSegments: 100 }) })
  const connection = host.connect()
  const [syn] = host.poll()
  const ours = { srcPort: 80, dstPort: syn!.srcPort }
  host.inject({ ...ours, flags: 'SA', seq: 7, ack: syn!.seq + 1, mss: 100 })
  connection.send(new Uint8Array(10_000))
  for (let i = 0; i < 3; i++) host.deliver({ flags: 'A', ack: i, dstPort: 7 })
  const order = host.poll().map((packet) => (packet.flags === 'R' ? 'R' : 'd'))
  assert.match(order.join(''), /^d{16}Rd{16}Rd{16}Rd{52}$/)
})

test('fairness: busy connections take turns, sixteen packets each', () => {
  const host = new Host({ config: configure({ initialWindowSegments: 40 }) })
  const all = [1, 2, 3].map(() => host.connect())
  const syns = host.poll()
  for (const { srcPort, seq } of syns) {
    host.inject({ srcPort: 80, dstPort: srcPort, flags: 'SA', seq: 7, ack: seq + 1, mss: 100 })
  }
  for (const connection of all) connection.send(new Uint8Array(4000))
  const order = host.poll().map((packet) => syns.findIndex(({ srcPort }) => srcPort === packet.srcPort))
  const turns = [16, 16, 8].map((length) => [0, 1, 2].map((i) => `${i}`.repeat(length)).join(''))
  assert.equal(order.join(''), turns.join(''))
})

test('the flags of an answer are those of the table and no others', () => {
  for (const flags of COMBINATIONS) {
    for (const answer of new Host().inject({ flags })) assert.ok(['R', 'RA'].includes(answer.flags))
  }
  assert.equal(flagsOf('RA'), RST | ACK)
})
