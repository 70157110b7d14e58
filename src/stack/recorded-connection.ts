/** A connection of a stack that is recorded: the same, and each call is written down. */

import type { Config } from '../tcp/config.ts'
import type { Environment } from '../tcp/tcb.ts'
import { received, type SendOptions } from '../tcp/user-calls.ts'
import type { CloseReason } from '../trace/reasons.ts'
import { type Host, HostedConnection } from './hosted-connection.ts'
import { hashOctets } from './log-format.ts'
import * as RECORD from './log-records.ts'
import type { Recording } from './recording.ts'

/** The bits of what SEND was asked for; `more` octets than it has room for, which the log has no need of. */
export const SEND_FLAGS = { push: 1, urgent: 2, endOfRecord: 4, more: 8 } as const
/** The bits of what RECEIVE returned. */
export const RECEIVE_FLAGS = { push: 1, urgent: 2 } as const

/** A connection of a stack that is recorded, or of one that is not. */
export function hostedConnection(
  environment: Environment,
  config: Config,
  id: number,
  host: Host,
): HostedConnection {
  const { recording } = host
  if (recording === null) return new HostedConnection(environment, config, id, host)
  return new RecordedConnection(environment, config, id, host, recording)
}

class RecordedConnection extends HostedConnection {
  readonly #recording: Recording

  constructor(environment: Environment, config: Config, id: number, host: Host, recording: Recording) {
    super(environment, config, id, host)
    this.#recording = recording
  }

  override connect(): void {
    this.#call(RECORD.OPEN, () => super.connect())
  }

  override send(
    bytes: Uint8Array,
    offset = 0,
    length = bytes.length - offset,
    options?: SendOptions,
  ): number {
    const { log } = this.#recording
    return this.#call(
      RECORD.SEND,
      () => super.send(bytes, offset, length, options),
      () => {
        const room = Math.max(0, Math.min(length, this.writable, bytes.length - offset))
        log.whole(sendFlags(options) | (room < length ? SEND_FLAGS.more : 0))
        log.block(bytes, offset, offset + room)
      },
      (taken) => log.whole(taken),
    )
  }

  override receive(target: Uint8Array, offset = 0, length = target.length - offset): number {
    const { log } = this.#recording
    return this.#call(
      RECORD.RECEIVE,
      () => super.receive(target, offset, length),
      () => log.whole(length),
      (octets) => {
        log.whole(octets)
        log.whole(receiveFlags())
        log.number(hashOctets(target, offset, offset + octets))
      },
    )
  }

  override push(): void {
    this.#call(RECORD.PUSH, () => super.push())
  }

  override acknowledgeQuickly(quickly: boolean): void {
    const { log } = this.#recording
    this.#call(
      RECORD.ACKNOWLEDGE_QUICKLY,
      () => super.acknowledgeQuickly(quickly),
      () => log.byte(quickly ? 1 : 0),
    )
  }

  override close(): void {
    this.#call(RECORD.CLOSE_CONNECTION, () => super.close())
  }

  override release(): void {
    this.#call(RECORD.RELEASE, () => super.release())
  }

  override abort(reason?: CloseReason): void {
    const { log } = this.#recording
    this.#call(
      RECORD.ABORT,
      () => super.abort(reason),
      () => log.text(reason ?? ''),
    )
  }

  override reconfigure(config: Config): void {
    const { log } = this.#recording
    const number = this.#recording.configNumber(config)
    this.#call(
      RECORD.RECONFIGURE,
      () => super.reconfigure(config),
      () => log.whole(number),
    )
  }

  override pollEvents(): number {
    if (this.tcb.events === 0) return 0
    const { log } = this.#recording
    return this.#call(
      RECORD.EVENTS,
      () => super.pollEvents(),
      undefined,
      (bits) => log.whole(bits),
    )
  }

  #call<T>(record: number, run: () => T, write?: () => void, result?: (value: T) => void): T {
    const { tcb } = this
    const writeAll = (): void => {
      this.#recording.log.whole(tcb.id)
      write?.()
    }
    return this.#recording.call(tcb.clock.now, record, writeAll, run, result)
  }
}

function sendFlags(options: SendOptions | undefined): number {
  if (options === undefined) return SEND_FLAGS.push
  const { push, urgent, endOfRecord } = options
  return (
    (push !== false ? SEND_FLAGS.push : 0) |
    (urgent === true ? SEND_FLAGS.urgent : 0) |
    (endOfRecord === true ? SEND_FLAGS.endOfRecord : 0)
  )
}

export function receiveFlags(): number {
  return (received.push ? RECEIVE_FLAGS.push : 0) | (received.urgent ? RECEIVE_FLAGS.urgent : 0)
}
