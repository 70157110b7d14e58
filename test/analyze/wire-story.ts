/**
 * Captures written as stories, a packet a line: `0.3 s PA 100` is the server's segment of 100 octets at 0.3 s. Numbers
 * follow by themselves; what differs from an ordinary packet stands behind it:
 *
 * - `again`: the sender's last text once more.
 * - `seq=+N`, `ack=+N`: so far from where they would stand; `win=N`, `ttl=N`, `id=N`; `scale=N` in a SYN.
 * - `unstamped`: no timestamps; `may-cut`: without Don't Fragment.
 * - `bare`: no options, identification 0, window 0; `text=...`: what it carries, with | for the end of a line.
 * - `0.2 icmp 3/1 10.1.0.1`: an ICMP error from there, about the client's last packet; `8` behind it: it quotes so many
 *   octets of its TCP header.
 */

import type { CaptureDiagnosis } from '../../src/analyze/outside/capture-diagnosis.ts'
import { diagnoseCapture } from '../../src/analyze/outside/diagnose-capture.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import { type Address, parseAddress } from '../../src/wire/address.ts'
import { writeIcmpError } from '../../src/wire/icmp-write.ts'
import { IpHeader, MAPPED_PREFIX } from '../../src/wire/ip-header.ts'
import { ACK, FIN, PSH, RST, Segment, SYN } from '../../src/wire/segment.ts'
import { tcpPacketOf } from '../../src/wire/tcp-packet.ts'

const IP_HEADER = 20
const ICMP_HEADER = 8
const EPOCH = 1_700_000_000
const FLAGS: Readonly<Record<string, number>> = { S: SYN, A: ACK, P: PSH, F: FIN, R: RST }

class Side {
  readonly address: Address
  readonly port: number
  readonly isn: number
  readonly ttl: number
  next: number
  identification: number
  lastText = { seq: 0, length: 0 }

  constructor(address: string, port: number, isn: number, ttl: number) {
    this.address = parseAddress(address)!
    this.port = port
    this.isn = isn
    this.next = isn
    this.ttl = ttl
    this.identification = isn & 0xfff
  }
}

export interface Ends {
  readonly client?: string
  readonly clientPort?: number
  /** The client's first number. */
  readonly isn?: number
  readonly server?: string
  readonly serverPort?: number
}

/** One connection; several of them make a capture. */
export class Story {
  readonly packets: { at: number; octets: Uint8Array }[] = []
  readonly #client: Side
  readonly #server: Side
  #lastOfClient: Uint8Array = new Uint8Array(0)

  constructor(lines: string, ends: Ends = {}) {
    this.#client = new Side(ends.client ?? '10.1.0.2', ends.clientPort ?? 40_000, ends.isn ?? 1000, 64)
    this.#server = new Side(ends.server ?? '10.2.0.2', ends.serverPort ?? 8080, 500_000, 63)
    for (const line of lines.split('\n').map((text) => text.trim())) if (line !== '') this.#play(line)
  }

  #play(line: string): void {
    const [time, who, what = '', ...rest] = line.split(' ')
    const at = Number(time)
    if (who === 'icmp') {
      this.packets.push({
        at,
        octets: this.#icmp(what, rest[0]!, Number(rest[1] ?? Number.POSITIVE_INFINITY)),
      })
      return
    }
    const [me, peer] = who === 'c' ? [this.#client, this.#server] : [this.#server, this.#client]
    const octets = this.#segment(me, peer, what, rest)
    if (who === 'c') this.#lastOfClient = octets
    this.packets.push({ at, octets })
  }

  #segment(me: Side, peer: Side, letters: string, words: readonly string[]): Uint8Array {
    const segment = new Segment()
    const value = (name: string): string | undefined =>
      words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)
    const has = (word: string): boolean => words.includes(word)
    for (const letter of letters) segment.flags |= FLAGS[letter]!
    const content = value('text')?.replaceAll('|', '\r\n').replaceAll('_', ' ')
    let length = content?.length ?? (Number.isNaN(Number(words[0])) ? 0 : Number(words[0]))
    segment.srcPort = me.port
    segment.dstPort = peer.port
    segment.seq = me.next + Number(value('seq') ?? 0)
    if (has('again')) {
      segment.seq = me.lastText.seq
      length = me.lastText.length
    }
    if ((segment.flags & ACK) !== 0) segment.ack = peer.next + Number(value('ack') ?? 0)
    segment.window = Number(value('win') ?? (has('bare') ? 0 : 64_240))
    if ((segment.flags & SYN) !== 0 && !has('bare')) segment.mss = Number(value('mss') ?? 1460)
    if (value('scale') !== undefined) segment.windowScale = Number(value('scale'))
    segment.hasTimestamps = !has('bare') && !has('unstamped')
    const isNew = (segment.flags & RST) === 0 && value('seq') === undefined && !has('again')
    if (isNew) {
      if (length > 0) me.lastText = { seq: segment.seq, length }
      me.next += length + ((segment.flags & (SYN | FIN)) !== 0 ? 1 : 0)
    }
    const ip = header(me.address, peer.address, Number(value('ttl') ?? me.ttl))
    ip.dontFragment = !has('may-cut')
    ip.identification = Number(value('id') ?? (has('bare') ? 0 : ++me.identification))
    const text = new Uint8Array(length).map((_, k) => content?.charCodeAt(k) ?? 0x2e)
    return tcpPacketOf(ip, segment, text)
  }

  #icmp(typeAndCode: string, source: string, quotes: number): Uint8Array {
    const [type, code] = typeAndCode.split('/').map(Number)
    const frame = new Uint8Array(576)
    const quoted = this.#lastOfClient
    const length = writeIcmpError(
      frame,
      4,
      type!,
      code!,
      0,
      0,
      0,
      MAPPED_PREFIX,
      parseAddress(source)!.w3,
      quoted,
      quoted.length,
    )
    const cut = Math.min(length, IP_HEADER + ICMP_HEADER + IP_HEADER + quotes)
    // The checksums are those of the whole: nobody looks at them.
    new DataView(frame.buffer).setUint16(2, cut)
    return frame.subarray(0, cut)
  }
}

function header(source: Address, destination: Address, ttl: number): IpHeader {
  const ip = new IpHeader()
  ip.ttl = ttl
  ip.src2 = ip.dst2 = MAPPED_PREFIX
  ip.src3 = source.w3
  ip.dst3 = destination.w3
  return ip
}

/** A pcap file of the stories, their packets by time. */
export function captureOf(...stories: readonly Story[]): Uint8Array {
  const packets = stories.flatMap((story) => story.packets).sort((one, other) => one.at - other.at)
  const parts = [
    pcapHeader(),
    ...packets.map(({ at, octets }) => pcapPacket((EPOCH + at) * 1e6, octets, 0, octets.length)),
  ]
  return new Uint8Array(parts.flatMap((part) => [...part]))
}

export function diagnosesOf(file: Uint8Array): CaptureDiagnosis[] {
  return [...diagnoseCapture(file).connections]
}
