/** `elko drill`: verdicts and what is said of them, options, files and folders, data, captures, exit codes. */

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { ACCEPTED } from '../drill/plays.ts'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()

const OPEN = `\`./defaults.sh\`${ACCEPTED}`
const GOOD = script('good.pkt', OPEN)
const BAD = script('bad.pkt', `${OPEN} +0 write(4, ..., 100) = 100\n +0 > . 1:101(100) ack 2 win 1054\n`)
const NEEDY = script('needy.pkt', `${OPEN}+0 setsockopt(4, SOL_TCP, TCP_WONDER, [1], 4) = 0\n`)
const NONSENSE = script('nonsense.pkt', `${OPEN}+0 > S.. whatever\n`)

function script(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('a script that passes says so and exits 0', () => {
  const { code, stdout } = elko(['drill', GOOD])
  assert.equal(code, 0)
  assert.equal(stdout, `passed      ${GOOD} (0.100 s of virtual time)\n`)
})

test('a script that fails shows the line, both packets with their differences marked, and the ladder up to there', () => {
  const { code, stdout } = elko(['drill', BAD])
  assert.equal(code, 1)
  const lines = stdout.split('\n')
  assert.equal(lines[0], `FAILED      ${BAD}:10:2: flags, ack of the packet`)
  assert.equal(lines[1], '     10 | +0 > . 1:101(100) ack 2 win 1054')
  assert.equal(lines[2], '    expected  > . 1:101(100) ack 2 win 1054')
  assert.equal(lines[3], '    actual    > P. 1:101(100) ack 1 win 1054')
  assert.equal(lines[4]!.trimEnd(), '                ^^                ^')
  assert.ok(lines.includes('    flags     expected ., actual P.'))
  assert.ok(lines.includes('    ack       expected 2, actual 1'))
  assert.match(stdout, /\[SYN-RECEIVED\]/)
  assert.match(stdout, /PSH,ACK seq \d+ ack 1 len 100/)
  assert.doesNotMatch(stdout, /RST/, 'the ladder ends where the script failed')
})

test('unsupported is named with line and column, exits 1, and 0 with --allow-unsupported', () => {
  const { code, stdout } = elko(['drill', NEEDY])
  assert.equal(code, 1)
  assert.match(stdout, new RegExp(`^unsupported ${NEEDY}:9:\\d+: .*TCP_WONDER`))
  assert.equal(elko(['drill', '--allow-unsupported', NEEDY]).code, 0)
  assert.equal(elko(['drill', '--allow-unsupported', BAD]).code, 1)
})

test('what is no script, and a file that cannot be read, exit 3 and say where', () => {
  const { code, stdout } = elko(['drill', NONSENSE])
  assert.equal(code, 3)
  assert.match(stdout, /^NO SCRIPT {3}.*nonsense\.pkt:9:\d+: .*expected/)
  const missing = elko(['drill', join(folder, 'no-such.pkt')])
  assert.equal(missing.code, 3)
  assert.match(missing.stderr, /cannot read .*no-such\.pkt: there is no such file or folder/)
})

test('several scripts and folders have a summary; what passed is only counted where there are many', () => {
  const many = join(folder, 'many', 'deeper')
  mkdirSync(many, { recursive: true })
  for (let i = 0; i < 12; i++) writeFileSync(join(many, `${i}.pkt`), OPEN)
  writeFileSync(join(many, 'notes.txt'), 'no script')
  const all = elko(['drill', join(folder, 'many'), GOOD])
  assert.deepEqual(
    [all.code, all.stdout],
    [0, '13 scripts: 13 passed, 0 failed, 0 unsupported\n\n'.slice(0, -1)],
  )
  assert.equal(elko(['drill', '-v', join(folder, 'many')]).stdout.match(/^passed/gm)!.length, 12)
  const mixed = elko(['drill', GOOD, BAD, NEEDY])
  assert.equal(mixed.code, 1)
  assert.match(mixed.stdout, /3 scripts: 1 passed, 1 failed, 1 unsupported\n {6}1 unsupported: .*TCP_WONDER/)
})

test('--json gives verdicts, places, both packets and differences', () => {
  const { code, stdout } = elko(['drill', '--json', GOOD, BAD, NEEDY])
  assert.equal(code, 1)
  const data = JSON.parse(stdout)
  assert.deepEqual([data.scripts, data.passed, data.failed, data.unsupported, data.invalid], [3, 1, 1, 1, 0])
  const [good, bad, needy] = data.results
  assert.deepEqual([good.verdict, good.packets], ['passed', 3])
  assert.deepEqual([bad.verdict, bad.line, bad.column], ['failed', 10, 2])
  assert.deepEqual(bad.failure.differences, [
    { field: 'flags', expected: '.', actual: 'P.' },
    { field: 'ack', expected: '2', actual: '1' },
  ])
  assert.equal(bad.failure.expected, '> . 1:101(100) ack 2 win 1054')
  assert.match(needy.reason, /TCP_WONDER/)
})

test('--write saves the run of one script, the packet that failed with its comment', () => {
  const file = join(folder, 'run.pcapng')
  const { stdout } = elko(['drill', BAD, '--write', file])
  assert.match(stdout, /Saved 4 packets to .*run\.pcapng/)
  const { packets, error } = readCapture(readFileSync(file))
  assert.equal(error, null)
  assert.deepEqual(
    packets.map(({ direction, at }) => [direction, at]),
    [
      ['inbound', 0],
      ['outbound', 0],
      ['inbound', 100_000],
      ['outbound', 100_000],
    ],
  )
  assert.match(packets[3]!.comments[0]!, /fails here: flags, ack .*\nexpected > \. 1:101\(100\) ack 2/)
  assert.deepEqual(packets[2]!.comments, [])
  assert.equal(elko(['drill', BAD, GOOD, '--write', file]).code, 2)
})

test('options of the script can be given, and win', () => {
  const six = script('six.pkt', `--ip_version=ipv4\n${OPEN.replace('mss 1460', 'mss MSS_WANTED')}`)
  assert.equal(elko(['drill', six, '--ip_version=ipv6', '-D', 'MSS_WANTED=1440']).code, 0)
  assert.equal(elko(['drill', six, '--define', 'MSS_WANTED=1460']).code, 0)
  // As Linux's own runner has it.
  const asRun =
    '--mtu=1520 --ip_version=ipv6 --local_ip=fd3d:0a0b:17d6::1 --gateway_ip=fd3d:0a0b:17d6:8888::1'
  assert.equal(elko(['drill', GOOD, ...asRun.split(' '), '--remote_ip=fd3d:fa7b:d17d::1']).code, 0)
  assert.equal(elko(['drill', six, '--mtu=1400', '-D', 'MSS_WANTED=1360']).code, 0)
  assert.equal(elko(['drill', GOOD, '--platform', 'freebsd']).code, 1, 'another window scale')
})

test('the same seed gives the same run', () => {
  const numbers = (seed: string) => /SYN,ACK seq (\d+)/.exec(elko(['drill', BAD, '--seed', seed]).stdout)![1]
  assert.equal(numbers('5'), numbers('5'))
  assert.notEqual(numbers('5'), numbers('6'))
})

test('a command line that is wrong exits 2 and says what was expected', () => {
  const wrong: readonly [string[], RegExp][] = [
    [[], /expected a SCRIPT\.pkt/],
    [[GOOD, '--platform', 'plan9'], /--platform: expected linux or freebsd, not "plan9"/],
    [[GOOD, '-D', 'x'], /--define: expected NAME=VALUE, not "x"/],
    [[GOOD, '--verbos'], /did you mean --verbose/],
    [[GOOD, '--seed', 'x'], /--seed/],
    [[GOOD, '--mtu=1'], /--mtu: expected a number from 60 to 65535, found "1"/],
    [[GOOD, '--ip_version=5'], /--ip_version: expected ipv4, ipv6 or ipv4-mapped-ipv6/],
  ]
  for (const [args, message] of wrong) {
    const { code, stderr } = elko(['drill', ...args])
    assert.equal(code, 2, args.join(' '))
    assert.match(stderr, message)
  }
})

test('help tells of it', () => {
  assert.match(elko(['help']).stdout, /^ {2}drill /m)
  assert.match(elko(['drill', '--help']).stdout, /Usage: elko drill/)
})
