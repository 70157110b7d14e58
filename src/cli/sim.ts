/** `elko sim`: plays a named scenario on a simulated network. */

import { wrap } from '../diagram/canvas.ts'
import { MAX_BYTES, runScenario, type Scenario, type ScenarioOptions, type Tunable } from '../sim/scenario.ts'
import { SOCKET_EXCEPTIONS } from '../sim/scenarios/exceptions.ts'
import { findScenario, SCENARIO_GROUPS, SCENARIOS } from '../sim/scenarios.ts'
import { InputLog } from '../stack/input-log.ts'
import { EXIT_FINDINGS, EXIT_FINE, nearest, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { IMPAIRMENT_OPTIONS, readImpairments } from './impairments.ts'
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

The network, both ways, in place of the scenario's own:
  --delay TIME     one way, such as 30ms (default 20ms)
  --jitter TIME    the delay varies by so much, such as 5ms
  --loss P         packets lost, such as 3%
  --rate RATE      such as 20mbit
  --queue SIZE     octets that may wait for the line, such as 100kB
  --reorder P      packets held back, such as 2% or 2%/10ms
  --duplicate P    packets delivered twice
  --corrupt P      packets damaged
  --mtu N          largest packet of the path, 68 to 65535
  --ipv6           IPv6 instead of IPv4

The hosts, where the scenario takes it (see --list):
  --mss N          largest segment, 1 to 65535
  --window N       receive buffer, 1 to 1073741824; beyond 65535 it is scaled
  --bytes N        octets that the application sends, 1 to ${MAX_BYTES}

Examples:
  elko sim three-way-handshake
  elko sim data-transfer --bytes 20000 --loss 10% --seed 7
  elko sim zero-window --relative --write out/zero-window.pcapng
  elko sim half-open --json | jq .paths
`

const TUNABLES: readonly Tunable[] = ['mss', 'window', 'bytes']

const OPTIONS = {
  ...DRAWING_OPTIONS,
  ...IMPAIRMENT_OPTIONS,
  list: { type: 'boolean' },
  errors: { type: 'boolean' },
  json: { type: 'boolean' },
  write: { type: 'string' },
  record: { type: 'string' },
  at: { type: 'string' },
  seed: { type: 'string' },
  ipv6: { type: 'boolean' },
  mss: { type: 'string' },
  window: { type: 'string' },
  bytes: { type: 'string' },
  mtu: { type: 'string' },
} as const

type Values = Readonly<Partial<Record<keyof typeof OPTIONS, string | boolean>>>

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
  const near = nearest(
    name,
    SCENARIOS.map((one) => one.name),
  )
  const hint = near === undefined ? '`elko sim --list` shows them' : `did you mean ${near}?`
  throw new UsageError(`unknown scenario "${name}"; ${hint}`)
}

function scenarioOptions(scenario: Scenario, values: Values): ScenarioOptions {
  const given = (flag: keyof typeof OPTIONS) => values[flag] as string | undefined
  for (const flag of TUNABLES) {
    if (values[flag] === undefined || scenario.accepts.includes(flag)) continue
    const others = scenario.accepts.map((one) => `--${one}`).join(', ') || 'none of its kind'
    throw new UsageError(`--${flag}: ${scenario.name} does not take it; it takes ${others}`)
  }
  const mss = wholeNumber('--mss', given('mss'), 1, 65_535)
  const window = wholeNumber('--window', given('window'), 1, 1 << 30)
  const bytes = wholeNumber('--bytes', given('bytes'), 1, MAX_BYTES)
  return {
    seed: seedOf(given('seed') ?? '1'),
    impairments: readImpairments(values, ['mtu']),
    ipv6: values.ipv6 === true,
    ...(mss !== undefined && { mss }),
    ...(window !== undefined && { window }),
    ...(bytes !== undefined && { bytes }),
  }
}

function seedOf(text: string): number | string {
  return /^\d{1,15}$/.test(text) ? Number(text) : text
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
