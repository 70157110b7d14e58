/** The command line as a whole: help, version, exit codes, what is said where, and who may close the pipe. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { drawing } from '../../src/cli/output.ts'
import { PLAIN } from '../environment.ts'
import { elko, MAIN } from './elko.ts'

const COMMANDS = ['demo', 'sim', 'states', 'conformance', 'listen', 'connect']

test('--help names every command; help CMD, CMD --help and CMD -h say the same', () => {
  const { code, stdout } = elko(['--help'])
  assert.equal(code, 0)
  for (const command of COMMANDS) assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
  assert.equal(elko(['help']).stdout, stdout)
  for (const command of COMMANDS) {
    const help = elko(['help', command])
    assert.equal(help.code, 0)
    assert.match(help.stdout, new RegExp(`^Usage: elko ${command}`))
    assert.match(help.stdout, /^Examples:\n {2}/m, `help ${command} has no examples`)
    assert.equal(elko([command, '--help']).stdout, help.stdout)
    assert.equal(elko([command, '-h']).stdout, help.stdout)
  }
})

test('no line of any help is wider than 80 columns', () => {
  for (const args of [[], ...COMMANDS.map((command) => [command])]) {
    for (const line of elko(['help', ...args]).stdout.split('\n')) {
      assert.ok([...line].length <= 80, `help ${args}: ${line}`)
    }
  }
})

test('--version tells the version of package.json', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  assert.deepEqual(elko(['--version']), { code: 0, stdout: `elko ${version}\n`, stderr: '' })
})

test('a wrong command line: exit code 2, nothing on stdout, and a message that names the flag and what was expected', () => {
  const cases: [args: string[], message: RegExp][] = [
    [[], /^Elko[\s\S]*Usage: elko COMMAND/],
    [['simm'], /unknown command "simm"; did you mean sim\?/],
    [['xyzzy'], /unknown command "xyzzy"; expected one of demo, sim, .*connect,.* help/],
    [['help', 'xyzzy'], /unknown command "xyzzy"/],
    [['--frobnicate'], /unknown option "--frobnicate"/],
    [['toString'], /unknown command "toString"/],
    [['demo', 'extra'], /^elko demo: unexpected "extra"\nTry: elko demo --help\n$/],
    [['demo', '--widht', '90'], /unknown option --widht; did you mean --width\?/],
    [['demo', '--width'], /--width: expected a value/],
    [['demo', '--ascii=yes'], /--ascii: takes no value/],
    [['states', '--width', '79'], /--width: expected a whole number from 80 to 400, not "79"/],
    [['sim'], /expected the NAME of a scenario/],
    [['sim', 'two-amry'], /unknown scenario "two-amry"; did you mean two-army\?/],
    [['sim', 'reset', '--loss', '300%'], /--loss: expected a probability such as 3% or 0\.03, not "300%"/],
    [['sim', 'reset', '--delay', '5'], /--delay: expected a duration such as 30ms, .*, not "5"/],
    [['sim', 'reset', '--mss', '0'], /--mss: expected a whole number from 1 to 65535, not "0"/],
    [['sim', 'reset', '--bytes', '1e3'], /--bytes: expected a whole number from 1 to \d+, not "1e3"/],
    [['sim', 'rfc-close', '--bytes', '9'], /--bytes: rfc-close does not take it/],
    [['sim', 'reset', '--at', 'router'], /--at: expected one of client, server, all, not "router"/],
  ]
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = elko(args)
    assert.match(stderr, message, `elko ${args.join(' ')}`)
    assert.equal(code, 2, `elko ${args.join(' ')}`)
    assert.doesNotMatch(stderr, /\n {4}at /, 'no stack trace')
    assert.equal(stdout, '')
  }
})

test('a file that cannot be written: exit code 3 and why', () => {
  const missing = elko(['demo', '--write', '/proc/no/such.pcapng'])
  assert.equal(missing.code, 3)
  assert.match(missing.stderr, /^elko demo: cannot write \/proc\/no\/such\.pcapng: /)
  const folder = elko(['sim', 'reset', '--write', '/'])
  assert.equal(folder.code, 3)
  assert.equal(folder.stderr, 'elko sim: cannot write /: it is a folder\n')
})

test('errors show their stack trace with ELKO_DEBUG only', () => {
  assert.match(elko(['sim', 'x'], { env: { ELKO_DEBUG: '1' } }).stderr, /UsageError[\s\S]*\n {4}at /)
})

test('a reader who closes the pipe early is no error', () => {
  const script = `set -o pipefail; "$0" "$1" sim window-scaling --json | head -1`
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script, process.execPath, MAIN], {
    encoding: 'utf8',
    env: PLAIN,
  })
  assert.equal(stderr, '')
  assert.equal(stdout, '{\n')
  assert.equal(status, 0)
})

test('colours are for terminals only, and NO_COLOR is obeyed', () => {
  const saved = [
    process.stdout.isTTY,
    process.stdout.columns,
    process.env.NO_COLOR,
    process.env.TERM,
  ] as const
  try {
    process.env.TERM = 'xterm'
    delete process.env.NO_COLOR
    Object.assign(process.stdout, { isTTY: true, columns: 133 })
    assert.deepEqual(drawing({}), { width: 133, ascii: false, color: true, relative: false })
    assert.equal(drawing({ width: '90' }).width, 90)
    process.env.NO_COLOR = '1'
    assert.equal(drawing({}).color, false)
    delete process.env.NO_COLOR
    process.env.TERM = 'dumb'
    assert.equal(drawing({}).color, false)
    process.env.TERM = 'xterm'
    Object.assign(process.stdout, { columns: 20 })
    assert.equal(drawing({}).width, 80)
    Object.assign(process.stdout, { isTTY: false })
    assert.deepEqual(drawing({}), { width: 100, ascii: false, color: false, relative: false })
  } finally {
    Object.assign(process.stdout, { isTTY: saved[0], columns: saved[1] })
    if (saved[2] === undefined) delete process.env.NO_COLOR
    else process.env.NO_COLOR = saved[2]
    if (saved[3] === undefined) delete process.env.TERM
    else process.env.TERM = saved[3]
  }
})
