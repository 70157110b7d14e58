/**
 * The C library's system calls, bound through koffi (optional, so described here by the part of it that is used).
 *
 * A call that can block runs on a thread of libuv's: the event loop, which reads the TUN device, must go on meanwhile.
 */

import { importKoffi } from '../link/koffi.ts'
import { ERRNO_NUMBERS } from '../posix/constants.ts'

/** What one argument is: a number, or memory whose address is passed; null is NULL. */
export type Argument = number | Uint8Array | null

/** What a call gave, and errno by name where that was -1. */
export interface Returned {
  readonly result: number
  readonly errno: string | null
}

export interface Libc {
  /** Calls at once, on this thread. */
  call(name: CallName, args: readonly Argument[]): Returned
  /** Calls on another thread, and tells once it has returned. */
  callAside(name: CallName, args: readonly Argument[], done: (returned: Returned) => void): void
  /** Where off-heap memory lies; the caller keeps `memory` for as long as the address is used. */
  addressOf(memory: Uint8Array): bigint
}

/** The parameters of each call: i an int, u a size, p a pointer. The first letter is the result: i an int, s a ssize_t. */
const SIGNATURES = {
  socket: 'i:iii',
  bind: 'i:ipi',
  listen: 'i:ii',
  accept: 'i:ipp',
  accept4: 'i:ippi',
  connect: 'i:ipi',
  read: 's:ipu',
  readv: 's:ipi',
  recv: 's:ipui',
  recvfrom: 's:ipuipp',
  recvmsg: 's:ipi',
  write: 's:ipu',
  writev: 's:ipi',
  send: 's:ipui',
  sendto: 's:ipuipi',
  sendmsg: 's:ipi',
  fcntl: 'i:iii',
  ioctl: 'i:iup',
  close: 'i:i',
  shutdown: 'i:ii',
  getsockopt: 'i:iiipp',
  setsockopt: 'i:iiipi',
  poll: 'i:pui',
  epoll_create: 'i:i',
  epoll_create1: 'i:i',
  epoll_ctl: 'i:iiip',
  epoll_wait: 'i:ipii',
  pipe: 'i:p',
  splice: 's:ipipui',
  sendfile: 's:iipu',
  open: 'i:pi',
  unshare: 'i:i',
} as const

export type CallName = keyof typeof SIGNATURES

export function isCallName(name: string): name is CallName {
  return Object.hasOwn(SIGNATURES, name)
}

interface Koffi {
  load(path: null): { func(name: string, result: string, parameters: string[]): Bound }
  address(memory: Uint8Array): bigint
  errno(): number
}

interface Bound {
  (...args: Argument[]): number
  async(...args: [...Argument[], (error: Error | null, result: number) => void]): void
}

const TYPES: Readonly<Record<string, string>> = { i: 'int', u: 'size_t', p: 'void *', s: 'intptr_t' }

/** errno's names by number; of two names for one number the first. */
const ERRNO_NAMES = new Map<number, string>()
for (const [name, number] of Object.entries(ERRNO_NUMBERS)) {
  if (!ERRNO_NAMES.has(number)) ERRNO_NAMES.set(number, name)
}

/** @throws Error where koffi is not installed. */
export async function loadLibc(): Promise<Libc> {
  const koffi = await importKoffi<Koffi>("The kernel's system calls need")
  const program = koffi.load(null)
  const bound = new Map<CallName, Bound>()
  const functionFor = (name: CallName): Bound => {
    const known = bound.get(name)
    if (known !== undefined) return known
    const [result, parameters] = SIGNATURES[name].split(':') as [string, string]
    const fresh = program.func(
      name,
      TYPES[result]!,
      [...parameters].map((letter) => TYPES[letter]!),
    )
    bound.set(name, fresh)
    return fresh
  }
  const returned = (result: number): Returned => {
    const value = Number(result)
    if (value >= 0) return { result: value, errno: null }
    const errno = koffi.errno()
    return { result: value, errno: ERRNO_NAMES.get(errno) ?? `errno ${errno}` }
  }
  return {
    call: (name, args) => returned(functionFor(name)(...args)),
    // koffi sets errno to what the other thread's was, for the time of the callback.
    callAside: (name, args, done) => functionFor(name).async(...args, (_, result) => done(returned(result))),
    addressOf: (memory) => koffi.address(memory),
  }
}
