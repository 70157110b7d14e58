/** The C functions that reading from an interface needs, through koffi: sockets with options, and memory shared with the kernel. */

import { importKoffi } from './koffi.ts'

export interface PacketNative {
  socket(family: number, type: number, protocol: number): number
  bind(fd: number, address: Uint8Array, length: number): number
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array): number
  ioctl(fd: number, request: number, argument: Uint8Array): number
  close(fd: number): number
  /** The errno of the call just made. */
  errno(): number
  /** Where off-heap memory lies. */
  addressOf(memory: Uint8Array): bigint
  /** Memory of a socket's ring; null where it cannot be had. It is gone once `unmap` was called. */
  map(fd: number, length: number): { memory: ArrayBuffer; unmap: () => void } | null
}

interface Koffi {
  load(path: null): { func(name: string, result: string, parameters: string[]): CFunction }
  address(memory: Uint8Array): bigint
  view(address: bigint, length: number): ArrayBuffer
  errno(): number
}

// biome-ignore lint/suspicious/noExplicitAny: the signature is given to koffi at run time.
type CFunction = (...values: any[]) => any

const PROT_READ_WRITE = 3
const MAP_SHARED = 1
/** MAP_FAILED: an address of all ones. */
const FAILED = 0xffff_ffff_ffff_ffffn

let native: PacketNative | null = null

/** Once per process. @throws TunError 'NO_KOFFI' */
export async function loadPacketNative(): Promise<PacketNative> {
  native ??= bindAll(await importKoffi<Koffi>('Reading from an interface needs'))
  return native
}

function bindAll(koffi: Koffi): PacketNative {
  const program = koffi.load(null)
  const mmap = program.func('mmap', 'void *', ['uintptr_t', 'size_t', 'int', 'int', 'int', 'intptr_t'])
  const munmap = program.func('munmap', 'int', ['void *', 'size_t'])
  return {
    socket: program.func('socket', 'int', ['int', 'int', 'int']),
    bind: program.func('bind', 'int', ['int', 'void *', 'uint32_t']),
    setsockopt: program.func('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint32_t']),
    getsockopt: program.func('getsockopt', 'int', ['int', 'int', 'int', 'void *', 'void *']),
    ioctl: program.func('ioctl', 'int', ['int', 'ulong', 'void *']),
    close: program.func('close', 'int', ['int']),
    errno: () => koffi.errno(),
    addressOf: (memory) => koffi.address(memory),
    map(fd, length) {
      const address = mmap(0, length, PROT_READ_WRITE, MAP_SHARED, fd, 0) as bigint | null
      if (address === null || BigInt.asUintN(64, address) === FAILED) return null
      return { memory: koffi.view(address, length), unmap: () => munmap(address, length) }
    },
  }
}
