/**
 * The kernel's sockets as calls of this process, inside a network namespace: the main thread enters it for the length of
 * one synchronous call (setns(2)), and a socket stays where it was made. So a test can hold thousands of kernel sockets
 * in exactly the states that it wants, which no program of its own and no runtime's event loop gets in between.
 */

import { createRequire } from 'node:module'
import { type Address, ANY_V4, ANY_V6 } from '../../src/wire/address.ts'

/** One IPv4 or IPv6 socket of the namespace. It does not block, and urgent data are read with the rest (RFC 6093 5). */
export type KernelSocket = number

export interface Accepted {
  readonly socket: KernelSocket
  readonly remotePort: number
}

const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0o4000 | 0o2000000
const CLONE_NEWNET = 0x40000000
const O_RDONLY_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_ERROR = 4
const SO_OOBINLINE = 10
const SO_LINGER = 13
const IPPROTO_IPV6 = 41
const IPV6_V6ONLY = 26
const SHUT_WR = 1
const FIONREAD = 0x541b
const MSG_NOSIGNAL = 0x4000
const EAGAIN = 11
const EINPROGRESS = 115
const SOCKADDR_LENGTH = 28

type CFunction = (...values: unknown[]) => number

export class KernelSockets {
  readonly #c: Readonly<Record<(typeof FUNCTIONS)[number][0], CFunction>>
  readonly #errno: () => number
  readonly #own: number
  readonly #namespace: number

  constructor(namespace: string) {
    const koffi = createRequire(import.meta.url)('koffi')
    const program = koffi.load(null)
    const bound = FUNCTIONS.map(([name, parameters]) => [name, program.func(name, 'int', [...parameters])])
    this.#c = Object.fromEntries(bound)
    this.#errno = () => koffi.errno()
    this.#own = this.#must('open', '/proc/self/ns/net', O_RDONLY_CLOEXEC)
    this.#namespace = this.#must('open', `/run/netns/${namespace}`, O_RDONLY_CLOEXEC)
  }

  /** Runs a synchronous function with this thread in the namespace: its /proc/self/net and /proc/sys/net are there. */
  inside<T>(body: () => T): T {
    this.#must('setns', this.#namespace, CLONE_NEWNET)
    try {
      return body()
    } finally {
      this.#must('setns', this.#own, CLONE_NEWNET)
    }
  }

  listen(version: 4 | 6, port: number, backlog: number): KernelSocket {
    const socket = this.#open(version)
    this.#bind(socket, version, port)
    this.#must('listen', socket, backlog)
    return socket
  }

  /** The connection that waited longest, or null. */
  accept(listener: KernelSocket): Accepted | null {
    const address = new Uint8Array(SOCKADDR_LENGTH)
    const length = new Uint8Array(Int32Array.of(SOCKADDR_LENGTH).buffer)
    const socket = this.#c.accept4(listener, address, length, SOCK_STREAM_NONBLOCK_CLOEXEC & ~1)
    if (socket >= 0) return { socket, remotePort: new DataView(address.buffer).getUint16(2) }
    if (this.#errno() !== EAGAIN) throw new Error(`accept4: errno ${this.#errno()}`)
    return null
  }

  /** Starts an active OPEN. */
  connect(localPort: number, remote: Address, remotePort: number): KernelSocket {
    const socket = this.#open(remote.version)
    this.#bind(socket, remote.version, localPort)
    const to = sockaddr(remote, remotePort)
    if (this.#c.connect(socket, to, to.length) < 0 && this.#errno() !== EINPROGRESS) {
      throw new Error(`connect: errno ${this.#errno()}`)
    }
    return socket
  }

  /** How many octets the socket took, or -errno. */
  send(socket: KernelSocket, octets: Uint8Array): number {
    const taken = this.#c.send(socket, octets, octets.length, MSG_NOSIGNAL)
    return taken < 0 ? -this.#errno() : taken
  }

  /** Octets that a read would give now. */
  readable(socket: KernelSocket): number {
    const octets = new Int32Array(1)
    this.#must('ioctl', socket, FIONREAD, new Uint8Array(octets.buffer))
    return octets[0]!
  }

  /** The error that waits for the owner, and with this call is told: an errno, or 0. */
  error(socket: KernelSocket): number {
    const errno = new Int32Array(1)
    const value = new Uint8Array(errno.buffer)
    this.#must('getsockopt', socket, SOL_SOCKET, SO_ERROR, value, new Uint8Array(Int32Array.of(4).buffer))
    return errno[0]!
  }

  /** CLOSE of RFC 9293 3.10.4: no more to send. 0, or -errno. */
  shutdown(socket: KernelSocket): number {
    return this.#c.shutdown(socket, SHUT_WR) < 0 ? -this.#errno() : 0
  }

  /** The owner goes away. */
  close(socket: KernelSocket): void {
    this.#must('close', socket)
  }

  /** ABORT: a reset goes out. */
  abort(socket: KernelSocket): void {
    const onWithoutTime = new Uint8Array(Int32Array.of(1, 0).buffer)
    this.#must('setsockopt', socket, SOL_SOCKET, SO_LINGER, onWithoutTime, onWithoutTime.length)
    this.close(socket)
  }

  /** Lets go of the namespaces; sockets are closed by whoever made them. */
  end(): void {
    this.#must('close', this.#namespace)
    this.#must('close', this.#own)
  }

  #open(version: 4 | 6): KernelSocket {
    const family = version === 4 ? AF_INET : AF_INET6
    const socket = this.inside(() => this.#must('socket', family, SOCK_STREAM_NONBLOCK_CLOEXEC, 0))
    const on = new Uint8Array(Int32Array.of(1).buffer)
    this.#must('setsockopt', socket, SOL_SOCKET, SO_REUSEADDR, on, 4)
    this.#must('setsockopt', socket, SOL_SOCKET, SO_OOBINLINE, on, 4)
    if (version === 6) this.#must('setsockopt', socket, IPPROTO_IPV6, IPV6_V6ONLY, on, 4)
    return socket
  }

  #bind(socket: KernelSocket, version: 4 | 6, port: number): void {
    const address = sockaddr(version === 4 ? ANY_V4 : ANY_V6, port)
    this.#must('bind', socket, address, address.length)
  }

  #must(name: (typeof FUNCTIONS)[number][0], ...values: unknown[]): number {
    const result = this.#c[name](...values)
    if (result < 0) throw new Error(`${name}: errno ${this.#errno()}`)
    return result
  }
}

const FUNCTIONS = [
  ['open', ['str', 'int']],
  ['close', ['int']],
  ['setns', ['int', 'int']],
  ['socket', ['int', 'int', 'int']],
  ['setsockopt', ['int', 'int', 'int', 'void *', 'int']],
  ['getsockopt', ['int', 'int', 'int', 'void *', 'void *']],
  ['bind', ['int', 'void *', 'int']],
  ['listen', ['int', 'int']],
  ['accept4', ['int', 'void *', 'void *', 'int']],
  ['connect', ['int', 'void *', 'int']],
  ['send', ['int', 'void *', 'size_t', 'int']],
  ['shutdown', ['int', 'int']],
  ['ioctl', ['int', 'ulong', 'void *']],
] as const

/** struct sockaddr_in, sockaddr_in6: family in host order, port in network order, then (flow,) address. */
function sockaddr(address: Address, port: number): Uint8Array {
  const isIpv4 = address.version === 4
  const bytes = new Uint8Array(isIpv4 ? 16 : SOCKADDR_LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, isIpv4 ? AF_INET : AF_INET6, true)
  view.setUint16(2, port)
  const words = isIpv4 ? [address.w3] : [address.w0, address.w1, address.w2, address.w3]
  for (const [i, word] of words.entries()) view.setInt32((isIpv4 ? 4 : 8) + 4 * i, word)
  return bytes
}
