/**
 * Our own scripts, which stand beside this file: by state and event, by system call (calls), by what time does (timers).
 * Each is played in both versions of IP, but for those that name one themselves.
 */

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { drill } from '../../src/drill/drill.ts'
import { STATE_NAMES } from '../../src/trace/states.ts'

const folder = fileURLToPath(new URL('../../../test/drill/', import.meta.url))
const scripts = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.pkt'))
  .sort()

/** What every state meets. The names of the scripts. */
const EVENTS =
  `syn syn-ack ack-old ack-new ack-future data-left data-overlapping data-in data-right fin rst-in-window
  rst-at-rcv-nxt rst-outside urg no-ack`.split(/\s+/)

const RFC = /^\/\/ .*\bRFC \d+/
/** What sockets do is said by POSIX, or by a page of Linux's manual. */
const SOCKETS = /^\/\/ .*\b(RFC \d+|POSIX|\w+\([27]\))/

describe('scripts', () => {
  for (const name of scripts) {
    const text = readFileSync(`${folder}${name}`, 'latin1')
    const own = /^--ip_version="?([\w-]+)"?$/m.exec(text)?.[1]
    for (const version of own === undefined ? ['ipv4', 'ipv6'] : [own]) {
      test(`${name}, ${version}: ${title(text)}`, () => {
        const { verdict } = drill(text, name, { settings: [{ name: 'ip_version', value: version }] })
        const said = verdict.kind === 'passed' ? '' : JSON.stringify(verdict, null, 2)
        assert.equal(verdict.kind, 'passed', said)
      })
    }
  }
})

test('each of the eleven states meets each kind of segment', () => {
  const states = STATE_NAMES.map((name) => name.toLowerCase())
  assert.equal(states.length, 11)
  for (const state of states) {
    const met = scripts
      .filter((name) => name.startsWith(`${state}/`))
      .map((name) => name.slice(state.length + 1, -4))
    const missing = EVENTS.filter((event) => !met.includes(event))
    assert.deepEqual(missing, [], state)
  }
})

test('each script says what happens in its first line, and cites the text that asks for it', () => {
  for (const name of scripts) {
    const [first = '', second = ''] = readFileSync(`${folder}${name}`, 'latin1').split('\n')
    assert.match(first, /^\/\/ [A-Z0-9-]+: .+\.$/, name)
    assert.match(second, /^(calls|timers)\//.test(name) ? SOCKETS : RFC, name)
  }
})

function title(text: string): string {
  return text.split('\n')[0]!.replace(/^\/\/ /, '')
}
