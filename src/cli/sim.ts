/** `elko sim`: plays a named scenario on a simulated network. */

import { wrap } from '../diagram/canvas.ts'
import { runScenario, type Scenario } from '../sim/scenario.ts'
import { SOCKET_EXCEPTIONS } from '../sim/scenarios/exceptions.ts'
import { findScenario, SCENARIO_GROUPS } from '../sim/scenarios.ts'
import { InputLog } from '../stack/input-log.ts'
import { EXIT_FINDINGS, EXIT_FINE, readArguments, UsageError } from './arguments.ts'
import {
  DRAWING_HELP,
  DRAWING_OPTIONS,
  drawing,
  jsonOf,
  pictureOf,
  print,
  saveCapture,
  saveFile,
  verdictsOf,
} from './output.ts'
import { nearScenario, SCENARIO_HELP, SCENARIO_OPTIONS, scenarioOptions } from './scenario-options.ts'

export const HELP = `Usage: elko sim NAME [options]
       elko sim --list | --errors

Plays a scenario in virtual time and prints it as a ladder, with the states of
each side and a verdict. The same seed and options give the same run.

Options:
  --list           the scenarios, and the options that some of them take
  --errors         socket errors: what each means, what to ask, its scenario
  --seed N         decides all that chance decides; any text (default 1)
${DRAWING_HELP}
  --write FILE     save the packets as pcapng, each with the reason it was sent
  --at HOST        as seen at this host, or at "all" (default: who opens)
  --record FILE    save what the stacks are given, for elko replay
  --json           events, states and verdicts as data

${SCENARIO_HELP}

Examples:
  elko sim three-way-handshake
  elko sim data-transfer --bytes 20000 --loss 10% --seed 7
  elko sim zero-window --relative --write out/zero-window.pcapng
  elko sim half-open --json | jq .paths
`

const OPTIONS = {
  ...DRAWING_OPTIONS,
  ...SCENARIO_OPTIONS,
  list: { type: 'boolean' },
  errors: { type: 'boolean' },
  json: { type: 'boolean' },
  write: { type: 'string' },
  record: { type: 'string' },
  at: { type: 'string' },
} as const

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, 1)
  const how = drawing(values)
  if (values.list === true) return list(values.json === true)
  if (values.errors === true) return listErrors(values.json === true)
  const scenario = named(positionals[0])
  const record = values.record === undefined ? null : new InputLog()
  const result = runScenario(scenario, { ...scenarioOptions(scenario, values), record })
  const at = hostOf(values.at, result.hosts)
  if (values.json === true) {
    const { name, title, lesson } = scenario
    const paths = result.paths.map(({ host, connection, steps }) => ({
      host,
      connection,
      states: steps.map(({ state }) => state),
    }))
    const { seed, endUs, intact } = result
    print(
      jsonOf(
        { name, title, lesson, seed, endUs, intact, paths, verdicts: verdictsOf(result) },
        result.events,
      ),
    )
  } else {
    print(`${wrap(scenario.lesson, how.width).join('\n')}\n\n${pictureOf(result, how)}`)
  }
  if (values.write !== undefined) {
    const saved = saveCapture(values.write, result, at)
    if (values.json !== true) print(`\n${saved}`)
  }
  if (record !== null) {
    saveFile(values.record as string, record.octets())
    if (values.json !== true) print(`\nSaved what the stacks were given to ${values.record}.`)
  }
  if (result.intact) return EXIT_FINE
  process.stderr.write(`elko sim: octets were read that nobody wrote: elko sim ${argv.join(' ')}\n`)
  return EXIT_FINDINGS
}

function hostOf(name: string | undefined, hosts: readonly string[]): string | undefined {
  if (name === undefined || name === 'all' || hosts.includes(name)) return name
  throw new UsageError(`--at: expected one of ${hosts.join(', ')}, all, not "${name}"`)
}

function named(name: string | undefined): Scenario {
  if (name === undefined)
    throw new UsageError('expected the NAME of a scenario; `elko sim --list` shows them')
  const scenario = findScenario(name)
  if (scenario !== null) return scenario
  const near = nearScenario(name)
  const hint = near === undefined ? '`elko sim --list` shows them' : `did you mean ${near}?`
  throw new UsageError(`unknown scenario "${name}"; ${hint}`)
}

function list(asJson: boolean): number {
  if (asJson) {
    const data = SCENARIO_GROUPS.map(({ title, scenarios }) => ({
      title,
      scenarios: scenarios.map(({ name, title: what, lesson, accepts, paths }) => {
        return { name, title: what, lesson, accepts, paths }
      }),
    }))
    print(JSON.stringify(data, null, 2))
    return EXIT_FINE
  }
  const lines: string[] = []
  for (const { title, scenarios } of SCENARIO_GROUPS) {
    lines.push(`${title}:`)
    for (const scenario of scenarios) {
      const flags = scenario.accepts.map((flag) => `--${flag}`).join(' ')
      lines.push(`  ${scenario.name.padEnd(21)}${scenario.title}${flags === '' ? '' : ` [${flags}]`}`)
    }
    lines.push('')
  }
  lines.push('`elko sim NAME` plays one; all take --seed, --ipv6 and the options of the network.')
  print(lines.join('\n'))
  return EXIT_FINE
}

function listErrors(asJson: boolean): number {
  if (asJson) {
    print(JSON.stringify(SOCKET_EXCEPTIONS, null, 2))
    return EXIT_FINE
  }
  const blocks = SOCKET_EXCEPTIONS.map(({ text, errno, meaning, questions, scenario }) =>
    [
      `${text} (${errno})`,
      `  ${meaning}`,
      ...questions.map((question) => `  - ${question}`),
      `  elko sim ${scenario}`,
    ].join('\n'),
  )
  print(blocks.join('\n\n'))
  return EXIT_FINE
}
