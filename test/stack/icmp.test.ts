/** ICMP errors through the stack, by RFC 9293 3.9.2.2 and RFC 5927: believed where they quote what is in flight. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import { configure } from '../../src/tcp/config.ts'
import { GONE, SOFT_ERROR } from '../../src/tcp/signals.ts'
import { HOST, Host, opened, PEER, VERSIONS } from './host-harness.ts'
import { ERRORS, icmpError } from './icmp-harness.ts'
import { type Arriving, packetOf } from './packets-harness.ts'

type Kind = keyof (typeof ERRORS)[4]

const SOFT: Kind[] = ['network', 'host', 'timeExceeded', 'parameter']
const HARD: Kind[] = ['protocol', 'port', 'filtered']

interface Case {
  readonly host: Host
  readonly connection: HostedConnection
  /** A packet that the connection has in flight. */
  readonly flying: Uint8Array
}

for (const version of VERSIONS) {
  const errorOf = (packet: Uint8Array, kind: Kind, router?: string) =>
    icmpError(packet, (ERRORS[version] as (typeof ERRORS)[4])[kind], 0, router)

  function opening(options: Partial<Parameters<typeof configure>[0]> = {}): Case {
    const host = new Host({ config: configure(options) })
    const connection = host.connect({ to: PEER[version] })
    return { host, connection, flying: host.poll()[0]!.bytes }
  }

  /** A half-open connection of a listener. */
  function halfOpen(): Case {
    const host = new Host()
    host.listen({ port: 80 })
    const [answer] = host.inject({ version, flags: 'S' })
    return { host, connection: host.stack.connections()[0]!, flying: answer!.bytes }
  }

  /** ESTABLISHED, with 300 octets in flight. */
  function busy(): Case {
    const host = new Host()
    const { connection } = opened(host, host.listen({ port: 80 }), { version })
    connection.send(new Uint8Array(300))
    const [data] = host.poll()
    host.events()
    return { host, connection, flying: data!.bytes }
  }

  /** A quote from the host's socket that the host never sent. */
  function quote({ connection }: Case, seq: number, more: Arriving = {}): Uint8Array {
    const { localPort, remotePort } = connection.tcb.path
    const sockets = { src: HOST[version], dst: PEER[version], srcPort: localPort, dstPort: remotePort }
    return packetOf({ version, ...sockets, seq, text: 100, ...more })
  }

  describe(`IPv${version}`, () => {
    for (const kind of HARD) {
      test(`SHLD-26: ${kind} unreachable ends the opening of a connection, and its user hears why`, () => {
        const { host, connection, flying } = opening()
        assert.deepEqual(host.inject(errorOf(flying, kind)), [])
        const reason = kind === 'filtered' ? 'administratively-prohibited' : `${kind}-unreachable`
        assert.deepEqual([connection.stateName, connection.closeReason], ['CLOSED', reason])
        assert.deepEqual(host.events(), [[connection, GONE]])
        host.assertEmpty()
      })
    }

    for (const kind of [...HARD, ...SOFT]) {
      test(`MUST-56, SHLD-25, RFC 5927 5.2 (a): ${kind} ends no synchronized connection, but its user hears of it`, () => {
        const { host, connection, flying } = busy()
        assert.deepEqual(host.inject(errorOf(flying, kind)), [])
        assert.equal(connection.stateName, 'ESTABLISHED')
        assert.deepEqual(host.events(), [[connection, SOFT_ERROR]])
        assert.notEqual(connection.softError, null)
        assert.ok(host.advance(5000).length > 0, 'what was in flight is sent again in its time')
      })
    }

    for (const kind of SOFT) {
      test(`MUST-56, SHLD-25: ${kind} does not end the opening of a connection either`, () => {
        const { host, connection, flying } = opening()
        host.inject(errorOf(flying, kind))
        assert.equal(connection.stateName, 'SYN-SENT')
        assert.deepEqual(host.events(), [[connection, SOFT_ERROR]])
      })
    }

    test('the answer to a SYN that ICMP says was not delivered is no news to anybody; half-open connections stay', () => {
      for (const kind of [...HARD, ...SOFT]) {
        const { host, connection, flying } = halfOpen()
        assert.deepEqual(host.inject(errorOf(flying, kind)), [])
        assert.equal(connection.stateName, 'SYN-RECEIVED', kind)
        assert.deepEqual(host.events(), [])
      }
    })

    test('SHLD-20: who wants to hear nothing of soft errors does not', () => {
      const { host, flying } = opening({ reportSoftErrors: false })
      host.inject(errorOf(flying, 'host'))
      assert.deepEqual(host.events(), [])
    })

    test('RFC 5927 4.1: a quote of what is not in flight is ignored, octet by octet at both edges', () => {
      const edges = busy().connection.tcb.snd
      assert.equal((edges.nxt - edges.una) | 0, 300)
      for (const [from, believed] of [
        [-1, false],
        [0, true],
        [299, true],
        [300, false],
        [301, false],
        [1 << 30, false],
        [-(1 << 30), false],
      ] as const) {
        const one = busy()
        one.host.inject(errorOf(quote(one, one.connection.tcb.snd.una + from), 'host'))
        assert.equal(one.connection.softError !== null, believed, `SND.UNA + ${from}`)
        assert.equal(one.host.drops('icmp-out-of-window'), believed ? 0 : 1)
      }
    })

    test('RFC 5927 4.1: one who guesses the sockets alone cannot end an opening', () => {
      const one = opening()
      const { iss } = one.connection.tcb
      for (const seq of [iss - 1, iss + 1, iss + 1000, 0]) one.host.inject(errorOf(quote(one, seq), 'port'))
      assert.equal(one.connection.stateName, 'SYN-SENT')
    })

    test('MUST-54, RFC 5927 5.2 (b): of several connections the one that is quoted hears of it, and nobody else', () => {
      const host = new Host()
      const all = Array.from({ length: 20 }, (_, i) =>
        host.connect({ to: PEER[version], remotePort: 100 + i }),
      )
      const syns = host.poll()
      host.inject(errorOf(syns[7]!.bytes, 'port'))
      assert.deepEqual(
        all.filter((connection) => connection.state === 0),
        [all[7]],
      )
    })

    test("a quote from other sockets, or with the two ends exchanged, is nobody's", () => {
      const one = busy()
      const { una } = one.connection.tcb.snd
      const strange: Arriving[] = [
        { srcPort: 81 },
        { dstPort: 40001 },
        { dst: version === 4 ? '10.0.0.3' : 'fd00::3' },
        { src: PEER[version], dst: HOST[version], srcPort: 40000, dstPort: 80 },
      ]
      for (const fields of strange) one.host.inject(errorOf(quote(one, una, fields), 'host'))
      assert.equal(one.connection.softError, null)
      assert.deepEqual([one.host.drops('no-connection'), one.host.drops('other-host')], [3, 1])
    })

    test('an error to another host, or from an address that no router has, is ignored', () => {
      const one = busy()
      const error = errorOf(one.flying, 'host')
      const routers =
        version === 4 ? ['10.0.0.255', '127.0.0.1', '224.0.0.5', HOST[4]] : ['ff02::2', '::', '::1', HOST[6]]
      for (const router of routers) {
        one.host.inject(errorOf(one.flying, 'host', router))
      }
      assert.equal(one.host.drops('invalid-source'), routers.length)
      const elsewhere = error.slice()
      elsewhere[version === 4 ? 19 : 39]! ^= 64
      one.host.inject(elsewhere)
      assert.equal(one.connection.softError, null)
      one.host.inject(error)
      assert.notEqual(one.connection.softError, null)
    })

    test('a quote cut to eight octets of TCP is enough, seven are not', () => {
      const one = busy()
      const error = (octets: number) =>
        errorOf(one.flying.subarray(0, (version === 4 ? 20 : 40) + octets), 'host')
      assert.throws(() => error(7))
      one.host.inject(cut(errorOf(one.flying, 'host'), version, 7))
      assert.equal(one.connection.softError, null)
      one.host.inject(cut(errorOf(one.flying, 'host'), version, 8))
      assert.notEqual(one.connection.softError, null)
    })

    test('in TIME-WAIT nothing is in flight, so that no error counts', () => {
      const host = new Host()
      const { connection, seq, ack } = opened(host, host.listen({ port: 80 }), { version })
      connection.close()
      const [fin] = host.poll()
      host.inject({ version, flags: 'FA', seq, ack: ack + 1 })
      assert.equal(connection.stateName, 'TIME-WAIT')
      for (const kind of [...HARD, ...SOFT]) host.inject(errorOf(fin!.bytes, kind))
      assert.equal(connection.stateName, 'TIME-WAIT')
      assert.equal(connection.softError, null)
    })
  })
}

test('MUST-55, RFC 5927 6.2: source quench is ignored', () => {
  const host = new Host()
  const { connection } = opened(host, host.listen({ port: 80 }))
  connection.send(new Uint8Array(300))
  const [data] = host.poll()
  const before = connection.status()
  host.events()
  assert.deepEqual(host.inject(icmpError(data!.bytes, ERRORS[4].quench)), [])
  assert.deepEqual(connection.status(), before)
  assert.deepEqual(host.events(), [])
  assert.equal(host.drops('icmp-source-quench'), 1)
})

test('an ICMPv6 error that quotes mapped addresses does not reach the IPv4 connection with the same words', () => {
  const host = new Host()
  const connection = host.connect({ to: PEER[4] })
  const [syn] = host.poll()
  const mapped = { version: 6, src: `::ffff:${HOST[4]}`, dst: `::ffff:${PEER[4]}` } as const
  const quoted = packetOf({ ...mapped, srcPort: syn!.srcPort, dstPort: 80, flags: 'S', seq: syn!.seq })
  // No router would send it, so a quote with honest addresses is made first and changed under its checksum.
  const honest = packetOf({
    version: 6,
    src: HOST[6],
    dst: PEER[6],
    srcPort: syn!.srcPort,
    dstPort: 80,
    seq: syn!.seq,
  })
  const error = replaceQuote(icmpError(honest, ERRORS[6].port), quoted)
  assert.deepEqual(host.inject(error), [])
  assert.equal(connection.stateName, 'SYN-SENT')
  assert.equal(host.drops('no-connection'), 1)
})

test('errors about protocols other than TCP, and redirects, ask nothing of TCP', () => {
  const host = new Host()
  const connection = host.connect({ to: PEER[4] })
  const [syn] = host.poll()
  host.inject(icmpError(syn!.bytes, [5, 1]))
  assert.equal(connection.stateName, 'SYN-SENT')
  assert.equal(host.drops('icmp-unhandled'), 1)
})

/** The error with less of the quoted packet, and its lengths and checksums set right. */
function cut(error: Uint8Array, version: 4 | 6, octetsOfTcp: number): Uint8Array {
  const header = version === 4 ? 20 : 40
  return repaired(error.slice(0, header + 8 + header + octetsOfTcp), version)
}

function replaceQuote(error: Uint8Array, quoted: Uint8Array): Uint8Array {
  const bytes = error.slice(0, 48 + quoted.length)
  bytes.set(quoted.subarray(0, bytes.length - 48), 48)
  return repaired(bytes, 6)
}

/** Sets lengths and checksums right, the slow way. */
function repaired(bytes: Uint8Array, version: 4 | 6): Uint8Array {
  const view = new DataView(bytes.buffer)
  const header = version === 4 ? 20 : 40
  const length = bytes.length - header
  let sum = 0
  const add = (from: number, to: number) => {
    for (let i = from; i < to; i++) sum += bytes[i]! << ((i - from) % 2 === 0 ? 8 : 0)
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  }
  if (version === 4) {
    view.setUint16(2, bytes.length)
    view.setUint16(10, 0)
    add(0, 20)
    view.setUint16(10, ~sum & 0xffff)
    sum = 0
  } else {
    view.setUint16(4, length)
    sum = length + 58
    add(8, 40)
  }
  view.setUint16(header + 2, 0)
  add(header, bytes.length)
  view.setUint16(header + 2, ~sum & 0xffff)
  return bytes
}
