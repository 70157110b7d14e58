/**
 * The few C functions that a TUN device needs, bound through koffi: libc's and the libuv that Node itself exports. koffi
 * is an optional dependency, so it is described here by the part of it that is used and loaded at run time.
 */

import { importKoffi } from './koffi.ts'
import { TunError } from './tun-errors.ts'

// An address as a number: user-space addresses are under 2^47, so a double holds them.
type Address = number

export interface Native {
  open(path: string, flags: number): number
  close(fd: number): number
  fcntl(fd: number, command: number, argument: number): number
  ioctl(fd: number, request: number, argument: Uint8Array): number
  socket(family: number, type: number, protocol: number): number
  read(fd: number, address: Address, length: number): number
  write(fd: number, bytes: Uint8Array, length: number): number
  /** The errno of the call just made. */
  errno(): number
  /** Where off-heap memory lies. The caller keeps a reference to `memory` for as long as the address is used. */
  addressOf(memory: Uint8Array): Address
  poll(fd: number, onEvents: (status: number, events: number) => void): Poll
}

/** Readiness of one fd, told by the event loop (uv_poll_t, level-triggered). */
export interface Poll {
  /** Asks for these events, READABLE | WRITABLE, from now on. */
  watch(events: number): void
  ref(): void
  unref(): void
  /** Stops and frees the handle. The fd may be closed at once after it. */
  close(): void
}

export const READABLE = 1
export const WRITABLE = 2

interface Koffi {
  load(path: string | null): { func(name: string, result: unknown, parameters: unknown[]): CFunction }
  proto(result: string, parameters: string[]): unknown
  pointer(type: unknown): unknown
  register(callback: (...values: number[]) => void, type: unknown): bigint
  unregister(callback: bigint): void
  address(memory: Uint8Array): bigint
  errno(): number
}

// biome-ignore lint/suspicious/noExplicitAny: the signature is given to koffi at run time.
type CFunction = (...values: any[]) => any

let native: Native | null = null

/** Binds the functions, once per process. Throws a TunError where koffi or libuv's symbols are missing. */
export async function loadNative(): Promise<Native> {
  native ??= bind(await importKoffi<Koffi>('A TUN device needs'))
  return native
}

function bind(koffi: Koffi): Native {
  // null is the running program: libc is in it under any C library (glibc, musl), and so is libuv.
  const program = koffi.load(null)
  return {
    open: program.func('open', 'int', ['str', 'int']),
    close: program.func('close', 'int', ['int']),
    fcntl: program.func('fcntl', 'int', ['int', 'int', 'int']),
    ioctl: program.func('ioctl', 'int', ['int', 'ulong', 'void *']),
    socket: program.func('socket', 'int', ['int', 'int', 'int']),
    read: program.func('read', 'int', ['int', 'uintptr_t', 'size_t']),
    write: program.func('write', 'int', ['int', 'void *', 'size_t']),
    errno: () => koffi.errno(),
    addressOf: (memory) => Number(koffi.address(memory)),
    poll: bindPoll(koffi, program),
  }
}

function bindPoll(koffi: Koffi, program: ReturnType<Koffi['load']>): Native['poll'] {
  const pollCallback = koffi.pointer(koffi.proto('void', ['void *', 'int', 'int']))
  const closeCallback = koffi.pointer(koffi.proto('void', ['void *']))
  const uv = bindUv(program, pollCallback, closeCallback)
  return (fd, onEvents) => {
    const handle = new Uint8Array(Number(uv.handleSize(UV_POLL)))
    live.add(handle)
    const onPoll = koffi.register((_handle, status, events) => {
      // koffi drops what a callback throws, so the exception is thrown again where Node sees it.
      try {
        onEvents(status!, events!)
      } catch (error) {
        process.nextTick(() => {
          throw error
        })
      }
    }, pollCallback)
    const failed = uv.init(uv.defaultLoop(), handle, fd) as number
    if (failed !== 0) {
      koffi.unregister(onPoll)
      live.delete(handle)
      throw new TunError('SYSTEM', `libuv cannot poll the TUN device (error ${failed}).`)
    }
    return {
      watch: (events) => uv.start(handle, events, onPoll),
      ref: () => uv.ref(handle),
      unref: () => uv.unref(handle),
      close: () => {
        uv.stop(handle)
        // The loop touches the handle until it calls back, and the callbacks may be given up only after they returned.
        const onClosed = koffi.register(() => {
          setImmediate(() => {
            koffi.unregister(onPoll)
            koffi.unregister(onClosed)
            live.delete(handle)
          })
        }, closeCallback)
        uv.close(handle, onClosed)
      },
    }
  }
}

const UV_POLL = 8

/** Handles that libuv has not finished with, kept from the garbage collector. */
const live = new Set<Uint8Array>()

function bindUv(program: ReturnType<Koffi['load']>, pollCallback: unknown, closeCallback: unknown) {
  try {
    return {
      defaultLoop: program.func('uv_default_loop', 'uintptr_t', []),
      handleSize: program.func('uv_handle_size', 'size_t', ['int']),
      init: program.func('uv_poll_init', 'int', ['uintptr_t', 'void *', 'int']),
      start: program.func('uv_poll_start', 'int', ['void *', 'int', pollCallback]),
      stop: program.func('uv_poll_stop', 'int', ['void *']),
      close: program.func('uv_close', 'void', ['void *', closeCallback]),
      ref: program.func('uv_ref', 'void', ['void *']),
      unref: program.func('uv_unref', 'void', ['void *']),
    }
  } catch (error) {
    throw new TunError(
      'NO_LIBUV',
      `This JavaScript runtime does not export libuv (${(error as Error).message}); a TUN device needs Node.js.`,
    )
  }
}
