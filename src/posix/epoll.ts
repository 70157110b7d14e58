/**
 * epoll(7). An entry is on the ready list from when something happens that it asks for until a wait finds nothing; with
 * EPOLLET until a wait has told of it, whatever is still the case; with EPOLLONESHOT it then sleeps until it is changed.
 */

import { Fails, integer, isStructure, list, structure } from './arguments.ts'
import { answered, type Call, DONE, type Result } from './blocking.ts'
import { CONSTANTS } from './constants.ts'
import type { Description } from './descriptors.ts'
import { ALWAYS_TOLD, readiness } from './readiness.ts'
import type { Task } from './task.ts'
import type { Structure, Value } from './value.ts'

const { EPOLLET, EPOLLONESHOT, EPOLLIN, EPOLLOUT, EPOLLRDNORM, EPOLLWRNORM } = CONSTANTS
/** Not events but ways to wait for them. */
const WAYS = EPOLLET | EPOLLONESHOT | CONSTANTS.EPOLLWAKEUP | CONSTANTS.EPOLLEXCLUSIVE

interface Entry {
  readonly fd: number
  readonly description: Description
  events: number
  /** The user's data as it was passed: { fd: 4 }, { ptr: 0 } ... */
  data: Structure
  ready: boolean
  asleep: boolean
  seen: Wakes
}

/** How often an entry's description had something new, when last looked at. */
interface Wakes {
  read: number
  write: number
  state: number
}

export class Epoll {
  readonly kind = 'epoll'
  flags = CONSTANTS.O_RDWR
  readonly #entries = new Map<number, Entry>()

  /** epoll_ctl */
  control(operation: number, fd: number, description: Description, event: Value | undefined): void {
    const entry = this.#entries.get(fd)
    if (operation === CONSTANTS.EPOLL_CTL_ADD) {
      if (entry !== undefined) throw new Fails('EEXIST')
      const fresh: Entry = {
        fd,
        description,
        asleep: false,
        ready: false,
        seen: wakesOf(description),
        ...asked(event),
      }
      fresh.ready = isWanted(fresh)
      this.#entries.set(fd, fresh)
      return
    }
    if (entry === undefined) throw new Fails('ENOENT')
    if (operation === CONSTANTS.EPOLL_CTL_DEL) {
      this.#entries.delete(fd)
    } else if (operation === CONSTANTS.EPOLL_CTL_MOD) {
      Object.assign(entry, asked(event), { asleep: false })
      entry.ready = isWanted(entry)
    } else throw new Fails('EINVAL')
  }

  /** A descriptor was closed. */
  forget(description: Description): void {
    for (const [fd, entry] of this.#entries) if (entry.description === description) this.#entries.delete(fd)
  }

  /** Something may have happened: entries that asked for it become ready. */
  look(): void {
    for (const entry of this.#entries.values()) {
      const now = wakesOf(entry.description)
      const { seen } = entry
      let woken = now.state !== seen.state ? ~0 : 0
      if (now.read !== seen.read) woken |= EPOLLIN | EPOLLRDNORM
      if (now.write !== seen.write) woken |= EPOLLOUT | EPOLLWRNORM
      entry.seen = now
      if (!entry.asleep && (woken & wanted(entry)) !== 0) entry.ready = true
      // Level-triggered entries of what counts no wakes: as it is.
      else if (!entry.asleep && !isEdge(entry) && isWanted(entry)) entry.ready = true
    }
  }

  hasReady(): boolean {
    this.look()
    for (const entry of this.#entries.values()) if (entry.ready && isWanted(entry)) return true
    return false
  }

  /** Takes up to `most` events. */
  take(most: number): Structure[] {
    this.look()
    const events: Structure[] = []
    for (const entry of [...this.#entries.values()]) {
      if (!entry.ready || events.length >= most) continue
      const mask = readiness(entry.description) & wanted(entry)
      entry.ready = false
      if (mask === 0) continue
      events.push({ events: mask >>> 0, ...entry.data })
      if ((entry.events & EPOLLONESHOT) !== 0) entry.asleep = true
      else if (!isEdge(entry)) entry.ready = true
      // The next in turn comes first the next time.
      this.#entries.delete(entry.fd)
      this.#entries.set(entry.fd, entry)
    }
    return events
  }
}

function isEdge({ events }: Entry): boolean {
  return (events & EPOLLET) !== 0
}

function wanted({ events, asleep }: Entry): number {
  return asleep ? 0 : (events & ~WAYS) | ALWAYS_TOLD
}

function isWanted(entry: Entry): boolean {
  return (readiness(entry.description) & wanted(entry)) !== 0
}

function wakesOf(description: Description): Wakes {
  if (description.kind === 'socket') {
    const listens = description.listener?.waiting ?? 0
    return {
      read: description.readWakes + listens,
      write: description.writeWakes,
      state: description.stateWakes,
    }
  }
  if (description.kind === 'pipe') return { read: description.wakes, write: description.wakes, state: 0 }
  return { read: 0, write: 0, state: 0 }
}

function asked(event: Value | undefined): { events: number; data: Structure } {
  if (event === null) throw new Fails('EFAULT')
  const { events, ...data } = structure(event, 'the event')
  return { events: integer(events, 'events'), data }
}

// ---- calls

/** epoll_create(size), epoll_create1(flags) */
export function epollCreate(task: Task, args: readonly Value[], sized: boolean): Result {
  const argument = integer(args[0], 'the argument')
  if (sized ? argument <= 0 : (argument & ~CONSTANTS.EPOLL_CLOEXEC) !== 0) throw new Fails('EINVAL')
  return { result: task.descriptors.add(new Epoll()) }
}

/** epoll_ctl(epfd, operation, fd, event) */
export function epollControl(task: Task, args: readonly Value[]): Result {
  const epoll = epollOf(task, args[0])
  const fd = integer(args[2], 'the descriptor')
  const description = task.descriptors.get(fd)
  if (description === epoll) throw new Fails('EINVAL')
  if (description.kind === 'file') throw new Fails('EPERM')
  epoll.control(integer(args[1], 'the operation'), fd, description, args[3])
  return DONE
}

/** epoll_wait(epfd, events, most, timeout), epoll_pwait(... , mask) */
export function* epollWait(task: Task, args: readonly Value[]): Call {
  const epoll = epollOf(task, args[0])
  const most = integer(args[2], 'maxevents')
  const timeoutMs = integer(args[3], 'the time-out')
  if (most <= 0) throw new Fails('EINVAL')
  let events = epoll.take(most)
  if (events.length === 0 && timeoutMs !== 0) {
    const untilUs = timeoutMs < 0 ? Number.POSITIVE_INFINITY : task.stack.clock.now + timeoutMs * 1000
    yield { ready: () => epoll.hasReady(), untilUs }
    events = epoll.take(most)
  }
  return { result: events.length, args: answered(args, { 1: shaped(args[1], events) }) }
}

function epollOf(task: Task, argument: Value | undefined): Epoll {
  const description = task.descriptors.get(integer(argument, 'the descriptor'))
  if (description.kind !== 'epoll') throw new Fails('EINVAL')
  return description
}

/** One structure where one was passed. Where nothing came, nothing was written. */
function shaped(passed: Value | undefined, events: readonly Structure[]): Value {
  if (events.length === 0) return passed ?? null
  return isStructure(passed) && events.length === 1 ? events[0]! : events
}

// ---- poll

/** poll(fds, count, timeout) */
export function* poll(task: Task, args: readonly Value[]): Call {
  const entries = list(args[0], 'the descriptors').map((entry) => structure(entry, 'a pollfd'))
  const timeoutMs = integer(args[2], 'the time-out')
  const look = (): number[] => entries.map((entry) => pollOne(task, entry))
  let masks = look()
  if (!masks.some(Boolean) && timeoutMs !== 0) {
    const untilUs = timeoutMs < 0 ? Number.POSITIVE_INFINITY : task.stack.clock.now + timeoutMs * 1000
    yield { ready: () => look().some(Boolean), untilUs }
    masks = look()
  }
  const told = entries.map((entry, i) => ({ ...entry, revents: masks[i]! }))
  return { result: masks.filter(Boolean).length, args: answered(args, { 0: told }) }
}

function pollOne({ descriptors }: Task, entry: Structure): number {
  const fd = integer(entry.fd ?? entry[0], 'fd')
  if (fd < 0) return 0
  const description = descriptors.find(fd)
  if (description === null) return CONSTANTS.POLLNVAL
  const events = integer(entry.events ?? entry[1], 'events')
  return readiness(description) & (events | ALWAYS_TOLD)
}
