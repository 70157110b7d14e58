/** What a capture shows of hosts and ports over all connections: what one connection is compared with. */

import type { Packet } from '../../dissect/packet.ts'

/** Connections of a port that are remembered as never answered, those that opened first. */
export const MAX_SILENT = 64

/** Opened, and without any text of the server up to the end of the capture. */
export interface SilentConnection {
  readonly stream: number
  readonly handshakeFrame: number
  readonly firstAt: number
  readonly lastAt: number
}

export class PortFacts {
  /** The first and the last connection that opened; -1 and 0: none did. */
  firstOpenedAt = -1
  firstOpenedFrame = 0
  lastOpenedAt = -1
  lastOpenedFrame = 0
  /** Connections that got text from the server. */
  answered = 0
  /** Known once all packets have been seen. */
  silent: readonly SilentConnection[] = []

  noteOpened(frame: number, at: number): void {
    if (this.firstOpenedFrame === 0) {
      this.firstOpenedFrame = frame
      this.firstOpenedAt = at
    }
    this.lastOpenedFrame = frame
    this.lastOpenedAt = at
  }
}

/** By the IPv4 address as int32, or by the words of an IPv6 address. */
export type HostKey = number | string

export class HostFacts {
  /** Hosts are numbered as they are met. */
  readonly index: number
  /** TTL of its ordinary packets on the first connection that showed some, and which one that was. */
  ttl = 0
  ttlStream = -1
  /** Place of that packet among all headers of TCP, see `CaptureDiagnoser`. */
  ttlPlace = 0
  ttlVaries = false
  /** Most hosts are clients, and have none. */
  #ports: Map<number, PortFacts> | null = null

  constructor(index = 0) {
    this.index = index
  }

  get ports(): Iterable<[number, PortFacts]> {
    return this.#ports ?? []
  }

  port(number: number): PortFacts {
    this.#ports ??= new Map()
    let port = this.#ports.get(number)
    if (port === undefined) {
      port = new PortFacts()
      this.#ports.set(number, port)
    }
    return port
  }

  noteTtl(ttl: number, stream: number, place: number): void {
    if (this.ttl === 0) {
      this.ttl = ttl
      this.ttlStream = stream
      this.ttlPlace = place
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
  readonly #hosts = new Map<HostKey, HostFacts>()
  /** Hardware address of each IP address that answered. */
  readonly hardware = new Map<string, number>()
  readonly #resolutions = new Map<string, Resolution>()

  source({ version, src0, src1, src2, src3 }: Packet): HostFacts {
    return this.#host(version === 4 ? src3 : `${src0} ${src1} ${src2} ${src3}`)
  }

  destination({ version, dst0, dst1, dst2, dst3 }: Packet): HostFacts {
    return this.#host(version === 4 ? dst3 : `${dst0} ${dst1} ${dst2} ${dst3}`)
  }

  #host(key: HostKey): HostFacts {
    let host = this.#hosts.get(key)
    if (host === undefined) {
      host = new HostFacts(this.#hosts.size)
      this.#hosts.set(key, host)
    }
    return host
  }

  get count(): number {
    return this.#hosts.size
  }

  /** All, in the order of their indexes. */
  all(): Iterable<[HostKey, HostFacts]> {
    return this.#hosts
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
