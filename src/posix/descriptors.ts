/** What a file descriptor stands for, and the table of them. */

import { Fails } from './arguments.ts'
import { CONSTANTS } from './constants.ts'
import type { Epoll } from './epoll.ts'
import type { OpenFile, PipeEnd } from './files.ts'
import type { TcpSocket } from './tcp-socket.ts'

export type Description = TcpSocket | PipeEnd | OpenFile | Epoll

/** Descriptors that a process may have: RLIMIT_NOFILE as most systems set it. */
const MOST_DESCRIPTORS = 1024
/** 0 to 2 are taken. */
const FIRST = 3

export class Descriptors {
  readonly #table = new Map<number, Description>()

  /** The lowest free one. EMFILE where there is none. */
  add(description: Description): number {
    let fd = FIRST
    while (this.#table.has(fd)) fd++
    if (fd >= MOST_DESCRIPTORS) throw new Fails('EMFILE')
    this.#table.set(fd, description)
    return fd
  }

  get(fd: number): Description {
    const description = this.#table.get(fd)
    if (description === undefined) throw new Fails('EBADF')
    return description
  }

  find(fd: number): Description | null {
    return this.#table.get(fd) ?? null
  }

  socket(fd: number): TcpSocket {
    const description = this.get(fd)
    if (description.kind !== 'socket') throw new Fails('ENOTSOCK')
    return description
  }

  remove(fd: number): Description {
    const description = this.get(fd)
    this.#table.delete(fd)
    return description
  }

  values(): IterableIterator<Description> {
    return this.#table.values()
  }
}

export function isNonBlocking(description: Description): boolean {
  return (description.flags & CONSTANTS.O_NONBLOCK) !== 0
}
