import assert from 'node:assert/strict'
import { isIP, SocketAddress } from 'node:net'
import { test } from 'node:test'
import * as a from '../../src/wire/address.ts'
import {
  inPrefix,
  inPrefixWords,
  isSubnetBroadcastWords,
  networkOf,
  Prefix,
  parsePrefix,
} from '../../src/wire/address-prefix.ts'
import { IpHeader, MAPPED_PREFIX } from '../../src/wire/ip-header.ts'
import fc from '../property.ts'

function address(text: string): a.Address {
  const parsed = a.parseAddress(text)
  assert.ok(parsed !== null, `${text} is an address`)
  return parsed
}

test('RFC 5952 4: addresses are shown in their one canonical form', () => {
  const cases: [text: string, canonical: string][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:0DB8:0000:0000:0000:0000:0002:0001', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:1::', '0:0:1::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::FFFF:c000:201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ]
  for (const [text, canonical] of cases) {
    assert.equal(a.formatAddress(address(text)), canonical)
    assert.equal(String(address(canonical)), canonical)
  }
})

test('what is no address is null: zones, leading zeros, ports, blanks, wrong numbers of groups', () => {
  const wrong = [
    '',
    '.',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.04',
    '1.2.3.',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4:80',
    '-1.2.3.4',
    '0x1.2.3.4',
    '1e1.2.3.4',
    ':',
    ':::',
    '1:::2',
    '1::2::3',
    '::1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    'fe80::1%eth0',
    '[::1]',
    '12345::',
    'g::',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::1.2.3',
    '1:2:3:4:5:6:7:1.2.3.4',
    `${'0'.repeat(50)}::1`,
  ]
  for (const text of wrong) assert.equal(a.parseAddress(text), null, text)
})

test('parsing accepts exactly what node:net accepts, zones aside', () => {
  const part = fc.oneof(
    fc.constantFrom(':', '::', '.', '1.2.3.4', '0', 'ffff', '255', '256', '00', 'g'),
    fc.nat(0xffff).map((n) => n.toString(16)),
    fc.nat(300).map(String),
  )
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 15 }),
      fc.constantFrom('', ':', '.'),
      (parts, joint) => {
        const text = parts.join(joint)
        assert.equal(a.parseAddress(text)?.version ?? 0, isIP(text), text)
      },
    ),
    { numRuns: 20_000 },
  )
})

test('any words survive being shown and parsed; IPv6 is shown as node:net shows it', () => {
  const word = fc.oneof(fc.integer(), fc.constantFrom(0, 1, 0xffff, -65536, MAPPED_PREFIX))
  fc.assert(
    fc.property(word, word, word, word, (w0, w1, w2, w3) => {
      const six = new a.Address(6, w0, w1, w2, w3)
      const text = a.formatAddress(six)
      assert.ok(a.addressEquals(address(text), six), text)
      // An IPv4-compatible address, long deprecated, is shown by the platform with an embedded IPv4 address.
      if ((w0 | w1 | w2) !== 0)
        assert.equal(text, new SocketAddress({ address: text, family: 'ipv6' }).address)
      const four = new a.Address(4, 0, 0, MAPPED_PREFIX, w3)
      assert.ok(a.addressEquals(address(a.formatAddress(four)), four))
      assert.equal(`${a.addressOf(0, 0, MAPPED_PREFIX, w3)}`, a.formatAddress(four))
    }),
    { numRuns: 5000 },
  )
})

test('addressOf takes mapped words for IPv4 unless told the version; equality knows the version', () => {
  const four = a.addressOf(0, 0, MAPPED_PREFIX, 0x0a000001)
  assert.equal(four.version, 4)
  assert.ok(a.addressEquals(four, address('10.0.0.1')))
  const six = a.addressOf(0, 0, MAPPED_PREFIX, 0x0a000001, 6)
  assert.ok(a.addressEquals(six, address('::ffff:10.0.0.1')))
  assert.ok(!a.addressEquals(four, six))
  assert.equal(a.addressOf(0, 0, 0, 1).version, 6)
  for (const at of ['w0', 'w1', 'w2', 'w3'] as const) {
    const base = { w0: 1, w1: 2, w2: 3, w3: 4 }
    const other = { ...base, [at]: 9 }
    const one = new a.Address(6, base.w0, base.w1, base.w2, base.w3)
    assert.ok(!a.addressEquals(one, new a.Address(6, other.w0, other.w1, other.w2, other.w3)), at)
  }
  assert.equal(String(a.ANY_V4), '0.0.0.0')
  assert.equal(String(a.ANY_V6), '::')
})

test('each class of addresses holds its own and leaves its neighbours out', () => {
  const classes: [is: (x: a.Address) => boolean, inside: string[], outside: string[]][] = [
    [
      a.isMulticast,
      ['224.0.0.0', '239.255.255.255', 'ff00::', 'ff02::1', '::ffff:224.0.0.1'],
      ['223.255.255.255', '240.0.0.0', 'fe80::1', 'feff::', '::e000:1', '1::ffff:e000:1'],
    ],
    [a.isBroadcastV4, ['255.255.255.255'], ['255.255.255.254', '::ffff:ffff', '1::ffff:ffff:ffff']],
    [a.isUnspecified, ['0.0.0.0', '::'], ['0.0.0.1', '::1', '::1:0:0', '1::']],
    [a.isLoopback, ['127.0.0.1', '127.255.255.255', '::1'], ['126.0.0.1', '128.0.0.1', '::2', '::', '1::1']],
    [
      a.isLinkLocal,
      ['169.254.0.0', '169.254.255.255', 'fe80::', 'febf:ffff::1'],
      ['169.253.1.1', '169.255.1.1', 'fec0::', 'fe7f::', '::a9fe:101'],
    ],
    [a.isMapped, ['10.0.0.1', '::ffff:10.0.0.1'], ['::10.0.0.1', '::fffe:10.0.0.1', '1::ffff:10.0.0.1']],
  ]
  for (const [is, inside, outside] of classes) {
    for (const text of inside) assert.ok(is(address(text)), `${is.name} ${text}`)
    for (const text of outside) assert.ok(!is(address(text)), `${is.name} not ${text}`)
  }
})

test('MUST-63: a source that no host can have is known', () => {
  const header = new IpHeader()
  const judge = (text: string): boolean => {
    const { version, w0, w1, w2, w3 } = address(text)
    Object.assign(header, { version, src0: w0, src1: w1, src2: w2, src3: w3 })
    assert.equal(String(a.sourceAddress(header)), text)
    return a.isInvalidSource(header)
  }
  for (const text of [
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'ff02::1',
    '::ffff:10.0.0.1',
  ]) {
    assert.ok(judge(text), text)
  }
  for (const text of ['10.0.0.1', '127.0.0.1', '240.0.0.1', '::1', 'fe80::1', '2001:db8::1']) {
    assert.ok(!judge(text), text)
  }
})

test('the destination of a header is kept as an address', () => {
  const header = new IpHeader()
  Object.assign(header, { version: 6, dst0: 0x20010db8, dst1: 0, dst2: 0, dst3: 9 })
  assert.equal(String(a.destinationAddress(header)), '2001:db8::9')
})

test('prefixes parse with their host bits, and only with a length of their version', () => {
  const prefix = parsePrefix('10.1.2.3/24')
  assert.ok(prefix !== null)
  assert.equal(String(prefix.address), '10.1.2.3')
  assert.equal(prefix.length, 24)
  assert.equal(String(prefix), '10.1.2.3/24')
  assert.equal(String(networkOf(prefix)), '10.1.2.0')
  assert.equal(String(networkOf(parsePrefix('2001:db8:1:2:3::4/49')!)), '2001:db8:1::')
  for (const text of [
    '10.0.0.1',
    '10.0.0.1/',
    '10.0.0.1/33',
    '::/129',
    '10.0.0.1/08',
    '10.0.0.1/-1',
    '/8',
    'x/8',
  ]) {
    assert.equal(parsePrefix(text), null, text)
  }
})

test('an address is in a prefix if and only if the leading bits agree', () => {
  const bitsOf = (x: a.Address): string =>
    (x.version === 4 ? [x.w3] : [x.w0, x.w1, x.w2, x.w3])
      .map((word) => (word >>> 0).toString(2).padStart(32, '0'))
      .join('')
  fc.assert(
    fc.property(
      fc.constantFrom<4 | 6>(4, 6),
      fc.array(fc.integer(), { minLength: 4, maxLength: 4 }),
      fc.nat(127),
      fc.nat(128),
      (version, words, flip, length) => {
        const most = version === 4 ? 32 : 128
        const own = version === 4 ? [0, 0, MAPPED_PREFIX, words[3]!] : words
        const one = new a.Address(version, own[0]!, own[1]!, own[2]!, own[3]!)
        const bit = version === 4 ? 96 + (flip % 32) : flip
        own[bit >>> 5]! ^= 1 << (31 - (bit & 31))
        const other = new a.Address(version, own[0]!, own[1]!, own[2]!, own[3]!)
        const prefix = new Prefix(one, length % (most + 1))
        const expected = bitsOf(one).slice(0, prefix.length) === bitsOf(other).slice(0, prefix.length)
        assert.equal(inPrefix(prefix, other), expected)
        assert.equal(inPrefixWords(prefix, other.w0, other.w1, other.w2, other.w3), expected)
        assert.ok(inPrefix(prefix, one))
      },
    ),
    { numRuns: 5000 },
  )
})

test('a prefix of length 0 holds its own version only', () => {
  assert.ok(inPrefix(parsePrefix('0.0.0.0/0')!, address('8.8.8.8')))
  assert.ok(!inPrefix(parsePrefix('0.0.0.0/0')!, address('::ffff:8.8.8.8')))
  assert.ok(!inPrefix(parsePrefix('::/0')!, address('8.8.8.8')))
})

test('MUST-57: the broadcast address of a subnet is known; /31 and /32 have none', () => {
  const isBroadcast = (prefix: string, text: string): boolean => {
    const { w0, w1, w2, w3 } = address(text)
    return isSubnetBroadcastWords(parsePrefix(prefix)!, w0, w1, w2, w3)
  }
  assert.ok(isBroadcast('10.1.2.3/24', '10.1.2.255'))
  assert.ok(isBroadcast('10.1.2.3/22', '10.1.3.255'))
  assert.ok(isBroadcast('10.1.2.1/30', '10.1.2.3'))
  assert.ok(!isBroadcast('10.1.2.3/24', '10.1.3.255'))
  assert.ok(!isBroadcast('10.1.2.3/22', '10.1.2.255'))
  assert.ok(!isBroadcast('10.1.2.2/31', '10.1.2.3'))
  assert.ok(!isBroadcast('10.1.2.3/32', '10.1.2.3'))
  assert.ok(!isBroadcast('::/0', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'))
})
