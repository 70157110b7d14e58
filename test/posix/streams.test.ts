import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FREEBSD, LINUX, type Profile } from '../../src/posix/profiles.ts'
import { configure } from '../../src/tcp/config.ts'
import fc from '../property.ts'
import { c, connected } from './world.ts'

const tunables = fc.record({
  nagleSmallOnly: fc.boolean(),
  ackReleasesText: fc.boolean(),
  pushesLast: fc.boolean(),
  probesWithText: fc.boolean(),
  resetsAcknowledge: fc.boolean(),
  growsWhenHalfUsed: fc.boolean(),
  growsByNewsOnly: fc.boolean(),
  timestamps: fc.boolean(),
  burstSegments: fc.integer({ min: 0, max: 12 }),
  quickAcks: fc.integer({ min: 0, max: 20 }),
  windowShift: fc.integer({ min: -1, max: 9 }),
  slowStartSegmentsPerAck: fc.integer({ min: 1, max: 50 }),
})

const writes = fc.array(
  fc.record({
    size: fc.integer({ min: 1, max: 30_000 }),
    flags: fc.constantFrom(0, 0, c('MSG_MORE'), c('MSG_EOR'), c('MSG_MORE|MSG_EOR')),
    pauseMs: fc.constantFrom(0, 0, 1, 60, 300),
    readMost: fc.integer({ min: 0, max: 40_000 }),
  }),
  { minLength: 1, maxLength: 12 },
)

/** The octet at a place of the stream. */
function octet(at: number): number {
  return (at * 31 + (at >>> 8)) & 0xff
}

test('whatever the tunables, the flags and the losses: what was written is what is read, to the end', () => {
  fc.assert(
    fc.property(fc.boolean(), tunables, writes, fc.integer(), (linux, config, steps, seed) => {
      const base = linux ? LINUX : FREEBSD
      const profile: Profile = { ...base, config: configure(config, base.config) }
      const { world, a, b, server, client } = connected({ profile })
      a.set(server, 'SOL_SOCKET', 'SO_RCVBUF', [20_000])
      let state = seed
      world.loses = () => {
        state = Math.imul(state, 1664525) + 1013904223
        return state >>> 0 < 2 ** 32 / 12
      }
      let read = 0
      const take = (most: number) => {
        const got = a.call('recv', server, new Uint8Array(0), most, c('MSG_DONTWAIT'))
        if (typeof got === 'string') return
        const octets = a.args[1] as Uint8Array
        for (let i = 0; i < octets.length; i++) assert.equal(octets[i], octet(read + i))
        read += octets.length
      }
      let written = 0
      for (const { size, flags, pauseMs, readMost } of steps) {
        const text = Uint8Array.from({ length: size }, (_, i) => octet(written + i))
        const taken = b.call('send', client, text, size, flags | c('MSG_DONTWAIT'))
        if (typeof taken === 'number') written += taken
        if (pauseMs > 0) world.advance(pauseMs)
        if (readMost > 0) take(readMost)
      }
      assert.equal(b.call('shutdown', client, c('SHUT_WR')), 0)
      for (let i = 0; i < 400 && read < written; i++) {
        world.advance(500)
        take(50_000)
      }
      assert.equal(read, written)
      world.advance(120_000)
      assert.equal(a.read(server, 1), 0)
    }),
    { numRuns: 60, seed: 5 },
  )
})
