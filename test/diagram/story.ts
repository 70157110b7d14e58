/** Writes event lists by hand, in the words of a story. */

import type {
  CallName,
  NetworkEvent,
  SegmentRecord,
  SignalName,
  TimerName,
  TraceEvent,
} from '../../src/trace/events.ts'
import type { CloseReason, DropReason, SendReason } from '../../src/trace/reasons.ts'
import type { StateName } from '../../src/trace/states.ts'
import { ACK, FIN, PSH, RST, SYN, URG } from '../../src/wire/segment.ts'

const BITS: Readonly<Record<string, number>> = { SYN, FIN, RST, PSH, URG, ACK }

export type Fields = Partial<Omit<SegmentRecord, 'flags'>>

export class Story {
  readonly events: TraceEvent[] = []
  readonly #ports: Readonly<Record<string, number>>
  #packet = 0
  now = 0
  /** The connection's number at each host; 1 where it does not stand here. */
  connections: Record<string, number> = {}

  constructor(ports: Readonly<Record<string, number>>) {
    this.#ports = ports
  }

  call(host: string, call: CallName, more: { octets?: number; detail?: string } = {}): void {
    this.events.push({ ...this.#base(host), kind: 'call', call, ...more })
  }

  state(host: string, from: StateName, to: StateName, cause = 'test'): void {
    this.events.push({ ...this.#base(host), kind: 'state', from, to, cause })
  }

  signal(host: string, signal: SignalName, reason?: CloseReason): void {
    this.events.push({
      ...this.#base(host),
      kind: 'signal',
      signal,
      ...(reason === undefined ? {} : { reason }),
    })
  }

  timer(host: string, timer: TimerName, action: 'started' | 'stopped' | 'expired', inUs?: number): void {
    this.events.push({
      ...this.#base(host),
      kind: 'timer',
      timer,
      action,
      ...(inUs === undefined ? {} : { inUs }),
    })
  }

  say(kind: 'application' | 'remark' | 'heading', text: string, host = ''): void {
    const connection = kind === 'application' ? this.#connection(host) : 0
    this.events.push({ at: this.now, host, connection, kind, text })
  }

  /** @returns the packet's number. */
  send(from: string, to: string, flags: string, reason: SendReason, fields: Fields = {}): number {
    const segment = segmentOf(this.#ports[from]!, this.#ports[to]!, flags, fields)
    const packet = ++this.#packet
    this.events.push({ ...this.#base(from), kind: 'sent', segment, reason, packet })
    return packet
  }

  receive(host: string, packet: number, original = packet): void {
    for (const event of this.events) {
      if (event.kind !== 'sent' || event.packet !== original) continue
      this.events.push({ ...this.#base(host), kind: 'received', segment: event.segment, packet })
      return
    }
    throw new Error(`nobody sent packet ${original}`)
  }

  drop(host: string, packet: number, reason: DropReason, connection = 0): void {
    this.events.push({ at: this.now, host, connection, kind: 'dropped', reason, packet })
  }

  network(action: NetworkEvent['action'], packet: number, copies = false): number {
    const copy = copies ? ++this.#packet : undefined
    const base = { at: this.now, host: 'network', connection: 0 }
    this.events.push({ ...base, kind: 'network', action, packet, ...(copy === undefined ? {} : { copy }) })
    return copy ?? 0
  }

  #connection(host: string): number {
    return this.connections[host] ?? 1
  }

  #base(host: string): { at: number; host: string; connection: number } {
    return { at: this.now, host, connection: this.#connection(host) }
  }
}

export function segmentOf(
  srcPort: number,
  dstPort: number,
  flags: string,
  fields: Fields = {},
): SegmentRecord {
  let bits = 0
  for (const name of flags.split(',')) bits |= BITS[name] ?? 0
  const window = fields.window ?? 5000
  return {
    srcPort,
    dstPort,
    seq: 0,
    ack: 0,
    flags: bits,
    window,
    scaledWindow: window,
    urgentPointer: 0,
    length: 0,
    ...fields,
  }
}
