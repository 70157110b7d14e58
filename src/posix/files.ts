/** What read() and write() go to besides sockets: pipes, and files in memory. */

import { Fails } from './arguments.ts'
import { CONSTANTS } from './constants.ts'

const { POLLIN, POLLOUT, POLLHUP, POLLERR, POLLRDNORM, POLLWRNORM } = CONSTANTS
/** Octets that a pipe holds. */
const PIPE_CAPACITY = 65_536
/** How large a file may get. */
const MOST_FILE = 1 << 28

/** The octets between the two ends of a pipe. */
class PipeBuffer {
  parts: Uint8Array[] = []
  length = 0
  readers = 1
  writers = 1
  wakes = 0
}

export class PipeEnd {
  readonly kind = 'pipe'
  flags: number
  readonly writes: boolean
  readonly #buffer: PipeBuffer

  constructor(buffer: PipeBuffer, writes: boolean, flags: number) {
    this.#buffer = buffer
    this.writes = writes
    this.flags = (writes ? CONSTANTS.O_WRONLY : CONSTANTS.O_RDONLY) | flags
  }

  get wakes(): number {
    return this.#buffer.wakes
  }

  get length(): number {
    return this.#buffer.length
  }

  /** Octets that write() would take. */
  get free(): number {
    return PIPE_CAPACITY - this.#buffer.length
  }

  /** The other end is closed. */
  get isBroken(): boolean {
    return this.writes ? this.#buffer.readers === 0 : this.#buffer.writers === 0
  }

  /** Takes octets out, at most `most`. */
  read(most: number): Uint8Array {
    const buffer = this.#buffer
    const octets = new Uint8Array(Math.min(most, buffer.length))
    let done = 0
    while (done < octets.length) {
      const part = buffer.parts.shift()!
      const used = part.subarray(0, octets.length - done)
      octets.set(used, done)
      done += used.length
      if (used.length < part.length) buffer.parts.unshift(part.subarray(used.length))
    }
    buffer.length -= done
    if (done > 0) buffer.wakes++
    return octets
  }

  /** Puts octets in, as many as there is room for; says how many. */
  write(octets: Uint8Array): number {
    const taken = octets.slice(0, this.free)
    if (taken.length === 0) return 0
    this.#buffer.parts.push(taken)
    this.#buffer.length += taken.length
    this.#buffer.wakes++
    return taken.length
  }

  close(): void {
    if (this.writes) this.#buffer.writers--
    else this.#buffer.readers--
    this.#buffer.wakes++
  }

  readiness(): number {
    if (this.writes) {
      if (this.isBroken) return POLLERR | POLLOUT | POLLWRNORM
      return this.free > 0 ? POLLOUT | POLLWRNORM : 0
    }
    return (this.length > 0 ? POLLIN | POLLRDNORM : 0) | (this.isBroken ? POLLHUP : 0)
  }
}

/** pipe(2): the end to read from and the end to write to. */
export function makePipe(flags: number): [PipeEnd, PipeEnd] {
  const buffer = new PipeBuffer()
  return [new PipeEnd(buffer, false, flags), new PipeEnd(buffer, true, flags)]
}

/** A file: its octets, or one that has no end and no memory. */
interface Contents {
  octets: Uint8Array
  /** /dev/zero, /dev/null: nothing is kept. */
  readonly device: 'zero' | 'null' | null
}

export class OpenFile {
  readonly kind = 'file'
  flags: number
  offset = 0
  readonly #contents: Contents

  constructor(contents: Contents, flags: number) {
    this.#contents = contents
    this.flags = flags
  }

  /** Up to `most` octets from `from` on; fewer at the end. */
  readAt(from: number, most: number): Uint8Array {
    const { device, octets } = this.#contents
    if (device === 'zero') return new Uint8Array(most)
    if (device === 'null') return new Uint8Array(0)
    return octets.slice(from, from + most)
  }

  write(octets: Uint8Array): number {
    const contents = this.#contents
    if (contents.device !== null) return octets.length
    if ((this.flags & CONSTANTS.O_APPEND) !== 0) this.offset = contents.octets.length
    const end = this.offset + octets.length
    if (end > MOST_FILE) throw new Fails('EINVAL')
    if (end > contents.octets.length) {
      const longer = new Uint8Array(end)
      longer.set(contents.octets)
      contents.octets = longer
    }
    contents.octets.set(octets, this.offset)
    this.offset = end
    return octets.length
  }
}

/** Files by path, in memory; the two devices are always there. */
export class FileSystem {
  readonly #files = new Map<string, Contents>([
    ['/dev/zero', { octets: new Uint8Array(0), device: 'zero' }],
    ['/dev/null', { octets: new Uint8Array(0), device: 'null' }],
  ])

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    for (const [path, octets] of files) this.put(path, octets)
  }

  /** A file is there from now on, or has these octets. */
  put(path: string, octets: Uint8Array): void {
    this.#files.set(path, { octets: octets.slice(), device: null })
  }

  open(path: string, flags: number): OpenFile {
    let contents = this.#files.get(path)
    if (contents === undefined) {
      if ((flags & CONSTANTS.O_CREAT) === 0) throw new Fails('ENOENT')
      contents = { octets: new Uint8Array(0), device: null }
      this.#files.set(path, contents)
    } else if ((flags & CONSTANTS.O_CREAT) !== 0 && (flags & CONSTANTS.O_EXCL) !== 0) {
      throw new Fails('EEXIST')
    }
    if ((flags & CONSTANTS.O_TRUNC) !== 0 && contents.device === null) contents.octets = new Uint8Array(0)
    return new OpenFile(contents, flags & ~(CONSTANTS.O_CREAT | CONSTANTS.O_EXCL | CONSTANTS.O_TRUNC))
  }
}
