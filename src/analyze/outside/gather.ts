/** Takes what the next packet of a connection says into its facts. */

import { readInt32 } from '../../bytes/big-endian.ts'
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
import { TCP_HEADER_LENGTH } from '../../wire/tcp.ts'
import { NOP_NOP_TIMESTAMPS } from '../../wire/tcp-options.ts'
import { isCopy } from './copied-packets.ts'
import { takeDuplicateSack } from './duplicate-sacks.ts'
import { type ConnectionFacts, MAX_RESETS, NEVER, type SideFacts } from './facts.ts'
import { frameText } from './framing.ts'
import { readSynOptions } from './syn-options.ts'

/** Identifications that follow so closely come from one counter. */
const NEAR_IDENTIFICATION = 2048
/** A counter that moves no further in a pause of so many seconds counts one connection. */
const OWN_STEP = 4
const PAUSE = 1
const DONT_FRAGMENT = 0x40
/** Probes come after whole seconds of silence, what was overtaken long before. */
const OVERTAKEN = 0.9
/** What an acknowledgment releases follows it at once, seconds. */
const OF_ITS_OWN = 0.1
/** Options take so much of a segment at most; and its text where the MSS is not known, but it is full. */
const MOST_OPTIONS = 40
const LEAST_FULL = 1000

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
    if (c.copies++ === 0) c.setFirstCopy(frame, at)
    return
  }
  const idle = c.packets === 0 ? 0 : at - c.lastAt
  if (idle > c.longestIdle) c.longestIdle = idle
  if (c.packets++ === 0) c.setFirst(frame, at)
  c.setLast(frame, at)
  if (me.packets++ === 0) me.setFirst(frame, at)
  if ((tcp.flags & RST) !== 0) {
    takeReset(c, me, peer, packet, tcp, at, idle)
    return
  }
  if (c.resetCount > 0) noteAfterReset(c, seen.isFromA, frame, at)
  learnHabits(me, packet, at)
  if (!me.hasNumbers) begin(me, tcp)
  if (peer.retransmitted > 0) takeDuplicateSack(peer, packet, tcp)
  if ((tcp.flags & ACK) !== 0) takeAcknowledgment(c, me, peer, tcp, frame, at)
  if ((tcp.flags & SYN) !== 0) takeSyn(c, me, packet, tcp, at)
  else if (me.syns + me.synAcks === 0 && peer.syns > 0 && peer.synAcks === 0 && me.challengeFrame === 0) {
    me.setChallenge(frame, at)
  }
  takeText(c, me, peer, packet, tcp, seen, at, idle)
  if ((tcp.flags & FIN) !== 0) takeFin(c, me, peer, tcp, frame, at, idle)
  if ((tcp.flags & (SYN | ACK)) === ACK) takeWindow(me, seen.window, frame, at)
  peer.keepAlivesUnanswered = 0
  me.probedInVain = 0
  me.setLast(frame, at)
  me.lastFlags = tcp.flags
  me.lastLength = Math.max(0, tcp.textLength)
  me.lastSeq = tcp.seq
  me.lastAck = tcp.ack
}

function learnHabits(me: SideFacts, { ttl, identification, version, bytes, ipAt }: Packet, at: number): void {
  if (me.ttl === 0) me.ttl = ttl
  else {
    if (me.ttl !== ttl) me.ttlVaries = true
    if (me.laterTtl !== ttl) me.laterTtl = me.laterTtl === 0 ? ttl : -1
  }
  if (identification !== 0) {
    me.identified++
    const step = (identification - me.identification) & 0xffff
    if (me.identification > 0 && step < NEAR_IDENTIFICATION) me.identifiedInOrder++
    if (me.identification > 0 && step <= OWN_STEP && at - me.lastAt >= PAUSE) me.identifiedAfterPause++
  }
  me.identification = identification
  if (version === 4 && (bytes[ipAt + 6]! & DONT_FRAGMENT) === 0) me.fragmentable++
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
    if (me.syns++ === 0) me.setSyn(frame, at)
    me.setLastSyn(frame, at)
  } else {
    if (me.synAcks++ === 0) {
      me.setSynAck(frame, at)
      me.synAckWindow = tcp.window
    } else if (c.handshakeFrame !== 0) me.lateSynAcks++
    me.setLastSynAck(frame, at)
    // Each SYN was answered: none was lost, it was the answer that took its time.
    if (c.handshakeFrame !== 0 && me.synAcks === c.client.syns) c.rtt = c.handshakeAt - c.client.synAt
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
  if (c.handshakeFrame === 0 && isClient && peer.synAcks > 0 && (flags & SYN) === 0) {
    c.setHandshake(frame, at)
    c.rtt = at - me.lastSynAt
  }
  if (((ack - peer.una) | 0) <= 0) return
  peer.una = ack
  peer.setLastAcked(frame, at)
  if (((peer.next - ack) | 0) < 0) peer.next = ack
  if (peer.gapFrame !== 0 && ((ack - peer.gapSeq) | 0) > 0) peer.setGap(0, NEVER)
  peer.pendingAgain = 0
  if (((peer.next - ack) | 0) === 0) {
    peer.setPending(0, NEVER)
    if (peer.largestInFlight > peer.largestDelivered) peer.largestDelivered = peer.largestInFlight
    peer.largestInFlight = 0
  } else if (peer.pendingFrame !== 0) peer.setPending(frame, at)
  if (peer.finFrame !== 0 && peer.finAckedFrame === 0 && ((ack - peer.finEnd) | 0) >= 0) {
    peer.setFinAcked(frame, at)
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
  me.keepAlivesInRow = 0
  if (length <= 0) return
  const end = (seq + length) | 0
  const fresh = (end - me.next) | 0
  if (fresh <= 0) {
    takeAgain(me, seq, flags, frame, at)
    return
  }
  if (((seq - me.next) | 0) > 0 && (tcp.flags & SYN) === 0) {
    if (me.gapFrame === 0) {
      me.setGap(frame, at)
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
  if (peer.mss > 0 && length > peer.mss && c.oversized++ === 0) c.setFirstOversized(frame, at)
  if (me.pendingFrame === 0) {
    me.setPending(frame, at)
    me.pendingAgain = 0
    me.pendingLength = length
    me.pendingIdle = idle
  }
  if (peer.finFrame !== 0 && me.afterFinFrame === 0) {
    me.setAfterFin(frame, at)
    me.afterFinKnown = me.hasAcked && ((me.acked - peer.finEnd) | 0) >= 0
  }
  if (peer.finFrame !== 0) me.octetsAfterFin += fresh
  me.sinceAnswer += fresh
  peer.sinceAnswer = 0
  takeTurn(c, me, peer, frame, at)
}

/** Who speaks after the other has spoken answers, or thinks of something new to ask. */
function takeTurn(c: ConnectionFacts, me: SideFacts, peer: SideFacts, frame: number, at: number): void {
  const isA = me === c.a
  if (peer.lastTextFrame !== 0 && c.textFromA !== isA) {
    const think = at - peer.lastTextAt
    me.answers++
    me.thinkTotal += think
    if (think > me.longestThink) {
      me.longestThink = think
      me.setSlowest(frame, at)
    }
  } else if (me.lastTextFrame !== 0 && me.lastAckedAt > me.lastTextAt) {
    if (at - me.lastAckedAt >= OF_ITS_OWN) me.monologues++
    else waited(c, me, peer, frame, at)
  }
  c.textFromA = isA
  if (me.firstTextFrame === 0) me.setFirstText(frame, at)
  me.setLastText(frame, at)
}

/** Delayed acknowledgments come 40 ms to 200 ms after the small segment that Nagle's algorithm lets nothing follow. */
function waited(c: ConnectionFacts, me: SideFacts, peer: SideFacts, frame: number, at: number): void {
  // A segment of full size is held back by no algorithm but by the window.
  if (me.lastLength >= (peer.mss > 0 ? peer.mss - MOST_OPTIONS : LEAST_FULL)) return
  const delay = me.lastAckedAt - me.lastTextAt
  const released = at - me.lastAckedAt
  if (delay < 0.03 || delay > 0.55 || released > 0.003 || delay < 4 * c.rtt) return
  if (me.nagleWaits++ === 0) me.setNagle(frame, at)
  me.nagleTotal += delay
}

function takeProbe(me: SideFacts, peer: SideFacts, frame: number, at: number): void {
  // An acknowledgment that a FIN overtook looks like one.
  if (me.finFrame !== 0 && at - me.finAt < OVERTAKEN) return
  if (peer.zeroSince >= 0) {
    peer.probed++
    peer.probedInVain++
    return
  }
  me.keepAlives++
  if (me.keepAlivesInRow++ > 0) me.keepAliveGap = at - me.lastUnansweredAt
  if (me.keepAlivesUnanswered++ === 0) me.setFirstUnanswered(frame, at)
  me.setLastUnanswered(frame, at)
}

function takeAgain(me: SideFacts, seq: number, flags: number, frame: number, at: number): void {
  if (me.gapFrame !== 0 && seq === me.gapSeq) me.setGap(0, NEVER)
  if ((flags & OUT_OF_ORDER) !== 0) {
    me.outOfOrder++
    return
  }
  me.retransmitted++
  if ((flags & FAST_RETRANSMISSION) !== 0) me.fastRetransmitted++
  if ((flags & SPURIOUS_RETRANSMISSION) !== 0) me.spurious++
  if (me.firstRetransmissionFrame === 0) me.setFirstRetransmission(frame, at)
  me.setLastRetransmission(frame, at)
  if (((seq - me.una) | 0) > 0) return
  me.pendingGap = at - (me.pendingAgain++ === 0 ? me.pendingAt : me.pendingLastAt)
  me.setPendingLast(frame, at)
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
    me.setFin(frame, at)
    me.finEnd = end
    me.finAnswers = peer.finFrame !== 0 && ((me.acked - peer.finEnd) | 0) >= 0
    const lastText = Math.max(me.lastTextAt, peer.lastTextAt, c.handshakeAt)
    me.finIdle = lastText < 0 ? idle : at - lastText
  }
  if (((end - me.next) | 0) > 0) me.next = end
}

function takeWindow(me: SideFacts, window: number, frame: number, at: number): void {
  me.window = window
  if (window > me.largestWindow) me.largestWindow = window
  if (window === 0) {
    if (me.zeroWindows++ === 0) me.setZeroWindow(frame, at)
    if (me.zeroSince < 0) me.zeroSince = at
    me.setLastZero(frame, at)
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
  if (me.finAckedFrame !== 0 && peer.finAckedFrame !== 0) c.resetsAfterEnd++
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
      tcp.headerLength > TCP_HEADER_LENGTH &&
      readInt32(bytes, tcp.at + TCP_HEADER_LENGTH) === NOP_NOP_TIMESTAMPS,
    hasOptions: tcp.headerLength > TCP_HEADER_LENGTH,
    ttl: packet.ttl,
    version,
    identification: isVersion4 ? packet.identification : -1,
    dontFragment: isVersion4 && (bytes[ipAt + 6]! & DONT_FRAGMENT) !== 0,
    seqFromAcked: peer.hasAcked ? (tcp.seq - peer.acked) | 0 : 0,
    seqFromSent: me.hasNumbers ? (tcp.seq - me.next) | 0 : 0,
    answersAck: peer.lastFrame !== 0 && tcp.seq === peer.lastAck,
    answersFrame: peer.lastFrame,
    answersAt: peer.lastAt,
    answersFlags: peer.lastFlags,
    answersLength: peer.lastLength,
    idle: Math.max(idle, peer.pendingFrame !== 0 ? peer.pendingIdle : 0),
    afterSenderFin: me.finFrame !== 0,
    afterVictimFin: peer.finFrame !== 0,
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
