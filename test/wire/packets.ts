/** Packets for the tests of wire/, built octet by octet and not by the code under test. */

/** The RFC 1071 checksum of octets, the slow way. */
export function slowChecksum(octets: readonly number[]): number {
  let sum = 0
  for (let i = 0; i < octets.length; i += 2) sum += octets[i]! * 256 + (octets[i + 1] ?? 0)
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
  return 0xffff - sum
}

export function be16(value: number): number[] {
  return [(value >>> 8) & 255, value & 255]
}

export function be32(value: number): number[] {
  return [...be16(value >>> 16), ...be16(value & 0xffff)]
}

export const V4_SRC = [10, 0, 0, 1]
export const V4_DST = [192, 0, 2, 129]
export const V6_SRC = [0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6]
export const V6_DST = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x80, 1, 2, 3, 4, 5, 6, 7]

export interface Ipv4Options {
  readonly protocol?: number
  /** Octets of IP options, a multiple of four. */
  readonly options?: number[]
  readonly flagsAndOffset?: number
  readonly totalLength?: number
  readonly headerWords?: number
  readonly source?: number[]
  readonly destination?: number[]
}

export function ipv4Packet(payload: readonly number[], given: Ipv4Options = {}): Uint8Array {
  const options = given.options ?? []
  const words = given.headerWords ?? 5 + options.length / 4
  const total = given.totalLength ?? 20 + options.length + payload.length
  const header = [
    0x40 | words,
    0x2e,
    ...be16(total),
    0xab,
    0xcd,
    ...be16(given.flagsAndOffset ?? 0x4000),
    61,
    given.protocol ?? 6,
    0,
    0,
    ...(given.source ?? V4_SRC),
    ...(given.destination ?? V4_DST),
    ...options,
  ]
  const check = be16(slowChecksum(header.slice(0, 4 * words)))
  header[10] = check[0]!
  header[11] = check[1]!
  return Uint8Array.of(...header, ...payload)
}

export interface Ipv6Options {
  readonly nextHeader?: number
  readonly payloadLength?: number
  readonly source?: number[]
  readonly destination?: number[]
}

/** `payload` starts with the extension headers, if there are any. */
export function ipv6Packet(payload: readonly number[], given: Ipv6Options = {}): Uint8Array {
  return Uint8Array.of(
    0x62,
    0xea,
    0xbc,
    0xde,
    ...be16(given.payloadLength ?? payload.length),
    given.nextHeader ?? 6,
    61,
    ...(given.source ?? V6_SRC),
    ...(given.destination ?? V6_DST),
    ...payload,
  )
}

/** A TCP segment with its checksum for the addresses above. */
export function tcpSegment(
  version: 4 | 6,
  options: readonly number[],
  text: readonly number[] = [],
): number[] {
  const words = Math.ceil((20 + options.length) / 4)
  const segment = [
    ...be16(40000),
    ...be16(80),
    ...be32(0x80000001),
    ...be32(0xfffffffe),
    (words << 4) | 1,
    0x12,
    ...be16(64240),
    0,
    0,
    ...be16(513),
    ...options,
    ...new Array<number>(4 * words - 20 - options.length).fill(0),
    ...text,
  ]
  const check = be16(slowChecksum([...pseudoHeader(version, 6, segment.length), ...segment]))
  segment[16] = check[0]!
  segment[17] = check[1]!
  return segment
}

export function pseudoHeader(version: 4 | 6, protocol: number, length: number): number[] {
  return version === 4
    ? [...V4_SRC, ...V4_DST, 0, protocol, ...be16(length)]
    : [...V6_SRC, ...V6_DST, ...be32(length), 0, 0, 0, protocol]
}

/** An ICMP message with its checksum for the addresses above. */
export function icmpMessage(version: 4 | 6, type: number, code: number, rest: readonly number[]): number[] {
  const message = [type, code, 0, 0, ...rest]
  const covered = version === 4 ? message : [...pseudoHeader(6, 58, message.length), ...message]
  const check = be16(slowChecksum(covered))
  message[2] = check[0]!
  message[3] = check[1]!
  return message
}
