/**
 * The network interface that belongs to a TUN device: MTU, queue length, addresses, up. By ioctl (netdevice(7)) and
 * rtnetlink (rtnetlink(7)), so that no `ip` program is needed.
 */

import { writeFileSync } from 'node:fs'
import { Address, parseAddress } from '../wire/address.ts'
import { type Prefix, parsePrefix } from '../wire/address-prefix.ts'
import { EACCES, EPERM, refusal, TunError } from './tun-errors.ts'
import type { Native } from './tun-native.ts'

/** What `configureInterface` may change. Nothing is touched that has the wanted value already. */
export interface InterfaceWish {
  readonly mtu: number | undefined
  /** The kernel's own addresses, as `A/len` or `A peer B`; the route to the peers comes with them. */
  readonly addresses: readonly string[]
  readonly up: boolean
}

/** Packets that the kernel queues for the device before it drops; its default of 500 starves a window of 4 MB. */
const TRANSMIT_QUEUE_PACKETS = 5000

/**
 * Configures the interface and returns its MTU in octets, or null where this network namespace has no such interface
 * (a descriptor from elsewhere). Throws a TunError where the kernel refuses.
 */
export function configureInterface(native: Native, name: string, wish: InterfaceWish): number | null {
  const socket = openSocket(native, name, AF_INET, SOCK_DGRAM)
  try {
    if (native.ioctl(socket, SIOCGIFINDEX, bytesOf(interfaceRequest(name))) < 0) return null
    if (wish.mtu !== undefined && wish.mtu !== interfaceMtu(native, socket, name)) {
      change(native, socket, SIOCSIFMTU, name, wish.mtu)
    }
    lengthenQueue(native, socket, name)
    const flags = query(native, socket, SIOCGIFFLAGS, name) & 0xffff
    const isUp = (flags & IFF_UP) !== 0
    if (!isUp || wish.addresses.length > 0) quietIpv6(name, wish.addresses)
    if (wish.up && !isUp) {
      // Without multicast the kernel sends no listener reports into a link that has one neighbour.
      change(native, socket, SIOCSIFFLAGS, name, (flags | IFF_UP) & ~IFF_MULTICAST, 2)
    }
    if (wish.addresses.length > 0) {
      addAddresses(native, name, query(native, socket, SIOCGIFINDEX, name), wish.addresses)
    }
    return interfaceMtu(native, socket, name)
  } finally {
    native.close(socket)
  }
}

/**
 * The kernel's addresses that make Elko's `addresses` (`A/len`, both families) its neighbours: the first host of each
 * prefix that Elko does not hold. 10.7.0.2/24 gives 10.7.0.1/24. Throws a TunError where a prefix has no room.
 */
export function kernelEndsFor(addresses: readonly string[]): string[] {
  const prefixes = addresses.map(prefixOf)
  const taken = new Set(prefixes.map((prefix) => String(prefix.address)))
  return [...new Set(prefixes.map((prefix) => `${firstFreeHost(prefix, taken)}/${prefix.length}`))]
}

// ---- ioctl ----------------------------------------------------------------------------------------------------------

const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16
const SOCK_DGRAM = 2
const SOCK_RAW = 3
const SOCK_CLOEXEC = 0o2000000
const SIOCGIFFLAGS = 0x8913
const SIOCSIFFLAGS = 0x8914
const SIOCGIFMTU = 0x8921
const SIOCSIFMTU = 0x8922
const SIOCGIFINDEX = 0x8933
const SIOCGIFTXQLEN = 0x8942
const SIOCSIFTXQLEN = 0x8943
const IFF_UP = 0x1
const IFF_MULTICAST = 0x1000

/** struct ifreq: the name, then a union whose first word is enough here. */
const IFREQ_LENGTH = 40
const IFREQ_VALUE = 16

/** A struct ifreq that names an interface. Off-heap on purpose: over 64 octets V8 never moves it. */
export function interfaceRequest(name: string): DataView {
  const request = new DataView(new ArrayBuffer(128), 0, IFREQ_LENGTH)
  for (let i = 0; i < name.length && i < IFREQ_VALUE - 1; i++) request.setUint8(i, name.charCodeAt(i))
  return request
}

export const bytesOf = (view: DataView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength)

function openSocket(native: Native, name: string, family: number, type: number): number {
  const socket = native.socket(family, type | SOCK_CLOEXEC, 0)
  if (socket < 0) throw refusal('configure', native.errno(), name)
  return socket
}

function query(native: Native, socket: number, request: number, name: string): number {
  const ifreq = interfaceRequest(name)
  if (native.ioctl(socket, request, bytesOf(ifreq)) < 0) throw refusal('configure', native.errno(), name)
  return ifreq.getInt32(IFREQ_VALUE, true)
}

function change(
  native: Native,
  socket: number,
  request: number,
  name: string,
  value: number,
  octets = 4,
): void {
  const ifreq = interfaceRequest(name)
  if (octets === 2) ifreq.setUint16(IFREQ_VALUE, value, true)
  else ifreq.setInt32(IFREQ_VALUE, value, true)
  if (native.ioctl(socket, request, bytesOf(ifreq)) < 0) throw refusal('configure', native.errno(), name)
}

const interfaceMtu = (native: Native, socket: number, name: string): number =>
  query(native, socket, SIOCGIFMTU, name)

/** A short queue costs speed and nothing else, so a refusal (a device that root made for a user) is let pass. */
function lengthenQueue(native: Native, socket: number, name: string): void {
  if (query(native, socket, SIOCGIFTXQLEN, name) >= TRANSMIT_QUEUE_PACKETS) return
  try {
    change(native, socket, SIOCSIFTXQLEN, name, TRANSMIT_QUEUE_PACKETS)
  } catch (error) {
    if ((error as TunError).code !== 'NO_PERMISSION') throw error
  }
}

/** No link-local address, so no router solicitations; and IPv6 on where it is wanted. All of it only a courtesy. */
function quietIpv6(name: string, addresses: readonly string[]): void {
  const settings: [string, string][] = [['addr_gen_mode', '1']]
  if (addresses.some((address) => address.includes(':'))) settings.push(['disable_ipv6', '0'])
  for (const [setting, value] of settings) {
    try {
      writeFileSync(`/proc/sys/net/ipv6/conf/${name}/${setting}`, value)
    } catch {
      // No IPv6 in this kernel, or no permission: the addresses below say so where it matters.
    }
  }
}

// ---- rtnetlink ------------------------------------------------------------------------------------------------------

const RTM_NEWADDR = 20
const NLM_F_REQUEST_ACK_CREATE_REPLACE = 0x1 | 0x4 | 0x400 | 0x100
const NLMSG_ERROR = 2
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_F_NODAD = 2

function addAddresses(native: Native, name: string, index: number, addresses: readonly string[]): void {
  const socket = openSocket(native, name, AF_NETLINK, SOCK_RAW)
  try {
    for (const address of addresses) addAddress(native, socket, name, index, address)
  } finally {
    native.close(socket)
  }
}

function addAddress(native: Native, socket: number, name: string, index: number, text: string): void {
  const { local, peer, prefixLength } = parseInterfaceAddress(text)
  const message = addressMessage(index, bytesOfAddress(local), bytesOfAddress(peer), prefixLength)
  const answer = new Uint8Array(4096)
  if (native.write(socket, message, message.length) < 0) throw refusal('configure', native.errno(), name)
  const length = native.read(socket, native.addressOf(answer), answer.length)
  if (length < 20) throw refusal('configure', native.errno(), name, 'no answer from rtnetlink')
  const view = new DataView(answer.buffer)
  const errno = view.getUint16(4, true) === NLMSG_ERROR ? -view.getInt32(16, true) : 0
  if (errno === EPERM) throw refusal('configure', errno, name)
  if (errno === EACCES) {
    throw new TunError(
      'BAD_OPTION',
      `${text} was not set on ${name}: IPv6 is off there. Turn it on:  sudo sysctl -w net.ipv6.conf.all.disable_ipv6=0`,
    )
  }
  if (errno !== 0) throw refusal('configure', errno, name, `for the address ${text}`)
}

/** RTM_NEWADDR: nlmsghdr (16 octets), ifaddrmsg (8), then IFA_LOCAL and IFA_ADDRESS. Little-endian hosts only. */
function addressMessage(
  index: number,
  local: Uint8Array,
  peer: Uint8Array,
  prefixLength: number,
): Uint8Array {
  const attributeLength = 4 + local.length
  const message = new Uint8Array(24 + 2 * attributeLength)
  const view = new DataView(message.buffer)
  view.setUint32(0, message.length, true)
  view.setUint16(4, RTM_NEWADDR, true)
  view.setUint16(6, NLM_F_REQUEST_ACK_CREATE_REPLACE, true)
  view.setUint8(16, local.length === 4 ? AF_INET : AF_INET6)
  view.setUint8(17, prefixLength)
  view.setUint8(18, local.length === 4 ? 0 : IFA_F_NODAD)
  view.setUint32(20, index, true)
  let at = 24
  for (const [type, bytes] of [[IFA_LOCAL, local] as const, [IFA_ADDRESS, peer] as const]) {
    view.setUint16(at, attributeLength, true)
    view.setUint16(at + 2, type, true)
    message.set(bytes, at + 4)
    at += attributeLength
  }
  return message
}

// ---- addresses as text ----------------------------------------------------------------------------------------------

/** `A/len`, or `A peer B` with an optional `/len` that defaults to the whole of B. */
function parseInterfaceAddress(text: string): { local: Address; peer: Address; prefixLength: number } {
  const [first, second] = text.split(' peer ')
  if (second === undefined) {
    const { address, length } = prefixOf(text)
    return { local: address, peer: address, prefixLength: length }
  }
  const local = parseAddress(first!)
  if (local === null) throw new TunError('BAD_OPTION', `"${first}" is not an IP address.`)
  const peer = prefixOf(second.includes('/') ? second : `${second}/${local.version === 4 ? 32 : 128}`)
  if (peer.address.version !== local.version) {
    throw new TunError('BAD_OPTION', `"${text}" mixes IPv4 and IPv6.`)
  }
  return { local, peer: peer.address, prefixLength: peer.length }
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text)
  if (prefix !== null) return prefix
  throw new TunError(
    'BAD_OPTION',
    `"${text}" is no address with a prefix length, such as 10.7.0.2/24 or fd07::2/64.`,
  )
}

/** The lowest host address of the prefix that is not taken. */
function firstFreeHost(prefix: Prefix, taken: ReadonlySet<string>): string {
  const { address, length, m0, m1, m2, m3 } = prefix
  const { version, w0, w1, w2, w3 } = address
  const hostBits = (version === 4 ? 32 : 128) - length
  // RFC 3021 and RFC 6164: both addresses of a /31 and of a /127 are hosts.
  const first = hostBits === 1 ? 0 : 1
  const last = hostBits <= 1 ? hostBits : Math.min(254, 2 ** hostBits - 2)
  for (let host = first; host <= last; host++) {
    const candidate = String(new Address(version, w0 & m0, w1 & m1, w2 & m2, (w3 & m3) | host))
    if (!taken.has(candidate)) return candidate
  }
  throw new TunError(
    'BAD_OPTION',
    `${prefix} leaves no address for the kernel; take a shorter prefix: /24, /64.`,
  )
}

/** In network order: 4 or 16 octets. */
function bytesOfAddress({ version, w0, w1, w2, w3 }: Address): Uint8Array {
  const view = new DataView(new ArrayBuffer(16))
  for (const [i, word] of [w0, w1, w2, w3].entries()) view.setInt32(i * 4, word)
  return version === 4 ? bytesOf(view).subarray(12) : bytesOf(view)
}
