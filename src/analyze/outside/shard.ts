/**
 * A capture that several readers share: each sees all packets, and looks at the connections whose ends hash to its number. A
 * packet of another shard need not be taken apart where its plain headers tell whose it is.
 */

import { readInt32, readUint16 } from '../../bytes/big-endian.ts'
import type { CaptureRecord } from '../../capture/record.ts'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../../dissect/layer-codes.ts'
import { hashOfBoth, hashOfEnd } from '../../flows/conversations.ts'
import { MAPPED_PREFIX, PROTOCOL_TCP } from '../../wire/ip-header.ts'
import { IPV4_HEADER_LENGTH } from '../../wire/ipv4.ts'
import { IPV6_HEADER_LENGTH } from '../../wire/ipv6.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2 } from '../../wire/linktype.ts'

export interface Shard {
  readonly index: number
  readonly count: number
}

/** The shard, of `count` of them, of connections with this hash: by its upper half, as tables go by the lower one. */
export function shardOf(hash: number, count: number): number {
  return ((hash >>> 16) * count) >>> 16
}

/** Octets of a TCP header up to its window: with fewer nobody looks at it. */
const LEAST_TCP = 16

/**
 * The shard of a packet that is nothing but TCP in IP in a frame of the usual kinds: no tag, no option of IP, no fragment;
 * -1 where it may be anything else. A short way to what the `Dissector` finds, to which a property test holds it.
 */
export function peekedShard(record: CaptureRecord, count: number): number {
  const { bytes, start, length, linkType } = record
  if (length < 60) return -1
  let type: number
  let at: number
  if (linkType === LINKTYPE_ETHERNET) {
    type = readUint16(bytes, start + 12)
    at = start + 14
  } else if (linkType === LINKTYPE_LINUX_SLL) {
    type = readUint16(bytes, start + 14)
    at = start + 16
  } else if (linkType === LINKTYPE_LINUX_SLL2) {
    type = readUint16(bytes, start)
    at = start + 20
  } else return -1
  const held = start + length - at
  if (type === ETHERTYPE_IPV4)
    return held < IPV4_HEADER_LENGTH + LEAST_TCP ? -1 : peekedIpv4(bytes, at, count)
  if (type === ETHERTYPE_IPV6)
    return held < IPV6_HEADER_LENGTH + LEAST_TCP ? -1 : peekedIpv6(bytes, at, count)
  return -1
}

function peekedIpv4(bytes: Uint8Array, at: number, count: number): number {
  const isPlain =
    bytes[at] === 0x45 &&
    bytes[at + 9] === PROTOCOL_TCP &&
    (readUint16(bytes, at + 6) & 0x3fff) === 0 &&
    readUint16(bytes, at + 2) >= IPV4_HEADER_LENGTH + LEAST_TCP
  if (!isPlain) return -1
  const ports = readInt32(bytes, at + IPV4_HEADER_LENGTH)
  const a = hashOfEnd(0, 0, MAPPED_PREFIX, readInt32(bytes, at + 12), ports >>> 16)
  const b = hashOfEnd(0, 0, MAPPED_PREFIX, readInt32(bytes, at + 16), ports & 0xffff)
  return shardOf(hashOfBoth(a, b), count)
}

function peekedIpv6(bytes: Uint8Array, at: number, count: number): number {
  const isPlain =
    bytes[at]! >> 4 === 6 && bytes[at + 6] === PROTOCOL_TCP && readUint16(bytes, at + 4) >= LEAST_TCP
  if (!isPlain) return -1
  const ports = readInt32(bytes, at + IPV6_HEADER_LENGTH)
  const a = hashOfIpv6(bytes, at + 8, ports >>> 16)
  const b = hashOfIpv6(bytes, at + 24, ports & 0xffff)
  return shardOf(hashOfBoth(a, b), count)
}

function hashOfIpv6(bytes: Uint8Array, at: number, port: number): number {
  const w0 = readInt32(bytes, at)
  const w1 = readInt32(bytes, at + 4)
  return hashOfEnd(w0, w1, readInt32(bytes, at + 8), readInt32(bytes, at + 12), port)
}
