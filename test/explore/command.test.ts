/** `npm run explore` as a person runs it, and the scripts that it writes. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readCapture } from '../../src/capture/index.ts'
import { drill } from '../../src/drill/index.ts'
import { Fairness } from '../../src/explore/fairness.ts'
import { drillScript, Replay, SCENARIOS } from '../../src/explore/index.ts'
import { Worlds } from '../../src/explore/worlds.ts'

const DIST = fileURLToPath(new URL('../..', import.meta.url))
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

function explore(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['scripts/explore.mjs', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, ELKO_DIST: DIST },
  })
}

describe('the command', () => {
  test('tells what it saw, and exits with 0 where nothing was wrong', () => {
    const { status, stdout } = explore('--scenario', 'handshake,urgent', '--states', '500', '--json')
    assert.equal(status, 0)
    const { totals, scenarios, transitions, files } = JSON.parse(stdout)
    assert.deepEqual(
      scenarios.map((one: { scenario: string; violation: null }) => [one.scenario, one.violation]),
      [
        ['handshake', null],
        ['urgent', null],
      ],
    )
    assert.ok(totals.states >= 1000 && totals.states < 1200)
    assert.ok(transitions.untaken.length < transitions.all)
    assert.deepEqual(files, [])
  })

  test('writes a ladder, a capture and two scripts of a violation, and exits with 1', () => {
    const names = ['ladder.txt', 'pcapng', 'a.pkt', 'b.pkt'].map(
      (end) => `${ROOT}out/explore/half-close.${end}`,
    )
    for (const name of names) rmSync(name, { force: true })
    const fault = 'loses-text-of-a-fin'
    const { status, stdout } = explore('--scenario', 'half-close', '--states', '500', '--seed-fault', fault)
    assert.equal(status, 1)
    assert.match(stdout, /VIOLATION: a takes the end of the stream for reached at 40 of 60 octets/)
    assert.match(stdout, /^written: out\/explore\/half-close\.ladder\.txt$/m)
    for (const name of names) assert.ok(existsSync(name), name)
    assert.match(readFileSync(names[0]!, 'utf8'), /Connection establishment[\s\S]*FIN,PSH,ACK/)
    const capture = readCapture(readFileSync(names[1]!))
    assert.ok(capture.packets.length >= 6, `${capture.packets.length} packets`)
    // What a broken core did, a sound one does not.
    assert.equal(drill(readFileSync(names[2]!, 'utf8'), 'a.pkt').verdict.kind, 'failed')
  })

  test('says what is wrong with its arguments, and exits with 2', () => {
    for (const [args, message] of [
      [['--scenario', 'nowhere'], /no scenario 'nowhere'; there are handshake, one-way/],
      [['--states', 'many'], /--states takes a number above 0 and up to 1e9, not 'many'/],
      [['--seed-fault', 'none'], /no fault 'none'; there are acknowledges-past-a-hole/],
      [['--deep'], /Unknown option '--deep'/],
    ] as const) {
      const { status, stderr } = explore(...args)
      assert.equal(status, 2)
      assert.match(stderr, message)
    }
  })

  test('lists scenarios and faults', () => {
    assert.match(explore('--list').stdout, /^both-ways +three segments each way\n +losses 0/m)
    assert.match(explore('--seed-fault', 'list').stdout, /^loses-text-of-a-fin +the text of a segment/m)
  })
})

/** Those whose script differs from the run in nothing that matters: octets are read, and echoes are known, in time. */
const PLAYABLE = [
  'handshake',
  'simultaneous-open',
  'fin-with-text',
  'close-any-time',
  'abort',
  'release',
  'window-of-two',
]

describe('a path as a script', () => {
  for (const scenario of SCENARIOS) {
    for (const side of [0, 1] as const) {
      test(`${scenario.name}, seen by ${'ab'[side]}`, () => {
        const worlds = new Worlds(scenario)
        const fairness = new Fairness(worlds)
        assert.equal(fairness.problemFrom(worlds.first), null)
        const replay = new Replay(scenario, worlds.packets)
        for (const action of fairness.path) replay.perform(action)
        const text = drillScript(scenario, replay, side, 'all went well')
        assert.match(text, /^\/\/ all went well\n/)
        const { verdict } = drill(text, `${scenario.name}.pkt`)
        const wanted = PLAYABLE.includes(scenario.name) ? ['passed'] : ['passed', 'failed']
        assert.ok(wanted.includes(verdict.kind), `${JSON.stringify(verdict, null, 1)}\n${text}`)
      })
    }
  }
})
