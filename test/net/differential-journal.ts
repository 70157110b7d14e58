/**
 * What is said while a program runs over one net: every event with what it carries, every answer and every error, in the
 * order in which it came, a log for each of those who say something.
 */

import type { EventEmitter } from 'node:events'

/** Lines of one socket, server, request ... */
export type Log = string[]

export class Journal {
  readonly logs = new Map<string, Log>()
  /** How much was said so far. */
  lines = 0
  /** Whose ports these are: their numbers are of no meaning. */
  readonly ports = new Map<number, string>()
  /** The emitters, by the names of their logs. */
  readonly #named = new Map<unknown, string>()

  /** All logs, by name. */
  get said(): Record<string, Log> {
    return Object.fromEntries([...this.logs].sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** Every event from here on has a line; `silent` ones have none. */
  watch(name: string, emitter: EventEmitter, silent: ReadonlySet<string> = new Set()): void {
    this.logs.set(name, [])
    this.#named.set(emitter, name)
    const emit = emitter.emit
    emitter.emit = (event: string, ...values: unknown[]): boolean => {
      if (silent.has(event)) return Reflect.apply(emit, emitter, [event, ...values])
      if (event === 'data') this.hear(name, values[0] as Buffer | string)
      // One 'readable' or two for the same octets: that depends on how they were cut.
      else if (event !== 'readable' || this.logs.get(name)!.at(-1) !== event) this.say(name, event, ...values)
      return Reflect.apply(emit, emitter, [event, ...values])
    }
  }

  say(name: string, what: string, ...values: unknown[]): void {
    this.lines++
    this.logs.get(name)!.push([what, ...values.map((each) => this.#shown(each))].join(' '))
  }

  /**
   * Octets that come one after the other are one line, and so is the 'readable' of each of them: TCP keeps no boundaries, and
   * two nets need not cut a stream alike.
   */
  hear(name: string, data: Buffer | string): void {
    this.lines++
    const log = this.logs.get(name)!
    const kind = typeof data === 'string' ? 'text ' : 'octets '
    const text = typeof data === 'string' ? data : data.toString('latin1')
    if (log.at(-1) === 'readable' && log.at(-2)?.startsWith(kind)) log.pop()
    if (log.at(-1)?.startsWith(kind)) log[log.length - 1] += text
    else log.push(kind + text)
  }

  /** Does it, and says what it returned or threw. */
  attempt(name: string, act: () => unknown): void {
    try {
      this.say(name, 'returned', act())
    } catch (error) {
      this.say(name, 'threw', error)
    }
  }

  /** Reads all of it with `for await`, and says in a log of its own what came and how that ended. */
  async iterate(name: string, stream: AsyncIterable<Buffer | string>): Promise<void> {
    const own = `${name}: iteration`
    this.logs.set(own, this.logs.get(own) ?? [])
    try {
      for await (const data of stream) this.hear(own, data)
      this.say(own, 'ended')
    } catch (error) {
      this.say(own, 'threw', error)
    }
  }

  /** A callback that says what it is given. */
  told(name: string, what: string): (error?: Error | null) => void {
    return (error) => this.say(name, what, error ?? null)
  }

  #shown(value: unknown): string {
    if (value instanceof Error) return this.#shownError(value)
    if (Buffer.isBuffer(value)) return value.toString('latin1')
    const name = this.#named.get(value)
    if (name !== undefined) return name
    if (typeof value === 'number') return this.ports.get(value) ?? String(value)
    if (typeof value !== 'object' || value === null) return String(value)
    const { constructor: kind } = value
    if (kind !== undefined && kind !== Object) return kind.name
    return Object.entries(value)
      .map(([key, each]) => `${key}=${this.#field(key, each)}`)
      .join(',')
  }

  #field(key: string, value: unknown): string {
    if (typeof value === 'object' && value !== null) return `{${this.#shown(value)}}`
    return /port$/i.test(key) && !this.ports.has(value as number) ? 'a port' : this.#port(value)
  }

  #port(value: unknown): string {
    return typeof value === 'number'
      ? (this.ports.get(value) ?? String(value))
      : this.withoutPorts(String(value))
  }

  #shownError(error: Error): string {
    const { name, message } = error
    const { code, errno, syscall, address, port } = error as NodeJS.ErrnoException & {
      address?: string
      port?: number
    }
    const fields = [code, errno, syscall, address, port === undefined ? port : this.#port(port)]
    return `${name} ${fields.join(' ')} ${this.withoutPorts(message)}`
  }

  /** A message with the names of ports in their places. */
  withoutPorts(message: string): string {
    return message.replace(/\d{4,5}/g, (digits) => this.ports.get(Number(digits)) ?? digits)
  }
}
