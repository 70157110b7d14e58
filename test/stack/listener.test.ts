/** Listeners: which of them a SYN is for, and what may listen where. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Listener, type ListenOptions } from '../../src/stack/listener.ts'
import { CallError, type CallErrorReason } from '../../src/tcp/call-error.ts'
import { addressEquals } from '../../src/wire/address.ts'
import fc from '../property.ts'
import { address, HOST, Host, handshake, opened, PEER } from './host-harness.ts'
import { headerOf } from './packets-harness.ts'

function refused(reason: CallErrorReason): (error: unknown) => boolean {
  return (error) => error instanceof CallError && error.reason === reason
}

const remote = (text: string, port: number) => ({ remote: { address: address(text), port } })

describe('the longest match', () => {
  /** From the closest to the widest, for a SYN from 10.0.0.2:40000 to 10.0.0.1:80. */
  const KINDS: [name: string, options: Omit<ListenOptions, 'port'>][] = [
    ['remote and address', { ...remote(PEER[4], 40000), address: address(HOST[4]) }],
    ['remote and version', { ...remote(PEER[4], 40000), version: 4 }],
    ['remote', remote(PEER[4], 40000)],
    ['address', { address: address(HOST[4]) }],
    ['version', { version: 4 }],
    ['any', {}],
  ]

  test('MUST-42: takes the SYN among listeners of one port, in whatever order they came', () => {
    for (let mask = 1; mask < 1 << KINDS.length; mask++) {
      const present = KINDS.filter((_, i) => (mask & (1 << i)) !== 0)
      for (const order of [present, [...present].reverse()]) {
        const host = new Host()
        const listeners = new Map(
          order.map(([name, options]) => [name, host.listen({ port: 80, ...options })]),
        )
        handshake(host)
        const [closest] = present[0]!
        for (const [name, listener] of listeners)
          assert.equal(listener.waiting, name === closest ? 1 : 0, name)
      }
    }
  })

  test('passes over listeners that name something else', () => {
    const others: Omit<ListenOptions, 'port'>[] = [
      remote(PEER[4], 40001),
      remote('10.0.0.3', 40000),
      remote(PEER[6], 40000),
      { address: address('10.0.0.9') },
      { address: address(HOST[6]) },
      { version: 6 },
      { ...remote(PEER[4], 40000), version: 6 },
    ]
    const host = new Host({ addresses: ['10.0.0.1/24', '10.0.0.9/24', 'fd00::1/64'] })
    for (const options of others) host.listen({ port: 80, ...options })
    assert.equal(host.inject({ flags: 'S' })[0]!.flags, 'RA')
    const any = host.listen({ port: 80 })
    handshake(host)
    assert.equal(any.waiting, 1)
  })

  test('agrees with the definition, for all listeners and packets (property)', () => {
    const addresses = ['10.0.0.1', '10.0.0.2', 'fd00::1', 'fd00::2'].map(address)
    const option = fc.record({
      address: fc.option(fc.constantFrom(...addresses), { nil: undefined }),
      version: fc.option(fc.constantFrom(4 as const, 6 as const), { nil: undefined }),
      remote: fc.option(fc.record({ address: fc.constantFrom(...addresses), port: fc.constantFrom(1, 2) }), {
        nil: undefined,
      }),
    })
    const property = fc.property(
      option,
      option,
      fc.nat(3),
      fc.nat(3),
      fc.constantFrom(1, 2),
      (a, b, from, to, port) => {
        const [src, dst] = [addresses[from]!, addresses[to]!]
        fc.pre(src.version === dst.version)
        const fits = ({ address, version, remote }: typeof a): boolean =>
          (address === undefined
            ? version === undefined || version === dst.version
            : addressEquals(address, dst)) &&
          (remote === undefined || (addressEquals(remote.address, src) && remote.port === port))
        const rank = ({ address, version, remote }: typeof a): number[] =>
          [remote, address, address === undefined ? version : undefined].map((one) =>
            one === undefined ? 0 : 1,
          )
        const [one, two] = [a, b].map((o) => new Listener({ port: 80, ...clean(o) }, 80, 1))
        const ip = headerOf(src.version, src.toString(), dst.toString())
        const [x, y] = [one!.match(ip, port), two!.match(ip, port)]
        assert.equal(x >= 0, fits(a))
        assert.equal(y >= 0, fits(b))
        if (!fits(a) || !fits(b)) return
        assert.equal(Math.sign(x - y), Math.sign(compare(rank(a), rank(b))))
      },
    )
    fc.assert(property, { numRuns: 2000 })
  })
})

/** Without the fields that are undefined, which exact optional properties do not allow. */
function clean(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - b[i]!
  return 0
}

describe('versions', () => {
  test('a listener that names neither address nor version is dual-stack', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    for (const version of [4, 6] as const) {
      assert.equal(opened(host, listener, { version }).connection.tcb.path.version, version)
    }
  })

  test('one for IPv6 alone leaves IPv4 to others, and the other way round', () => {
    for (const version of [4, 6] as const) {
      const host = new Host()
      host.listen({ port: 80, version })
      assert.equal(host.inject({ version, flags: 'S' })[0]!.flags, 'SA')
      const other = version === 4 ? 6 : 4
      assert.equal(host.inject({ version: other, flags: 'S' })[0]!.flags, 'RA')
      host.listen({ port: 80, version: other })
      assert.equal(host.inject({ version: other, flags: 'S', srcPort: 5 })[0]!.flags, 'SA')
    }
  })
})

describe('conflicts', () => {
  const twice: [name: string, options: Omit<ListenOptions, 'port'>][] = [
    ['any address', {}],
    ['a version', { version: 6 }],
    ['an address', { address: address(HOST[4]) }],
    ['an address with its version beside it', { address: address(HOST[4]), version: 4 }],
    ['a remote socket', remote(PEER[4], 9)],
    ['everything', { ...remote(PEER[4], 9), address: address(HOST[4]) }],
  ]
  for (const [name, options] of twice) {
    test(`MUST-41: a second listener for ${name} is refused, and the first goes on`, () => {
      const host = new Host()
      const first = host.listen({ port: 80, ...options })
      assert.throws(() => host.listen({ port: 80, ...options }), refused('address-in-use'))
      assert.ok(host.listen({ port: 81, ...options }))
      host.stack.closeListener(first)
      assert.ok(host.listen({ port: 80, ...options }))
    })
  }

  test('MUST-41: a passive OPEN does not disturb connections from the same local socket', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    const { connection, seq, ack } = opened(host, listener)
    host.stack.closeListener(listener)
    const next = host.listen({ port: 80 })
    const [reply] = [...host.inject({ flags: 'PA', seq, ack, text: 'abc' }), ...host.advance(100)]
    assert.equal(reply!.ack, seq + 3)
    assert.equal(connection.readable, 3)
    opened(host, next, { srcPort: 40001 })
    assert.equal(connection.stateName, 'ESTABLISHED')
  })

  test('MUST-42: several connections of one local socket exist side by side with its listener', () => {
    const host = new Host()
    const listener = host.listen({ port: 80 })
    const all = Array.from({ length: 50 }, (_, i) => opened(host, listener, { srcPort: 1000 + i }))
    for (const [i, { seq, ack }] of all.entries()) {
      host.inject({ flags: 'PA', srcPort: 1000 + i, seq, ack, text: i + 1 })
    }
    assert.deepEqual(
      all.map(({ connection }) => connection.readable),
      all.map((_, i) => i + 1),
    )
  })
})

describe('listeners that share a port, or do not', () => {
  const wanted: [name: string, options: Omit<ListenOptions, 'port'>][] = [
    ['any', {}],
    ['any IPv4', { version: 4 }],
    ['any IPv6', { version: 6 }],
    ['10.0.0.1', { address: address(HOST[4]) }],
    ['10.0.0.9', { address: address('10.0.0.9') }],
    ['fd00::1', { address: address(HOST[6]) }],
  ]
  /** What Linux answers to bind(2) and listen(2), both with SO_REUSEADDR. */
  const CONFLICTS = [
    'any & any',
    'any & any IPv4',
    'any & any IPv6',
    'any & 10.0.0.1',
    'any & 10.0.0.9',
    'any & fd00::1',
    'any IPv4 & any IPv4',
    'any IPv4 & 10.0.0.1',
    'any IPv4 & 10.0.0.9',
    'any IPv6 & any IPv6',
    'any IPv6 & fd00::1',
    '10.0.0.1 & 10.0.0.1',
    '10.0.0.9 & 10.0.0.9',
    'fd00::1 & fd00::1',
  ]
  const ADDRESSES = ['10.0.0.1/24', '10.0.0.9/24', 'fd00::1/64']

  test('MUST-41: one that is alone conflicts with whoever could have one of its SYNs, as in Linux', () => {
    for (const [name, options] of wanted) {
      for (const [otherName, other] of wanted) {
        const host = new Host({ addresses: ADDRESSES })
        host.listen({ port: 80, ...options, sharing: 'alone' })
        const listen = (): unknown => host.listen({ port: 80, ...other })
        const isConflict = [`${name} & ${otherName}`, `${otherName} & ${name}`].some((each) =>
          CONFLICTS.includes(each),
        )
        if (isConflict) assert.throws(listen, refused('address-in-use'), `${name} & ${otherName}`)
        else assert.ok(listen(), `${name} & ${otherName}`)
      }
    }
  })

  test('one that only binds has the port and no SYN', () => {
    const host = new Host()
    const bound = host.listen({ port: 80, sharing: 'alone', onlyBinds: true })
    assert.equal(host.inject({ flags: 'S' })[0]!.flags, 'RA')
    assert.throws(() => host.listen({ port: 80 }), refused('address-in-use'))
    host.stack.closeListener(bound)
    host.listen({ port: 80 })
    assert.equal(host.inject({ flags: 'S' })[0]!.flags, 'SA')
  })

  test('those that share a port have each a part of the SYNs, and each remote socket goes to the same one', () => {
    const host = new Host()
    const listeners = [1, 2, 3].map(() => host.listen({ port: 80, sharing: 'together' }))
    assert.throws(() => host.listen({ port: 80 }), refused('address-in-use'))
    assert.throws(() => host.listen({ port: 80, sharing: 'alone' }), refused('address-in-use'))
    for (let i = 0; i < 300; i++) handshake(host, { srcPort: 1000 + i })
    const waiting = listeners.map((listener) => listener.waiting)
    assert.equal(waiting[0]! + waiting[1]! + waiting[2]!, 300)
    for (const count of waiting) assert.ok(count > 60 && count < 140, `${waiting}`)
  })
})

describe('ports', () => {
  test('port 0 takes a free one of the dynamic range, a different one each time', () => {
    const host = new Host()
    const ports = Array.from({ length: 500 }, () => host.listen({ port: 0 }).port)
    assert.equal(new Set(ports).size, 500)
    for (const port of ports) assert.ok(port >= 49152 && port <= 65535)
    assert.equal(host.inject({ flags: 'S', dstPort: ports[77]! })[0]!.flags, 'SA')
  })

  test('when all are taken, port 0 is refused', () => {
    const host = new Host()
    for (let port = 49152; port <= 65535; port++) host.listen({ port })
    assert.throws(() => host.listen({ port: 0 }), refused('address-not-available'))
  })

  test('what is no port is a RangeError', () => {
    for (const port of [-1, 65536, 1.5, Number.NaN, Infinity]) {
      assert.throws(() => new Host().listen({ port }), RangeError, `${port}`)
    }
  })

  test('well-known ports are the privileged range: refused without privilege, to both kinds of OPEN', () => {
    const host = new Host({ privileged: false })
    for (const port of [1, 80, 1023]) {
      assert.throws(() => host.listen({ port }), refused('connection-illegal'))
      assert.throws(() => host.connect({ localPort: port }), refused('connection-illegal'))
    }
    assert.equal(host.listen({ port: 1024 }).port, 1024)
    assert.ok(host.listen({ port: 0 }).port >= 49152)
    assert.ok(host.connect({ localPort: 1024 }))
    assert.ok(new Host().listen({ port: 80 }))
  })

  test("an address that is not the host's own is refused", () => {
    for (const text of ['10.0.0.2', '0.0.0.0', '::', '::ffff:10.0.0.1']) {
      assert.throws(
        () => new Host().listen({ port: 80, address: address(text) }),
        refused('address-not-available'),
      )
    }
  })
})
