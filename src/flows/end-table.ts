/** Frames and octets of each end, an address and a port, over all its connections. */

import type { Packet, TcpFields } from '../dissect/packet.ts'
import { addressOf } from '../wire/address.ts'

interface End {
  readonly address: string
  readonly port: number
  sentFrames: number
  sentOctets: number
  receivedFrames: number
  receivedOctets: number
}

export type EndRow = readonly [
  address: string,
  port: number,
  sentFrames: number,
  sentOctets: number,
  receivedFrames: number,
  receivedOctets: number,
]

export class EndTable {
  readonly #ends = new Map<string, End>()

  packet(packet: Packet, tcp: TcpFields): void {
    if (packet.isQuoted) return
    const { version, src0, src1, src2, src3, dst0, dst1, dst2, dst3 } = packet
    const source = this.#end(version, src0, src1, src2, src3, tcp.sourcePort)
    const destination = this.#end(version, dst0, dst1, dst2, dst3, tcp.destinationPort)
    source.sentFrames++
    source.sentOctets += packet.frameLength
    destination.receivedFrames++
    destination.receivedOctets += packet.frameLength
  }

  /** Those with the most frames first. */
  *rows(): Generator<EndRow> {
    const frames = (end: End): number => end.sentFrames + end.receivedFrames
    for (const end of [...this.#ends.values()].sort((a, b) => frames(b) - frames(a))) {
      const { address, port, sentFrames, sentOctets, receivedFrames, receivedOctets } = end
      yield [address, port, sentFrames, sentOctets, receivedFrames, receivedOctets]
    }
  }

  #end(version: number, w0: number, w1: number, w2: number, w3: number, port: number): End {
    const key = `${version} ${w0} ${w1} ${w2} ${w3} ${port}`
    let end = this.#ends.get(key)
    if (end === undefined) {
      const address = String(addressOf(w0, w1, w2, w3, version === 6 ? 6 : 4))
      end = { address, port, sentFrames: 0, sentOctets: 0, receivedFrames: 0, receivedOctets: 0 }
      this.#ends.set(key, end)
    }
    return end
  }
}
