/** The Linux kernel as one of the two stacks of the differential test: its sockets, and a TUN device into its namespace. */

import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { getSystemErrorName } from 'node:util'
import type { TunLink } from '../../src/link/tun.ts'
import { parseAddress } from '../../src/wire/address.ts'
import { turn } from '../link/turn.ts'
import { type Packet, packetOf, readPacket } from '../stack/packets-harness.ts'
import type { Sockets } from './differential-probe.ts'
import { type Call, inWords, keyOf, PORT, SEND_OCTETS, type World } from './differential-worlds.ts'
import { type KernelSocket, KernelSockets } from './kernel-sockets.ts'
import { type Namespace, withNamespace } from './netns.ts'

/** The addresses of the side under test, on both stacks; what stands behind them is everybody else's. */
export const LOCAL = { 4: '10.7.0.1', 6: 'fd07::1' } as const
export const REMOTE = { 4: '10.7.0.2', 6: 'fd07::2' } as const
export const PREFIXES = ['10.7.0.1/24', 'fd07::1/64'] as const

/**
 * What would depend on time or on the other cases: limits by rate, cookies, retransmissions, and acknowledgments that
 * are delayed. And what Elko does not have: selective acknowledgment, scaling where the other side offers none, ECN.
 */
const SYSCTLS: Readonly<Record<string, string>> = {
  tcp_challenge_ack_limit: '2147483647',
  tcp_invalid_ratelimit: '0',
  tcp_max_syn_backlog: '65535',
  tcp_syncookies: '0',
  tcp_sack: '0',
  tcp_no_metrics_save: '1',
}
const ROUTE = ['congctl cubic', 'rto_min 60s', 'quickack 1']
const BACKLOG = 4096

/** /proc/net/tcp's numbers. */
const STATES: Readonly<Record<string, string>> = {
  '01': 'ESTABLISHED',
  '02': 'SYN-SENT',
  '03': 'SYN-RECEIVED',
  '04': 'FIN-WAIT-1',
  '05': 'FIN-WAIT-2',
  '06': 'TIME-WAIT',
  '08': 'CLOSE-WAIT',
  '09': 'LAST-ACK',
  '0A': 'LISTEN',
  '0B': 'CLOSING',
}

/** Nobody listens there: a SYN to it is answered at once, behind all that was answered before. */
const MARKER_PORT = 9
const MARKER_TIMEOUT_MS = 120_000

export function withLinux<T>(body: (linux: LinuxWorld) => Promise<T>): Promise<T> {
  return withNamespace(async (ns) => {
    const tun = await ns.openTun({ addresses: PREFIXES })
    ns.setRoute(tun, '10.7.0.0/24', ...ROUTE)
    ns.setRoute(tun, 'fd07::/64', ...ROUTE)
    const linux = new LinuxWorld(ns, tun)
    try {
      return await body(linux)
    } finally {
      linux.end()
    }
  })
}

export class LinuxWorld implements World {
  readonly name = 'Linux'
  /** How long to wait for what the kernel does not do at once; all else is done when `deliver` returns. */
  settleMs = 0
  readonly #tun: TunLink
  readonly #kernel: KernelSockets
  readonly #listeners: readonly { readonly version: 4 | 6; readonly socket: KernelSocket }[]
  readonly #sockets = new Map<string, KernelSocket>()
  #arrived: Packet[] = []
  #marker = 0
  #isMarked: () => void = () => {}

  constructor(ns: Namespace, tun: TunLink) {
    this.#tun = tun
    this.#kernel = new KernelSockets(ns.name)
    this.set(SYSCTLS)
    this.#kernel.inside(() => writeFileSync('/proc/sys/net/core/somaxconn', '65535'))
    this.#listeners = ([4, 6] as const).map((version) => {
      return { version, socket: this.#kernel.listen(version, PORT, BACKLOG) }
    })
    tun.onPacket = (bytes, offset, length) =>
      this.#packetArrives(readPacket(bytes.slice(offset, offset + length)))
  }

  /** Changes tunables under net.ipv4. */
  set(values: Readonly<Record<string, string>>): void {
    this.#kernel.inside(() => {
      for (const [name, value] of Object.entries(values)) writeFileSync(`/proc/sys/net/ipv4/${name}`, value)
    })
  }

  deliver(packet: Uint8Array): void {
    if (!this.#tun.send(packet, packet.length)) throw new Error('the TUN device is full')
  }

  call(sockets: Sockets, call: Call): void {
    const key = keyOf(sockets)
    if (call === 'connect') {
      const { localPort, remote, remotePort } = sockets
      this.#sockets.set(key, this.#kernel.connect(localPort, parseAddress(remote)!, remotePort))
      return
    }
    const socket = this.#sockets.get(key)
    if (socket === undefined) return
    if (call === 'send') this.#kernel.send(socket, new Uint8Array(SEND_OCTETS))
    else if (call === 'shutdown') this.#kernel.shutdown(socket)
    else {
      this.#sockets.delete(key)
      if (call === 'close') this.#kernel.close(socket)
      else this.#kernel.abort(socket)
    }
  }

  async settle(): Promise<Packet[]> {
    await this.#untilMarked()
    if (this.settleMs > 0) {
      await sleep(this.settleMs)
      await this.#untilMarked()
    }
    this.#accept()
    const arrived = this.#arrived
    this.#arrived = []
    return arrived
  }

  states(): ReadonlyMap<string, string> {
    const states = new Map<string, string>()
    for (const version of [4, 6] as const) {
      const file = version === 4 ? '/proc/self/net/tcp' : '/proc/self/net/tcp6'
      const text = this.#kernel.inside(() => readFileSync(file, 'latin1'))
      for (const [, port, state] of text.matchAll(
        /^ *\d+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:([0-9A-F]+) ([0-9A-F]{2}) /gm,
      )) {
        const remotePort = Number.parseInt(port!, 16)
        if (remotePort !== 0) states.set(keyOf({ version, remotePort }), STATES[state!] ?? state!)
      }
    }
    return states
  }

  told(sockets: Sockets): string {
    const socket = this.#sockets.get(keyOf(sockets))
    if (socket === undefined) return ''
    const error = this.#kernel.error(socket)
    return inWords(this.#kernel.readable(socket), error === 0 ? null : getSystemErrorName(-error))
  }

  /** Resets what is left, so that the next cases find few others. */
  clear(): void {
    for (const socket of this.#sockets.values()) this.#kernel.abort(socket)
    this.#sockets.clear()
  }

  end(): void {
    this.clear()
    for (const { socket } of this.#listeners) this.#kernel.close(socket)
    this.#kernel.end()
  }

  #packetArrives(packet: Packet): void {
    if (packet.srcPort !== MARKER_PORT) this.#arrived.push(packet)
    else if (packet.dstPort === this.#marker) this.#isMarked()
  }

  /** What the kernel makes of a packet, and it sends, it does in its order: behind the answer to the marker nothing waits. */
  async #untilMarked(): Promise<void> {
    let isMarked = false
    this.#isMarked = () => {
      isMarked = true
    }
    this.#marker = (this.#marker % 60_000) + 1
    const { 4: dst } = LOCAL
    const syn = { src: REMOTE[4], dst, srcPort: this.#marker, dstPort: MARKER_PORT, flags: 'S', seq: 1 }
    this.deliver(packetOf(syn))
    const until = performance.now() + MARKER_TIMEOUT_MS
    while (!isMarked) {
      // The answer is there already: who slept until it is told might sleep for long where others want to run, too.
      await turn()
      if (performance.now() > until) throw new Error('the kernel does not answer')
    }
  }

  #accept(): void {
    for (const { version, socket } of this.#listeners) {
      for (let one = this.#kernel.accept(socket); one !== null; one = this.#kernel.accept(socket)) {
        this.#sockets.set(keyOf({ version, remotePort: one.remotePort }), one.socket)
      }
    }
  }
}
