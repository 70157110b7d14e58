/**
 * Network namespaces for tests against the Linux kernel: a kernel TCP of its own, one TUN device into it, captures, loss
 * and counters, all gone afterwards.
 *
 *     test('...', { skip: requirements('curl') }, () =>
 *       withNamespace(async (ns) => {
 *         const link = await ns.openTun({ addresses: ['10.7.0.1/24', 'fd07::1/64'] })  // the kernel's addresses
 *         ...
 *         const { stdout } = await ns.run('curl', ['-s', 'http://10.7.0.2/'])
 *       }))
 *
 * The TUN device is made in the root namespace and then moved: its descriptor stays with this process.
 */

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openTun, type TunLink } from '../../src/link/tun.ts'
import { PLAIN } from '../environment.ts'

/** What a kernel test lacks on this machine, as a reason to skip it; false: nothing. `tools` are programs. */
export function requirements(...tools: string[]): string | false {
  baseLack ??= findBaseLack()
  if (baseLack !== '') return baseLack
  const missing = ['ip', ...tools].filter((tool) => !isOnPath(tool))
  return missing.length === 0 ? false : `not installed: ${missing.join(', ')}`
}

/** Runs `body` in a new network namespace; children are ended and the namespace deleted whatever happens. */
export async function withNamespace<T>(body: (ns: Namespace) => Promise<T>): Promise<T> {
  deleteStaleNamespaces()
  const ns = new Namespace(`${PREFIX}${process.pid}-${++serial}`)
  await ns.create()
  try {
    return await body(ns)
  } finally {
    await ns.destroy()
  }
}

export interface RunResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Written to the program's standard input. */
  readonly input?: string | Uint8Array
  /** The program is killed after this long; default twenty minutes. */
  readonly timeoutMs?: number
  /** true: a failure is returned, not thrown. Default false. */
  readonly mayFail?: boolean
  readonly env?: NodeJS.ProcessEnv
}

export interface TunInNamespaceOptions {
  /** The kernel's addresses, `10.7.0.1/24`, `fd07::1/64`. */
  readonly addresses: readonly string[]
  readonly mtu?: number
}

export interface Capture {
  readonly file: string
  /** Ends the capture; resolves once the file is complete. */
  stop(): Promise<{ packets: number; dropped: number }>
}

export class Namespace {
  readonly name: string
  /** For captures and the like; deleted in the end, kept with ELKO_KEEP=1. */
  readonly directory: string
  private readonly children = new Set<ChildProcess>()
  private readonly links: TunLink[] = []

  constructor(name: string) {
    this.name = name
    this.directory = mkdtempSync(join(tmpdir(), `${name}-`))
  }

  /** Called by `withNamespace`. */
  async create(): Promise<void> {
    liveNamespaces.add(this.name)
    if (!willCleanUp) process.once('exit', deleteLiveNamespaces)
    willCleanUp = true
    must('ip', ['netns', 'add', this.name])
    this.ip('link', 'set', 'lo', 'up')
  }

  /** Called by `withNamespace`. */
  async destroy(): Promise<void> {
    for (const link of this.links) link.close()
    await Promise.all([...this.children].map((child) => end(child)))
    spawnSync('ip', ['netns', 'del', this.name])
    liveNamespaces.delete(this.name)
    if (process.env.ELKO_KEEP !== '1') rmSync(this.directory, { recursive: true, force: true })
  }

  /** `ip -n NAME ...`, synchronously; throws what it said on a failure. */
  ip(...args: string[]): string {
    return must('ip', ['-n', this.name, ...args])
  }

  /** Runs a program in the namespace to its end. */
  async run(command: string, args: readonly string[] = [], options: RunOptions = {}): Promise<RunResult> {
    const child = this.spawn(command, args, options.env === undefined ? {} : { env: options.env })
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? RUN_LIMIT_MS)
    child.stdin!.on('error', () => {})
    child.stdin!.end(options.input ?? '')
    const [stdout, stderr, [code, signal]] = await Promise.all([
      textOf(child.stdout!),
      textOf(child.stderr!),
      once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    ])
    clearTimeout(timer)
    if (code !== 0 && options.mayFail !== true) {
      throw new Error(`${command} ${args.join(' ')}: ${signal ?? `exit ${code}`}\n${stderr}${stdout}`)
    }
    return { code, signal, stdout, stderr }
  }

  /** Starts a program in the namespace; it is ended with the namespace at the latest. Default: pipes. */
  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    // `ip netns exec` becomes the program itself, so the child's pid is the program's.
    const child = spawn('ip', ['netns', 'exec', this.name, command, ...args], { env: PLAIN, ...options })
    this.children.add(child)
    child.once('close', () => this.children.delete(child))
    return child
  }

  /** A TUN device whose kernel end lies in the namespace, up, quiet (no router solicitations, no multicast). */
  async openTun(options: TunInNamespaceOptions): Promise<TunLink> {
    const name = `e${process.pid.toString(36)}n${(++serial).toString(36)}`
    const mtu = options.mtu === undefined ? {} : { mtu: options.mtu }
    const link = await openTun({ name, up: false, ...mtu })
    this.links.push(link)
    must('ip', ['link', 'set', name, 'netns', this.name])
    if (existsSync('/proc/sys/net/ipv6')) this.ip('link', 'set', name, 'addrgenmode', 'none')
    this.ip('link', 'set', name, 'multicast', 'off', 'txqueuelen', '5000', 'up')
    for (const address of options.addresses) {
      this.ip(
        'address',
        'add',
        ...address.split(' '),
        'dev',
        name,
        ...(address.includes(':') ? ['nodad'] : []),
      )
    }
    return link
  }

  /** Options for the route to `prefix`: `rto_min 5ms`, `congctl cubic` (the default here is bbr), `initcwnd 10`. */
  setRoute(link: TunLink, prefix: string, ...options: string[]): void {
    const family = prefix.includes(':') ? '-6' : '-4'
    const words = options.flatMap((option) => option.split(' '))
    // The kernel's own IPv6 route to the prefix has metric 256 and stays beside this one.
    const metric = family === '-6' ? ['metric', '100'] : []
    this.ip(family, 'route', 'replace', prefix, 'dev', link.name, ...metric, ...words)
  }

  /**
   * Captures an interface with tcpdump; `snapLength` octets of each packet, default all of it; `bufferKib` of the kernel's
   * memory hold what tcpdump has not yet read.
   */
  async capture(
    link: { readonly name: string },
    file = `${link.name}.pcap`,
    snapLength = 0,
    bufferKib = 65_536,
  ): Promise<Capture> {
    const path = join(this.directory, file)
    const fixed = ['-U', '--immediate-mode', '-n', '-Z', 'root', '-B', `${bufferKib}`]
    const child = this.spawn('tcpdump', ['-i', link.name, '-w', path, '-s', `${snapLength}`, ...fixed])
    let said = ''
    const isReady = new Promise<void>((resolve, reject) => {
      child.stderr!.on('data', (chunk) => {
        said += chunk
        if (said.includes('listening on')) resolve()
      })
      child.once('close', () => reject(new Error(`tcpdump: ${said}`)))
    })
    await isReady
    return {
      file: path,
      stop: async () => {
        await untilWritten(child, () => said)
        const before = said.length
        await end(child, 'SIGINT')
        const last = said.slice(before)
        const number = (pattern: RegExp): number => Number(pattern.exec(last)?.[1] ?? Number.NaN)
        return {
          packets: number(/(\d+) packets? captured/),
          dropped: number(/(\d+) packets? dropped by kernel/),
        }
      },
    }
  }

  /**
   * Drops packets at random in the kernel, before its TCP (`in`) and behind it (`out`), in percent with two decimals.
   * A second call replaces the first; 0 ends the loss.
   */
  async loseRandomly(link: TunLink, percent: { in?: number; out?: number }): Promise<void> {
    const rule = (share: number | undefined, match: string): string => {
      if (!share) return ''
      const chance = share >= 100 ? '' : `numgen random mod 10000 < ${Math.round(share * 100)}`
      return `${match} "${link.name}" ${chance} counter drop`
    }
    await this.run('nft', ['-f', '-'], {
      input: `
        add table inet elko_loss
        delete table inet elko_loss
        table inet elko_loss {
          chain in { type filter hook input priority -300; ${rule(percent.in, 'iifname')}; }
          chain out { type filter hook output priority -300; ${rule(percent.out, 'oifname')}; }
        }`.replaceAll('; ;', ';'),
    })
  }

  /** Packets that `loseRandomly` dropped since its last call. */
  async lost(): Promise<{ in: number; out: number }> {
    const { stdout } = await this.run('nft', ['list', 'table', 'inet', 'elko_loss'])
    const packets = (chain: string): number =>
      Number(new RegExp(`chain ${chain} \\{[^}]*counter packets (\\d+)`).exec(stdout)?.[1] ?? 0)
    return { in: packets('in'), out: packets('out') }
  }

  /** The kernel's counters since the namespace was made: `TcpInCsumErrors`, `TcpRetransSegs`, ... */
  async nstat(): Promise<Readonly<Record<string, number>>> {
    const { stdout } = await this.run('nstat', ['-a', '-s', '-z', '--json'])
    return (JSON.parse(stdout) as { kernel: Record<string, number> }).kernel
  }
}

// ---- processes ------------------------------------------------------------------------------------------------------

function must(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr}`)
  return stdout
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Waits until tcpdump has written all that the kernel has given it: it counts both where it is asked (SIGUSR1). */
async function untilWritten(tcpdump: ChildProcess, said: () => string): Promise<void> {
  for (;;) {
    const before = said().length
    tcpdump.kill('SIGUSR1')
    let counts: RegExpExecArray | null = null
    while (counts === null) {
      if (tcpdump.exitCode !== null || tcpdump.signalCode !== null) return
      await sleep(5)
      counts = /(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped/.exec(
        said().slice(before),
      )
    }
    const [captured, received, dropped] = counts.slice(1).map(Number) as [number, number, number]
    if (captured + dropped >= received) return
  }
}

/** Ends a child by its own pid: politely, then for certain. */
async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS)
  await closed
  clearTimeout(timer)
}

// ---- what is there, and what was left over --------------------------------------------------------------------------

const PREFIX = 'elko-test-'
/** For a program that hangs, not for one on a machine that is slow. */
const RUN_LIMIT_MS = 1_200_000
const END_LIMIT_MS = 30_000
let serial = 0
let baseLack: string | null = null
let willCleanUp = false
const liveNamespaces = new Set<string>()

function findBaseLack(): string {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  if (process.geteuid?.() !== 0) return 'needs root (network namespaces)'
  try {
    createRequire(import.meta.url).resolve('koffi')
  } catch {
    return 'the optional package koffi is not installed'
  }
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK)
  } catch {
    return 'no /dev/net/tun'
  }
  if (!isOnPath('ip')) return 'not installed: ip (iproute2)'
  deleteStaleNamespaces()
  const trial = `${PREFIX}${process.pid}-0`
  const { status, stderr } = spawnSync('ip', ['netns', 'add', trial], { encoding: 'utf8' })
  spawnSync('ip', ['netns', 'del', trial])
  return status === 0 ? '' : `no network namespaces here: ${stderr.trim()}`
}

function isOnPath(tool: string): boolean {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '')
  return folders.some((folder) => existsSync(join(folder, tool)))
}

function deleteLiveNamespaces(): void {
  for (const name of liveNamespaces) spawnSync('ip', ['netns', 'del', name])
  liveNamespaces.clear()
}

/** Namespaces of test processes that were killed, one that had this process's number among them. */
function deleteStaleNamespaces(): void {
  if (!existsSync('/run/netns')) return
  for (const name of readdirSync('/run/netns')) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-\\d+$`).exec(name)?.[1]
    if (owner === undefined || liveNamespaces.has(name)) continue
    if (Number(owner) === process.pid || !existsSync(`/proc/${owner}`))
      spawnSync('ip', ['netns', 'del', name])
  }
}
