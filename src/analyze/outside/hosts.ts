/** What a capture shows of hosts and ports over all connections: what one connection is compared with. */

import type { Packet } from '../../dissect/packet.ts'
import type { ConnectionFacts } from './facts.ts'

/** Connections of a port that are remembered as never answered. */
const MAX_SILENT = 64
/** Clients of a port whose connections are counted. */
const MAX_CLIENTS = 1024
/** Linux keeps a connection in TIME-WAIT for so long, seconds. */
const TIME_WAIT = 60
/** Most of the 28,232 ports that Linux takes by itself (ip_local_port_range). */
const MANY_PORTS = 20_000
/** The connection of a port from which on clients are counted. */
const COUNTED_FROM = 3
/** So many ports that a client takes again within the time are no accident. */
const MANY_AGAIN = 10

/** What a client asked of a port since `from`. */
interface Asking {
  from: number
  asked: number
  again: number
  isTold: boolean
}

export class PortFacts {
  /** Connections that were asked for, opened, refused; that got text from the server. */
  asked = 0
  opened = 0
  firstOpenedAt = -1
  lastOpenedAt = -1
  lastOpenedFrame = 0
  firstRefusedAt = -1
  answered = 0
  lastAnsweredAt = -1
  /** Opened, and without any text of the server so far. */
  readonly silent: ConnectionFacts[] = []

  /** Ports that a scan touches once or twice have none. */
  #clients: Map<HostFacts, Asking> | null = null

  /**
   * A client asks for a connection, perhaps from a port that it has used before. True, once for each client, where it has hardly
   * a port left, as those that it used are in TIME-WAIT.
   */
  noteAsked(client: HostFacts, isAgain: boolean, at: number): boolean {
    if (++this.asked < COUNTED_FROM) return false
    this.#clients ??= new Map()
    let asking = this.#clients.get(client)
    if (asking === undefined) {
      if (this.#clients.size === MAX_CLIENTS) return false
      asking = { from: at, asked: 0, again: 0, isTold: false }
      this.#clients.set(client, asking)
    }
    if (at - asking.from > TIME_WAIT) {
      asking.from = at
      asking.asked = asking.again = 0
    }
    asking.asked++
    if (isAgain) asking.again++
    const isMany = asking.asked >= MANY_PORTS || asking.again >= MANY_AGAIN
    if (!isMany || asking.isTold) return false
    asking.isTold = true
    return true
  }

  noteSilent(facts: ConnectionFacts): void {
    if (this.silent.length < MAX_SILENT) this.silent.push(facts)
  }

  noteAnswered(facts: ConnectionFacts): void {
    const place = this.silent.indexOf(facts)
    if (place >= 0) this.silent.splice(place, 1)
  }
}

export class HostFacts {
  /** TTL of its ordinary packets on the first connection that showed some, and which one that was. */
  ttl = 0
  ttlStream = -1
  ttlVaries = false
  /** Most hosts are clients, and have none. */
  #ports: Map<number, PortFacts> | null = null

  port(number: number): PortFacts {
    this.#ports ??= new Map()
    let port = this.#ports.get(number)
    if (port === undefined) {
      port = new PortFacts()
      this.#ports.set(number, port)
    }
    return port
  }

  noteTtl(ttl: number, stream: number): void {
    if (this.ttl === 0) {
      this.ttl = ttl
      this.ttlStream = stream
    } else if (this.ttl !== ttl) this.ttlVaries = true
  }
}

/** Requests for a hardware address. */
export interface Resolution {
  readonly asker: string
  readonly target: string
  requests: number
  readonly firstFrame: number
  readonly firstAt: number
  lastFrame: number
  lastAt: number
}

/** More of them at once are a scan, of which the first ones tell enough. */
const MAX_RESOLUTIONS = 4096

export class Hosts {
  /** By the IPv4 address as int32, or by the words of an IPv6 address. */
  readonly #hosts = new Map<number | string, HostFacts>()
  /** Hardware address of each IP address that answered. */
  readonly hardware = new Map<string, number>()
  readonly #resolutions = new Map<string, Resolution>()

  source({ version, src0, src1, src2, src3 }: Packet): HostFacts {
    return this.#host(version === 4 ? src3 : `${src0} ${src1} ${src2} ${src3}`)
  }

  destination({ version, dst0, dst1, dst2, dst3 }: Packet): HostFacts {
    return this.#host(version === 4 ? dst3 : `${dst0} ${dst1} ${dst2} ${dst3}`)
  }

  #host(key: number | string): HostFacts {
    let host = this.#hosts.get(key)
    if (host === undefined) {
      host = new HostFacts()
      this.#hosts.set(key, host)
    }
    return host
  }

  noteRequest(asker: string, target: string, frame: number, at: number): void {
    const key = `${asker} ${target}`
    const known = this.#resolutions.get(key)
    if (known === undefined) {
      if (this.#resolutions.size === MAX_RESOLUTIONS) return
      this.#resolutions.set(key, {
        asker,
        target,
        requests: 1,
        firstFrame: frame,
        firstAt: at,
        lastFrame: frame,
        lastAt: at,
      })
      return
    }
    known.requests++
    known.lastFrame = frame
    known.lastAt = at
  }

  noteHardware(address: string, hardware: number): void {
    this.hardware.set(address, hardware)
  }

  /** What was asked for three times or more and never answered: a host that is not there, or not on this network. */
  unanswered(): Resolution[] {
    const lost = [...this.#resolutions.values()]
    return lost.filter(({ requests, target }) => requests >= 3 && !this.hardware.has(target))
  }
}
