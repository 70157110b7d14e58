/**
 * No flag of a picture is passed over in silence: each one, in each form, either makes another picture or is refused by its name
 * with exit code 2.
 */

import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { UsageError } from '../../src/cli/arguments.ts'
import { run as diagram } from '../../src/cli/diagram.ts'
import { run as graph } from '../../src/cli/graph.ts'
import { run as replay } from '../../src/cli/replay.ts'
import { run as states } from '../../src/cli/states.ts'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const log = join(folder, 'run.elkolog')
const capture = join(folder, 'run.pcapng')

test('a run in each of the forms that can be drawn', () => {
  assert.equal(elko(['sim', 'slow-start', '--record', log, '--write', capture]).code, 0)
})

type Command = (argv: string[]) => Promise<number>

/** What the command writes. @throws UsageError */
async function written(command: Command, args: readonly string[], form: string): Promise<string> {
  const file = join(folder, `picture.${form}`)
  await command([...args, '-o', file])
  const drawn = ['', '_a2b', '_b2a'].map((way) => read(file.replace('.xpl', `${way}.xpl`)))
  return drawn.join('')
}

function read(file: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    rmSync(file)
    // Who has a script does not see the picture for who has none.
    return text.replace(/<div class="still">.*?<\/svg>/s, '')
  } catch {
    return ''
  }
}

interface Table {
  readonly command: Command
  readonly source: readonly string[]
  readonly forms: readonly string[]
  readonly flags: readonly (readonly string[])[]
}

const DIAGRAM = {
  command: diagram,
  forms: ['svg', 'html', 'txt', 'mmd', 'puml'],
  flags: [
    ['--view', 'client'],
    ['--reasons', 'none'],
    ['--timers', 'none'],
    ['--unfold'],
    ['--scheme', 'dark'],
    ['--width', '90'],
    ['--ascii'],
    ['--relative'],
  ],
}
const GRAPH = {
  command: graph,
  forms: ['svg', 'html', 'xpl', 'json', 'txt'],
  flags: [
    ['--direction', 'b2a'],
    ['--from', '100ms'],
    ['--to', '200ms'],
    ['--average', '17ms'],
    ['--width', '333'],
    ['--height', '150'],
    ['--height', '444'],
    ['--scheme', 'light'],
  ],
}
const STATES = {
  command: states,
  forms: ['svg', 'html', 'txt', 'json'],
  flags: [['--scheme', 'dark'], ['--width', '90'], ['--ascii'], ['--json']],
}
const OF_SOURCES = [
  ['--stream', '7'],
  ['-c', '9'],
  ['--seed', '2'],
  ['--bytes', '3000'],
]

const TABLES: Readonly<Record<string, Table>> = {
  'diagram of a scenario': { ...DIAGRAM, source: ['slow-start'] },
  // It has no timers to be shown.
  'diagram of a capture': {
    ...DIAGRAM,
    source: [capture],
    flags: DIAGRAM.flags.filter(([flag]) => flag !== '--timers'),
  },
  'diagram: what is drawn': { ...DIAGRAM, forms: ['txt'], source: ['slow-start'], flags: OF_SOURCES },
  'diagram: what of a capture': { ...DIAGRAM, forms: ['txt'], source: [capture], flags: OF_SOURCES },
  'diagram: what of a log': { ...DIAGRAM, forms: ['txt'], source: [log], flags: OF_SOURCES },
  'graph of a scenario': { ...GRAPH, source: ['slow-start', '--type', 'throughput'] },
  'graph of the time sequence': { ...GRAPH, forms: ['svg', 'json', 'txt'], source: ['slow-start'] },
  'the state machine': { ...STATES, source: [] },
  'the states of a connection': { ...STATES, source: ['slow-start'] },
  'a replay': {
    command: replay,
    source: [log],
    forms: ['svg', 'html', 'txt', 'mmd', 'puml'],
    flags: [
      ['--to', '60'],
      ['--at', '90ms'],
      ['--stream', '3'],
      ['--width', '90'],
      ['--ascii'],
      ['--relative'],
      ['--json'],
      ['--inputs'],
    ],
  },
}

for (const [name, { command, source, forms, flags }] of Object.entries(TABLES)) {
  test(`${name}: each flag does something or is refused`, async () => {
    for (const form of forms) {
      const plain = await written(command, source, form)
      for (const flag of flags) {
        const what = `.${form} ${flag.join(' ')}`
        try {
          assert.ok((await written(command, [...source, ...flag], form)) !== plain, what)
        } catch (error) {
          if (!(error instanceof Error) || error instanceof assert.AssertionError) throw error
          if (flag[0] === '--stream') assert.match(error.message, /no stream|no connection/)
          else {
            assert.ok(error instanceof UsageError, `${what}: ${error}`)
            assert.match(error.message, new RegExp(`${flag[0]}\\b`), what)
          }
        }
      }
    }
  })
}

test('what prints data and lists refuses what says something of pictures', () => {
  const cases: readonly (readonly [args: readonly string[], error: RegExp])[] = [
    [['states', '--json', '-o', 'x.json'], /--json: prints the data; -o FILE\.json saves them/],
    [['states', '--json', '--width', '90'], /--width: only for text/],
    [['states', 'classic', '--width', '90'], /--width: only without a SOURCE/],
    [['states', '--stream', '1'], /--stream: expected a SOURCE before it/],
    [['graph', 'classic', '--average', '3ms'], /--average: only with --type throughput/],
    [['diagram', 'classic', '--unfold'], /--unfold: only for \.svg, \.mmd and \.puml/],
    [['replay', log, '--inputs', '--json'], /--json: not together with --inputs/],
    [['replay', log, '--inputs', '--ascii'], /--ascii: not together with --inputs/],
    [['replay', log, '--json', '-o', 'x.svg'], /-o: not together with --json/],
    [['replay', log, '--stream', '1'], /--stream: only with -o/],
    [['replay', log, '-o', 'x.svg', '--width', '90'], /--width: only for text/],
    [['lab', '--export', 'lab.html', '--port', '80'], /without --port and --open/],
  ]
  for (const [args, error] of cases) {
    const { code, stderr } = elko(args, { cwd: folder })
    assert.match(stderr, error)
    assert.equal(code, 2, args.join(' '))
  }
})
