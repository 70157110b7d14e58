#!/usr/bin/env node
/** The command `elko`: finds the subcommand, and turns what goes wrong into a line of text and an exit code. */

import { readFileSync } from 'node:fs'
import {
  EXIT_FINDINGS,
  EXIT_FINE,
  EXIT_INPUT,
  EXIT_USAGE,
  InputError,
  nearest,
  UsageError,
} from './arguments.ts'
import { COMMANDS, type Command, mainHelp } from './help.ts'
import { print } from './output.ts'
import { say } from './say.ts'
import { fileTrouble } from './whole-file.ts'

async function main(argv: string[]): Promise<number> {
  const [word, ...rest] = argv
  if (word === undefined) {
    process.stderr.write(mainHelp())
    return EXIT_USAGE
  }
  if (word === '--help' || word === '-h') return show(mainHelp())
  if (word === '--version' || word === '-V') return show(version())
  if (word === 'help') return rest[0] === undefined ? show(mainHelp()) : show((await command(rest[0])).HELP)
  const found = await command(word)
  return asksForHelp(rest) ? show(found.HELP) : found.run(rest)
}

function show(text: string): number {
  print(text)
  return EXIT_FINE
}

async function command(name: string): Promise<Command> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (entry !== undefined) return entry.load()
  const names = Object.keys(COMMANDS)
  const near = nearest(name, names)
  const hint = near === undefined ? `expected one of ${names.join(', ')}, help` : `did you mean ${near}?`
  throw new UsageError(`unknown ${name.startsWith('-') ? 'option' : 'command'} "${name}"; ${hint}`)
}

/** Before a "--": what is behind it belongs to somebody else. */
function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const own = end < 0 ? argv : argv.slice(0, end)
  return own.includes('--help') || own.includes('-h')
}

/** package.json stands three folders above dist/src/cli. */
function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return `elko ${(JSON.parse(text) as { version: string }).version}`
}

/** One line for people; the stack for those who ask for it. */
function report(error: unknown, argv: readonly string[]): number {
  const isUnwritable = isFullDisk(error)
  const message = isUnwritable
    ? `cannot write standard output: ${fileTrouble(error)}`
    : error instanceof Error
      ? error.message
      : String(error)
  const name = argv[0] !== undefined && Object.hasOwn(COMMANDS, argv[0]) ? `elko ${argv[0]}` : 'elko'
  if (process.env.ELKO_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  else say(`${name}: ${message}`)
  if (error instanceof UsageError) {
    say(`Try: ${name} --help`)
    return EXIT_USAGE
  }
  return error instanceof InputError || isUnwritable ? EXIT_INPUT : EXIT_FINDINGS
}

/** Of a write that only a file refuses, and whose file nobody has named: that of standard output. */
function isFullDisk(error: unknown): boolean {
  const { syscall, code } = (error ?? {}) as NodeJS.ErrnoException
  return syscall === 'write' && /^(ENOSPC|EDQUOT|EFBIG|EIO)$/.test(code ?? '')
}

// Who closes the pipe has read enough (`elko states | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT_FINE)
  throw error
})

const argv = process.argv.slice(2)
process.once('uncaughtException', (error) => process.exit(report(error, argv)))
try {
  process.exitCode = await main(argv)
} catch (error) {
  process.exitCode = report(error, argv)
}
