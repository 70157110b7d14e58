/** `elko drill`: plays packetdrill scripts to Elko's stack in virtual time, or to the kernel's as well. */

import { type DrillOptions, type DrillResult, drill } from '../drill/drill.ts'
import type { Platform } from '../drill/parse-script.ts'
import { type Setting, settingsOf } from '../drill/settings.ts'
import { ScriptError } from '../drill/source-errors.ts'
import { InputLog } from '../stack/input-log.ts'
import { counted } from '../trace/counted.ts'
import { EXIT_FINDINGS, EXIT_FINE, EXIT_INPUT, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { readScript, scriptsBelow } from './drill-files.ts'
import {
  byReason,
  captureOf,
  dataOf,
  details,
  ladders,
  noteLines,
  summary,
  verdictLine,
} from './drill-report.ts'
import { DRAWING_HELP, DRAWING_OPTIONS, type Drawing, drawing, print, saveFile } from './output.ts'

export const HELP = `Usage: elko drill [options] SCRIPT.pkt|FOLDER...

Plays packetdrill scripts to Elko's own stack in virtual time: without root,
and an hour of waiting in milliseconds. A script that fails shows the line,
what was expected and what came, and the ladder of the run up to there.

Scripts that need what Elko does not have (selective acknowledgment, TCP Fast
Open ...) are "unsupported": they count neither as passed nor as failed.

Options:
  -v, --verbose        every script, its notes and what it prints
  -D, --define N=V     what the word N stands for in the scripts
  --platform NAME      whose habits: linux, freebsd (default: from the script)
  --against tun        play them to this host's kernel too, in real time and in a
                       network namespace of their own (root), and show where
                       the two differ; exit 1 where they do
  --write FILE         save the packets of one script as pcapng
  --record FILE        save what the stack of one script is given, for elko replay
  --json               the verdicts as data
  --allow-unsupported  exit 0 where scripts are unsupported and none failed
  --seed N             decides sequence numbers and ports (default 1)
${DRAWING_HELP}

As in the first lines of a script, and winning over them:
  --ip_version=V       ipv4, ipv6, ipv4-mapped-ipv6
  --local_ip=A         --remote_ip=A   --bind_port=N   --connect_port=N
  --mtu=N              --tolerance_usecs=N             --tolerance_percent=P
  --tcp_ts_tick_usecs=N                --tcp_ts_ecr_scaled
  --strict_segments    an expected segment is one packet, not several
  --strict_options     the order and padding of TCP options count

Exit codes: 0 all passed, 1 one failed or is unsupported, 2 the command line is
wrong, 3 a file cannot be read or is no script.

Examples:
  elko drill close-wait.pkt
  elko drill tests/ --ip_version=ipv6
  elko drill -v -D MSS=1000 reset.pkt --write reset.pcapng
  elko drill reset.pkt --record reset.elkolog && elko replay reset.elkolog
`

const SETTINGS = [
  'ip_version',
  'local_ip',
  'remote_ip',
  'bind_port',
  'connect_port',
  'mtu',
  'tolerance_usecs',
  'tolerance_percent',
  'tcp_ts_tick_usecs',
  // They mean nothing to a stack without a host, and stand in the command lines of the field's runners.
  'gateway_ip',
  'netmask_ip',
  'speed',
  'mss',
  'init_scripts',
] as const
const SWITCHES = ['tcp_ts_ecr_scaled', 'strict_segments', 'strict_options'] as const
const PLATFORMS = ['linux', 'freebsd'] as const

const OPTIONS = {
  ...DRAWING_OPTIONS,
  verbose: { type: 'boolean', short: 'v' },
  define: { type: 'string', short: 'D', multiple: true },
  platform: { type: 'string' },
  against: { type: 'string' },
  write: { type: 'string' },
  record: { type: 'string' },
  json: { type: 'boolean' },
  'allow-unsupported': { type: 'boolean' },
  seed: { type: 'string' },
  ip_version: { type: 'string' },
  local_ip: { type: 'string' },
  remote_ip: { type: 'string' },
  bind_port: { type: 'string' },
  connect_port: { type: 'string' },
  mtu: { type: 'string' },
  tolerance_usecs: { type: 'string' },
  tolerance_percent: { type: 'string' },
  tcp_ts_tick_usecs: { type: 'string' },
  gateway_ip: { type: 'string' },
  netmask_ip: { type: 'string' },
  speed: { type: 'string' },
  mss: { type: 'string' },
  init_scripts: { type: 'string' },
  tcp_ts_ecr_scaled: { type: 'boolean' },
  strict_segments: { type: 'boolean' },
  strict_options: { type: 'boolean' },
} as const

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>['values']

/** Failing scripts whose ladder is drawn. */
const MOST_DRAWN = 3
/** From so many scripts on, those that passed are only counted. */
const FEW = 10

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, Number.POSITIVE_INFINITY)
  const how = drawing(values)
  const options = drillOptions(values)
  if (positionals.length === 0) throw new UsageError('expected a SCRIPT.pkt, or a folder with scripts')
  const files = scriptsBelow(positionals)
  if (files.length === 0) throw new UsageError(`no script (*.pkt) in ${positionals.join(', ')}`)
  for (const flag of ['write', 'record'] as const) {
    if (values[flag] !== undefined && files.length > 1)
      throw new UsageError(`--${flag}: expected one script, not ${files.length}`)
  }
  if (values.against !== undefined) return against(values, files, options, how)
  const report = new Report(values, how, files.length)
  const record = values.record === undefined ? null : new InputLog()
  const results = files.map((file, i) => {
    report.progress(i)
    const result = drill(readScript(file), file, record === null ? options : { ...options, record })
    report.add(result)
    return result
  })
  report.end(results)
  if (values.write !== undefined) {
    saveFile(values.write, captureOf(results[0]!))
    if (values.json !== true)
      print(`Saved ${counted(results[0]!.packets.length, 'packet')} to ${values.write}.`)
  }
  if (values.record !== undefined && record !== null) {
    record.end()
    saveFile(values.record, record.octets())
    if (values.json !== true) print(`Saved what the stack was given to ${values.record}.`)
  }
  return exitCode(results, values['allow-unsupported'] === true)
}

async function against(
  values: Values,
  files: readonly string[],
  options: DrillOptions,
  how: Drawing,
): Promise<number> {
  if (values.against !== 'tun') throw new UsageError(`--against: expected tun, not "${values.against}"`)
  for (const flag of ['write', 'record'] as const)
    if (values[flag] !== undefined)
      throw new UsageError(`--${flag}: of Elko's stack alone, not with --against`)
  const { compareWithKernel } = await import('./drill-against.ts')
  const { json = false, verbose = false } = values
  return compareWithKernel(files, options, how, { json, verbose })
}

/** Prints what there is to say, script by script. */
class Report {
  readonly #values: Values
  readonly #how: Drawing
  readonly #scripts: number
  #drawn = 0

  constructor(values: Values, how: Drawing, scripts: number) {
    this.#values = values
    this.#how = how
    this.#scripts = scripts
  }

  /** Many scripts: how far it got, where somebody looks on. */
  progress(done: number): void {
    if (this.#scripts < FEW || process.stderr.isTTY !== true) return
    process.stderr.write(`\r${done} of ${this.#scripts} scripts`)
  }

  add(result: DrillResult): void {
    if (this.#values.json === true) return
    const { kind } = result.verdict
    const verbose = this.#values.verbose === true
    if (kind === 'passed' && !verbose && this.#scripts >= FEW) return
    const texts = [`${verdictLine(result, this.#how)}\n`]
    if (kind === 'failed' || verbose || this.#scripts < FEW) texts.push(details(result, this.#how))
    if (verbose || this.#scripts === 1) texts.push(noteLines(result))
    texts.push(...result.verdict.output.map((line) => `${line}\n`))
    if (kind === 'failed' && this.#drawn < MOST_DRAWN) {
      this.#drawn++
      texts.push('\n', ladders(result, this.#how), '\n')
    }
    process.stdout.write(texts.join(''))
  }

  end(results: readonly DrillResult[]): void {
    if (this.#scripts >= FEW && process.stderr.isTTY === true) process.stderr.write('\r\u001b[K')
    if (this.#values.json === true) {
      const counts = { passed: 0, failed: 0, unsupported: 0, invalid: 0 }
      for (const { verdict } of results) counts[verdict.kind]++
      const reasons = Object.fromEntries(byReason(results))
      print(
        JSON.stringify(
          { scripts: results.length, ...counts, reasons, results: results.map(dataOf) },
          null,
          2,
        ),
      )
    } else if (this.#scripts > 1) print(summary(results))
  }
}

function exitCode(results: readonly DrillResult[], allowUnsupported: boolean): number {
  const has = (kind: DrillResult['verdict']['kind']) => results.some(({ verdict }) => verdict.kind === kind)
  if (has('invalid')) return EXIT_INPUT
  return has('failed') || (has('unsupported') && !allowUnsupported) ? EXIT_FINDINGS : EXIT_FINE
}

function drillOptions(values: Values): DrillOptions {
  const settings: Setting[] = []
  for (const name of SETTINGS) {
    const value = values[name]
    if (value !== undefined) settings.push({ name, value })
  }
  for (const name of SWITCHES) if (values[name] === true) settings.push({ name, value: null })
  checkSettings(settings)
  const platform = platformOf(values.platform)
  const seed = wholeNumber('--seed', values.seed, 0, 1e15)
  return {
    settings,
    defines: Object.fromEntries((values.define ?? []).map(definition)),
    ...(platform !== undefined && { platform }),
    ...(seed !== undefined && { seed }),
  }
}

/** What a script may not say is its own mistake; on the command line it is the user's. */
function checkSettings(settings: readonly Setting[]): void {
  const nothing = { file: '', options: [], init: null, events: [], cleanup: null }
  try {
    settingsOf(nothing, settings, 'linux')
  } catch (error) {
    throw error instanceof ScriptError ? new UsageError(error.reason) : error
  }
}

function platformOf(name: string | undefined): Platform | undefined {
  if (name === undefined) return undefined
  const found = PLATFORMS.find((one) => one === name)
  if (found === undefined)
    throw new UsageError(`--platform: expected ${PLATFORMS.join(' or ')}, not "${name}"`)
  return found
}

function definition(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  if (at <= 0) throw new UsageError(`--define: expected NAME=VALUE, not "${text}"`)
  return [text.slice(0, at), text.slice(at + 1)]
}
