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
import type { HostedConnection } from './hosted-connection.ts'
import { InputLog } from './input-log.ts'
import type { Listener, ListenOptions } from './listener.ts'
import { hashOctets, headerOctets, RECORD } from './log-format.ts'
import type { Stack } from './stack.ts'
import type { ConnectOptions, StackOptions } from './stack-options.ts'

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
  readonly #stack: number
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
    this.#stack = log.addStack()
    this.#config = config
    this.#configs.set(config, 0)
    if (log.isEnded) return
    log.byte(RECORD.stack)
    log.text(
      JSON.stringify({
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
      }),
    )
  }

  /** The same options, but what chance and others decide is written down. */
  chances(options: StackOptions): StackOptions {
    const { random, initialSequenceNumber: choose } = options
    return {
      ...options,
      random: () => this.#drawn(RECORD.random, random()),
      ...(choose !== undefined && {
        initialSequenceNumber: (path: Path, now: number) =>
          this.#drawn(RECORD.sequenceNumber, choose(path, now)),
      }),
    }
  }

  /** From here on each call of the stack goes through here. */
  observe(stack: Stack): void {
    this.#observePackets(stack)
    this.#observePolls(stack)
    const { listen, freePort, accept, closeListener, connect, close } = stack
    stack.listen = (options) => {
      const config = this.#configOf(options.config)
      const write = (): void => this.log.text(listenText(options, config))
      const run = (): Listener => listen.call(stack, options)
      return this.call(stack, RECORD.listen, write, run, (made) => this.#listens(stack, made))
    }
    stack.freePort = () =>
      this.call(
        stack,
        RECORD.freePort,
        nothing,
        () => freePort.call(stack),
        (port) => this.log.number(port),
      )
    stack.accept = (listener) => {
      const run = (): HostedConnection | null => accept.call(stack, listener)
      const result = (one: HostedConnection | null): void => this.log.whole(one === null ? 0 : one.tcb.id)
      return this.call(stack, RECORD.accept, () => this.#writeListener(listener), run, result)
    }
    stack.closeListener = (listener) => {
      const run = (): void => closeListener.call(stack, listener)
      this.call(stack, RECORD.closeListener, () => this.#writeListener(listener), run)
    }
    stack.connect = (options) => {
      const config = this.#configOf(options.config)
      const write = (): void => this.log.text(connectText(options, config))
      const run = (): HostedConnection => connect.call(stack, options)
      return this.call(stack, RECORD.connect, write, run, ({ tcb }) => this.log.whole(tcb.id))
    }
    stack.close = () => this.call(stack, RECORD.close, nothing, () => close.call(stack))
  }

  /**
   * Runs a call and writes it down, unless the stack makes it itself.
   *
   * @param write its arguments; @param result what it returned.
   */
  call<T>(
    { clock }: Pick<Stack, 'clock'>,
    record: number,
    write: () => void,
    run: () => T,
    result?: (value: T) => void,
  ): T {
    const { log } = this
    if (this.#depth > 0 || !log.opens(this.#stack)) return run()
    log.byte(record)
    this.#writeTime(clock.now)
    write()
    const value = this.#run(run)
    log.byte(RECORD.done)
    result?.(value)
    return value
  }

  /** The number by which the log knows a configuration; to be asked for before the record that names it. */
  configNumber(config: Config): number {
    const known = this.#configs.get(config)
    if (known !== undefined) return known
    if (this.#depth > 0 || !this.log.opens(this.#stack)) return 0
    const number = ++this.#configCount
    this.#configs.set(config, number)
    const own = this.#config
    const changed = Object.entries(config).filter(([name, value]) => own[name as keyof Config] !== value)
    this.log.byte(RECORD.config)
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
      const run = (): void => handlePacket.call(stack, now, packet, offset, length)
      if (this.#depth > 0 || !log.opens(this.#stack)) return run()
      this.#writePacketNumber(stack)
      log.byte(RECORD.packet)
      this.#writeTime(now)
      log.block(packet, offset, offset + length)
      this.#run(run)
      log.byte(RECORD.done)
    }
    stack.handleTimeout = (now, last = now) => {
      const run = (): void => handleTimeout.call(stack, now, last)
      if (this.#depth > 0 || !log.opens(this.#stack)) return run()
      log.byte(RECORD.timeout)
      this.#writeTime(now)
      log.number(last, now)
      this.#run(run)
      log.byte(RECORD.done)
    }
  }

  #observePolls(stack: Stack): void {
    const { pollTransmit, pollTimeout, pollEvent } = stack
    const { log } = this
    stack.pollTransmit = (now, frame) => {
      const run = (): number => pollTransmit.call(stack, now, frame)
      // A poll that finds nothing to do changes nothing.
      if (this.#depth > 0 || !stack.hasWork || !log.opens(this.#stack)) return run()
      this.#writePolling(stack, frame.length)
      this.#writePacketNumber(stack)
      log.byte(RECORD.transmit)
      this.#writeTime(now)
      const length = this.#run(run)
      log.byte(RECORD.done)
      log.whole(length)
      if (length > 0) this.#writeSent(frame, length)
      this.#ownPacketsLeft = stack.ownPacketsLeft
      return length
    }
    stack.pollTimeout = () => {
      const at = pollTimeout.call(stack)
      if (at === this.#deadline || this.#depth > 0 || !log.opens(this.#stack)) return at
      this.#deadline = at
      log.byte(RECORD.deadline)
      log.number(at, this.#time)
      return at
    }
    stack.pollEvent = () => {
      const next = pollEvent.call(stack)
      if (next === null || this.#depth > 0 || !log.opens(this.#stack)) return next
      const id = 'tcb' in next ? 2 * next.tcb.id : 2 * this.#listeners.get(next)! + 1
      log.byte(RECORD.told)
      log.whole(id)
      return next
    }
  }

  /** As what comes of it; what it throws is written down, too. */
  #run<T>(run: () => T): T {
    this.#depth++
    try {
      return run()
    } catch (error) {
      this.log.byte(RECORD.threw)
      this.log.text(errorName(error))
      throw error
    } finally {
      this.#depth--
    }
  }

  #drawn<T extends number | null>(record: number, drawn: T): T {
    const { log } = this
    if (log.isEnded) return drawn
    log.byte(record)
    if (record === RECORD.sequenceNumber) log.byte(drawn === null ? 0 : 1)
    if (drawn !== null) log.number(drawn)
    return drawn
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
      this.call(stack, RECORD.listenerConfig, write, () => reconfigure.call(listener, config))
    }
    let { backlog } = listener
    const set = (value: number): void => {
      const write = (): void => {
        this.#writeListener(listener)
        this.log.number(value)
      }
      this.call(stack, RECORD.backlog, write, () => {
        backlog = value
      })
    }
    Object.defineProperty(listener, 'backlog', { get: () => backlog, set })
  }

  /** Those from before are none: a stack is recorded from its first moment on. */
  #writeListener(listener: Listener): void {
    this.log.whole(this.#listeners.get(listener)!)
  }

  #writeTime(now: number): void {
    this.log.number(now, this.#time)
    this.#time = now
  }

  #writePacketNumber({ trace }: Stack): void {
    if (trace === null || trace.packet === 0) return
    this.log.byte(RECORD.packetNumber)
    this.log.number(trace.packet)
  }

  #writePolling({ ownPacketsLeft }: Stack, frameOctets: number): void {
    if (ownPacketsLeft === this.#ownPacketsLeft && frameOctets === this.#frameOctets) return
    this.#ownPacketsLeft = ownPacketsLeft
    this.#frameOctets = frameOctets
    this.log.byte(RECORD.polling)
    this.log.whole(frameOctets)
    this.log.number(ownPacketsLeft)
  }

  #writeSent(frame: Uint8Array, length: number): void {
    const { log } = this
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
