/** Settings of elko/register: what they say, and what is said of those that cannot be meant. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings, SettingError } from '../../src/net/settings.ts'

test('without settings the host is alone and nothing happens to its packets', () => {
  assert.deepEqual(readSettings({}), {
    tun: null,
    addresses: ['10.7.0.2/24', 'fd07::2/64'],
    mtu: null,
    impairments: null,
    seed: '1',
    record: null,
  })
  assert.deepEqual(readSettings({ ELKO_TUN: ' ', ELKO_SEED: '' }), readSettings({}))
})

test('a device by name or number, its addresses and MTU', () => {
  const settings = readSettings({
    ELKO_TUN: 'elko7',
    ELKO_ADDRESS: '192.0.2.2/30, fd09::2/64',
    ELKO_MTU: '1400',
  })
  assert.deepEqual(settings.tun, { name: 'elko7' })
  assert.deepEqual(settings.addresses, ['192.0.2.2/30', 'fd09::2/64'])
  assert.equal(settings.mtu, 1400)
  assert.deepEqual(readSettings({ ELKO_TUN: 'fd:9' }).tun, { fd: 9 })
})

test('impairments with blanks or commas between, and a seed', () => {
  const expected = { loss: 0.02, delayUs: 30_000, rateBitsPerSecond: 20_000_000 }
  for (const text of ['loss=2% delay=30ms rate=20mbit', 'loss=2%,delay=30ms, rate=20mbit']) {
    assert.deepEqual(readSettings({ ELKO_IMPAIR: text }).impairments, expected)
  }
  assert.equal(readSettings({ ELKO_SEED: 'fruit' }).seed, 'fruit')
  assert.equal(readSettings({ ELKO_IMPAIR: 'loss=1%', ELKO_MTU: '9000' }).mtu, 9000)
})

const WRONG: [environment: Record<string, string>, message: string][] = [
  [{ ELKO_TUN: 'fd:x' }, 'ELKO_TUN: expected a whole number from 0 to 1000000000, not "x"'],
  [{ ELKO_TUN: 'a', ELKO_MTU: '500' }, 'ELKO_MTU: expected a whole number from 576 to 65535, not "500"'],
  [{ ELKO_TUN: 'a', ELKO_MTU: '1e3' }, 'ELKO_MTU: expected a whole number from 576 to 65535, not "1e3"'],
  [
    { ELKO_MTU: '1400' },
    'ELKO_MTU: expected ELKO_TUN or ELKO_IMPAIR beside it, for a link that has it, not "1400"',
  ],
  [
    { ELKO_ADDRESS: '10.0.0.1/8' },
    'ELKO_ADDRESS: expected ELKO_TUN beside it, the device that has them, not "10.0.0.1/8"',
  ],
  [
    { ELKO_TUN: 'a', ELKO_ADDRESS: '10.0.0.1/8,10.0.0.2' },
    'ELKO_ADDRESS: expected addresses with their prefix lengths such as 10.7.0.2/24, not "10.0.0.2"',
  ],
  [{ ELKO_IMPAIR: 'loss' }, 'ELKO_IMPAIR: expected NAME=VALUE pairs such as loss=2% delay=30ms, not "loss"'],
  [{ ELKO_IMPAIR: 'loss=nine' }, 'ELKO_IMPAIR: loss: expected a probability such as 3% or 0.03, not "nine"'],
]
for (const [environment, message] of WRONG) {
  test(`${Object.entries(environment)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')} is refused, and the words say why`, () => {
    assert.throws(
      () => readSettings(environment),
      (error) => {
        assert.ok(error instanceof SettingError)
        assert.equal(error.message, message)
        return true
      },
    )
  })
}
