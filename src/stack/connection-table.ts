/** The connections of a stack: found by their sockets, woken by their deadlines. */

import type { Path } from '../tcp/path.ts'
import type { Address } from '../wire/address.ts'
import type { IpHeader } from '../wire/ip-header.ts'
import { Demux } from './demux.ts'
import type { HostedConnection } from './hosted-connection.ts'
import { TimerQueue } from './timer-queue.ts'

export class ConnectionTable {
  readonly #demux: Demux<HostedConnection>
  readonly #timers: TimerQueue
  readonly #bySlot: (HostedConnection | null)[] = []
  readonly #limit: number

  /** @param secret 16 octets. @param limit most connections. */
  constructor(secret: Uint8Array, limit: number) {
    this.#limit = limit
    this.#demux = new Demux(secret, limit)
    this.#timers = new TimerQueue(limit)
  }

  get size(): number {
    return this.#demux.size
  }

  /** Timer slots in use: one for each connection. */
  get timers(): number {
    return this.#timers.size
  }

  /** Whether no further connection would be taken in. */
  get isFull(): boolean {
    return this.#demux.size >= this.#limit
  }

  values(): HostedConnection[] {
    return this.#demux.values()
  }

  /** The connection that a segment belongs to. */
  find(ip: IpHeader, dstPort: number, srcPort: number): HostedConnection | undefined {
    const found = this.#demux.find(
      ip.dst0,
      ip.dst1,
      ip.dst2,
      ip.dst3,
      ip.src0,
      ip.src1,
      ip.src2,
      ip.src3,
      dstPort,
      srcPort,
    )
    return ofVersion(found, ip.version)
  }

  /** The connection that sent a packet which somebody quotes: source and destination change places. */
  findSender(ip: IpHeader, srcPort: number, dstPort: number): HostedConnection | undefined {
    const found = this.#demux.find(
      ip.src0,
      ip.src1,
      ip.src2,
      ip.src3,
      ip.dst0,
      ip.dst1,
      ip.dst2,
      ip.dst3,
      srcPort,
      dstPort,
    )
    return ofVersion(found, ip.version)
  }

  has(local: Address, remote: Address, localPort: number, remotePort: number): boolean {
    const found = this.#demux.find(
      local.w0,
      local.w1,
      local.w2,
      local.w3,
      remote.w0,
      remote.w1,
      remote.w2,
      remote.w3,
      localPort,
      remotePort,
    )
    return found !== undefined
  }

  /** Takes a connection in, by its path. False where its sockets are taken or the table is full. */
  attach(connection: HostedConnection): boolean {
    const { path } = connection.tcb
    const slot = this.#timers.allocate()
    if (slot < 0) return false
    if (!this.#insert(path, connection)) {
      this.#timers.free(slot)
      return false
    }
    connection.timerSlot = slot
    connection.attached = true
    this.#bySlot[slot] = connection
    return true
  }

  #insert(p: Path, connection: HostedConnection): boolean {
    return this.#demux.insert(
      p.local0,
      p.local1,
      p.local2,
      p.local3,
      p.remote0,
      p.remote1,
      p.remote2,
      p.remote3,
      p.localPort,
      p.remotePort,
      connection,
    )
  }

  detach(connection: HostedConnection): void {
    const p = connection.tcb.path
    this.#demux.remove(
      p.local0,
      p.local1,
      p.local2,
      p.local3,
      p.remote0,
      p.remote1,
      p.remote2,
      p.remote3,
      p.localPort,
      p.remotePort,
    )
    this.#timers.free(connection.timerSlot)
    this.#bySlot[connection.timerSlot] = null
    connection.timerSlot = -1
    connection.attached = false
  }

  setDeadline(connection: HostedConnection, at: number): void {
    this.#timers.set(connection.timerSlot, at)
  }

  earliest(): number {
    return this.#timers.earliest()
  }

  popExpired(now: number): HostedConnection | null {
    const slot = this.#timers.popExpired(now)
    return slot < 0 ? null : (this.#bySlot[slot] ?? null)
  }
}

/** An IPv6 header with mapped addresses has the words of an IPv4 connection and does not belong to it (RFC 4942 2.2). */
function ofVersion(found: HostedConnection | undefined, version: number): HostedConnection | undefined {
  return found !== undefined && found.tcb.path.version === version ? found : undefined
}
