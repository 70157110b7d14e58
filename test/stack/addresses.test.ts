/** Which packets are the host's, from whom none can be, and which address speaks for the host. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LocalAddresses } from '../../src/stack/addresses.ts'
import { CallError, type CallErrorReason } from '../../src/tcp/call-error.ts'
import { type Prefix, parsePrefix } from '../../src/wire/address-prefix.ts'
import { address, HOST, Host, opened, PEER } from './host-harness.ts'
import { headerOf } from './packets-harness.ts'

function refused(reason: CallErrorReason): (error: unknown) => boolean {
  return (error) => error instanceof CallError && error.reason === reason
}

describe('MUST-44: the source address that an active OPEN did not name', () => {
  const cases: [own: string[], remote: string, source: string | null][] = [
    [['10.0.0.1/24'], '10.0.0.2', '10.0.0.1'],
    [['10.0.0.1/24'], '192.0.2.1', '10.0.0.1'],
    [['10.0.0.1/24', '10.1.0.1/16'], '10.1.2.3', '10.1.0.1'],
    [['10.1.0.1/16', '10.1.2.1/24'], '10.1.2.3', '10.1.2.1'], // the longest prefix
    [['10.1.2.1/24', '10.1.0.1/16'], '10.1.9.3', '10.1.0.1'],
    [['10.0.0.1/24', '10.0.0.9/24'], '10.0.0.9', '10.0.0.9'], // RFC 6724 rule 1: itself
    [['10.0.0.1/24', '10.0.0.9/24'], '10.0.0.2', '10.0.0.1'], // of equals the first
    [['10.0.0.1/24', 'fd00::1/64'], 'fd00::2', 'fd00::1'],
    [['10.0.0.1/24', 'fd00::1/64'], '2001:db8::2', 'fd00::1'],
    [['fe80::1/64', '2001:db8::1/64'], '2001:db8:9::2', '2001:db8::1'], // not the link-local one
    [['fe80::1/64', '2001:db8::1/64'], 'fe80::2', 'fe80::1'],
    [['169.254.1.1/16', '10.0.0.1/24'], '192.0.2.1', '10.0.0.1'],
    [['10.0.0.1/24'], 'fd00::2', null],
    [['fd00::1/64'], '10.0.0.2', null],
    [['127.0.0.1/8'], '127.0.0.2', '127.0.0.1'],
    [['127.0.0.1/8'], '192.0.2.1', null], // RFC 1122 3.2.1.3 g: never on a link
    [['127.0.0.1/8', '10.0.0.1/24'], '192.0.2.1', '10.0.0.1'],
    [['10.0.0.1/24'], '127.0.0.1', null],
    [['::1/128', 'fd00::1/64'], '2001:db8::2', 'fd00::1'],
    [[], '10.0.0.2', null],
  ]
  for (const [own, remote, source] of cases) {
    test(`of ${own.join(', ') || 'none'} to ${remote}: ${source}`, () => {
      const chosen = new LocalAddresses(own).sourceFor(address(remote))
      assert.equal(chosen === null ? null : chosen.toString(), source)
    })
  }

  test('the SYN carries it, and the port it came from', () => {
    const host = new Host({ addresses: ['192.0.2.7/24', '10.0.0.1/24', 'fd00::1/64'] })
    assert.ok(host.connect({ to: '10.0.0.2' }) && host.connect({ to: 'fd00::2' }))
    assert.deepEqual(
      host.poll().map(({ src, dst }) => [src, dst]),
      [
        ['10.0.0.1', '10.0.0.2'],
        ['fd00::1', 'fd00::2'],
      ],
    )
  })

  test('without one the OPEN is refused', () => {
    const host = new Host({ addresses: ['10.0.0.1/24'] })
    assert.throws(() => host.connect({ to: 'fd00::2' }), refused('address-not-available'))
    host.assertEmpty()
  })
})

describe('MUST-43: an active OPEN may name its local address', () => {
  test('which is then the source, though another lies nearer', () => {
    const host = new Host({ addresses: ['10.0.0.1/24', '192.0.2.7/24'] })
    host.connect({ to: '10.0.0.2', localAddress: address('192.0.2.7') })
    assert.equal(host.poll()[0]!.src, '192.0.2.7')
  })

  test('and is refused one that is not its own, or of the other version', () => {
    const host = new Host()
    const notOwn = { to: '10.0.0.2', localAddress: address('10.0.0.3') }
    assert.throws(() => host.connect(notOwn), refused('address-not-available'))
    const otherVersion = { to: '10.0.0.2', localAddress: address(HOST[6]) }
    assert.throws(() => host.connect(otherVersion), refused('address-not-available'))
    host.assertEmpty()
  })
})

test('MUST-45: the local address of a connection never changes, whoever owns more of them', () => {
  const host = new Host({ addresses: ['10.0.0.1/24', '10.0.0.9/24'] })
  const listener = host.listen({ port: 80 })
  const locals = new Map([
    [5001, '10.0.0.9'],
    [5002, '10.0.0.1'],
  ])
  const all = [...locals].map(([srcPort, dst]) => opened(host, listener, { srcPort, dst }))
  for (const { connection } of all) connection.send(new Uint8Array(5000))
  const sent = [...host.poll(), ...host.advance(5000)]
  assert.ok(sent.length > 10)
  for (const packet of sent) assert.equal(packet.src, locals.get(packet.dstPort))
})

test('MUST-46: an OPEN to a broadcast, multicast or unspecified address is refused', () => {
  const host = new Host()
  const illegal = ['255.255.255.255', '10.0.0.255', '224.0.0.1', '239.1.2.3', '0.0.0.0', 'ff02::1', '::']
  // A mapped address in an IPv6 header passes for an IPv4 host (RFC 4942 2.2).
  for (const to of [...illegal, '::ffff:10.0.0.2']) {
    assert.throws(() => host.connect({ to }), refused('invalid-remote-address'), to)
  }
  host.assertEmpty()
})

test('/31 and /32 have no broadcast address (RFC 3021)', () => {
  const host = new Host({ addresses: ['10.0.0.0/31'] })
  assert.ok(host.connect({ to: '10.0.0.1' }))
  const alone = new Host({ addresses: ['10.0.0.255/32'] })
  alone.listen({ port: 80 })
  assert.equal(alone.inject({ flags: 'S', dst: '10.0.0.255' }).length, 1)
})

describe('what arrives for nobody in particular', () => {
  test('MUST-57: a SYN to a broadcast or multicast address is ignored, listener or not', () => {
    for (const dst of ['10.0.0.255', '255.255.255.255', '224.0.0.1', 'ff02::1', 'ff0e::99']) {
      for (const dstPort of [80, 81]) {
        for (const flags of ['S', 'A', 'F', '']) {
          const host = new Host()
          host.listen({ port: 80 })
          assert.deepEqual(host.inject({ flags, dst, dstPort }), [], `${flags} to ${dst}`)
          assert.equal(host.drops('broadcast-or-multicast'), 1)
          host.assertEmpty()
        }
      }
    }
  })

  test('a packet for another host is ignored', () => {
    for (const dst of ['10.0.0.3', '192.0.2.1', 'fd00::9', '::']) {
      const host = new Host()
      host.listen({ port: 80 })
      assert.deepEqual(host.inject({ flags: 'S', dst }), [], dst)
      assert.equal(host.drops('other-host'), 1, dst)
    }
  })

  test('MUST-63: a SYN from an address that no other host has is ignored, listener or not', () => {
    const v4 = [
      '255.255.255.255',
      '10.0.0.255',
      '224.0.0.1',
      '0.0.0.0',
      '0.1.2.3',
      '127.0.0.1',
      '127.9.9.9',
      HOST[4],
    ]
    const v6 = ['ff02::1', '::', '::1', '::ffff:10.0.0.2', HOST[6]]
    for (const src of [...v4, ...v6]) {
      const version = src.includes(':') ? 6 : 4
      for (const dstPort of [80, 81]) {
        const host = new Host()
        host.listen({ port: 80 })
        assert.deepEqual(host.inject({ version, flags: 'S', src, dst: HOST[version], dstPort }), [], src)
        assert.equal(host.drops('invalid-source'), 1, src)
        host.assertEmpty()
      }
    }
  })

  test('the LAND packet, from the host to itself and from a port to itself, starts no talk of the host with itself', () => {
    for (const version of [4, 6] as const) {
      const host = new Host()
      host.listen({ port: 80 })
      const land = { version, flags: 'S', src: HOST[version], srcPort: 80, dstPort: 80 }
      assert.deepEqual(host.inject(land), [])
      assert.deepEqual(host.advance(100_000), [])
      host.assertEmpty()
    }
  })

  test('between loopback addresses everything goes', () => {
    const host = new Host({ addresses: ['127.0.0.1/8'] })
    host.listen({ port: 80 })
    assert.equal(host.inject({ flags: 'S', src: '127.0.0.2', dst: '127.0.0.1' }).length, 1)
  })
})

test('an IPv6 packet with mapped addresses does not reach the IPv4 connection with the same words', () => {
  const host = new Host()
  const connection = host.connect({ to: PEER[4] })
  const [syn] = host.poll()
  const answer = { flags: 'SA', seq: 9, ack: syn!.seq + 1, srcPort: 80, dstPort: syn!.srcPort }
  const mapped = { version: 6, src: `::ffff:${PEER[4]}`, dst: `::ffff:${HOST[4]}` } as const
  assert.deepEqual(host.inject({ ...answer, ...mapped }), [])
  assert.equal(connection.stateName, 'SYN-SENT')
  assert.equal(host.drops('other-host'), 1)
  host.inject(answer)
  assert.equal(connection.stateName, 'ESTABLISHED')
})

test('addresses are given as text or as prefixes; anything else is refused by name', () => {
  const prefix: Prefix = parsePrefix('10.0.0.1/24')!
  const addresses = new LocalAddresses([prefix, 'fd00::1/64'])
  assert.ok(addresses.has(address('10.0.0.1')) && addresses.has(address('fd00::1')))
  assert.ok(!addresses.has(address('::ffff:10.0.0.1')))
  assert.ok(addresses.owns(headerOf(4, '10.0.0.2', '10.0.0.1')))
  assert.ok(!addresses.owns(headerOf(6, 'fd00::2', '::ffff:10.0.0.1')))
  for (const text of ['10.0.0.1', '10.0.0.1/33', 'host', '']) {
    assert.throws(() => new LocalAddresses([text]), RangeError, text)
  }
})

test('RFC 1122 3.2.1.3 g: all of a loopback network is the host itself, but for its broadcast address', () => {
  const own = new LocalAddresses(['127.0.0.1/8', '::1/128', '10.0.0.1/24'])
  for (const [text, isOwn] of [
    ['127.0.0.1', true],
    ['127.0.0.0', true],
    ['127.1.2.3', true],
    ['127.255.255.255', false],
    ['128.0.0.1', false],
    ['10.0.0.1', true],
    ['10.0.0.2', false],
    ['::1', true],
    ['::2', false],
    ['::ffff:127.0.0.2', false],
  ] as const) {
    const wanted = address(text)
    assert.equal(own.has(wanted), isOwn, text)
    assert.equal(own.owns(headerOf(wanted.version, text, text)), isOwn, text)
  }
  assert.equal(new LocalAddresses(['127.0.0.1/32']).has(address('127.0.0.2')), false)
})

test('a host listens on, and speaks from, any address of its loopback network', () => {
  const host = new Host({ addresses: ['127.0.0.1/8'] })
  const listener = host.listen({ port: 80, address: address('127.0.0.9') })
  host.connect({ to: '127.0.0.9' })
  host.poll()
  const { path } = host.stack.accept(listener)!.tcb
  assert.equal(path.remote3 >>> 0, 0x7f000001)
  assert.throws(
    () => host.listen({ port: 81, address: address('127.255.255.255') }),
    refused('address-not-available'),
  )
})
