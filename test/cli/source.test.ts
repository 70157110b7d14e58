/** What `elko diagram` and its kin can be given: scenarios, captures, two captures, saved runs; and what is said of all else. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { leftText, resolveSource, type Source } from '../../src/cli/source.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { statePaths } from '../../src/trace/state-path.ts'
import { elko, elkoOfPipe, MAIN, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const file = (name: string): string => join(folder, name)
const record = (scenario: string, host: string, ...more: string[]): string => {
  const path = file(`${scenario}-${host}.pcapng`)
  assert.equal(elko(['sim', scenario, '--write', path, '--at', host, ...more]).code, 0)
  return path
}
const wrong = (words: readonly string[], flags: object, error: RegExp): Promise<void> =>
  assert.rejects(() => resolveSource(words, flags, 100), error)

test('a scenario, with its options, and the verdict from inside', async () => {
  const { events, title, banner, connection, isCapture } = await resolveSource(
    ['connection-refused'],
    { seed: '7', delay: '5ms' },
    100,
  )
  assert.match(title, /refused/i)
  assert.equal(isCapture, false)
  assert.deepEqual(connection, { host: 'client', connection: 1 })
  assert.equal(banner?.verdict, 'connection-refused')
  assert.equal(banner.healthy, false)
  assert.match(banner.lines[0]!, /^client is told ECONNREFUSED/)
  const at = (kind: string): number => events.find((event) => event.kind === kind)!.at
  // The SYN there, and the reset back.
  assert.equal(at('received') - at('sent'), 10_000)
})

test('what was left out is told with a number that -c takes, and only where that helps', () => {
  const source = (shown: number, left: number): Source => ({
    ...{ addresses: {}, title: '', banner: null, connection: null, isCapture: true, left, packetOf: null },
    events: new Array<TraceEvent>(shown).fill({ kind: 'sent' } as TraceEvent),
  })
  assert.equal(leftText(source(3, 0)), '')
  assert.equal(leftText(source(3, 1)), '1 more packet left out: -c 4 has them')
  assert.match(leftText(source(3, 2_000_000)), /: -c 1000000, the most there is, has the next 999997$/)
  assert.match(leftText(source(1_000_000, 5)), /^5 more packets left out: no picture has more than 1000000$/)
})

test('a capture, with the diagnosis from outside', async () => {
  const path = record('connection-refused', 'client')
  assert.equal((await resolveSource([path], {}, 100)).title, 'connection-refused-client.pcapng')
  const { events, addresses, banner, isCapture, left } = await resolveSource([path], {}, 100)
  assert.equal(isCapture, true)
  assert.equal(left, 0)
  assert.deepEqual(addresses, { client: '192.0.2.1', server: '192.0.2.2' })
  assert.equal(banner?.healthy, false)
  assert.match(banner.verdict, /refused/)
  assert.ok(banner.lines.some((line) => /^- frame 2: /.test(line)))
  assert.ok(events.some((event) => event.kind === 'sent' && event.note?.startsWith('frame 1')))
})

test('-c keeps the first packets and says how many it left', async () => {
  const path = record('data-transfer', 'client')
  const { events, left } = await resolveSource([path], { c: '4' }, 100)
  assert.equal(events.filter(({ kind }) => kind === 'sent').length, 4)
  assert.ok(left > 4)
})

test('two captures in either order: each end from its own, losses known, states of both', async () => {
  const paths = [record('retransmission', 'client'), record('retransmission', 'server')]
  const one = await resolveSource(paths, {}, 100)
  const other = await resolveSource([...paths].reverse(), {}, 100)
  for (const { events } of [one, other]) {
    assert.equal(events.filter((event) => event.kind === 'network' && event.action === 'lost').length, 2)
    const paths = statePaths(events).map(
      ({ host, steps }) => `${host}: ${steps.map(({ state }) => state).join(' ')}`,
    )
    assert.ok(
      paths.includes('client: CLOSED SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT'),
      paths.join(),
    )
    assert.ok(
      paths.includes('server: CLOSED LISTEN SYN-RECEIVED ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED'),
      paths.join(),
    )
  }
  assert.match(one.title, /client\.pcapng and .*server\.pcapng/)
  assert.deepEqual(other.events, one.events)
})

test('two captures without a connection in common, or not of this stream', async () => {
  const paths = [record('retransmission', 'client'), record('reset', 'server', '--ipv6', '--seed', 'x')]
  const same = record('reset', 'client', '--ipv6', '--seed', 'x')
  await wrong([same, paths[1]!], { stream: '3' }, /stream 3 of .* is not in .*; in both are 0/)
  await wrong(['-', paths[1]!], {}, /expected two files/)
})

test('events that `elko sim --json` printed draw what the scenario draws', async () => {
  const path = file('run.json')
  writeFileSync(path, elko(['sim', 'classic', '--json']).stdout)
  const saved = await resolveSource([path], {}, 100)
  const played = await resolveSource(['classic'], {}, 100)
  assert.deepEqual(saved.events, played.events)
  assert.deepEqual(saved.banner, played.banner)
  assert.equal(saved.title, played.title)
})

test('standard input is whatever it begins with, however short the pieces in which it comes', async () => {
  const [log, json] = [file('piped.elkolog'), file('piped.json')]
  assert.equal(elko(['sim', 'classic', '--record', log]).code, 0)
  writeFileSync(json, elko(['sim', 'classic', '--json']).stdout)
  for (const path of [log, json, record('classic', 'client')]) {
    const drawn = elko(['diagram', path])
    const piped = await drip(['diagram', '-'], readFileSync(path))
    assert.equal(piped.code, 0, piped.stderr)
    assert.equal(piped.stdout.replace('standard input', basename(path)), drawn.stdout)
  }
  const none = await drip(['diagram', '-'], Buffer.alloc(0))
  assert.equal(none.code, 3)
  assert.match(none.stderr, /^elko diagram: -: /)
  const few = await drip(['graph', '-'], readFileSync(log).subarray(0, 60))
  assert.equal(few.code, 3)
  assert.match(few.stderr, /^elko graph: -: /)
})

test('so is a pipe that has a name', () => {
  const log = file('named.elkolog')
  assert.equal(elko(['sim', 'classic', '--record', log]).code, 0)
  for (const [k, path] of [log, record('classic', 'server')].entries()) {
    const pipe = file(`pipe${k}`)
    const piped = elkoOfPipe(['diagram'], path, pipe)
    assert.equal(piped.code, 0, piped.stderr)
    assert.equal(piped.stdout.replace(basename(pipe), basename(path)), elko(['diagram', path]).stdout)
  }
})

/** Runs elko with what comes piece by piece. */
async function drip(
  args: string[],
  octets: Uint8Array,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: 'pipe' })
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
  for (const [from, to] of [
    [0, 3],
    [3, 40],
    [40, octets.length],
  ] as const) {
    child.stdin.write(octets.subarray(from, to))
    await turn()
  }
  child.stdin.end()
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout: await stdout, stderr: await stderr }
}

/** A segment that arrives, with one more field. */
function withSegment(field: string): string {
  const numbers = 'srcPort dstPort seq ack flags window scaledWindow urgentPointer length'.split(' ')
  const fields = numbers.map((name) => `"${name}": 1`).join(', ')
  return `{ "kind": "received", "at": 0, "host": "a", "connection": 1, "packet": 1, "segment": { ${fields}, ${field} } }`
}

test('what is no event is named, with what was expected of it', async () => {
  const path = file('broken.json')
  const heading = '{ "kind": "heading", "at": 0, "host": "a", "connection": 0, "text": "x" }'
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{ "name": "x" }', /expected "events", a list/],
    ['{ "name": "x", ', /broken\.json: /],
    ['{ "name": "x", "events": [3] }', /event 0: expected an object/],
    [
      `{ "name": "x", "events": [${heading}, { "kind": "sing" }] }`,
      /event 1: expected "kind" to be one of sent, /,
    ],
    [
      '{ "name": "x", "events": [{ "kind": "heading", "at": 1e999, "host": "a", "connection": 0, "text": "" }] }',
      /event 0: expected "at" to be a time in microseconds/,
    ],
    [
      '{ "name": "x", "events": [{ "kind": "state", "at": 0, "host": "a", "connection": 1, "from": "OPEN" }] }',
      /expected "from" to be one of CLOSED, LISTEN/,
    ],
    [
      '{ "name": "x", "events": [{ "kind": "received", "at": 0, "host": "a", "connection": 1, "packet": 1, "segment": { "seq": 1 } }] }',
      /event 0: segment: expected "srcPort" to be a whole number from 0 to 65535/,
    ],
    ['{ "name": "x", "events": [] }', /"events": expected at least one/],
    [`{ "name": 5, "events": [${heading}] }`, /expected "name" to be a text/],
    ['{ "name": "x", "lesson": "\\u001b[2J", "events": [] }', /"lesson" to be a text without control char/],
    [
      '{ "name": "x", "events": [{ "kind": "remark", "at": 0, "host": "a\\u009b", "connection": 0, "text": "" }] }',
      /event 0: expected "host" to be a text without control characters/,
    ],
    ...(
      [
        ['"sack": 5', /segment: expected "sack" to be a list, or absent/],
        ['"sack": [7]', /segment: sack block 0: expected an object/],
        [
          '"sack": [{ "left": 1, "right": "2" }]',
          /sack block 0: expected "right" to be a whole number from /,
        ],
        ['"timestamps": []', /segment: timestamps: expected an object/],
        ['"mss": "1460"', /expected "mss" to be a whole number from 0 to 65535, or absent/],
      ] as const
    ).map(([field, error]) => [`{ "name": "x", "events": [${withSegment(field)}] }`, error] as const),
    [
      '{ "name": "x", "events": [{ "kind": "signal", "at": 0, "host": "a", "connection": 1, "signal": ["connected"] }] }',
      /event 0: expected "signal" to be one of connected, /,
    ],
  ]
  for (const [text, error] of cases) {
    writeFileSync(path, text)
    await wrong([path], {}, error)
  }
})

test('an error that quotes a file says nothing to the terminal', () => {
  const path = file('speaks.json')
  writeFileSync(path, '{ "name": \u001b[2J')
  const { code, stderr } = elko(['diagram', path])
  assert.equal(code, 3)
  assert.match(stderr, /expected JSON: .* \[2J/)
  assert.doesNotMatch(stderr, /\p{Cc}(?<!\n)/u)
})

test('words that name nothing, and flags that do not go with what they name', async () => {
  const path = record('classic', 'client')
  await wrong([], {}, /expected a SOURCE/)
  await wrong(['clasic'], {}, /no such file, and no scenario of that name; did you mean classic\?/)
  await wrong(['qqqqqq'], {}, /`elko sim --list` shows the scenarios/)
  await wrong(['classic', path], {}, /unexpected .*: classic is a scenario/)
  await wrong(['classic'], { stream: '4' }, /there is no connection 4; there are 0 to 0/)
  await wrong(['classic'], { c: '4' }, /-c: only with a capture; classic is a scenario/)
  await wrong(['classic'], { bytes: '4' }, /--bytes: classic does not take it/)
  await wrong([path], { seed: '4' }, /--seed: only with a scenario; .* is a file/)
  await wrong([path], { stream: '4' }, /there is no stream 4/)
  await wrong([path], { stream: 'x' }, /--stream: expected a whole number/)
})

test('a file with the name of a scenario is reached by its path', () => {
  const capture = record('reset', 'client')
  const { code, stdout } = elko(['diagram', './classic'], { cwd: folder })
  assert.equal(code, 3, stdout)
  copyFileSync(capture, file('classic'))
  assert.match(elko(['diagram', './classic'], { cwd: folder }).stdout, /frame 1/)
  assert.doesNotMatch(elko(['diagram', 'classic'], { cwd: folder }).stdout, /frame 1/)
})

test('a recorded run draws what the scenario drew', async () => {
  const path = file('run.elkolog')
  assert.equal(elko(['sim', 'classic', '--record', path]).code, 0)
  const replayed = await resolveSource([path], {}, 100)
  const played = await resolveSource(['classic'], {}, 100)
  assert.equal(replayed.title, played.title)
  assert.equal(replayed.isCapture, false)
  assert.deepEqual(replayed.banner, played.banner)
  const states = (events: typeof played.events) => events.filter(({ kind }) => kind === 'state')
  assert.deepEqual(states(replayed.events), states(played.events))
  writeFileSync(path, 'elko-log 2 0.1.0\nnothing of a log')
  await wrong([path], {}, /run\.elkolog: /)
})
