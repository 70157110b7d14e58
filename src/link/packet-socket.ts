/** Packets as an interface sends and receives them (Linux: packet(7)): opened with a filter, read from a ring. */

import { CaptureRecord } from '../capture/record.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL2, LINKTYPE_RAW } from '../wire/linktype.ts'
import { loadPacketNative, type PacketNative } from './packet-native.ts'
import { BLOCK_LENGTH, BLOCKS, PacketRing, RETIRE_MS } from './packet-ring.ts'
import { EACCES, ENODEV, ENXIO, EPERM } from './tun-errors.ts'
import { loadNative, type Poll, READABLE } from './tun-native.ts'

const AF_PACKET = 17
const SOCK_RAW = 3
const SOCK_DGRAM = 2
/** ETH_P_ALL, as it stands in the address: big-endian. */
const ALL_PROTOCOLS = 0x0003
const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26
const SOL_PACKET = 263
const PACKET_ADD_MEMBERSHIP = 1
const PACKET_RX_RING = 5
const PACKET_STATISTICS = 6
const PACKET_VERSION = 10
const TPACKET_V3 = 2
const MEMBER_PROMISCUOUS = 1
const SIOCGIFINDEX = 0x8933
const SIOCGIFHWADDR = 0x8927
const HARDWARE_ETHERNET = 1
const HARDWARE_NONE = 0xfffe
const HARDWARE_LOOPBACK = 772
const NAME_LENGTH = 16
/** A frame is what a packet may take; V3 asks for a number, and does not use it. */
const FRAME_LENGTH = 2048
const ENETDOWN = 100

export class PacketSocketError extends Error {
  override readonly name = 'PacketSocketError'
}

export interface PacketSocketOptions {
  /** A name, or 'any' for all interfaces: their packets have cooked headers. */
  readonly interfaceName: string
  readonly promiscuous: boolean
  /** The filter as octets (struct sock_filter), for packets of this link type; null: it cannot run in the kernel. */
  readonly filter: (linkType: number) => Uint8Array | null
  /** Borrowed; returns false to stop. */
  readonly onPacket: (record: CaptureRecord) => boolean
  /** All that is there has been told. */
  readonly onPause: () => void
  readonly onError: (error: Error) => void
}

export interface PacketStatistics {
  /** Packets that the filter let pass, those that were lost among them. */
  readonly received: number
  readonly dropped: number
}

/** Opened and reading until `close`. */
export class PacketSocket {
  readonly linkType: number
  /** Whether the filter runs in the kernel. */
  readonly isFiltered: boolean
  readonly #native: PacketNative
  readonly #fd: number
  readonly #options: PacketSocketOptions
  readonly #record = new CaptureRecord()
  readonly #ring: PacketRing
  readonly #unmap: () => void
  readonly #poll: Poll
  #isStopped = false

  /** @throws PacketSocketError that says what to do. */
  static async open(options: PacketSocketOptions): Promise<PacketSocket> {
    if (process.platform !== 'linux') {
      throw new PacketSocketError(`Reading from an interface needs Linux; this is ${process.platform}.`)
    }
    const native = await loadPacketNative()
    const { poll } = await loadNative()
    return new PacketSocket(native, poll, options)
  }

  private constructor(
    native: PacketNative,
    poll: Awaited<ReturnType<typeof loadNative>>['poll'],
    options: PacketSocketOptions,
  ) {
    this.#native = native
    this.#options = options
    const isAny = options.interfaceName === 'any'
    const hardware = isAny ? -1 : this.#hardwareOf(options.interfaceName)
    const isEthernet = hardware === HARDWARE_ETHERNET || hardware === HARDWARE_LOOPBACK
    const isCooked = !isEthernet && hardware !== HARDWARE_NONE
    this.linkType = isEthernet ? LINKTYPE_ETHERNET : isCooked ? LINKTYPE_LINUX_SLL2 : LINKTYPE_RAW
    this.#fd = this.#open(isCooked ? SOCK_DGRAM : SOCK_RAW)
    try {
      // The filter stands before the socket is bound: nothing passes it by.
      const filter = isCooked ? null : options.filter(this.linkType)
      this.isFiltered = filter !== null
      if (filter !== null) this.#attach(filter)
      const mapped = this.#makeRing()
      this.#unmap = mapped.unmap
      const passOverOutgoing = hardware === HARDWARE_LOOPBACK
      this.#ring = new PacketRing(mapped.memory, { isEthernet, isCooked, passOverOutgoing })
      const index = isAny ? 0 : this.#indexOf(this.#fd, options.interfaceName)
      this.#bind(index)
      if (options.promiscuous && !isAny) this.#addMembership(index)
      this.#record.linkType = this.linkType
      this.#poll = poll(this.#fd, (status) => this.#onReady(status))
      this.#poll.watch(READABLE)
    } catch (error) {
      native.close(this.#fd)
      throw error
    }
  }

  /** Of the time since the last call. */
  statistics(): PacketStatistics {
    const value = offHeap(12)
    const length = offHeap(4)
    viewOf(length).setUint32(0, value.length, true)
    if (this.#native.getsockopt(this.#fd, SOL_PACKET, PACKET_STATISTICS, value, length) < 0) {
      throw this.#refused('the counters cannot be read')
    }
    return { received: viewOf(value).getUint32(0, true), dropped: viewOf(value).getUint32(4, true) }
  }

  /** Tells of what is there by now. */
  drain(): void {
    if (!this.#isStopped) {
      this.#ring.read(this.#record, (record) => {
        this.#isStopped ||= !this.#options.onPacket(record)
        return !this.#isStopped
      })
    }
    this.#options.onPause()
  }

  close(): void {
    this.#isStopped = true
    this.#poll.close()
    this.#unmap()
    this.#native.close(this.#fd)
  }

  #onReady(status: number): void {
    // libuv has one number for whatever is wrong; the socket knows better.
    const wrong = this.#pendingError() || Math.max(0, -status)
    if (wrong === 0) return this.drain()
    this.#poll.watch(0)
    const { interfaceName } = this.#options
    const why = wrong === ENETDOWN ? 'it went down' : `errno ${wrong}`
    this.#options.onError(new PacketSocketError(`${interfaceName}: no more packets can be read: ${why}`))
  }

  #pendingError(): number {
    const value = offHeap(4)
    const length = offHeap(4)
    viewOf(length).setUint32(0, 4, true)
    this.#native.getsockopt(this.#fd, SOL_SOCKET, SO_ERROR, value, length)
    return viewOf(value).getInt32(0, true)
  }

  #open(type: number): number {
    // Of no protocol until it is bound.
    const fd = this.#native.socket(AF_PACKET, type, 0)
    if (fd >= 0) return fd
    const errno = this.#native.errno()
    if (errno !== EPERM && errno !== EACCES) throw this.#refused('no packet socket can be opened', errno)
    throw new PacketSocketError(
      'Reading from an interface needs CAP_NET_RAW, which this process has not. Run it as root:\n' +
        '  sudo elko capture ...\n' +
        'or give a copy of Node the capability:  sudo setcap cap_net_raw+ep /path/to/node\n' +
        'A container needs:  docker run --cap-add NET_RAW ...',
    )
  }

  /** Any socket can ask of interfaces. */
  #hardwareOf(name: string): number {
    const fd = this.#native.socket(2, SOCK_DGRAM, 0)
    try {
      const request = requestFor(name)
      if (request === null || this.#native.ioctl(fd, SIOCGIFHWADDR, request) < 0) {
        throw new PacketSocketError(
          `There is no interface ${name}; expected any, or a name that "ip link" lists.`,
        )
      }
      return viewOf(request).getUint16(NAME_LENGTH, true)
    } finally {
      this.#native.close(fd)
    }
  }

  #indexOf(fd: number, name: string): number {
    const request = requestFor(name)!
    if (this.#native.ioctl(fd, SIOCGIFINDEX, request) < 0) throw this.#refused(`${name} cannot be found`)
    return viewOf(request).getInt32(NAME_LENGTH, true)
  }

  #attach(filter: Uint8Array): void {
    const program = offHeap(filter.length)
    program.set(filter)
    // struct sock_fprog: how many instructions, and where they are.
    const value = offHeap(16)
    viewOf(value).setUint16(0, filter.length / 8, true)
    viewOf(value).setBigUint64(8, BigInt.asUintN(64, this.#native.addressOf(program)), true)
    this.#set(SOL_SOCKET, SO_ATTACH_FILTER, value, 'the kernel refuses the filter')
  }

  #makeRing(): { memory: ArrayBuffer; unmap: () => void } {
    const version = offHeap(4)
    viewOf(version).setInt32(0, TPACKET_V3, true)
    this.#set(SOL_PACKET, PACKET_VERSION, version, 'the kernel has no rings of version 3')
    const request = offHeap(28)
    const frames = (BLOCK_LENGTH / FRAME_LENGTH) * BLOCKS
    const numbers = [BLOCK_LENGTH, BLOCKS, FRAME_LENGTH, frames, RETIRE_MS, 0, 0]
    for (const [k, number] of numbers.entries()) viewOf(request).setUint32(4 * k, number, true)
    this.#set(SOL_PACKET, PACKET_RX_RING, request, 'no ring can be made')
    const mapped = this.#native.map(this.#fd, BLOCK_LENGTH * BLOCKS)
    if (mapped === null) throw this.#refused('the memory of the ring cannot be mapped')
    return mapped
  }

  #bind(index: number): void {
    const address = offHeap(20)
    const view = viewOf(address)
    view.setUint16(0, AF_PACKET, true)
    view.setUint16(2, ALL_PROTOCOLS)
    view.setInt32(4, index, true)
    if (this.#native.bind(this.#fd, address, 20) === 0) return
    const errno = this.#native.errno()
    const { interfaceName } = this.#options
    const isGone = errno === ENODEV || errno === ENXIO
    const why = isGone
      ? 'it is gone'
      : errno === ENETDOWN
        ? `it is down: ip link set ${interfaceName} up`
        : `errno ${errno}`
    throw new PacketSocketError(`${interfaceName} cannot be read from: ${why}`)
  }

  #addMembership(index: number): void {
    const value = offHeap(16)
    viewOf(value).setInt32(0, index, true)
    viewOf(value).setUint16(4, MEMBER_PROMISCUOUS, true)
    this.#set(SOL_PACKET, PACKET_ADD_MEMBERSHIP, value, 'promiscuous mode is refused; -p leaves it')
  }

  #set(level: number, name: number, value: Uint8Array, refused: string): void {
    if (this.#native.setsockopt(this.#fd, level, name, value, value.length) < 0) throw this.#refused(refused)
  }

  #refused(what: string, errno = this.#native.errno()): PacketSocketError {
    return new PacketSocketError(`${this.#options.interfaceName}: ${what} (errno ${errno})`)
  }
}

const SO_ERROR = 4
/** V8 keeps small arrays on its heap, where they move. */
const OFF_HEAP = 128

function offHeap(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(Math.max(OFF_HEAP, length)), 0, length)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** struct ifreq with a name; null where that is longer than names are. */
function requestFor(name: string): Uint8Array | null {
  const octets = new TextEncoder().encode(name)
  if (octets.length >= NAME_LENGTH || octets.length === 0) return null
  const request = offHeap(40)
  request.set(octets)
  return request
}
