/** `elko connect`: netcat over TUN, the active side. */

import { lookup } from 'node:dns/promises'
import { CallError } from '../tcp/call-error.ts'
import { type Address, parseAddress } from '../wire/address.ts'
import { EXIT_FINDINGS, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { converse, echo, execute } from './services.ts'
import type { TcpStream } from './stream.ts'
import { openTunHost, TUN_HELP, TUN_OPTIONS, type TunHost } from './tun-options.ts'
import { TunRun } from './tun-run.ts'

export const HELP = `Usage: elko connect HOST PORT [options]

Connects through a TUN device with Elko's own TCP, sends standard input and
writes what arrives to standard output. The neighbour behind the device is
this machine's kernel; beyond it, whatever the kernel forwards to.

Options:
  --source-port N  Elko's port (default: one of the dynamic range)
  --echo           send back what arrives instead of standard input
  --exec CMD       run a shell command with the connection as its stdin, stdout

${TUN_HELP}

Exit codes: 0 fine, 1 the connection failed, 2 the command line is wrong,
3 the device or a file cannot be used.

Examples:
  nc -l 10.7.0.1 8000 &  elko connect 10.7.0.1 8000
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | elko connect 10.7.0.1 80 --ladder
  elko connect fd07::1 5000 --loss 3% --seed 7 --write out/lossy.pcapng < file
  elko connect 10.7.0.1 81 --config rtoInitialMs=200 --config r2SynMs=2000
`

const OPTIONS = {
  ...TUN_OPTIONS,
  'source-port': { type: 'string' },
  echo: { type: 'boolean' },
  exec: { type: 'string' },
} as const

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, 2)
  const [name, portText] = positionals
  if (name === undefined) throw new UsageError('expected a HOST and a PORT')
  if (portText === undefined) throw new UsageError(`expected a PORT behind "${name}"`)
  const port = wholeNumber('PORT', portText, 1, 65_535)!
  const localPort = wholeNumber('--source-port', values['source-port'], 1, 65_535)
  if (values.echo === true && values.exec !== undefined)
    throw new UsageError('--echo and --exec exclude each other')
  const host = await openTunHost(values)
  const session = new TunRun(host, 'elko connect')
  const stream = await open(host, session, name, port, localPort)
  if (stream === null) {
    await session.finish()
    return EXIT_FINDINGS
  }
  const closed = session.follow(stream)
  if (values.echo === true) echo(stream)
  else if (values.exec !== undefined) execute(values.exec)(stream)
  else converse(stream, process.stdin, process.stdout)
  await session.unlessStopped(closed)
  const wasConnecting = stream.connecting
  const code = await session.finish(values)
  process.stdin.destroy()
  return wasConnecting ? EXIT_FINDINGS : code
}

async function open(
  { host, addresses }: TunHost,
  session: TunRun,
  name: string,
  port: number,
  localPort: number | undefined,
): Promise<TcpStream | null> {
  try {
    const remoteAddress = await resolve(name, addresses)
    return host.connect({
      remoteAddress,
      remotePort: port,
      ...(localPort === undefined ? {} : { localPort }),
    })
  } catch (error) {
    const isKnown = error instanceof CallError || 'code' in (error as Error)
    if (!isKnown) throw error
    session.say((error as Error).message)
    return null
  }
}

/** A name is looked up as this machine does, for a version of IP that Elko has an address of. */
async function resolve(name: string, own: readonly string[]): Promise<Address> {
  const literal = parseAddress(name.replace(/^\[(.*)\]$/, '$1'))
  if (literal !== null) return literal
  const versions = new Set(own.map((address) => (address.includes(':') ? 6 : 4)))
  const found = await lookup(name, { all: true, verbatim: true })
  const usable = found.find(({ family }) => versions.has(family === 6 ? 6 : 4)) ?? found[0]!
  return parseAddress(usable.address)!
}
