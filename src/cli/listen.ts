/** `elko listen`: netcat over TUN, the passive side, and the small services of old. */

import { once } from 'node:events'
import type { ListenHandle } from '../net/listen.ts'
import type { Server } from '../net/server.ts'
import type { Socket } from '../net/socket.ts'
import { readArguments, UsageError, wholeNumber } from './arguments.ts'
import { Followed } from './followed.ts'
import { converse, echo, execute, SERVICES, type Service } from './services.ts'
import { openTunHost, TUN_HELP, TUN_OPTIONS, type TunHost } from './tun-options.ts'
import { TunRun } from './tun-run.ts'

export const HELP = `Usage: elko listen PORT [options]
       elko listen --services [options]

Waits for a connection through a TUN device with Elko's own TCP, sends it
standard input and writes what arrives to standard output. It can be reached
from this machine, and from wherever this machine forwards packets.

Options:
  --keep-open, -k  go on after the first connection, until Ctrl-C
  --max N          connections at once; others wait (default 1000, and 1 with
                   standard input and output)
  --echo           send back what arrives
  --exec CMD       per connection, a shell command with it as stdin and stdout
  --services       echo (port 7), discard (9) and chargen (19), until Ctrl-C

${TUN_HELP}

Exit codes: 0 fine, 1 a connection failed, 2 the command line is wrong,
3 the device or a file cannot be used.

Examples:
  elko listen 8000 &  curl -T file telnet://10.7.0.2:8000
  elko listen 7 --echo -k --write out/echo.pcapng
  elko listen 8080 -k --exec 'printf "HTTP/1.0 200 OK\\r\\n\\r\\n"; date'
  elko listen --services --address 192.0.2.2/30 --address fd09::2/64
`

const OPTIONS = {
  ...TUN_OPTIONS,
  'keep-open': { type: 'boolean', short: 'k' },
  max: { type: 'string' },
  echo: { type: 'boolean' },
  exec: { type: 'string' },
  services: { type: 'boolean' },
} as const

const DEFAULT_MAX = 1000

interface Offer {
  readonly port: number
  readonly service: Service
}

export async function run(argv: string[]): Promise<number> {
  const { values, positionals } = readArguments(argv, OPTIONS, 1)
  const uses = [values.echo === true, values.exec !== undefined, values.services === true]
  if (uses.filter(Boolean).length > 1)
    throw new UsageError('--echo, --exec and --services exclude each other')
  const max = wholeNumber('--max', values.max, 1, 100_000)
  const usesStdin = !uses.includes(true)
  if (usesStdin && (max ?? 1) > 1)
    throw new UsageError('--max: standard input serves one connection at a time')
  const offers = values.services === true ? servicesOf(positionals) : [offerOf(positionals, values)]
  const host = await openTunHost(values)
  const session = new TunRun(host, 'elko listen')
  const keepOpen = values['keep-open'] === true || values.services === true
  const servers = new Servers(host, session, { max: max ?? (usesStdin ? 1 : DEFAULT_MAX), keepOpen })
  try {
    for (const offer of offers) await servers.offer(offer)
  } catch (error) {
    if (!('code' in (error as Error))) throw error
    session.fail(error as Error)
    return session.finish()
  }
  session.say(listeningText(host, offers))
  await session.unlessStopped(servers.done)
  servers.close()
  const code = await session.finish(values, keepOpen)
  if (usesStdin) process.stdin.destroy()
  return code
}

function servicesOf(positionals: readonly string[]): Offer[] {
  if (positionals.length > 0) throw new UsageError('--services: has ports of its own, 7, 9 and 19')
  return [...SERVICES].map(([port, [, service]]) => ({ port, service }))
}

function offerOf(positionals: readonly string[], values: { echo?: boolean; exec?: string }): Offer {
  const port = wholeNumber('PORT', positionals[0], 1, 65_535)
  if (port === undefined) throw new UsageError('expected a PORT, or --services')
  if (values.echo === true) return { port, service: echo }
  if (values.exec !== undefined) return { port, service: execute(values.exec) }
  return { port, service: (socket) => converse(socket, process.stdin, process.stdout) }
}

function listeningText({ addresses, kernelAddresses, tunName }: TunHost, offers: readonly Offer[]): string {
  const ports = offers.map(({ port }) => port)
  const name = (port: number): string => SERVICES.get(port)?.[0] ?? `${port}`
  const named =
    ports.length === 1 ? `port ${ports[0]}` : ports.map((port) => `${name(port)} (${port})`).join(', ')
  return `${named} of ${addresses.join(' and ')} on ${tunName}, where the kernel is ${kernelAddresses.join(' and ')}`
}

/** Accepts connections, so many at once as it may. */
class Servers {
  /** Resolves when nothing is left to wait for. */
  readonly done: Promise<void>
  readonly #host: TunHost
  readonly #run: TunRun
  readonly #max: number
  readonly #keepOpen: boolean
  readonly #servers: Server[] = []
  #active = 0
  #finish: () => void = () => {}

  constructor(host: TunHost, session: TunRun, { max, keepOpen }: { max: number; keepOpen: boolean }) {
    this.#host = host
    this.#run = session
    this.#max = max
    this.#keepOpen = keepOpen
    this.done = new Promise((resolve) => {
      this.#finish = resolve
    })
  }

  /** Rejects with the error of listen(2). */
  async offer({ port, service }: Offer): Promise<void> {
    const server = this.#host.net.createServer({ allowHalfOpen: true }, (socket) => {
      void this.#serve(socket, service)
    })
    this.#servers.push(server)
    await once(server.listen(port), 'listening')
    server.on('error', (error) => this.#run.fail(error))
  }

  async #serve(socket: Socket, service: Service): Promise<void> {
    this.#active++
    const closed = this.#run.follow(new Followed(socket))
    service(socket)
    if (!this.#keepOpen) this.close()
    else if (this.#active >= this.#max) for (const handle of this.#handles()) handle.pause()
    await closed
    this.#active--
    if (!this.#keepOpen) return this.#finish()
    if (this.#active < this.#max) for (const handle of this.#handles()) handle.resume()
  }

  #handles(): ListenHandle[] {
    const handles = this.#servers.map(
      (server) => (server as unknown as { _handle: ListenHandle | null })._handle,
    )
    return handles.filter((handle) => handle !== null)
  }

  close(): void {
    for (const server of this.#servers.splice(0)) server.close()
  }
}
