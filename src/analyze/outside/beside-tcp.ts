/** What frames without a whole TCP header say of connections: ARP, neighbour discovery, and ICMP errors. */

import { readInt32, readUint16 } from '../../bytes/big-endian.ts'
import type { CaptureRecord } from '../../capture/record.ts'
import { addressOf, formatAddress } from '../../wire/address.ts'
import { MAPPED_PREFIX } from '../../wire/ip-header.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2 } from '../../wire/linktype.ts'
import type { Hosts } from './hosts.ts'

const ETHERTYPE_VLAN = 0x8100
const ETHERTYPE_ARP = 0x0806
const ETHERTYPE_IPV6 = 0x86dd
const ARP_REPLY = 2
const NEXT_HEADER_ICMP = 58
const NEIGHBOR_SOLICITATION = 135
const NEIGHBOR_ADVERTISEMENT = 136

/** Takes a frame in which no TCP was found. */
export function takeNeighbours(record: CaptureRecord, hosts: Hosts, at: number): void {
  const { bytes, start, length, number } = record
  let place = start
  let type = 0
  if (record.linkType === LINKTYPE_ETHERNET && length >= 14) {
    type = readUint16(bytes, start + 12)
    place = start + 14
    if (type === ETHERTYPE_VLAN && length >= 18) {
      type = readUint16(bytes, start + 16)
      place = start + 18
    }
  } else if (record.linkType === LINKTYPE_LINUX_SLL && length >= 16) {
    type = readUint16(bytes, start + 14)
    place = start + 16
  } else if (record.linkType === LINKTYPE_LINUX_SLL2 && length >= 20) {
    type = readUint16(bytes, start)
    place = start + 20
  }
  const end = start + length
  if (type === ETHERTYPE_ARP) takeArp(bytes, place, end, hosts, number, at)
  else if (type === ETHERTYPE_IPV6) takeNeighbourDiscovery(bytes, place, end, hosts, number, at)
}

/** RFC 826, for IPv4 over hardware addresses of six octets. */
function takeArp(
  bytes: Uint8Array,
  at: number,
  end: number,
  hosts: Hosts,
  frame: number,
  time: number,
): void {
  if (end - at < 28 || readUint16(bytes, at + 2) !== 0x0800 || readUint16(bytes, at + 4) !== 0x0604) return
  const sender = ipv4Text(bytes, at + 14)
  const target = ipv4Text(bytes, at + 24)
  if (sender !== '0.0.0.0') hosts.noteHardware(sender, hardwareAddress(bytes, at + 8))
  if (readUint16(bytes, at + 6) !== ARP_REPLY && sender !== target) {
    hosts.noteRequest(sender, target, frame, time)
  }
}

/** RFC 4861 4.3 and 4.4. */
function takeNeighbourDiscovery(
  bytes: Uint8Array,
  at: number,
  end: number,
  hosts: Hosts,
  frame: number,
  time: number,
): void {
  if (end - at < 64 || bytes[at + 6] !== NEXT_HEADER_ICMP) return
  const type = bytes[at + 40]
  const target = ipv6Text(bytes, at + 48)
  if (type === NEIGHBOR_ADVERTISEMENT) {
    const hasAddress = end - at >= 72 && bytes[at + 64] === 2
    hosts.noteHardware(target, hasAddress ? hardwareAddress(bytes, at + 66) : 0)
  } else if (type === NEIGHBOR_SOLICITATION) {
    const sender = ipv6Text(bytes, at + 8)
    // From the unspecified address: it asks whether its own address is free (RFC 4862 5.4.2).
    if (sender !== '::') hosts.noteRequest(sender, target, frame, time)
  }
}

/** A hardware address as a whole number of 48 bits. */
export function hardwareAddress(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * 2 ** 32 + (readInt32(bytes, at + 2) >>> 0)
}

function ipv4Text(bytes: Uint8Array, at: number): string {
  return formatAddress(addressOf(0, 0, MAPPED_PREFIX, readInt32(bytes, at), 4))
}

function ipv6Text(bytes: Uint8Array, at: number): string {
  const word = (k: number): number => readInt32(bytes, at + 4 * k)
  return formatAddress(addressOf(word(0), word(1), word(2), word(3), 6))
}
