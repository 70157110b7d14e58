/**
 * A TUN device as a link: the Linux kernel's own IP stack on one side, Elko on the other (Linux, through koffi).
 *
 * The device is read in Node's own event loop: non-blocking, `uv_poll`, no thread. A wake-up reads at most 64 packets,
 * so that timers and sockets keep their turn; the poll is level-triggered and comes back for the rest. Each packet is
 * read to the same place, which stays in the cache, and is borrowed for its callback.
 *
 * Packets are plain: IFF_NO_PI, no virtio header, one packet at most MTU octets long, whole checksums. Segmentation
 * offload (IFF_VNET_HDR) will set PACKET_OFFSET, `maxPacket` and `checksumOffload`, and change no caller.
 */

import { isMainThread } from 'node:worker_threads'
import { LinkBase } from './link-base.ts'
import { EAGAIN, EBADF, EBADFD, EINTR, ENOTTY, refusal, TunError } from './tun-errors.ts'
import { bytesOf, configureInterface, interfaceRequest } from './tun-interface.ts'
import { loadNative, type Native, READABLE, WRITABLE } from './tun-native.ts'

export { TunError, type TunErrorCode } from './tun-errors.ts'
export { kernelEndsFor } from './tun-interface.ts'

export interface TunOptions {
  /** The interface's name, 1 to 15 octets; default `elko0`. A missing interface is made, and goes with `close`. */
  readonly name?: string
  /** An already open TUN device (IFF_TUN | IFF_NO_PI). It is set non-blocking, and closed by `close`. */
  readonly fd?: number
  /** MTU to set, 68 to 65535 octets; default: that of the interface, which for a new one is 1500. */
  readonly mtu?: number
  /**
   * Addresses of the KERNEL's end, `10.7.0.1/24` or `10.7.0.1 peer 10.7.0.2`; Elko may then hold any other address of
   * those prefixes. `kernelEndsFor` computes them from Elko's. Default none: the interface is left as it is.
   */
  readonly addresses?: readonly string[]
  /** false: do not bring the interface up (it is to be moved to a network namespace first). Default true. */
  readonly up?: boolean
}

export interface TunCounters {
  /** Packets read, and those of them that came while `onPacket` was null. */
  received: number
  unheard: number
  sent: number
  /** Packets that the kernel refused: interface down (EIO), malformed (EINVAL), no memory. Lost, as on any network. */
  lost: number
}

/** Opens or makes a TUN device. Rejects with a TunError that says what is missing and how to mend it. */
export async function openTun(options: TunOptions = {}): Promise<TunLink> {
  const name = options.name ?? 'elko0'
  if (process.platform !== 'linux') {
    throw new TunError(
      'NOT_LINUX',
      `TUN devices are a part of Linux; this is ${process.platform}. Try:  elko demo`,
    )
  }
  if (!isMainThread) {
    throw new TunError(
      'WORKER_THREAD',
      'A TUN device works on the main thread only: a worker has another event loop.',
    )
  }
  checkOptions(name, options)
  const native = await loadNative()
  const fd = options.fd ?? openDevice(native, name)
  try {
    const actualName = options.fd === undefined ? attach(native, fd, name) : adopt(native, fd)
    const wish = { mtu: options.mtu, addresses: options.addresses ?? [], up: options.up ?? true }
    const mtu = configureInterface(native, actualName, wish) ?? options.mtu ?? DEFAULT_MTU
    return new TunLink(openPort(native, fd), actualName, mtu)
  } catch (error) {
    if (options.fd === undefined) native.close(fd)
    throw error
  }
}

/** Packets read in one wake-up of the event loop. */
export const BATCH_PACKETS = 64

export class TunLink extends LinkBase {
  readonly name: string
  readonly counters: TunCounters = { received: 0, unheard: 0, sent: 0, lost: 0 }
  private readonly port: TunPort
  private isOpen = true
  private awaitsRoom = false

  constructor(port: TunPort, name: string, mtu: number) {
    super({ mtu, maxPacket: mtu, checksumOffload: false })
    this.port = port
    this.name = name
    port.listen((status, events) => this.eventsArrive(status, events))
    port.watch(READABLE)
  }

  send(frame: Uint8Array, length: number): boolean {
    if (!this.isOpen) return true
    const written = this.port.write(frame, length)
    if (written === length) {
      this.counters.sent++
      return true
    }
    if (written === -EAGAIN) {
      this.awaitsRoom = true
      this.port.watch(READABLE | WRITABLE)
      return false
    }
    this.counters.lost++
    return true
  }

  override ref(): void {
    if (this.isOpen) this.port.ref()
  }

  override unref(): void {
    if (this.isOpen) this.port.unref()
  }

  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.port.close()
  }

  private eventsArrive(status: number, events: number): void {
    if (!this.isOpen) return
    if (status < 0) this.die(-status)
    if (this.isOpen && this.awaitsRoom && (events & WRITABLE) !== 0) {
      this.awaitsRoom = false
      this.port.watch(READABLE)
      this.onWritable?.()
    }
    if (this.isOpen && (events & READABLE) !== 0) this.packetsArrive()
  }

  private packetsArrive(): void {
    const { port, counters } = this
    const { slab } = port
    let count = 0
    let result = 0
    while (count < BATCH_PACKETS && this.isOpen) {
      result = port.read()
      if (result <= 0) break
      count++
      counters.received++
      if (this.onPacket === null) counters.unheard++
      else this.onPacket(slab, PACKET_OFFSET, result)
    }
    if (count > 0 && this.isOpen) this.onBatchEnd?.()
    if (result < 0 && result !== -EAGAIN && result !== -EINTR) this.die(-result)
  }

  /** The device was deleted: a TUN device has no other lasting error. */
  private die(errno: number): void {
    if (!this.isOpen) return
    this.close()
    const error = refusal('open', errno, this.name)
    this.onError?.(new TunError('DEVICE_GONE', `The interface ${this.name} is gone (${error.message})`))
  }
}

// ---- the device -----------------------------------------------------------------------------------------------------

/** A TUN device as a TunLink needs it: a result below 0 is -errno. Tests put a fake here. */
export interface TunPort {
  /** Where `read` puts a packet, at PACKET_OFFSET. */
  readonly slab: Uint8Array
  read(): number
  write(frame: Uint8Array, length: number): number
  listen(onEvents: (status: number, events: number) => void): void
  watch(events: number): void
  ref(): void
  unref(): void
  close(): void
}

/** Octets before the packet in the slab: where a virtio-net header will stand. */
const PACKET_OFFSET = 0

/** A read with too small a buffer loses the rest without a word, so there is room for the largest packet. */
const SLAB_LENGTH = 65536 + 64

/** Of an interface that lies in another network namespace, where nobody can be asked. */
const DEFAULT_MTU = 1500

const O_RDWR_NONBLOCK_CLOEXEC = 0o2 | 0o4000 | 0o2000000
const O_NONBLOCK = 0o4000
const F_GETFL = 3
const F_SETFL = 4
const TUNSETIFF = 0x400454ca
const TUNGETIFF = 0x800454d2
const IFF_TUN = 0x0001
const IFF_TAP = 0x0002
const IFF_NO_PI = 0x1000
const IFF_VNET_HDR = 0x4000
const IFREQ_FLAGS = 16

function checkOptions(name: string, { fd, mtu }: TunOptions): void {
  if (fd !== undefined && !(Number.isInteger(fd) && fd >= 0)) {
    throw new TunError('BAD_FD', `${fd} is not a file descriptor.`)
  }
  if (!/^[^\s/%]{1,15}$/.test(name) || name === '.' || name === '..' || !/^[\x21-\x7e]+$/.test(name)) {
    throw new TunError(
      'BAD_NAME',
      `"${name}" is no name for an interface: 1 to 15 ASCII characters without space, / and %.`,
    )
  }
  if (mtu !== undefined && !(Number.isInteger(mtu) && mtu >= 68 && mtu <= 65535)) {
    throw new TunError('BAD_OPTION', `An MTU is 68 to 65535 octets (IPv6 asks for 1280 or more); got ${mtu}.`)
  }
}

function openDevice(native: Native, name: string): number {
  const fd = native.open('/dev/net/tun', O_RDWR_NONBLOCK_CLOEXEC)
  if (fd < 0) throw refusal('open', native.errno(), name)
  return fd
}

function attach(native: Native, fd: number, name: string): string {
  const request = interfaceRequest(name)
  request.setUint16(IFREQ_FLAGS, IFF_TUN | IFF_NO_PI, true)
  if (native.ioctl(fd, TUNSETIFF, bytesOf(request)) < 0) throw refusal('attach', native.errno(), name)
  return nameIn(request)
}

/** Takes a descriptor that somebody else opened: it must be a TUN device that gives bare packets. */
function adopt(native: Native, fd: number): string {
  const request = interfaceRequest('')
  if (native.ioctl(fd, TUNGETIFF, bytesOf(request)) < 0) {
    const errno = native.errno()
    const why =
      errno === EBADF
        ? 'it is not open in this process'
        : errno === EBADFD
          ? 'it has no interface (TUNSETIFF was not called on it)'
          : errno === ENOTTY
            ? 'it is something else'
            : `errno ${errno}`
    throw new TunError('BAD_FD', `File descriptor ${fd} is not a TUN device: ${why}.`)
  }
  const flags = request.getUint16(IFREQ_FLAGS, true)
  const name = nameIn(request)
  if ((flags & IFF_TAP) !== 0 || (flags & IFF_NO_PI) === 0 || (flags & IFF_VNET_HDR) !== 0) {
    throw new TunError(
      'BAD_FD',
      `${name} (fd ${fd}) was not opened as IFF_TUN | IFF_NO_PI without IFF_VNET_HDR.`,
    )
  }
  const status = native.fcntl(fd, F_GETFL, 0)
  native.fcntl(fd, F_SETFL, status | O_NONBLOCK)
  return name
}

function nameIn(request: DataView): string {
  let name = ''
  for (let i = 0; i < 15 && request.getUint8(i) !== 0; i++) name += String.fromCharCode(request.getUint8(i))
  return name
}

function openPort(native: Native, fd: number): TunPort {
  const slab = new Uint8Array(SLAB_LENGTH)
  const address = native.addressOf(slab)
  let hear: (status: number, events: number) => void = () => {}
  const poll = native.poll(fd, (status, events) => hear(status, events))
  return {
    slab,
    read: () => {
      const result = native.read(fd, address, SLAB_LENGTH)
      return result < 0 ? -native.errno() : result
    },
    write: (frame, length) => {
      const result = native.write(fd, frame, length)
      return result < 0 ? -native.errno() : result
    },
    listen: (onEvents) => {
      hear = onEvents
    },
    watch: (events) => poll.watch(events),
    ref: () => poll.ref(),
    unref: () => poll.unref(),
    close: () => {
      poll.close()
      native.close(fd)
    },
  }
}
