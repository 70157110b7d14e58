/**
 * The other side of one connection in the differential test: a naive sender that says what it is told to say, and keeps
 * as much of a TCB as it takes to number its segments and to read the answers.
 *
 * SEG.SEQ is the number after all that it has sent, SYN, text and FIN counted, whether or not they were taken. SEG.ACK is
 * the number after all that the other side has sent; before it has sent a SYN it is WRONG_ACK. Steps may shift both.
 * Answers are written relative to what both knew before the step, so that two stacks with other initial sequence numbers
 * and other windows say the same where they mean the same:
 *
 *     SA ISS=new ACK=SEG.SEQ+1 <mss>     A SEQ=N ACK=R     R SEQ=SEG.ACK
 *
 * R is RCV.NXT of the side under test as far as it has told, else SEG.SEQ; N is its SND.NXT.
 */

import { parseAddress } from '../../src/wire/address.ts'
import { writeIcmpError } from '../../src/wire/icmp-write.ts'
import { type Arriving, type Packet, packetOf } from '../stack/packets-harness.ts'

/** What the other side says in one step. */
export interface Saying {
  /** Letters of `FSRPAU`. */
  readonly flags: string
  /** Octets of text. */
  readonly text?: number
  /** Added to SEG.SEQ. */
  readonly seq?: number
  /** SEG.SEQ stands so far from the right edge of the window offered. */
  readonly fromEdge?: number
  /** Added to SEG.ACK. */
  readonly ack?: number
  readonly window?: number
  /** The urgent pointer. */
  readonly urgent?: number
  /** Added to TSval; with `'none'` there is no timestamp. */
  readonly tsVal?: number | 'none'
}

/** A router on the way says that a segment of the side under test did not get through. */
export interface Report {
  readonly icmp: readonly [type: number, code: number]
  /** The quoted segment's number, from SND.NXT. */
  readonly quoting: number
  readonly mtu?: number
}

export interface Sockets {
  readonly version: 4 | 6
  readonly local: string
  readonly localPort: number
  readonly remote: string
  readonly remotePort: number
}

const WRONG_ACK = 0x5eed_0000
/** Further apart than this two numbers have nothing to do with each other. */
const NEAR = 1 << 20
const SYN_LENGTH: Readonly<Record<string, number>> = { S: 1, F: 1 }

export class Probe {
  readonly sockets: Sockets
  readonly #timestamps: boolean
  /** SEG.SEQ of the next segment. */
  #seq: number
  readonly #iss: number
  /** RCV.NXT of the other side by its own word, or null. */
  #acked: number | null = null
  /** SND.NXT of the other side, null before its SYN. */
  #next: number | null = null
  #irs = 0
  /** Right edge of its window. */
  #edge = 0
  #tsVal = 1000
  #tsEcr = 0
  /** The segment that was said last. */
  #said: Arriving = {}
  #saidLength = 0

  constructor(sockets: Sockets, iss: number, timestamps: boolean) {
    this.sockets = sockets
    this.#timestamps = timestamps
    this.#iss = iss
    this.#seq = iss
  }

  /** The packet of a step. What it is in words is asked first: from here on it is a part of the past. */
  say(saying: Saying): Uint8Array {
    this.#said = this.#segmentOf(saying)
    this.#saidLength = lengthOf(saying.flags, saying.text ?? 0)
    if (saying.seq === undefined && saying.fromEdge === undefined) this.#seq += this.#saidLength
    this.#tsVal += 1
    return packetOf(this.#said)
  }

  /** The packet of a report. */
  report({ icmp: [type, code], quoting, mtu = 0 }: Report): Uint8Array {
    const { version, local, localPort, remote, remotePort } = this.sockets
    const quoted = packetOf({
      ...{ version, src: local, dst: remote, srcPort: localPort, dstPort: remotePort },
      ...{ flags: 'A', seq: ((this.#next ?? 0) + quoting) >>> 0, ack: this.#acked ?? 0 },
    })
    const frame = new Uint8Array(600)
    const { w0, w1, w2, w3 } = parseAddress(remote)!
    const length = writeIcmpError(frame, version, type, code, mtu, w0, w1, w2, w3, quoted, quoted.length)
    return frame.slice(0, length)
  }

  /** The segment of a step in words: `FA SEQ=R ACK=N`. */
  describe(saying: Saying): string {
    const { flags } = saying
    const { seq = 0, ack = 0 } = this.#segmentOf(saying)
    const words = [flags === '' ? '-' : flags]
    if (saying.text) words.push(`${saying.text} octets`)
    if (this.#acked !== null) {
      words.push(
        `SEQ=${saying.fromEdge === undefined ? relative('R', seq, this.#acked) : shift('EDGE', saying.fromEdge)}`,
      )
    }
    if (flags.includes('A'))
      words.push(`ACK=${this.#next === null ? 'wrong' : relative('N', ack, this.#next)}`)
    if (saying.window !== undefined) words.push(`WND=${saying.window}`)
    if (saying.urgent !== undefined) words.push(`UP=${saying.urgent}`)
    if (saying.tsVal !== undefined) words.push(`TSval=${saying.tsVal}`)
    return words.join(' ')
  }

  /** What the probe knows, relative to both initial sequence numbers: where it differs the next steps would, too. */
  get position(): string {
    const acked = this.#acked === null ? '-' : this.#acked - this.#iss
    const next = this.#next === null ? '-' : (this.#next - this.#irs) | 0
    return `${this.#seq - this.#iss} ${acked} ${next}`
  }

  /** The answers to a step, in words and in their order; from then on they are known. */
  hear(packets: readonly Packet[]): string {
    const words = packets.map((packet) => this.#read(packet))
    for (const packet of packets) this.#learn(packet)
    return words.length === 0 ? 'nothing' : words.join(', ')
  }

  /** The segment that ends what is left of the connection. */
  end(): Uint8Array {
    return this.say({ flags: 'R', seq: this.#acked === null ? 0 : (this.#acked - this.#seq) | 0 })
  }

  #segmentOf(saying: Saying): Arriving {
    const { sockets } = this
    const { flags, text = 0 } = saying
    const from = saying.fromEdge === undefined ? this.#seq + (saying.seq ?? 0) : this.#edge + saying.fromEdge
    const hasAck = flags.includes('A')
    const ts = this.#timestamps && saying.tsVal !== 'none' && !flags.includes('R')
    return {
      version: sockets.version,
      src: sockets.remote,
      dst: sockets.local,
      srcPort: sockets.remotePort,
      dstPort: sockets.localPort,
      flags: orderOf(flags),
      seq: from >>> 0,
      ack: hasAck ? ((this.#next ?? WRONG_ACK) + (saying.ack ?? 0)) >>> 0 : 0,
      win: saying.window ?? 60_000,
      text,
      ...(saying.urgent === undefined ? {} : { urg: saying.urgent }),
      ...(flags.includes('S') ? { mss: 1400 } : {}),
      ...(ts ? { ts: [this.#tsVal + Number(saying.tsVal ?? 0), hasAck ? this.#tsEcr : 0] as const } : {}),
    }
  }

  #read(packet: Packet): string {
    if (packet.type >= 0) return `ICMP ${packet.type}/${packet.code}`
    const { flags, seq, ack, length } = packet
    const words = [flags]
    words.push(this.#readSeq(packet, seq))
    if (flags.includes('A')) words.push(`ACK=${this.#readAck(ack, words[1] === 'ISS=new')}`)
    if (length > 0) words.push(`${length} octets`)
    if (packet.win === 0 && !flags.includes('R')) words.push('WND=0')
    const options = [packet.mss >= 0 ? 'mss' : '', packet.ws >= 0 ? 'ws' : '', packet.ts === null ? '' : 'ts']
    const known = options.filter((name) => name !== '')
    if (known.length > 0) words.push(`<${known.join()}>`)
    return words.join(' ')
  }

  #readSeq({ flags }: Packet, seq: number): string {
    if (flags.includes('S')) return this.#next !== null && seq === this.#irs >>> 0 ? 'ISS=same' : 'ISS=new'
    if (this.#next !== null && seq === this.#next) return 'SEQ=N'
    if (this.#said.flags?.toString().includes('A') && seq === this.#said.ack) return 'SEQ=SEG.ACK'
    if (seq === 0) return 'SEQ=0'
    return `SEQ=${this.#next === null ? 'far' : relative('N', seq, this.#next)}`
  }

  #readAck(ack: number, isNew: boolean): string {
    if (this.#acked !== null && !isNew) return relative('R', ack, this.#acked)
    return relative('SEG.SEQ', ack, this.#said.seq ?? this.#iss)
  }

  #learn(packet: Packet): void {
    const { flags, seq, ack } = packet
    if (packet.type >= 0 || flags.includes('R')) return
    if (flags.includes('S')) {
      this.#irs = seq
      this.#next = (seq + 1) >>> 0
    } else if (this.#next !== null) {
      const end = (seq + lengthOf(flags, packet.length)) >>> 0
      if (((end - this.#next) | 0) > 0) this.#next = end
    }
    if (flags.includes('A')) {
      this.#acked = ack
      this.#edge = ack + packet.win
    }
    // Any TSval of the other side's may be echoed. Linux refuses that of an acknowledgment from SYN-RECEIVED.
    if (packet.ts !== null && lengthOf(flags, packet.length) > 0) this.#tsEcr = packet.ts[0]
  }
}

function lengthOf(flags: string, text: number): number {
  return [...flags].reduce((sum, letter) => sum + (SYN_LENGTH[letter] ?? 0), text)
}

/** The letters as they stand in packets-harness.ts. */
const orderOf = (flags: string): string => [...'FSRPAU'].filter((letter) => flags.includes(letter)).join('')

/** A report in words. */
export const describeReport = ({ icmp, quoting, mtu }: Report): string =>
  `ICMP ${icmp.join('/')} quoting ${shift('N', quoting)}${mtu === undefined ? '' : ` MTU ${mtu}`}`

function relative(name: string, number: number, base: number): string {
  const distance = (number - base) | 0
  return Math.abs(distance) > NEAR ? 'far' : shift(name, distance)
}

function shift(name: string, distance: number): string {
  if (distance === 0) return name
  return `${name}${distance > 0 ? '+' : ''}${distance}`
}
