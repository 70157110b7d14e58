/** What the other side sees of a connection: every packet it sends, read and held against what may be sent. */

import type { Connection } from '../../src/tcp/connection.ts'
import type { Tcb } from '../../src/tcp/tcb.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { ACK, FIN, RST, Segment, SYN } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'
import { expect } from '../target.ts'
import { userOctet } from './stream.ts'

const ip = new IpHeader()
const seg = new Segment()

export class Wire {
  /** Acknowledgments without text, and resets, sent so far. */
  pureAcks = 0
  resets = 0
  /** Places of the user's stream where records end. */
  readonly recordEnds = new Set<number>()
  /** Our SYN's number, or null before it. */
  #iss: number | null = null
  /** The right edge of the window that was offered, and the acknowledgment sent last; null before the first. */
  #edge: number | null = null
  #acked: number | null = null
  #synWindow = 0
  /** The shift count that our SYN offered, -1 for none; and whether it offered timestamps. */
  #shift = -1
  #timestamps = false
  /** How far the peer's windows ever allowed to send: the largest ack + window of a segment that may have counted. */
  #allowed: number | null = null
  /** The window of a SYN that came before ours. */
  #synHeard = -1
  /** The number after the last octet sent. */
  #sentEnd = 0

  /** What comes next is another connection. */
  forget(isListening: boolean): void {
    this.#iss = null
    this.#edge = null
    this.#acked = null
    this.#allowed = null
    this.recordEnds.clear()
    // Where it is not, the SYN was heard before we knew of it.
    if (isListening) this.#synHeard = -1
  }

  /** A segment that goes to the connection. */
  heard(flags: number, ack: number, window: number, sndScale: number): void {
    if (this.#iss === null) {
      if ((flags & SYN) !== 0) this.#synHeard = Math.max(this.#synHeard, window)
      return
    }
    // Whatever ACK says, a SYN may be the first to open the window, which counts from our own SYN.
    const from = (flags & ACK) !== 0 ? ack : (this.#iss + 1) | 0
    if (((from - this.#iss) | 0) < 0 || ((from - this.#sentEnd) | 0) > 0) return
    const allowed = (from + (window << sndScale)) | 0
    if (this.#allowed === null || ((allowed - this.#allowed) | 0) > 0) this.#allowed = allowed
  }

  /** A packet of the connection's, which says of itself what the wire alone cannot tell. */
  sent(packet: Uint8Array, length: number, { tcb }: Connection): void {
    const read = decodeIp(packet, 0, length, ip)
    expect(read === 'ok', () => `a packet with ${read} is sent`)
    expect(ip.totalLength === length, 'a packet of another length than its own is sent')
    const verdict = decodeTcp(packet, ip, seg, true)
    expect(verdict === 'ok', () => `a segment with ${verdict} is sent`)
    expect(seg.srcPort === LOCAL_PORT && seg.dstPort === REMOTE_PORT, 'a segment goes to another socket')
    if ((seg.flags & RST) !== 0) {
      expect(seg.textLength === 0 && (seg.flags & (SYN | FIN)) === 0, 'a reset says more than that')
      this.resets++
      return
    }
    if ((seg.flags & SYN) !== 0) this.#sentSyn()
    else expect((seg.flags & ACK) !== 0, 'a segment without ACK is sent')
    if ((seg.flags & ACK) !== 0) this.#sentAck(tcb)
    if (!isGarbage(tcb)) this.#sentText(packet)
  }

  #sentSyn(): void {
    expect(this.#iss === null || this.#iss === seg.seq, 'a SYN with another number than before')
    expect(seg.textLength === 0 && (seg.flags & FIN) === 0, 'a SYN carries more than options')
    expect(seg.mss >= 1, 'a SYN without the MSS option')
    if (this.#iss === null) {
      this.#sentEnd = (seg.seq + 1) | 0
      if (this.#synHeard >= 0) this.#allowed = (seg.seq + 1 + this.#synHeard) | 0
    }
    const isAnswer = (seg.flags & ACK) !== 0
    const isFirst = this.#iss === null
    expect(
      isFirst || seg.windowScale === this.#shift || (isAnswer && seg.windowScale === -1),
      'a SYN offers another shift',
    )
    expect(isFirst || seg.hasTimestamps === this.#timestamps || isAnswer, 'a SYN offers other timestamps')
    this.#shift = seg.windowScale
    this.#timestamps = seg.hasTimestamps
    this.#iss = seg.seq
    if ((seg.flags & ACK) === 0) this.#synWindow = seg.window
  }

  /** What was acknowledged and offered stays so (SHLD-14); nothing is acknowledged that lay beyond the window. */
  #sentAck({ rcvScale, irs, timestamps }: Tcb): void {
    expect(rcvScale === 0 || rcvScale === this.#shift, 'windows are scaled by another shift than was offered')
    expect(!timestamps || this.#timestamps, 'timestamps are used that were not offered')
    const scale = (seg.flags & SYN) !== 0 ? 0 : rcvScale
    const edge = (seg.ack + (seg.window << scale)) | 0
    if (this.#edge === null || this.#acked === null) {
      // The first to acknowledge: from LISTEN, or after our own SYN.
      this.#edge = (seg.flags & SYN) !== 0 ? edge : (irs + 1 + this.#synWindow) | 0
      this.#acked = seg.ack
    }
    expect(((seg.ack - this.#acked) | 0) >= 0, 'an acknowledgment goes back')
    expect(((seg.ack - this.#edge) | 0) <= 0, 'what lay beyond the window is acknowledged')
    // A SYN cannot say more than its field holds.
    const isMost = (seg.flags & SYN) !== 0 && seg.window === 0xffff
    expect(isMost || ((this.#edge - edge) | 0) < 1 << scale, 'the window that was offered is taken back')
    this.#acked = seg.ack
    this.#checkBlocks(edge)
    if (((edge - this.#edge) | 0) > 0) this.#edge = edge
  }

  /** RFC 2018 3: blocks lie beyond the acknowledgment, in what was offered; none meets another. */
  #checkBlocks(edge: number): void {
    const most = Math.max(0, (edge - seg.ack) | 0, (this.#edge! - seg.ack) | 0)
    const blocks = Array.from({ length: seg.sackBlocks }, (_, i) => [
      (seg.sackEdges[2 * i]! - seg.ack) | 0,
      (seg.sackEdges[2 * i + 1]! - seg.ack) | 0,
    ])
    blocks.sort((a, b) => a[0]! - b[0]!)
    for (const [i, [left, right]] of blocks.entries()) {
      expect(left! > (blocks[i - 1]?.[1] ?? 0), 'a SACK block meets another, or the acknowledgment')
      expect(left! < right! && right! <= most, 'a SACK block is empty or beyond the window')
    }
  }

  #sentText(packet: Uint8Array): void {
    const { flags, seq, textOffset, textLength } = seg
    const controls = (flags & (SYN | FIN)) !== 0 ? 1 : 0
    if (textLength + controls === 0) {
      this.pureAcks++
      return
    }
    expect(this.#iss !== null, 'text is sent before a SYN')
    const place = (seq - this.#iss - 1) | 0
    for (let i = 0; i < textLength; i++) {
      expect(packet[textOffset + i] === userOctet(place + i), () => `octet ${place + i} sent is another`)
    }
    for (const record of this.recordEnds) {
      expect(record <= place || record >= place + textLength, 'a segment holds octets of two records')
    }
    const end = (seq + textLength + controls) | 0
    if (((end - this.#sentEnd) | 0) <= 0) return
    this.#sentEnd = end
    // A probe of a closed window: one octet, and the FIN behind it where that is the last.
    const probe = textLength <= 1 ? textLength + controls : 1
    const beyond = this.#allowed === null ? -1 : (end - this.#allowed) | 0
    expect(
      (flags & SYN) !== 0 || beyond <= Math.max(1, probe),
      () => `${beyond} octets beyond the window are sent`,
    )
  }
}

/** The octet of a keep-alive probe (MAY-6) is none of the stream's: it stands before all that is unacknowledged. */
function isGarbage({ config, snd }: Tcb): boolean {
  return config.keepAliveGarbage && seg.textLength === 1 && seg.seq === ((snd.una - 1) | 0)
}

export const LOCAL_PORT = 80
export const REMOTE_PORT = 4000
