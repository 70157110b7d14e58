/**
 * Packets of an attacker: well-formed ones that go deep, and what bit flips, truncation, wrong lengths and salads of
 * options make of them, with checksums that are right more often than not.
 */

import { addressOf } from '../../src/wire/address.ts'
import { icmpChecksum, icmpProtocol } from '../../src/wire/icmp.ts'
import { writeIcmpError } from '../../src/wire/icmp-write.ts'
import { ipHeaderLength, writeIpHeader } from '../../src/wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../../src/wire/ip-header.ts'
import { tcpChecksum } from '../../src/wire/tcp.ts'
import { randomOf } from './host-harness.ts'
import { headerOf } from './packets-harness.ts'

export class Dice {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = randomOf(seed)
  }

  int32(): number {
    return this.#random()
  }

  /** 0 to n - 1. */
  below(n: number): number {
    return (this.#random() >>> 0) % n
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }
}

/** What an attacker knows of one pair of sockets: where each side stands by what was last sent to it. */
export class Target {
  readonly version: 4 | 6
  readonly ip: IpHeader
  readonly remotePort: number
  readonly localPort: number
  /** The next number of the attacker's stream, as the host said; and of the host's. */
  seq = 0
  ack = 0
  timestamps = false
  tsEcr = 0
  tsVal = 1
  /** A packet that the host sent, and whether a reset was among them. */
  sent: Uint8Array | null = null
  dead = false

  constructor(version: 4 | 6, remote: string, local: string, remotePort: number, localPort: number) {
    this.version = version
    this.ip = headerOf(version, remote, local)
    this.remotePort = remotePort
    this.localPort = localPort
  }

  /** The name under which packets from the host are found: 'address port port'. */
  get key(): string {
    const { src0, src1, src2, src3 } = this.ip
    return `${addressOf(src0, src1, src2, src3, this.version)} ${this.remotePort} ${this.localPort}`
  }

  /** Takes in what the host sent; `at` is where its TCP header stands. */
  see(bytes: Uint8Array, at: number, length: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const flags = bytes[at + 13]!
    const controls = (flags & 2) !== 0 || (flags & 1) !== 0 ? 1 : 0
    const header = (bytes[at + 12]! >>> 4) << 2
    this.ack = (view.getInt32(at + 4) + length - at - header + controls) | 0
    if ((flags & 16) !== 0) this.seq = view.getInt32(at + 8)
    if ((flags & 4) !== 0) this.dead = true
    this.sent = bytes.slice(0, length)
    if (header === 32) this.tsEcr = view.getInt32(at + 24)
  }
}

const FLAGS = [0x10, 0x18, 0x18, 0x10, 0x11, 0x04, 0x14, 0x02, 0x12, 0x38, 0x30, 0x01, 0x00, 0x29, 0x2b]
/** Of a peer that plays along, so that the next packet finds a connection which got somewhere. */
const FAIR_FLAGS = [0x10, 0x10, 0x10, 0x18, 0x18, 0x18, 0x18, 0x38, 0x10, 0x18, 0x10, 0x11]
const FAIR_DELTAS = [0, 0, 0, 0, 1380, 2760, 536, 3, 7, 100, -100, -1, 29_000]
const WINDOWS = [0, 1, 2, 100, 1460, 65_535, 65_535, 65_535]
const LENGTHS = [0, 0, 0, 1, 1, 2, 20, 100, 536, 1380]
const DELTAS = [0, 0, 0, 0, 0, 0, 1, -1, 2, 100, -100, 536, 1380, -1380, 30_000, 65_535, 70_000, -65_535]

export class Mutator {
  readonly dice: Dice
  readonly bytes = new Uint8Array(2048)
  readonly #view = new DataView(this.bytes.buffer)
  readonly #icmp = new Uint8Array(1280)
  readonly #ip = new IpHeader()
  /** By kind, how many were made. */
  readonly made = { deep: 0, repaired: 0, broken: 0, icmp: 0 }

  constructor(seed: number) {
    this.dice = new Dice(seed)
  }

  /** Makes one packet for a target in `bytes`; returns its length. */
  next(target: Target): number {
    const { dice } = this
    if (target.sent !== null && dice.chance(6)) return this.#error(target)
    const length = this.#segment(target)
    const lot = dice.below(100)
    if (lot < 50) this.made.deep++
    else if (lot < 75) return this.#flip(target, length, true)
    else if (lot < 90) return this.#flip(target, length, false)
    else return this.#breakIp(target, length)
    return length
  }

  /** A whole TCP segment with a right checksum. */
  #segment(target: Target): number {
    const { dice, bytes } = this
    const at = ipHeaderLength(target.version)
    const fair = dice.chance(55)
    const flags = fair ? this.#fairFlags(target) : dice.chance(90) ? dice.pick(FLAGS) : dice.int32() & 0x1ff
    const view = this.#view
    view.setUint16(at, target.remotePort)
    view.setUint16(at + 2, target.localPort)
    view.setInt32(at + 4, fair ? target.seq + dice.pick(FAIR_DELTAS) : this.#near(target.seq))
    view.setInt32(at + 8, fair ? target.ack : this.#near(target.ack))
    view.setUint16(at + 14, dice.chance(70) ? dice.pick(WINDOWS) : dice.int32() & 0xffff)
    view.setUint16(at + 18, dice.chance(70) ? dice.below(2000) : dice.int32() & 0xffff)
    const header = 20 + this.#options(target, at + 20, (flags & 2) !== 0, fair)
    view.setUint16(at + 12, ((header >>> 2) << 12) | flags)
    const text = (flags & 2) !== 0 && fair ? 0 : dice.pick(LENGTHS)
    for (let i = 0; i < text; i += 64) bytes[at + header + i] = dice.int32()
    return this.#finish(dice.chance(1) ? this.#elsewhere(target) : target.ip, at, header + text)
  }

  /** What comes next in the life of a connection. */
  #fairFlags(target: Target): number {
    if (target.sent === null) return 0x02
    const at = ipHeaderLength(target.version)
    return (target.sent[at + 13]! & 0x12) === 0x02 ? 0x12 : this.dice.pick(FAIR_FLAGS)
  }

  /** Source or destination of somebody else. */
  #elsewhere(target: Target): IpHeader {
    const words =
      target.version === 4 ? [-1, 0x0affffff, 0x0a000001, 0x0a000003, 0xe0000001 | 0, 0] : [0, 1, 9]
    const changed = { [this.dice.pick(['src3', 'dst3'])]: this.dice.pick(words) }
    return Object.assign(this.#ip, target.ip, changed)
  }

  #near(number: number): number {
    const { dice } = this
    if (dice.chance(4)) return dice.int32()
    return (number + (dice.chance(90) ? dice.pick(DELTAS) : dice.below(200_000) - 100_000)) | 0
  }

  /** Writes options, padded to a multiple of four, and returns their length. */
  #options(target: Target, at: number, syn: boolean, fair: boolean): number {
    const { dice, bytes } = this
    const view = this.#view
    if (!fair && dice.chance(25)) return this.#salad(at)
    if (syn) {
      view.setInt32(at, (2 << 24) | (4 << 16) | dice.pick(fair ? [536, 1460] : [0, 1, 48, 536, 1460, 65_535]))
      view.setInt32(at + 4, (1 << 24) | (3 << 16) | (3 << 8) | dice.pick([0, 1, 7, 14, 15, 255]))
    }
    const from = syn ? 8 : 0
    if (!(syn ? dice.chance(50) : target.timestamps !== (!fair && dice.chance(5)))) return from
    if (syn) target.timestamps = true
    target.tsVal += dice.below(3)
    view.setInt32(at + from, 0x0101080a)
    view.setInt32(at + from + 4, fair || dice.chance(80) ? target.tsVal : dice.int32())
    view.setInt32(at + from + 8, dice.chance(90) ? target.tsEcr : dice.int32())
    bytes[at + from + 12] = 0
    return from + 12
  }

  /** Any kinds with any lengths, legal or not. */
  #salad(at: number): number {
    const { dice, bytes } = this
    const room = 4 * dice.below(11)
    for (let i = 0; i < room; ) {
      const kind = dice.chance(80)
        ? dice.pick([0, 1, 2, 3, 4, 5, 8, 19, 28, 29, 34, 172, 253])
        : dice.int32() & 255
      const length = dice.chance(60) ? dice.pick([2, 3, 4, 6, 10, 12, 18]) : dice.int32() & 255
      bytes[at + i++] = kind
      if (kind < 2 || i >= room) continue
      bytes[at + i++] = length
      for (let k = 2; k < length && i < room; k++) bytes[at + i++] = dice.int32()
    }
    return room
  }

  #finish(ip: IpHeader, at: number, tcpLength: number): number {
    ip.totalLength = at + tcpLength
    writeIpHeader(this.#view, 0, ip)
    this.#view.setUint16(at + 16, 0)
    this.#view.setUint16(at + 16, tcpChecksum(this.bytes, ip, at, tcpLength))
    return at + tcpLength
  }

  /** Flips bits, cuts or stretches; `repair` sets the checksums right behind it. */
  #flip(target: Target, length: number, repair: boolean): number {
    const { dice, bytes } = this
    const at = ipHeaderLength(target.version)
    const from = repair ? at + 4 : 0
    for (let n = 1 + dice.below(dice.chance(50) ? 1 : 8); n > 0; n--) {
      bytes[from + dice.below(length - from)]! ^= 1 << dice.below(8)
    }
    const cut = dice.chance(25) ? dice.below(length + 1) : length
    if (!repair) {
      this.made.broken++
      return cut
    }
    this.made.repaired++
    return this.#finish(target.ip, at, Math.max(cut - at, dice.below(40)))
  }

  /** Something wrong with the IP header: options, extension headers, fragments, lengths, protocols. */
  #breakIp(target: Target, length: number): number {
    const { dice, bytes } = this
    const view = this.#view
    this.made.broken++
    if (target.version === 6) {
      const tricks = [
        () => (bytes[6] = dice.pick([0, 43, 44, 50, 51, 58, 59, 60, 135, 1, 17, 255])),
        () => view.setUint16(4, dice.int32() & 0xffff),
        () => (bytes[0] = dice.int32()),
        () => bytes.copyWithin(48, 40, length),
      ]
      dice.pick(tricks)()
      if (bytes[6] !== 6) bytes.fill(dice.pick([0, 6, 60]), 40, 42)
      return Math.min(length + 8, bytes.length)
    }
    const tricks = [
      () => (bytes[0] = 0x40 | dice.below(16)),
      () => view.setUint16(2, dice.chance(50) ? dice.below(80) : dice.int32() & 0xffff),
      () => view.setUint16(6, dice.int32() & 0xffff),
      () => (bytes[9] = dice.int32()),
      () => (bytes[0] = dice.int32()),
    ]
    dice.pick(tricks)()
    view.setUint16(10, 0)
    let sum = 0
    const header = Math.min(length & ~1, (bytes[0]! & 15) << 2)
    for (let i = 0; i < header; i += 2) sum += view.getUint16(i)
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
    view.setUint16(10, ~sum & 0xffff)
    return length
  }

  /** An ICMP error about something that the host sent, or nearly; now and then an echo request. */
  #error(target: Target): number {
    const { dice, bytes } = this
    this.made.icmp++
    const { version, ip, sent } = target
    const quoted = sent!.slice()
    if (dice.chance(40)) quoted[dice.below(quoted.length)]! ^= 1 << dice.below(8)
    const type = dice.chance(80) ? dice.pick(version === 4 ? [3, 3, 3, 4, 5, 11, 12] : [1, 2, 2, 3, 4]) : 3
    const { src0, src1, src2, src3 } = ip
    const mtu = dice.pick([0, 1, 68, 552, 576, 1280, 1400, 1499, 1500, 65_535])
    const code = dice.below(16)
    const { length: octets } = quoted
    const written = writeIcmpError(
      this.#icmp,
      version,
      type,
      code,
      mtu,
      src0,
      src1,
      src2,
      src3,
      quoted,
      octets,
    )
    if (written === 0) return this.#segment(target)
    bytes.set(this.#icmp.subarray(0, written))
    const at = ipHeaderLength(version)
    if (dice.chance(10)) bytes[at] = version === 4 ? 8 : 128
    if (dice.chance(30)) bytes[at + dice.below(written - at)] = dice.int32()
    const length = dice.chance(20) ? at + dice.below(written - at + 1) : written
    Object.assign(this.#ip, ip, { protocol: icmpProtocol(version), totalLength: length })
    // A quote of another host's packet would otherwise go to that host.
    writeIpHeader(this.#view, 0, this.#ip)
    if (length < at + 4 || dice.chance(10)) return length
    this.#view.setUint16(at + 2, 0)
    this.#view.setUint16(at + 2, icmpChecksum(bytes, this.#ip, at, length - at))
    return length
  }
}

/** Where the TCP header of a packet that a stack sent stands, or -1 for another protocol. */
export function tcpAt(bytes: Uint8Array): number {
  if (bytes[0]! >>> 4 === 4) return bytes[9] === PROTOCOL_TCP ? 20 : -1
  return bytes[6] === PROTOCOL_TCP ? 40 : -1
}
