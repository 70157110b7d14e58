/** Packets of a made capture: pcap records of Ethernet, IPv4 and TCP with timestamps, gathered into large writes. */

import { ACK, FIN, PSH, SYN } from '../src/wire/segment.ts'

const MAGIC = 0xa1b2c3d4
const LINKTYPE_ETHERNET = 1
const SERVER = 0x0a80_0001
const RECORD = 16
const HEADERS = 14 + 20 + 32
/** Microseconds between packets. */
const GAP_US = 7

const FLAGS = { S: SYN, SA: SYN | ACK, A: ACK, PA: PSH | ACK, FA: FIN | ACK } as const

export function pcapHeader(): Uint8Array {
  const view = new DataView(new ArrayBuffer(24))
  view.setUint32(0, MAGIC, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, 65535, true)
  view.setUint32(20, LINKTYPE_ETHERNET, true)
  return new Uint8Array(view.buffer)
}

export class PacketWriter {
  packets = 0
  readonly #sink: (octets: Uint8Array) => void
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  #us = 0

  constructor(sink: (octets: Uint8Array) => void, chunk: number) {
    this.#sink = sink
    this.#bytes = new Uint8Array(chunk)
    this.#view = new DataView(this.#bytes.buffer)
  }

  packet(
    fromClient: boolean,
    client: number,
    clientPort: number,
    serverPort: number,
    seq: number,
    ack: number,
    flags: keyof typeof FLAGS,
    length: number,
  ): void {
    const size = HEADERS + length
    if (this.#at + RECORD + size > this.#bytes.length) this.#flush()
    const view = this.#view
    const record = this.#at
    const us = this.#us
    view.setUint32(record, 1_700_000_000 + Math.floor(us / 1e6), true)
    view.setUint32(record + 4, us % 1e6, true)
    view.setUint32(record + 8, size, true)
    view.setUint32(record + 12, size, true)
    const ip = record + RECORD + 14
    view.setUint16(ip - 2, 0x0800)
    view.setUint32(ip, (0x4500 << 16) | (20 + 32 + length))
    view.setUint32(ip + 4, ((this.packets & 0xffff) << 16) | 0x4000)
    view.setUint32(ip + 8, 0x4006_0000)
    view.setUint32(ip + 12, fromClient ? client : SERVER)
    view.setUint32(ip + 16, fromClient ? SERVER : client)
    const tcp = ip + 20
    view.setUint16(tcp, fromClient ? clientPort : serverPort)
    view.setUint16(tcp + 2, fromClient ? serverPort : clientPort)
    view.setUint32(tcp + 4, seq)
    view.setUint32(tcp + 8, ack)
    view.setUint16(tcp + 12, 0x8000 | FLAGS[flags])
    view.setUint16(tcp + 14, 64_000)
    view.setUint32(tcp + 20, 0x0101_080a)
    view.setUint32(tcp + 24, Math.floor(us / 1000))
    view.setUint32(tcp + 28, Math.floor(us / 1000))
    this.#at = tcp + 32 + length
    this.#us += GAP_US
    this.packets++
  }

  end(): void {
    this.#flush()
  }

  #flush(): void {
    this.#sink(this.#bytes.subarray(0, this.#at))
    this.#at = 0
  }
}
