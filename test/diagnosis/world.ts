/**
 * Three hosts for one provoked case, each a network namespace with the kernel's own TCP: client c, router m, server s, one
 * hop between them (what the server sends reaches the client with a TTL of 63, what the router makes with 64).
 *
 *     c 10.1.0.2, fd00:1::2  -- c0 | mc --  m  -- ms | s0 --  s 10.2.0.2, fd00:2::2
 *
 * The client's line is a pair of virtual Ethernet ends; where it is impaired it is two TUN devices, and a process
 * carries the packets from one to the other through Elko's impairing link (wire.ts).
 */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ImpairmentOptions } from '../../src/sim/impairments.ts'
import { PLAIN } from '../environment.ts'
import { type Capture, type Namespace, withNamespace } from '../kernel/netns.ts'
import type { Language, Op, PeerTask, Result } from './script.ts'
import type { WireTask } from './wire.ts'

/** Where the applications' programs stand. */
const NODE_PEER = fileURLToPath(new URL('./peer.js', import.meta.url))
const WIRE = fileURLToPath(new URL('./wire.js', import.meta.url))
const PYTHON_PEER = fileURLToPath(new URL('../../../test/diagnosis/peer.py', import.meta.url))
const INJECTOR = fileURLToPath(new URL('../../../test/diagnosis/injector.py', import.meta.url))

export type Family = 4 | 6
export type Host = 'c' | 'm' | 's'

/** The client's line, impaired: what happens to packets to the router and from it. */
export interface Wire {
  readonly toServer?: ImpairmentOptions
  readonly toClient?: ImpairmentOptions
  readonly seed?: number
}

/** What somebody else does meanwhile. A command runs with sh in a host: `m: nft add ...`; $HERE is a folder of the world's own. */
export type Step = { wait: string } | { sleep: number } | { run: string } | { touch: string }

export const SERVER: Readonly<Record<Family, string>> = { 4: '10.2.0.2', 6: 'fd00:2::2' }

export class World {
  readonly hosts: Readonly<Record<Host, Namespace>>
  readonly family: Family
  readonly #helpers: ChildProcess[] = []

  constructor(hosts: Readonly<Record<Host, Namespace>>, family: Family) {
    this.hosts = hosts
    this.family = family
  }

  /** Builds the lines and the routes, with few processes: there are three hundred worlds. */
  async build(wire: Wire | undefined): Promise<void> {
    const { c, m } = this.hosts
    await this.#sh('m', `sysctl -qw ${SILENT} net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1`)
    await Promise.all([
      wire === undefined ? this.#sh('c', line('c0', m, 'mc')) : this.#buildWire(wire),
      this.#sh('s', line('s0', m, 'ms')),
    ])
    await Promise.all([
      this.#ip('c', addressing('c0', '1', '2')),
      this.#ip('m', [...addressing('mc', '1', '1'), ...addressing('ms', '2', '1')]),
      this.#ip('s', addressing('s0', '2', '2')),
    ])
    await Promise.all([this.#ip('c', defaultRoutes('1', 'c0')), this.#ip('s', defaultRoutes('2', 's0'))])
    // No case but those of unknown addresses is about a packet that waits for an address to be resolved.
    const server = SERVER[this.family]
    await (wire === undefined ? c : m).run('ping', ['-c1', '-w5', server], { mayFail: true })
  }

  async #buildWire(wire: Wire): Promise<void> {
    const { c } = this.hosts
    await this.#sh('c', `sysctl -qw ${SILENT}`)
    const task: WireTask = { client: 'c0', router: 'mc', wire }
    await this.#helper('m', process.execPath, [WIRE, JSON.stringify(task)])
    await this.#ip('m', [`link set c0 netns ${c.name}`])
  }

  /** Captures at both ends; `whole`: packets that are larger than the MTU as well. */
  async capture(whole: boolean): Promise<readonly [client: Capture, server: Capture]> {
    const [length, room] = whole ? [65_535, 65_536] : [SNAP_LENGTH, BUFFER_KIB]
    return Promise.all([
      this.hosts.c.capture({ name: 'c0' }, 'client.pcap', length, room),
      this.hosts.s.capture({ name: 's0' }, 'server.pcap', length, room),
    ])
  }

  /** `HOST: COMMAND`, with sh in that host. */
  async command(line: string): Promise<void> {
    const [, host, text] = /^([cms]): (.*)$/s.exec(line) ?? []
    if (host === undefined) throw new Error(`expected c:, m: or s: before a command, not "${line}"`)
    await this.#sh(host as Host, text!)
  }

  async #sh(host: Host, text: string): Promise<void> {
    await this.hosts[host].run('sh', ['-ec', text], { env: { ...PLAIN, HERE: this.hosts.c.directory } })
  }

  /** One `ip` for all these lines. */
  async #ip(host: Host, lines: readonly string[]): Promise<void> {
    await this.hosts[host].run('ip', ['-batch', '-'], { input: lines.join('\n') })
  }

  /** Forges resets in the router (injector.py) from now on. */
  async inject(how: string): Promise<void> {
    await this.#helper('m', 'python3', [INJECTOR, how])
  }

  /** Starts what says that it is ready, and then, asked with a line, how late it was. */
  async #helper(host: Host, program: string, args: readonly string[]): Promise<void> {
    const child = this.hosts[host].spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(child.stdout!, 'data')
    this.#helpers.push(child)
  }

  /** How late one of those in between was at the latest, milliseconds. */
  async lateness(): Promise<number> {
    const told = this.#helpers.map(async (child) => {
      child.stdin!.write('\n')
      const [line] = await once(child.stdout!, 'data')
      return Number(line)
    })
    return Math.max(0, ...(await Promise.all(told)))
  }

  async direct(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if ('wait' in step) await this.#flag(step.wait)
      else if ('sleep' in step) await sleep(step.sleep)
      else if ('run' in step) await this.command(step.run)
      else writeFileSync(join(this.hosts.c.directory, step.touch), '')
    }
  }

  async #flag(flag: string): Promise<void> {
    for (let waited = 0; !existsSync(join(this.hosts.c.directory, flag)); waited += 5) {
      if (waited > GUARD_MS) throw new Error(`the flag "${flag}" never came`)
      await sleep(5)
    }
  }

  /** Starts an application. */
  peer(host: 'c' | 's', language: Language, script: readonly Op[]): RunningPeer {
    const task: PeerTask = { script, flags: this.hosts.c.directory, host: SERVER[this.family] }
    const [program, file] = language === 'node' ? [process.execPath, NODE_PEER] : ['python3', PYTHON_PEER]
    const stdio = ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe']
    return new RunningPeer(this.hosts[host].spawn(program, [file, JSON.stringify(task)], { stdio }))
  }
}

/** Runs `body` in a world of its own, which is gone afterwards. */
export function withWorld<T>(
  family: Family,
  wire: Wire | undefined,
  body: (world: World) => Promise<T>,
): Promise<T> {
  return withNamespace((c) =>
    withNamespace((m) =>
      withNamespace(async (s) => {
        const world = new World({ c, m, s }, family)
        await world.build(wire)
        return body(world)
      }),
    ),
  )
}

export class RunningPeer {
  readonly results: Result[] = []
  /** How late it was at the latest, milliseconds. */
  lateness = 0
  /** Resolves with the first result: the server listens. */
  readonly begun: Promise<void>
  /** The script is over; the process may live on (`hold`). */
  readonly ended: Promise<void>

  constructor(child: ChildProcess) {
    let said = ''
    child.stderr!.on('data', (chunk) => {
      said += chunk
    })
    const lines = createInterface({ input: child.stdout! })
    const first = once(lines, 'line')
    const held = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        const result: Result = JSON.parse(line)
        if (result.op === 'hold') resolve()
        else if (result.op === 'late') this.lateness = result.n!
        else this.results.push(result)
      })
    })
    const closed = (once(child, 'close') as Promise<[number | null, string | null]>).then(([code]) => {
      // A peer that kills itself has no exit code.
      if (code !== null && code !== 0) throw new Error(`a peer failed:\n${said}`)
    })
    this.ended = Promise.race([held, closed])
    this.begun = Promise.race([first, this.ended]).then(() => {})
  }
}

/** An Ethernet frame. tcpdump's ring has places of this length. */
const SNAP_LENGTH = 1600
const BUFFER_KIB = 16_384
const GUARD_MS = 60_000

/** Every device takes it from the default of its host when it is made there. */
const SILENT = 'net.ipv6.conf.default.router_solicitations=0 net.ipv6.conf.default.accept_ra=0'

const line = (device: string, router: Namespace, peer: string): string => `
  sysctl -qw ${SILENT}
  ip link add ${device} type veth peer name ${peer} netns ${router.name}`

const addressing = (device: string, network: string, host: string): string[] => [
  `link set ${device} addrgenmode none`,
  `link set ${device} gso_max_segs 1 up`,
  `address add 10.${network}.0.${host}/24 dev ${device}`,
  `address add fd00:${network}::${host}/64 dev ${device} nodad`,
  `address add fe80::${host}/64 dev ${device} nodad`,
]

/** Cubic: a machine's own may be another. */
const defaultRoutes = (network: string, device: string): string[] => [
  `route add default via 10.${network}.0.1 dev ${device} congctl cubic`,
  `route add ::/0 via fd00:${network}::1 dev ${device} congctl cubic`,
]
