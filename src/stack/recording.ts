/**
 * Records one stack: everything that comes to it from outside goes through here, and what it answers.
 *
 * The boundary of a stack is what its owners call: handle*, calls, poll*, and what it asks them for (random numbers, initial
 * sequence numbers). All else follows from that. So nothing inside a stack knows of this: `observe` puts itself before the
 * methods of this one stack, and its connections are of a class that does the same (recorded-connection.ts). What the stack
 * calls of its own methods meanwhile is no input.
 */

import type { Config, Limits } from '../tcp/config.ts'
import type { Path } from '../tcp/path.ts'
import type { Trace } from '../trace/recorder.ts'
import type { HostedConnection } from './hosted-connection.ts'
import { InputLog } from './input-log.ts'
import type { Listener, ListenOptions } from './listener.ts'
import { hashOctets, headerOctets } from './log-format.ts'
import * as RECORD from './log-records.ts'
import type { Stack } from './stack.ts'
import type { ConnectOptions, StackOptions } from './stack-options.ts'
import { eventHash, ToldEvents } from './told-events.ts'

/** What a stack is made of, as the log has it. */
interface Made {
  readonly name: string
  readonly config: Config
  readonly limits: Limits
  readonly mtu: number
}

/** Where the options ask for a record, one that the stack's log now begins with; else null. */
export function recordingOf(options: StackOptions, made: Made): Recording | null {
  const { record } = options
  if (record === undefined || record === false) return null
  return new Recording(record === true ? new InputLog() : record, options, made)
}

export class Recording {
  /** Where it is written. */
  readonly log: InputLog
  /** Sees what the stack tells, before its trace does. */
  readonly told: ToldEvents
  /** The stack's number in the log; -1 until it is made: one that cannot be is none. */
  #stack = -1
  readonly #made: string
  /** What it draws while it is made. */
  readonly #early: number[] = []
  readonly #config: Config
  readonly #configs = new WeakMap<Config, number>()
  #configCount = 0
  readonly #listeners = new Map<Listener, number>()
  /** The time that the last record told. */
  #time = 0
  /** Calls of the stack that are going on: those within another are its own. */
  #depth = 0
  #ownPacketsLeft = Number.POSITIVE_INFINITY
  #frameOctets = 0
  #deadline = Number.POSITIVE_INFINITY

  constructor(log: InputLog, options: StackOptions, { name, config, limits, mtu }: Made) {
    this.log = log
    this.told = new ToldEvents(options.trace ?? null)
    this.#config = config
    this.#configs.set(config, 0)
    this.#made = JSON.stringify({
      name,
      addresses: options.addresses.map(String),
      secret: [...options.secret],
      mtu,
      checksumOffload: options.checksumOffload === true,
      ownPacketsByLink: options.ownPacketsByLink === true,
      privileged: options.privileged !== false,
      choosesNumbers: options.initialSequenceNumber !== undefined,
      config,
      limits: { ...limits },
    })
  }

  /** The same options, but what chance and others decide is written down. */
  chances(options: StackOptions): StackOptions {
    const { random, initialSequenceNumber: choose } = options
    return {
      ...options,
      trace: this.told,
      random: () => this.#drawn(RECORD.RANDOM, random()),
      ...(choose !== undefined && {
        initialSequenceNumber: (path: Path, now: number) =>
          this.#drawn(RECORD.SEQUENCE_NUMBER, choose(path, now)),
      }),
    }
  }

  /** What the stack's events go to from here on. */
  tracedBy(trace: Trace | null): Trace {
    this.told.inner = trace
    return this.told
  }

  /** The stack is made, and from here on each call of it goes through here. */
  observe(stack: Stack): void {
    this.#writeMade()
    this.#observePackets(stack)
    this.#observePolls(stack)
    const { listen, freePort, accept, closeListener, connect, close } = stack
    stack.listen = (options) => {
      const config = this.#configOf(options.config)
      const write = (): void => this.log.text(listenText(options, config))
      const run = (): Listener => listen.call(stack, options)
      return this.call(stack.clock.now, RECORD.LISTEN, write, run, (made) => this.#listens(stack, made))
    }
    stack.freePort = () =>
      this.call(
        stack.clock.now,
        RECORD.FREE_PORT,
        nothing,
        () => freePort.call(stack),
        (port) => this.log.number(port),
      )
    stack.accept = (listener) => {
      const run = (): HostedConnection | null => accept.call(stack, listener)
      const result = (one: HostedConnection | null): void => this.log.whole(one === null ? 0 : one.tcb.id)
      return this.call(stack.clock.now, RECORD.ACCEPT, () => this.#writeListener(listener), run, result)
    }
    stack.closeListener = (listener) => {
      const run = (): void => closeListener.call(stack, listener)
      this.call(stack.clock.now, RECORD.CLOSE_LISTENER, () => this.#writeListener(listener), run)
    }
    stack.connect = (options) => {
      const config = this.#configOf(options.config)
      const write = (): void => this.log.text(connectText(options, config))
      const run = (): HostedConnection => connect.call(stack, options)
      return this.call(stack.clock.now, RECORD.CONNECT, write, run, ({ tcb }) => this.log.whole(tcb.id))
    }
    stack.close = () => this.call(stack.clock.now, RECORD.CLOSE, nothing, () => close.call(stack))
  }

  /**
   * Runs a call and writes it down, unless the stack makes it itself.
   *
   * @param now the time at which the stack has it; @param write its arguments; @param result what it returned.
   */
  call<T>(now: number, record: number, write: () => void, run: () => T, result?: (value: T) => void): T {
    const { log } = this
    if (!this.#writes()) return run()
    log.byte(record)
    log.number(now, this.#time)
    this.#time = now
    write()
    this.told.begin()
    const value = this.#run(run)
    log.byte(RECORD.DONE)
    result?.(value)
    this.#writeTold()
    return value
  }

  /** The number by which the log knows a configuration; to be asked for before the record that names it. */
  configNumber(config: Config): number {
    const known = this.#configs.get(config)
    if (known !== undefined) return known
    if (!this.#writes()) return 0
    const number = ++this.#configCount
    this.#configs.set(config, number)
    const own = this.#config
    const changed = Object.entries(config).filter(([name, value]) => own[name as keyof Config] !== value)
    this.log.byte(RECORD.CONFIG)
    this.log.text(JSON.stringify(Object.fromEntries(changed)))
    return number
  }

  #configOf(config: Config | undefined): number | undefined {
    return config === undefined ? undefined : this.configNumber(config)
  }

  #observePackets(stack: Stack): void {
    const { handlePacket, handleTimeout } = stack
    const { log } = this
    stack.handlePacket = (now, packet, offset = 0, length = packet.length - offset) => {
      const write = (): void => {
        this.#writePacketNumber(stack)
        log.block(packet, offset, offset + length)
      }
      this.call(now, RECORD.PACKET, write, () => handlePacket.call(stack, now, packet, offset, length))
    }
    stack.handleTimeout = (now, last = now) => {
      const run = (): void => handleTimeout.call(stack, now, last)
      this.call(now, RECORD.TIMEOUT, () => log.number(last, now), run)
    }
  }

  #observePolls(stack: Stack): void {
    const { pollTransmit, pollTimeout, pollEvent } = stack
    const { log } = this
    stack.pollTransmit = (now, frame) => {
      const run = (): number => pollTransmit.call(stack, now, frame)
      // A poll that finds nothing to do changes nothing.
      if (!stack.hasWork || !this.#writes()) return run()
      this.#writePolling(stack, frame.length)
      const write = (): void => this.#writePacketNumber(stack)
      const length = this.call(now, RECORD.TRANSMIT, write, run, (octets) => this.#writeSent(frame, octets))
      this.#ownPacketsLeft = stack.ownPacketsLeft
      return length
    }
    stack.pollTimeout = () => {
      const at = pollTimeout.call(stack)
      if (at === this.#deadline || !this.#writes()) return at
      this.#deadline = at
      log.byte(RECORD.DEADLINE)
      log.number(at, this.#time)
      return at
    }
    stack.pollEvent = () => {
      const next = pollEvent.call(stack)
      if (next === null || !this.#writes()) return next
      log.byte(RECORD.TOLD)
      log.whole('tcb' in next ? 2 * next.tcb.id : 2 * this.#listeners.get(next)! + 1)
      return next
    }
  }

  /** Whether a call of now is one from outside, and is written down. */
  #writes(): boolean {
    return this.#depth === 0 && this.log.opens(this.#stack)
  }

  /** As what comes of it; what it throws is written down, too. */
  #run<T>(run: () => T): T {
    this.#depth++
    try {
      return run()
    } catch (error) {
      this.log.byte(RECORD.THREW)
      this.log.text(errorName(error))
      this.#writeTold()
      throw error
    } finally {
      this.#depth--
    }
  }

  #drawn<T extends number | null>(record: number, drawn: T): T {
    const { log } = this
    if (this.#stack < 0) this.#early.push(drawn ?? 0)
    if (this.#stack < 0 || log.isEnded) return drawn
    log.byte(record)
    if (record === RECORD.SEQUENCE_NUMBER) log.byte(drawn === null ? 0 : 1)
    if (drawn !== null) log.number(drawn)
    return drawn
  }

  /** All that it draws while it is made are random numbers: of sequence numbers it has no need yet. */
  #writeMade(): void {
    const { log } = this
    this.#stack = log.addStack()
    if (!log.opens(this.#stack)) return
    log.byte(RECORD.STACK)
    log.text(this.#made)
    for (const number of this.#early) {
      log.byte(RECORD.RANDOM)
      log.number(number)
    }
    log.byte(RECORD.DONE)
  }

  /** What the stack told of an input. */
  #writeTold(): void {
    const events = this.told.end()
    this.log.whole(events.length)
    for (const event of events) {
      const hash = eventHash(event)
      for (let shift = 0; shift < 24; shift += 8) this.log.byte((hash >>> shift) & 0xff)
    }
  }

  #listens(stack: Stack, listener: Listener): void {
    const number = this.#listeners.size
    this.#listeners.set(listener, number)
    this.log.whole(number)
    this.log.whole(listener.port)
    const { reconfigure } = listener
    listener.reconfigure = (config) => {
      const known = this.configNumber(config)
      const write = (): void => {
        this.#writeListener(listener)
        this.log.whole(known)
      }
      this.call(stack.clock.now, RECORD.LISTENER_CONFIG, write, () => reconfigure.call(listener, config))
    }
    let { backlog } = listener
    const set = (value: number): void => {
      const write = (): void => {
        this.#writeListener(listener)
        this.log.number(value)
      }
      this.call(stack.clock.now, RECORD.BACKLOG, write, () => {
        backlog = value
      })
    }
    Object.defineProperty(listener, 'backlog', { get: () => backlog, set })
  }

  /** Those from before are none: a stack is recorded from its first moment on. */
  #writeListener(listener: Listener): void {
    this.log.whole(this.#listeners.get(listener)!)
  }

  #writePacketNumber({ trace }: Stack): void {
    this.log.number(trace?.packet ?? 0)
  }

  #writePolling({ ownPacketsLeft }: Stack, frameOctets: number): void {
    if (ownPacketsLeft === this.#ownPacketsLeft && frameOctets === this.#frameOctets) return
    this.#ownPacketsLeft = ownPacketsLeft
    this.#frameOctets = frameOctets
    this.log.byte(RECORD.POLLING)
    this.log.whole(frameOctets)
    this.log.number(ownPacketsLeft)
  }

  #writeSent(frame: Uint8Array, length: number): void {
    const { log } = this
    log.whole(length)
    if (length === 0) return
    log.block(frame, 0, headerOctets(frame, length))
    log.number(hashOctets(frame, 0, length))
  }
}

function nothing(): void {}

/** CallErrors by their reason, others by their name: texts may change from one Elko to the next. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return 'thrown'
  return 'reason' in error ? `${error.name} ${error.reason}` : error.name
}

function listenText(options: ListenOptions, config: number | undefined): string {
  const { address, remote } = options
  return JSON.stringify({
    ...options,
    address: address?.toString(),
    remote: remote && { address: String(remote.address), port: remote.port },
    config,
  })
}

function connectText(options: ConnectOptions, config: number | undefined): string {
  const { remoteAddress, remotePort, localAddress, localPort } = options
  return JSON.stringify({
    remoteAddress: String(remoteAddress),
    remotePort,
    localAddress: localAddress?.toString(),
    localPort,
    config,
  })
}
