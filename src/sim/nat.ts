/**
 * A network address and port translator (RFC 3022 2.2): hosts inside share one address outside. Mapping and filtering are
 * endpoint-independent (RFC 5382 4), ports are given out in order.
 *
 * What it does to a connection whose mapping is gone is what such boxes do: the next packet from inside gets a new mapping,
 * with another port, and the other side, which knows no such connection, resets it. From outside nothing comes in.
 */

import { readUint16 } from '../bytes/big-endian.ts'
import { type Address, hasDestination, sourceAddress } from '../wire/address.ts'
import { decodeIp } from '../wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../wire/ip-header.ts'
import { RST } from '../wire/segment.ts'
import { TCP_DESTINATION_PORT } from '../wire/tcp.ts'
import type { Middlebox, Transit } from './middlebox.ts'
import { quoteOf, setQuotedSource, setSocket } from './packet-rewrite.ts'

export interface NatOptions {
  /** The address outside. */
  readonly address: Address
  /** Microseconds without a packet after which a mapping ends. Default 2 h 4 min (RFC 5382 REQ-5). */
  readonly idleUs?: number
  /** Most mappings at once; a connection more gets none, and its packets are dropped. Default 16384. */
  readonly mappings?: number
}

interface Mapping {
  readonly inside: Address
  readonly insidePort: number
  readonly port: number
  lastAt: number
}

const DEFAULT_IDLE_US = 7440e6
const DEFAULT_MAPPINGS = 16_384
/** Ports outside, given out in order and then again. */
const FIRST_PORT = 20_000
const LAST_PORT = 65_535

/** To be inserted between each host inside and each host outside, and routed to by `insideOf`. */
export class Nat implements Middlebox {
  readonly name = 'nat'
  address: Address
  readonly #idleUs: number
  readonly #limit: number
  readonly #byInside = new Map<string, Mapping>()
  readonly #byPort = new Map<number, Mapping>()
  readonly #header = new IpHeader()
  #nextPort = FIRST_PORT

  constructor(options: NatOptions) {
    this.address = options.address
    this.#idleUs = options.idleUs ?? DEFAULT_IDLE_US
    this.#limit = options.mappings ?? DEFAULT_MAPPINGS
  }

  /** Mappings, those that have ended by time included until somebody asks for them. */
  get size(): number {
    return this.#byPort.size
  }

  /** All mappings are lost, as where the box starts anew; ports go on where they were. */
  rebind(): void {
    this.#byInside.clear()
    this.#byPort.clear()
  }

  /** The host inside that a packet to the address outside is for, or null where no mapping says so. */
  insideOf(bytes: Uint8Array, length: number): Address | null {
    const header = this.#header
    if (decodeIp(bytes, 0, length, header, false) !== 'ok' || header.protocol !== PROTOCOL_TCP) return null
    const port = readUint16(bytes, header.payloadOffset + TCP_DESTINATION_PORT)
    return this.#byPort.get(port)?.inside ?? null
  }

  handlePacket(transit: Transit): boolean {
    if (transit.direction === 'out') return this.#goesOut(transit)
    return transit.isTcp ? this.#comesBack(transit) : this.#errorComesBack(transit)
  }

  #goesOut(transit: Transit): boolean {
    if (!transit.isTcp || transit.ip.version !== this.address.version) return false
    const mapping = this.#mappingFor(transit)
    if (mapping === null) return false
    mapping.lastAt = transit.now
    setSocket(transit, 'source', this.address, mapping.port)
    return true
  }

  #comesBack(transit: Transit): boolean {
    if (!hasDestination(transit.ip, this.address)) return false
    const mapping = this.#alive(this.#byPort.get(transit.segment.dstPort), transit.now)
    if (mapping === null) return false
    // RFC 5382 REQ-5 allows it, and RFC 7857 2.2 advises it: a reset does not keep a mapping alive.
    if ((transit.segment.flags & RST) === 0) mapping.lastAt = transit.now
    setSocket(transit, 'destination', mapping.inside, mapping.insidePort)
    return true
  }

  #errorComesBack(transit: Transit): boolean {
    const quote = quoteOf(transit)
    if (quote === null) return false
    const mapping = this.#alive(this.#byPort.get(quote.srcPort), transit.now)
    if (mapping === null) return false
    setQuotedSource(transit, quote, mapping.inside, mapping.insidePort)
    return true
  }

  /** The mapping of a socket inside, a new one where there is none; null where there are too many. */
  #mappingFor({ ip, segment, now }: Transit): Mapping | null {
    const inside = sourceAddress(ip)
    const key = `${inside}/${segment.srcPort}`
    const known = this.#alive(this.#byInside.get(key), now)
    if (known !== null) return known
    const port = this.#freePort(now)
    if (port === null) return null
    const mapping = { inside, insidePort: segment.srcPort, port, lastAt: now }
    this.#byInside.set(key, mapping)
    this.#byPort.set(port, mapping)
    return mapping
  }

  #freePort(now: number): number | null {
    if (this.#byPort.size >= this.#limit)
      for (const mapping of this.#byPort.values()) this.#alive(mapping, now)
    if (this.#byPort.size >= this.#limit) return null
    for (let tried = FIRST_PORT; tried <= LAST_PORT; tried++) {
      const port = this.#nextPort
      this.#nextPort = port === LAST_PORT ? FIRST_PORT : port + 1
      if (this.#alive(this.#byPort.get(port), now) === null) return port
    }
    return null
  }

  /** Ends a mapping that was idle for too long. */
  #alive(mapping: Mapping | undefined, now: number): Mapping | null {
    if (mapping === undefined) return null
    if (now - mapping.lastAt <= this.#idleUs) return mapping
    this.#byInside.delete(`${mapping.inside}/${mapping.insidePort}`)
    this.#byPort.delete(mapping.port)
    return null
  }
}
