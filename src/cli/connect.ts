/** `elko connect`: netcat over TUN, the active side. */

import { EXIT_FINDINGS, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { Followed } from './followed.ts'
import { converse, echo, execute } from './services.ts'
import { openTunHost, TUN_HELP, TUN_OPTIONS } from './tun-options.ts'
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
  const socket = host.net.connect({
    host: name.replace(/^\[(.*)\]$/, '$1'),
    port,
    allowHalfOpen: true,
    ...(localPort !== undefined && { localPort }),
  })
  const closed = session.follow(new Followed(socket, `${name} ${port}`))
  if (values.echo === true) echo(socket)
  else if (values.exec !== undefined) execute(values.exec)(socket)
  else converse(socket, process.stdin, process.stdout)
  await session.unlessStopped(closed)
  const wasConnecting = socket.connecting
  const code = await session.finish(values)
  process.stdin.destroy()
  return wasConnecting ? EXIT_FINDINGS : code
}
