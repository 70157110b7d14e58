/**
 * Elko and the Linux kernel face to face: a network namespace with the kernel's TCP in it, a TUN device, and a host of
 * Elko's on the device's other end, in this process.
 */

import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { settle } from '../../src/cli/settle.ts'
import { LinkHost } from '../../src/link/host.ts'
import { type ImpairedDirections, type ImpairedLink, impair } from '../../src/link/impair.ts'
import type { Link } from '../../src/link/link.ts'
import type { TunLink } from '../../src/link/tun.ts'
import { type ConnectOptions, createNet, type Net } from '../../src/net/create-net.ts'
import type { Server } from '../../src/net/server.ts'
import type { Socket } from '../../src/net/socket.ts'
import type { TcpHandle } from '../../src/net/tcp-handle.ts'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import type { InputLog } from '../../src/stack/input-log.ts'
import { type Config, configure } from '../../src/tcp/config.ts'
import type { Trace } from '../../src/trace/recorder.ts'
import { BAD_CHECKSUM, RETRANSMISSION, tsharkFields } from './harness.ts'
import { type Capture, type Namespace, withNamespace } from './netns.ts'

export interface Family {
  readonly name: 'IPv4' | 'IPv6'
  /** The two ends as texts, and as they stand in a URL or a socat address. */
  readonly kernel: string
  readonly elko: string
  readonly kernelHost: string
  readonly elkoHost: string
  /** socat's word for it. */
  readonly socat: 'TCP4' | 'TCP6'
}

export const IPV4: Family = {
  name: 'IPv4',
  kernel: '10.7.0.1',
  elko: '10.7.0.2',
  kernelHost: '10.7.0.1',
  elkoHost: '10.7.0.2',
  socat: 'TCP4',
}
export const IPV6: Family = {
  name: 'IPv6',
  kernel: 'fd07::1',
  elko: 'fd07::2',
  kernelHost: '[fd07::1]',
  elkoHost: '[fd07::2]',
  socat: 'TCP6',
}
export const FAMILIES = [IPV4, IPV6]

export interface PeersOptions {
  readonly mtu?: number
  readonly config?: Partial<Config>
  readonly impair?: ImpairedDirections
  readonly seed?: number
  /** For the kernel's routes to Elko; default cubic (a machine's own may be BBR), and a patient timer. */
  readonly route?: readonly string[]
  readonly trace?: Trace
  /** Takes what Elko's stack is given. */
  readonly record?: InputLog
  /** Put between the stack and the device. */
  readonly wrap?: (link: Link) => Link
}

export interface Peers {
  readonly ns: Namespace
  readonly tun: TunLink
  /** null where nothing is impaired. */
  readonly impaired: ImpairedLink | null
  readonly host: LinkHost
  readonly net: Net
}

/**
 * Runs `body` with an Elko host and the kernel as its only neighbour, over IPv4 and IPv6.
 *
 * Unless told otherwise both wait 20 s before they take a segment for lost: on a clean link it is a busy machine that is
 * late, and the tests want to see no retransmission. Only the kernel's SYN and SYN-ACK go again after a second, whatever
 * its route says.
 */
export async function withPeers<T>(options: PeersOptions, body: (peers: Peers) => Promise<T>): Promise<T> {
  return withNamespace(async (ns) => {
    const mtu = options.mtu === undefined ? {} : { mtu: options.mtu }
    const tun = await ns.openTun({ addresses: ['10.7.0.1/24', 'fd07::1/64'], ...mtu })
    for (const prefix of ['10.7.0.0/24', 'fd07::/64']) {
      ns.setRoute(tun, prefix, ...(options.route ?? ['congctl cubic', 'rto_min 20s']))
    }
    const impaired = options.impair === undefined ? null : impair(tun, options.impair, options.seed ?? 1)
    const link = impaired ?? tun
    const host = new LinkHost(options.wrap?.(link) ?? link, {
      name: 'elko',
      addresses: ['10.7.0.2/24', 'fd07::2/64'],
      config: configure(
        options.config?.rtoMinMs === undefined ? { ...PATIENT, ...options.config } : options.config,
      ),
      ...(options.trace === undefined ? {} : { trace: options.trace }),
      ...(options.record === undefined ? {} : { record: options.record }),
    })
    const late = monitorEventLoopDelay()
    late.enable()
    lateness.set(ns, late)
    try {
      return await body({ ns, tun, impaired, host, net: createNet(host) })
    } finally {
      host.close()
      late.disable()
    }
  })
}

/** Where a test has no least RTO of its own. */
const PATIENT = { rtoInitialMs: 20_000, rtoMinMs: 20_000 }
/** How late this process was, while it had to do with the kernel of a namespace. */
const lateness = new WeakMap<Namespace, IntervalHistogram>()
/** So late it answers no SYN within the second after which the kernel sends it again, or almost. */
const TOO_LATE_NS = 500e6
export const wasTooLate = (ns: Namespace): boolean => lateness.get(ns)!.max >= TOO_LATE_NS

/** A socket and the connection beneath, which outlives it; it is there once the socket has begun to connect. */
export type PeerSocket = Socket & { readonly connection: HostedConnection }

function withConnection(socket: Socket): PeerSocket {
  const handle = (socket as unknown as { readonly _handle: TcpHandle })._handle
  return Object.defineProperty(socket, 'connection', { get: () => handle.connection }) as PeerSocket
}

/** How long the connections of a test may take until all is closed, milliseconds. */
const SETTLE_LIMIT_MS = 120_000

/** Until nothing of the host is open. */
export async function assertSettles(host: LinkHost): Promise<void> {
  assert.equal(await settle(host, SETTLE_LIMIT_MS), true)
}

/** A server in the namespace that does BODY with each `socket`, and prints what its socket is told. */
export const kernelServer = (body: string, options = 'allowHalfOpen: true'): string => `
  const server = require('net').createServer({ ${options} }, (socket) => {
    socket.on('error', (error) => console.log('error', error.code))
    socket.on('close', () => console.log('closed'))
    ${body}
  })
  server.listen(Number(process.argv.at(-1)), '::')`

/** Elko listens, from this call on. `pauseOnConnect`: what arrives stays in the connection until somebody reads. */
export function listen(
  net: Net,
  port: number,
  onSocket: (socket: PeerSocket) => void,
  { pauseOnConnect = false } = {},
): Server {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect }, (socket) =>
    onSocket(withConnection(socket)),
  )
  return server.listen(port) as Server
}

/** The first connection at a listener of Elko's. */
export const accepted = (
  net: Net,
  port: number,
  options?: { pauseOnConnect: boolean },
): Promise<PeerSocket> => new Promise((resolve) => listen(net, port, resolve, options))

/** Elko connects to the kernel's `port`. */
export const connect = (
  net: Net,
  family: Family,
  port: number,
  options: Partial<ConnectOptions> = {},
): PeerSocket => withConnection(net.connect({ host: family.kernel, port, allowHalfOpen: true, ...options }))

/** The same; resolves once established. */
export async function connected(net: Net, family: Family, port: number): Promise<PeerSocket> {
  const socket = connect(net, family, port)
  await once(socket, 'connect')
  return socket
}

/** Reads to the end; rejects on an error, which has what came before as `received`. */
export async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer)
  } catch (error) {
    throw Object.assign(error as Error, { received: Buffer.concat(chunks) })
  }
  return Buffer.concat(chunks)
}

/** Starts `node` in the namespace with a CommonJS script and its arguments in process.argv[1...]. */
export const spawnNode = (ns: Namespace, script: string, ...args: string[]): ChildProcess =>
  ns.spawn(process.execPath, ['-e', script, '--', ...args])

/** The same to its end; the script's standard output. */
export async function runNode(ns: Namespace, script: string, ...args: string[]): Promise<string> {
  const { stdout } = await ns.run(process.execPath, ['-e', script, '--', ...args])
  return stdout
}

/** Resolves with what a child printed once that matches, rejects where it ends before. */
export function untilPrinted(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const hear = (chunk: Buffer): void => {
      text += chunk
      if (pattern.test(text)) resolve(text)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('close', (code) => reject(new Error(`ended (${code}) before it printed ${pattern}: ${text}`)))
  })
}

/** Waits for a listening socket of the kernel's. */
export async function untilListening(ns: Namespace, port: number): Promise<void> {
  const until = performance.now() + 120_000
  for (;;) {
    const { stdout } = await ns.run('ss', ['-Hltn', `sport = :${port}`])
    if (stdout.trim() !== '') return
    if (performance.now() > until) throw new Error(`nobody listens on port ${port}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

// ---- octets whose place can be told ---------------------------------------------------------------------------------

const BLOCK_BYTES = 64 * 1024

/** `length` octets in blocks of 64 KiB: noise that is the same in each, but for the block's number every 512 octets. */
export function* blocks(length: number): Generator<Buffer> {
  const noise = Buffer.alloc(BLOCK_BYTES)
  for (let i = 0, x = 0x2545f491; i < BLOCK_BYTES; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    noise[i] = x
  }
  for (let number = 0; number * BLOCK_BYTES < length; number++) {
    const block = Buffer.from(noise)
    for (let i = 0; i < BLOCK_BYTES; i += 512) block.writeUInt32BE(number, i)
    yield block.subarray(0, length - number * BLOCK_BYTES)
  }
}

export function hashOfBlocks(length: number): string {
  const hash = createHash('sha256')
  for (const block of blocks(length)) hash.update(block)
  return hash.digest('hex')
}

/** Writes `blocks(length)` with back-pressure and ends the stream. */
export async function writeBlocks(stream: Socket, length: number): Promise<void> {
  for (const block of blocks(length)) {
    if (!stream.write(block)) await once(stream, 'drain')
  }
  stream.end()
}

/** As much of an HTTP server as curl needs: answers one request with `blocks(length)`. A failure ends the stream. */
export async function serveBlocks(stream: Socket, length: number): Promise<void> {
  try {
    let request = ''
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      request += chunk
      if (request.includes('\r\n\r\n')) break
    }
    stream.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`)
    await writeBlocks(stream, length)
    stream.resume()
  } catch (error) {
    stream.destroy(error as Error)
  }
}

/** Reads to the end: how many octets, and their hash. */
export async function hashStream(stream: NodeJS.ReadableStream): Promise<{ octets: number; hash: string }> {
  const hash = createHash('sha256')
  let octets = 0
  for await (const chunk of stream) {
    hash.update(chunk as Buffer)
    octets += (chunk as Buffer).length
  }
  return { octets, hash: hash.digest('hex') }
}

// ---- what must hold where nothing was impaired -----------------------------------------------------------------------

/** Whole packets, but no longer a buffer than they need: tcpdump's ring has a place of that length for each. */
export const captureAll = (ns: Namespace, tun: TunLink): Promise<Capture> =>
  ns.capture(tun, `${tun.name}.pcap`, tun.mtu + 64)

/**
 * A wrong checksum, but for one that Linux may write: where the sum comes out as 0 it puts 0xffff (skb_checksum_help), the
 * other zero of one's complement, which every receiver takes and tshark calls bad. Elko has no such leave.
 */
export const WRONG_CHECKSUM = `((${BAD_CHECKSUM}) and not (tcp.checksum == 0xffff and (ip.src == ${IPV4.kernel} or ipv6.src == ${IPV6.kernel})))`

/** Ends the capture: it must be whole, without a wrong checksum and without a retransmission. */
export async function assertClean(ns: Namespace, capture: Capture): Promise<void> {
  const { packets, dropped } = await capture.stop()
  assert.equal(dropped, 0, 'tcpdump dropped packets')
  assert.ok(packets > 0, 'an empty capture')
  const again = wasTooLate(ns) ? `(${RETRANSMISSION}) and tcp.flags.syn == 0` : RETRANSMISSION
  const wrong = await tsharkFields(capture.file, `${WRONG_CHECKSUM} or ${again}`, SHOWN_FIELDS)
  assert.deepEqual(wrong.slice(0, 10), [], 'wrong checksums or retransmissions in the capture')
  await assertKernelClean(ns)
}

/**
 * By the kernel's counters: no wrong checksum came to it, and it sent nothing twice.
 *
 * @returns how often it sent a SYN again all the same, as this process was late.
 */
async function assertKernelClean(ns: Namespace): Promise<number> {
  const counters = await ns.nstat()
  assert.equal(counters.TcpInCsumErrors, 0, 'TcpInCsumErrors')
  const excused = wasTooLate(ns) ? counters.TcpExtTCPSynRetrans : 0
  assert.equal(counters.TcpRetransSegs, excused, 'TcpRetransSegs')
  return excused!
}

const SHOWN_FIELDS = ['frame.number', 'tcp.srcport', 'tcp.seq', 'tcp.checksum.status', '_ws.expert.message']

/** By the counters of both sides: no wrong checksum, nothing sent twice. */
export async function assertNothingAgain({ ns, host }: Peers): Promise<void> {
  const excused = await assertKernelClean(ns)
  const tcbs = host.stack.connections().map(({ tcb }) => tcb)
  const octets = tcbs.reduce((sum, { counts }) => sum + counts.octetsRetransmitted, 0)
  assert.equal(octets, 0, 'octets that Elko sent again')
  // A SYN that comes again has its answer again.
  const again = tcbs.reduce((sum, { totalRetransmissions }) => sum + totalRetransmissions, 0)
  assert.ok(again <= excused, `${again} retransmissions by Elko`)
}
