/**
 * Facts of connections that left nothing to say, to be used for the next ones: half a million short connections make a
 * gigabyte of facts, which a collector would have to walk over.
 */

import { ConnectionFacts, type Moment, NEVER, type SideFacts } from './facts.ts'
import type { HostFacts } from './hosts.ts'

/** More are left to the collector. */
const MAX_SPARE = 1024

export class SpareFacts {
  readonly #spare: ConnectionFacts[] = []

  /** Facts as of a connection that nothing is known of yet. */
  take(
    stream: number,
    hosts: { a: HostFacts; b: HostFacts },
    ports: { a: number; b: number },
  ): ConnectionFacts {
    const facts = this.#spare.pop()
    if (facts === undefined) return new ConnectionFacts(stream, hosts, ports)
    renew(facts)
    facts.stream = stream
    facts.hostA = hosts.a
    facts.hostB = hosts.b
    facts.portA = ports.a
    facts.portB = ports.b
    return facts
  }

  /** Nobody may hold them any more. */
  put(facts: ConnectionFacts): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(facts)
  }
}

/** All but whose facts they are. */
export function renew(c: ConnectionFacts): void {
  renewSide(c.a)
  renewSide(c.b)
  clear(c.first, c.last, c.handshake, c.firstCopy, c.firstOversized)
  c.clientIsA = c.textFromA = true
  c.knowsClient = c.isClosing = false
  c.version = 4
  c.rtt = NEVER
  c.packets = c.longestIdle = c.copies = c.oversized = 0
  c.resetCount = c.resetsAfterEnd = c.hop = 0
  c.resets.length = c.icmps.length = 0
}

function renewSide(s: SideFacts): void {
  renewOpening(s)
  renewSent(s)
  renewReceived(s)
}

function renewOpening(s: SideFacts): void {
  clear(s.first, s.last, s.syn, s.lastSyn, s.synAck, s.lastSynAck, s.challenge)
  s.packets = s.lastFlags = s.lastLength = s.lastSeq = s.lastAck = 0
  s.ttl = s.identified = s.identifiedInOrder = 0
  s.syns = s.synAcks = s.lateSynAcks = s.isn = s.mss = 0
  s.ttlVaries = s.hasTimestamps = s.hasIsn = false
  s.identification = s.scale = s.synAckWindow = -1
  s.laterTtl = 0
}

function renewSent(s: SideFacts): void {
  clear(s.firstText, s.lastText, s.lastAcked, s.firstRetransmission, s.lastRetransmission)
  clear(s.pending, s.pendingLast, s.gap, s.afterFin)
  s.next = s.una = s.octets = s.segments = s.largest = 0
  s.retransmitted = s.fastRetransmitted = s.spurious = s.outOfOrder = s.duplicateAcks = 0
  s.pendingAgain = s.pendingLength = s.pendingIdle = s.pendingGap = 0
  s.largestDelivered = s.largestInFlight = 0
  s.gapSeq = s.gaps = s.octetsAfterFin = s.sinceAnswer = 0
  s.hasNumbers = s.afterFinKnown = s.asksHead = false
  s.framing = 'none'
  s.messageEnd = s.tlsHandshakes = 0
  s.fatalAlert = -1
  s.endsWithAlert = false
}

function renewReceived(s: SideFacts): void {
  clear(s.zeroWindow, s.lastZero, s.firstUnanswered, s.lastUnanswered)
  clear(s.fin, s.finAcked, s.slowest, s.nagle)
  s.hasAcked = s.finAnswers = false
  s.window = -1
  s.zeroSince = NEVER
  s.acked = s.largestWindow = s.zeroWindows = s.longestZero = s.probed = 0
  s.keepAlives = s.keepAlivesUnanswered = 0
  s.fins = s.finEnd = s.finIdle = 0
  s.answers = s.longestThink = s.thinkTotal = s.nagleWaits = s.nagleTotal = 0
}

function clear(...moments: readonly Moment[]): void {
  for (const moment of moments) moment.clear()
}
