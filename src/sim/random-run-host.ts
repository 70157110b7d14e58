/** A host of a random run: a stack with a clock of its own, and the witness between it and its link. */

import { readUint16 } from '../bytes/big-endian.ts'
import type { InputLog } from '../stack/input-log.ts'
import { InitialNumbers } from '../stack/isn.ts'
import { SECRET_LENGTH } from '../stack/siphash.ts'
import { Stack } from '../stack/stack.ts'
import { configure } from '../tcp/config.ts'
import { Path } from '../tcp/path.ts'
import type { TraceEvent } from '../trace/events.ts'
import type { Recorder, Trace } from '../trace/recorder.ts'
import { type Address, parseAddress } from '../wire/address.ts'
import type { Network, PacketEndpoint } from './network.ts'
import { Random } from './random.ts'
import type { EndHost } from './random-run-end.ts'
import { LATEST_COPY_US, type RunPlan } from './random-run-plan.ts'
import { FIRST_PORT, LISTENING_PORT, type Wire } from './random-run-wire.ts'

const ADDRESSES = {
  4: ['10.0.0.1', '10.0.0.2'],
  6: ['fd00::1', 'fd00::2'],
} as const
const PREFIX = { 4: 24, 6: 64 } as const

/** The address of one of the two hosts. */
export function addressText(version: 4 | 6, which: 0 | 1): string {
  return ADDRESSES[version][which]
}

export class RunHost implements PacketEndpoint, EndHost {
  readonly which: 0 | 1
  readonly name: string
  readonly stack: Stack
  readonly address: Address
  /** Packets that arrived, and those among them that a TCP has to answer: with text, SYN or FIN. */
  arrivals = 0
  answerable = 0
  readonly #network: Network
  readonly #wire: Wire
  readonly #offsetUs: number
  readonly #plan: RunPlan
  readonly #copies: Random

  constructor(
    plan: RunPlan,
    which: 0 | 1,
    network: Network,
    wire: Wire,
    trace: Recorder | null,
    record: InputLog | null,
  ) {
    const text = addressText(plan.version, which)
    const random = new Random(plan.seed).fork(`host ${which}`)
    const secret = new Uint8Array(SECRET_LENGTH)
    random.fill(secret)
    this.which = which
    this.name = `host${which}`
    this.address = parseAddress(text)!
    this.#plan = plan
    this.#network = network
    this.#wire = wire
    this.#copies = random.fork('late copies')
    this.#offsetUs = clockOffset(plan, which, secret)
    this.stack = new Stack({
      name: this.name,
      addresses: [`${text}/${PREFIX[plan.version]}`],
      secret,
      random: () => random.int32(),
      mtu: plan.hosts[which].mtu,
      config: configure(plan.hosts[which].config),
      limits: { connections: 64, ringPoolBytes: 1 << 22 },
      trace: trace === null ? null : new ShiftedTrace(trace, this.#offsetUs),
      ...(record !== null && { record }),
    })
  }

  handlePacket(now: number, packet: Uint8Array, offset: number, length: number): void {
    this.arrivals++
    if (isAnswerable(packet, offset)) this.answerable++
    this.stack.handlePacket(now + this.#offsetUs, packet, offset, length)
  }

  pollTransmit(now: number, frame: Uint8Array): number {
    const length = this.stack.pollTransmit(now + this.#offsetUs, frame)
    if (length === 0) return 0
    this.#wire.see(now, this.which, frame, length)
    this.#copyLate(now, frame, length)
    return length
  }

  pollTimeout(): number {
    return this.stack.pollTimeout() - this.#offsetUs
  }

  handleTimeout(now: number): void {
    this.stack.handleTimeout(now + this.#offsetUs)
  }

  /** Before a call that does not follow from a packet or a timer of the stack. */
  setClock(): void {
    this.stack.clock.now = this.#network.now + this.#offsetUs
  }

  after(delayUs: number, run: () => void): void {
    this.#network.at(this.#network.now + delayUs, () => {
      this.setClock()
      run()
    })
  }

  /** An old duplicate: the packet arrives once more, much later. */
  #copyLate(now: number, frame: Uint8Array, length: number): void {
    const { lateCopies, quietAtUs } = this.#plan
    if (lateCopies === 0 || now >= quietAtUs || !this.#copies.chance(lateCopies)) return
    const atUs = now + this.#copies.range(0, LATEST_COPY_US)
    const copy = frame.slice(0, length)
    this.#network.at(now, () => {
      this.#network.inject(copy, `host${1 - this.which}`, { atUs, from: this.name })
    })
  }
}

/** Writes a host's events down in the network's time. */
class ShiftedTrace implements Trace {
  readonly #recorder: Recorder
  readonly #offsetUs: number

  constructor(recorder: Recorder, offsetUs: number) {
    this.#recorder = recorder
    this.#offsetUs = offsetUs
  }

  get packet(): number {
    return this.#recorder.packet
  }

  set packet(packet: number) {
    this.#recorder.packet = packet
  }

  add(event: TraceEvent): void {
    this.#recorder.add({ ...event, at: event.at - this.#offsetUs })
  }
}

/**
 * When the host's clock starts, so that what shall wrap during the first connection does: both the initial sequence
 * number and the timestamp are a clock plus a secret number for the sockets (RFC 6528, RFC 7323 5.4).
 */
function clockOffset(plan: RunPlan, which: 0 | 1, secret: Uint8Array): number {
  const { wrap, wrapAfter } = plan.hosts[which]
  if (wrap === 'nothing') return 0
  const { opening, startUs } = plan.connections[0]!
  const local = parseAddress(addressText(plan.version, which))!
  const remote = parseAddress(addressText(plan.version, which === 0 ? 1 : 0))!
  const meets = opening === 'simultaneous' ? FIRST_PORT : LISTENING_PORT
  const [localPort, remotePort] = which === 0 ? [FIRST_PORT, meets] : [meets, FIRST_PORT]
  const path = new Path()
  path.setSockets(local, localPort!, remote, remotePort!)
  const numbers = new InitialNumbers(secret)
  if (wrap === 'timestamp') {
    const target = -wrapAfter - numbers.timestampOffset(path)
    return Math.max(0, (target >>> 0) * 1000 - startUs)
  }
  const target = (wrap === 'sign' ? 0x80000000 : 0) - wrapAfter - numbers.sequenceNumber(path, 0)
  return Math.max(0, (target >>> 0) * 4 - startUs)
}

/** SEG.LEN > 0, read from a packet without options or extension headers in its IP header. */
function isAnswerable(packet: Uint8Array, offset: number): boolean {
  const isV4 = packet[offset]! >> 4 === 4
  const tcp = offset + (isV4 ? 20 : 40)
  const total = isV4 ? readUint16(packet, offset + 2) : 40 + readUint16(packet, offset + 4)
  const text = total - (isV4 ? 20 : 40) - 4 * (packet[tcp + 12]! >> 4)
  return text > 0 || (packet[tcp + 13]! & 3) !== 0
}
