/** A host without a protocol, for the tests of the network, and two of them joined. */

import type { ImpairmentOptions } from '../../src/sim/impairments.ts'
import { Network, type PacketEndpoint } from '../../src/sim/network.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { sequenceOf, tcpPacket } from './packets.ts'

export const A = '10.0.0.1'
export const B = '10.0.0.2'

/** A host that sends what is put into its outbox, notes what arrives, and sends `perTick` packets at each timer. */
export class Toy implements PacketEndpoint {
  readonly name: string
  readonly peer: string
  readonly address: string
  readonly outbox: Uint8Array[] = []
  readonly log: string[] = []
  readonly arrived: { at: number; octets: Uint8Array; packet: number }[] = []
  readonly recorder: Recorder | null
  deadline = Number.POSITIVE_INFINITY
  ticksLeft = 0
  seq = 0
  kept: Uint8Array | null = null

  constructor(name: string, address: string, peer: string, recorder: Recorder | null = null) {
    this.name = name
    this.address = address
    this.peer = peer
    this.recorder = recorder
  }

  handlePacket(now: number, packet: Uint8Array, offset: number, length: number): void {
    this.kept = packet
    const octets = packet.slice(offset, offset + length)
    this.arrived.push({ at: now, octets, packet: this.recorder?.packet ?? 0 })
    this.log.push(`${now} packet ${sequenceOf(octets)}`)
  }

  pollTransmit(now: number, frame: Uint8Array): number {
    const packet = this.outbox.shift()
    if (packet === undefined) return 0
    frame.set(packet)
    this.recorder?.add({
      kind: 'sent',
      at: now,
      host: this.name,
      connection: 7,
      packet: this.recorder.packet,
      reason: 'new-data',
      segment: {
        srcPort: 1000,
        dstPort: 80,
        seq: sequenceOf(packet),
        ack: 0,
        flags: 16,
        window: 0,
        scaledWindow: 0,
        urgentPointer: 0,
        length: 0,
      },
    })
    return packet.length
  }

  pollTimeout(): number {
    return this.deadline
  }

  handleTimeout(now: number): void {
    this.log.push(`${now} timer`)
    if (this.ticksLeft-- > 0) this.send()
    this.deadline = this.ticksLeft > 0 ? now + 1000 : Number.POSITIVE_INFINITY
  }

  send(text = 50): void {
    this.outbox.push(tcpPacket(this.address, this.peer, ++this.seq, text))
  }
}

export interface World {
  readonly network: Network
  readonly a: Toy
  readonly b: Toy
  readonly recorder: Recorder
  readonly file: () => Uint8Array
}

/** Two hosts, joined by one path each way. */
export function world(
  aToB: ImpairmentOptions = {},
  bToA: ImpairmentOptions = {},
  seed: number | string = 1,
  more = {},
): World {
  const recorder = new Recorder()
  const chunks: Uint8Array[] = []
  const network = new Network({ seed, trace: recorder, capture: (octets) => chunks.push(octets), ...more })
  const a = new Toy('A', A, B, recorder)
  const b = new Toy('B', B, A, recorder)
  network.host('A', a, [A])
  network.host('B', b, [B])
  network.join('A', 'B', aToB, bToA)
  return { network, a, b, recorder, file: () => new Uint8Array(Buffer.concat(chunks)) }
}
