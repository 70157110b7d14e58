/** Segments as the tests of tcp/ write and read them: relative numbers, letters for flags, packets as octets. */

import type { Path } from '../../src/tcp/path.ts'
import { IpHeader, MAPPED_PREFIX } from '../../src/wire/ip-header.ts'
import type { Segment } from '../../src/wire/segment.ts'
import { tcpPacketOf } from '../../src/wire/tcp-packet.ts'

/** Letters of the control bits, in the order in which they are shown. */
const LETTERS = 'FSRPAUECX'

/** What the peer sends. All fields have a default. */
export interface Arriving {
  /** Letters of LETTERS in any order; 'A' by default. */
  readonly flags?: string
  /** From the peer's ISS; by default the number after all that was injected before. */
  readonly seq?: number
  /** From our ISS; by default the number after all that we sent. */
  readonly ack?: number
  /** The window field, not scaled; by default the last one given, at first 65535. */
  readonly win?: number
  readonly mss?: number
  readonly ws?: number
  readonly sackOk?: boolean
  readonly ts?: readonly [val: number, ecr: number]
  /** The text, or how many octets of the pattern; `patternOf` says which. */
  readonly text?: string | number | Uint8Array
  readonly urg?: number
  readonly tos?: number
  readonly ttl?: number
}

/** A segment that the connection sent. Numbers are relative. */
export interface Sent {
  readonly flags: string
  readonly seq: number
  readonly ack: number
  readonly win: number
  /** Octets of text. */
  readonly length: number
  readonly text: Uint8Array
  readonly urg: number
  readonly mss: number
  readonly ws: number
  readonly sackOk: boolean
  readonly ts: readonly [val: number, ecr: number] | null
  readonly tos: number
  readonly ttl: number
  /** When it was sent, milliseconds on the clock. */
  readonly atMs: number
}

/** What is expected of a segment sent: the fields given must agree. `text` may be a string. */
export type Expected = Partial<Omit<Sent, 'text'>> & { readonly text?: string | Uint8Array }

/** The octets that a stream with the pattern carries from sequence number `seq` (relative) on. */
export function patternOf(seq: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((seq + i) * 31 + ((seq + i) >>> 8)) & 255)
}

export function flagsOf(letters: string): number {
  let flags = 0
  for (const letter of letters) flags |= 1 << LETTERS.indexOf(letter)
  return flags
}

export function lettersOf(flags: number): string {
  return [...LETTERS].filter((_, bit) => (flags & (1 << bit)) !== 0).join('')
}

/** A packet from host 2 to host 1, or the other way round where `reverse`. */
export function buildPacket(
  version: 4 | 6,
  seg: Segment,
  text: Uint8Array,
  tos = 0,
  reverse = false,
  ttl = 64,
): Uint8Array {
  const ip = new IpHeader()
  const [source, destination] = reverse ? [1, 2] : [2, 1]
  ip.version = version
  ip.tos = tos
  ip.ttl = ttl
  ip.dontFragment = true
  const prefix = version === 4 ? 0 : 0x20010db8
  ip.src0 = ip.dst0 = prefix
  ip.src2 = ip.dst2 = version === 4 ? MAPPED_PREFIX : 0
  ip.src3 = (version === 4 ? 0x0a000000 : 0) + source
  ip.dst3 = (version === 4 ? 0x0a000000 : 0) + destination
  return tcpPacketOf(ip, seg, text)
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0))
}

/** 'SA 0:0(0) ack 1 win 65535'. */
export function describe(packet: Sent): string {
  const ack = packet.flags.includes('A') ? ` ack ${packet.ack}` : ''
  return `${packet.flags} ${packet.seq}(${packet.length})${ack} win ${packet.win}`
}

/** Host 1 is ours, host 2 the peer's. */
export function setAddresses(path: Path, version: 4 | 6, local: number, remote: number): void {
  const prefix = version === 4 ? 0 : 0x20010db8
  path.local0 = path.remote0 = prefix
  path.local2 = path.remote2 = version === 4 ? MAPPED_PREFIX : 0
  path.local3 = (version === 4 ? 0x0a000000 : 0) + local
  path.remote3 = (version === 4 ? 0x0a000000 : 0) + remote
}

/** House style 10: whoever kept a borrowed view now holds garbage. */
export function spoil(bytes: Uint8Array, ip: IpHeader, seg: Segment): void {
  bytes.fill(0xee)
  for (const object of [ip, seg] as unknown as Record<string, unknown>[]) {
    for (const name of Object.keys(object)) {
      if (typeof object[name] === 'number') object[name] = 0x5eed
      else if (typeof object[name] === 'boolean') object[name] = true
    }
  }
}
