/**
 * Where a capture of one place was made, as far as its packets tell by themselves: their direction where the file has it,
 * checksums that a network card has yet to fill in, frames that Ethernet has yet to fill up, the TTL that routers lower.
 * Times are left to who draws them.
 */

import { foldSum } from '../bytes/checksum.ts'
import type { Packet, TcpFields } from '../dissect/packet.ts'
import { counted } from '../trace/counted.ts'
import type { Vantage } from '../trace/events.ts'
import { isLoopbackWords } from '../wire/address.ts'
import { pseudoHeaderSum } from '../wire/ip.ts'
import { PROTOCOL_TCP } from '../wire/ip-header.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2 } from '../wire/linktype.ts'
import { RST } from '../wire/segment.ts'

/** Packets of a side that are looked into. */
const ENOUGH = 16
/** One packet alone may have such a checksum by chance. */
const LEAST = 2
/** What the hosts of today begin with: Linux and macOS, Windows, network equipment. */
const FIRST_TTLS = [64, 128, 255]
/** No path has so many routers: a TTL this far below all of those began elsewhere. */
const MOST_ROUTERS = 32
/** An Ethernet frame is filled up to this, less the four octets of its own checksum (IEEE 802.3 3.2.8). */
const LEAST_FRAME = 60
/** Ethernet, IP, TCP and nothing between them. */
const BARE_LAYERS = 3
/** Where Linux's cooked captures have the packet's type; and two of the types: to this host, and from it. */
const SLL2_TYPE = 10
const COOKED_HERE = 0
const COOKED_OUT = 4

/** What the packets of one side have shown. */
class Side {
  packets = 0
  /** They left this machine, or came to it. */
  outbound = 0
  inbound = 0
  /** Their checksum covers no more than the pseudo-header: the card of the machine that sends them does the rest. */
  unfinished = 0
  /** Frames shorter than the wire takes, and frames that were filled up for it. */
  short = 0
  filled = 0
  /** 0: not seen; -1: not always the same. */
  ttl = 0
  /** The same of its resets, which may be a middlebox's. */
  resetTtl = 0

  take(packet: Packet, { checksum, flags }: TcpFields, tcpLength: number): void {
    if (this.packets === ENOUGH) return
    this.packets++
    const direction = directionOf(packet)
    if (direction === 'outbound') this.outbound++
    if (direction === 'inbound') this.inbound++
    if (checksum === foldSum(pseudoHeaderSum(packet, PROTOCOL_TCP, tcpLength))) this.unfinished++
    this.#frame(packet)
    if ((flags & RST) !== 0) this.resetTtl = sameTtl(this.resetTtl, packet.ttl)
    else this.ttl = sameTtl(this.ttl, packet.ttl)
  }

  #frame({ linkType, layers, layerAts, layerBytes, bytes, wireEnd, frameLength }: Packet): void {
    if (linkType !== LINKTYPE_ETHERNET || layers !== BARE_LAYERS || layerBytes[0] !== bytes) return
    const used = wireEnd - layerAts[0]!
    if (used >= LEAST_FRAME) return
    if (frameLength === used) this.short++
    if (frameLength === LEAST_FRAME) this.filled++
  }

  /** Routers behind it, as its TTL tells; -1: it does not. */
  get routers(): number {
    return routersBehind(this.ttl)
  }

  /** The same; where it only reset, of these: whoever made them is there or before it. */
  get routersAtLeast(): number {
    return routersBehind(this.ttl === 0 ? this.resetTtl : this.ttl)
  }
}

const sameTtl = (known: number, ttl: number): number => (known === 0 || known === ttl ? ttl : -1)

function routersBehind(ttl: number): number {
  const first = FIRST_TTLS.find((start) => start >= ttl && start - ttl <= MOST_ROUTERS)
  return ttl <= 0 || first === undefined ? -1 : first - ttl
}

export class VantageClues {
  readonly #a = new Side()
  readonly #b = new Side()
  #isOneHost = false

  packet(isFromA: boolean, packet: Packet, tcp: TcpFields): void {
    const side = isFromA ? this.#a : this.#b
    if (side.packets === 0) this.#isOneHost ||= isWithinOneHost(packet)
    if (tcp.textLength >= 0) side.take(packet, tcp, tcp.headerLength + tcp.textLength)
  }

  /** @param names of side A and of side B. */
  told(names: readonly [a: string, b: string]): Vantage | undefined {
    if (this.#isOneHost) return { at: names, isNear: false, because: 'they are one host' }
    return this.#atOneOf(names) ?? this.#byRouters(names)
  }

  #atOneOf(names: readonly [string, string]): Vantage | undefined {
    const sides = [this.#a, this.#b] as const
    for (const k of [0, 1] as const) {
      const [own, far] = k === 0 ? sides : [sides[1], sides[0]]
      const because = whyAt(own, far, names[k])
      if (because !== null) return { at: [names[k]], isNear: false, because }
    }
    return undefined
  }

  #byRouters(names: readonly [string, string]): Vantage | undefined {
    const [a, b] = [this.#a.routers, this.#b.routers]
    const [fromA, fromB] = [this.#a.routersAtLeast, this.#b.routersAtLeast]
    const because = `by their TTL the packets of the ${names[0]} came ${over(fromA)}, those of the ${names[1]} ${over(fromB)}`
    if (a > 0 && b > 0) return { at: [], isNear: false, because }
    if (a === 0 && fromB > 0) return { at: [names[0]], isNear: true, because }
    return fromA > 0 && b === 0 ? { at: [names[1]], isNear: true, because } : undefined
  }
}

const over = (routers: number): string =>
  routers === 0 ? 'over no router' : `over ${counted(routers, 'router')}`

/** Why the capture was made where a side is; null: nothing tells. */
function whyAt(own: Side, far: Side, name: string): string | null {
  // What came over a router was not sent here, however it looks.
  if (own.routers > 0) return null
  if (own.outbound > 0 && own.inbound === 0 && far.outbound === 0)
    return `the capture notes that the packets of the ${name} left there`
  if (own.unfinished >= LEAST && own.unfinished === own.packets && far.packets > 0 && far.unfinished === 0)
    return `the packets of the ${name} had no checksum yet: its network card fills it in`
  if (own.short > 0 && own.filled === 0 && far.filled > 0 && far.short === 0)
    return `the short packets of the ${name} are not filled up to Ethernet's least length yet, those of the other side are`
  return null
}

function directionOf({ direction, linkType, layerAts, layerBytes }: Packet): 'inbound' | 'outbound' | null {
  if (direction !== null) return direction
  const [octets, at] = [layerBytes[0], layerAts[0]!]
  if (octets === undefined) return null
  const isSll = linkType === LINKTYPE_LINUX_SLL && octets[at] === 0
  const type = isSll ? octets[at + 1] : linkType === LINKTYPE_LINUX_SLL2 ? octets[at + SLL2_TYPE] : -1
  if (type === COOKED_OUT) return 'outbound'
  return type === COOKED_HERE ? 'inbound' : null
}

/** From a loopback address to one, or from an address to itself. */
function isWithinOneHost({ src0, src1, src2, src3, dst0, dst1, dst2, dst3 }: Packet): boolean {
  if (isLoopbackWords(src0, src1, src2, src3)) return isLoopbackWords(dst0, dst1, dst2, dst3)
  return src0 === dst0 && src1 === dst1 && src2 === dst2 && src3 === dst3
}
