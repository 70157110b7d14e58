/**
 * Plays a script to the Linux kernel's own stack in real time: system calls of this process on one side, a TUN device
 * on the other. The same script played to Elko and to the kernel shows where they differ.
 */

import type { Answer, Called, Request, Sniffed } from '../drill/stage.ts'
import type { TunLink } from '../link/tun.ts'
import type { Outcome, Value } from '../posix/value.ts'
import { type Defaults, MAY_WAIT, type Prepared, prepare, tcpInfoOctets } from './calls.ts'
import { isCallName, type Libc, type Returned } from './libc.ts'
import { NoForm } from './memory.ts'
import { setSysctls } from './sysctls.ts'
import { tcpInfoFields } from './tcp-info.ts'

/** How long a call that a script says returns at once may take before it counts as one that blocks. */
const AT_ONCE_MS = 500
/** How long one that may block is given to return at once after all. */
const MAYBE_AT_ONCE_MS = 1
/** Timers of the event loop wake a millisecond late: the last of a wait is spent looking at the clock. */
const LATE_MS = 1.5
/** The most that a timer of Node can wait; whoever waits for longer looks again then. */
const LONGEST_TIMER_MS = 0x7fffffff

const GIVES_DESCRIPTOR = new Set(['socket', 'accept', 'accept4', 'open', 'epoll_create', 'epoll_create1'])
const SHUT_RDWR = 2

export class KernelStage {
  readonly #libc: Libc
  readonly #link: TunLink
  readonly #defaults: Defaults
  readonly #start = performance.now()
  readonly #sent: { at: number; packet: Uint8Array }[] = []
  readonly #fds = new Set<number>()
  /** The call that blocks; its outcome once there is one. */
  #blocked: { at: number; outcome: Outcome | null } | null = null
  /** Called when a packet came or the blocked call returned. */
  #wake: (() => void) | null = null

  constructor(libc: Libc, link: TunLink, defaults: Defaults) {
    this.#libc = libc
    this.#link = link
    this.#defaults = defaults
    link.onPacket = (buffer, offset, length) => {
      this.#sent.push({ at: this.#now(), packet: buffer.slice(offset, offset + length) })
      this.#wake?.()
    }
  }

  async answer(request: Request): Promise<Answer> {
    switch (request.kind) {
      case 'sleep':
        await this.#until(request.until, () => false)
        return { kind: 'done', now: this.#now() }
      case 'inject':
        this.#link.send(request.packet, request.packet.length)
        return { kind: 'done', now: this.#now() }
      case 'sniff':
        return this.#sniff(request.until)
      case 'call':
        return this.#call(request.name, request.args, request.mayBlock)
      case 'collect':
        await this.#until(request.until, () => this.#blocked?.outcome !== null)
        return this.#collected()
      case 'info': {
        const octets = tcpInfoOctets(this.#libc, request.fd)
        return { kind: 'info', now: this.#now(), fields: octets === null ? null : tcpInfoFields(octets) }
      }
      case 'command': {
        const notes = setSysctls(request.text)
        return { kind: 'commanded', now: this.#now(), notes, failed: null, unsupported: null }
      }
    }
  }

  /** Closes what the script left open; a call that still blocks is woken by it. */
  close(): void {
    for (const fd of this.#fds) {
      this.#libc.call('shutdown', [fd, SHUT_RDWR])
      this.#libc.call('close', [fd])
    }
    this.#fds.clear()
    this.#link.close()
  }

  /** Microseconds since the script's start. */
  #now(): number {
    return Math.round((performance.now() - this.#start) * 1000)
  }

  // ---- waiting

  /** Lets time pass until `until`, or until `met`. */
  async #until(until: number, met: () => boolean): Promise<void> {
    for (;;) {
      const leftMs = (until - this.#now()) / 1000
      if (leftMs <= 0 || met()) return
      if (leftMs > LATE_MS) await this.#rest(leftMs - LATE_MS)
      else await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  /** Until something happens, but no longer than this. */
  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, Math.min(ms, LONGEST_TIMER_MS))
      const stage = this
      function done(): void {
        clearTimeout(timer)
        stage.#wake = null
        resolve()
      }
      this.#wake = done
    })
  }

  async #sniff(until: number): Promise<Sniffed> {
    await this.#until(until, () => this.#sent.length > 0)
    const first = this.#sent.shift()
    const now = this.#now()
    return { kind: 'sniffed', now, at: first?.at ?? now, packet: first?.packet ?? null }
  }

  // ---- calls

  async #call(name: string, values: readonly Value[], mayBlock: boolean): Promise<Called> {
    if (!isCallName(name) || name === 'unshare') return this.#unsupported(`the call ${name}()`)
    let prepared: Prepared
    try {
      prepared = prepare(name, values, this.#libc, this.#defaults)
    } catch (error) {
      if (error instanceof NoForm) return this.#unsupported(`${name}() with ${error.message}`)
      throw error
    }
    if (!MAY_WAIT.has(name)) {
      const outcome = this.#outcome(name, values, prepared, this.#libc.call(name, prepared.args))
      return this.#returned(outcome)
    }
    const pending: { at: number; outcome: Outcome | null } = { at: 0, outcome: null }
    this.#libc.callAside(name, prepared.args, (returned) => {
      pending.at = this.#now()
      pending.outcome = this.#outcome(name, values, prepared, returned)
      this.#wake?.()
    })
    const patience = mayBlock ? MAYBE_AT_ONCE_MS : AT_ONCE_MS
    await this.#until(this.#now() + patience * 1000, () => pending.outcome !== null)
    if (pending.outcome === null) {
      this.#blocked = pending
      return { kind: 'called', now: this.#now(), at: this.#now(), outcome: null, unsupported: null }
    }
    return this.#returned(pending.outcome, pending.at)
  }

  #outcome(name: string, values: readonly Value[], prepared: Prepared, { result, errno }: Returned): Outcome {
    if (GIVES_DESCRIPTOR.has(name) && result >= 0) this.#fds.add(result)
    if (name === 'close' && result === 0) this.#fds.delete(values[0] as number)
    const args = prepared.after?.(result) ?? values
    if (name === 'pipe' && result === 0) for (const fd of args[0] as readonly number[]) this.#fds.add(fd)
    return { result, errno, args }
  }

  #collected(): Called {
    const blocked = this.#blocked
    if (blocked === null || blocked.outcome === null) {
      return { kind: 'called', now: this.#now(), at: this.#now(), outcome: null, unsupported: null }
    }
    this.#blocked = null
    return this.#returned(blocked.outcome, blocked.at)
  }

  #returned(outcome: Outcome, at = this.#now()): Called {
    return { kind: 'called', now: this.#now(), at, outcome, unsupported: null }
  }

  #unsupported(what: string): Called {
    return { kind: 'called', now: this.#now(), at: this.#now(), outcome: null, unsupported: what }
  }
}
