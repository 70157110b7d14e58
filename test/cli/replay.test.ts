/** `elko replay`: what --record wrote down, drawn as it was drawn; to any event; damaged logs; exit codes. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { withText } from '../replay/recorded.ts'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()

function recorded(name: string, ...options: string[]): { log: string; printed: string } {
  const log = join(folder, `${name}.elkolog`)
  const { code, stdout, stderr } = elko(['sim', name, '--record', log, ...options])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  const [printed, saved] = stdout.split('\nSaved what the stacks were given to ')
  assert.equal(saved, `${log}.\n`)
  return { log, printed: printed! }
}

test('a recorded scenario is printed as elko sim printed it, lesson, ladder, states and verdict', () => {
  for (const name of ['lost-final-ack', 'half-open', 'time-wait', 'data-transfer']) {
    const { log, printed } = recorded(name, '--loss', name === 'data-transfer' ? '10%' : '0')
    const { code, stdout, stderr } = elko(['replay', log])
    assert.equal(stderr, '')
    assert.equal(code, 0)
    const [again, said] = stdout.split('\nReplayed ')
    assert.equal(again, printed)
    assert.match(said!, /^\d+ events in [\d.]+ (s|min|ms), all as recorded by Elko \d+\.\d+\.\d+\.\n$/)
  }
})

test('--to and --at end a replay early, and the rest is counted', () => {
  const { log } = recorded('zero-window')
  const early = elko(['replay', log, '--to', '20'])
  assert.equal(early.code, 0)
  assert.match(early.stdout, /\nReplayed 20 of \d+ events in /)
  const first = elko(['replay', log, '--at', '30ms'])
  assert.equal(first.code, 0)
  assert.match(first.stdout, /\nReplayed \d+ of \d+ events in (\d|[12]\d|30) ms, all as recorded/)
  assert.match(first.stdout, /not opened: client is in SYN-SENT, server is in SYN-RECEIVED/)
})

test('--json: what was replayed, states, verdicts, events; --write: the packets', () => {
  const { log } = recorded('reset')
  const data = JSON.parse(elko(['replay', log, '--json']).stdout)
  const sim = JSON.parse(elko(['sim', 'reset', '--json']).stdout)
  assert.deepEqual(data.events, sim.events)
  assert.deepEqual(data.paths, sim.paths)
  assert.deepEqual(data.verdicts, sim.verdicts)
  assert.equal(data.title, sim.title)
  const { recorded: all, replayed, packets, end, divergence } = data.replay
  assert.deepEqual([replayed, end, divergence], [all, 'ended', null])
  const file = join(folder, 'out', 'reset.pcapng')
  const { code, stdout } = elko(['replay', log, '--write', file])
  assert.equal(code, 0)
  assert.ok(stdout.endsWith(`Saved ${packets} packets to ${file}.\n`))
  assert.equal(readCapture(readFileSync(file)).packets.length, packets)
})

test('--inputs lists what the stacks were given and what came of it', () => {
  const { log } = recorded('three-way-handshake')
  const { code, stdout } = elko(['replay', log, '--inputs'])
  assert.equal(code, 0)
  const lines = stdout.trimEnd().split('\n')
  assert.match(lines[0]!, /^ {5}1 +0 µs {2}client {2}the stack client is made$/)
  assert.ok(lines.some((line) => /: Flags \[S\], seq 100, win \d+, length 0$/.test(line)))
  assert.ok(
    lines.some((line) => / a packet arrives: port \d+ > \d+: Flags \[S\.\], seq 300, ack 101/.test(line)),
  )
  const { stdout: fewer } = elko(['replay', log, '--inputs', '--to', '3'])
  assert.equal(fewer.trimEnd().split('\n').length, 3)
})

test('exit code 1 where it comes out otherwise, with the first event that differs', () => {
  const { log } = recorded('slow-start')
  const other = join(folder, 'other.elkolog')
  writeFileSync(other, withText(readFileSync(log), '"initialWindowSegments":2', '"initialWindowSegments":3'))
  const { code, stdout, stderr } = elko(['replay', other])
  assert.equal(code, 1)
  assert.match(
    stderr,
    /^elko replay: event \d+ \(octet \d+\), client: a packet arrives: .*\n {2}recorded: event 3 of the trace, of 5, is another\n {2}came: {5}event 3 of the trace: recovery, phase slow-start, cwnd 3000, /,
  )
  assert.match(
    stderr,
    /\nelko replay: event \d+ \(octet \d+\), client: the poll for a packet\n {2}recorded: nothing to send\n {2}came: {5}port /,
  )
  assert.match(stdout, /Replayed \d+ of \d+ events in [^,]* by Elko/)
})

test('exit code 3 for what cannot be read; what comes before is printed', () => {
  const { log } = recorded('normal-close')
  const octets = readFileSync(log)
  const cut = join(folder, 'cut.elkolog')
  writeFileSync(cut, octets.subarray(0, 5000))
  const short = elko(['replay', cut])
  assert.equal(short.code, 3)
  assert.match(short.stderr, /^elko replay: .*cut\.elkolog: the log is cut off after event \d+\n$/)
  assert.match(short.stdout, /SYN/)
  const none = join(folder, 'none.elkolog')
  writeFileSync(none, 'hello')
  const no = elko(['replay', none])
  assert.equal(no.code, 3)
  assert.match(no.stderr, /none\.elkolog: octet 0: expected a log of Elko, which begins with "elko-log 2"\n$/)
  const missing = elko(['replay', join(folder, 'missing.elkolog')])
  assert.equal(missing.code, 3)
  assert.match(missing.stderr, /cannot read .*missing\.elkolog/)
})

test('exit code 2 for what cannot be meant', () => {
  assert.equal(elko(['replay']).code, 2)
  const { code, stderr } = elko(['replay', 'x.elkolog', '--at', 'noon'])
  assert.equal(code, 2)
  assert.match(stderr, /--at: expected a time such as 1\.5s, 30ms or 200us, not "noon"/)
  assert.equal(elko(['replay', 'x.elkolog', '--to', '0']).code, 2)
})

test('a log is a source of pictures: it is drawn as the scenario is; one that is cut off says so', () => {
  const { log } = recorded('fast-retransmit')
  for (const extension of ['svg', 'txt']) {
    const [ofLog, ofScenario] = [join(folder, `log.${extension}`), join(folder, `scenario.${extension}`)]
    assert.equal(elko(['diagram', log, '-o', ofLog]).code, 0)
    assert.equal(elko(['diagram', 'fast-retransmit', '-o', ofScenario]).code, 0)
    assert.equal(readFileSync(ofLog, 'utf8'), readFileSync(ofScenario, 'utf8'))
  }
  const cut = join(folder, 'half.elkolog')
  writeFileSync(cut, readFileSync(log).subarray(0, 9000))
  const picture = join(folder, 'half.svg')
  assert.equal(elko(['diagram', cut, '-o', picture]).code, 0)
  assert.match(readFileSync(picture, 'utf8'), /The record is damaged after event \d+/)
  const other = join(folder, 'later.elkolog')
  writeFileSync(other, 'elko-log 9 8.0.0\n')
  const no = elko(['diagram', other, '-o', picture])
  assert.equal(no.code, 3)
  assert.match(
    no.stderr,
    /later\.elkolog: octet 9: a log of version 9, which Elko 8\.0\.0 wrote and can replay;/,
  )
})

test('a log that was changed after it was written is replayed, and exit code 3 says so', () => {
  const { log } = recorded('normal-close')
  const octets = readFileSync(log)
  const changed = join(folder, 'changed.elkolog')
  // Of the story, which nothing but a picture relies on.
  octets[octets.lastIndexOf('"lesson"') + 12]! ^= 1
  writeFileSync(changed, octets)
  const { code, stdout, stderr } = elko(['replay', changed])
  assert.equal(code, 3)
  assert.match(stderr, /^elko replay: .*changed\.elkolog: the log was changed after it was written\n$/)
  assert.match(stdout, /, all as recorded by Elko /)
})

test('-o draws a run up to any event, and says that it is a part', () => {
  const { log } = recorded('fast-retransmit', '--seed', '3')
  const picture = join(folder, 'part.svg')
  const { code, stdout, stderr } = elko(['replay', log, '--to', '60', '-o', picture])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.equal(stdout, `Saved ${picture}.\n`)
  assert.match(readFileSync(picture, 'utf8'), /up to event 60 of \d{3}/)
  assert.equal(elko(['replay', log, '-o', picture]).code, 0)
  const whole = readFileSync(picture, 'utf8')
  assert.doesNotMatch(whole, /up to event/)
  assert.equal(elko(['diagram', log, '-o', picture]).code, 0)
  assert.equal(readFileSync(picture, 'utf8'), whole)
})

test('a script that was played is a record as well', () => {
  const script = join(folder, 'script.pkt')
  writeFileSync(
    script,
    `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 < S 0:0(0) win 1000 <mss 1000>
+0 > S. 0:0(0) ack 1 <mss 1460>
+.1 < . 1:1(0) ack 1 win 1000
+0 accept(3, ..., ...) = 4
`,
  )
  const log = join(folder, 'script.elkolog')
  const { code, stdout } = elko(['drill', script, '--record', log])
  assert.equal(code, 0)
  assert.match(stdout, /Saved what the stack was given to .*script\.elkolog\.\n$/)
  const again = elko(['replay', log])
  assert.equal(again.stderr, '')
  assert.equal(again.code, 0)
  assert.match(again.stdout, /SYN-RECEIVED/)
  const other = join(folder, 'other.pkt')
  writeFileSync(other, readFileSync(script))
  const { code: two, stderr } = elko(['drill', script, other, '--record', log])
  assert.equal(two, 2)
  assert.match(stderr, /--record: expected one script, not 2/)
})
