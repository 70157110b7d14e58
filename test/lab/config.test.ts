/** Configurations of the lab: checked wherever they come from, and the same again after a link has carried them. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkConfig } from '../../src/lab/check-config.ts'
import { ICMP_ERRORS, type IcmpError } from '../../src/lab/forged.ts'
import { DEFAULT_LAB, DEFAULT_PATH, type LabConfig } from '../../src/lab/lab-config.ts'
import { LabError } from '../../src/lab/lab-error.ts'
import { isAsBegun, LESSONS, lessonOf } from '../../src/lab/lessons.ts'
import { sharedConfig, shareText } from '../../src/lab/share.ts'
import { boundsOf, TUNABLES, usualValue } from '../../src/lab/tunables.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { configure } from '../../src/tcp/config.ts'
import fc from '../property.ts'

const side = fc.constantFrom(0 as const, 1 as const)
const packet = fc.integer({ min: 1, max: 1000 })
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const uint16 = fc.integer({ min: 0, max: 65_535 })
const edges = fc.tuple(uint32, uint32)
const segment = fc
  .record(
    {
      srcPort: uint16,
      dstPort: uint16,
      seq: uint32,
      ack: uint32,
      flags: fc.integer({ min: 0, max: 0xfff }),
      window: uint16,
      urgentPointer: uint16,
      length: fc.integer({ min: 0, max: 1400 }),
      mss: uint16,
      windowScale: fc.integer({ min: 0, max: 255 }),
      dataOffset: fc.integer({ min: 0, max: 15 }),
      sackPermitted: fc.boolean(),
      badChecksum: fc.boolean(),
      sack: fc.array(edges, { maxLength: 1 }),
      options: fc.constantFrom('1e00', 'ff'),
      text: fc.string({ minLength: 1, maxLength: 9, unit: 'grapheme' }),
      timestamps: edges,
    },
    { requiredKeys: ['srcPort', 'dstPort', 'seq', 'ack', 'flags', 'window', 'urgentPointer', 'length'] },
  )
  .map((one) => (one.text === undefined ? one : { ...one, length: 0 }))
const error = fc.record({
  says: fc.constantFrom(...(Object.keys(ICMP_ERRORS) as IcmpError[]).filter((name) => ICMP_ERRORS[name].v6)),
  mtu: uint16,
  srcPort: uint16,
  dstPort: uint16,
  seq: uint32,
  length: fc.integer({ min: 0, max: 65_000 }),
})
const atUs = fc.integer({ min: 0, max: 1e9 })
const intervention = fc.oneof(
  fc.record({ kind: fc.constantFrom('drop' as const, 'duplicate' as const), from: side, packet }),
  fc.record({
    kind: fc.constant('delay' as const),
    from: side,
    packet,
    byUs: fc.integer({ min: 0, max: 1e6 }),
  }),
  fc.record({
    kind: fc.constant('call' as const),
    atUs,
    host: side,
    step: fc.constantFrom('send 1000', 'close', 'set user-timeout 1.5s', 'stop reading'),
  }),
  fc.record({
    kind: fc.constant('inject' as const),
    atUs,
    to: side,
    segment,
  }),
  fc.record({ kind: fc.constant('icmp' as const), atUs, to: side, error }),
)
const path = fc.record(
  {
    rateBitsPerSecond: fc.integer({ min: 0, max: 1e9 }),
    delayUs: fc.integer({ min: 0, max: 1e6 }),
    loss: fc.double({ min: 0, max: 1, noNaN: true }),
    mtu: fc.constantFrom(0, 576, 1500),
    mtuBlackHole: fc.boolean(),
  },
  { requiredKeys: [] },
)
const tuning = fc.record(
  {
    nagle: fc.boolean(),
    mssLimit: fc.integer({ min: 0, max: 65_535 }),
    delayedAckMs: fc.integer({ min: 0, max: 499 }),
  },
  { requiredKeys: [] },
)
const host = (name: string) =>
  fc.record({
    name: fc.string({ minLength: 1, maxLength: 3, unit: 'grapheme' }).map((text) => `${name}${text}`),
    program: fc.constantFrom('listen\nreceive to end', 'connect\nsend 100 # größer\nclose', ''),
    iss: fc.option(uint32),
    tuning,
  })
const configs = fc.record({
  seed: uint32,
  ipv6: fc.boolean(),
  lesson: fc.constantFrom(null, ...SCENARIOS.map(({ name }) => name)),
  experiment: fc.constantFrom(null, 'slow-reader', 'lossy-path'),
  bytes: fc.option(fc.integer({ min: 1, max: 10_000_000 })),
  untilMs: fc.option(fc.integer({ min: 1, max: 86_400_000 })),
  hosts: fc.tuple(host('a'), host('b')),
  paths: fc.tuple(path, path),
  versus: fc.option(fc.tuple(tuning, tuning)),
  interventions: fc.array(intervention, { maxLength: 5 }),
})

test('a link carries any configuration, and a check changes nothing', () => {
  fc.assert(
    fc.property(configs, (drawn) => {
      // fast-check's records have no prototype.
      const whole = JSON.parse(JSON.stringify(drawn)) as LabConfig
      const given = whole.lesson === null ? whole : { ...whole, experiment: null }
      const config = checkConfig(given)
      assert.deepEqual(config, given)
      const text = shareText(config)
      assert.match(text, /^(1\.[\w-]+)?$/)
      assert.deepEqual(sharedConfig(`#${text}`), config)
    }),
    { numRuns: 300 },
  )
})

test('the defaults are an empty link, and one change is a short one', () => {
  assert.equal(shareText(DEFAULT_LAB), '')
  assert.deepEqual(sharedConfig(''), DEFAULT_LAB)
  assert.ok(shareText({ ...DEFAULT_LAB, seed: 7 }).length < 20)
})

test('every lesson fits into a link, and comes back as it was', () => {
  for (const { name, config } of LESSONS) {
    assert.deepEqual(sharedConfig(shareText(config)), config, name)
    assert.ok(shareText(config).length < 1000, name)
  }
})

test('a changed experiment remains that experiment, and can be told from how it began', () => {
  for (const lesson of LESSONS) {
    const config = sharedConfig(shareText(lesson.config))
    assert.equal(lessonOf(config), lesson)
    assert.ok(isAsBegun(config, lesson), lesson.name)
    const changed = sharedConfig(shareText({ ...config, seed: 99 }))
    // Free play is whatever anybody makes of it.
    assert.equal(lessonOf(changed), lesson.config === DEFAULT_LAB ? null : lesson)
    assert.ok(!isAsBegun(changed, lesson), lesson.name)
  }
})

test('as many interventions as there may be fit into a link', () => {
  const numbers = { srcPort: 65_535, dstPort: 65_535, seq: 4e9, ack: 4e9, flags: 0xfff, window: 65_535 }
  const segment = {
    ...numbers,
    urgentPointer: 65_535,
    length: 0,
    text: 'x'.repeat(100),
    options: 'ff'.repeat(40),
  }
  const one = { kind: 'inject', atUs: 86_400_000_000, to: 1, from: '192.168.100.200', segment } as const
  const config: LabConfig = { ...DEFAULT_LAB, interventions: new Array(1000).fill(one) }
  assert.deepEqual(sharedConfig(shareText(checkConfig(config))), config)
})

test('a link that is none says so', () => {
  const wrong: [text: string, message: RegExp][] = [
    ['hello', /^link: expected a fragment such as #1\./],
    ['2.e30', /it is of version 2; this lab reads version 1/],
    ['1.!!!', /it is damaged: '!' cannot stand in it/],
    ['1.e3', /it is damaged: what it holds cannot be read/],
    ['1.W10', /expected fields, not \[\]/],
    [`1.${'A'.repeat(2_000_000)}`, /expected a fragment/],
  ]
  for (const [text, message] of wrong) assert.throws(() => sharedConfig(text), { name: 'LabError', message })
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
  for (const json of [deep, `{"seed":${deep}}`, `{"hosts":[${deep},0]}`]) {
    const text = `1.${Buffer.from(json).toString('base64url')}`
    assert.throws(() => sharedConfig(text), { name: 'LabError', message: /link: it holds lists in lists/ })
  }
})

describe('what cannot be meant is refused, with its place', () => {
  const [left, right] = DEFAULT_LAB.hosts
  const wrong: [what: string, given: unknown, message: RegExp][] = [
    ['no object', 7, /^the configuration: expected fields, not 7$/],
    ['an unknown field', { sed: 1 }, /unknown field 'sed'; expected seed,/],
    ['seed', { seed: -1 }, /^seed: expected a whole number from 0 to 4294967295, not -1$/],
    ['seed, a text', { seed: '1' }, /^seed: .* not "1"$/],
    ['lesson', { lesson: 'nap' }, /^lesson: expected a scenario of elko sim, not "nap"$/],
    [
      'experiment',
      { experiment: 'nap' },
      /^experiment: expected an experiment of the lab, and no lesson, not "nap"$/,
    ],
    [
      'two beginnings',
      { lesson: 'classic', experiment: 'slow-reader' },
      /^experiment: expected an experiment of the lab, and no lesson, not "slow-reader"$/,
    ],
    ['untilMs', { untilMs: 0 }, /^untilMs: expected a whole number from 1 to 86400000/],
    ['one host', { hosts: [left] }, /^hosts: expected a list of two/],
    [
      'the same name',
      { hosts: [left, { ...right, name: left.name }] },
      /^hosts\[1\]\.name: expected another name/,
    ],
    ['an empty name', { hosts: [{ ...left, name: ' ' }, right] }, /^hosts\[0\]\.name: expected a name/],
    ['a name that speaks', { hosts: [{ ...left, name: 'a\u001b[2J' }, right] }, /^hosts\[0\]\.name: /],
    ['program', { hosts: [left, { program: 'nod' }] }, /^hosts\[1\]\.program, line 1: unknown step 'nod'/],
    [
      'tuning',
      { hosts: [{ tuning: { delayedAckMs: 500 } }, right] },
      /^hosts\[0\]\.tuning: delayedAckMs must be 0 to 499/,
    ],
    [
      'no tunable',
      { hosts: [{ tuning: { nagel: true } }, right] },
      /^hosts\[0\]\.tuning: nagel is not a tunable/,
    ],
    ['loss', { paths: [{ loss: 1.5 }, {}] }, /^paths\[0\]\.loss: expected a number from 0 to 1, not 1\.5$/],
    ['delay', { paths: [{}, { delayUs: 'x' }] }, /^paths\[1\]\.delayUs: expected a number, not "x"$/],
    ['no impairment', { paths: [{ lose: 1 }, {}] }, /^paths\[0\]: unknown field 'lose'/],
    ['kind', { interventions: [{ kind: 'hug' }] }, /^interventions\[0\]\.kind: expected drop, .* not "hug"$/],
    ['packet', { interventions: [{ kind: 'drop', from: 0, packet: 0 }] }, /^interventions\[0\]\.packet:/],
    [
      'side',
      { interventions: [{ kind: 'drop', from: 2, packet: 1 }] },
      /^interventions\[0\]\.from: expected 0 \(left\)/,
    ],
    [
      'byUs',
      { interventions: [{ kind: 'delay', from: 0, packet: 1 }] },
      /^interventions\[0\]\.byUs: .* not nothing$/,
    ],
    [
      'flags',
      { interventions: [{ kind: 'inject', atUs: 0, to: 0, segment: { flags: 4096 } }] },
      /segment\.flags:/,
    ],
    [
      'a call',
      { interventions: [{ kind: 'call', atUs: 5, host: 0, step: 'sned 5' }] },
      /^interventions\[0\]\.step: unknown step 'sned'; did you mean send\?$/,
    ],
    [
      'a call that is none',
      { interventions: [{ kind: 'call', atUs: 5, host: 0 }] },
      /^interventions\[0\]\.step: expected a step such as 'send 1000', not nothing$/,
    ],
    [
      'whose call',
      { interventions: [{ kind: 'call', atUs: 5, step: 'close' }] },
      /^interventions\[0\]\.host: expected 0 \(left\)/,
    ],
    ...Object.entries({
      'an option that is none': [{ mms: 5 }, /segment: unknown field 'mms'; expected srcPort, .* mss, /],
      MSS: [{ mss: 65_536 }, /segment\.mss: expected a whole number from 0 to 65535/],
      SACK: [{ sack: [[1, 2], [3]] }, /segment\.sack\[1\]: expected a list of two/],
      'SACK beside others': [
        {
          timestamps: [1, 2],
          mss: 5,
          windowScale: 1,
          sack: [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
        },
        /segment\.sack: expected at most 2 blocks beside the other options/,
      ],
      hex: [{ options: '1e0' }, /segment\.options: expected pairs of hexadecimal digits, not "1e0"/],
      'too many options': [
        { mss: 5, options: '00'.repeat(37) },
        /segment\.options: expected at most 40 octets of options in all, not 44/,
      ],
      'text and length': [{ text: 'a', length: 1 }, /segment\.length: expected 0 beside a text of its own/],
      'a long text': [{ text: 'é'.repeat(701) }, /segment\.text: expected at most 1400 octets, not 1402/],
      'no text': [{ text: '' }, /segment\.text: expected a text/],
      'a flag': [{ badChecksum: 1 }, /segment\.badChecksum: expected true or false/],
    } as Record<string, [object, RegExp]>).map(([what, [segment, message]]): [string, unknown, RegExp] => [
      `forged: ${what}`,
      { interventions: [{ kind: 'inject', atUs: 0, to: 0, segment }] },
      message,
    ]),
    [
      'whose name',
      { interventions: [{ kind: 'inject', atUs: 0, to: 0, from: '2001:db8::9', segment: {} }] },
      /^interventions\[0\]\.from: expected an address of IPv4, not "2001:db8::9"$/,
    ],
    [
      'no address',
      { ipv6: true, interventions: [{ kind: 'icmp', atUs: 0, to: 0, from: 'mallory', error: {} }] },
      /^interventions\[0\]\.from: expected an address of IPv6, not "mallory"$/,
    ],
    [
      'no error',
      { interventions: [{ kind: 'icmp', atUs: 0, to: 0, error: { says: 'boo' } }] },
      /^interventions\[0\]\.error\.says: expected one of network-unreachable, .* not "boo"$/,
    ],
    [
      'an error that IPv6 has not',
      { ipv6: true, interventions: [{ kind: 'icmp', atUs: 0, to: 0, error: { says: 'source-quench' } }] },
      /^interventions\[0\]\.error\.says: expected one of/,
    ],
    ['too many', { interventions: new Array(1001) }, /^interventions: expected a list of at most 1000$/],
    ['versus', { versus: [{}] }, /^versus: expected a list of two/],
  ]
  for (const [what, given, message] of wrong) {
    test(what, () =>
      assert.throws(
        () => checkConfig(given),
        (error) => error instanceof LabError && message.test(error.message),
      ),
    )
  }

  test('what is missing is as in the defaults', () => assert.deepEqual(checkConfig({}), DEFAULT_LAB))
})

test('every tunable has words, bounds where it is a number, and a usual value within them', () => {
  assert.equal(new Set(TUNABLES.map(({ name }) => name)).size, TUNABLES.length)
  for (const { name, label, about } of TUNABLES) {
    assert.ok(label !== '' && about.endsWith('.'), name)
    const usual = usualValue(name)
    const bounds = boundsOf(name)
    assert.equal(bounds === null, typeof usual === 'boolean', name)
    configure({ [name]: usual })
    if (bounds !== null) for (const bound of bounds) configure({ [name]: bound })
  }
})

test('the usual path is one that a configuration may spell out', () => {
  const config: LabConfig = { ...DEFAULT_LAB, paths: [DEFAULT_PATH, DEFAULT_PATH] }
  assert.deepEqual(checkConfig(config), config)
})
