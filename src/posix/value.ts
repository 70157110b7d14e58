/**
 * What goes into a system call and comes out of it, as data: the same for Elko's sockets and for the kernel's.
 *
 * Symbols are resolved to Linux's numbers (constants.ts) before they get here; a structure keeps the names of its
 * fields. A file descriptor is the number that the caller uses.
 */

/** An argument that was left to the callee: `...` in a script. */
export const DEFAULT_ARGUMENT = Symbol('...')

export type Value =
  | number
  | string
  | null
  | typeof DEFAULT_ARGUMENT
  | Uint8Array
  | readonly Value[]
  | Structure

/** e.g. { events: 1, fd: 4 }; a bare field has its position as its name: { 0: DEFAULT_ARGUMENT, 1: 1000 }. */
export interface Structure {
  readonly [field: string]: Value
}

/** What a call gave. */
export interface Outcome {
  /** The return value; -1 with `errno` set. */
  readonly result: number
  /** e.g. 'EAGAIN'; null where the call succeeded. */
  readonly errno: string | null
  /**
   * The arguments as they stand after the call: as they were passed, but for those through which the call answers
   * (getsockopt's value and length, accept's address, poll's revents, epoll_wait's events, recvmsg's message ...).
   */
  readonly args: readonly Value[]
}
