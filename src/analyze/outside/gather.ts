/** Takes what the next packet of a connection says into its facts. */

import { readInt32, readUint16 } from '../../bytes/big-endian.ts'
import type { Packet, TcpFields } from '../../dissect/packet.ts'
import { senderIsClient } from '../../flows/client-side.ts'
import {
  FAST_RETRANSMISSION,
  KEEP_ALIVE,
  OUT_OF_ORDER,
  SPURIOUS_RETRANSMISSION,
  type TcpAnalysis,
  ZERO_WINDOW_PROBE,
} from '../../flows/tcp-analysis.ts'
import { ACK, FIN, RST, SYN } from '../../wire/segment.ts'
import {
  forEachTcpOption,
  KIND_MSS,
  KIND_TIMESTAMPS,
  KIND_WINDOW_SCALE,
  NOP_NOP_TIMESTAMPS,
} from '../../wire/tcp-options.ts'
import { type ConnectionFacts, MAX_RESETS, type SideFacts } from './facts.ts'
import { frameText } from './framing.ts'

/** A copy of a packet follows the original within this time. */
const COPY_SECONDS = 0.05
/** Identifications that follow so closely come from one counter. */
const NEAR_IDENTIFICATION = 2048
const LEAST_HEADER = 20

/** @param at seconds from the capture's first packet. */
export function gather(
  c: ConnectionFacts,
  packet: Packet,
  tcp: TcpFields,
  seen: TcpAnalysis,
  at: number,
): void {
  const me = seen.isFromA ? c.a : c.b
  const peer = seen.isFromA ? c.b : c.a
  const { number: frame } = packet
  if (isCopy(me, packet, tcp, at)) {
    if (c.copies++ === 0) c.firstCopy.set(frame, at)
    return
  }
  const idle = c.packets === 0 ? 0 : at - c.last.at
  if (idle > c.longestIdle) c.longestIdle = idle
  if (c.packets++ === 0) c.first.set(frame, at)
  c.last.set(frame, at)
  if (me.packets++ === 0) me.first.set(frame, at)
  if ((tcp.flags & RST) !== 0) {
    takeReset(c, me, peer, packet, tcp, at, idle)
    return
  }
  if (c.resetCount > 0) noteAfterReset(c, seen.isFromA, frame, at)
  learnHabits(me, packet)
  if (!me.hasNumbers) begin(me, tcp)
  if ((tcp.flags & ACK) !== 0) takeAcknowledgment(c, me, peer, tcp, frame, at)
  if ((tcp.flags & SYN) !== 0) takeSyn(c, me, packet, tcp, at)
  else if (me.syns + me.synAcks === 0 && peer.syns > 0 && peer.synAcks === 0 && !me.challenge.happened) {
    me.challenge.set(frame, at)
  }
  takeText(c, me, peer, packet, tcp, seen, at, idle)
  if ((tcp.flags & FIN) !== 0) takeFin(c, me, peer, tcp, frame, at, idle)
  if ((tcp.flags & (SYN | ACK)) === ACK) takeWindow(me, seen.window, frame, at)
  peer.keepAlivesUnanswered = 0
  me.last.set(frame, at)
  me.lastFlags = tcp.flags
  me.lastLength = Math.max(0, tcp.textLength)
  me.lastSeq = tcp.seq
  me.lastAck = tcp.ack
}

/**
 * The same packet once more, as far as its numbers tell: an interface or a mirror port saw it twice, or files were merged that
 * both hold it. Without an identification only the very same moment shows that.
 */
function isCopy(me: SideFacts, packet: Packet, tcp: TcpFields, at: number): boolean {
  const { identification, version, nanoseconds } = packet
  if (tcp.seq !== me.lastSeq || tcp.ack !== me.lastAck || tcp.flags !== me.lastFlags) return false
  if (tcp.textLength !== me.lastLength) return false
  if (version === 4 && identification !== 0) {
    return identification === me.identification && at - me.last.at < COPY_SECONDS
  }
  // A clock of whole seconds tells no moments apart.
  const isSpecial = tcp.textLength > 0 || (tcp.flags & (SYN | FIN)) !== 0
  return at === me.last.at && isSpecial && nanoseconds !== 0
}

function learnHabits(me: SideFacts, { ttl, identification }: Packet): void {
  if (me.ttl === 0) me.ttl = ttl
  else {
    if (me.ttl !== ttl) me.ttlVaries = true
    if (me.laterTtl !== ttl) me.laterTtl = me.laterTtl === 0 ? ttl : -1
  }
  if (identification !== 0) {
    me.identified++
    const step = (identification - me.identification) & 0xffff
    if (me.identification > 0 && step < NEAR_IDENTIFICATION) me.identifiedInOrder++
  }
  me.identification = identification
}

/** A capture that begins in the middle knows no first number. */
function begin(me: SideFacts, { seq, flags }: TcpFields): void {
  me.hasNumbers = true
  me.next = me.una = seq
  if ((flags & SYN) === 0) return
  me.hasIsn = true
  me.isn = seq
}

function takeSyn(c: ConnectionFacts, me: SideFacts, packet: Packet, tcp: TcpFields, at: number): void {
  const { number: frame } = packet
  const isFirst = me.syns + me.synAcks === 0
  if ((tcp.flags & ACK) === 0) {
    if (me.syns++ === 0) me.syn.set(frame, at)
    me.lastSyn.set(frame, at)
  } else {
    if (me.synAcks++ === 0) {
      me.synAck.set(frame, at)
      me.synAckWindow = tcp.window
    } else if (c.handshake.happened) me.lateSynAcks++
    me.lastSynAck.set(frame, at)
    // Each SYN was answered: none was lost, it was the answer that took its time.
    if (c.handshake.happened && me.synAcks === c.client.syns) c.rtt = c.handshake.at - c.client.syn.at
  }
  if (!c.knowsClient) {
    c.knowsClient = true
    c.clientIsA = (me === c.a) === senderIsClient(tcp)
  }
  if (!isFirst) return
  me.hasIsn = true
  me.isn = tcp.seq
  if (((tcp.seq + 1 - me.next) | 0) > 0) me.next = (tcp.seq + 1) | 0
  readSynOptions(me, packet, tcp)
}

function readSynOptions(me: SideFacts, { bytes, end }: Packet, tcp: TcpFields): void {
  const stop = Math.min(tcp.at + tcp.headerLength, end)
  forEachTcpOption(bytes, tcp.at + LEAST_HEADER, stop, (kind, valueAt, length) => {
    if (kind === KIND_MSS && length === 2) me.mss = readUint16(bytes, valueAt)
    else if (kind === KIND_WINDOW_SCALE && length === 1) me.scale = bytes[valueAt]!
    else if (kind === KIND_TIMESTAMPS) me.hasTimestamps = true
  })
}

function takeAcknowledgment(
  c: ConnectionFacts,
  me: SideFacts,
  peer: SideFacts,
  { ack, flags }: TcpFields,
  frame: number,
  at: number,
): void {
  if (!me.hasAcked || ((ack - me.acked) | 0) > 0) me.acked = ack
  me.hasAcked = true
  if (!peer.hasNumbers) {
    peer.hasNumbers = true
    peer.next = peer.una = ack
    return
  }
  const isClient = me === c.client
  if (!c.handshake.happened && isClient && peer.synAcks > 0 && (flags & SYN) === 0) {
    c.handshake.set(frame, at)
    c.rtt = at - me.lastSyn.at
  }
  if (((ack - peer.una) | 0) <= 0) return
  peer.una = ack
  peer.lastAcked.set(frame, at)
  if (((peer.next - ack) | 0) < 0) peer.next = ack
  if (peer.gap.happened && ((ack - peer.gapSeq) | 0) > 0) peer.gap.clear()
  peer.pendingAgain = 0
  if (((peer.next - ack) | 0) === 0) {
    peer.pending.clear()
    if (peer.largestInFlight > peer.largestDelivered) peer.largestDelivered = peer.largestInFlight
    peer.largestInFlight = 0
  } else if (peer.pending.happened) peer.pending.set(frame, at)
  if (peer.fin.happened && !peer.finAcked.happened && ((ack - peer.finEnd) | 0) >= 0) {
    peer.finAcked.set(frame, at)
  }
}

function takeText(
  c: ConnectionFacts,
  me: SideFacts,
  peer: SideFacts,
  packet: Packet,
  tcp: TcpFields,
  { flags }: TcpAnalysis,
  at: number,
  idle: number,
): void {
  const { number: frame } = packet
  const { textLength: length, seq } = tcp
  if ((flags & (KEEP_ALIVE | ZERO_WINDOW_PROBE)) !== 0) {
    takeProbe(me, peer, frame, at)
    return
  }
  if (length <= 0) return
  const end = (seq + length) | 0
  const fresh = (end - me.next) | 0
  if (fresh <= 0) {
    takeAgain(me, seq, flags, frame, at)
    return
  }
  if (((seq - me.next) | 0) > 0 && (tcp.flags & SYN) === 0) {
    if (!me.gap.happened) {
      me.gap.set(frame, at)
      me.gapSeq = me.next
    }
    me.gaps++
  }
  frameText(me, peer, packet, tcp)
  me.next = end
  me.octets += Math.min(fresh, length)
  me.segments++
  if (length > me.largest) me.largest = length
  if (length > me.largestInFlight) me.largestInFlight = length
  if (peer.mss > 0 && length > peer.mss && c.oversized++ === 0) c.firstOversized.set(frame, at)
  if (!me.pending.happened) {
    me.pending.set(frame, at)
    me.pendingAgain = 0
    me.pendingLength = length
    me.pendingIdle = idle
  }
  if (peer.fin.happened && !me.afterFin.happened) {
    me.afterFin.set(frame, at)
    me.afterFinKnown = me.hasAcked && ((me.acked - peer.finEnd) | 0) >= 0
  }
  if (peer.fin.happened) me.octetsAfterFin += fresh
  me.sinceAnswer += fresh
  peer.sinceAnswer = 0
  takeTurn(c, me, peer, frame, at)
}

/** Who speaks after the other has spoken answers, or thinks of something new to ask. */
function takeTurn(c: ConnectionFacts, me: SideFacts, peer: SideFacts, frame: number, at: number): void {
  const isA = me === c.a
  if (peer.lastText.happened && c.textFromA !== isA) {
    const think = at - peer.lastText.at
    me.answers++
    me.thinkTotal += think
    if (think > me.longestThink) {
      me.longestThink = think
      me.slowest.set(frame, at)
    }
  } else if (me.lastText.happened && me.lastAcked.at > me.lastText.at) waited(c, me, frame, at)
  c.textFromA = isA
  if (!me.firstText.happened) me.firstText.set(frame, at)
  me.lastText.set(frame, at)
}

/** Delayed acknowledgments come 40 ms to 200 ms after the small segment that Nagle's algorithm lets nothing follow. */
function waited(c: ConnectionFacts, me: SideFacts, frame: number, at: number): void {
  const delay = me.lastAcked.at - me.lastText.at
  const released = at - me.lastAcked.at
  if (delay < 0.03 || delay > 0.55 || released > 0.003 || delay < 4 * c.rtt) return
  if (me.nagleWaits++ === 0) me.nagle.set(frame, at)
  me.nagleTotal += delay
}

function takeProbe(me: SideFacts, peer: SideFacts, frame: number, at: number): void {
  if (peer.zeroSince >= 0) {
    peer.probed++
    return
  }
  me.keepAlives++
  if (me.keepAlivesUnanswered++ === 0) me.firstUnanswered.set(frame, at)
  me.lastUnanswered.set(frame, at)
}

function takeAgain(me: SideFacts, seq: number, flags: number, frame: number, at: number): void {
  if (me.gap.happened && seq === me.gapSeq) me.gap.clear()
  if ((flags & OUT_OF_ORDER) !== 0) {
    me.outOfOrder++
    return
  }
  me.retransmitted++
  if ((flags & FAST_RETRANSMISSION) !== 0) me.fastRetransmitted++
  if ((flags & SPURIOUS_RETRANSMISSION) !== 0) me.spurious++
  if (!me.firstRetransmission.happened) me.firstRetransmission.set(frame, at)
  me.lastRetransmission.set(frame, at)
  if (((seq - me.una) | 0) > 0) return
  me.pendingGap = at - (me.pendingAgain++ === 0 ? me.pending.at : me.pendingLast.at)
  me.pendingLast.set(frame, at)
}

function takeFin(
  c: ConnectionFacts,
  me: SideFacts,
  peer: SideFacts,
  { seq, textLength }: TcpFields,
  frame: number,
  at: number,
  idle: number,
): void {
  const end = (seq + Math.max(0, textLength) + 1) | 0
  if (me.fins++ === 0) {
    me.fin.set(frame, at)
    me.finEnd = end
    me.finAnswers = peer.fin.happened && ((me.acked - peer.finEnd) | 0) >= 0
    const lastText = Math.max(me.lastText.at, peer.lastText.at, c.handshake.at)
    me.finIdle = lastText < 0 ? idle : at - lastText
  }
  if (((end - me.next) | 0) > 0) me.next = end
}

function takeWindow(me: SideFacts, window: number, frame: number, at: number): void {
  me.window = window
  if (window > me.largestWindow) me.largestWindow = window
  if (window === 0) {
    if (me.zeroWindows++ === 0) me.zeroWindow.set(frame, at)
    if (me.zeroSince < 0) me.zeroSince = at
    me.lastZero.set(frame, at)
  } else if (me.zeroSince >= 0) {
    me.longestZero = Math.max(me.longestZero, at - me.zeroSince)
    me.zeroSince = -1
  }
}

function takeReset(
  c: ConnectionFacts,
  me: SideFacts,
  peer: SideFacts,
  packet: Packet,
  tcp: TcpFields,
  at: number,
  idle: number,
): void {
  c.resetCount++
  if (me.finAcked.happened && peer.finAcked.happened) c.resetsAfterEnd++
  if (c.resets.length === MAX_RESETS) return
  const { bytes, ipAt, version } = packet
  const isVersion4 = version === 4
  c.resets.push({
    frame: packet.number,
    at,
    fromClient: me === c.client,
    hasAck: (tcp.flags & ACK) !== 0,
    window: tcp.window,
    hasTimestamps:
      tcp.headerLength > LEAST_HEADER && readInt32(bytes, tcp.at + LEAST_HEADER) === NOP_NOP_TIMESTAMPS,
    hasOptions: tcp.headerLength > LEAST_HEADER,
    ttl: packet.ttl,
    version,
    identification: isVersion4 ? packet.identification : -1,
    dontFragment: isVersion4 && (bytes[ipAt + 6]! & 0x40) !== 0,
    seqFromAcked: peer.hasAcked ? (tcp.seq - peer.acked) | 0 : 0,
    seqFromSent: me.hasNumbers ? (tcp.seq - me.next) | 0 : 0,
    answersAck: peer.last.happened && tcp.seq === peer.lastAck,
    answersFrame: peer.last.frame,
    answersAt: peer.last.at,
    answersFlags: peer.lastFlags,
    answersLength: peer.lastLength,
    idle: Math.max(idle, peer.pending.happened ? peer.pendingIdle : 0),
    afterSenderFin: me.fin.happened,
    afterVictimFin: peer.fin.happened,
    victimPending: peer.hasNumbers ? (peer.next - acknowledged(peer, tcp)) | 0 : 0,
    senderPending: me.hasNumbers ? (me.next - me.una) | 0 : 0,
    senderAgain: me.pendingAgain,
    senderProbes: me.keepAlivesUnanswered,
    victimWindow: peer.window,
    senderWindow: me.window,
    senderAfter: 0,
    senderAfterFrame: 0,
    senderAfterAt: -1,
    victimAfter: 0,
    victimAfterFrame: 0,
    victimAfterAt: -1,
  })
}

/** A reset with ACK may acknowledge more than was acknowledged before. */
function acknowledged(peer: SideFacts, { flags, ack }: TcpFields): number {
  const isNewer = (flags & ACK) !== 0 && ((ack - peer.una) | 0) > 0 && ((peer.next - ack) | 0) >= 0
  return isNewer ? ack : peer.una
}

function noteAfterReset(c: ConnectionFacts, isFromA: boolean, frame: number, at: number): void {
  const isFromClient = isFromA === c.clientIsA
  for (const reset of c.resets) {
    if (reset.fromClient === isFromClient) {
      if (reset.senderAfter++ === 0) reset.senderAfterFrame = frame
      reset.senderAfterAt = at
    } else {
      if (reset.victimAfter++ === 0) reset.victimAfterFrame = frame
      reset.victimAfterAt = at
    }
  }
}
