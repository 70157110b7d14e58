/**
 * A witness on the wire of a random run: reads each packet as it is sent and holds both stacks to what the other one
 * said. It shares the decoders with them and nothing else.
 */

import { decodeIp } from '../wire/ip.ts'
import { IpHeader, PROTOCOL_TCP } from '../wire/ip-header.ts'
import { ACK, FIN, RST, Segment, SYN } from '../wire/segment.ts'
import { seqDiff, seqGT, seqLT } from '../wire/seq.ts'
import { decodeTcp } from '../wire/tcp.ts'
import { Payload } from './random-run-payload.ts'

/** Host 0 uses these local ports, one for each connection; host 1 listens at one port. */
export const FIRST_PORT = 40_000
export const LISTENING_PORT = 7

export interface WireLimits {
  /** Largest packet of each host's link, octets. */
  readonly mtu: readonly [number, number]
  /** A sender need not go below this, whatever the MSS option says. */
  readonly mssMinimum: number
  readonly mssDefault: number
  /** The host may send a keep-alive probe with an octet of garbage. */
  readonly garbage: readonly [boolean, boolean]
}

/** What one side of one connection has said so far. Numbers are int32 sequence numbers. */
class Speaker {
  known = false
  iss = 0
  /** The number after the highest octet sent. */
  next = 0
  fin = 0
  finSent = false
  mss = -1
  scale = -1
  synWindow = 0
  /** Right edge of the widest window offered, and the highest acknowledgment. */
  edge = 0
  acked = 0
  hasAcked = false
  tsVal = 0
  hasTimestamps = false
}

export class Wire {
  /** By sending host: packets, octets of text, segments without text or SYN, FIN, RST; segments with text. */
  readonly packets: [number, number] = [0, 0]
  readonly textOctets: [number, number] = [0, 0]
  readonly pureAcks: [number, number] = [0, 0]
  readonly textSegments: [number, number] = [0, 0]
  /** Of everything that was sent, and when. */
  digest = 0
  readonly #limits: WireLimits
  readonly #speakers: [Speaker, Speaker][] = []
  readonly #payloads: [Payload, Payload][] = []
  /** Which connection has the port now, by the port's distance from FIRST_PORT; and those that had it before. */
  readonly #current: number[] = []
  readonly #reused: boolean[] = []
  readonly #doubled: boolean[] = []
  readonly #ip = new IpHeader()
  readonly #segment = new Segment()

  constructor(connections: number, limits: WireLimits) {
    this.#limits = limits
    for (let i = 0; i < connections; i++) {
      this.#speakers.push([new Speaker(), new Speaker()])
      this.#payloads.push([new Payload(i, 0), new Payload(i, 1)])
    }
  }

  /** From now on this port of host 0 belongs to that connection. */
  opens(port: number, connection: number): void {
    this.#reused[connection] = (this.#current[port - FIRST_PORT] ?? connection) !== connection
    this.#current[port - FIRST_PORT] = connection
  }

  connectionAt(port: number): number {
    return this.#current[port - FIRST_PORT] ?? -1
  }

  /** @throws Error saying what a host may not send. */
  see(now: number, from: 0 | 1, frame: Uint8Array, length: number): void {
    const ip = this.#ip
    const seg = this.#segment
    this.packets[from]++
    if (length > this.#limits.mtu[from]) wrong(from, `a packet of ${length} octets`)
    const verdict = decodeIp(frame, 0, length, ip)
    if (verdict !== 'ok') wrong(from, `a packet that is refused: ${verdict}`)
    if (ip.protocol !== PROTOCOL_TCP) return
    const tcpVerdict = decodeTcp(frame, ip, seg, true)
    if (tcpVerdict !== 'ok') wrong(from, `a segment that is refused: ${tcpVerdict}`)
    this.#fold(now, from, seg)
    const index = this.connectionAt(from === 0 ? seg.srcPort : seg.dstPort)
    const pair = this.#speakers[index]
    if (pair === undefined) return wrong(from, `a segment from port ${seg.srcPort} to ${seg.dstPort}`)
    if (seg.textLength > 0) {
      this.textSegments[from]++
      this.textOctets[from] += seg.textLength
    } else if ((seg.flags & (SYN | FIN | RST)) === 0) this.pureAcks[from]++
    if ((seg.flags & RST) !== 0) return
    const speaker = pair[from]
    // Host 1 may still speak for the connection that had the port before.
    if (this.#reused[index] && from === 1 && !this.#isFirstAnswer(speaker, pair[0])) return
    // A SYN that came late may open another connection at a listener: from then on two of them speak at once.
    if ((seg.flags & SYN) !== 0 && speaker.known && speaker.iss !== seg.seq) this.#doubled[index] = true
    if (this.#doubled[index]) return
    this.#check(speaker, pair[1 - from]!, from, this.#payloads[index]![from])
  }

  #isFirstAnswer(speaker: Speaker, other: Speaker): boolean {
    const seg = this.#segment
    return speaker.known || ((seg.flags & SYN) !== 0 && seg.ack === ((other.iss + 1) | 0))
  }

  #check(speaker: Speaker, other: Speaker, from: 0 | 1, payload: Payload): void {
    const seg = this.#segment
    if ((seg.flags & SYN) !== 0) noteSyn(speaker, seg)
    else if (!speaker.known) wrong(from, 'a segment before its SYN')
    else this.#checkText(speaker, other, from, payload)
    if ((seg.flags & ACK) !== 0) checkAcknowledgment(speaker, other, from, seg)
    checkTimestamps(speaker, from, seg)
  }

  #checkText(speaker: Speaker, other: Speaker, from: 0 | 1, payload: Payload): void {
    const seg = this.#segment
    const { mssMinimum, mssDefault, garbage } = this.#limits
    const offset = seqDiff(seg.seq, speaker.iss) - 1
    const end = (seg.seq + seg.textLength) | 0
    const most = Math.max(other.mss < 0 ? mssDefault : other.mss, mssMinimum)
    if (seg.textLength > 0) {
      const isGarbage = garbage[from] && seg.textLength === 1 && end === speaker.next
      const at = payload.firstDifference(offset, seg.bytes, seg.textOffset, seg.textLength)
      if (at >= 0 && !isGarbage) wrong(from, `a wrong octet at offset ${at}`)
      if (seg.textLength > most) wrong(from, `${seg.textLength} octets of text where the MSS is ${most}`)
      if (other.hasAcked && seqDiff(end, other.edge) > (seg.textLength === 1 ? 1 : 0)) {
        wrong(from, `text ${seqDiff(end, other.edge)} octets beyond the window`)
      }
      if (speaker.finSent && seqGT(end, speaker.fin) && !isGarbage) wrong(from, 'text behind its FIN')
    }
    if ((seg.flags & FIN) !== 0) {
      if (speaker.finSent && speaker.fin !== end) wrong(from, 'a FIN at another place')
      speaker.finSent = true
      speaker.fin = end
    }
    const next = (end + ((seg.flags & FIN) !== 0 ? 1 : 0)) | 0
    if (seqGT(next, speaker.next)) {
      if (seqGT(seg.seq, speaker.next)) wrong(from, `a gap of ${seqDiff(seg.seq, speaker.next)} octets`)
      speaker.next = next
    } else if (seg.length === 0 && seqGT(seg.seq, speaker.next)) wrong(from, 'an ACK beyond SND.NXT')
  }

  /** A cheap hash of every segment's time and numbers: two runs that differ will not agree on it. */
  #fold(now: number, from: 0 | 1, seg: Segment): void {
    let h = this.digest
    for (const word of [
      now,
      from,
      seg.srcPort,
      seg.seq,
      seg.ack,
      seg.flags,
      seg.window,
      seg.textLength,
      seg.tsVal,
    ]) {
      h = Math.imul((h ^ word) + (h >>> 15), 0x9e3779b1) | 0
    }
    this.digest = h
  }
}

function noteSyn(speaker: Speaker, seg: Segment): void {
  if (!speaker.known) {
    speaker.known = true
    speaker.iss = seg.seq
    speaker.next = (seg.seq + 1) | 0
    speaker.mss = seg.mss
    speaker.hasTimestamps = seg.hasTimestamps
    speaker.tsVal = seg.tsVal
  }
  // The answer to a SYN may take back what a first SYN offered.
  speaker.scale = seg.windowScale
  speaker.synWindow = seg.window
}

function checkAcknowledgment(speaker: Speaker, other: Speaker, from: 0 | 1, seg: Segment): void {
  if (!other.known) wrong(from, 'an acknowledgment of nothing')
  if (seqGT(seg.ack, other.next) && speaker.known) wrong(from, 'an acknowledgment of what was never sent')
  const isScaled = (seg.flags & SYN) === 0 && speaker.scale >= 0 && other.scale >= 0
  const edge = (seg.ack + (isScaled ? seg.window << speaker.scale : seg.window)) | 0
  if (!speaker.hasAcked) {
    speaker.hasAcked = true
    speaker.acked = seg.ack
    // What an active SYN offered counts from the other side's first number.
    const first = (seg.ack + speaker.synWindow) | 0
    speaker.edge = seqGT(first, edge) ? first : edge
    return
  }
  if (seqLT(seg.ack, speaker.acked)) wrong(from, 'an acknowledgment that goes back')
  // SHLD-14; but a right edge that is no multiple of the unit away cannot be said (RFC 7323 2.4).
  const shrunk = seqDiff(speaker.edge, edge)
  // A SYN that goes again says what fits its field without a scale.
  const isSyn = (seg.flags & SYN) !== 0
  if (shrunk > 0 && !isSyn && shrunk >= (isScaled ? 1 << speaker.scale : 1)) {
    wrong(from, `a window shrunk by ${shrunk} octets (SHLD-14)`)
  }
  speaker.acked = seg.ack
  if (shrunk < 0) speaker.edge = edge
}

function checkTimestamps(speaker: Speaker, from: 0 | 1, seg: Segment): void {
  if (!seg.hasTimestamps) return
  if (speaker.hasTimestamps && seqLT(seg.tsVal, speaker.tsVal)) wrong(from, 'a timestamp that goes back')
  speaker.tsVal = seg.tsVal
}

function wrong(from: 0 | 1, what: string): never {
  throw new Error(`host ${from} sends ${what}`)
}
